"""A running instance as the end-to-end tests see it, and how somebody logs in to it."""

import json
import socket
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from playwright.sync_api import Page

Found = TypeVar("Found")
DEMO_TRACKS = 24
# The title of a track that no browser plays by itself: Apple's lossless codec.
TRANSCODED = "Zebra Crossing"


@dataclass(frozen=True)
class Product:
    """A running instance: where it is, and its first-run account."""

    url: str
    name: str
    password: str


def log_in(page: Page, product: Product, password: str | None = None) -> None:
    """Fill in the login form and send it."""
    page.goto("/")
    page.get_by_test_id("login-name").fill(product.name)
    page.get_by_test_id("login-password").fill(password or product.password)
    page.get_by_test_id("login-submit").click()


def wait_for(look: Callable[[], Found], seconds: float = 60.0) -> Found:
    """Return what `look()` finds, as soon as it is anything."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def is_analysed(product: Product) -> bool:
    """Say whether every track is catalogued and has been listened to."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    body = json.dumps({"name": product.name, "password": product.password}).encode()
    request = urllib.request.Request(
        f"{product.url}/api/v1/session", body, {"Content-Type": "application/json"}
    )
    opener.open(request).close()
    with opener.open(f"{product.url}/api/v1/status") as answer:
        status = json.load(answer)
    busy = status["scan"] or status["analysis"]
    time.sleep(0.5)
    return status["library"]["tracks"] == DEMO_TRACKS + 1 and not busy


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
