"""Tiny real music files for tests, in every format that the library reads."""

import base64
import io
from functools import lru_cache
from pathlib import Path

import av
import mutagen
import mutagen.apev2
import mutagen.asf
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import mutagen.ogg
import mutagen.wavpack
import numpy as np
import soundfile

RATE = 48_000
# Suffix -> (container, encoder, sample format) of PyAV.
_ENCODERS = {
    ".mp3": ("mp3", "libmp3lame", "s16p"),
    ".flac": ("flac", "flac", "s16"),
    ".opus": ("ogg", "libopus", "s16"),
    ".m4a": ("ipod", "aac", "fltp"),
    ".alac.m4a": ("ipod", "alac", "s16p"),
    ".aac": ("adts", "aac", "fltp"),
    ".wav": ("wav", "pcm_s16le", "s16"),
    ".aiff": ("aiff", "pcm_s16be", "s16"),
    ".wma": ("asf", "wmav2", "fltp"),
    ".wv": ("wv", "wavpack", "s16p"),
}
FORMATS = (*_ENCODERS, ".ogg")
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 1_200


def write_music(path: Path, *, seconds: float = 1.0, hertz: float = 440.0) -> Path:
    """Write an untagged tone; the suffixes of the path choose the format. Return the path."""
    path.write_bytes(music("".join(path.suffixes[-2:]), seconds, hertz))
    return path


@lru_cache(64)
def music(suffixes: str, seconds: float = 1.0, hertz: float = 440.0) -> bytes:
    """Return the bytes of an untagged stereo tone with some noise."""
    suffix = suffixes if suffixes in FORMATS else "." + suffixes.rpartition(".")[2]
    sound = _tone(seconds, hertz)
    sink = io.BytesIO()
    if suffix == ".ogg":
        soundfile.write(sink, sound.T, RATE, format="OGG", subtype="VORBIS")
    else:
        _encode(sink, sound, *_ENCODERS[suffix])
    return sink.getvalue()


def _tone(seconds: float, hertz: float) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).normal(0, 0.05, time.size)
    tone = 0.4 * np.sin(2 * np.pi * hertz * time) + noise
    return np.stack([tone, -tone]).astype(np.float32)


def _encode(sink: io.BytesIO, sound: np.ndarray, container: str, encoder: str, sample: str) -> None:
    with av.open(sink, "w", format=container) as output:
        stream = output.add_stream(encoder, rate=RATE, layout="stereo", format=sample)
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", "stereo")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(sample, "stereo", RATE, stream.frame_size or 4_096)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))


def write_tags(path: Path, picture: bytes = b"", **fields: str | list[str]) -> Path:
    """Tag a music file the way its format is tagged; fields are named as in Vorbis comments."""
    values = {
        name: [value] if isinstance(value, str) else list(value) for name, value in fields.items()
    }
    file = None if path.suffix in {".mp3", ".aac"} else mutagen.File(path)
    if isinstance(file, mutagen.mp4.MP4):
        _tag_mp4(file, values, picture)
    elif isinstance(file, mutagen.asf.ASF):
        for name, texts in values.items():
            file[_ASF_NAMES.get(name, name)] = texts
    elif isinstance(file, mutagen.wavpack.WavPack):
        _tag_ape(file, values, picture)
    elif isinstance(file, mutagen.flac.FLAC | mutagen.ogg.OggFileType):
        _tag_vorbis(file, values, picture)
    else:
        _tag_id3(path, values, picture)
        return path
    file.save()
    return path


def remove_tags(path: Path) -> Path:
    """Remove every tag and picture that mutagen finds."""
    if path.suffix in {".mp3", ".aac"}:
        mutagen.id3.ID3(path).delete(path)
        return path
    file = mutagen.File(path)
    if isinstance(file, mutagen.flac.FLAC):
        file.clear_pictures()
    file.delete()
    return path


