"""`musicnn/1` and `tags/1`: what a net that was taught to tag music makes of a track.

Both are means over patches of 3 s, spread evenly over the excerpt, as heard by MusiCNN (Pons and
Serra 2019) at 16 kHz. See docs/decisions/embedding.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features.port import FeatureSet
from antiphon.audio.musicnn import mel
from antiphon.audio.musicnn.net import Activations, listen
from antiphon.audio.plan import Plan

Array = NDArray[np.float32]

PENULTIMATE = 200
# What the Million Song Dataset's tags are called there, in the net's order.
TAGS = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists"),
    *("classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s"),
    *("chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country"),
    *("easy listening", "sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock"),
    *("60s", "rnb", "indie pop", "sad", "House", "happy"),
)


@dataclass(frozen=True)
class _Listening:
    """What the nets make of an excerpt: both sets ask for it, it is done once."""

    models: str
    patches: int

    def __call__(self, excerpt: Excerpt) -> Activations:
        return listen(mel.patches(excerpt.at(mel.RATE_HZ), self.patches), self.models)


def _heard(excerpt: Excerpt, plan: Plan) -> Activations:
    return excerpt.once(_Listening(plan.models, plan.patches))


def embedding(excerpt: Excerpt, plan: Plan) -> Array:
    """Return the nets' last layer before the tags, MSD's 200 numbers, then MTT's.

    Each number is what a batch normalisation left of it: centred and of like spread over the music
    that the net learned from. So all 400 of them, as they are, suit a sign hash of random
    hyperplanes (Charikar 2002).

    Raises:
        ModelError: the nets are not in `plan.models`.
    """
    mean: Array = _heard(excerpt, plan).penultimate.mean(axis=0)
    return mean.ravel()


def tags(excerpt: Excerpt, plan: Plan) -> Array:
    """Return the probability of each of TAGS, as the net of the Million Song Dataset hears it.

    Raises:
        ModelError: the nets are not in `plan.models`.
    """
    mean: Array = _heard(excerpt, plan).tags[:, 0].mean(axis=0)
    return mean


MUSICNN_1 = FeatureSet(
    "musicnn/1",
    tuple(f"{net}_{k}" for net in ("msd", "mtt") for k in range(PENULTIMATE)),
    embedding,
    "<f2",
)
TAGS_1 = FeatureSet("tags/1", TAGS, tags, "<f2")
# They need the nets: where `musicnn.available` denies them, a plan leaves these out.
SETS = (MUSICNN_1.name, TAGS_1.name)
