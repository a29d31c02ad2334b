"""The home page: rows of answers for one listener, each with a heading that says why."""

from dataclasses import dataclass
from itertools import islice

from antiphon.live import answers, state
from antiphon.live.models import Models, Serving
from antiphon.model import Album, Recommendation
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, TRACKS
from antiphon.taste.listener import ListenerState

ROW = 12
BECAUSE_ROWS = 2


@dataclass(frozen=True)
class Row:
    """One row: recommended tracks, or albums."""

    id: str
    title: str
    subtitle: str = ""
    tracks: tuple[Recommendation, ...] = ()
    albums: tuple[Album, ...] = ()


@dataclass(frozen=True)
class Home:
    """The rows that have something in them, and how many plays they were made from."""

    rows: tuple[Row, ...]
    plays: int


def home(store: Store, models: Models, user_id: str) -> Home:
    """Return the home page of a listener."""
    serving = models.now
    listener = state.load(store, user_id)
    version = listener.recent[0] if listener.recent else user_id
    rows = [
        Row(
            "for-you",
            "Right now",
            "From what you finished, skipped and liked",
            answers.for_you(store, serving, listener, ROW),
        ),
        *_because_rows(store, serving, listener),
        Row(
            "again",
            "Play it again",
            "What you come back to",
            answers.again(store, serving, listener, ROW),
        ),
        Row(
            "explore",
            "Not heard yet",
            "A walk through the corners of the library",
            answers.to_explore(store, serving, listener, ROW, version),
        ),
        Row("newest", "Recently added", albums=tuple(newest_albums(store, ROW))),
        Row(
            "loved",
            "Often played",
            "",
            answers.loved_here(store, models.popular, listener, ROW),
        ),
    ]
    return Home(tuple(row for row in rows if row.tracks or row.albums), listener.plays)


def newest_albums(store: Store, limit: int) -> list[Album]:
    """Return the albums added last, latest first."""
    return store.find(ALBUMS, order_by=("added_at",), descending=True, limit=limit)


def _because_rows(store: Store, serving: Serving, listener: ListenerState) -> list[Row]:
    """Return a row for each of the last tracks that the listener liked or finished."""
    verbs = {"liked": "like", "finished": "finished"}
    wanted = {e.track_id: e.why for e in listener.evidence if e.weight > 0 and e.why in verbs}
    known = (id for id in listener.recent if id in wanted and id in serving.ensemble.rows)
    latest = list(islice(known, BECAUSE_ROWS))
    titles = store.get_many(TRACKS, latest)
    return [
        Row(
            f"because-{id}",
            f"Because you {verbs[wanted[id]]} {titles[id].title}",
            "",
            answers.because_of(store, serving, listener, id, ROW),
        )
        for id in latest
        if id in titles
    ]
