"""The home page: rows of answers for one listener, each with a heading that says why."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from antiphon.live import rows
from antiphon.live.budget import Budget
from antiphon.live.choice import Chosen, answer
from antiphon.live.mixes import mixes
from antiphon.live.models import Models
from antiphon.live.rows import ROW, Asking
from antiphon.model import Album, Answer, Recommendation
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, TRACKS
from antiphon.taste.listener import ListenerState

BECAUSE_ROWS = 2
# What the models have not said by then is left out.
BUDGET_MS = 1500


@dataclass(frozen=True)
class Row:
    """One row: an answer of its own with tracks, or albums.

    The answer's surface is `home:` and the kind of the row, which several rows may share.
    """

    id: str
    title: str
    subtitle: str = ""
    answer: Answer | None = None
    albums: tuple[Album, ...] = ()

    @property
    def tracks(self) -> tuple[Recommendation, ...]:
        """The recommended tracks."""
        return self.answer.items if self.answer else ()


@dataclass(frozen=True)
class Home:
    """The rows that have something in them, and how many plays they were made from."""

    rows: tuple[Row, ...]
    plays: int


def home(store: Store, models: Models, listener: ListenerState) -> Home:
    """Return the home page of a listener."""
    ask = Asking(store, models.now, listener, Budget(BUDGET_MS))

    def row(kind: str, title: str, subtitle: str, made: Chosen, id: str = "") -> Row:
        version = ask.serving.version
        return Row(
            id or kind, title, subtitle, answer(listener, f"home:{kind}", made, model=version)
        )

    page = [
        row("for-you", "Right now", "From what you finished, skipped and liked", rows.for_you(ask)),
        *(row("mix", title, subtitle, made, id) for id, title, subtitle, made in _mixes(ask)),
        *(row("because", title, "", made, id) for id, title, made in _because(ask)),
        row("new", "New for you", "Just added, and near to your taste", rows.new_for_you(ask)),
        row("hour", "Around this time", "What you play at this hour", rows.at_this_hour(ask)),
        row("again", "Play it again", "What you come back to", rows.again(ask)),
        row(
            "rediscover",
            "Rediscover",
            "You loved these, and have not heard them for long",
            rows.to_rediscover(ask),
        ),
        row(
            "explore",
            "Not heard yet",
            "A walk through the corners of the library",
            rows.to_explore(ask),
        ),
        Row("newest", "Recently added", albums=tuple(newest_albums(store, ROW))),
        row("loved", "Often played", "", rows.loved_here(ask, models.popular)),
    ]
    return Home(tuple(one for one in page if one.tracks or one.albums), listener.plays)


def newest_albums(store: Store, limit: int) -> list[Album]:
    """Return the albums added last, latest first."""
    return store.find(ALBUMS, order_by=("added_at",), descending=True, limit=limit)


def _mixes(ask: Asking) -> Iterator[tuple[str, str, str, Chosen]]:
    """Yield the id, title, subtitle and tracks of each daily mix."""
    for place, mix in enumerate(mixes(ask.store, ask.serving, ask.listener), 1):
        made = rows.of_a_mix(ask, mix.listener, mix.seed)
        with_artists = f"With {', '.join(mix.artists)} and more" if mix.artists else ""
        yield f"mix-{place}", f"{mix.name} mix", with_artists, made


def _because(ask: Asking) -> Iterator[tuple[str, str, Chosen]]:
    """Yield the id, title and tracks of a row for each of the last tracks liked or finished."""
    listener = ask.listener
    verbs = {"liked": "like", "finished": "finished"}
    told = {e.track_id: e.why for e in listener.evidence if e.weight > 0 and e.why in verbs}
    known = (id for id in listener.recent if id in told and id in ask.serving.ensemble.rows)
    latest = list(islice(known, BECAUSE_ROWS))
    titles = ask.store.get_many(TRACKS, latest)
    for id in latest:
        if id in titles:
            title = f"Because you {verbs[told[id]]} {titles[id].title}"
            yield f"because-{id}", title, rows.because_of(ask, id)
