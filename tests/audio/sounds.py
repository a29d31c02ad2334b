"""Sounds to decode: a rising staircase of tones, files of it in any format, and back."""

from pathlib import Path

import av
import numpy as np
import soundfile
import soxr
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from antiphon.audio.decode import Sound as Decoded
from antiphon.audio.decode import decode

Sound = NDArray[np.float32]

_ENCODERS = {
    ".m4a": ("alac", "s16p"),
    ".aac": ("aac", "fltp"),
    ".wma": ("wmav2", "fltp"),
    ".wv": ("wavpack", "s16p"),
    ".webm": ("libopus", "flt"),
}


def staircase(seconds: float, rate_hz: int = 44_100, channels: int = 2) -> Sound:
    """A tone that starts anew, higher, every quarter of a second; shape (samples, channels)."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    steps = np.floor(times * 4)
    tone = 0.3 * np.sin(2 * np.pi * (200 + 30 * (steps % 20)) * times) * (1 - (times * 4 - steps))
    return np.repeat(tone[:, np.newaxis], channels, axis=1).astype(np.float32)


def write(path: Path, samples: Sound, rate_hz: int = 44_100, subtype: str | None = None) -> Path:
    """Write samples to a file whose suffix says its format."""
    if path.suffix in _ENCODERS:
        _encode(path, *_ENCODERS[path.suffix], samples, rate_hz)
    else:
        soundfile.write(path, samples, rate_hz, subtype)
    return path


def decoded(path: Path, rate_hz: int = 22_050) -> Sound:
    """Decode all of a file to one channel at a rate; shape (samples,)."""

    def listen(sound: Decoded) -> tuple[Sound, int]:
        blocks = [block.mean(axis=1) for block in sound.blocks()]
        return np.concatenate([np.empty(0, np.float32), *blocks]), sound.rate_hz

    samples, own_hz = decode(path, listen)
    return samples if own_hz == rate_hz else np.asarray(soxr.resample(samples, own_hz, rate_hz))


def lag_ms(sound: Sound, reference: Sound, rate_hz: int) -> float:
    """How much later the second half-second of `sound` is heard than that of `reference`."""
    half, slack = rate_hz // 2, rate_hz // 5
    correlation = np.correlate(reference[half - slack : 2 * half + slack], sound[half : 2 * half])
    return float(slack - np.argmax(correlation)) / rate_hz * 1000


def _encode(path: Path, encoder: str, format: str, samples: Sound, rate_hz: int) -> None:
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    with av.open(str(path), "w") as container:
        context = container.add_stream(encoder, rate=rate_hz).codec_context
        assert isinstance(context, AudioCodecContext)
        context.format, context.layout, context.bit_rate = format, layout, 128_000
        resampler = av.AudioResampler(format, layout, rate_hz)
        for start in range(0, len(samples), 4096):
            block = np.ascontiguousarray(samples[start : start + 4096].T)
            frame = av.AudioFrame.from_ndarray(block, "fltp", layout)
            frame.sample_rate, frame.pts = rate_hz, start
            for converted in resampler.resample(frame):
                container.mux(context.encode(converted))
        container.mux(context.encode(None))
