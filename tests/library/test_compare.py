"""What changed in a folder, as its listing and the store tell, and what another scanner did."""

from pathlib import Path

from antiphon.compute.local import LocalCompute
from antiphon.library.compare import compare
from antiphon.library.scan import scan
from antiphon.library.walk import walk
from antiphon.store import Store
from media import write_music


def test_what_another_scanner_recorded_meanwhile_has_not_vanished(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "album").mkdir()
    gone = write_music(tmp_path / "album/1.mp3", hertz=220)
    write_music(tmp_path / "album/2.mp3", hertz=330)
    scan(store, LocalCompute(1), [tmp_path])
    gone.unlink()
    listings = list(walk(str(tmp_path)))
    write_music(tmp_path / "album/3.mp3", hertz=440)
    scan(store, LocalCompute(1), [tmp_path / "album" / ".."])
    gone.touch()
    scan(store, LocalCompute(1), [tmp_path])
    gone.unlink()

    (work,) = compare(store, listings, lambda _count: None, str(tmp_path))
    assert work.music == {}
    assert work.vanished == (str(gone),)
