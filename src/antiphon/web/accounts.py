"""Sessions: who is logged in, and on whose behalf an admin looks at the product."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import flask
import flask_login
from flask_wtf.csrf import CSRFProtect

from antiphon.model import User
from antiphon.store import Store
from antiphon.store.schema import USERS
from antiphon.web.site import site

SESSION_DAYS = 30
_ACTING_AS = "acting_as"


@dataclass(frozen=True)
class Account(flask_login.UserMixin):  # type: ignore[misc]
    """Who is logged in (`owner`), and the listener whose music this is, mostly the same."""

    owner: User
    listener: User

    def get_id(self) -> str:
        """Return what the session cookie holds; a new password makes it worthless."""
        return f"{self.owner.id}:{self.owner.session_stamp}"


def install(app: flask.Flask) -> None:
    """Give the application sessions in signed cookies, protected against forged requests."""
    app.config.update(
        SESSION_COOKIE_NAME="antiphon",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.extensions["antiphon"].settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=SESSION_DAYS),
        # An answer on its way while its listener logs out must not bring the cookie back.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    manager = flask_login.LoginManager(app)
    manager.session_protection = None
    manager.user_loader(_load)
    # Nobody can hold a token before the session; what is asked for instead, the view says.
    CSRFProtect(app).exempt("antiphon.web.api.session.log_in")


def account() -> Account | None:
    """Return whose session the request belongs to."""
    user = flask_login.current_user
    return cast("Account", user._get_current_object()) if user.is_authenticated else None  # noqa: SLF001


def listener_id() -> str:
    """Return the id of the listener whose request this is."""
    return cast("Account", flask_login.current_user).listener.id


def log_in(user: User) -> None:
    """Begin a session; whatever the visitor's old one held is forgotten."""
    flask.session.clear()
    flask.session.permanent = True
    flask_login.login_user(Account(user, user))


def log_out() -> None:
    """End the session."""
    flask_login.logout_user()
    flask.session.clear()


def act_as(user: User | None) -> None:
    """Look at the product as a synthetic listener does, or with None as oneself again."""
    flask.session[_ACTING_AS] = user.id if user else ""
    current = cast("Account", flask_login.current_user)
    flask_login.login_user(Account(current.owner, user or current.owner))


def _load(session_id: str) -> Account | None:
    user_id, _, stamp = session_id.partition(":")
    store = site().store
    owner = store.get(USERS, user_id)
    if owner is None or owner.session_stamp != stamp:
        return None
    return Account(owner, _acting_as(store, owner) or owner)


def _acting_as(store: Store, owner: User) -> User | None:
    id = flask.session.get(_ACTING_AS)
    user = store.get(USERS, id) if id and owner.role == "admin" else None
    return user if user and user.synthetic else None
