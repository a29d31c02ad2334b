"""What goes wrong with models."""


class ArtefactError(Exception):
    """A saved model cannot be had, or cannot be used; the message says why and what to do."""


class WeightsError(Exception):
    """A table of weights cannot be used; the message says why."""
