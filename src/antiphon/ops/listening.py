"""Listening to one file; what Spark's executors load of Antiphon besides `compute` is loaded here.

That is `audio`, and the words for files: no store, and so no driver of a database.
"""

from antiphon.audio.hearing import Heard, hear
from antiphon.audio.plan import Plan
from antiphon.library.files import explained


def listen(plan: Plan, path: str) -> Heard:
    """Find out about a file what the plan says; what a worker process does.

    Raises:
        SoundError: its sound cannot be used.
        UnreadableError: the file is not there any more or may not be read.
    """
    try:
        return hear(path, plan)
    except OSError:
        with explained():
            raise
