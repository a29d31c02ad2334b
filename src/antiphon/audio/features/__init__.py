"""The feature sets: named, versioned numbers that describe how an excerpt of a track sounds.

Each set is a module of its own; a change to its numbers is a new version of it. Values are raw:
whoever compares tracks standardises them. Importing this loads no numba, librosa or onnxruntime.
"""

from antiphon.audio.features.embedding import MUSICNN_1, TAGS_1
from antiphon.audio.features.fma518 import FMA518_1, FMA518_2
from antiphon.audio.features.mfcc import MFCC100
from antiphon.audio.features.port import FeatureSet
from antiphon.audio.features.summary import SUMMARY

__all__ = ["FEATURE_SETS", "FeatureSet"]

FEATURE_SETS: dict[str, FeatureSet] = {
    each.name: each for each in (SUMMARY, MUSICNN_1, TAGS_1, MFCC100, FMA518_1, FMA518_2)
}
