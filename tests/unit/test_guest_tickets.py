"""Tickets and signed calls, from the bot's signer to the guest's check by openssl."""

import base64
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.guest.processes import Children, Finished
from provisioning.guest.tickets import BusyError, RefusedError, Verifier, is_local_path
from provisioning.tickets import Signer

BOT_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class CountedChildren(Children):
    """Says of every program that it failed, once it may, and counts them."""

    def __init__(self) -> None:
        super().__init__("counted")
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.count = 0

    def run(self, *_: Any, **__: Any) -> Finished:
        self.count += 1
        self.begun.release()
        self.may_end.wait(timeout=10)
        return Finished(code=1, lines=())


class HeldChildren(Children):
    """Runs programs, but those that check a ticket wait until they may."""

    def __init__(self, group: str) -> None:
        super().__init__(group)
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()

    def run(self, args: Sequence[str], **more: Any) -> Finished:
        message = Path(args[args.index("-in") + 1]).read_text()
        if b'"aud":"aaaa"' in base64.urlsafe_b64decode(message + "=="):  # a ticket's, not a call's
            self.begun.release()
            self.may_end.wait(timeout=10)
        return super().run(args, **more)


class Guest:
    """A verifier whose clock is ours; its machine may be wrong about the time."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.signer = Signer.generate()
        self.now = BOT_NOW.timestamp()
        self.epoch = 0
        self.started()

    def started(self) -> None:
        self.verifier = Verifier(self.state, Children(str(self.state)), dict(os.environ), lambda: self.now)

    def make(self, to: str = "/lab", *, binder: str = "aaaa", epoch: int = 0, at: datetime = BOT_NOW) -> str:
        return self.signer.ticket(binder=binder, team="T1", user="U1", to=to, epoch=epoch, now=at)

    def take(self, text: str) -> str:
        return self.verifier.ticket(
            text, "aaaa", [Signer.generate().public_key, self.signer.public_key], self.epoch
        ).person

    def call(
        self, text: str, *, method: str = "GET", path: str = "/_binder/status?after=0", body: bytes = b""
    ) -> None:
        self.verifier.call(text, "aaaa", [self.signer.public_key], method=method, path=path, body=body)

    def sign(self, *, at: datetime = BOT_NOW, binder: str = "aaaa", body: bytes = b"") -> str:
        return self.signer.signature(
            binder=binder, method="GET", path="/_binder/status?after=0", body=body, now=at
        )


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    return Guest(tmp_path)


def test_given_a_fresh_ticket_of_the_next_key_then_it_lets_its_person_in(guest: Guest) -> None:
    assert guest.take(guest.make()) == "T1:U1"


@pytest.mark.parametrize(
    ("age", "opens"),
    [
        pytest.param(60, True, id="just in time"),
        pytest.param(61, False, id="too old"),
        pytest.param(-30, False, id="early"),
    ],
)
def test_given_a_ticket_of_some_age_then_it_opens_for_a_minute(guest: Guest, age: int, opens: bool) -> None:
    text = guest.make(at=BOT_NOW - timedelta(seconds=age))

    if opens:
        assert guest.take(text)
    else:
        with pytest.raises(RefusedError, match="too old"):
            guest.take(text)


def test_given_a_machine_whose_clock_is_wrong_when_the_bot_called_then_tickets_go_by_the_bots_clock(
    guest: Guest,
) -> None:
    guest.now -= 7200
    guest.call(guest.sign())

    assert guest.take(guest.make()) == "T1:U1"


@pytest.mark.parametrize(
    ("made_in", "opens"),
    [
        pytest.param(1, False, id="made before somebody was shut out"),
        pytest.param(2, True, id="made since"),
        pytest.param(3, True, id="made in an epoch that the guest is not told of yet"),
    ],
)
def test_given_the_epoch_of_a_ticket_then_none_of_an_earlier_one_opens(
    guest: Guest, made_in: int, opens: bool
) -> None:
    guest.epoch = 2
    text = guest.make(epoch=made_in)

    if opens:
        assert guest.take(text) == "T1:U1"
    else:
        with pytest.raises(RefusedError, match="who may enter"):
            guest.take(text)


def test_given_a_used_ticket_when_the_agent_restarts_then_it_stays_used(guest: Guest) -> None:
    text = guest.make()
    guest.take(text)
    guest.started()

    with pytest.raises(RefusedError, match="used already"):
        guest.take(text)


def test_given_a_ticket_for_another_binder_then_it_does_not_open(guest: Guest) -> None:
    with pytest.raises(RefusedError, match="another environment"):
        guest.take(guest.make(binder="bbbb"))


def test_given_a_ticket_of_a_stranger_then_it_does_not_open(guest: Guest) -> None:
    text = Signer.generate().ticket(binder="aaaa", team="T1", user="U1", to="/lab", epoch=0, now=BOT_NOW)

    with pytest.raises(RefusedError, match="not made by the bot"):
        guest.take(text)


def test_given_a_signed_call_when_used_as_a_ticket_then_it_does_not_open(guest: Guest) -> None:
    with pytest.raises(RefusedError, match="another environment"):
        guest.take(guest.sign())


@pytest.mark.parametrize("text", ["", ".", "a", "e30.", "e30.AAAA", "W10.AAAA", "é.é", "a" * 9000 + ".b"])
def test_given_any_text_as_ticket_then_it_is_refused(guest: Guest, text: str) -> None:
    with pytest.raises(RefusedError):
        guest.take(text)


def test_given_a_signed_call_when_sent_again_then_it_is_refused(guest: Guest) -> None:
    text = guest.sign()
    guest.call(text)

    with pytest.raises(RefusedError, match="used already"):
        guest.call(text)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        pytest.param({"method": "PUT"}, "m", id="another method"),
        pytest.param({"path": "/_binder/status?after=1"}, "p", id="another query"),
        pytest.param({"body": b"x"}, "sha256", id="another body"),
    ],
)
def test_given_a_signed_call_when_it_is_about_something_else_then_it_is_refused(
    guest: Guest, changed: dict[str, object], named: str
) -> None:
    with pytest.raises(RefusedError, match=f"another {named}$"):
        guest.call(guest.sign(), **changed)  # type: ignore[arg-type]  # a table of single arguments


def test_given_a_call_kept_back_when_newer_ones_came_then_it_is_refused(guest: Guest) -> None:
    guest.call(guest.sign(at=BOT_NOW + timedelta(seconds=121)))

    with pytest.raises(RefusedError, match="too long ago"):
        guest.call(guest.sign())


def test_given_a_body_then_the_signature_is_over_its_hash(guest: Guest) -> None:
    guest.call(guest.sign(body=b"{}"), body=b"{}")

    assert guest.verifier.was_called


@pytest.fixture
def counted(guest: Guest) -> CountedChildren:
    """The guest's programs from now on: openssl finds every signature wrong."""
    children = CountedChildren()
    guest.verifier = Verifier(guest.state, children, {}, lambda: guest.now, patience_s=0)
    return children


