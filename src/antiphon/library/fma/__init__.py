"""The Free Music Archive data set: fetched, read, and brought into the catalogue.

It is described in "FMA: A Dataset for Music Analysis" (Defferrard and others, 2017): tables about
106,574 tracks, and their sound as clips of 30 s (small, medium, large) or whole (full).
"""

from antiphon.library.fma.errors import ArchiveError

__all__ = ["ArchiveError"]
