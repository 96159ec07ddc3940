"""Commands at a steady rate, signed as Slack signs them, from a process of their own; how long each waited for its ack.

A command is due at a time that was fixed before the first one is sent, and its latency counts from then: an app that answers
nobody for a second is charged for all who would have asked in it, not only for those who got through.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Self
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.playground import payloads
from bot.playground.workspace import Channel, Kind, User

LAUNCH = "launch"
MIX = ("list", "help", "show", "list", "list channel", "show", "quota", "help", "list", LAUNCH)
SLACKS_PATIENCE_S = 3.0
_GIVE_UP_S = 60.0  # for one ack: far beyond Slack's own patience, so that a slow app is measured, not cut
_NO = ("Try again", "Not sure", "Not done")  # an ack that says so took nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send, where, and how fast. ``words`` is repeated in blocks; `LAUNCH` becomes a launch of ``repo``."""

    url: str
    secret: str
    rate: float  # a second
    count: int
    repo: str
    people: Sequence[str]
    channels: Sequence[str]
    words: Sequence[str] = MIX
    prefix: str = "n"  # of the launches' names
    seed: int = 1
    answers_within_s: float = 60  # after the last command: what has not come until then is counted as missing

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def written(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One command: when, seconds from the start; by whom, where, what."""

    number: int
    at: float
    word: str
    text: str
    person: str
    channel: str


@dataclass(slots=True, kw_only=True)
class Heard:
    """What came of a load. Seconds; every command has an ack's time, also one that was refused or never answered."""

    acks_s: dict[str, list[float]] = field(default_factory=dict)  # by word
    answers_s: list[float] = field(default_factory=list)  # until the first answer by response_url
    unanswered: int = 0  # of the commands that are answered by response_url: all but launches
    not_taken: dict[str, int] = field(default_factory=dict)  # by why
    behind_s: float = 0  # the most that the sender itself was late

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def written(self) -> str:
        return json.dumps(asdict(self))

    @property
    def all_s(self) -> list[float]:
        """Each command's ack."""
        return [s for found in self.acks_s.values() for s in found]


def schedule(load: Load) -> Iterator[Due]:
    """Every command with its time. Pure: the same load is the same schedule for every app."""
    dice = random.Random(load.seed)
    block: list[str] = []
    for number in range(load.count):
        if not block:
            block = dice.sample(load.words, len(load.words))
        word = block.pop()
        yield Due(
            number=number, at=number / load.rate, word=word,
            text=f"{load.repo} name={load.prefix}{number}" if word == LAUNCH else word,
            person=load.people[number % len(load.people)], channel=load.channels[number % len(load.channels)],
        )  # fmt: skip


def request(due: Due, load: Load, answers: str, timestamp: str) -> tuple[str, dict[str, str]]:
    """The body and headers as Slack sends them. ``answers``: what a response_url begins with. Pure."""
    person = User(id=due.person, name=due.person.lower(), real_name=due.person)
    channel = Channel(id=due.channel, name=due.channel.lower(), kind=Kind.PUBLIC, members=[])
    payload = payloads.command(
        person, channel, "/binder", due.text,
        trigger_id=f"{load.prefix}.{load.seed}.{due.number}", response_url=f"{answers}/{due.number}",
    )  # fmt: skip
    body = urlencode(payload)
    signature = SignatureVerifier(load.secret).generate_signature(timestamp=timestamp, body=body)
    return body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": str(signature),
    }


def fault(status: int, text: str) -> str:
    """Why a command was not taken, as its ack says it; empty where it was. Pure."""
    if status != 200:
        return f"status {status}"
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return ""  # bare text is an ack too
    words = str(said.get("text") or "").lstrip("*") if isinstance(said, dict) else ""
    return next((no for no in _NO if words.startswith(no)), "")


class _Sink:
    """Where answers by response_url arrive."""

    def __init__(self) -> None:
        self.first: dict[int, float] = {}
        self.url = ""

    async def _take(self, request: web.Request) -> web.Response:
        await request.read()
        self.first.setdefault(int(request.match_info["number"]), time.monotonic())
        return web.Response(text="ok")

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        application = web.Application()
        application.add_routes([web.post("/response/{number}", self._take)])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/response"
            yield
        finally:
            await runner.cleanup()


async def _send(
    http: aiohttp.ClientSession, load: Load, due: Due, begin: float, sink: _Sink, heard: Heard
) -> None:
    heard.behind_s = max(heard.behind_s, time.monotonic() - begin - due.at)
    body, headers = request(due, load, sink.url, str(int(time.time())))
    try:
        async with http.post(load.url, data=body, headers=headers) as answer:
            why = fault(answer.status, await answer.text())
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        why = type(error).__name__
    heard.acks_s.setdefault(due.word, []).append(time.monotonic() - begin - due.at)
    if why:
        heard.not_taken[why] = heard.not_taken.get(why, 0) + 1


async def send(load: Load) -> Heard:
    """The whole load, and its answers."""
    heard, sink, plan = Heard(), _Sink(), list(schedule(load))
    limits = {"connector": aiohttp.TCPConnector(limit=0), "timeout": aiohttp.ClientTimeout(total=_GIVE_UP_S)}
    async with sink.listening(), aiohttp.ClientSession(**limits) as http, asyncio.TaskGroup() as group:
        begin = time.monotonic()
        for due in plan:
            await asyncio.sleep(max(0.0, begin + due.at - time.monotonic()))
            group.create_task(_send(http, load, due, begin, sink, heard))
        await _answered(load, plan, sink)
    times = {due.number: begin + due.at for due in plan}
    heard.answers_s = [at - times[number] for number, at in sink.first.items()]
    heard.unanswered = sum(due.word != LAUNCH and due.number not in sink.first for due in plan)
    return heard


async def _answered(load: Load, plan: Sequence[Due], sink: _Sink) -> None:
    wanted = {due.number for due in plan if due.word != LAUNCH}
    until = time.monotonic() + load.answers_within_s
    while not wanted <= sink.first.keys() and time.monotonic() < until:  # noqa: ASYNC110  not worth an event
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    print(asyncio.run(send(Load.read(sys.argv[1]))).written())
