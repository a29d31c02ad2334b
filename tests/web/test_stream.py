"""A track is heard whole, in ranges or as MP3, and an answer never has other bytes than it says."""

import os
import re
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace

import flask
import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from antiphon.library.files import path_to_text
from antiphon.model import AudioFormat, SourceFile, Track
from antiphon.store import Store
from antiphon.store.schema import FILES, TRACKS
from antiphon.web import problems, server, stream
from antiphon.web.byte_ranges import MOST_BYTES

SONG = bytes(range(256)) * 10
MP3 = AudioFormat(codec="mp3", mime="audio/mpeg")
AIFF = AudioFormat(codec="pcm", mime="audio/aiff")


@pytest.fixture
def client(store: Store) -> FlaskClient:
    app = flask.Flask("test")
    app.extensions["antiphon"] = SimpleNamespace(store=store)
    app.register_blueprint(stream.blueprint)
    problems.register(app)
    return app.test_client()


@pytest.fixture
def song(store: Store, tmp_path: Path) -> Path:
    """The file of track tr-1."""
    path = tmp_path / "song.mp3"
    path.write_bytes(SONG)
    keep(store, path)
    return path


@pytest.fixture
def aiff(store: Store, tmp_path: Path) -> Path:
    """Five seconds of sound that browsers do not play, as track tr-1."""
    path = tmp_path / "song.aiff"
    soundfile.write(path, np.sin(np.arange(5 * 44_100) / 20), 44_100)
    keep(store, path, form=AIFF)
    return path


def keep(store: Store, *paths: Path, form: AudioFormat = MP3) -> None:
    store.put(TRACKS, Track(id="tr-1", title="Song", sort="song", format=form, duration_ms=5000))
    for path in paths:
        name = path_to_text(str(path))
        store.put(FILES, SourceFile(id=name, folder=str(path.parent), track_id="tr-1"))


def get(client: FlaskClient, range: str | None = None, **headers: str) -> TestResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given |= {"Range": range} if range else {}
    return client.get("/stream/tr-1", headers=given, buffered=True)


def head(client: FlaskClient, **headers: str) -> TestResponse:
    return client.head("/stream/tr-1", headers=headers, buffered=True)


def open_files() -> set[str]:
    return {str(link.resolve()) for link in Path("/proc/self/fd").iterdir()}


@pytest.mark.usefixtures("song")
def test_without_a_range_it_is_the_whole_file(client: FlaskClient) -> None:
    response = get(client)
    assert response.status_code == 200
    assert response.data == SONG
    assert response.content_length == len(SONG)
    assert response.headers["Content-Type"] == "audio/mpeg"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Cache-Control"] == "private"
    assert "Content-Range" not in response.headers


@pytest.mark.usefixtures("song")
def test_a_range_is_that_part(client: FlaskClient) -> None:
    response = get(client, "bytes=100-199")
    assert response.status_code == 206
    assert response.data == SONG[100:200]
    assert response.headers["Content-Range"] == f"bytes 100-199/{len(SONG)}"


def test_an_open_range_is_cut_short(client: FlaskClient, song: Path) -> None:
    size = MOST_BYTES * 3
    song.write_bytes(os.urandom(size))
    response = get(client, "bytes=1000-")
    assert response.headers["Content-Range"] == f"bytes 1000-{MOST_BYTES + 999}/{size}"
    assert response.data == song.read_bytes()[1000 : MOST_BYTES + 1000]


def test_a_player_that_asks_on_gets_everything(client: FlaskClient, song: Path) -> None:
    song.write_bytes(os.urandom(MOST_BYTES * 2 + 77))
    heard = b""
    while len(heard) < song.stat().st_size:
        heard += get(client, f"bytes={len(heard)}-").data
    assert heard == song.read_bytes()


@pytest.mark.usefixtures("song")
def test_several_ranges_are_one_multipart_answer(client: FlaskClient) -> None:
    response = get(client, "bytes=0-9,100-109,-1")
    assert response.status_code == 206
    assert response.content_length == len(response.data)
    assert parts(response) == [(0, SONG[:10]), (100, SONG[100:110]), (2559, SONG[-1:])]


@pytest.mark.usefixtures("song")
def test_a_range_outside_of_the_file_is_416(client: FlaskClient) -> None:
    response = get(client, "bytes=2560-")
    assert response.status_code == 416
    assert response.headers["Content-Range"] == "bytes */2560"
    assert response.mimetype == "application/problem+json"


