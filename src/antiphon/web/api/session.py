"""Logging in and out, who is who, and how far the work in the background has come."""

from typing import Annotated

import flask
import msgspec
from flask_wtf.csrf import generate_csrf
from spectree import Response

from antiphon import __version__
from antiphon.model import User
from antiphon.ops import pausing, users
from antiphon.ops.planning import NO_NETS
from antiphon.ops.progress import ANALYSIS, SCAN
from antiphon.store.schema import ALBUMS, ARTISTS, PROBLEMS, PROGRESS, TRACKS, USERS
from antiphon.web import accounts
from antiphon.web.access import Access, allow
from antiphon.web.api import present, views
from antiphon.web.api.description import spec
from antiphon.web.problems import Problem
from antiphon.web.site import site
from antiphon.web.tokens import push_token

blueprint = flask.Blueprint("session", __name__)

LONGEST_NAME = 200


class Credentials(msgspec.Struct, frozen=True):
    """A name and a password."""

    name: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
    password: Annotated[str, msgspec.Meta(max_length=users.LONGEST_PASSWORD)]


class Pausing(msgspec.Struct, frozen=True):
    """Whether work in the background is to rest."""

    paused: bool


class Whom(msgspec.Struct, frozen=True):
    """The id of a listener."""

    user_id: str


@blueprint.get("/session")
@spec.validate(resp=Response(HTTP_200=views.SessionView))
@allow(Access.LISTENER)
def show() -> flask.Response:
    """Tell who is logged in."""
    return present.json_of(_session())


@blueprint.post("/session")
@spec.validate(json=Credentials, resp=Response(HTTP_200=views.SessionView))
@allow(Access.PUBLIC)
def log_in(json: Credentials) -> flask.Response:
    """Log in."""
    # A form on another site can send this request too, but not as JSON: that asks leave first.
    if not flask.request.is_json:
        raise Problem(415, "Send JSON", "The credentials are expected as application/json.")
    user = users.verify(site().store, json.name, json.password)
    if user is None:
        raise Problem(401, "Not logged in", "There is no such name with this password.")
    accounts.log_in(user)
    return present.json_of(_session())


@blueprint.delete("/session")
@spec.validate(resp=Response("HTTP_204"))
@allow(Access.LISTENER)
def log_out() -> tuple[str, int]:
    """Log out."""
    accounts.log_out()
    return "", 204


@blueprint.get("/listeners")
@spec.validate(resp=Response(HTTP_200=views.UserList))
@allow(Access.ADMIN)
def listeners() -> flask.Response:
    """List the synthetic listeners of the demo."""
    found = site().store.find(USERS, {"synthetic": True})
    return present.json_of(views.UserList(items=tuple(map(present.user, found))))


@blueprint.put("/session/listener")
@spec.validate(json=Whom, resp=Response(HTTP_200=views.SessionView))
@allow(Access.ADMIN)
def act_as(json: Whom) -> flask.Response:
    """Look at the product as a synthetic listener does."""
    user = site().store.get(USERS, json.user_id)
    if user is None or not user.synthetic:
        raise Problem(
            404, "No such listener", "Only the demo's synthetic listeners can be entered."
        )
    accounts.act_as(user)
    return present.json_of(_session())


@blueprint.delete("/session/listener")
@spec.validate(resp=Response(HTTP_200=views.SessionView))
@allow(Access.ADMIN)
def act_as_oneself() -> flask.Response:
    """Look at the product as oneself again."""
    accounts.act_as(None)
    return present.json_of(_session())


@blueprint.put("/analysis")
@spec.validate(json=Pausing, resp=Response("HTTP_204"))
@allow(Access.ADMIN)
def pause_analysis(json: Pausing) -> tuple[str, int]:
    """Pause listening to the music in the background, or let it go on."""
    (pausing.pause if json.paused else pausing.resume)(site().store, ANALYSIS)
    return "", 204


@blueprint.get("/status")
@spec.validate(resp=Response(HTTP_200=views.StatusView))
@allow(Access.LISTENER)
def status() -> flask.Response:
    """Tell how much there is, and how far the work in the background has come."""
    store = site().store
    work = store.get_many(PROGRESS, [SCAN, ANALYSIS])
    lacking = store.get(PROBLEMS, NO_NETS)
    counts = views.LibraryCounts(
        tracks=store.count(TRACKS, {"missing": False}),
        albums=store.count(ALBUMS),
        artists=store.count(ARTISTS),
    )
    return present.json_of(
        views.StatusView(
            library=counts,
            scan=work.get(SCAN),
            analysis=work.get(ANALYSIS),
            advice=f"{lacking.id} {lacking.reason}.".capitalize() if lacking else "",
        )
    )


def _session() -> views.SessionView:
    here = site()
    account = accounts.account()
    if account is None:
        raise Problem(401, "Not logged in", "The session has ended; log in again.")
    listener: User = account.listener
    return views.SessionView(
        user=present.user(listener),
        acting_for=present.user(account.owner) if listener.id != account.owner.id else None,
        csrf_token=generate_csrf(),
        push=views.PushView(
            url=here.settings.push_url,
            port=here.settings.push_port,
            token=push_token(listener.id, here.secret),
        ),
        demo=here.store.count(USERS, {"synthetic": True}) > 0,
        version=__version__,
    )
