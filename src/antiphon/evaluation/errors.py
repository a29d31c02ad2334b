"""What can go wrong with data that somebody brought."""


class DataError(Exception):
    """A data set cannot be used so; the message says where and why, and what to do about it."""
