"""A small Slack over real HTTP for the outbox: keeps messages, and fails on command as Slack and networks do."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Fault:
    """What happens to the next call of ``method``: refused before, or cut after it took effect."""

    method: str
    status: int = 200
    error: str = ""
    retry_after: int | None = None
    cut_after_effect: bool = False
    holds: bool = False  # takes effect, sets `reached`, answers only after `release`


@dataclass
class FakeSlack:
    """``calls`` is what arrived, in order: (method, arguments)."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _ticks: int = 1_772_442_000_000_000  # just after the tests' clock
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/api/{method}", self._api)
        app.router.add_post("/respond", self._respond)
        app.router.add_post("/upload", self._upload)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self.release.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == method]

    def texts(self) -> list[str]:
        return [m["text"] for m in self.messages.values()]

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append((method, arguments))
        fault = self._fault(method)
        if fault is not None and not fault.cut_after_effect and not fault.holds:
            return _faulty(fault)
        answer = getattr(self, "_" + method.replace(".", "_"))(arguments)
        if fault is not None and fault.holds:
            self.reached.set()
            await self.release.wait()
        elif fault is not None:
            assert request.transport is not None
            request.transport.close()
        return web.json_response(answer)

    async def _respond(self, request: web.Request) -> web.Response:
        fault = self._fault("respond")
        if fault is not None and fault.holds:
            self.reached.set()
            await self.release.wait()
        elif fault is not None:
            return web.Response(status=fault.status, text=fault.error)
        self.responses.append(await request.json())
        return web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="ok")

    def _fault(self, method: str) -> Fault | None:
        found = next((f for f in self.faults if f.method == method), None)
        if found is not None:
            self.faults.remove(found)
        return found

    def _new_ts(self) -> str:
        self._ticks += 1_000_000
        return f"{self._ticks // 1_000_000}.{self._ticks % 1_000_000:06d}"

    def _chat_postMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  Slack's name
        ts = self._new_ts()
        self.messages[ts] = {**arguments, "ts": ts}
        return {"ok": True, "ts": ts, "channel": arguments["channel"]}

    def _chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["ts"] not in self.messages:
            return {"ok": False, "error": "message_not_found"}
        self.messages[arguments["ts"]].update(arguments)
        return {"ok": True, "ts": arguments["ts"]}

    def _chat_postEphemeral(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  Slack's name
        return {"ok": True, "message_ts": self._new_ts()}

    def _conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "messages": [m for m in self.messages.values() if not m.get("thread_ts")]}

    def _conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = [m for m in self.messages.values() if m.get("thread_ts") == arguments["ts"]]
        return {"ok": True, "messages": found}

    def _files_getUploadURLExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  Slack's name
        return {"ok": True, "upload_url": f"{self.url}/upload", "file_id": "F1"}

    def _files_completeUploadExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  Slack's name
        ts = self._new_ts()
        files = [{"id": f["id"], "title": f["title"]} for f in json.loads(arguments["files"])]
        self.messages[ts] = {
            "ts": ts,
            "thread_ts": arguments["thread_ts"],
            "text": files[0]["title"],
            "files": files,
        }
        return {"ok": True, "files": files}


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        sent = await request.json()
    else:
        sent = {**request.query, **{k: str(v) for k, v in (await request.post()).items()}}
    parsed = {n: json.loads(sent[n]) for n in ("blocks", "metadata") if isinstance(sent.get(n), str)}
    return {**sent, **parsed}


def _faulty(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.json_response({"ok": False, "error": fault.error}, status=fault.status, headers=headers)
