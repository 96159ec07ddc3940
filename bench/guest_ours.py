"""The bot's side of `bench.guest`: a command typed in Slack, its button, the page behind the button, and the instance deleted again."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from bench.guest_figures import Launch, Who, last_step
from bench.guest_seen import Guest, followed, until_there
from tests.acceptance.playing import Playing, buttons_of
from tests.acceptance.real_guest import launching
from tests.acceptance.real_guest.seen import Seen, Visit
from tests.integration.openstack.project import Project

_STATE = "/var/lib/binderops"
_LOOK_EVERY_S = 0.1
_PATIENCE_S = 900.0
_GONE_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A bot that runs, and what is launched by it."""

    room: Playing
    project: Project
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A launch that is ready."""

    launch: Launch
    seen: Seen
    guest: Guest


def launch(ours: Ours, name: str) -> Up:
    """One launch from the typed command to the button. Raises RuntimeError where it fails, TimeoutError where it takes too long."""
    asked = time.time()
    launching.launch(ours.room, ours.url, name)
    guest = _booted(ours.project, asked + _PATIENCE_S)
    with followed(guest.path(f"{_STATE}/log")) as log:
        seen = _told(ours, name, asked + _PATIENCE_S)
        live = time.time()
    if "binder.open.lab" not in buttons_of(seen.message):
        raise RuntimeError(f"our launch failed: {seen.message['text']}")
    began = guest.path(f"{_STATE}/repo2docker/ready").stat().st_mtime  # written right before the build
    return Up(
        launch=Launch(
            who=Who.OURS, asked=asked, booted=guest.booted, began=began, last_step=last_step(log.lines),
            built=built(guest.path(f"{_STATE}/reports.jsonl").read_text()), live=live,
        ),
        seen=seen,
        guest=guest,
    )  # fmt: skip


def built(reports: str) -> float:
    """When the agent reported the build's end. Raises StopIteration where it did not."""
    told = map(json.loads, reports.splitlines())
    at = next(report["t"] for report in told if (report["phase"], report["msg"]) == ("build", "Built"))
    return datetime.fromisoformat(at).timestamp()


def delete(up: Up) -> None:
    """By the button, until nothing of it is in the cloud."""
    up.seen.press("binder.delete")
    up.seen.room.until(lambda: not up.seen.objects(), within_s=_GONE_S)


@asynccontextmanager
async def opened(up: Up) -> AsyncIterator[tuple[Visit, float]]:
    """A browser that the button let in, and the seconds from the press to /lab there. Raises RuntimeError where it is not."""
    began = time.monotonic()
    async with up.seen.browser() as browser:
        entered = await browser.enter(browser.ticket)
        status, _ = await browser.get("/lab")
        took_s = time.monotonic() - began
        if status != 200:
            raise RuntimeError(f"the button did not open it: {entered}, /lab {status}")
        yield browser, took_s


def server_port(guest: Guest) -> tuple[int, str]:
    """Where the person's server listens in the guest, and the token that opens it."""
    kept = json.loads(until_there(guest.path(f"{_STATE}/server.json")).read_text())
    return int(kept["port"]), str(kept["token"])


def _booted(project: Project, ends: float) -> Guest:
    """The guest of the only server that is in the project."""
    while time.time() < ends:
        for server in project.eyes.compute.servers():
            if guest := Guest.of(server.id):
                return guest
        time.sleep(_LOOK_EVERY_S)
    raise TimeoutError("our launch made no instance")


def _told(ours: Ours, name: str, ends: float) -> Seen:
    while time.time() < ends:
        if seen := launching.seen(ours.room, ours.project, name):
            return seen
        time.sleep(_LOOK_EVERY_S)
    raise TimeoutError("our launch came to no end")