STRANGER = Signer.generate()


@pytest.mark.parametrize(
    ("binder", "at"),
    [
        pytest.param("bbbb", BOT_NOW, id="for another binder"),
        pytest.param("aaaa", BOT_NOW - timedelta(seconds=61), id="too old"),
        pytest.param("aaaa", BOT_NOW + timedelta(hours=1), id="of the future"),
    ],
)
def test_given_a_strangers_ticket_that_opens_nothing_anyway_then_no_program_is_started(
    guest: Guest, counted: CountedChildren, binder: str, at: datetime
) -> None:
    counted.may_end.set()

    with pytest.raises(RefusedError):
        guest.take(STRANGER.ticket(binder=binder, team="T1", user="U1", to="/lab", epoch=0, now=at))

    assert counted.count == 0


def test_given_a_used_ticket_when_handed_in_again_then_no_program_is_started(guest: Guest) -> None:
    text = guest.make()
    guest.take(text)
    counted = CountedChildren()
    counted.may_end.set()
    guest.verifier = Verifier(guest.state, counted, {}, lambda: guest.now)

    with pytest.raises(RefusedError, match="used already"):
        guest.take(text)

    assert counted.count == 0


def test_given_a_call_about_something_else_then_no_program_is_started(
    guest: Guest, counted: CountedChildren
) -> None:
    counted.may_end.set()

    with pytest.raises(RefusedError, match=r"another p$"):
        guest.call(guest.sign(), path="/_binder/log?offset=0")

    assert counted.count == 0


def test_given_two_being_checked_when_a_third_comes_then_it_is_told_to_come_later(
    guest: Guest, counted: CountedChildren
) -> None:
    with ThreadPoolExecutor(2) as pool:
        two = [pool.submit(guest.call, guest.sign()) for _ in range(2)]
        begun = [counted.begun.acquire(timeout=10) for _ in two]
        try:
            with pytest.raises(BusyError):
                guest.call(guest.sign())
        finally:
            counted.may_end.set()

    assert (begun, [type(one.exception()) for one in two]) == ([True] * 2, [RefusedError] * 2)


def test_given_forged_tickets_take_all_their_turns_when_the_bot_calls_then_its_call_passes(
    guest: Guest,
) -> None:
    held = HeldChildren(str(guest.state))
    guest.verifier = Verifier(guest.state, held, dict(os.environ), lambda: guest.now, patience_s=0)
    with ThreadPoolExecutor(2) as pool:
        forged = [
            STRANGER.ticket(binder="aaaa", team="T1", user="U1", to="/", epoch=0, now=BOT_NOW)
            for _ in range(2)
        ]
        flood = [pool.submit(guest.take, text) for text in forged]
        begun = [held.begun.acquire(timeout=10) for _ in flood]
        try:
            guest.call(guest.sign())
            with pytest.raises(BusyError):
                guest.take(guest.make())
        finally:
            held.may_end.set()

    assert (begun, guest.verifier.was_called) == ([True] * 2, True)


def test_given_those_before_were_checked_then_the_next_ones_turn_comes(
    guest: Guest, counted: CountedChildren
) -> None:
    counted.may_end.set()

    for _ in range(3):
        with pytest.raises(RefusedError, match="not made by the bot"):
            guest.call(guest.sign())

    assert counted.count == 3


@pytest.mark.parametrize(
    ("path", "is_local"),
    [
        ("/lab", True),
        ("/lab/tree/a%20b.ipynb?x=1#y", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example", False),
        ("/a\r\nSet-Cookie: x", False),
        ("/é", False),
        ("", False),
    ],
)
def test_given_a_place_to_go_to_then_only_paths_of_this_site_are_local(path: str, is_local: bool) -> None:
    assert is_local_path(path) is is_local
