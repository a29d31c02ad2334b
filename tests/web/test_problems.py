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
    "away": StoreUnavailableError("The database is locked."),
    "conflict": ConflictError("Somebody was faster."),
    "particular": ParticularConflictError("Somebody was faster."),
    "store": StoreError("There is no such field."),
    "method": MethodNotAllowed(["GET", "PUT"]),
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


@pytest.mark.parametrize(
    ("name", "status"), [("away", 503), ("conflict", 409), ("particular", 409), ("store", 400)]
)
def test_what_the_store_says_is_passed_on(client: FlaskClient, name: str, status: int) -> None:
    response = client.get(f"/{name}")
    assert response.status_code == status
    assert members(response)["detail"] == str(ERRORS[name])


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
