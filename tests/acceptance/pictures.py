"""Takes the documentation's pictures from a real run: ``python -m tests.acceptance.pictures``; some minutes, needs Chromium.

Writes docs/images/*.png and prints what the messages say, for docs/explanation/four-situations.md.
"""

# ruff: noqa: T201  its second output is the messages' text
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.acceptance.playing import CHROMIUM, CHROMIUM_ARGUMENTS, Playing, playing

IMAGES = Path(__file__).parents[2] / "docs" / "images"
GENERAL, ADA = "C0GENERAL1", "U0ADA00001"
PATIENCE_MS = 240_000


def main() -> None:
    """All pictures, each from its own playground, so that each shows nothing else."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        for take in (first_launch, typing_mistake, failed_build, about_to_end, home_tab):
            with fresh_playground() as room:
                print(f"\n# {take.__name__}")
                take(room, browser)
                print_all(room)
        browser.close()


@contextmanager
def fresh_playground() -> Iterator[Playing]:
    """A ``binderops try`` with nothing in it."""
    folder = Path(tempfile.mkdtemp(prefix="binderops-", dir="/var/tmp"))  # its path is seen in a picture
    try:
        with playing(folder / "home", folder / "log") as room:
            yield room
    finally:
        shutil.rmtree(folder)


def first_launch(room: Playing, browser: Browser) -> None:
    """On the way (``first-launch``), then at its end with the thread open (``ready``)."""
    page = opened(room, browser)
    page.get_by_test_id("try-sample").click()
    in_thread(page, re.compile(r"Step \d of")).wait_for(timeout=PATIENCE_MS)
    take(page, "first-launch")
    in_thread(page, "Open JupyterLab").wait_for(timeout=PATIENCE_MS)
    settled(page)
    page.mouse.move(640, 20)
    take(page, "ready")


def typing_mistake(room: Playing, browser: Browser) -> None:
    """A key that does not exist, told with its place."""
    page = opened(room, browser, height=620)
    say(page, f"/binder {room.get('/person/state')['sample_url']} flavour=small")
    page.get_by_test_id("message").filter(has_text="flavour").first.wait_for()
    take(page, "typing-mistake")


def failed_build(room: Playing, browser: Browser) -> None:
    """The broken sample: the cause, the lines, the log, ``Retry``."""
    page = opened(room, browser, height=1000)
    page.get_by_test_id("try-broken").click()
    in_thread(page, "Retry").wait_for(timeout=PATIENCE_MS)
    settled(page)
    take(page, "failed-build")


def about_to_end(room: Playing, browser: Browser) -> None:
    """A life of 10 minutes and a few seconds, so that its warning comes at once."""
    page = opened(room, browser)
    say(page, f"/binder {room.get('/person/state')['sample_url']} hours=0.17")
    in_thread(page, "Keep 2 h").wait_for(timeout=PATIENCE_MS)
    settled(page)
    take(page, "about-to-end")


def home_tab(room: Playing, browser: Browser) -> None:
    """One that is ready, one that failed."""
    page = opened(room, browser)
    state = room.get("/person/state")
    for url in (state["sample_url"], state["broken_url"]):
        room.post("/person/command", {"user": ADA, "channel": GENERAL, "text": f"/binder {url}"})
    page.get_by_test_id("app-home").click()
    home = page.get_by_test_id("home")
    home.get_by_text("Open JupyterLab").first.wait_for(timeout=PATIENCE_MS)
    home.get_by_text("Retry").first.wait_for(timeout=PATIENCE_MS)
    take(page, "home")


def opened(room: Playing, browser: Browser, height: int = 800) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": height}, color_scheme="light")
    page.goto(room.url)
    page.get_by_test_id("composer").wait_for()
    return page


def say(page: Page, text: str) -> None:
    page.get_by_test_id("composer").fill(text)
    page.keyboard.press("Enter")


def in_thread(page: Page, text: str | re.Pattern[str]) -> Any:
    """The newest message of the open thread that shows this text."""
    return page.get_by_test_id("thread").get_by_test_id("message").filter(has_text=text).last


def settled(page: Page) -> None:
    """Waits until nothing on the page changed for two seconds."""
    seen: Callable[[], str] = lambda: page.get_by_test_id("thread").inner_text()  # noqa: E731  a look, used twice
    before = ""
    while before != (now := seen()):
        before = now
        page.wait_for_timeout(2_000)


def take(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")


def print_all(room: Playing) -> None:
    for message in room.get(f"/person/channel/{GENERAL}")["messages"]:
        print_one("channel" if message.get("thread_ts") in (None, message["ts"]) else "thread", message)
    for message in room.get(f"/person/inbox/{ADA}")["ephemerals"]:
        print_one("only Ada", message)


def print_one(where: str, message: Mapping[str, Any]) -> None:
    print(f"\n[{where}] {message['text']}")
    for block in message.get("blocks") or []:
        print("   ", "\n    ".join(words(block)))


def words(value: object) -> Iterator[str]:
    """Every text in a block, in its order."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            if key in {"text", "title"} and isinstance(inside, str):
                yield inside
            else:
                yield from words(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from words(inside)


if __name__ == "__main__":
    main()
