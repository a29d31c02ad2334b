"""Fetching the archive from a server as bad as real ones are: in the end all is there."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from antiphon.library.fma import ArchiveError, fetch
from antiphon.library.fma.download import TRIES
from antiphon.library.fma.fetch import Package

FILES = {
    "fma_small/000/000002.mp3": os.urandom(300_000),
    "fma_small/000/000005.mp3": os.urandom(200_000),
    "fma_small/README.txt": b"read me",
}


class Archive(ThreadingHTTPServer):
    """A server of one file, and what is wrong with it; `asked` are the ranges asked for."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content = content
        self.takes_ranges = True
        self.tag = '"first"'
        self.failures: list[int] = []  # statuses to answer with at first
        self.cuts: list[int] = []  # so many bytes of each of the first answers arrive
        self.pause_s = 0.0
        self.asked: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that are gone: some are killed here."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def package(self) -> Package:
        return Package("fma_small.zip", hashlib.sha1(self.content).hexdigest())


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Archive

    def do_GET(self) -> None:
        archive = self.server
        archive.asked.append(self.headers.get("Range", ""))
        if archive.failures:
            self.send_error(archive.failures.pop(0))
            return
        start, status = self._start(), 200
        if start >= len(archive.content):
            self.send_error(416)
            return
        body = archive.content[start:]
        if start:
            status = 206
        self.send_response(status)
        if start:
            last = len(archive.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{last + 1}")
        self.send_header("ETag", archive.tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._send(body)

    def _start(self) -> int:
        asked = self.headers.get("Range")
        same = self.headers.get("If-Range", self.server.tag) == self.server.tag
        if not (asked and same and self.server.takes_ranges):
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def _send(self, body: bytes) -> None:
        if self.server.cuts:
            self.wfile.write(body[: self.server.cuts.pop(0)])
            self.close_connection = True
            return
        for at in range(0, len(body), 50_000):
            self.wfile.write(body[at : at + 50_000])
            time.sleep(self.server.pause_s)

    def log_message(self, *args: object) -> None:
        pass


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def archive() -> Iterator[Archive]:
    server = Archive(zipped(FILES))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def have(archive: Archive, folder: Path, package: Package | None = None) -> bool:
    return fetch.fetch(
        archive.url, package or archive.package, folder, lambda *_: None, backoff_s=0.001
    )


def is_all_there(folder: Path) -> bool:
    return all((folder / name).read_bytes() == content for name, content in FILES.items())


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"fma_small", "fma_small.zip.done"}


def test_a_package_is_fetched_verified_and_unpacked_once(archive: Archive, tmp_path: Path) -> None:
    said: dict[str, tuple[int, int]] = {}
    assert fetch.fetch(
        archive.url, archive.package, tmp_path, lambda what, *n: said.update({what: n})
    )
    assert is_all_there(tmp_path)
    assert leftovers(tmp_path) == set()
    size = len(archive.content)
    assert said == {
        "Fetching fma_small.zip": (size, size),
        "Verifying fma_small.zip": (size, size),
        "Unpacking fma_small.zip": (3, 3),
    }
    assert not have(archive, tmp_path)
    assert len(archive.asked) == 1


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    archive: Archive, tmp_path: Path
) -> None:
    archive.cuts = [100_000, 150_000]
    have(archive, tmp_path)
    assert is_all_there(tmp_path)
    assert archive.asked == ["", "bytes=100000-", "bytes=250000-"]


def test_a_server_without_ranges_is_asked_for_all_of_it_again(
    archive: Archive, tmp_path: Path
) -> None:
    archive.takes_ranges = False
    archive.cuts = [100_000]
    have(archive, tmp_path)
    assert is_all_there(tmp_path)


def test_a_busy_server_is_asked_again(archive: Archive, tmp_path: Path) -> None:
    archive.failures = [503, 500]
    have(archive, tmp_path)
    assert is_all_there(tmp_path)


def test_a_server_that_never_answers_well_is_given_up(archive: Archive, tmp_path: Path) -> None:
    archive.failures = [503] * 50
    with pytest.raises(ArchiveError, match=r"cannot be fetched: too many 503 error responses"):
        have(archive, tmp_path)
    assert len(archive.asked) == TRIES + 1


