"""The product as a newcomer starts it, with a small demo library, and a real Chromium before it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from antiphon.library import demo
from media import write_music, write_tags
from product import (
    DEMO_TRACKS,
    TRANSCODED,
    Product,
    free_port,
    is_analysed,
    log_in,
    wait_for,
)

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


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """`antiphon serve` over a folder of demo music, once its sound is analysed."""
    folder = tmp_path_factory.mktemp("product")
    demo.write(folder / "music", tracks=DEMO_TRACKS)
    alac = write_music(folder / "music" / "lossless.alac.m4a", seconds=40)
    write_tags(alac, title=TRANSCODED, artist="Antiphon")
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


# Not longer than a module: as long as Playwright is there, an event loop of its own runs.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or another one on PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        missing = "The end-to-end tests need Chromium: as root, `make test` installs it."
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
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