@pytest.mark.usefixtures("song")
def test_head_says_all_and_sends_nothing(client: FlaskClient) -> None:
    response = head(client, Range="bytes=0-9")
    assert response.status_code == 200
    assert response.data == b""
    assert response.content_length == len(SONG)


@pytest.mark.usefixtures("song")
def test_what_the_browser_has_is_not_sent_again(client: FlaskClient) -> None:
    first = get(client)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert not etag.startswith("W/")
    assert get(client, If_None_Match=etag).status_code == 304
    assert get(client, "bytes=0-9", If_None_Match=etag).status_code == 304
    assert get(client, If_Modified_Since=modified).status_code == 304
    assert get(client, If_None_Match='"other"').status_code == 200
    assert get(client, If_None_Match='"other"', If_Modified_Since=modified).status_code == 200
    assert get(client, If_Match=etag).status_code == 200
    assert get(client, If_Match='"other"').status_code == 412


@pytest.mark.usefixtures("song")
def test_if_range_gives_the_range_only_of_the_same_file(client: FlaskClient) -> None:
    first = get(client)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert get(client, "bytes=0-9", If_Range=etag).status_code == 206
    assert get(client, "bytes=0-9", If_Range=modified).status_code == 206
    for other in ('"other"', f"W/{etag}", "Sat, 01 Jan 2000 00:00:00 GMT", "nonsense"):
        response = get(client, "bytes=0-9", If_Range=other)
        assert (response.status_code, response.data) == (200, SONG)


def test_a_changed_file_has_another_etag(client: FlaskClient, song: Path) -> None:
    before = get(client).headers["ETag"]
    replaced = song.with_name("new")
    replaced.write_bytes(SONG)
    os.utime(replaced, ns=(song.stat().st_mtime_ns,) * 2)
    replaced.replace(song)
    assert get(client).headers["ETag"] != before


@pytest.mark.parametrize("mtime", [-(10**9), 10**10])
def test_an_absurd_file_time_is_no_obstacle(client: FlaskClient, song: Path, mtime: int) -> None:
    os.utime(song, (mtime, mtime))
    response = get(client)
    assert response.status_code == 200
    assert response.last_modified is not None


def test_a_file_is_closed_however_the_request_ends(client: FlaskClient, song: Path) -> None:
    get(client)
    get(client, "bytes=9999-")
    get(client, If_Match='"other"')
    head(client)
    gone_away = client.get("/stream/tr-1", buffered=False)
    next(gone_away.iter_encoded())
    assert str(song) in open_files()
    gone_away.close()
    assert str(song) not in open_files()


@pytest.mark.parametrize("form", ["song", "aiff"])
def test_long_answers_leave_room_for_short_ones(
    client: FlaskClient, request: pytest.FixtureRequest, form: str
) -> None:
    path: Path = request.getfixturevalue(form)
    if form == "song":
        path.write_bytes(os.urandom(MOST_BYTES + 1))
    unread = [client.get("/stream/tr-1", buffered=False) for _ in range(stream.LONG_ANSWERS)]
    assert {response.status_code for response in unread} == {200}
    refused = get(client)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert head(client).status_code == 200
    if form == "song":
        assert get(client, "bytes=0-").status_code == 206
    unread.pop().close()
    assert get(client).status_code == 200
    for response in unread:
        response.close()


def test_the_server_has_threads_beside_those_of_long_answers() -> None:
    assert server.BLOCKING_THREADS - stream.LONG_ANSWERS >= 8


def test_what_cannot_be_transcoded_takes_no_place(client: FlaskClient, aiff: Path) -> None:
    aiff.write_bytes(b"no sound at all")
    codes = {get(client).status_code for _ in range(stream.LONG_ANSWERS + 1)}
    assert codes == {404}


def test_a_copy_is_sent_where_the_first_file_is_gone(
    client: FlaskClient, store: Store, tmp_path: Path
) -> None:
    copy = tmp_path / "b.mp3"
    copy.write_bytes(SONG)
    keep(store, tmp_path / "a.mp3", copy)
    assert get(client).data == SONG


