"""What a browser can open: only what answers, asked for as a browser would, through Caddy and the gate."""

from __future__ import annotations

import http.client
import re
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence
from urllib.parse import quote, urljoin, urlsplit

from .orders import Orders

_TIMEOUT_S = 60  # the first request starts a proxied program
_MOST_REDIRECTS = 5
_MOST_PROXIED = 12


@dataclass(frozen=True)
class Interface:
    """One thing to open."""

    name: str
    title: str
    path: str

    def as_json(self) -> Mapping[str, str]:
        """As it stands in a report."""
        return vars(self)


FIXED = (
    Interface("lab", "JupyterLab", "/lab"),
    Interface("notebook", "Notebook", "/tree"),
    Interface("voila", "Voila", "/voila"),
    Interface("nteract", "nteract", "/nteract"),
    Interface("terminal", "Terminal", "/terminals/1"),
)
# What jupyter-server-proxy's entries are called, by the names that the usual packages register.
_KNOWN = {
    "rstudio": ("rstudio", "RStudio"),
    "shiny": ("shiny", "Shiny"),
    "vscode": ("vscode", "VS Code"),
    "code-server": ("vscode", "VS Code"),
    "openvscode": ("vscode", "VS Code"),
    "desktop": ("desktop", "Desktop"),
    "pluto": ("pluto", "Pluto"),
    "streamlit": ("streamlit", "Streamlit"),
}

Get = Callable[[str], bool]


def candidates(proxied: Sequence[Mapping[str, Any]]) -> list[Interface]:
    """All that could answer, in the order of their buttons. ``proxied``: what jupyter-server-proxy lists."""
    found = list(FIXED[:-1])
    for entry in proxied[:_MOST_PROXIED]:
        launcher = entry.get("launcher_entry") or {}
        if launcher.get("enabled") is False:
            continue
        raw = str(entry["name"])
        fallback = (
            "app-" + re.sub(r"[^a-z0-9]+", "-", raw.lower()).strip("-"),
            str(launcher.get("title") or raw),
        )
        name, title = _KNOWN.get(raw.lower(), fallback)
        # These programs want their trailing slash; path_info may name a page below it.
        inner = str(launcher.get("path_info") or f"{raw}/").lstrip("/")
        found.append(Interface(name, title[:60], "/" + quote(inner, safe="/?&=%")))
    found.append(FIXED[-1])
    names = [i.name for i in found]
    return [i for place, i in enumerate(found) if i.name not in names[:place]]


def answering(all_of_them: Sequence[Interface], get: Get) -> list[Interface]:
    """Those that answer, in the same order."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(lambda interface: get(interface.path), all_of_them))
    return [interface for interface, is_there in zip(all_of_them, answers) if is_there]


class Browser:
    """Opens pages through Caddy as a person's browser would, with a cookie of the agent's own."""

    def __init__(self, orders: Orders, cookie: Callable[[], str]) -> None:
        self._orders = orders
        self._cookie = cookie
        host, _, port = orders.listen.rpartition(":")
        self._host = "127.0.0.1" if host in ("", "0.0.0.0", "[::]") else host.strip("[]")  # noqa: S104  # compared
        self._port = int(port)

    def get(self, path: str) -> bool:
        """Whether a page is there: 200 after redirects on this site, which may set cookies (RStudio's sign-in does)."""
        cookies = {self._orders.cookie_name: self._cookie()}
        for _ in range(_MOST_REDIRECTS):
            try:
                status, location = self._once(path, cookies)
            except (OSError, http.client.HTTPException, ValueError):
                return False
            if status not in (301, 302, 303, 307, 308):
                return status == 200
            parts = urlsplit(urljoin(self._orders.origin + path, location))
            if parts.netloc.lower() != urlsplit(self._orders.origin).netloc:
                return False
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        return False

    def _once(self, path: str, cookies: dict[str, str]) -> tuple[int, str]:
        headers = {
            "Host": urlsplit(self._orders.public_url).netloc,
            "Cookie": "; ".join(map("=".join, cookies.items())),
            "Sec-Fetch-Site": "none",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
            "Accept": "text/html",
        }
        with closing(self._connect()) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                cookies[name.strip()] = value
            return answer.status, answer.getheader("Location", "")

    def _connect(self) -> http.client.HTTPConnection:
        if not self._orders.issuers:
            return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
        # Our own Caddy on our own loopback, with a certificate of its own authority.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT_S, context=context)
