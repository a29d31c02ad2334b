"""What was heard is kept: a track's state and gain, its sound, its features, or why there are none.

`Track.features` is the state: the name of the plan that was carried out, or `failed:` and that.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.hearing import Heard
from antiphon.audio.loudness import REPLAYGAIN_LUFS, album_loudness, replaygain_db
from antiphon.audio.plan import Plan
from antiphon.compute import Outcome
from antiphon.library.albums import derive
from antiphon.library.files import path_to_text
from antiphon.model import Features, Problem, ReplayGain, Sound, Track, now_ms
from antiphon.store import In, Store
from antiphon.store.schema import FEATURES, PROBLEMS, SOUNDS, TRACKS

# The id of a track, and what came of listening to a file of it.
Listened = tuple[str, Outcome[str, Heard]]

_FAILED = "failed:"
# Errors whose message is a reason in plain words.
_SAYING_WHY = {"SoundError", "UndecodableError", "UnreadableError", "ModelError"}
# Of these the file is not to blame, or not for ever: it will be tried again.
_PASSING = {"UnreadableError", "ModelError"}
# What the tags say of a duration is believed as far as this.
_DURATION_SLACK_MS = 1000


def is_done(state: str, plan: Plan) -> bool:
    """Say whether a track in this state was listened to for at least what the plan says.

    >>> is_done("summary/1+tags/1", Plan(sets=("summary/1",)))
    True
    >>> is_done("failed:summary/1@60s,3p", Plan(sets=("summary/1",)))
    False
    """
    sets, _, how = state.removeprefix(_FAILED).partition("@")
    return how == plan.name.partition("@")[2] and set(plan.sets) <= set(sets.split("+"))


def keep(store: Store, plan: Plan, batch: Sequence[Listened]) -> None:
    """Keep what came of listening to some tracks, all or nothing.

    Those that could not be listened to just now stay in the state that they are in.
    """
    now = now_ms()
    heard = {id: one.result for id, one in batch if one.result is not None}
    failed = {id for id, one in batch if one.error and _kind(one.error) not in _PASSING}
    problems = [
        Problem(id=path_to_text(one.item), stage="analysis", reason=_plain(one.error), at=now)
        for _, one in batch
        if one.error
    ]

    def put() -> None:
        old = store.get_many(TRACKS, heard.keys() | failed)
        new = {id: _now(track, plan, heard.get(id)) for id, track in old.items()}
        store.put_many(TRACKS, _with_album_gains(store, plan, new).values())
        store.put_many(SOUNDS, [_sound(id, heard[id], now) for id in old if id in heard])
        store.put_many(FEATURES, [f for id in old if id in heard for f in _of(id, heard[id], now)])
        store.delete_many(PROBLEMS, [path_to_text(one.item) for _, one in batch if not one.error])
        store.put_many(PROBLEMS, problems)
        if longer := [id for id in old if old[id].duration_ms != new[id].duration_ms]:
            derive(store, [old[id] for id in longer], [new[id] for id in longer])

    if batch:
        store.transact(put)


def _now(track: Track, plan: Plan, heard: Heard | None) -> Track:
    """Return the track as it is after it was listened to."""
    if heard is None:
        return replace(track, features=_FAILED + plan.name)
    is_told = abs(heard.duration_ms - track.duration_ms) <= _DURATION_SLACK_MS
    return replace(
        track,
        features=plan.name,
        duration_ms=track.duration_ms if is_told else heard.duration_ms,
        measured_gain=_gain(heard.loudness_lufs, heard.peak),
    )


def _gain(loudness_lufs: float | None, peak: float) -> ReplayGain | None:
    if loudness_lufs is None:
        return None
    gain_db = round(replaygain_db(loudness_lufs), 2)
    return ReplayGain(track_gain_db=gain_db, track_peak=round(peak, 4))


def _sound(track_id: str, heard: Heard, now: int) -> Sound:
    return Sound(
        id=track_id,
        duration_ms=heard.duration_ms,
        silent=heard.silent,
        loudness_lufs=_rounded(heard.loudness_lufs),
        peak=round(heard.peak, 4),
        silence_start_ms=heard.silence_start_ms,
        silence_end_ms=heard.silence_end_ms,
        waveform=heard.waveform,
        tempo_bpm=round(heard.tempo_bpm, 2),
        key=heard.key,
        fingerprint=heard.fingerprint,
        at=now,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _of(track_id: str, heard: Heard, now: int) -> list[Features]:
    return [
        Features(
            id=f"{track_id}:{name}",
            track_id=track_id,
            name=name,
            vector=vector.astype(FEATURE_SETS[name].dtype).tobytes(),
            at=now,
        )
        for name, vector in heard.vectors.items()
    ]


def _with_album_gains(store: Store, plan: Plan, new: Mapping[str, Track]) -> dict[str, Track]:
    """Return these tracks and those on their albums, with the gain of each album that is whole."""
    album_ids = sorted({track.album_id for track in new.values()} - {""})
    found = store.find(TRACKS, {"album_id": In(album_ids), "missing": False})
    albums: dict[str, list[Track]] = {}
    for track in (new.get(track.id, track) for track in found):
        albums.setdefault(track.album_id, []).append(track)
    whole = [album for album in albums.values() if all(is_done(t.features, plan) for t in album)]
    return {**new, **{track.id: track for album in whole for track in _as_album(album)}}


def _as_album(tracks: Sequence[Track]) -> Iterator[Track]:
    """Yield the tracks that have a gain of their own, with that of their album."""
    gains = [(track, track.measured_gain) for track in tracks if track.measured_gain is not None]
    loudnesses = [REPLAYGAIN_LUFS - (gain.track_gain_db or 0.0) for _, gain in gains]
    loudness_lufs = album_loudness(loudnesses, [track.duration_ms for track, _ in gains])
    album = _gain(loudness_lufs, max((gain.track_peak or 0.0 for _, gain in gains), default=0.0))
    if album is None:
        return
    for track, gain in gains:
        told = replace(gain, album_gain_db=album.track_gain_db, album_peak=album.track_peak)
        yield replace(track, measured_gain=told)


def _kind(error: str) -> str:
    return error.partition(": ")[0]


def _plain(error: str) -> str:
    return error.partition(": ")[2] if _kind(error) in _SAYING_WHY else error
