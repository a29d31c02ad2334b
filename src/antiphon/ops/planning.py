"""What is to be found out about each track: what the settings say, as far as it can be done."""

from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.features.embedding import SETS as OF_NETS
from antiphon.audio.musicnn import available
from antiphon.audio.plan import Plan
from antiphon.model import Problem, now_ms
from antiphon.settings import Settings, SettingsError
from antiphon.store import Store
from antiphon.store.schema import PROBLEMS

# What every installation can compute.
ALWAYS = ("summary/1",)
# The problem that the doctor and the page tell of while the embedding's nets are not there.
NO_NETS = "the embedding"
ADVICE = (
    "is not installed, so tracks are compared by simpler features: "
    "`antiphon models fetch` gets it, and everything is listened to once more"
)


def plan(settings: Settings) -> Plan:
    """Return how tracks are to be listened to; without its nets, the embedding is left out.

    Raises:
        SettingsError: ANTIPHON_FEATURES names a set that there is not.
    """
    if unknown := [name for name in settings.features if name not in FEATURE_SETS]:
        raise SettingsError(
            f"ANTIPHON_FEATURES: there is no feature set {unknown[0]!r}; "
            f"there are: {', '.join(FEATURE_SETS)}."
        )
    left_out = OF_NETS if lacks_nets(settings) else ()
    return Plan(
        sets=tuple(dict.fromkeys(n for n in settings.features if n not in left_out)) or ALWAYS,
        excerpt_s=settings.excerpt_s,
        patches=settings.patches,
        models=str(settings.models.absolute()),
    )


def lacks_nets(settings: Settings) -> bool:
    """Say whether the embedding is wanted, and its nets are not there."""
    return any(name in OF_NETS for name in settings.features) and not available(settings.models)


def planned(settings: Settings, store: Store) -> Plan:
    """Return the plan, and note in the store, for the doctor and the page, what it lacks."""
    if lacks_nets(settings):
        store.put(PROBLEMS, Problem(id=NO_NETS, stage="analysis", reason=ADVICE, at=now_ms()))
    else:
        store.delete_many(PROBLEMS, [NO_NETS])
    return plan(settings)
