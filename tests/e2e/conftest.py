"""The product as a newcomer starts it, with a small demo library, and a real Chromium before it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from antiphon.library import demo

Found = TypeVar("Found")
TRACKS = 24
_ACCOUNT = r"Log in as (\S+) with the password (\S+)"
_CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@dataclass(frozen=True)
class Product:
    """A running instance: where it is, and its first-run account."""

    url: str
    name: str
    password: str


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """`antiphon serve` over a folder of demo music, once its sound is analysed."""
    folder = tmp_path_factory.mktemp("product")
    demo.write(folder / "music", tracks=TRACKS)
    port, push_port = free_port(), free_port()
    environment = os.environ | {
        "ANTIPHON_DATA": str(folder / "data"),
        "ANTIPHON_MUSIC": str(folder / "music"),
        "ANTIPHON_PORT": str(port),
        "ANTIPHON_PUSH_PORT": str(push_port),
    }
    said = folder / "said.txt"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "antiphon", "serve"],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        login = wait_for(
            lambda: re.search(r"Log in as (\S+) with the password (\S+)", said.read_text())
        )
        made = Product(f"http://127.0.0.1:{port}", login[1], login[2])
        wait_for(lambda: is_analysed(made), 120)
        yield made
    finally:
        process.terminate()
        process.wait(15)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or another one on PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    assert path, "The end-to-end tests need Chromium: run them by `make test`, which installs it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: errors of scripts, and what the policy refused."""
    return []


@pytest.fixture
def page(chromium: Browser, product: Product, complaints: list[str]) -> Iterator[Page]:
    """The player, with somebody logged in, in a window of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=product.url)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Policy" in message.text else None,
    )
    log_in(page, product)
    yield page
    context.close()


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
    return status["library"]["tracks"] == TRACKS and not busy


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