def test_a_name_that_is_not_text_is_no_obstacle(
    client: FlaskClient, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "\udcffü🎵.mp3"
    path.write_bytes(SONG)
    keep(store, path)
    assert get(client).data == SONG


def test_what_is_not_there_is_404(client: FlaskClient, song: Path) -> None:
    assert client.get("/stream/tr-2").status_code == 404
    song.unlink()
    response = get(client)
    assert response.status_code == 404
    assert "scan" in response.get_json()["detail"]
    assert str(song) not in response.text


def test_what_cannot_be_read_is_503(client: FlaskClient, song: Path) -> None:
    song.unlink()
    song.mkdir()
    response = get(client)
    assert response.status_code == 503
    assert str(song) not in response.text


@pytest.mark.usefixtures("aiff")
def test_what_a_browser_cannot_play_comes_as_mp3(client: FlaskClient) -> None:
    response = get(client, "bytes=0-9")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "audio/mpeg"
    assert response.headers["Accept-Ranges"] == "none"
    assert response.headers["X-Content-Duration"] == "5.000"
    assert len(response.data) == pytest.approx(5 * 24_000, rel=0.02)


@pytest.mark.usefixtures("aiff")
def test_a_transcoded_track_is_sought_by_an_offset(client: FlaskClient) -> None:
    response = client.get("/stream/tr-1?offset=3.5", buffered=True)
    assert response.headers["X-Content-Duration"] == "1.500"
    assert len(response.data) == pytest.approx(1.5 * 24_000, rel=0.05)


@pytest.mark.usefixtures("aiff")
@pytest.mark.parametrize("offset", ["-1", "nan", "inf", "x", "", "1e300"])
def test_an_offset_that_is_no_time_is_400(client: FlaskClient, offset: str) -> None:
    assert client.get("/stream/tr-1", query_string={"offset": offset}).status_code == 400


def test_a_transcoded_file_is_closed_when_the_listener_goes(
    client: FlaskClient, aiff: Path
) -> None:
    response = client.get("/stream/tr-1", buffered=False)
    assert str(aiff) in open_files()
    response.close()
    assert str(aiff) not in open_files()


def test_head_does_not_transcode(client: FlaskClient, aiff: Path) -> None:
    aiff.write_bytes(b"no sound at all")
    assert head(client).headers["Content-Type"] == "audio/mpeg"


def test_a_file_without_sound_is_404(client: FlaskClient, aiff: Path) -> None:
    aiff.write_bytes(b"no sound at all")
    response = get(client)
    assert response.status_code == 404
    assert response.get_json()["title"] == "Cannot be played"


def parts(response: TestResponse) -> list[tuple[int, bytes]]:
    """Take a multipart answer apart: where each part starts, and its bytes."""
    boundary = response.headers["Content-Type"].partition("boundary=")[2].encode()
    found = []
    for part in response.data.split(b"\r\n--" + boundary)[1:-1]:
        head, _, body = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
        fields = message_from_bytes(head)
        start, stop = span(fields["Content-Range"])
        assert fields["Content-Type"] == "audio/mpeg"
        assert stop - start == len(body)
        found.append((start, body))
    return found


def span(content_range: str) -> tuple[int, int]:
    match = re.fullmatch(rf"bytes (\d+)-(\d+)/{len(SONG)}", content_range)
    assert match
    return int(match[1]), int(match[2]) + 1


NUMBERS = st.one_of(st.integers(0, 3000), st.integers(0, 2**70)).map(str)
RANGES = st.one_of(
    st.tuples(NUMBERS, NUMBERS).map("-".join),
    NUMBERS.map(lambda number: f"{number}-"),
    NUMBERS.map(lambda number: f"-{number}"),
    st.text(alphabet="0123456789-, =\t", max_size=8),
)
HEADERS = st.one_of(
    st.lists(RANGES, min_size=1, max_size=20).map(lambda ranges: f"bytes={','.join(ranges)}"),
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=30),
)
CONDITIONS = st.sampled_from(["", "If-Range", "If-None-Match"])


@pytest.mark.usefixtures("song")
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(header=HEADERS, condition=CONDITIONS, same=st.booleans())
def test_the_body_is_what_the_headers_claim_whatever_was_asked(
    client: FlaskClient, header: str, condition: str, same: bool
) -> None:
    etag = head(client).headers["ETag"] if same else '"other"'
    headers = {"Range": header} | ({condition: etag} if condition else {})
    response = client.get("/stream/tr-1", headers=headers, buffered=True)
    assert response.status_code in {200, 206, 304, 416}
    if response.status_code == 200:
        assert response.data == SONG
    elif response.status_code == 304:
        assert (condition, same, response.data) == ("If-None-Match", True, b"")
    elif response.status_code == 416:
        assert response.headers["Content-Range"] == f"bytes */{len(SONG)}"
    elif response.mimetype == "multipart/byteranges":
        assert all(body == SONG[start:][: len(body)] for start, body in parts(response))
    else:
        start, stop = span(response.headers["Content-Range"])
        assert response.data == SONG[start:stop]
    if response.status_code in {200, 206}:
        assert response.content_length == len(response.data)
