"""What goes wrong with the archive."""


class ArchiveError(Exception):
    """The archive cannot be had or used; the message says what to do about it."""
