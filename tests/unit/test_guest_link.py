"""What a guest says, as the bot reads it: whatever a stranger puts in can be stored, or is refused alone."""

import json
import logging
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from provisioning.errors import TemporaryError
from provisioning.guest.certificate import ensure
from provisioning.guest.processes import Children
from provisioning.guest_link import GuestLink
from provisioning.guest_reports import report_from_json, reports_from_json
from provisioning.model import Work
from provisioning.reports import reports_on_console
from tests.fakes.signing import always

SAID: dict[str, Any] = {"v": 1, "n": 3, "t": "2026-03-02T09:00:00.000Z", "phase": "ready", "msg": "Ready"}
FAILURE = {"code": "build-failed", "message": "It broke.", "hint": "Mend it."}


def an_interface(title: str = "JupyterLab", path: str = "/lab") -> dict[str, str]:
    return {"name": "lab", "title": title, "path": path}


@pytest.mark.parametrize("odd", [pytest.param("a\0b", id="NUL"), pytest.param("a\ud800b", id="half a pair")])
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(lambda odd: {"msg": odd}, id="message"),
        pytest.param(lambda odd: {"phase": odd}, id="phase"),
        pytest.param(lambda odd: {"note": odd}, id="note"),
        pytest.param(lambda odd: {"open_path": odd}, id="open_path"),
        pytest.param(lambda odd: {"interfaces": [an_interface(title=odd)]}, id="an interface's title"),
        pytest.param(lambda odd: {"failure": {**FAILURE, "lines": ["x", odd]}}, id="a failure's lines"),
        pytest.param(lambda odd: {"failure": {**FAILURE, "step": odd}}, id="a failure's step"),
    ],
)
def test_given_a_character_that_nothing_can_keep_then_a_mark_stands_in_its_place(
    place: Any, odd: str
) -> None:
    kept = msgspec.json.encode(report_from_json({**SAID, **place(odd)})).decode()

    assert ("a\ufffdb" in kept, "\\u0000" in kept) == (True, False)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"msg": "x" * 1_000_000}, id="message"),
        pytest.param({"interfaces": [an_interface(path="/" * 1_000_000)]}, id="a path"),
        pytest.param({"interfaces": [an_interface()] * 20_000}, id="many interfaces"),
        pytest.param({"failure": {**FAILURE, "lines": ["x" * 100_000] * 10_000}}, id="many long lines"),
    ],
)
def test_given_very_much_then_a_bounded_part_of_it_is_kept(changed: dict[str, Any]) -> None:
    assert len(msgspec.json.encode(report_from_json({**SAID, **changed}))) < 100_000


ODD = [
    pytest.param({"n": 2**31}, id="a huge number"),
    pytest.param({"n": -1}, id="a negative number"),
    pytest.param({"n": float("inf")}, id="no number"),
    pytest.param({"step": [1, 2**40]}, id="a huge step"),
    pytest.param({"cert_sha256": "ab"}, id="a short certificate"),
    pytest.param({"cert_sha256": "g" * 64}, id="a certificate that is not hexadecimal"),
    pytest.param({"cert_sha256": "a" * 64 + "\n"}, id="a certificate and more"),
    pytest.param({"t": "2026-03-02T09:00:00"}, id="a time without a zone"),
    pytest.param({"t": "0001-01-01T00:00:00+14:00"}, id="a time before all time"),
]


@pytest.mark.parametrize("changed", ODD)
def test_given_what_is_no_report_then_it_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no report"):
        report_from_json({**SAID, **changed})


@pytest.mark.parametrize("cert", ["", "ab" * 32])
def test_given_a_certificate_or_none_then_it_is_read(cert: str) -> None:
    assert report_from_json({**SAID, "cert_sha256": cert}).cert_sha256 == cert


def test_given_one_bad_report_then_the_good_ones_beside_it_are_heard_and_it_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        heard = reports_from_json([{**SAID, "n": 1}, {**SAID, "n": -5}, "x", {**SAID, "n": 2}], "aaaa")

    assert [r.n for r in heard] == [1, 2]
    assert "report-refused binder=aaaa count=2" in caplog.text


@pytest.mark.parametrize("line", ["[" * 100_000, '{"n": 1e999, "t": "x", "phase": ""}', "5"])
def test_given_nonsense_on_the_console_then_the_reports_around_it_are_heard(line: str) -> None:
    good = "binderops: " + msgspec.json.encode(SAID).decode()

    assert [r.n for r in reports_on_console(f"{good}\nbinderops: {line}\n")] == [3]


