"""Covers come as small as they are shown, are made once, and never stop a page."""

import io
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import flask
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from antiphon.library.files import path_to_text
from antiphon.model import Picture
from antiphon.store import Store
from antiphon.store.schema import PICTURES
from antiphon.web import artwork, problems
from antiphon.web.artwork import BrokenPictureError, resize

ORIENTATION = 0x0112


def encoded(image: Image.Image, format: str = "PNG", **how: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **how)
    return buffer.getvalue()


def decoded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    assert image.format == "WEBP"
    return image


@pytest.fixture
def client(store: Store, tmp_path: Path) -> FlaskClient:
    app = flask.Flask("test")
    app.extensions["antiphon"] = SimpleNamespace(
        store=store, settings=SimpleNamespace(data=tmp_path / "data")
    )
    app.register_blueprint(artwork.blueprint)
    problems.register(app)
    return app.test_client()


@pytest.fixture
def cover(store: Store, tmp_path: Path) -> Path:
    """The picture im-abcd: 800 by 400, red."""
    path = tmp_path / "\udcffcover.png"
    path.write_bytes(encoded(Image.new("RGB", (800, 400), "red")))
    store.put(PICTURES, Picture(id="im-abcd", path=path_to_text(str(path))))
    return path


@pytest.mark.parametrize(("size", "expected"), [(96, (96, 48)), (320, (320, 160))])
def test_a_picture_fits_the_square_asked_for(size: int, expected: tuple[int, int]) -> None:
    assert decoded(resize(encoded(Image.new("RGB", (800, 400))), size)).size == expected


def test_a_small_picture_is_not_enlarged() -> None:
    assert decoded(resize(encoded(Image.new("RGB", (50, 40))), 640)).size == (50, 40)


def test_a_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    lying = encoded(Image.new("RGB", (800, 400)), "JPEG", exif=exif)
    upright = decoded(resize(lying, 320))
    assert upright.size == (160, 320)
    assert ORIENTATION not in upright.getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_colour_becomes_webp(mode: str) -> None:
    format = "TIFF" if mode == "CMYK" else "PNG"
    assert decoded(resize(encoded(Image.new(mode, (200, 200)), format), 96)).size == (96, 96)


def test_what_is_seen_through_stays_so() -> None:
    picture = encoded(Image.new("RGBA", (200, 200), (255, 0, 0, 0)))
    assert decoded(resize(picture, 96)).getpixel((9, 9))[3] == 0


def test_a_picture_too_large_to_be_opened_safely_is_broken() -> None:
    bomb = encoded(Image.new("1", (10_000, 7_000)))
    assert len(bomb) < 100_000
    with pytest.raises(BrokenPictureError, match="10000 × 7000"):
        resize(bomb, 96)


# Pillow warns of damage that it can live with.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    format=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]),
    place=st.floats(0, 1),
    junk=st.binary(max_size=30),
    cut=st.booleans(),
)
def test_damage_gives_a_picture_or_a_reason(
    format: str, place: float, junk: bytes, cut: bool
) -> None:
    content = encoded(Image.radial_gradient("L"), format)
    at = int(place * len(content))
    damaged = content[:at] + junk + (b"" if cut else content[at + len(junk) :])
    with suppress(BrokenPictureError):
        assert max(decoded(resize(damaged, 96)).size) <= 96


@pytest.mark.usefixtures("cover")
def test_a_cover_is_sent_to_be_kept_for_ever(client: FlaskClient) -> None:
    response = client.get("/art/im-abcd?size=96")
    assert decoded(response.data).size == (96, 48)
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response.headers["ETag"] == '"im-abcd-96"'


@pytest.mark.usefixtures("cover")
def test_a_cover_that_the_browser_has_is_not_sent_again(client: FlaskClient) -> None:
    response = client.get("/art/im-abcd", headers={"If-None-Match": '"im-abcd-320"'})
    assert (response.status_code, response.data) == (304, b"")
    assert "immutable" in response.headers["Cache-Control"]


def test_a_cover_is_made_once(client: FlaskClient, cover: Path, tmp_path: Path) -> None:
    first = client.get("/art/im-abcd").data
    assert [path.name for path in (tmp_path / "data/covers/ab").iterdir()] == ["im-abcd-320.webp"]
    cover.unlink()
    assert client.get("/art/im-abcd").data == first


def test_a_picture_inside_a_music_file_is_found(
    client: FlaskClient, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(id3_with(encoded(Image.new("RGB", (500, 500), "blue"), "JPEG")) + b"\0" * 100)
    store.put(PICTURES, Picture(id="im-song", path=str(path), embedded=True))
    red, _, blue = decoded(client.get("/art/im-song?size=96").data).getpixel((9, 9))
    assert blue > 200 > red


def id3_with(jpeg: bytes) -> bytes:
    """An ID3v2.3 tag that holds nothing but a front cover."""
    picture = b"\0image/jpeg\0\3\0" + jpeg
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + frame


@pytest.mark.usefixtures("cover")
def test_only_known_sizes_are_made(client: FlaskClient) -> None:
    for size in ("97", "-1", "x", "1e9", ""):
        response = client.get("/art/im-abcd", query_string={"size": size})
        assert response.status_code == 400
        assert "96, 320, 640, 1200" in response.get_json()["detail"]


def test_what_is_not_there_or_broken_is_404(client: FlaskClient, cover: Path) -> None:
    assert client.get("/art/im-none").status_code == 404
    assert client.get("/art/..%2f..%2fetc%2fpasswd").status_code == 404
    cover.write_bytes(b"no picture")
    assert client.get("/art/im-abcd").get_json()["title"] == "Broken picture"
    cover.unlink()
    response = client.get("/art/im-abcd")
    assert response.status_code == 404
    assert "cover.png" not in response.text


@pytest.mark.usefixtures("cover")
def test_a_disk_that_takes_nothing_is_said_once_and_stops_nothing(
    client: FlaskClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    for size in artwork.SIZES:
        assert client.get(f"/art/im-abcd?size={size}").status_code == 200
    assert len(caplog.records) == 1
    assert str(tmp_path / "data") in caplog.text


@pytest.mark.usefixtures("cover")
def test_many_at_once_get_the_same_whole_cover(client: FlaskClient, tmp_path: Path) -> None:
    answers: list[bytes] = []

    def ask() -> None:
        answers.append(client.application.test_client().get("/art/im-abcd?size=640").data)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert len(list((tmp_path / "data/covers").rglob("*.*"))) == 1
