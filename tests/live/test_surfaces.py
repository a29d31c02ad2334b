"""The surfaces: radio that is steered, the rows of the home page, smart shuffle, tell me why."""

import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from tests.live.music import (
    DAY_MS,
    MINUTE_MS,
    add,
    listened,
    prefers,
    style,
    train,
)

from antiphon.live import answers, home, radio, shuffle, state, why
from antiphon.live import models as live_models
from antiphon.live.home import Row
from antiphon.live.models import Models
from antiphon.model import Familiarity, Track, now_ms
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, LISTENS, TRACKS
from antiphon.taste.registry import Registry


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for wait in ("REFRESH_S", "REST", "COUNT_EVERY_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(live_models, wait, 0.0)


@pytest.fixture
def models(store: Store, tmp_path: Path) -> Models:
    return Models(store, Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies"))


def tracks_of(store: Store, ids: list[str]) -> list[Track]:
    found = store.get_many(TRACKS, ids)
    return [found[id] for id in ids]


def of_style(ids: list[str], wanted: int, count: int, first: int = 0) -> list[str]:
    return [id for n, id in enumerate(ids) if n % 4 == wanted][first : first + count]


class TestRadio:
    """A radio about two styles, of which one turns out not to be wanted now."""

    def share(self, store: Store, models: Models, seeds: list[str], wanted: int) -> float:
        listener = state.load(store, "ann")
        tuned = radio.radio(store, models.now, listener, tracks_of(store, seeds), limit=20)
        return sum(style(item) == wanted for item in tuned.items) / len(tuned.items)

    def test_three_skips_of_one_style_bend_it_and_undone_it_is_as_before(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 240)
        seeds = [*of_style(ids, 2, 2), *of_style(ids, 3, 2)]
        before = self.share(store, models, seeds, 3)
        assert before > 0.5
        skipped = listened(store, "ann", of_style(ids, 3, 3, first=10), "skipped")
        assert self.share(store, models, seeds, 3) < before / 2
        store.delete_many(LISTENS, skipped)
        assert self.share(store, models, seeds, 3) == before

    def test_what_is_finished_now_bends_it_more_than_what_was_finished_last_week(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 240)
        seeds = [*of_style(ids, 0, 2), *of_style(ids, 1, 2)]
        played = of_style(ids, 1, 3, first=10)
        long_ago = listened(store, "ann", played, ago_ms=7 * DAY_MS)
        then = self.share(store, models, seeds, 1)
        store.delete_many(LISTENS, long_ago)
        listened(store, "ann", played)
        assert self.share(store, models, seeds, 1) > then

    def test_it_never_plays_its_seeds_while_there_is_anything_else(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 12)
        seeds = of_style(ids, 0, 3)
        tuned = radio.radio(
            store, models.now, state.load(store, "ann"), tracks_of(store, seeds), limit=12
        )
        shown = [item.track_id for item in tuned.items]
        assert sorted(shown[-3:]) == sorted(seeds)
        assert tuned.items[-1].reasons == ("You asked for it",)


def rows_of(store: Store, models: Models) -> dict[str, Row]:
    return {row.id: row for row in home.home(store, models, state.load(store, "ann")).rows}


class TestHome:
    """The rows of the home page, each from its own evidence."""

    def test_taste_of_two_kinds_makes_two_mixes_that_stay_over_the_day(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 240)
        liked = [*of_style(ids, 0, 6), *of_style(ids, 2, 6)]
        listened(store, "ann", liked, ago_ms=2 * DAY_MS)
        found = {id: row for id, row in rows_of(store, models).items() if id.startswith("mix-")}
        assert {row.title for row in found.values()} == {"Style 0 mix", "Style 2 mix"}
        for row in found.values():
            kind = int(row.title[6])
            assert len(row.tracks) == home.ROW
            assert Counter(map(style, row.tracks))[kind] >= 10
            # Some of it is known, some goes with it.
            assert 3 <= sum(item.track_id in liked for item in row.tracks) <= 6
            assert row.answer is not None
            assert row.answer.surface == "home:mix"
        listened(store, "ann", of_style(ids, 1, 4))
        later = rows_of(store, models)
        for id, row in found.items():
            assert [i.track_id for i in later[id].tracks] == [i.track_id for i in row.tracks]

    def test_a_taste_of_which_little_is_known_makes_no_mixes(
        self, store: Store, models: Models
    ) -> None:
        listened(store, "ann", of_style(add(store, 40), 0, 5), ago_ms=2 * DAY_MS)
        assert not [id for id in rows_of(store, models) if id.startswith("mix")]

    def test_what_was_loved_and_not_played_for_long_can_be_rediscovered(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 40)
        listened(store, "ann", ids[:3])

        def knows(id: str, plays: int, days_ago: int, **more: object) -> None:
            at = now_ms() - days_ago * DAY_MS
            known = {"id": f"ann:{id}", "user_id": "ann", "track_id": id, "plays": plays}
            store.put(FAMILIARITIES, Familiarity(**known, last_at=at, **more))  # type: ignore[arg-type]

        knows(ids[10], 9, 400)
        knows(ids[11], 9, 60)
        knows(ids[12], 4, 60)
        knows(ids[13], 1, 60)
        knows(ids[14], 9, 10)
        knows(ids[15], 9, 90, feedback="dislike")
        knows(ids[16], 4, 90, skips=7)
        row = rows_of(store, models)["rediscover"]
        assert [item.track_id for item in row.tracks] == [ids[11], ids[12], ids[10]]
        assert row.tracks[0].reasons == ("You loved this",)

    def test_what_was_just_added_is_ranked_by_taste(self, store: Store, models: Models) -> None:
        ids = add(store, 80)
        listened(store, "ann", of_style(ids, 3, 4))
        assert "new" not in rows_of(store, models)
        for track in tracks_of(store, ids[40:]):
            store.put(TRACKS, replace(track, added_at=now_ms() - DAY_MS))
        row = rows_of(store, models)["new"]
        assert {style(item) for item in row.tracks[:6]} == {3}
        assert {item.track_id for item in row.tracks} <= set(ids[40:])

    def test_what_is_played_at_this_hour_is_a_row_where_it_was_often_enough(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 240)
        now, later = of_style(ids, 0, 5), of_style(ids, 1, 12)
        for day in (1, 2):
            listened(store, "ann", now, ago_ms=day * DAY_MS - 10 * MINUTE_MS)
            listened(store, "ann", later, ago_ms=day * DAY_MS - 6 * 60 * MINUTE_MS)
        assert "hour" not in rows_of(store, models)
        listened(store, "ann", now, ago_ms=3 * DAY_MS - 10 * MINUTE_MS)
        row = rows_of(store, models)["hour"]
        assert {style(item) for item in row.tracks} == {0}
        known = [item for item in row.tracks if item.track_id in now]
        assert len(known) == len(now)
        assert known[0].reasons == ("You play this at this hour",)

    def test_because_you_finished_one_goes_with_that_one(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 80)
        listened(store, "ann", [ids[4], ids[9]])
        found = rows_of(store, models)
        row = found[f"because-{ids[9]}"]
        assert row.title == "Because you finished Title 9"
        assert {style(item) for item in row.tracks[:5]} == {1}

    def test_each_row_is_an_answer_of_its_own(self, store: Store, models: Models) -> None:
        ids = add(store, 240)
        listened(store, "ann", [*of_style(ids, 0, 6), *of_style(ids, 2, 6)], ago_ms=2 * DAY_MS)
        made = [row.answer for row in rows_of(store, models).values() if row.answer]
        assert len({one.version for one in made}) == len(made) > 3
        assert {one.surface.partition(":")[0] for one in made} == {"home"}
        assert all(0 < item.probability <= 1 for one in made for item in one.items)


class TestShuffle:
    """A playlist in an order that begins with what is wanted now."""

    def test_it_is_whole_and_begins_with_what_is_wanted(self, store: Store, models: Models) -> None:
        ids = add(store, 80)
        listened(store, "ann", of_style(ids, 2, 5))
        given = tracks_of(store, ids[40:])
        listener = state.load(store, "ann")
        early = []
        for _ in range(10):
            shuffled = shuffle.shuffled(models.now, listener, given)
            assert sorted(item.track_id for item in shuffled.items) == ids[40:]
            early += [style(item) == 2 for item in shuffled.items[:10]]
        # A quarter of the list is of that style.
        assert np.mean(early) > 0.4

    def test_it_is_another_each_time_and_leaves_out_what_is_refused(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 40)
        tracks = tracks_of(store, ids)
        tracks[3] = replace(tracks[3], missing=True)
        prefers(store, "ann", banned_artists=tracks[8].artist_ids)
        listener = state.load(store, "ann")
        made = [shuffle.shuffled(models.now, listener, tracks, exclude=ids[:1]) for _ in range(2)]
        orders = [[item.track_id for item in one.items] for one in made]
        assert orders[0] != orders[1]
        out = {ids[0], ids[3], *(t.id for t in tracks if t.artist_ids == tracks[8].artist_ids)}
        assert set(orders[0]) == set(ids) - out

    def test_what_was_just_heard_comes_late(self, store: Store, models: Models) -> None:
        ids = add(store, 40, analysed=False)
        listened(store, "ann", ids[:10])
        listener = state.load(store, "ann")
        shuffled = shuffle.shuffled(models.now, listener, tracks_of(store, ids))
        first = {item.track_id for item in shuffled.items[:15]}
        assert len(first & set(ids[:10])) <= 3


class TestWhy:
    """What is said of one track."""

    def test_it_names_what_was_finished_and_what_was_skipped(
        self, store: Store, models: Models
    ) -> None:
        ids = add(store, 80)
        listened(store, "ann", of_style(ids, 1, 3))
        listened(store, "ann", of_style(ids, 2, 2), "skipped")
        (track,) = tracks_of(store, of_style(ids, 1, 1, first=5))
        said = why.why(store, models.now, state.load(store, "ann"), track)
        assert {one.kind for one in said.voices} == {"content"}
        assert sum(abs(one.share) for one in said.voices) == pytest.approx(1)
        speaking = [one for one in said.told if one.share > 0]
        assert {int(one.track_id[3:]) % 4 for one in speaking} == {1}
        assert {one.why for one in speaking} == {"finished"}
        assert said.sentences[0].startswith("Sounds like Title")
        assert said.place is not None
        assert said.refused == ""

    def test_its_chance_is_that_of_the_first_place(self, store: Store, models: Models) -> None:
        ids = add(store, 80)
        listened(store, "ann", of_style(ids, 1, 3))
        listener = state.load(store, "ann")
        chances = [
            why.why(store, models.now, listener, track).chance
            for track in tracks_of(store, ids)
            if track.id not in listener.recent
        ]
        assert sum(chances) == pytest.approx(1, abs=0.01)

    def test_it_says_what_keeps_a_track_from_coming(self, store: Store, models: Models) -> None:
        ids = add(store, 80)
        listened(store, "ann", of_style(ids, 1, 3))
        tracks = tracks_of(store, ids)
        prefers(store, "ann", banned_artists=tracks[40].artist_ids)
        listener = state.load(store, "ann")

        def refused(track: Track) -> str:
            found = why.why(store, models.now, listener, track)
            assert (found.place is None) == bool(found.refused) or found.chance == 0
            return found.refused

        assert refused(tracks[40]) == "You want nothing by this artist."
        assert refused(tracks[1]).startswith("You have just heard it")
        assert refused(replace(tracks[17], missing=True)) == "Its file is gone."
        assert refused(tracks[21]) == ""

    def test_with_several_models_each_kind_has_its_share(
        self, store: Store, tmp_path: Path
    ) -> None:
        ids = add(store, 40)
        registry = Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")
        train(registry, ids)
        models = Models(store, registry)
        listened(store, "ann", of_style(ids, 1, 2))
        (track,) = tracks_of(store, of_style(ids, 1, 1, first=4))
        started = time.perf_counter()
        said = why.why(store, models.now, state.load(store, "ann"), track)
        assert time.perf_counter() - started < 5
        assert {"content", "collaborative"} <= {one.kind for one in said.voices}
        assert [one.share for one in said.voices] == sorted(
            (one.share for one in said.voices), reverse=True
        )


class TestNotes:
    """What an answer says of what was done just now."""

    def note(self, store: Store, models: Models) -> str:
        return answers.next_up(store, models.now, state.load(store, "ann"), limit=20).note

    def test_skips_of_one_artist_are_spoken_of(self, store: Store, models: Models) -> None:
        ids = add(store, 240)
        listened(store, "ann", of_style(ids, 1, 3), ago_ms=20 * MINUTE_MS)
        assert self.note(store, models) == ""
        both = of_style(ids, 2, 2, first=8)
        (artist,) = {track.artists[0].name for track in tracks_of(store, both)}
        skipped = listened(store, "ann", both, "skipped")
        said = f"You skipped two by {artist} just now: less like that."
        assert self.note(store, models) == said
        store.delete_many(LISTENS, skipped)
        assert self.note(store, models) == ""

    def test_skips_of_one_genre_are_spoken_of(self, store: Store, models: Models) -> None:
        ids = add(store, 240)
        listened(store, "ann", of_style(ids, 1, 3), ago_ms=20 * MINUTE_MS)
        listened(store, "ann", of_style(ids, 2, 40)[::8], "skipped")
        assert self.note(store, models) == "You skipped five of Style 2 just now: less of that."

    def test_a_like_is_spoken_of_where_it_speaks(self, store: Store, models: Models) -> None:
        ids = add(store, 240)
        listened(store, "ann", of_style(ids, 1, 3), ago_ms=2 * DAY_MS)
        liked = of_style(ids, 3, 1)[0]
        at = now_ms()
        store.put(
            FAMILIARITIES,
            Familiarity(
                id=f"ann:{liked}",
                user_id="ann",
                track_id=liked,
                feedback="like",
                feedback_at=at,
                liked_at=at,
            ),
        )
        assert self.note(store, models) == f"You like Title {int(liked[3:])}: more like that."

    def test_what_would_not_be_true_is_not_said(self, store: Store, models: Models) -> None:
        # All that there is, is of the artists that were skipped.
        ids = add(store, 4)
        listened(store, "ann", [ids[0], ids[0]], "skipped")
        assert self.note(store, models) == ""