@asynccontextmanager
async def guest_that_answers(body: str, **headers: str) -> AsyncIterator[tuple[GuestLink, str]]:
    """A link, and the address of a guest that answers everything so."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    async with guest_that_does(answer) as both:
        yield both


@asynccontextmanager
async def guest_that_does(
    answer: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[tuple[GuestLink, str]]:
    """A link, and the address of a guest that deals with everything by this."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        link = GuestLink(session, always(), lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))
        yield link, str(server.make_url("")).rstrip("/")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x", id="no JSON"),
        pytest.param("[" * 100_000, id="JSON without an end"),
        pytest.param('{"reports": 5}', id="a number"),
        pytest.param(json.dumps({"reports": [{**SAID, "n": -1}]}), id="bad reports only"),
    ],
)
async def test_given_an_answer_without_any_report_then_the_guest_counts_as_silent(body: str) -> None:
    async with guest_that_answers(body) as (link, url):
        with pytest.raises(TemporaryError) as caught:
            await link.status(url, "aaaa", 0, 0)

    assert caught.value.code == "guest-silent"


async def test_given_good_and_bad_reports_in_one_answer_then_the_good_ones_are_heard() -> None:
    async with guest_that_answers(json.dumps({"reports": [{**SAID, "n": 2**40}, SAID]})) as (link, url):
        assert [r.n for r in await link.status(url, "aaaa", 0, 0)] == [3]


async def test_given_a_log_of_an_odd_length_then_the_guest_counts_as_silent() -> None:
    async with guest_that_answers("log", Binderops_Log_Size="much") as (link, url):
        with pytest.raises(TemporaryError) as caught:
            await link.log(url, "aaaa")

    assert caught.value.code == "guest-silent"


async def test_given_a_guest_that_counted_its_work_then_the_files_that_do_not_fit_are_among_them() -> None:
    async with guest_that_answers('{"work": [3, 500, 2]}') as (link, url):
        assert await link.work(url, "aaaa") == Work(files=5, size_bytes=500, left_out=2)


@pytest.mark.parametrize(
    "body",
    ["x", "[" * 100_000, "{}", '{"work": 5}', '{"work": [1, 2]}', '{"work": [1, 2, -1]}', '{"work": ["1", 2, 3]}',
     '{"work": [true, 2, 3]}', '{"work": [1, 1e999, 3]}'],
)  # fmt: skip
async def test_given_no_count_of_the_work_then_the_guest_counts_as_silent(body: str) -> None:
    async with guest_that_answers(body) as (link, url):
        with pytest.raises(TemporaryError) as caught:
            await link.work(url, "aaaa")

    assert caught.value.code == "guest-silent"


async def test_given_a_guest_that_confirms_then_it_is_configured_as_it_is_told() -> None:
    heard: list[tuple[str, str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        heard.append((request.method, request.path, body))
        return web.json_response(body)

    async with guest_that_does(take) as (link, url):
        await link.configure(url, "aaaa", epoch=3, keys=["k1", "k2"])

    assert heard == [("PUT", "/_binder/config", {"epoch": 3, "keys": ["k1", "k2"]})]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(400, '{"error": "the epoch is 4 already"}', id="refused"),
        pytest.param(200, '{"epoch": 4, "keys": ["k1"]}', id="another epoch"),
        pytest.param(200, '{"epoch": 3, "keys": ["k2"]}', id="another key"),
        pytest.param(200, "x", id="no JSON"),
        pytest.param(200, "[" * 100_000, id="JSON without an end"),
    ],
)
async def test_given_a_guest_that_does_not_confirm_then_it_counts_as_silent(status: int, said: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=said)

    async with guest_that_does(answer) as (link, url):
        with pytest.raises(TemporaryError) as caught:
            await link.configure(url, "aaaa", epoch=3, keys=["k1"])

    assert caught.value.code == "guest-silent"


@pytest.mark.parametrize(
    ("is_certified", "status", "reaches"),
    [
        pytest.param(False, 401, True, id="its own authority, the gate answers"),
        pytest.param(False, 502, False, id="its own authority, something else answers"),
        pytest.param(True, 401, False, id="a certificate that no browser knows"),
    ],
)
async def test_given_a_certificate_of_the_guests_own_then_its_gate_is_reached_where_that_is_meant(
    tmp_path: Path, is_certified: bool, status: int, reaches: bool
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/", answer)
    certificate, key, _ = ensure(tmp_path, Children(str(tmp_path)), dict(os.environ))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    async with server, aiohttp.ClientSession() as session:
        link = GuestLink(session, always(), lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))

        assert (
            await link.reaches_people(str(server.make_url("")).rstrip("/"), is_certified=is_certified)
            is reaches
        )
