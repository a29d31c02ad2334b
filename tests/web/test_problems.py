"""Everything that goes wrong is said as a problem document."""

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.test import TestResponse

from antiphon.store import ConflictError, StoreError, StoreUnavailableError
from antiphon.web import problems
from antiphon.web.problems import Problem


class ParticularConflictError(ConflictError):
    """A kind of conflict that the table does not name."""


ERRORS: dict[str, Exception] = {
    "problem": Problem(418, "Teapot", "It is short and stout.", {"X-Spout": "yes"}),
    "away": StoreUnavailableError("/srv/antiphon.db is busy."),
    "conflict": ConflictError("Somebody was faster."),
    "particular": ParticularConflictError("Somebody was faster."),
    "store": StoreError("/srv/antiphon.db is damaged."),
    "method": MethodNotAllowed(["GET", "PUT"]),
    "surrogate": UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    "unforeseen": RuntimeError("the password is hunter2"),
}


@pytest.fixture
def client() -> FlaskClient:
    app = flask.Flask("test")
    problems.register(app)

    @app.get("/<name>")
    def fail(name: str) -> str:
        raise ERRORS[name]

    @app.get("/folder/")
    def folder() -> str:
        return "reached"

    return app.test_client()


def members(response: TestResponse) -> dict[str, object]:
    assert response.mimetype == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json is not None
    assert response.json["status"] == response.status_code
    return dict(response.json)


def test_a_problem_says_what_is_wrong(client: FlaskClient) -> None:
    response = client.get("/problem")
    assert response.headers["X-Spout"] == "yes"
    assert members(response) == {
        "type": "about:blank",
        "status": 418,
        "title": "Teapot",
        "detail": "It is short and stout.",
    }


@pytest.mark.parametrize("name", ["conflict", "particular"])
def test_a_conflict_is_to_be_repeated(client: FlaskClient, name: str) -> None:
    response = client.get(f"/{name}")
    assert response.status_code == 409
    assert "repeat the change" in str(members(response)["detail"])


@pytest.mark.parametrize(("name", "status"), [("away", 503), ("store", 500)])
def test_a_store_that_fails_is_our_fault_and_its_path_is_for_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, name: str, status: int
) -> None:
    response = client.get(f"/{name}")
    assert response.status_code == status
    assert members(response)["detail"]
    assert "/srv/antiphon.db" not in response.text
    assert str(ERRORS[name]) in caplog.text


def test_half_a_character_is_the_clients_fault(client: FlaskClient) -> None:
    response = client.get("/surrogate")
    assert response.status_code == 422
    assert "half a character" in str(members(response)["detail"])


def test_a_store_that_is_away_may_be_asked_again(client: FlaskClient) -> None:
    assert int(client.get("/away").headers["Retry-After"]) > 0


def test_an_unknown_address_is_a_problem(client: FlaskClient) -> None:
    assert members(client.get("/no/where"))["title"] == "Not Found"


def test_headers_of_http_errors_stay(client: FlaskClient) -> None:
    response = client.get("/method")
    assert members(response)["status"] == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "PUT"}
    assert len(response.headers.getlist("Content-Type")) == 1


def test_redirects_are_no_problems(client: FlaskClient) -> None:
    assert client.get("/folder").status_code == 308


def test_the_unforeseen_is_logged_and_not_told(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/unforeseen")
    assert members(response)["status"] == 500
    assert b"hunter2" not in response.data
    assert "hunter2" in caplog.text
