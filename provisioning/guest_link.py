"""The bot's calls to guests: signed, over the pinned certificate, and what a guest answers, parsed strictly.

A guest runs what strangers wrote: its texts are cut and cleaned here, so that whatever is inside can be stored and shown.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from provisioning import uncertified
from provisioning.errors import TemporaryError
from provisioning.failures import explained
from provisioning.model import Failure, Interface, Report
from provisioning.tickets import SIGNATURE_HEADER, Signer

log = logging.getLogger(__name__)

AGENT_HOST = "agent.binderops.internal"
_CALL_S = 15
_LOG_PART = 1_000_000
_LOG_MOST = 20_000_000
_MOST_NUMBER = 2**31 - 1  # PostgreSQL's integer
_CERTIFICATE = re.compile(r"(?:[0-9a-fA-F]{64})?")
_UNKEEPABLE = re.compile(r"[\x00\ud800-\udfff]")  # PostgreSQL holds no NUL, UTF-8 no half of a surrogate pair
_WORD, _SENTENCE, _LINE = 100, 2_000, 4_000  # characters
_MOST_INTERFACES = 50
_MOST_LINES = 20
_MOST_EVIDENCE, _EVIDENCE = 100, 400  # lines, and characters of each


class GuestLink:
    """Speaks to any guest. ``signers``: what may sign, what guests should know first (`provisioning.keys.Keys.signers`).

    Raises `TemporaryError` (``guest-silent``) where a guest does not answer as it should.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        signers: Callable[[], Awaitable[Sequence[Signer]]],
        clock: Callable[[], datetime],
    ) -> None:
        self._session = session
        self._signers = signers
        self._clock = clock

    async def status(
        self, agent_url: str, binder: str, after: int, wait_s: float, *, cert_sha256: str = ""
    ) -> list[Report]:
        """The reports after number ``after``; waits up to ``wait_s`` seconds for one."""
        path = f"/_binder/status?after={after}&wait={wait_s:g}"
        _, body = await self._call(
            agent_url, binder, "GET", path, cert_sha256=cert_sha256, timeout_s=wait_s + _CALL_S
        )
        try:
            said = list(json.loads(body)["reports"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _silent("it answers something else than reports") from error
        reports = reports_from_json(said, binder)
        if said and not reports:
            raise _silent("none of its reports can be read")
        return reports

    async def log(self, agent_url: str, binder: str, *, cert_sha256: str = "") -> str:
        """The guest's whole log, at most its newest 20 MB."""
        parts: list[bytes] = []
        offset, size = 0, 1
        while offset < min(size, _LOG_MOST):
            path = f"/_binder/log?offset={offset}"
            headers, part = await self._call(agent_url, binder, "GET", path, cert_sha256=cert_sha256)
            size = _size(headers.get("Binderops-Log-Size", "0"))
            if not part:
                break
            parts.append(part)
            offset += len(part)
        return b"".join(parts).decode(errors="replace")

    async def configure(
        self, agent_url: str, binder: str, *, epoch: int, keys: Sequence[str], cert_sha256: str = ""
    ) -> None:
        """Tell the guest the membership epoch and the bot's public keys that hold from now on; twice is as good as once.

        It refuses an epoch lower than its own, and then counts as silent like one that does not confirm both.
        """
        wanted = {"epoch": epoch, "keys": list(keys)}
        sent = json.dumps(wanted).encode()
        _, body = await self._call(
            agent_url, binder, "PUT", "/_binder/config", cert_sha256=cert_sha256, body=sent
        )
        try:
            is_taken = json.loads(body) == wanted
        except (ValueError, RecursionError) as error:
            raise _silent("it does not say what it took") from error
        if not is_taken:
            raise _silent("it took something else than it was sent")

    async def hand_token(
        self, agent_url: str, binder: str, *, authorization: str, refused: Failure, cert_sha256: str = ""
    ) -> None:
        """Give a waiting guest what opens its private repository, and what to say where that is refused; twice is harmless.

        ``authorization``: the header's value; empty: there is none any more, and the guest fails with ``refused``.
        """
        body = {
            "authorization": authorization,
            "refused": {"code": refused.code, "message": refused.message, "hint": refused.hint},
        }
        sent = json.dumps(body).encode()
        await self._call(agent_url, binder, "PUT", "/_binder/token", cert_sha256=cert_sha256, body=sent)

    async def reaches_people(self, public_url: str, *, is_certified: bool = True) -> bool:
        """Whether the public address is answered by the guest's own gate, which lets nobody in without a ticket.

        ``is_certified``: its certificate is one that browsers know; otherwise the guest is its own authority, and none is
        looked at.
        """
        url, host = _connectable(public_url)
        try:
            async with self._session.get(
                url + "/",
                headers={"Host": host},
                allow_redirects=False,
                ssl=is_certified,
                timeout=aiohttp.ClientTimeout(total=_CALL_S),
            ) as answer:
                return answer.status == 401
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _call(
        self,
        agent_url: str,
        binder: str,
        method: str,
        path: str,
        *,
        cert_sha256: str,
        timeout_s: float = _CALL_S,
        body: bytes = b"",
    ) -> tuple[Mapping[str, str], bytes]:
        status = 401  # what a guest answers that does not know the key
        for signer in await self._signers():
            signature = signer.signature(
                binder=binder, method=method, path=path, body=body, now=self._clock()
            )
            status, headers, content = await self._asked(
                agent_url, method, path, signature, cert_sha256=cert_sha256, timeout_s=timeout_s, body=body
            )
            if status == 200:
                return headers, content
            if status != 401:
                break
        raise _silent(f"it answers {status}")

    async def _asked(
        self,
        agent_url: str,
        method: str,
        path: str,
        signature: str,
        *,
        cert_sha256: str,
        timeout_s: float,
        body: bytes,
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"Host": AGENT_HOST, SIGNATURE_HEADER: signature}
        pinned: Any = aiohttp.Fingerprint(bytes.fromhex(cert_sha256)) if cert_sha256 else True
        try:
            async with self._session.request(
                method, agent_url + path, data=body or None, headers=headers, ssl=pinned, allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s), server_hostname=AGENT_HOST if cert_sha256 else None,
            ) as answer:  # fmt: skip
                return answer.status, dict(answer.headers), await _whole(answer.content)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _silent(type(error).__name__) from error


def reports_from_json(values: Iterable[Any], binder: str) -> list[Report]:
    """The reports among these; what is none is passed over and logged, so that it takes no good one with it."""
    reports: list[Report] = []
    refused: list[ValueError] = []
    for value in values:
        try:
            reports.append(report_from_json(value))
        except ValueError as error:
            refused.append(error)
    if refused:
        log.warning("report-refused binder=%s count=%d why=%.200r", binder, len(refused), str(refused[0]))
    return reports


def report_from_json(value: Mapping[str, Any]) -> Report:
    """A report as the agent writes it; unknown keys are passed over. Raises ``ValueError`` where it is none."""
    try:
        step = value.get("step")
        failure = value.get("failure")
        return Report(
            n=_number(value["n"]),
            at=_moment(value["t"]),
            phase=_text(value["phase"], _WORD),
            message=_text(value.get("msg", ""), _SENTENCE),
            step=(_number(step[0]), _number(step[1])) if step else None,
            cert_sha256=_certificate(value.get("cert_sha256", "")),
            interfaces=tuple(_interface(i) for i in list(value.get("interfaces", ()))[:_MOST_INTERFACES]),
            failure=_failure(failure) if failure else None,
            note=_text(value.get("note", ""), _SENTENCE),
            open_path=_text(value.get("open_path", ""), _SENTENCE),
            uncertified=uncertified.reason(_text(value.get("uncertified", ""), _SENTENCE)),
            awaits=_text(value.get("awaits", ""), _WORD),
        )
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no report: {error}") from error


def _interface(value: Mapping[str, Any]) -> Interface:
    return Interface(
        name=_text(value["name"], _WORD),
        title=_text(value["title"], _WORD),
        path=_text(value["path"], _SENTENCE),
    )


def _failure(value: Mapping[str, Any]) -> Failure:
    """The failure as the agent knows it, with the cause that its evidence tells; the evidence itself is not kept."""
    told = Failure(
        code=_text(value["code"], _WORD),
        message=_text(value["message"], _SENTENCE),
        hint=_text(value.get("hint", ""), _SENTENCE),
        lines=tuple(_text(line, _LINE) for line in list(value.get("lines", ()))[:_MOST_LINES]),
        step=_text(value.get("step", ""), _SENTENCE),
    )
    evidence = list(value.get("evidence", ()))[:_MOST_EVIDENCE]
    return explained(told, [_text(line, _EVIDENCE) for line in evidence])


def _text(value: object, most: int) -> str:
    """At most so many characters, each of which can be stored and sent."""
    return _UNKEEPABLE.sub("\ufffd", str(value)[:most])


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= _MOST_NUMBER:
        raise ValueError("no report: a number is out of range")
    return number


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("no report: its time has no zone")
    return moment.astimezone(UTC)


def _certificate(value: object) -> str:
    """The fingerprint to pin: 64 hexadecimal digits, or empty."""
    text = str(value)
    if not _CERTIFICATE.fullmatch(text):
        raise ValueError("no report: its certificate's fingerprint is none")
    return text.lower()


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """All of an answer, at most 2 MB of it: a single read ends with the first piece that came."""
    read = bytearray()
    async for piece in content.iter_chunked(65_536):
        read += piece
        if len(read) > _LOG_PART * 2:
            break
    return bytes(read)


def _connectable(public_url: str) -> tuple[str, str]:
    """Where to connect, and the Host to say: names below ``localhost`` are this machine, whatever its resolver thinks."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return f"{parts.scheme}://127.0.0.1:{parts.port}", parts.netloc
    return public_url, parts.netloc


def _size(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise _silent("it does not say how long its log is") from error


def _silent(why: str) -> TemporaryError:
    return TemporaryError(
        "guest-silent", f"The instance's agent does not answer ({why}).", "It is asked again."
    )
