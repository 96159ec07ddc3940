"""A resolver whose owner means harm: the first answer for every name is a public address, all later ones are this machine."""

import socket
from typing import Any

import pytest

PUBLIC = "140.82.112.3"


class ChangingNames:
    """Stands in for the system's resolver; counts who asks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lookups = 0
        monkeypatch.setattr(socket, "getaddrinfo", self._answer)

    def _answer(self, host: str | None, port: int | str | None, *_: Any, **__: Any) -> list[Any]:
        if host is not None and host.replace(".", "").isdigit():  # an address is no question
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        self.lookups += 1
        address = PUBLIC if self.lookups == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


class NamesOf:
    """Stands in for the system's resolver, as public ones that know every address by a name do: all names have these addresses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self._addresses = addresses
        monkeypatch.setattr(socket, "getaddrinfo", self._answer)

    def _answer(self, host: str | None, port: int | str | None, *_: Any, **__: Any) -> list[Any]:
        del host
        families = [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in self._addresses
        ]
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in families]