@pytest.mark.parametrize("address", ["htp://example.org", "example.org", "", "file:///etc"])
def test_what_is_no_address_is_said_at_once(tmp_path: Path, address: str) -> None:
    with pytest.raises(ArchiveError, match="no address of a web server"):
        fetch.fetch(address, Package("fma_small.zip", ""), tmp_path, lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_what_a_server_does_not_have_is_said_at_once(archive: Archive, tmp_path: Path) -> None:
    archive.failures = [404]
    with pytest.raises(ArchiveError, match="the server says 404"):
        have(archive, tmp_path)
    assert len(archive.asked) == 1


def test_a_server_that_breaks_off_again_and_again_is_given_up_and_what_came_is_kept(
    archive: Archive, tmp_path: Path
) -> None:
    archive.cuts = [100_000, *[0] * 50]
    with pytest.raises(ArchiveError, match="What has arrived is kept"):
        have(archive, tmp_path)
    archive.cuts = []
    have(archive, tmp_path)
    assert archive.asked[-1] == "bytes=100000-"
    assert is_all_there(tmp_path)


def test_a_file_that_was_replaced_meanwhile_is_fetched_anew(
    archive: Archive, tmp_path: Path
) -> None:
    (tmp_path / "fma_small.zip.part").write_bytes(b"of another version")
    (tmp_path / "fma_small.zip.version").write_text('"zeroth"')
    have(archive, tmp_path)
    assert is_all_there(tmp_path)
    assert leftovers(tmp_path) == set()


def test_killed_before_the_bytes_of_another_version_are_gone_it_still_knows_them(
    archive: Archive, tmp_path: Path
) -> None:
    """The disk forbids to touch the old bytes: what they are of must not be forgotten first."""
    part = tmp_path / "fma_small.zip.part"
    part.mkdir()
    version = tmp_path / "fma_small.zip.version"
    version.write_text('"zeroth"')
    with pytest.raises(IsADirectoryError):
        have(archive, tmp_path)
    assert version.read_text() == '"zeroth"'


def test_a_file_that_had_arrived_whole_is_only_verified(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "fma_small.zip.part").write_bytes(archive.content)
    have(archive, tmp_path)
    assert is_all_there(tmp_path)


def test_another_file_than_the_published_one_is_refused(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="not the file that the archive published"):
        have(archive, tmp_path, Package("fma_small.zip", "0" * 40))
    assert not (tmp_path / "fma_small").exists()


def test_a_disk_without_room_is_said_before_anything_is_written(
    archive: Archive, tmp_path: Path
) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(ArchiveError, match=r"GB free; .* are needed"):
        have(archive, tmp_path, Package("fma_small.zip", "", growth=free / len(archive.content)))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_stops_it_and_what_came_is_kept(
    archive: Archive, tmp_path: Path
) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        "from antiphon.library.fma import fetch;"
        "fetch.fetch(sys.argv[1], fetch.Package('fma_small.zip', sys.argv[2]), "
        "Path(sys.argv[3]), lambda *_: None)"
    )
    arguments = [archive.url, archive.package.sha1, str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert "OSError: [Errno 27] File too large" in ended.stderr
    assert (tmp_path / "fma_small.zip.part").stat().st_size == 100_000
    have(archive, tmp_path)
    assert archive.asked[-1] == "bytes=100000-"
    assert is_all_there(tmp_path)


def test_killed_it_goes_on_from_where_it_was(archive: Archive, tmp_path: Path) -> None:
    archive.pause_s = 0.05
    code = (
        "import sys; from pathlib import Path; from antiphon.library.fma import download as d, "
        "fetch; d.BLOCK = 50_000;"
        "fetch.fetch(sys.argv[1], fetch.Package('fma_small.zip', sys.argv[2]), "
        "Path(sys.argv[3]), lambda *_: None)"
    )
    arguments = [archive.url, archive.package.sha1, str(tmp_path)]
    part = tmp_path / "fma_small.zip.part"
    with subprocess.Popen([sys.executable, "-c", code, *arguments]) as process:
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    arrived = part.stat().st_size
    assert 0 < arrived < len(archive.content)
    archive.pause_s = 0
    have(archive, tmp_path)
    assert archive.asked[-1] == f"bytes={arrived}-"
    assert is_all_there(tmp_path)


def test_files_that_are_there_whole_are_kept_and_others_written_again(
    archive: Archive, tmp_path: Path
) -> None:
    whole, cut = (tmp_path / "fma_small/000" / name for name in ("000002.mp3", "000005.mp3"))
    whole.parent.mkdir(parents=True)
    whole.write_bytes(FILES["fma_small/000/000002.mp3"])
    cut.write_bytes(b"half")
    before = whole.stat()
    have(archive, tmp_path)
    assert is_all_there(tmp_path)
    assert (whole.stat().st_ino, whole.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("name", ["../elsewhere.mp3", "/etc/elsewhere", "a/../../b", "c:\\evil"])
def test_a_package_that_names_other_places_writes_nothing(
    archive: Archive, tmp_path: Path, name: str
) -> None:
    archive.content = zipped({"fma_small/first.mp3": b"1", name: b"evil"})
    folder = tmp_path / "here"
    with pytest.raises(ArchiveError, match="lies elsewhere"):
        have(archive, folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["here", "fma_small.zip"]


def test_a_link_in_a_package_is_refused(archive: Archive, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("fma_small/link")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(link, "/etc/passwd")
    archive.content = buffer.getvalue()
    with pytest.raises(ArchiveError, match="lies elsewhere"):
        have(archive, tmp_path)


def test_what_is_no_zip_archive_is_said_to_be_none(archive: Archive, tmp_path: Path) -> None:
    archive.content = b"<html>Sorry</html>"
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        have(archive, tmp_path)
