"""The search of one model's parameters: Optuna's trials, their pruning, their journal."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from antiphon.evaluation.errors import DataError
from antiphon.evaluation.here import Mapper
from antiphon.evaluation.results import Trial
from antiphon.evaluation.trial import Task, run
from antiphon.taste import recipe as recipes
from antiphon.taste.space import Space, Span

if TYPE_CHECKING:
    import optuna

Parameters = Mapping[str, Any]
Progress = Callable[[int, int], None]
JOURNAL = "journal.log"
# So many trials are finished before others can fall behind them.
_FINISHED_FIRST = 4
# However little time is left, a trial that was begun may take so long.
_LEAST_S = 1.0


@dataclass(frozen=True)
class Search:
    """How to search: `trials` of each model, `parallel` ones at once, so many `seconds` in all.

    Trials are measured at `cut`. `folder` keeps the split and the journal: a search can go on.
    """

    name: str
    folder: Path
    compute: Mapper
    trials: int = 30
    seconds: float = 1800.0
    parallel: int = 1
    cut: int = 20
    seed: int = 0
    pruner: Literal["median", "hyperband"] = "median"

    def task(self, share: float, **more: Any) -> Task:
        """Return a task on the split of this search."""
        return Task(str(self.folder / "split"), share, self.cut, self.seed, **more)


@dataclass(frozen=True)
class Model:
    """A model that is searched: what is given, and on which shares of the listeners it is tried."""

    name: str
    given: Parameters
    shares: Sequence[float]

    @cached_property
    def space(self) -> Space:
        """Where to look: the spans of the model, and as far as what is given."""
        space = recipes.kind(self.name).space
        return {name: reaching(span, self.first[name]) for name, span in space.items()}

    @cached_property
    def first(self) -> Parameters:
        """The searched parameters as they were given, or else their defaults."""
        defaults = msgspec.structs.asdict(recipes.kind(self.name).parameters())
        return {name: (defaults | dict(self.given))[name] for name in recipes.kind(self.name).space}


def search(how: Search, model: Model, data: str, until: float, progress: Progress) -> list[Trial]:
    """Run trials until there are enough, or the monotonic clock says `until`; return all of them.

    `data` tells the data sets apart. The first trial is that of the given parameters: it is always
    run on all listeners.

    Raises:
        DataError: the journal is of other data or another recipe.
    """
    study = _study(how, model, data)
    space = distributions(model.space)
    while (done := _done(study)) < how.trials:
        if done and time.monotonic() >= until:
            break
        asked = [study.ask(space) for _ in range(min(how.parallel, how.trials - done))]
        climbing = {trial.number: trial for trial in asked}
        for step in range(len(model.shares)):
            _step(how, model, climbing, step, until)
        progress(done + len(asked), how.trials)
    return [_result(trial, model) for trial in study.trials]


def best(trials: Sequence[Trial], given: Parameters) -> Parameters:
    """Return the parameters of the best whole trial; of equally good ones the first."""
    whole = [trial for trial in trials if trial.finished]
    if not whole:
        return given
    found = max(whole, key=lambda trial: (trial.values[-1], -trial.number))
    return given if found.number == 0 else found.parameters


def _done(study: "optuna.Study") -> int:
    """Count the trials that are over, well or not; the first is in the study before it runs."""
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))


def _study(how: Search, model: Model, data: str) -> "optuna.Study":
    """Open the study of a model in the journal; what was running when it broke off has failed."""
    import optuna  # noqa: PLC0415 - takes a second to load, and only a search needs it
    from optuna.storages.journal import JournalFileBackend  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruners = {
        "median": optuna.pruners.MedianPruner(n_startup_trials=_FINISHED_FIRST),
        "hyperband": optuna.pruners.HyperbandPruner(1, len(model.shares), 3),
    }
    study = optuna.create_study(
        storage=optuna.storages.JournalStorage(JournalFileBackend(str(how.folder / JOURNAL))),
        study_name=model.name,
        direction="maximize",
        load_if_exists=True,
        pruner=pruners[how.pruner],
    )
    # What was drawn before must not be drawn again when the search goes on.
    study.sampler = optuna.samplers.TPESampler(seed=how.seed + len(study.trials))
    _claim(study, how, {"data": data, "given": dict(model.given)})
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    if not study.trials:
        study.enqueue_trial(dict(model.first))
    return study


def _claim(study: "optuna.Study", how: Search, of: Mapping[str, Any]) -> None:
    """Mark a study as being of these data and this recipe."""
    if any(study.user_attrs.get(name, value) != value for name, value in of.items()):
        raise DataError(
            f"The search in {how.folder} is of other data or another recipe: name a new folder."
        )
    for name, value in of.items():
        study.set_user_attr(name, value)


def _step(
    how: Search, model: Model, climbing: dict[int, "optuna.Trial"], step: int, until: float
) -> None:
    """Fit the trials that are left on the next share, and give up those that fall behind."""
    tasks = [
        how.task(
            model.shares[step],
            model=model.name,
            parameters=dict(model.given) | trial.params,
            number=number,
            limit_s=max(until - time.monotonic(), _LEAST_S) if number else how.seconds,
        )
        for number, trial in climbing.items()
    ]
    for outcome in how.compute.map(run, tasks):
        trial = climbing[outcome.item.number]
        if outcome.result is None:
            _end(trial, error=outcome.error)
            del climbing[trial.number]
            continue
        value, seconds = float(outcome.result.ndcg.mean()), outcome.result.seconds
        trial.report(value, step)
        trial.set_user_attr("seconds", trial.user_attrs.get("seconds", 0.0) + seconds)
        if step + 1 == len(model.shares):
            _end(trial, value)
        elif trial.number and (
            trial.should_prune() or _is_late(seconds, model.shares[step:], until)
        ):
            _end(trial)
            del climbing[trial.number]


def _end(trial: "optuna.Trial", value: float | None = None, error: str = "") -> None:
    from optuna.trial import TrialState  # noqa: PLC0415 - as above

    state = TrialState.COMPLETE if value is not None else TrialState.PRUNED
    if error:
        trial.set_user_attr("error", error)
        state = TrialState.FAIL
    trial.study.tell(trial, value, state=state)


def _is_late(seconds: float, shares: Sequence[float], until: float) -> bool:
    """Whether the next share would last too long, if time grows as the share does."""
    return time.monotonic() + seconds * shares[1] / shares[0] > until


def reaching(
    span: Span | tuple[str | float | bool, ...], value: Any
) -> Span | tuple[str | float | bool, ...]:
    """Return a span that reaches as far as a value."""
    if isinstance(span, tuple):
        return span if value in span else (*span, value)
    return Span(min(span.low, value), max(span.high, value), span.log)


def distributions(space: Space) -> dict[str, Any]:
    """Return a space as Optuna has it."""
    from optuna import distributions as of  # noqa: PLC0415 - as above

    def one(span: Span | tuple[str | float | bool, ...]) -> Any:
        if isinstance(span, tuple):
            return of.CategoricalDistribution(span)
        if span.is_whole:
            return of.IntDistribution(int(span.low), int(span.high), log=span.log)
        return of.FloatDistribution(span.low, span.high, log=span.log)

    return {name: one(span) for name, span in space.items()}


def _result(trial: "optuna.trial.FrozenTrial", model: Model) -> Trial:
    values = [value for _, value in sorted(trial.intermediate_values.items())]
    return Trial(
        model=model.name,
        number=trial.number,
        parameters=dict(model.given) | trial.params,
        values=tuple(values),
        seconds=float(trial.user_attrs.get("seconds", 0.0)),
        finished=len(values) == len(model.shares),
        error=str(trial.user_attrs.get("error", "")),
    )
