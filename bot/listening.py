"""A small web server of this process on an address that the operator names: Slack's requests, the operator's questions."""

from dataclasses import dataclass
from typing import Self

from aiohttp import web

from provisioning.errors import RefusedError

_GRACE_S = 5.0  # for requests that are under way when the process stops


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``HOST:PORT``, an IPv6 host in brackets. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isdecimal() or int(port) > 65535:
            raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:9464")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Server:
    """Serves an application; ``url`` is set once it listens."""

    def __init__(self, app: web.Application, address: Address, *, option: str) -> None:
        self._address = address
        self._option = option
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_S)
        self.url = ""

    async def start(self) -> None:
        """Listen. Raises `RefusedError` (``cannot-listen``) where the address cannot be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._address.host, self._address.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise RefusedError(
                "cannot-listen",
                f"Cannot listen on {self._address}: {error.strerror or type(error).__name__}.",
                f"Stop what uses it, or name another address: {self._option} HOST:PORT.",
            ) from error
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{Address(host, port)}"

    async def stop(self) -> None:
        """Take no new request, let the running ones end."""
        await self._runner.cleanup()
