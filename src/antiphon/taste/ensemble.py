"""Many models over one catalogue, each with its say: how an answer's tracks are ranked, and why.

The models may know different tracks: those trained last night know what was there then, the content
model all that have been listened to since. A model that does not know a track, or has nothing to
say of this listener, is silent about it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import chain
from typing import Literal, cast

import numpy as np
from scipy.sparse import csr_array

from antiphon.taste.blend import tables
from antiphon.taste.interactions import History, Ints, Matrix
from antiphon.taste.recommender import Recommender
from antiphon.taste.rerank import Reranker

Kind = Literal["collaborative", "sequence", "content", "popular"]
# The voice that says which known track is due again: it has its own places in an answer.
REPEAT = "repeat"
CONTENT = "content"
# Below this numpy is as fast as machine code.
_LARGE = 20_000
# What a listener reads about a model, by the first part of its name; the others are collaborative.
_KINDS: dict[str, Kind] = {
    "sessions": "sequence",
    "session_ranker": "sequence",
    "content": "content",
    "content_map": "content",
    "popularity": "popular",
}


@cache
def kind_of(name: str) -> Kind:
    """Return which kind of generator the model of this name is."""
    return _KINDS.get(name.partition("/")[0], "collaborative")


@dataclass(frozen=True)
class Voice:
    """One model of an ensemble, and how much it counts.

    `rows` (its items) are their places in the whole catalogue, and `places` (catalogue,) the other
    way round, -1 where it does not know the track.
    """

    name: str
    model: Recommender
    weight: float
    rows: Ints | slice
    places: Ints

    def heard(self, history: History) -> tuple[History, np.ndarray]:
        """Return the part of a history that it knows, in its own places, and which that is."""
        places = self.places[history.items]
        known = places >= 0
        sitting = int(known[len(known) - history.sitting :].sum())
        return (
            History(places[known], history.weights[known], history.at[known], sitting, history.now),
            known,
        )


@dataclass(frozen=True)
class LastLook:
    """A forest that puts what a blend wants most in another order.

    It has learned to read the blend's sum by `weights`, which has the `share` in the ensemble's. It
    knows the tracks at the beginning of the catalogue.
    """

    reranker: Reranker
    weights: Mapping[str, float]
    share: float


@dataclass(frozen=True)
class Ensemble:
    """Voices over the catalogue of all the tracks that any of them knows.

    `rows` are where each track stands in `items`.
    """

    items: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    voices: tuple[Voice, ...] = ()
    last_look: LastLook | None = None

    @cached_property
    def tables(self) -> list[csr_array]:
        """The item-item tables of the voices, which the last look reads."""
        return tables({voice.name: voice.model for voice in self.voices})

    def of(self, *names: str) -> "Ensemble":
        """Return the ensemble of only these voices, over the same catalogue; none looks last."""
        voices = tuple(voice for voice in self.voices if voice.name in names)
        return replace(self, voices=voices, last_look=None)


@dataclass(frozen=True)
class Ranking:
    """How much each track of a catalogue is wanted: `total` (catalogue,), for one history.

    `said` is what each voice that had something to say adds to it, (its items,).
    """

    ensemble: Ensemble
    history: History
    total: Matrix
    said: Mapping[str, Matrix]


def assembled(
    models: Mapping[str, tuple[Recommender, float]], last_look: LastLook | None = None
) -> Ensemble:
    """Make an ensemble of models by name, each with its weight; 0 leaves it out of the sum.

    What a last look knows MUST be the catalogue of the first.
    """
    heard = {name: pair for name, pair in models.items() if pair[0].items}
    catalogues = list(dict.fromkeys(model.items for model, _ in heard.values()))
    items = catalogues[0] if len(catalogues) == 1 else tuple(dict.fromkeys(chain(*catalogues)))
    rows = {id: row for row, id in enumerate(items)}
    places = {
        catalogue: np.fromiter(map(rows.__getitem__, catalogue), np.int32, len(catalogue))
        for catalogue in catalogues
    }
    voices = (
        _voice(name, model, weight, places[model.items], len(items))
        for name, (model, weight) in heard.items()
    )
    return Ensemble(items, rows, tuple(voices), last_look)


def _voice(name: str, model: Recommender, weight: float, rows: Ints, catalogue: int) -> Voice:
    places = np.full(catalogue, -1, np.int32)
    places[rows] = np.arange(len(rows))
    # The first catalogue lies at the beginning, and a slice is much faster than places one by one.
    at_the_beginning = len(rows) == 0 or int(rows[-1]) == len(rows) - 1
    return Voice(name, model, weight, slice(0, len(rows)) if at_the_beginning else rows, places)


def ranked(ensemble: Ensemble, history: History) -> Ranking:
    """Let every voice speak of a history over the ensemble's catalogue.

    The scores of each are standardised over its items, as where the weights were learned, and
    count by its weight. A voice to which all tracks are alike has nothing to say.
    """
    total = np.zeros(len(ensemble.items), np.float32)
    look = ensemble.last_look
    read = look.reranker.order.parts if look else ()
    said: dict[str, Matrix] = {}
    alike: dict[str, Matrix] = {}
    for voice in ensemble.voices:
        heard, _ = voice.heard(history)
        if not ((voice.weight or voice.name in read) and _says_something(voice, heard)):
            continue
        words = _words(_news(voice.model, heard), voice.weight if look is None else 1.0)
        if words is None:
            continue
        if look is not None:
            alike[voice.name] = words
            words = words * np.float32(voice.weight)
        if voice.weight:
            said[voice.name] = words
            total[voice.rows] += words
    if look is not None and alike:
        _look_again(ensemble, look, total, alike, history)
    return Ranking(ensemble, history, total, said)


def _words(scores: Matrix, weight: float) -> Matrix | None:
    """Return standardised scores (items,) times a weight; None where they are all alike.

    What a model does not speak for gains nothing where the rest is worse.
    """
    if len(scores) >= _LARGE:
        from antiphon.taste import standard_kernel  # noqa: PLC0415 - numba takes seconds to load

        found = np.empty(len(scores), np.float32)
        return found if standard_kernel.standardise(scores, weight, found) else None
    mean = scores.mean()
    words: Matrix = scores - mean
    deviation = np.sqrt(words @ words / np.float32(len(words)))
    if deviation <= np.finfo(np.float32).eps * np.abs(scores[0]):
        return None
    words *= np.float32(weight / deviation)
    if mean < 0:
        against = scores <= 0
        words[against] = np.minimum(words[against], 0.0)
    return words


def _look_again(
    ensemble: Ensemble, look: LastLook, total: Matrix, alike: Mapping[str, Matrix], history: History
) -> None:
    """Put the best of what the last look knows in its order; who is silent says 0 of all."""
    known = slice(0, look.reranker.size)
    scores = {name: np.zeros(look.reranker.size, np.float32) for name in look.reranker.order.parts}
    blend = np.zeros(look.reranker.size, np.float32)
    for voice in ensemble.voices:
        if voice.name in alike:
            places = voice.places[known]
            scores[voice.name] = np.where(places >= 0, alike[voice.name][places], np.float32(0))
            blend += np.float32(look.weights.get(voice.name, 0.0)) * scores[voice.name]
    heard = history.items < look.reranker.size
    mine = History(history.items[heard], history.weights[heard], history.at[heard])
    changed = look.reranker.reordered(blend, scores, mine, ensemble.tables)
    total[known] += np.float32(look.share) * (changed - blend)


def spoken(ensemble: Ensemble, name: str, history: History, rows: Ints) -> Matrix:
    """Return what one voice alone says of tracks (their rows); -inf of those it does not know."""
    found = np.full(len(rows), -np.inf, np.float32)
    for voice in ensemble.of(name).voices:
        places = voice.places[rows]
        known = places >= 0
        heard, _ = voice.heard(history)
        found[known] = voice.model.score([heard])[0][places[known]]
    return found


def _news(model: Recommender, history: History) -> Matrix:
    """Return the scores, without what a track that was heard says for itself: that is no news.

    Else whatever was played would come first for ever. Most models have no such term.
    """
    from_others = getattr(model, "from_others", None)
    if from_others is not None:
        return cast("Callable[[History], Matrix]", from_others)(history)
    scores: Matrix = model.score([history])[0]
    return scores


def _says_something(voice: Voice, heard: History) -> bool:
    """Whether a voice has anything to go by: of what was only refused the sound tells enough."""
    if kind_of(voice.name) == "popular":
        return True
    return bool((heard.weights != 0 if voice.name == CONTENT else heard.weights > 0).any())


def loudest(ranking: Ranking, rows: Ints) -> list[str]:
    """Return for each track (its row) the voice that wants it most; "" where none does."""
    names = ["", *ranking.said]
    words = np.zeros((len(names), len(rows)), np.float32)
    for voice in ranking.ensemble.voices:
        if voice.name in ranking.said:
            places = voice.places[rows]
            spoken = np.where(places >= 0, ranking.said[voice.name][places], 0.0)
            words[names.index(voice.name)] = spoken
    return [names[best] for best in words.argmax(axis=0)]


def contributions(ranking: Ranking, name: str, rows: Ints) -> Matrix:
    """Return what each entry of the history adds to what a voice says of tracks it knows.

    Of shape (tracks, entries), in the model's own units, comparable within a row.
    """
    voice = next(voice for voice in ranking.ensemble.voices if voice.name == name)
    heard, known = voice.heard(ranking.history)
    found = np.zeros((len(rows), len(known)), np.float32)
    found[:, known] = _explained(voice.model, heard, voice.places[rows])
    return found


def _explained(model: Recommender, history: History, items: Ints) -> Matrix:
    """Ask a model for the contributions to all `items` at once, if it can be asked so."""
    explain = getattr(model, "explain", None)
    if explain is not None:
        return cast("Callable[[History, Ints], Matrix]", explain)(history, items)
    each: Sequence[Matrix] = [model.contributions(history, int(item)) for item in items]
    return np.stack(each) if each else np.zeros((0, len(history)), np.float32)
