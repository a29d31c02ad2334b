"""One line in the log when something is away, and one when it is back, however long between."""

import logging

BACK_OFF_S = 0.25
LONGEST_S = 5.0


class Trouble:
    """Whether something is away just now, and for how long to leave it alone."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log = log
        self._what = what
        self._pause_s = 0.0

    def met(self, reason: object) -> float:
        """Note that it is away; return the seconds to wait before trying again."""
        if not self._pause_s:
            self._log.warning("%s is not to be had, trying again: %s", self._what, reason)
        self._pause_s = min(LONGEST_S, 2 * self._pause_s or BACK_OFF_S)
        return self._pause_s

    def over(self) -> None:
        """Note that it is there."""
        if self._pause_s:
            self._log.warning("%s is back", self._what)
        self._pause_s = 0.0
