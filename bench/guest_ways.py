"""One way to a person's server, measured by a process that stands where it is told to: downloads, and round trips of a websocket.

    python -m bench.guest_ways JSON

The same program measures each way, so that what it costs itself is on all of them. It prints its figures as JSON.
"""

import asyncio
import dataclasses
import http.client
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import aiohttp

from bench.guest_figures import Way

_CHUNK = 1 << 20
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``inside``: the process whose network it is measured in; 0: this machine's. ``headers`` let in."""

    name: str
    url: str
    headers: Mapping[str, str]
    file: str
    kernel: str
    downloads: int
    messages: int
    inside: int = 0


def measure(ways: Sequence[Asked], rounds: int) -> list[Way]:
    """Each way in turn, so often; whatever else the machine does meanwhile falls on all of them."""
    found: dict[str, list[Way]] = {asked.name: [] for asked in ways}
    for _ in range(rounds):
        for asked in ways:
            found[asked.name].append(_by_itself(asked))
    return [joined(each) for each in found.values()]


def joined(rounds: Sequence[Way]) -> Way:
    """What was found of one way in several rounds."""
    return Way(
        name=rounds[0].name,
        mib_s=[one for way in rounds for one in way.mib_s],
        pings_s=[one for way in rounds for one in way.pings_s],
        kernel_s=[one for way in rounds for one in way.kernel_s],
    )


def _by_itself(asked: Asked) -> Way:
    """In a process of its own. Raises RuntimeError where that fails."""
    there = ["nsenter", f"--net=/proc/{asked.inside}/ns/net"] if asked.inside else []
    command = [*there, sys.executable, "-m", "bench.guest_ways", json.dumps(asdict(asked))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{asked.name} could not be measured: {done.stderr[-2000:]}")
    return Way(**json.loads(done.stdout))


def downloaded(asked: Asked) -> list[float]:
    """MiB a second of each download over one connection; one more comes first, which makes it."""
    parts, found = urlsplit(asked.url), []
    with closing(_connection(parts.scheme, parts.hostname or "", parts.port)) as connection:
        for _ in range(asked.downloads + 1):
            began = time.perf_counter()
            connection.request("GET", asked.file, headers=dict(asked.headers))
            answer = connection.getresponse()
            buffer, size = bytearray(_CHUNK), 0
            while taken := answer.readinto(buffer):
                size += taken
            if answer.status != http.HTTPStatus.OK:
                raise RuntimeError(f"{asked.file}: {answer.status}")
            found.append(size / 2**20 / (time.perf_counter() - began))
    return found[1:]


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    context = ssl._create_unverified_context()  # noqa: SLF001  the instance's own authority
    return http.client.HTTPSConnection(host, port, timeout=_PATIENCE_S, context=context)


async def trips(asked: Asked) -> tuple[list[float], list[float]]:
    """Seconds of each ping, which the server itself answers, and of each question that a kernel answers."""
    url = f"{asked.url}/api/kernels/{asked.kernel}/channels"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers=asked.headers, ssl=False, autoping=False, max_msg_size=0) as socket,
    ):
        await _questioned(socket, "first")  # the kernel is there, and has nothing more to say of its start
        pings = [await _pinged(socket) for _ in range(asked.messages)]
        return pings, [await _questioned(socket, f"q{n}") for n in range(asked.messages)]


async def _pinged(socket: aiohttp.ClientWebSocketResponse) -> float:
    began = time.perf_counter()
    await socket.ping(b"there?")
    while (await _heard(socket)).type is not aiohttp.WSMsgType.PONG:
        pass
    return time.perf_counter() - began


async def _questioned(socket: aiohttp.ClientWebSocketResponse, name: str) -> float:
    header = {
        "msg_id": name,
        "msg_type": "kernel_info_request",
        "username": "",
        "session": "s",
        "version": "5.3",
    }
    began = time.perf_counter()
    await socket.send_json(
        {"header": header, "parent_header": {}, "metadata": {}, "content": {}, "channel": "shell"}
    )
    while True:
        heard = await _heard(socket)
        if heard.type is aiohttp.WSMsgType.TEXT:
            said = heard.json()
            if said["msg_type"] == "kernel_info_reply" and said["parent_header"]["msg_id"] == name:
                return time.perf_counter() - began


async def _heard(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage:
    """The next message; the server's own pings are answered on the way. Raises RuntimeError where it hangs up."""
    heard = await socket.receive(_PATIENCE_S)
    if heard.type is aiohttp.WSMsgType.PING:
        await socket.pong(heard.data)
    elif heard.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.PONG, aiohttp.WSMsgType.BINARY):
        raise RuntimeError(f"the websocket ended: {heard}")
    return heard


def main() -> int:
    """Measure what the only argument says."""
    asked = Asked(**json.loads(sys.argv[1]))
    rates = downloaded(asked)
    pings, answers = asyncio.run(trips(asked))
    print(json.dumps(dataclasses.asdict(Way(name=asked.name, mib_s=rates, pings_s=pings, kernel_s=answers))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
