"""Why the sound of a file cannot be used; each message is a reason that a person can read."""


class SoundError(Exception):
    """The sound of a file cannot be used."""


class UndecodableError(SoundError):
    """No decoder gets sound out of it."""


class ModelError(Exception):
    """A net, or other code, cannot be had or used here: the machine's trouble, not a file's."""