_ID3_NAMES = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "albumartist": "TPE2",
    "tracknumber": "TRCK",
    "discnumber": "TPOS",
    "date": "TDRC",
    "originaldate": "TDOR",
    "genre": "TCON",
    "compilation": "TCMP",
    "discsubtitle": "TSST",
}
_MP4_NAMES = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "albumartist": "aART",
    "date": "\xa9day",
    "genre": "\xa9gen",
    "lyrics": "\xa9lyr",
}
_ASF_NAMES = {
    "title": "Title",
    "artist": "Author",
    "album": "WM/AlbumTitle",
    "genre": "WM/Genre",
    "albumartist": "WM/AlbumArtist",
    "tracknumber": "WM/TrackNumber",
    "date": "WM/Year",
    "discnumber": "WM/PartOfSet",
    "compilation": "WM/IsCompilation",
    "lyrics": "WM/Lyrics",
    "discsubtitle": "WM/SetSubTitle",
    "originaldate": "WM/OriginalReleaseTime",
    "musicbrainz_albumid": "MusicBrainz/Album Id",
    "musicbrainz_trackid": "MusicBrainz/Track Id",
}
_MUSICBRAINZ_NAMES = {"musicbrainz_albumid": "MusicBrainz Album Id"}


def _tag_id3(path: Path, values: dict[str, list[str]], picture: bytes) -> None:
    wrapped = mutagen.File(path) if path.suffix in {".wav", ".aiff"} else None
    if wrapped is not None and wrapped.tags is None:
        wrapped.add_tags()
    tags = wrapped.tags if wrapped is not None else mutagen.id3.ID3()
    for name, texts in values.items():
        if name == "lyrics":
            tags.add(mutagen.id3.USLT(encoding=3, lang="eng", desc="", text=texts[0]))
        elif name == "musicbrainz_trackid":
            owner = "http://musicbrainz.org"
            tags.add(mutagen.id3.UFID(owner=owner, data=texts[0].encode()))
        elif name in _ID3_NAMES:
            tags.add(getattr(mutagen.id3, _ID3_NAMES[name])(encoding=3, text=texts))
        else:
            label = _MUSICBRAINZ_NAMES.get(name, name)
            tags.add(mutagen.id3.TXXX(encoding=3, desc=label, text=texts))
    if picture:
        tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=picture))
    tags.save(path) if wrapped is None else wrapped.save()


def _tag_vorbis(file: mutagen.FileType, values: dict[str, list[str]], picture: bytes) -> None:
    for name, texts in values.items():
        file[name] = texts
    if not picture:
        return
    block = mutagen.flac.Picture()
    block.type, block.mime, block.data = 3, "image/png", picture
    if isinstance(file, mutagen.flac.FLAC):
        file.add_picture(block)
    else:
        file["metadata_block_picture"] = base64.b64encode(block.write()).decode()


def _tag_mp4(file: mutagen.mp4.MP4, values: dict[str, list[str]], picture: bytes) -> None:
    for name, texts in values.items():
        if name in {"tracknumber", "discnumber"}:
            file["trkn" if name == "tracknumber" else "disk"] = [(int(texts[0]), 0)]
        elif name == "compilation":
            file["cpil"] = texts[0] == "1"
        else:
            label = _MUSICBRAINZ_NAMES.get(name, name)
            label = "MusicBrainz Track Id" if name == "musicbrainz_trackid" else label
            custom = f"----:com.apple.iTunes:{label}"
            known = _MP4_NAMES.get(name)
            file[known or custom] = texts if known else [text.encode() for text in texts]
    if picture:
        file["covr"] = [mutagen.mp4.MP4Cover(picture, mutagen.mp4.MP4Cover.FORMAT_PNG)]


def _tag_ape(file: mutagen.FileType, values: dict[str, list[str]], picture: bytes) -> None:
    names = {"tracknumber": "Track", "discnumber": "Disc", "date": "Year"}
    for name, texts in values.items():
        file[names.get(name, name)] = texts
    if picture:
        file["Cover Art (Front)"] = mutagen.apev2.APEValue(
            b"cover.png\0" + picture, mutagen.apev2.BINARY
        )
