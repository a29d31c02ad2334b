"""Encode samples to a tagged music file with PyAV, in the formats that libraries are made of."""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition

from antiphon.library.demo.instruments import RATE, Samples

COVER_SIZE = 800


@dataclass(frozen=True)
class Format:
    """How a file type is made; `options` are its encoder's."""

    container: str
    codec: str
    sample_format: str
    rate: int = RATE
    bitrate: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


FORMATS: dict[str, Format] = {
    "mp3": Format(
        "mp3",
        "libmp3lame",
        "s16p",
        bitrate=128_000,
        options={"compression_level": "7", "joint_stereo": "0"},
    ),
    "flac": Format("flac", "flac", "s16"),
    "opus": Format(
        "ogg", "libopus", "flt", rate=48_000, bitrate=112_000, options={"compression_level": "4"}
    ),
    "m4a": Format("ipod", "aac", "fltp", bitrate=128_000, options={"aac_coder": "fast"}),
}


def encode(
    samples: Samples, path: Path, suffix: str, tags: Mapping[str, str], cover: bytes | None = None
) -> None:
    """Write stereo samples (2, n) at `RATE` as a music file of the type `suffix`.

    Args:
        samples: the sound, within ±1.
        path: where to; its own suffix does not matter.
        suffix: a key of `FORMATS`.
        tags: by FFmpeg's names, such as `album_artist`.
        cover: a JPEG of `COVER_SIZE` to embed; an m4a leaves it out, as PyAV cannot write it.
    """
    form = FORMATS[suffix]
    # Bit-exact: without it Ogg gets a random serial number and files differ from run to run.
    with av.open(str(path), "w", format=form.container, options={"fflags": "+bitexact"}) as out:
        sound = _stream(out, form)
        out.metadata.update(tags)
        if suffix == "opus" and cover:
            out.metadata["METADATA_BLOCK_PICTURE"] = _flac_picture(cover)
        if suffix in {"mp3", "flac"} and cover:
            _attach(out, cover)
        _encode(samples, form, sound, out)


def _stream(out: OutputContainer, form: Format) -> AudioStream:
    options = dict(form.options)
    stream = out.add_stream(form.codec, rate=form.rate, layout="stereo", options=options)
    sound = cast("AudioStream", stream)
    sound.codec_context.format = av.AudioFormat(form.sample_format)
    if form.bitrate:
        sound.bit_rate = form.bitrate
    return sound


def _encode(samples: Samples, form: Format, sound: AudioStream, out: OutputContainer) -> None:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
    frame.sample_rate = RATE
    resampler = av.AudioResampler(form.sample_format, "stereo", form.rate)
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        out.mux(sound.encode(part))
    out.mux(sound.encode(None))


def _attach(out: OutputContainer, cover: bytes) -> None:
    picture = out.add_stream("mjpeg")
    picture.width = picture.height = COVER_SIZE
    picture.pix_fmt = "yuvj420p"
    picture.time_base = Fraction(1, 90_000)
    picture.disposition = Disposition.attached_pic
    picture.metadata["comment"] = "Cover (front)"
    packet = av.Packet(cover)
    packet.stream = picture
    packet.pts = packet.dts = 0
    packet.time_base = picture.time_base
    packet.is_keyframe = True
    out.start_encoding()
    out.mux(packet)


def _flac_picture(cover: bytes) -> str:
    """Return the picture block of FLAC in base64, as Vorbis comments carry it (RFC 9639 8.8)."""
    mime = b"image/jpeg"
    head = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">I", 0)
    shape = struct.pack(">IIIII", COVER_SIZE, COVER_SIZE, 24, 0, len(cover))
    return base64.b64encode(head + shape + cover).decode()
