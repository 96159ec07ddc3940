"""Work that stays, as a user sees it: written in one environment, there in the next; one environment at a time has it."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.acceptance.playing import Playing, buttons_of, playing, private_links

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

GENERAL = "C0GENERAL1"
ADA = "U0ADA00001"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    folder = tmp_path_factory.mktemp("work-volumes")
    with playing(folder / "home", folder / "log") as found:
        yield found


@dataclass(frozen=True, slots=True)
class Entered:
    """Ada in a ready Binder, without a browser; its name below localhost is this machine."""

    origin: str
    cookie: str

    @classmethod
    def by(cls, link: str) -> "Entered":
        parts = urlsplit(link)
        origin = f"{parts.scheme}://{parts.netloc}"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        _, answer = _asked(origin, "POST", "/_binder/enter", parts.query, form)
        return cls(origin, str(answer.getheader("Set-Cookie")).partition(";")[0])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What Jupyter's contents API says."""
        headers = {"Content-Type": "application/json", "Cookie": self.cookie}
        text = None if body is None else json.dumps(body)
        said, answer = _asked(self.origin, method, f"/api/contents/{path}", text, headers)
        assert answer.status in (200, 201), (answer.status, said)
        return json.loads(said)


def _asked(
    origin: str, method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[bytes, HTTPResponse]:
    parts = urlsplit(origin)
    with closing(HTTPConnection("127.0.0.1", parts.port or 80, timeout=30)) as connection:
        connection.request(method, path, body, {"Host": parts.netloc, "Origin": origin, **headers})
        answer = connection.getresponse()
        return answer.read(), answer


def types(room: Playing, text: str) -> None:
    assert room.post("/person/command", {"user": ADA, "channel": GENERAL, "text": f"/binder {text}"})["ok"]


def launched(room: Playing, name: str, *, volume: str = "data") -> dict[str, Any]:
    """The ready message of a launch with that volume."""
    types(room, f"{room.get('/person/state')['sample_url']} name={name} volume={volume}")
    return room.until(
        room.message(
            GENERAL,
            lambda m: (
                name in m["text"] and m["text"].startswith("Ready") and "binder.open.lab" in buttons_of(m)
            ),
        )
    )


def pressed(room: Playing, message: dict[str, Any], action: str) -> None:
    now = room.message(GENERAL, lambda m: m["ts"] == message["ts"])()  # an edit gives its blocks new ids
    assert now is not None
    body = {
        "user": ADA,
        "channel": GENERAL,
        "ts": message["ts"],
        "action_id": action,
        "block_id": buttons_of(now)[action]["block_id"],
    }
    assert room.post("/person/press", body)["ok"]


def entered(room: Playing, ready: dict[str, Any]) -> Entered:
    known = set(private_links(room, ADA))
    pressed(room, ready, "binder.open.lab")
    return Entered.by(
        room.until(
            lambda: next((link for link in private_links(room, ADA) if link not in known), None), within_s=30
        )
    )


def told(room: Playing, *beginnings: str) -> dict[str, Any]:
    """What Ada alone is told that begins in one of these ways."""
    return room.until(
        lambda: next(
            (m for m in room.get(f"/person/inbox/{ADA}")["ephemerals"] if m["text"].startswith(beginnings)),
            None,
        ),
        within_s=60,
    )


def test_given_a_volume_when_its_environment_is_deleted_and_the_next_is_launched_then_the_file_is_there(
    room: Playing,
) -> None:
    first = launched(room, "first")
    note = {"type": "file", "format": "text", "content": "42\n"}
    entered(room, first).ask("PUT", "work/answer.txt", note)

    types(room, f"{room.get('/person/state')['sample_url']} name=meanwhile volume=data")
    refused = told(room, "Not started: your volume")
    pressed(room, first, "binder.delete")
    gone = "Its instance is gone"  # from then on another may have the volume
    ended = room.until(
        room.message(GENERAL, lambda m: "first" in m["text"] and gone in m["text"]), within_s=60
    )
    second = launched(room, "second")
    found = entered(room, second).ask("GET", "work/answer.txt")

    assert buttons_of(first)["binder.open.lab"]["value"] in refused["text"]
    assert "What is in the volume `data` stays" in ended["text"]
    assert found["content"] == "42\n"
    assert not room.message(GENERAL, lambda m: "meanwhile" in m["text"])()
    types(room, "volumes")
    assert buttons_of(second)["binder.open.lab"]["value"] in told(room, "Your volumes")["text"]


def test_given_a_free_volume_when_deleted_then_nothing_of_it_is_left(room: Playing) -> None:
    ready = launched(room, "third", volume="other")
    volumes = room.home / "cloud" / "work-volumes"
    before = len(list(volumes.iterdir()))
    pressed(room, ready, "binder.delete")
    gone = "Its instance is gone"
    room.until(room.message(GENERAL, lambda m: "third" in m["text"] and gone in m["text"]), within_s=60)

    types(room, "volume delete other")
    question = told(room, "Delete for good?")
    block = next(b for b in question["blocks"] if b.get("accessory"))
    body = {
        "user": ADA,
        "channel": GENERAL,
        "ts": question["ts"],
        "action_id": "binder.volumes.delete",
        "block_id": block["block_id"],
    }
    assert room.post("/person/press", body)["ok"]

    room.until(lambda: len(list(volumes.iterdir())) == before - 1, within_s=60)
