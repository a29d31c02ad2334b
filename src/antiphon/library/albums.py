"""The albums that tracks are on, and the albums and artists that follow from the tracks.

They are always computed anew from the tracks there are, so that they cannot drift from them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from antiphon.library.names import album_id, artist_id, sort_key
from antiphon.model import Album, Artist, Credit, Track
from antiphon.store import In, Store
from antiphon.store.schema import ALBUMS, ARTISTS, TRACKS

VARIOUS = "Various Artists"
MOST_GENRES = 8


def assigned(tracks: dict[str, Track], folder_of: dict[str, str]) -> dict[str, Track]:
    """Return the tracks with their albums; `folder_of` is needed where some are loose."""
    found: dict[str, Track] = {}
    company: defaultdict[tuple[str, str], list[Track]] = defaultdict(list)
    for track in tracks.values():
        if not is_loose(track):
            found[track.id] = _on_own_album(track)
        elif track.id in folder_of:
            company[folder_of[track.id], track.album].append(track)
        else:
            found[track.id] = track
    for (folder, _), group in company.items():
        found |= {track.id: track for track in _as_one_album(group, folder)}
    return found


def is_loose(track: Track) -> bool:
    """Say whether only its company can tell which album a track is on."""
    return bool(track.album) and not (
        track.tagged_album_artists or track.compilation or "release" in track.musicbrainz
    )


def _on_own_album(track: Track) -> Track:
    if not track.album:
        return replace(track, album_id="", album_artists=())
    artists = track.tagged_album_artists or (
        (_various(),) if track.compilation else track.artists[:1]
    )
    id = album_id(
        track.album,
        [artist.name for artist in artists],
        musicbrainz_id=track.musicbrainz.get("release", ""),
    )
    return replace(track, album_id=id, album_artists=artists)


def _as_one_album(group: Sequence[Track], folder: str) -> list[Track]:
    """Put tracks of one folder and album title together: by their one first artist, or various."""
    leads = {track.artists[0] for track in group if track.artists}
    artists = tuple(leads) if len(leads) == 1 else (_various(),)
    known = len(leads) == 1
    id = album_id(
        group[0].album, [artist.name for artist in artists], folder="" if known else folder
    )
    return [replace(track, album_id=id, album_artists=artists) for track in group]


def _various() -> Credit:
    return Credit(id=artist_id(VARIOUS), name=VARIOUS)


def derive(store: Store, old: Iterable[Track], new: Collection[Track]) -> None:
    """Compute anew the albums and artists that these tracks were or are part of."""
    touched = [*old, *new]
    album_ids = {track.album_id for track in touched} - {""}
    old_albums = store.get_many(ALBUMS, album_ids)
    albums = _albums(store, album_ids)
    store.put_many(ALBUMS, albums)
    store.delete_many(ALBUMS, album_ids - {album.id for album in albums})
    names: dict[str, str] = {}
    for track in touched:
        names |= {credit.id: credit.name for credit in (*track.artists, *track.album_artists)}
    for album in (*old_albums.values(), *albums):
        names |= {credit.id: credit.name for credit in album.artists}
    _derive_artists(store, names, _musicbrainz_ids(new))


def _albums(store: Store, ids: Iterable[str]) -> list[Album]:
    order = ("album_id", "disc_no", "track_no")
    by_album: defaultdict[str, list[Track]] = defaultdict(list)
    for track in store.find(TRACKS, {"album_id": In(sorted(ids)), "missing": False}, order):
        by_album[track.album_id].append(track)
    return [_album(tracks) for tracks in by_album.values()]


def _album(tracks: Sequence[Track]) -> Album:
    first = tracks[0]
    artists = first.album_artists
    genres = Counter(genre for track in tracks for genre in track.genres)
    year = max(track.year for track in tracks)
    originals = [track.original_year for track in tracks if track.original_year]
    return Album(
        id=first.album_id,
        title=first.album,
        sort=sort_key(first.album),
        artists=artists,
        artist_ids=tuple(artist.id for artist in artists),
        artist_sort=sort_key(artists[0].name) if artists else "",
        year=year,
        original_year=min(originals, default=year),
        genres=tuple(genre for genre, _ in genres.most_common(MOST_GENRES)),
        track_count=len(tracks),
        disc_count=len({track.disc_no or 1 for track in tracks}),
        duration_ms=sum(track.duration_ms for track in tracks),
        compilation=any(track.compilation for track in tracks) or artists == (_various(),),
        art_id=next((track.art_id for track in tracks if track.art_id), ""),
        added_at=max(track.added_at for track in tracks),
        musicbrainz_id=first.musicbrainz.get("release", ""),
    )


def _musicbrainz_ids(tracks: Iterable[Track]) -> dict[str, str]:
    """Return the MusicBrainz ids of artists, told by tracks that have exactly one artist."""
    return {
        credits[0].id: track.musicbrainz[kind]
        for track in tracks
        for kind, credits in (
            ("album_artist", track.tagged_album_artists),
            ("artist", track.artists),
        )
        if len(credits) == 1 and kind in track.musicbrainz
    }


def _derive_artists(store: Store, names: dict[str, str], musicbrainz_ids: dict[str, str]) -> None:
    """Compute artists anew; of their MusicBrainz ids, which need every track, the last counts."""
    ids = In(sorted(names))
    known = store.get_many(ARTISTS, names)
    musicbrainz_ids = {id: artist.musicbrainz_id for id, artist in known.items()} | musicbrainz_ids
    tracks = store.group_count(TRACKS, "artist_ids", {"artist_ids": ids, "missing": False})
    albums: Counter[str] = Counter()
    art: dict[str, str] = {}
    for album in store.find(ALBUMS, {"artist_ids": ids}):
        albums.update(album.artist_ids)
        for id in album.artist_ids:
            art[id] = art.get(id) or album.art_id
    artists = [
        Artist(
            id=id,
            name=name,
            sort=sort_key(name),
            album_count=albums[id],
            track_count=tracks.get(id, 0),
            art_id=art.get(id, ""),
            musicbrainz_id=musicbrainz_ids.get(id, ""),
        )
        for id, name in names.items()
        if albums[id] or tracks.get(id)
    ]
    store.put_many(ARTISTS, artists)
    store.delete_many(ARTISTS, names.keys() - {artist.id for artist in artists})
