"""The player's page and files, and health."""

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("path", ["/", "/albums", "/artists/ar-1", "/search"])
def test_every_address_of_the_player_is_its_one_page(client: FlaskClient, path: str) -> None:
    response = client.get(path, buffered=True)
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert "importmap" in response.text


@pytest.mark.parametrize(
    "path", ["/api/v2/x", "/favicon.ico", "/wp-login.php", "/art/", "/stream/"]
)
def test_what_is_no_view_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path, buffered=True).status_code in {401, 404}


@pytest.mark.parametrize("path", ["/ui/../app.py", "/ui/%2e%2e/app.py", "/ui//etc/passwd"])
def test_nothing_outside_the_players_folder_is_sent(client: FlaskClient, path: str) -> None:
    response = client.get(path, buffered=True)
    assert response.status_code in {308, 404}
    assert "create_app" not in response.text


def test_the_policy_lets_no_foreign_script_run(client: FlaskClient) -> None:
    policy = client.get("/", buffered=True).headers["Content-Security-Policy"]
    script = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert script.startswith("script-src 'self' 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_health_is_told_without_a_session(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
