"""The progress of long work: seldom written, always taken back."""

import pytest

from antiphon.model import Progress
from antiphon.ops import progress
from antiphon.store import Store
from antiphon.store.schema import PROGRESS


def shown(store: Store) -> Progress | None:
    return store.get(PROGRESS, "scan")


def test_work_is_shown_from_its_beginning_and_not_after_its_end(store: Store) -> None:
    with progress.noted(store, "scan", "looking for music"):
        begun = shown(store)
        assert begun is not None
        assert (begun.phase, begun.done, begun.total) == ("looking for music", 0, 0)
        assert 0 < begun.started_at <= begun.changed_at
    assert shown(store) is None


def test_it_is_written_seldom(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with progress.noted(store, "scan", "x") as note:
        for done in range(1000):
            note(done, 1000)
        begun = shown(store)
        assert begun is not None
        assert begun.done < 1000 - 1
        monkeypatch.setattr(progress, "WRITE_EVERY_S", 0.0)
        note(999, 1000)
        later = shown(store)
        assert later is not None
        assert (later.done, later.total, later.started_at) == (999, 1000, begun.started_at)


def test_work_that_fails_is_taken_back_too(store: Store) -> None:
    def fail() -> None:
        with progress.noted(store, "scan", "x"):
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        fail()
    assert shown(store) is None


def test_what_a_dead_process_left_is_forgotten(store: Store) -> None:
    store.put_many(PROGRESS, [Progress(id=id, phase="x") for id in ("scan", "analysis", "else")])
    progress.forget(store, ("scan", "analysis"))
    assert [left.id for left in store.find(PROGRESS)] == ["else"]
