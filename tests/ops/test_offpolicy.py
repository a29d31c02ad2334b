"""Off-policy evaluation from the store: what another ranker would have been worth, and what not."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from numpy.typing import NDArray
from tests.evaluation.toys import Fixed
from tests.ops import listening

from antiphon.audio.features import FEATURE_SETS
from antiphon.cli import cli
from antiphon.compute.local import LocalCompute
from antiphon.evaluation.errors import DataError
from antiphon.events import ListenerEvent, Topic, open_event_log
from antiphon.events.records import encode
from antiphon.live.models import Models
from antiphon.live.work import Worker
from antiphon.model import (
    Credit,
    Features,
    Listen,
    Preferences,
    Recommendation,
    Showing,
    Shown,
    Source,
    Track,
    User,
    now_ms,
)
from antiphon.ops import rankers
from antiphon.ops.offpolicy import OffPolicy, judged
from antiphon.store import Store, open_store
from antiphon.store.schema import ANSWERS, FEATURES, LISTENS, PREFERENCES, SHOWINGS, TRACKS, USERS
from antiphon.taste.artefacts import Manifest
from antiphon.taste.ensemble import Ensemble, assembled, ranked
from antiphon.taste.generators import Candidate
from antiphon.taste.interactions import History
from antiphon.taste.policy import POLICY as LIVE
from antiphon.taste.policy import Policy, composed
from antiphon.taste.recipe import Recipe
from antiphon.taste.registry import Registry

TRACKS_THERE, ANSWERED, HEARD = 10, 150, 3
ITEMS = tuple(f"tr-{n}" for n in range(TRACKS_THERE))
# Two tracks of each artist, of whom an answer may hold one.
ARTISTS = {id: (f"ar-{n // 2}",) for n, id in enumerate(ITEMS)}
LIKED = np.linspace(0.1, 0.9, TRACKS_THERE)
HOUR = 3_600_000
POLICY = Policy(per_artist=1, explore=0, returns=0, temperature=1.0)
NOTHING = History(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int64))


def ranker(scores: NDArray[np.float64]) -> Ensemble:
    return assembled({"popularity": (Fixed(ITEMS, scores.astype(np.float32)), 1.0)})


WRONG, RIGHT = ranker(-LIKED), ranker(LIKED)


def chances(of: Ensemble, left: list[int]) -> NDArray[np.float64]:
    """The chances of what is left of the pool, by the formula of `taste.draw`."""
    scores = ranked(of, NOTHING).total.astype(float)
    odds = np.exp(scores / (POLICY.temperature * scores.std()))[left]
    return odds / odds.sum()


def lived(store: Store, seed: int) -> float:
    """Let the wrong ranker answer, hear the first of each answer, and log it as the product does.

    Return what the right ranker is truly worth at those places.
    """
    chance = np.random.default_rng(seed)
    store.put_many(
        TRACKS,
        [
            Track(id=id, title=id, sort=id, artists=(Credit(id=ar, name=ar),), artist_ids=(ar,))
            for id, (ar,) in ARTISTS.items()
        ],
    )
    total = ranked(WRONG, NOTHING).total
    order = np.argsort(-total)
    candidates = [Candidate(ITEMS[n], float(total[n]), "popular") for n in order.tolist()]
    worth, showings, listens = [], [], []
    for number in range(ANSWERED):
        chosen = composed(
            candidates, ARTISTS.__getitem__, limit=5, policy=POLICY, seed=seed * 1000 + number
        )
        items = tuple(
            Recommendation(one.track_id, one.score, one.generator, (), one.probability)
            for one in chosen.items
        )
        at, answer = (number + 1) * HOUR, f"an-{number}"
        showings.append(shown_as(answer, at, items, chosen.pool))
        for place, item in enumerate(items[:HEARD]):
            before = {artist for one in items[:place] for artist in ARTISTS[one.track_id]}
            left = [n for n, id in enumerate(ITEMS) if before.isdisjoint(ARTISTS[id])]
            worth.append(float(chances(RIGHT, left) @ LIKED[left]))
            stayed = bool(chance.random() < LIKED[ITEMS.index(item.track_id)])
            listens.append(heard(item, answer, place, at + place * 200_000, stayed=stayed))
    store.put_many(SHOWINGS, showings)
    store.put_many(LISTENS, listens)
    return float(np.mean(worth))


def shown_as(
    answer: str, at: int, items: tuple[Recommendation, ...], pool: tuple[str, ...]
) -> Showing:
    return Showing(
        id=answer, user_id="ann", surface="next", model="m", at=at, items=items, pool=pool
    )


def heard(item: Recommendation, answer: str, place: int, at: int, *, stayed: bool) -> Listen:
    return Listen(
        id=f"ann:{answer}-{place}",
        user_id="ann",
        track_id=item.track_id,
        at=at + 1,
        played_ms=180_000 if stayed else 5_000,
        duration_ms=180_000,
        ended="completed" if stayed else "skipped",
        played=stayed,
        surface="next",
        generator=item.generator,
        skipped=not stayed,
        shown=Shown(answer, "next", item.generator, place, item.probability, "m"),
    )


def judge(store: Store, of: Ensemble, since: int = 0) -> OffPolicy:
    return judged(store, of, "another", since, policy=POLICY)


def test_the_interval_covers_what_the_other_ranker_is_worth(tmp_path: Path) -> None:
    covered, by_average, values, truths = 0, 0, [], []
    repetitions = 40
    for seed in range(repetitions):
        store = open_store(f"sqlite:///{tmp_path / f'{seed}.db'}")
        truth = lived(store, seed)
        found = judge(store, RIGHT).estimate
        covered += found.new.low <= truth <= found.new.high
        by_average += found.logged.low <= truth <= found.logged.high
        values.append(found.new.value)
        truths.append(truth)
        store.close()
    assert covered >= 0.85 * repetitions
    assert by_average == 0, "what was logged, averaged as it is, says something else"
    assert np.mean(values) == pytest.approx(np.mean(truths), abs=0.03)


def test_the_ranker_that_was_in_use_is_worth_what_was_logged(store: Store) -> None:
    """Its chances are worked out again from the pool: they are those that were logged."""
    lived(store, 1)
    found = judge(store, WRONG)
    assert found.estimate.better.value == pytest.approx(0.0, abs=1e-6)
    assert found.estimate.effective == pytest.approx(ANSWERED * HEARD, rel=1e-6)
    assert (found.answers, found.left_out) == (ANSWERED, 0)


def test_listens_of_answers_that_are_gone_are_left_out_and_told(store: Store) -> None:
    lived(store, 2)
    store.delete_many(SHOWINGS, [f"an-{n}" for n in range(20)])
    found = judge(store, RIGHT)
    assert (found.answers, found.left_out) == (ANSWERED - 20, 20 * HEARD)


def test_what_the_live_loop_logs_is_what_its_models_would_do_again(store: Store) -> None:
    """State, scores and chances are worked out again from the store: nothing of them differs."""
    listened(store, evenings=5, tracks_each=30)
    found = judged(store, rankers.by_sound(store, 0).ensemble, "the same", 0)
    assert found.estimate.outcomes > 40
    assert found.left_out == 0
    assert found.estimate.effective == pytest.approx(found.estimate.outcomes, rel=1e-4)
    assert found.estimate.mean_weight == pytest.approx(1.0, abs=1e-4)


def listened(store: Store, evenings: int, tracks_each: int) -> None:
    """Let Ann hear what the live worker has next for her, and skip half of it."""
    chance = np.random.default_rng(0)
    columns = len(FEATURE_SETS["summary/1"].columns)
    ids = [f"tr-{n:02}" for n in range(60)]
    vectors = [chance.normal(n % 4, 1, columns) for n in range(len(ids))]
    store.put_many(
        TRACKS,
        [
            Track(
                id=id,
                title=id,
                sort=id,
                artists=(Credit(id=f"ar-{n % 20}", name=f"A{n % 20}"),),
                artist_ids=(f"ar-{n % 20}",),
                duration_ms=180_000,
            )
            for n, id in enumerate(ids)
        ],
    )
    dtype = FEATURE_SETS["summary/1"].dtype
    store.put_many(
        FEATURES,
        [
            Features(
                id=f"{id}:summary/1",
                track_id=id,
                name="summary/1",
                vector=vector.astype(dtype).tobytes(),
                at=1,
            )
            for id, vector in zip(ids, vectors, strict=True)
        ],
    )
    store.put(USERS, User(id="ann", name="Ann", key="ann"))
    moments = [day * 24 * HOUR + n * 200_000 for day in range(evenings) for n in range(tracks_each)]
    log, now = open_event_log("local:", store), [0]
    worker = Worker(
        store, log, Models(store), clock=lambda: now[0], policy=replace(LIVE, budget_ms=0)
    )
    track, source = ids[0], Source(kind="tracks")
    with log.consumer(Topic.LISTENS, "test") as consumer:
        for number, moment in enumerate(moments):
            now[0] = HOUR + moment
            stayed = bool(chance.random() < 0.5)
            event = ListenerEvent(
                id=f"e{number}",
                user_id="ann",
                at=now[0],
                kind="ended",
                track_id=track,
                played_ms=180_000 if stayed else 5_000,
                reason="completed" if stayed else "skipped",
                source=source,
            )
            log.append(Topic.LISTENS, "ann", [encode(event)])
            worker.take(consumer.poll(0.01))
            worker.answer_due()
            answer = store.get(ANSWERS, "ann:next")
            assert answer is not None
            store.put(SHOWINGS, shown_as(answer.version, now[0], answer.items, answer.pool))
            place = number % 3
            track = answer.items[place].track_id
            source = Source(kind="recommendation", answer=answer.version)


def test_too_few_outcomes_are_refused(store: Store) -> None:
    lived(store, 3)
    with pytest.raises(DataError, match="it takes 30"):
        judge(store, RIGHT, since=(ANSWERED - 4) * HOUR)


def test_a_slider_that_was_moved_cannot_be_weighed(store: Store) -> None:
    lived(store, 4)
    store.put(PREFERENCES, Preferences(id="ann", discover=0.9))
    with pytest.raises(DataError, match="Only 0 listens"):
        judge(store, RIGHT)


def test_who_knows_no_track_draws_by_chance(store: Store) -> None:
    """As `sound` does where nothing was analysed yet: of what is left, each is as likely."""
    lived(store, 5)
    nobody = rankers.by_sound(store, 0)
    found = judge(store, nobody.ensemble).estimate
    assert found.new.low < float(LIKED.mean()) < found.new.high


def test_a_recipe_knows_only_what_was_heard_before(store: Store) -> None:
    lived(store, 6)
    popular = Recipe(models={"popularity": {}}, weights={"popularity": 1.0})

    def fitted(since: int) -> Ensemble:
        compute = LocalCompute(1)
        made = rankers.of_recipe(store, compute, popular, since, name="popular", gap_ms=HOUR)
        return made.ensemble

    before, later = fitted(10 * HOUR), fitted(ANSWERED * HOUR)
    store.delete_many(LISTENS, [one.id for one in store.find(LISTENS) if one.at >= 10 * HOUR])
    assert np.array_equal(
        ranked(before, NOTHING).total, ranked(fitted(10 * HOUR), NOTHING).total
    ), "what came later changes nothing"
    assert not np.array_equal(ranked(before, NOTHING).total, ranked(later, NOTHING).total)
    with pytest.raises(DataError, match="before"):
        fitted(0)


def test_a_version_is_judged_on_what_was_heard_since_its_training(
    store: Store, tmp_path: Path
) -> None:
    registry = Registry(str(tmp_path / "models"), tmp_path / "copies")
    made = Manifest(
        version="20260101T000000-a", made_at=50_000, seconds=20.0, antiphon="0", recipe={}
    )
    listening.publish(registry, made)
    assert rankers.of_version(store, registry, made.version, 0).since == 30_000
    assert rankers.of_version(store, registry, made.version, 40_000).since == 40_000


def test_the_command_says_what_another_ranker_would_be_worth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    monkeypatch.setenv("ANTIPHON_STORE", url)
    monkeypatch.setenv("ANTIPHON_DATA", str(tmp_path))
    store = open_store(url)
    lived(store, 7)
    days = str(now_ms() // 86_400_000 + 1)
    told = CliRunner().invoke(cli, ["report", "--ranker", "sound", "--days", days])
    assert "had it ranked them (SNIPS)" in told.output, told.output
    asked = ["report", "--ranker", "sound", "--days", days, "--json"]
    found = json.loads(CliRunner().invoke(cli, asked).output)
    assert found["estimate"]["outcomes"] == ANSWERED * HEARD
