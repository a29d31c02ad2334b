"""What the API says of what is recommended: the shapes, every field always there."""

from antiphon.live.why import Told, Voice
from antiphon.web.api.views import AlbumView, TrackView, View


class RecommendedView(View, frozen=True):
    """A recommended track: by which generator, how strongly, and why in words.

    `probability` is that with which the policy put it at its place, after those before it.
    """

    track: TrackView
    score: float
    generator: str
    reasons: tuple[str, ...]
    probability: float


class RecommendedList(View, frozen=True):
    """Recommended tracks, best first."""

    items: tuple[RecommendedView, ...]


class AnswerView(View, frozen=True):
    """An answer on one surface; `version` names it among all, a listen that came from it says so.

    `event` is the id of the listener's event that it answers, `note` what changed by that in words;
    `model` is the version of the models that made it. Each is "" where there is none.
    """

    surface: str
    title: str
    version: str
    event: str
    note: str
    model: str
    items: tuple[RecommendedView, ...]


class WhyView(View, frozen=True):
    """Why a track would be played for the listener now, or why not, in `sentences` and in numbers.

    `voices` are what the models say of it, `told` what the listener did that speaks for it most.
    `place` is its place among what is wanted now, 1 for the first, and `chance` that of being the
    next; `refused` says why it will not be played at all, "" where it may.
    """

    track: TrackView
    sentences: tuple[str, ...]
    voices: tuple[Voice, ...]
    told: tuple[Told, ...]
    place: int | None
    chance: float
    refused: str


class TrackRow(View, frozen=True, tag_field="kind", tag="tracks"):
    """A row of the home page that recommends tracks; `version` names it as that of an answer."""

    id: str
    title: str
    subtitle: str
    surface: str
    version: str
    items: tuple[RecommendedView, ...]


class AlbumRow(View, frozen=True, tag_field="kind", tag="albums"):
    """A row of the home page that shows albums."""

    id: str
    title: str
    subtitle: str
    items: tuple[AlbumView, ...]


class LearningView(View, frozen=True):
    """How well the listener is known; `text` is empty once well enough."""

    plays: int
    text: str


class HomeView(View, frozen=True):
    """The home page."""

    rows: tuple[TrackRow | AlbumRow, ...]
    learning: LearningView
