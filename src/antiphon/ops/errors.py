"""What goes wrong when an instance is run."""


class WorseModelError(Exception):
    """The new models are worse than those in use by more than noise, and so are not used."""
