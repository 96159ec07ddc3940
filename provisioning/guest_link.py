"""The bot's calls to guests: signed, over the pinned certificate, and what a guest answers, parsed strictly."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from provisioning.errors import TemporaryError
from provisioning.model import Failure, Interface, Report
from provisioning.tickets import SIGNATURE_HEADER, Signer

AGENT_HOST = "agent.binderops.internal"
_CALL_S = 15
_LOG_PART = 1_000_000
_LOG_MOST = 20_000_000


class GuestLink:
    """Speaks to any guest. Raises `TemporaryError` (``guest-silent``) where one does not answer as it should."""

    def __init__(self, session: aiohttp.ClientSession, signer: Signer, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._signer = signer
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
            return [report_from_json(item) for item in json.loads(body)["reports"]]
        except (ValueError, KeyError, TypeError) as error:
            raise _silent("it answers something else than reports") from error

    async def log(self, agent_url: str, binder: str, *, cert_sha256: str = "") -> str:
        """The guest's whole log, at most its newest 20 MB."""
        parts: list[bytes] = []
        offset, size = 0, 1
        while offset < min(size, _LOG_MOST):
            path = f"/_binder/log?offset={offset}"
            headers, part = await self._call(agent_url, binder, "GET", path, cert_sha256=cert_sha256)
            size = int(headers.get("Binderops-Log-Size", "0"))
            if not part:
                break
            parts.append(part)
            offset += len(part)
        return b"".join(parts).decode(errors="replace")

    async def activity(self, agent_url: str, binder: str, *, cert_sha256: str = "") -> Mapping[str, Any]:
        """When somebody last did something: ``last``, ``connections``, ``kernels``."""
        _, body = await self._call(agent_url, binder, "GET", "/_binder/activity", cert_sha256=cert_sha256)
        return dict(json.loads(body))

    async def reaches_people(self, public_url: str) -> bool:
        """Whether the public address is answered by the guest's own gate, which lets nobody in without a ticket."""
        url, host = _connectable(public_url)
        try:
            async with self._session.get(
                url + "/",
                headers={"Host": host},
                allow_redirects=False,
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
        signature = self._signer.signature(
            binder=binder, method=method, path=path, body=body, now=self._clock()
        )
        headers = {"Host": AGENT_HOST, SIGNATURE_HEADER: signature}
        pinned: Any = aiohttp.Fingerprint(bytes.fromhex(cert_sha256)) if cert_sha256 else True
        try:
            async with self._session.request(
                method, agent_url + path, data=body or None, headers=headers, ssl=pinned, allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s), server_hostname=AGENT_HOST if cert_sha256 else None,
            ) as answer:  # fmt: skip
                content = await _whole(answer.content)
                if answer.status != 200:
                    raise _silent(f"it answers {answer.status}")
                return dict(answer.headers), content
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _silent(type(error).__name__) from error


def report_from_json(value: Mapping[str, Any]) -> Report:
    """A report as the agent writes it; unknown keys are passed over. Raises ``ValueError`` where it is none."""
    try:
        step = value.get("step")
        failure = value.get("failure")
        return Report(
            n=int(value["n"]),
            at=datetime.fromisoformat(str(value["t"])),
            phase=str(value["phase"]),
            message=str(value.get("msg", "")),
            step=(int(step[0]), int(step[1])) if step else None,
            cert_sha256=str(value.get("cert_sha256", "")),
            interfaces=tuple(
                Interface(name=str(i["name"]), title=str(i["title"]), path=str(i["path"]))
                for i in value.get("interfaces", ())
            ),
            failure=_failure(failure) if failure else None,
            note=str(value.get("note", "")),
            open_path=str(value.get("open_path", "")),
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"no report: {error}") from error


def _failure(value: Mapping[str, Any]) -> Failure:
    return Failure(
        code=str(value["code"]), message=str(value["message"]), hint=str(value.get("hint", "")),
        lines=tuple(str(line) for line in value.get("lines", ())), step=str(value.get("step", "")),
    )  # fmt: skip


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


def _silent(why: str) -> TemporaryError:
    return TemporaryError(
        "guest-silent", f"The instance's agent does not answer ({why}).", "It is asked again."
    )
