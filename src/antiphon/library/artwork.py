"""Pictures of albums: which one leads, and its bytes, from the folder or from inside a file."""

from collections.abc import Iterable
from hashlib import blake2b

from tinytag import ParseError, TinyTag, UnsupportedFormatError

from antiphon.library.files import MusicFile, UnreadableError, explained, open_music, split_suffix
from antiphon.library.probe import open_pyav

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"})
# In the order in which they lead; "albumart" is what Windows Media Player writes.
_LEADING = ("cover", "folder", "front", "album", "albumart")
_LARGEST = 64 << 20


def folder_picture(names: Iterable[str]) -> str | None:
    """Return which of a folder's file names is its cover, or None.

    That is cover, folder, front, album or AlbumArt with any picture's suffix, or a name that starts
    so (`Cover (front).jpg`), or the only picture there is.
    """
    pictures = sorted(name for name in names if split_suffix(name)[1] in SUFFIXES)
    stems = {name: split_suffix(name)[0].lower() for name in pictures}
    for matches in (str.__eq__, str.startswith):
        for leading in _LEADING:
            for name in pictures:
                if matches(stems[name], leading) and not stems[name].endswith("small"):
                    return name
    return pictures[0] if len(pictures) == 1 else None


def picture_bytes(path: str, embedded: bool) -> bytes:
    """Return the bytes of a picture file, or of the front cover inside a music file.

    Raises:
        UnreadableError: the file cannot be read, or carries no picture.
    """
    with open_music(path) as file, explained():
        if file.size > _LARGEST and not embedded:
            raise UnreadableError("the picture is larger than 64 MiB")
        return _embedded(file, path) if embedded else file.read()


def picture_id(path: str, mtime_ns: int, embedded: bool) -> str:
    """Return the id `im-…` of the picture at a path; a changed file has another."""
    name = f"{path}\0{mtime_ns}\0{embedded:d}".encode("utf-8", "surrogateescape")
    return f"im-{blake2b(name, digest_size=12).hexdigest()}"


def _embedded(file: MusicFile, path: str) -> bytes:
    try:
        images = TinyTag.get(path, file, duration=False, image=True).images
    except (ParseError, UnsupportedFormatError):
        return _attached(path)
    picture = images.front_cover or images.any
    return picture.data if picture and picture.data else _attached(path)


def _attached(path: str) -> bytes:
    """Return the picture that PyAV finds, in the formats that tinytag does not read."""
    with open_pyav(path) as container:
        for packet in container.demux(video=0) if container.streams.video else ():
            return bytes(packet)
    raise UnreadableError("there is no picture in it")
