"""The bot's calls to guests: signed, over the pinned certificate."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from provisioning.errors import TemporaryError
from provisioning.guest_reports import reports_from_json
from provisioning.model import Failure, Report, Work
from provisioning.tickets import SIGNATURE_HEADER, Signer

AGENT_HOST = "agent.binderops.internal"
_CALL_S = 15
_LOG_PART = 1_000_000
_LOG_MOST = 20_000_000


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

    async def work(self, agent_url: str, binder: str, *, cert_sha256: str = "") -> Work:
        """The files that are new or changed since the binder was ready."""
        _, body = await self._call(agent_url, binder, "GET", "/_binder/work", cert_sha256=cert_sha256)
        try:
            files, size_bytes, left_out = (_amount(n) for n in json.loads(body)["work"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _silent("it does not say what was changed") from error
        return Work(files=files + left_out, size_bytes=size_bytes, left_out=left_out)

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


def _amount(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError("no amount")
    return value


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
