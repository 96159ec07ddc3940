"""Socket Mode: hello, envelopes in turn over the connections, acks, repeats, disconnects.

An envelope without an ack is sent again: when its connection ends, and after ``ack_s`` as often as `Patience` says.
Envelopes wait while no connection is up. Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.playground.faults import Faults
from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.workspace import APP

MOST_CONNECTIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things wait, in seconds."""

    ack_s: float = 3.0  # for an ack, then Slack repeats or tells the person
    offline_s: float = 10.0  # a person's command waits so long for the app to be there
    repeats_s: tuple[float, ...] = (0.0, 60.0, 300.0)  # after each missing ack of an event
    drain_s: float = 2.0  # between a disconnect notice and the end of the connection


@dataclass(slots=True, kw_only=True, eq=False)
class Envelope:
    """One delivery; ``acked`` is done with the ack's payload, or with None where it came too late."""

    kind: str  # slash_commands, interactive, events_api
    payload: Json
    acked: "asyncio.Future[Json | None]"
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    attempts: int = 0  # how often it was sent
    last: "Connection | None" = None

    def frame(self) -> str:
        """As it goes over the wire; an event says which repeat it is."""
        is_event = self.kind == "events_api"
        frame: Json = {
            "envelope_id": self.id,
            "type": self.kind,
            "payload": self.payload,
            "accepts_response_payload": not is_event,
        }
        if is_event:
            frame |= {"retry_attempt": self.attempts, "retry_reason": "timeout" if self.attempts else ""}
        return json.dumps(frame)


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """One websocket of the app."""

    socket: web.WebSocketResponse
    is_draining: bool = False
    unacked: dict[str, Envelope] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SocketMode:
    """The app's connections and what waits for them."""

    site: Site
    faults: Faults
    patience: Patience
    connections: list[Connection] = field(default_factory=list)
    acks: list[Json] = field(default_factory=list)  # every ack as it came, for tests
    _waiting: deque[Envelope] = field(default_factory=deque)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _turn: int = 0

    @property
    def is_connected(self) -> bool:
        """Whether an envelope would go out now."""
        return any(not c.is_draining for c in self.connections)

    def send(self, kind: str, payload: Json) -> Envelope:
        """Deliver a payload as soon as the app is there, two times where the switch for that is set."""
        envelope = self._queue(kind, payload)
        if self.faults.take_twice():
            self.site.changes.note("faults")
            again = self._queue(kind, payload)
            again.attempts = 1
        self._pump()
        return envelope

    def _queue(self, kind: str, payload: Json) -> Envelope:
        envelope = Envelope(kind=kind, payload=payload, acked=asyncio.get_running_loop().create_future())
        self._waiting.append(envelope)
        return envelope

    async def ask(self, kind: str, payload: Json) -> Json:
        """Deliver what a person did and return the ack's payload.

        Raises ``dispatch_failed`` where the app is away for too long, ``operation_timeout`` where no ack came in time.
        """
        envelope = self.send(kind, payload)
        longest = self.patience.offline_s
        while not envelope.acked.done():
            done, _ = await asyncio.wait([envelope.acked], timeout=longest)
            is_out = envelope.last is not None and envelope.id in envelope.last.unacked
            if not done and not is_out:
                self._give_up(envelope)
                raise SlackError("dispatch_failed")
            longest = self.patience.ack_s
        answer = envelope.acked.result()
        if answer is None:
            raise SlackError("operation_timeout")
        return answer

    def _give_up(self, envelope: Envelope) -> None:
        if not envelope.acked.done():
            envelope.acked.set_result(None)

    def _pump(self) -> None:
        while self._waiting and self.is_connected:
            envelope = self._waiting.popleft()
            if envelope.acked.done():
                continue
            connection = self._next_connection(envelope)
            connection.unacked[envelope.id] = envelope
            frame = envelope.frame()
            envelope.attempts += 1
            envelope.last = connection
            self._start(self._deliver(connection, envelope, frame))

    def _next_connection(self, envelope: Envelope) -> Connection:
        ready = [c for c in self.connections if not c.is_draining]
        others = [c for c in ready if c is not envelope.last] or ready
        self._turn += 1
        return others[self._turn % len(others)]

    async def _deliver(self, connection: Connection, envelope: Envelope, frame: str) -> None:
        try:
            await connection.socket.send_str(frame)
        except ConnectionError:
            return  # its end puts the envelope back
        await asyncio.sleep(self.patience.ack_s)
        if connection.unacked.pop(envelope.id, None) is None:
            return
        if envelope.kind != "events_api":
            self._give_up(envelope)
            return
        if envelope.attempts > len(self.patience.repeats_s):
            return
        await asyncio.sleep(self.patience.repeats_s[envelope.attempts - 1])
        self._again(envelope)

    def _again(self, envelope: Envelope) -> None:
        if not envelope.acked.done():
            self._waiting.append(envelope)
            self._pump()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection of the app, until it ends. Its address serves once."""
        ticket = request.match_info["ticket"]
        if ticket not in self.site.tickets:
            raise web.HTTPForbidden(text="invalid_ticket")
        self.site.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(socket=socket)
        self.connections.append(connection)
        try:
            await socket.send_str(self._hello())
            if len(self.connections) > MOST_CONNECTIONS:
                await self._say_goodbye(connection, "too_many_websockets")
            self.site.changes.note("bot")
            self._pump()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take_ack(connection, message.data)
        finally:
            self._lose(connection)
        return socket

    def _hello(self) -> str:
        debug = {"host": "playground", "build_number": 1, "approximate_connection_time": 18060}
        return json.dumps(
            {
                "type": "hello",
                "num_connections": len(self.connections),
                "debug_info": debug,
                "connection_info": {"app_id": APP},
            }
        )

    def _take_ack(self, connection: Connection, text: str) -> None:
        try:
            ack = json.loads(text)
        except json.JSONDecodeError:
            return
        if not isinstance(ack, dict) or "envelope_id" not in ack:
            return
        self.acks.append(ack)
        envelope = connection.unacked.pop(ack["envelope_id"], None)
        if envelope is None or envelope.acked.done():
            return
        payload = ack.get("payload") if envelope.kind != "events_api" else None
        envelope.acked.set_result(payload if isinstance(payload, dict) else {})

    def _lose(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        orphans = list(connection.unacked.values())
        connection.unacked.clear()
        self._waiting.extendleft(reversed(orphans))
        self.site.changes.note("bot")
        self._pump()

    async def disconnect(self, reason: str) -> None:
        """Ask each connection to go; it ends by itself or after a moment."""
        for connection in [c for c in self.connections if not c.is_draining]:
            await self._say_goodbye(connection, reason)

    async def _say_goodbye(self, connection: Connection, reason: str) -> None:
        connection.is_draining = True
        notice = {"type": "disconnect", "reason": reason, "debug_info": {"host": "playground"}}
        await connection.socket.send_str(json.dumps(notice))
        self._start(self._end(connection))

    async def _end(self, connection: Connection) -> None:
        await asyncio.sleep(self.patience.drain_s)
        await connection.socket.close()

    async def stop(self) -> None:
        """End every connection and all waiting."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(c.socket.close() for c in list(self.connections)), return_exceptions=True)
