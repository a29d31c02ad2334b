"""What is to be found out about each track."""

from antiphon.model import Value

WHOLE = 0.0
ALL = 0


class Plan(Value, frozen=True):
    """How tracks are listened to; it travels to the worker processes with each file.

    `sets` are the names of feature sets. They describe `excerpt_s` seconds of a track, from places
    spread evenly over it (WHOLE: all of it). The embedding hears `patches` patches of 3 s, spread
    over those seconds (ALL: every one), by the nets in the folder `models`.
    """

    sets: tuple[str, ...] = ()
    excerpt_s: float = 30.0
    patches: int = 5
    models: str = ""

    @property
    def name(self) -> str:
        """Name what the numbers depend on: where this changes, tracks are listened to again."""
        given = f"{self.excerpt_s:g}s,{self.patches}p"
        return "+".join(self.sets) + ("" if given == "30s,5p" else f"@{given}")
