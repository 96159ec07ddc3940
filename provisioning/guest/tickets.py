"""What the bot signed: people's tickets and its own calls. Checked here, each used once, also over a restart.

The instance's clock may be wrong, so the bot's time is what its signed calls say: each carries the bot's clock.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from .durable import read_json, write_json
from .orders import unpadded
from .processes import Children

_ED25519_DER = bytes.fromhex("302a300506032b6570032100")
_SIGNATURE_BYTES = 64
_LONGEST = 4096
_TICKET_S = 60
_CALL_S = 120  # how far behind the newest call another one may be
_SLACK_S = 5  # replicas' clocks differ a little, and whole seconds are cut off
_REMEMBERED_S = 600
_AT_ONCE = 2  # runs of openssl for tickets, and as many for calls: anybody can hand in either
_PATIENCE_S = 5.0

Claims = Mapping[str, Any]


class RefusedError(Exception):
    """A ticket or a call that proves nothing; the text says why, without a secret."""


class BusyError(Exception):
    """More was handed in at once than is checked at once; the same may succeed a little later."""


@dataclass(frozen=True)
class Ticket:
    """One person's way in."""

    person: str  # team:user
    to: str  # a local path


def is_local_path(text: str) -> bool:
    """Whether a redirect to it stays on this site: one leading slash, nothing that a browser reads as another host."""
    return (
        text.startswith("/")
        and not text.startswith("//")
        and "\\" not in text
        and all(" " < character < "\x7f" for character in text)
    )


def parse_ticket(claims: Mapping[str, Any], binder: str, epoch: int, now: float) -> Ticket:
    """The ticket that these claims are, if the bot signed them. Raises `RefusedError`."""
    person, to, issued = claims.get("sub"), claims.get("to"), claims.get("iat")
    made_in = claims.get("epoch", 0)  # a bot of another version may not say it
    if claims.get("aud") != binder:
        raise RefusedError("this link is for another environment")
    if not isinstance(issued, int) or not -_SLACK_S <= now - issued <= _TICKET_S:
        raise RefusedError("this link is too old")
    # Made before somebody was shut out: it may be theirs.
    if not isinstance(made_in, int) or made_in < epoch:
        raise RefusedError("this link is from before it was changed who may enter")
    if not isinstance(person, str) or not person or not isinstance(to, str) or not is_local_path(to):
        raise RefusedError("this link is not well-formed")
    return Ticket(person=person, to=to)


def check_call(
    claims: Mapping[str, Any], binder: str, method: str, path: str, body: bytes, newest: float
) -> None:
    """Whether these claims are about this very call. Raises `RefusedError`."""
    expected = {
        "aud": f"agent:{binder}",
        "m": method,
        "p": path,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    for key, value in expected.items():
        if claims.get(key) != value:
            raise RefusedError(f"signed for another {key}")
    issued = claims.get("iat")
    if not isinstance(issued, int) or issued < newest - _CALL_S:
        raise RefusedError("signed too long ago")


class Verifier:
    """Checks signatures with ``openssl``, and remembers what was used and what the bot's clock says."""

    def __init__(
        self,
        state: Path,
        children: Children,
        env: Mapping[str, str],
        clock: Callable[[], float] = time.time,
        *,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._file = state / "used.json"
        self._children = children
        self._env = env
        self._clock = clock
        self._patience_s = patience_s
        self._lock = threading.Lock()
        # Apart: however many forged tickets are handed in, the bot's calls do not queue behind them.
        self._ticket_turns = threading.BoundedSemaphore(_AT_ONCE)
        self._call_turns = threading.BoundedSemaphore(_AT_ONCE)
        kept = read_json(self._file) or {}
        self._used: dict[str, int] = dict(kept.get("used", {}))
        self._newest = int(kept.get("newest", 0))  # the newest call's time, by the bot's clock
        self._offset = float(kept.get("offset", 0))  # the bot's clock minus ours

    @property
    def was_called(self) -> bool:
        """Whether the bot ever made a signed call."""
        return self._newest > 0

    def ticket(self, text: str, binder: str, keys: Sequence[str], epoch: int) -> Ticket:
        """Take a ticket of this membership epoch or a later one: it is used from now on. Raises `RefusedError`, `BusyError`."""

        def ticket_in(claims: Claims) -> Ticket:
            return parse_ticket(claims, binder, epoch, self._clock() + self._offset)

        claims = self._verified(text, keys, ticket_in, self._ticket_turns)
        with self._lock:
            # Once more: meanwhile the same one may have been used, or a call told the time.
            ticket = ticket_in(claims)
            self._use(claims)
        return ticket

    def call(
        self, text: str, binder: str, keys: Sequence[str], *, method: str, path: str, body: bytes
    ) -> None:
        """Take one signed call. Raises `RefusedError`, `BusyError`."""

        def check(claims: Claims) -> None:
            check_call(claims, binder, method, path, body, self._newest)

        claims = self._verified(text, keys, check, self._call_turns)
        with self._lock:
            check(claims)
            if claims["iat"] >= self._newest:
                self._newest = claims["iat"]
                self._offset = claims["iat"] - self._clock()
            self._use(claims)

    def _fresh_number(self, claims: Claims) -> str:
        name = claims.get("jti")
        if not isinstance(name, str) or not 8 <= len(name) <= 100:
            raise RefusedError("it has no number of its own")
        if name in self._used:
            raise RefusedError("this link was used already")
        return name

    def _use(self, claims: Claims) -> None:
        name = self._fresh_number(claims)
        horizon = self._clock() + self._offset - _REMEMBERED_S
        self._used = {used: at for used, at in self._used.items() if at > horizon}
        self._used[name] = claims["iat"]
        kept = {"used": self._used, "newest": self._newest, "offset": self._offset}
        write_json(self._file, kept, mode=0o600)

    def _verified(
        self,
        text: str,
        keys: Sequence[str],
        check: Callable[[Claims], object],
        turns: threading.BoundedSemaphore,
    ) -> Claims:
        """The claims, if the bot signed them. What ``check`` refuses anyway costs no run of openssl, for which it takes a turn."""
        head, dot, signature = text.partition(".")
        try:
            signed = unpadded(signature)
            claims = json.loads(unpadded(head))
        except (ValueError, RecursionError) as error:
            raise RefusedError("this link is not well-formed") from error
        if not dot or len(text) > _LONGEST or len(signed) != _SIGNATURE_BYTES or not isinstance(claims, dict):
            raise RefusedError("this link is not well-formed")
        check(claims)
        self._fresh_number(claims)
        if not turns.acquire(timeout=self._patience_s):
            raise BusyError("too much was handed in at once")
        try:
            if not any(self._is_signed(head.encode(), signed, key) for key in keys):
                raise RefusedError("this link was not made by the bot")
        finally:
            turns.release()
        return claims

    def _is_signed(self, message: bytes, signature: bytes, key: str) -> bool:
        with tempfile.TemporaryDirectory(prefix="binderops-") as folder:
            files = {name: Path(folder) / name for name in ("message", "signature", "key.pem")}
            files["message"].write_bytes(message)
            files["signature"].write_bytes(signature)
            der = base64.encodebytes(_ED25519_DER + unpadded(key))
            files["key.pem"].write_bytes(
                b"-----BEGIN PUBLIC KEY-----\n" + der + b"-----END PUBLIC KEY-----\n"
            )
            args = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(files["key.pem"])]
            args += ["-sigfile", str(files["signature"]), "-in", str(files["message"])]
            return self._children.run(args, env=self._env, limit_s=10).code == 0
