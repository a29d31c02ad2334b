"""The commands about the Free Music Archive, as an operator uses them."""

import functools
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.library.fma import generator

from antiphon.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return generator.write_tables(tmp_path / "fma_metadata", 50).parent


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """A server of a fma_metadata.zip that the archive never published."""
    folder = tmp_path / "served"
    folder.mkdir()
    with zipfile.ZipFile(folder / "fma_metadata.zip", "w") as packed:
        packed.writestr("fma_metadata/tracks.csv", "")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def antiphon(
    tmp_path: Path, *arguments: str | Path, **settings: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", *map(str, arguments)],
        env=os.environ | {"ANTIPHON_DATA": str(tmp_path / "data")} | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_import_says_what_came_and_again_that_nothing_is_new(
    tmp_path: Path, archive: Path
) -> None:
    ran = antiphon(tmp_path, "fma", "import", archive)
    assert ran.returncode == 0, ran.stderr
    assert "50 tracks in the tables, 50 of them new or changed; 0 files of theirs" in ran.stdout
    again = antiphon(tmp_path, "fma", "import", archive)
    assert "50 tracks in the tables, 0 of them new or changed" in again.stdout


def test_a_folder_without_the_archive_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ran = antiphon(tmp_path, "fma", "import", tmp_path)
    assert ran.returncode == 65
    assert ran.stderr.startswith("There is no tracks.csv with a genres.csv beside it")


def test_what_the_archive_never_published_is_not_unpacked(tmp_path: Path, served: str) -> None:
    folder = tmp_path / "fetched"
    ran = antiphon(tmp_path, "fma", "fetch", "--to", folder, ANTIPHON_FMA_URL=served)
    assert ran.returncode == 65
    assert "not the file that the archive published" in ran.stderr
    assert [path.name for path in folder.iterdir()] == ["fma_metadata.zip"]


@pytest.fixture
def evaluate(
    archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """The command in this process, where what it needs for seconds is loaded already."""

    def evaluate(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["antiphon", "evaluate", "fma", str(archive), *arguments])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, "".join(capsys.readouterr())

    return evaluate


def test_the_benchmark_without_features_says_what_it_needs(
    evaluate: Callable[..., tuple[int, str]],
) -> None:
    status, said = evaluate()
    assert status == 65
    assert "features.csv: it is in fma_metadata.zip." in said
    status, said = evaluate("--features", "summary/1")
    assert status == 2
    assert "--from audio" in said


def test_the_benchmark_tells_accuracy_chance_and_what_is_mistaken_for_what(
    archive: Path, evaluate: Callable[..., tuple[int, str]]
) -> None:
    splits = ["training"] * 12 + ["validation"] * 4 + ["test"] * 4
    rows = [
        (
            1 + n,
            {
                ("set", "split"): split,
                ("set", "subset"): "small",
                ("track", "genre_top"): ("Folk", "Rock")[n % 2],
            },
        )
        for n, split in enumerate(splits)
    ]
    generator.write_tracks(archive / "fma_metadata/tracks.csv", rows)
    lines = ["feature,mfcc", "statistics,mean", "number,01", "track_id,"]
    lines += [f"{id},{id % 2 + id / 1000}" for id, _ in rows]
    (archive / "fma_metadata/features.csv").write_text("\n".join(lines))
    status, said = evaluate("--subset", "small")
    assert status == 0, said
    assert "12 for training, 4 for validation, 4 for test" in said
    words = " ".join(said.split())
    assert "Accuracy on the test split: 100.0% (95 %: 51.0% to 100.0%)" in words
    assert "always naming the most frequent genre: 50.0%" in words
