"""A logged-in listener's browser, as the tests hold it."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from antiphon.model import now_ms

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


def ended(
    track_id: str, played_ms: int = 200_000, reason: str = "completed", **more: Any
) -> dict[str, Any]:
    """What a player sends at the end of a track."""
    return {
        "id": str(uuid.uuid4()),
        "kind": "ended",
        "track_id": track_id,
        "at": now_ms(),
        "played_ms": played_ms,
        "reason": reason,
        **more,
    }


def skipped(track_id: str) -> dict[str, Any]:
    """What a player sends when a track is skipped after two seconds."""
    return ended(track_id, 2_000, "skipped")
