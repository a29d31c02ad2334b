"""Accounts: names, passwords, and what goes with an account that is removed."""

import argon2
import pytest

from antiphon.model import (
    Answer,
    Familiarity,
    Listen,
    Playlist,
    Preferences,
    Showing,
    State,
)
from antiphon.ops import users
from antiphon.ops.users import AccountError
from antiphon.store import Store
from antiphon.store.schema import (
    ANSWERS,
    COLLECTIONS,
    FAMILIARITIES,
    FORGOTTEN,
    LEASES,
    LISTENS,
    PLAYLISTS,
    PREFERENCES,
    SHOWINGS,
    STATES,
    USERS,
)

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the least effort that argon2 knows; there are many in these tests."""
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(users, "_hasher", quick)


def test_whoever_is_added_may_log_in_with_that_password_only(store: Store) -> None:
    added = users.add(store, "Ann", PASSWORD)
    assert users.verify(store, "Ann", PASSWORD) == added
    assert users.verify(store, "Ann", "battery staple") is None
    assert users.verify(store, "Ann", "") is None
    assert users.verify(store, "Ben", PASSWORD) is None


def test_a_password_is_kept_as_an_argon2id_hash(store: Store) -> None:
    added = users.add(store, "ann", PASSWORD)
    assert added.password_hash.startswith("$argon2id$")
    assert PASSWORD not in added.password_hash
    assert users.add(store, "ben", PASSWORD).password_hash != added.password_hash


def test_the_product_hashes_with_the_effort_that_argon2_recommends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    parameters = argon2.extract_parameters(users._hasher.hash(PASSWORD))
    assert parameters == argon2.profiles.RFC_9106_LOW_MEMORY


@pytest.mark.parametrize("alike", ["ANN", " ann ", "Ａｎｎ", "aNN"])
def test_names_are_compared_without_case_width_or_surrounding_space(
    store: Store, alike: str
) -> None:
    ann = users.add(store, "Ann", PASSWORD)
    assert users.verify(store, alike, PASSWORD) == ann
    with pytest.raises(AccountError, match="already"):
        users.add(store, alike, PASSWORD)
    assert store.count(USERS) == 1


def test_a_name_may_be_in_any_script_and_is_kept_as_written(store: Store) -> None:
    assert users.add(store, " Zoë Ångström 🎧 ", PASSWORD).name == "Zoë Ångström 🎧"
    assert users.find(store, "zoe\u0308 ångström 🎧") is not None


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\x00b", "\u202eann"])
def test_an_unusable_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(AccountError, match="1 to 64 printable"):
        users.add(store, name, PASSWORD)
    assert store.count(USERS) == 0


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025])
def test_a_password_too_short_or_endless_is_refused_and_changes_nothing(
    store: Store, password: str
) -> None:
    with pytest.raises(AccountError, match="8 to 1024"):
        users.add(store, "ann", password)
    ann = users.add(store, "ann", PASSWORD)
    with pytest.raises(AccountError, match="8 to 1024"):
        users.set_password(store, "ann", password)
    assert store.find(USERS) == [ann]


def test_a_new_password_replaces_the_old_one_and_ends_its_sessions(store: Store) -> None:
    before = users.add(store, "ann", PASSWORD)
    changed = users.set_password(store, "ANN", "battery staple")
    assert changed.session_stamp != before.session_stamp
    assert users.verify(store, "ann", PASSWORD) is None
    assert users.verify(store, "ann", "battery staple") == changed


def test_an_unknown_name_is_told_where_names_are_listed(store: Store) -> None:
    with pytest.raises(AccountError, match="no user 'ann'; `antiphon user list`"):
        users.set_password(store, "ann", PASSWORD)
    with pytest.raises(AccountError, match="no user 'ann'"):
        users.remove(store, "ann")


def test_an_account_goes_with_what_is_theirs_and_nobody_elses(store: Store) -> None:
    ann, ben = (users.add(store, name, PASSWORD) for name in ("ann", "ben"))
    for user_id in (ann.id, ben.id):
        _live(store, user_id)
    users.remove(store, "ann")
    assert store.find(USERS) == [ben]
    for collection in (LISTENS, FAMILIARITIES, PLAYLISTS, ANSWERS):
        assert {doc.user_id for doc in store.find(collection)} == {ben.id}
    assert users.verify(store, "ann", PASSWORD) is None


def _live(store: Store, user_id: str) -> None:
    store.put_many(
        LISTENS,
        [
            Listen(
                id=f"{user_id}:{n}",
                user_id=user_id,
                track_id="tr-1",
                at=n,
                played_ms=1,
                duration_ms=1,
                ended="completed",
                played=True,
            )
            for n in range(3)
        ],
    )
    store.put(FAMILIARITIES, Familiarity(id=f"{user_id}:tr-1", user_id=user_id, track_id="tr-1"))
    store.put(PLAYLISTS, Playlist(id=f"pl-{user_id}", user_id=user_id, name="x", sort="x"))
    store.put(ANSWERS, Answer(id=f"{user_id}:next", user_id=user_id, surface="next"))


def test_the_last_admin_cannot_be_removed(store: Store) -> None:
    users.add(store, "root", PASSWORD, "admin")
    users.add(store, "ann", PASSWORD)
    with pytest.raises(AccountError, match="only admin; make another one first"):
        users.remove(store, "root")
    users.add(store, "ben", PASSWORD, "admin")
    users.remove(store, "root")
    assert {user.name for user in store.find(USERS)} == {"ann", "ben"}


def test_of_who_is_removed_nothing_is_left(store: Store) -> None:
    users.add(store, "root", PASSWORD, "admin")
    for name in ("ann", "ben"):
        user = users.add(store, name, PASSWORD)
        keep_something(store, user.id)
    ann, ben = (users.find(store, name) for name in ("ann", "ben"))
    users.remove(store, "ann")
    assert ann is not None
    assert ben is not None
    kept = [(one.name, str(doc)) for one in COLLECTIONS for doc in store.find(one)]
    assert not [name for name, doc in kept if ann.id in doc and name != LEASES.name]
    named = {name for name, doc in kept if ben.id in doc}
    assert named == {one.name for one in (*users.PERSONAL, *users.OWN)}


def keep_something(store: Store, user_id: str) -> None:
    """Keep a document of each kind that a listener leaves."""
    shown = {"id": f"v-{user_id}", "user_id": user_id, "surface": "next"}
    listen = Listen(
        id=f"{user_id}:e1",
        user_id=user_id,
        track_id="tr-1",
        at=1,
        played_ms=1,
        duration_ms=1,
        ended="stopped",
        played=True,
    )
    store.put(LISTENS, listen)
    store.put(FORGOTTEN, listen)
    store.put(FAMILIARITIES, Familiarity(id=f"{user_id}:tr-1", user_id=user_id, track_id="tr-1"))
    store.put(PLAYLISTS, Playlist(id=f"pl-{user_id}", user_id=user_id, name="Mine", sort="mine"))
    store.put(SHOWINGS, Showing(**shown, model="", at=1))
    store.put(ANSWERS, Answer(**shown))
    store.put(PREFERENCES, Preferences(id=user_id, discover=1.0))
    store.put(STATES, State(id=user_id, packed=b""))


def test_the_first_run_makes_an_admin_once(store: Store) -> None:
    made = users.first_run(store)
    assert made is not None
    admin, password = made
    assert (admin.name, admin.role) == ("admin", "admin")
    assert len(password) >= users.SHORTEST_PASSWORD
    assert users.verify(store, "admin", password) == admin
    assert users.first_run(store) is None


def test_a_simulated_listener_cannot_log_in(store: Store) -> None:
    users.add(store, "ann", PASSWORD)
    ghost = users.User(id="us-ghost", name="Ghost", key="ghost", synthetic=True)
    store.put(USERS, ghost)
    for password in ("", "ghost", PASSWORD):
        assert users.verify(store, "Ghost", password) is None
