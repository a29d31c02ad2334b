"""Who may call what: nobody without a session but where it is meant; admins what is theirs."""

import re
from collections.abc import Callable

import flask
import pytest
from flask.testing import FlaskClient

from antiphon.settings import Settings
from antiphon.web.access import Access, access_of, guard
from browser import Browser

PUBLIC = {"pages.page", "pages.ui_file", "pages.healthz", "session.log_in"}
ADMIN = {
    *("session.listeners", "session.act_as", "session.act_as_oneself"),
    *("session.pause_analysis", "reports.overall"),
}


def calls(app: flask.Flask) -> list[tuple[str, str, str]]:
    """Every endpoint with a path and a method that lead there."""
    return [
        (rule.endpoint, re.sub(r"<[^>]+>", "x", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
    ]


def test_only_login_static_files_and_health_are_public(app: flask.Flask) -> None:
    endpoints = {endpoint for endpoint, _, _ in calls(app)}
    assert {e for e in endpoints if access_of(app, e) is Access.PUBLIC} == PUBLIC
    assert {e for e in endpoints if access_of(app, e) is Access.ADMIN} == ADMIN
    assert {e for e in endpoints if access_of(app, e) is Access.METRICS} == {"pages.show_metrics"}


def test_nobody_gets_anything_else_without_a_session(app: flask.Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    for endpoint, path, method in calls(app):
        response = client.open(path, method=method, json={}, buffered=True)
        if endpoint not in PUBLIC:
            assert response.status_code == 401, (method, path)
            assert response.mimetype == "application/problem+json"


def test_a_listener_may_not_do_what_is_an_admins(app: flask.Flask, ann: Browser) -> None:
    for endpoint, path, method in calls(app):
        if endpoint in ADMIN:
            ann.call(method, path.removeprefix("/api/v1"), {}, expect=403)
    assert ann.client.get("/metrics").status_code == 403


def test_a_view_that_does_not_say_who_may_call_it_cannot_be_served() -> None:
    app = flask.Flask("forgetful", static_folder=None)
    app.add_url_rule("/secret", view_func=lambda: "secret", endpoint="secret")
    with pytest.raises(LookupError, match="'secret' does not say who may call it"):
        guard(app)


def test_every_unsafe_call_needs_the_csrf_token(app: flask.Flask, ann: Browser) -> None:
    for endpoint, path, method in calls(app):
        if method != "GET" and endpoint not in PUBLIC:
            response = ann.client.open(path, method=method, json={}, buffered=True)
            assert response.status_code == 400, (method, path)
            assert "CSRF" in response.text


def test_the_metrics_token_opens_the_metrics_and_nothing_else(
    app: flask.Flask, client: FlaskClient
) -> None:
    here = app.extensions["antiphon"]
    object.__setattr__(here, "settings", Settings(metrics_token="scrape-me"))
    right = {"Authorization": "Bearer scrape-me"}
    assert b"antiphon_documents" in client.get("/metrics", headers=right).data
    assert client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get("/api/v1/albums", headers=right).status_code == 401


def test_an_admin_may_read_the_metrics(admin: Browser) -> None:
    text = admin.client.get("/metrics").text
    assert 'antiphon_documents{collection="tracks"} 12.0' in text


def test_without_a_metrics_token_an_empty_one_opens_nothing(client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def test_another_listeners_playlist_does_not_exist_for_one(
    ann: Browser, log_in: Callable[..., Browser]
) -> None:
    made = ann.call("POST", "/playlists", {"name": "Mine"}, expect=201)
    ben = log_in("ben")
    path = f"/playlists/{made['id']}"
    ben.get(path, expect=404)
    ben.call("PATCH", path, {"name": "Yours"}, expect=404)
    ben.call("DELETE", path, expect=404)
    ben.call("POST", f"{path}/tracks", {"track_ids": []}, expect=404)
    ben.call("PUT", f"{path}/tracks", {"track_ids": [], "version": 1}, expect=404)
    assert ben.get("/playlists")["items"] == []
    assert ann.get(path)["playlist"]["name"] == "Mine"


def test_methods_that_a_client_invents_share_one_label(client: FlaskClient, admin: Browser) -> None:
    for n in range(3):
        client.open("/", method=f"INVENTED{n}")
    text = admin.client.get("/metrics").text
    assert "INVENTED" not in text
    assert 'method="other"' in text
