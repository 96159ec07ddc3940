"""The way to a stranger's server: https alone, each address checked before it is connected to, and that very one used.

Redirects are followed here, each target checked as the first one was. No proxy is used: it would look names up by itself.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
import time
from pathlib import Path
from typing import Any, Callable, Optional, Sequence, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from ..addresses import is_literal, is_public_text, plain_host
from ..causes import Cause, FailedError
from ..orders import Source

_MOST_REDIRECTS = 5
_MOST_TRIES = 3
_MOST_JSON = 16 << 20
_CHUNK = 1 << 18
_PATIENCE_S = 60.0  # for a server that says nothing; the whole has its own limit
_HEADERS = {"User-Agent": "binderops", "Accept-Encoding": "identity"}
T = TypeVar("T")
_BUSY = (429, 500, 502, 503, 504)


class BusyError(Exception):
    """A server that may answer later."""

    def __init__(self, words: str, wait_s: float = 2.0) -> None:
        super().__init__(words)
        self.wait_s = wait_s


class Client:
    """Asks what one source needs."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def json(self, url: str, method: str = "GET") -> Any:
        """The JSON that a site answers. Raises `FailedError`."""

        def read(answer: http.client.HTTPResponse) -> Any:
            body = answer.read(_MOST_JSON + 1)
            if len(body) > _MOST_JSON:
                raise ValueError("it is too long")
            return json.loads(body)

        try:
            return self._patiently(url, method, read)
        except (ValueError, RecursionError) as error:
            raise FailedError(
                Cause("record-unreadable", f"{url} answers in a form that is not understood ({error}).",
                      "Press Retry; if it happens again, tell whoever runs the bot.")
            ) from error  # fmt: skip

    def download(self, url: str, path: Path, most: int, algorithm: str = "sha256") -> tuple[int, str]:
        """Write what is at the URL into a file; its length and digest. Raises `FailedError` for more than ``most`` bytes.

        Old links still say http where their sites have https by now.
        """
        if url.startswith("http://") and not self._source.exempts(url):
            url = "https://" + url.partition("://")[2]

        def read(answer: http.client.HTTPResponse) -> tuple[int, str]:
            digest, length = hashlib.new(algorithm), 0
            with open(path, "wb") as file:
                while chunk := answer.read(_CHUNK):
                    length += len(chunk)
                    if length > most:
                        raise too_large(url, most)
                    digest.update(chunk)
                    file.write(chunk)
            if answer.length:  # what was announced and did not come
                raise BusyError("it ended too early")
            return length, digest.hexdigest()

        return self._patiently(url, "GET", read)

    def _patiently(self, url: str, method: str, read: Callable[[http.client.HTTPResponse], T]) -> T:
        for tried in range(1, _MOST_TRIES + 1):
            try:
                return self._once(url, method, read)
            except (BusyError, http.client.HTTPException, OSError) as error:  # noqa: PERF203  # tries are few
                if isinstance(error, OSError) and error.errno == 28:
                    raise FailedError(
                        Cause("disk-full", "The disk is full.", "Choose a flavor with a larger disk.")
                    ) from error
                if tried == _MOST_TRIES:
                    words = f"{_host(url)} did not answer: {str(error) or type(error).__name__}."
                    raise FailedError(Cause("network", words, "Press Retry in a few minutes.")) from error
                print(f"{_host(url)}: {error}; asked again", flush=True)
                time.sleep(getattr(error, "wait_s", 2.0))
        raise AssertionError("the last try returns or raises")

    def _once(self, url: str, method: str, read: Callable[[http.client.HTTPResponse], T]) -> T:
        asked = url
        for _ in range(_MOST_REDIRECTS + 1):
            connection = self._connection(url)
            try:
                connection.request(method, _target(url), headers=_HEADERS)
                answer = connection.getresponse()
                location = answer.getheader("Location") if answer.status // 100 == 3 else None
                if not location:
                    _check_status(answer, asked)
                    return read(answer)
            finally:
                connection.close()
            url, method = _joined(url, location), "GET"
        raise refused(asked, "it redirects again and again")

    def _connection(self, url: str) -> http.client.HTTPConnection:
        """A connection to the checked address. Raises `FailedError` ``source-refused``."""
        _joined(url, "")  # or it can be taken apart nowhere below
        scheme, found = urlsplit(url).scheme, plain_host(url)
        if self._source.rules.denies(url):
            raise FailedError(
                Cause("source-not-allowed", f"{url} may not be fetched here.", self._source.rules.hint)
            )
        if self._source.exempts(url) and found and scheme in ("http", "https"):
            kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
            return kind(found[0], found[1], timeout=_PATIENCE_S)
        if scheme != "https":
            raise refused(url, "it is no https address")
        if found is None:
            raise refused(url, "it does not name its host plainly")
        return Pinned(found, checked(url, *found))


class Pinned(http.client.HTTPSConnection):
    """Connects to the checked address, and shows the host's name to whoever answers there."""

    def __init__(self, place: tuple[str, int], address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(*place, timeout=_PATIENCE_S, context=self._tls)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)


def checked(url: str, host: str, port: int) -> str:
    """The address to connect to, from the one lookup that there is of the host."""
    if is_literal(host):
        return chosen(url, [host])
    return chosen(
        url, [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    )


def chosen(url: str, found: Sequence[str]) -> str:
    """One of a host's addresses; refused if any of them is not public."""
    for address in found:
        if not is_public_text(address):
            raise refused(url, f"{address} is no public address")
    return next((a for a in found if ":" not in a), found[0])  # many instances have no way out by IPv6


def refused(url: str, why: str) -> FailedError:
    return FailedError(
        Cause("source-refused", f"{url[:300]} may not be fetched from here: {why}.", "Give an https address of a public host.")
    )  # fmt: skip


def too_large(what: str, most: int, size: Optional[int] = None) -> FailedError:
    has = f"has {-(-size >> 20)} MiB" if size is not None else "is larger"
    return FailedError(
        Cause("source-too-large", f"{what} {has}; at most {most >> 20} MiB may be fetched.",
              "Launch a smaller source and download large data in postBuild or in the notebook.")
    )  # fmt: skip


def _check_status(answer: http.client.HTTPResponse, url: str) -> None:
    if answer.status in _BUSY:
        wait = answer.getheader("Retry-After") or ""
        raise BusyError(
            f"it answers with status {answer.status}", min(60.0, float(wait)) if wait.isdigit() else 2.0
        )
    if answer.status // 100 != 2:
        raise FailedError(
            Cause("record-gone", f"{url} cannot be read any more: status {answer.status}.",
                  "It may have been withdrawn or closed: open the record's page in a private browser window.")
        )  # fmt: skip


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; refused where that is no address at all."""
    try:
        whole = urljoin(url, location)
        urlsplit(whole)
    except ValueError as error:
        raise refused(location or url, str(error)) from error
    return whole


def _target(url: str) -> str:
    """What is asked for of the host; sites write some characters as they are that must not be."""
    parts = urlsplit(url)
    asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return quote(asked, safe="/?%:@!$&'()*+,;=~-._[]")


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
