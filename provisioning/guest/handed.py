"""The token of a private repository: handed over by the bot, in memory alone, and gone once the fetch ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Sequence

from .causes import Cause, FailedError
from .orders import BadOrdersError

_REFUSED = ("Authentication failed", "could not read Username", "returned error: 401", "returned error: 403")


@dataclass(frozen=True)
class Token:
    """What opens a repository."""

    authorization: str = field(repr=False)  # the header's value; empty: the bot has none any more
    refused: Cause  # what to say where the host does not take it

    def environment(self, url: str) -> Mapping[str, str]:
        """Git's setting for this very URL: never in an argument, nor in the repository's configuration."""
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {self.authorization}",
        }

    def check(self, lines: Sequence[str]) -> None:
        """Raises `FailedError` where these words of git's say that it was refused."""
        if any(words in line for words in _REFUSED for line in lines):
            raise FailedError(self.refused)


class Handed:
    """Takes a token from the bot, while one is awaited."""

    def __init__(self) -> None:
        self._is_awaited = False
        self._token: Optional[Token] = None

    def put(self, value: Any) -> None:
        """From the bot; twice is as good as once. Raises `BadOrdersError`."""
        try:
            told = value["refused"]
            cause = Cause(str(told["code"]), str(told["message"]), str(told["hint"]))
            token = Token(str(value["authorization"]), cause)
        except (KeyError, TypeError):
            raise BadOrdersError("authorization and refused are needed") from None
        if not self._is_awaited:
            raise BadOrdersError("no token is awaited")
        self._token = token

    def wait(self, say: Callable[[], None], pause: Callable[[float], None]) -> Token:
        """The token, once it is there. ``say`` tells that it is awaited. Raises `FailedError` where the bot has none."""
        self._is_awaited = True
        say()
        while self._token is None:
            pause(0.2)
        token, self._token, self._is_awaited = self._token, None, False
        if not token.authorization:
            raise FailedError(token.refused)
        return token
