"""Logging in and out, and looking at the product as a simulated listener."""

from pathlib import Path

import flask
from flask.testing import FlaskClient

from antiphon.events import EventLog
from antiphon.model import User
from antiphon.ops import pausing, progress, users
from antiphon.ops.planning import planned
from antiphon.ops.progress import ANALYSIS
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.store.schema import USERS
from antiphon.web.app import create_app
from antiphon.web.tokens import user_of_push_token
from browser import PASSWORD, Browser

MIRA = User(id="us-demo-1", name="Mira", key="demo mira", about="Likes calm.", synthetic=True)


def test_the_right_password_opens_a_session(ann: Browser) -> None:
    session = ann.get("/session")
    assert session["user"]["name"] == "ann"
    assert session["acting_for"] is None
    assert "password" not in str(session)


def test_names_are_the_same_in_any_case(client: FlaskClient, store: Store) -> None:
    users.add(store, "Zoë", PASSWORD)
    answer = client.post("/api/v1/session", json={"name": " zOË ", "password": PASSWORD})
    assert answer.status_code == 200


def test_a_wrong_password_and_an_unknown_name_are_told_alike(
    client: FlaskClient, store: Store
) -> None:
    users.add(store, "ann", PASSWORD)
    wrong = client.post("/api/v1/session", json={"name": "ann", "password": "wrong"})
    unknown = client.post("/api/v1/session", json={"name": "nobody", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json == unknown.json


def test_guessing_is_slowed_down_but_not_the_right_password(
    client: FlaskClient, store: Store
) -> None:
    users.add(store, "ann", PASSWORD)
    right = {"name": "ann", "password": PASSWORD}
    for _ in range(12):
        assert client.post("/api/v1/session", json=right).status_code == 200
    wrong = {"name": "ann", "password": "guess"}
    codes = [client.post("/api/v1/session", json=wrong).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    refused = client.post("/api/v1/session", json=right)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.mimetype == "application/problem+json"


def wrong(client: FlaskClient, name: str, visitor: str = "10.0.0.1") -> int:
    answer = client.post(
        "/api/v1/session",
        json={"name": name, "password": "guess"},
        headers={"X-Forwarded-For": visitor},
    )
    return answer.status_code


def test_guessing_one_name_does_not_lock_the_others_out(client: FlaskClient, store: Store) -> None:
    users.add(store, "ben", PASSWORD)
    assert [wrong(client, name) for name in ["ann", " ANN "] * 6][-1] == 429
    answer = client.post("/api/v1/session", json={"name": "ben", "password": PASSWORD})
    assert answer.status_code == 200


def test_guessing_many_names_is_slowed_down_too(client: FlaskClient) -> None:
    codes = [wrong(client, f"name{n}") for n in range(51)]
    assert codes == [401] * 50 + [429]


def test_a_visitor_cannot_choose_an_address(client: FlaskClient) -> None:
    assert [wrong(client, "ann", f"10.0.0.{n}") for n in range(11)][-1] == 429


def test_behind_a_trusted_proxy_visitors_are_told_apart(
    library: Store, log: EventLog, tmp_path: Path
) -> None:
    app = create_app(Settings(data=tmp_path, trusted_proxies=1), library, log)
    client = app.test_client()
    assert [wrong(client, "ann", "1.2.3.4, 10.0.0.1") for _ in range(11)][-1] == 429
    assert wrong(client, "ann", "1.2.3.4, 10.0.0.2") == 401


def test_a_form_of_another_site_cannot_log_anybody_in(client: FlaskClient, store: Store) -> None:
    users.add(store, "ann", PASSWORD)
    answer = client.post("/api/v1/session", data={"name": "ann", "password": PASSWORD})
    assert answer.status_code in {415, 422}
    assert client.get("/api/v1/session").status_code == 401


def test_logging_out_ends_the_session(ann: Browser) -> None:
    ann.call("DELETE", "/session", expect=204)
    ann.get("/session", expect=401)


def test_a_new_password_ends_every_session(ann: Browser, store: Store) -> None:
    users.set_password(store, "ann", "another password")
    ann.get("/albums", expect=401)


def test_a_removed_user_is_out_at_once(ann: Browser, store: Store) -> None:
    users.add(store, "keeper", PASSWORD, "admin")
    users.remove(store, "ann")
    ann.get("/albums", expect=401)


def test_the_cookie_is_hidden_from_scripts_and_other_sites(
    client: FlaskClient, store: Store
) -> None:
    users.add(store, "ann", PASSWORD)
    answer = client.post("/api/v1/session", json={"name": "ann", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_push_token_is_the_listeners_own(app: flask.Flask, ann: Browser) -> None:
    token = ann.get("/session")["push"]["token"]
    secret = app.extensions["antiphon"].secret
    assert user_of_push_token(token, secret) == ann.user_id
    assert user_of_push_token(token + "x", secret) is None
    assert user_of_push_token(token, "another secret") is None


def test_an_admin_may_look_as_a_simulated_listener_and_come_back(
    admin: Browser, store: Store
) -> None:
    store.put(USERS, MIRA)
    assert [one["name"] for one in admin.get("/listeners")["items"]] == ["Mira"]
    session = admin.call("PUT", "/session/listener", {"user_id": MIRA.id})
    assert session["user"]["name"] == "Mira"
    assert session["acting_for"]["name"] == "root"
    assert admin.get("/session")["user"]["name"] == "Mira"
    assert admin.call("DELETE", "/session/listener")["user"]["name"] == "root"


def test_nobody_may_look_as_a_real_listener(admin: Browser, ann: Browser) -> None:
    admin.call("PUT", "/session/listener", {"user_id": ann.user_id}, expect=404)


def test_a_simulated_listener_cannot_log_in(client: FlaskClient, store: Store) -> None:
    store.put(USERS, MIRA)
    for password in ("", PASSWORD):
        answer = client.post("/api/v1/session", json={"name": "demo mira", "password": password})
        assert answer.status_code == 401


def test_an_answer_on_its_way_does_not_undo_a_logout(ann: Browser) -> None:
    on_its_way = ann.client.get("/api/v1/genres")
    ann.call("DELETE", "/session", expect=204)
    assert "Set-Cookie" not in on_its_way.headers


def test_an_admin_pauses_the_analysis_and_lets_it_go_on(admin: Browser, store: Store) -> None:
    admin.call("PUT", "/analysis", {"paused": True}, expect=204)
    assert pausing.is_paused(store, ANALYSIS)
    admin.call("PUT", "/analysis", {"paused": True}, expect=204)
    admin.call("PUT", "/analysis", {"paused": False}, expect=204)
    assert not pausing.is_paused(store, ANALYSIS)
    admin.call("PUT", "/analysis", {"paused": "perhaps"}, expect=422)


def test_the_status_tells_what_goes_on_and_what_could_be_better(
    ann: Browser, store: Store, tmp_path: Path
) -> None:
    assert ann.get("/status") == {
        "library": {"tracks": 12, "albums": 4, "artists": 4},
        "scan": None,
        "analysis": None,
        "advice": "",
    }
    planned(Settings(models=tmp_path), store)
    with progress.noted(store, ANALYSIS, "listening to the music", 12):
        told = ann.get("/status")
    assert (told["analysis"]["done"], told["analysis"]["total"]) == (0, 12)
    assert told["advice"].startswith("The embedding is not installed")
    assert "`antiphon models fetch`" in told["advice"]
