"""Models side by side: the same questions, baselines beside them, each with what it cost."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from antiphon.evaluation import splits, written
from antiphon.evaluation.datasets import Dataset, timed_sessions
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.protocol import Fit, Measured, Progress, chance, measure
from antiphon.evaluation.results import Evaluation
from antiphon.evaluation.splits import Split
from antiphon.taste.interactions import Interactions
from antiphon.taste.recommender import FeatureVectors

if TYPE_CHECKING:
    from antiphon.evaluation import sessions

# What is worked on, how much of it is done, and of how much.
Shown = Callable[[str, int, int], None]


def usual(dataset: Dataset) -> str:
    """Return the protocol that suits the data: as they came divided, else by time, or by chance."""
    if dataset.format == "sessions":
        return "session"
    if dataset.test is not None:
        return "lightgcn"
    return "time-split" if dataset.interactions.at.any() else "hold-out"


def divided(dataset: Dataset, protocol: str, share: float = 0.1, seed: int = 0) -> Split:
    """Divide a data set by a protocol.

    Raises:
        DataError: the data have no times, sessions or test part, as the protocol needs.
    """
    interactions = dataset.interactions
    came_with_test = dataset.format == "sessions" and dataset.test is not None
    ways: dict[str, Callable[[], Split]] = {
        "lightgcn": lambda: splits.given(dataset, "lightgcn"),
        "hold-out": lambda: splits.hold_out(interactions, share, seed),
        "time-split": lambda: splits.time_split(interactions, share),
        "leave-last": lambda: splits.leave_last(interactions),
        "session": lambda: (
            splits.given(dataset, "session")
            if came_with_test
            else splits.session_split(interactions, share)
        ),
        "cold-start": lambda: splits.cold_start(interactions, share, seed),
    }
    return ways[protocol]()


def of_written(folder: Path) -> tuple[Dataset, Split]:
    """Return a split that was written into a folder, and the data it is of."""
    split = written.read(folder)
    features = written.features(folder)
    return Dataset(folder.name, "split", split.training, features=features), split


def compare(
    dataset: Dataset,
    split: Split,
    fits: Mapping[str, Fit],
    *,
    cut: int = 20,
    seed: int = 0,
    progress: Shown | None = None,
) -> Evaluation:
    """Ask each model the questions of the split; the first is what the others are compared to."""
    features = dataset.features_for(split.questions)
    found = [
        measure(
            split,
            fit,
            name=name,
            features=features,
            artists=dataset.artists,
            cut=cut,
            progress=_of(progress, name),
        )
        for name, fit in fits.items()
    ]
    return _evaluation(dataset, split, found, seed, splits.leaks(split))


def replayed(
    dataset: Dataset,
    folder: Path,
    fits: Mapping[str, Fit],
    frozen: Mapping[str, Fit],
    *,
    part: float = 1.0,
    cut: int = 20,
    seed: int = 0,
    progress: Shown | None = None,
) -> Evaluation:
    """Replay the timed sessions of a folder to models that learn at once, beside `frozen` ones.

    Raises:
        DataError: the folder has no timed sessions, or a model cannot learn at once.
    """
    from antiphon.evaluation import sessions  # noqa: PLC0415 - it loads what takes seconds

    found = [
        sessions.replay(
            dataset,
            folder,
            partial(_growing, name, fit),
            name=name,
            part=part,
            seed=seed,
            cut=cut,
            progress=_of(progress, name),
        )
        for name, fit in fits.items()
    ]
    later = sessions.session_clicks(
        timed_sessions(folder / sessions.FILE, dataset.interactions.items)
    )
    split = sessions.split_of(dataset, later, sessions.drawn(later, part, seed))
    found += [
        measure(split, fit, name=f"{name}, frozen", cut=cut, progress=_of(progress, name))
        for name, fit in frozen.items()
    ]
    return _evaluation(dataset, split, found, seed)


def _growing(
    name: str, fit: Fit, known: Interactions, features: FeatureVectors
) -> "sessions.Growing":
    from antiphon.taste.session_ranker import SessionRanker  # noqa: PLC0415 - as above
    from antiphon.taste.sessions import SessionKnn  # noqa: PLC0415

    model = fit(known, features)
    if not isinstance(model, SessionKnn | SessionRanker):
        raise DataError(f"The model {name} cannot learn at once: sessions and its ranker can.")
    return model


def _of(progress: Shown | None, name: str) -> Progress | None:
    return (lambda done, total: progress(name, done, total)) if progress else None


def _evaluation(
    dataset: Dataset,
    split: Split,
    found: Sequence[Measured],
    seed: int,
    remarks: tuple[str, ...] = (),
) -> Evaluation:
    first, cut = found[0], found[0].lists.shape[1]
    return Evaluation(
        data=dataset.name,
        protocol=split.protocol,
        seed=seed,
        cut=cut,
        users=len(split.training.users),
        items=len(split.training.items),
        interactions=len(split.training),
        questions=len(split.questions),
        rows=tuple(each.row(None if each is first else first) for each in found),
        chance=chance(split, cut),
        remarks=remarks,
    )
