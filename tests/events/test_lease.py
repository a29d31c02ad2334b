"""Leases: one holder at a time, and another soon when it is gone."""

import time

import pytest

from antiphon.events import lease
from antiphon.events.lease import LeaseHolder
from antiphon.store import Store


@pytest.fixture
def two(store: Store, monkeypatch: pytest.MonkeyPatch) -> tuple[LeaseHolder, LeaseHolder]:
    monkeypatch.setattr(lease, "RENEWED_AFTER_S", 0.0)
    return LeaseHolder(store, "outbox"), LeaseHolder(store, "outbox")


def test_only_one_holds_a_lease_and_keeps_it(two: tuple[LeaseHolder, LeaseHolder]) -> None:
    ann, ben = two
    assert [ann.take(), ben.take(), ann.take(), ben.take()] == [True, False, True, False]
    assert [ann.held, ben.held] == [True, False]


def test_a_lease_that_is_let_go_is_another_s_at_once(
    two: tuple[LeaseHolder, LeaseHolder],
) -> None:
    ann, ben = two
    ann.take()
    ann.let_go()
    assert not ann.held
    assert ben.take()
    ann.let_go()
    assert not ann.take()


def test_a_lease_whose_holder_is_silent_runs_out(
    two: tuple[LeaseHolder, LeaseHolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = two
    ann.take()
    later = lease.now_ms() + int(lease.LASTS_S * 1000) + 1
    monkeypatch.setattr(lease, "now_ms", lambda: later)
    assert ben.take()
    assert not ann.take()


def test_a_clock_that_is_set_back_lets_nobody_wait_for_a_holder_who_is_gone(
    two: tuple[LeaseHolder, LeaseHolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = two
    monkeypatch.setattr(lease, "LASTS_S", 0.2)
    ann.take()
    an_hour_ago = lease.now_ms() - 3_600_000
    monkeypatch.setattr(lease, "now_ms", lambda: an_hour_ago)
    assert not ben.take()
    # Whoever goes on renewing it is not gone.
    assert ann.take()
    time.sleep(0.15)
    assert ann.take()
    assert not ben.take()
    time.sleep(0.25)
    assert ben.take()
    assert not ann.take()


def test_leases_of_different_names_are_different(store: Store) -> None:
    assert LeaseHolder(store, "one").take()
    assert LeaseHolder(store, "two").take()
