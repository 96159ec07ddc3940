"""The way to the app, whichever it has: Socket Mode, or HTTP where it has a request URL."""

from dataclasses import dataclass

from bot.playground.http_mode import HttpMode
from bot.playground.shapes import Json
from bot.playground.socket_mode import SocketMode


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What people do goes through here."""

    socket: SocketMode
    http: HttpMode

    @property
    def is_connected(self) -> bool:
        """Whether the app would get what is sent now."""
        return self._way.is_connected

    def send(self, kind: str, payload: Json) -> None:
        """Deliver a payload; nobody waits for the answer."""
        self._way.send(kind, payload)

    async def ask(self, kind: str, payload: Json) -> Json:
        """Deliver what a person did and return the app's answer. Raises ``dispatch_failed``, ``operation_timeout``."""
        return await self._way.ask(kind, payload)

    @property
    def _way(self) -> SocketMode | HttpMode:
        return self.http if self.http.request_url else self.socket
