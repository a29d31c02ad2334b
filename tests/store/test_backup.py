"""A backup is the store at one moment, whole or not there, while others read and write."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from antiphon.model import Listen, Secret
from antiphon.store import Store, StoreError, open_store
from antiphon.store.backup import back_up
from antiphon.store.schema import LISTENS, SECRETS


@pytest.fixture
def url(store: Store, tmp_path: Path) -> str:
    """Where the store is kept."""
    return f"sqlite:///{tmp_path / 'antiphon.db'}"


def test_a_backup_made_while_others_write_is_of_one_moment(
    store: Store, url: str, tmp_path: Path
) -> None:
    done = threading.Event()

    def write_pairs() -> None:
        for n in range(100_000):
            if done.is_set():
                return
            pair = [Secret(id=f"{n}-{side}", value="x" * 200) for side in ("left", "right")]
            store.transact(lambda pair=pair: [store.put(SECRETS, one) for one in pair])

    writer = threading.Thread(target=write_pairs)
    writer.start()
    try:
        for n in range(5):
            back_up(url, tmp_path / f"{n}.db")
    finally:
        done.set()
        writer.join()
    counts = []
    for n in range(5):
        copy = open_store(f"sqlite:///{tmp_path / f'{n}.db'}")
        assert copy.check() == []
        counts.append(copy.count(SECRETS))
        copy.close()
    assert all(count % 2 == 0 for count in counts)
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert counts[-1] <= store.count(SECRETS)


def test_a_backup_is_used_as_a_store(store: Store, url: str, tmp_path: Path) -> None:
    listen = Listen(
        id="u:e",
        user_id="u",
        track_id="t",
        at=1,
        played_ms=2,
        duration_ms=3,
        ended="completed",
        played=True,
    )
    store.put(LISTENS, listen)
    back_up(url, tmp_path / "copy.db")
    assert open_store(f"sqlite:///{tmp_path / 'copy.db'}").find(LISTENS, {"user_id": "u"}) == [
        listen
    ]


def test_nothing_is_overwritten(store: Store, url: str, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(StoreError, match="precious is there already"):
        back_up(url, tmp_path / "precious")
    assert (tmp_path / "precious").read_text() == "mine"


def test_only_its_owner_may_read_a_backup(store: Store, url: str, tmp_path: Path) -> None:
    back_up(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_damaged_store_is_not_called_a_damaged_backup(tmp_path: Path) -> None:
    source = tmp_path / "antiphon.db"
    source.write_text("no database at all " * 100)
    with pytest.raises(StoreError, match=rf"^{source} is damaged"):
        back_up(f"sqlite:///{source}", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == [source]


def test_a_place_that_cannot_be_written_is_named(store: Store, url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/copy\.db cannot be"):
        back_up(url, tmp_path / "nowhere" / "copy.db")


def test_what_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"There is no .*gone\.db to back up"):
        back_up(f"sqlite:///{tmp_path / 'gone.db'}", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_is_told_how_else_and_no_password_is_shown(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="antiphon store copy") as told:
        back_up("mongodb://ann:s3cret@db.example/antiphon", tmp_path / "copy.db")
    assert "s3cret" not in str(told.value)


def test_a_full_disk_is_said_and_leaves_no_half_a_backup(
    store: Store, url: str, tmp_path: Path
) -> None:
    store.put_many(SECRETS, [Secret(id=str(n), value="x" * 10_000) for n in range(100)])
    store.close()
    (tmp_path / "backups").mkdir()
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from antiphon.store import StoreError; from antiphon.store.backup import back_up\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try: back_up(sys.argv[1], Path(sys.argv[2]))\n"
        "except StoreError as error: print(error)\n"
    )
    to = tmp_path / "backups" / "copy.db"
    said = subprocess.run(
        [sys.executable, "-c", script, url, str(to)], capture_output=True, text=True, check=True
    ).stdout
    assert f"{to} cannot be written" in said
    assert "make room on its disk" in said
    assert list(to.parent.iterdir()) == []
