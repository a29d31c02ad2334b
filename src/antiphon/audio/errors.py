"""Why the sound of a file cannot be used; each message is a reason that a person can read."""


class SoundError(Exception):
    """The sound of a file cannot be used."""


class UndecodableError(SoundError):
    """No decoder gets sound out of it."""


class SilentError(SoundError):
    """There is too little sound in it to describe."""
