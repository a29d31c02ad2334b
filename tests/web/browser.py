"""A logged-in listener's browser, as the tests hold it."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

PASSWORD = "correct horse"


@dataclass
class Browser:
    """A logged-in listener's browser: JSON in and out, with the CSRF token sent along."""

    client: FlaskClient
    csrf_token: str
    user_id: str

    def call(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        response = self.client.open(
            f"/api/v1{path}", method=method, json=body, headers={"X-CSRFToken": self.csrf_token}
        )
        assert response.status_code == expect, (response.status_code, response.text)
        return response.json

    def get(self, path: str, expect: int = 200) -> Any:
        return self.call("GET", path, expect=expect)
