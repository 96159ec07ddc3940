"""Who may pass the gate: the cookie, and the rules for where a request comes from. Pure.

Jupyter's token, which the gate adds, switches Jupyter's own checks off; these stand in their place.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Mapping, Optional

from .orders import unpadded

LIFETIME_S = 12 * 3600
_SAFE = ("GET", "HEAD", "OPTIONS")
_OURS = ("binderops-", "__host-binderops-")


@dataclass(frozen=True)
class Visit:
    """One request as far as the gate looks at it; header names in lower case."""

    method: str
    headers: Mapping[str, str]

    @property
    def is_upgrade(self) -> bool:
        """Whether it asks for a websocket, or any other protocol that has no methods."""
        return bool(self.headers.get("upgrade")) or self.method == "CONNECT"


def objection(visit: Visit, origin: str) -> str:
    """Why this request may not pass for where it comes from; empty where it may. ``origin``: the people's own."""
    site = visit.headers.get("sec-fetch-site", "")
    is_navigation = (
        visit.method == "GET"
        and not visit.is_upgrade
        and visit.headers.get("sec-fetch-mode") == "navigate"
        and visit.headers.get("sec-fetch-dest") == "document"
    )
    if site not in ("", "same-origin", "none") and not is_navigation:
        return "It comes from another site."
    if (visit.is_upgrade or visit.method not in _SAFE) and visit.headers.get("origin", "").lower() != origin:
        return "It does not come from this site's own pages."
    return ""


def entering_objection(headers: Mapping[str, str], origin: str) -> str:
    """The same for handing in a ticket, whose page has no referrer: browsers send Origin ``null`` from there."""
    site = headers.get("sec-fetch-site", "")
    if site:
        return "" if site == "same-origin" else "It comes from another site."
    return "" if headers.get("origin", "null").lower() in (origin, "null") else "It comes from another site."


def make_cookie(key: bytes, binder: str, person: str, epoch: int, now: float) -> str:
    """The cookie's value for a person who was let in now."""
    body = json.dumps({"p": person, "e": epoch, "t": int(now)}, separators=(",", ":")).encode()
    head = _padless(body)
    return f"{head}.{_mac(key, binder, head)}"


def person_of(value: str, key: bytes, binder: str, epoch: int, now: float) -> Optional[str]:
    """Whose cookie this is; None where it is not ours, of another epoch, or older than 12 h."""
    head, _, mac = value.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(key, binder, head).encode()):
        return None
    try:
        body = json.loads(unpadded(head))
        person, of_epoch, issued = str(body["p"]), int(body["e"]), int(body["t"])
    except (ValueError, KeyError, TypeError):
        return None
    # A minute of the future: the machine's clock may have been set back.
    return person if of_epoch == epoch and -60 <= now - issued <= LIFETIME_S else None


def cookie_named(name: str, header: str) -> str:
    """The value of one cookie in a Cookie header; empty where it is not there."""
    for part in header.split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return ""


def without_ours(header: str) -> str:
    """The Cookie header that the person's programs may see: none of the gates' cookies, ours or another's."""
    kept = [part.strip() for part in header.split(";")]
    return "; ".join(part for part in kept if part and not part.lower().startswith(_OURS))


def set_cookie(name: str, value: str, *, is_secure: bool) -> str:
    """The Set-Cookie header. Raises ``ValueError`` for what is no cookie."""
    try:
        cookie: SimpleCookie = SimpleCookie()
        cookie[name] = value
    except CookieError as error:
        raise ValueError(str(error)) from error
    secure = "; Secure" if is_secure else ""
    return f"{cookie[name].OutputString()}; Path=/; Max-Age={LIFETIME_S}; HttpOnly; SameSite=Lax{secure}"


def _mac(key: bytes, binder: str, head: str) -> str:
    return _padless(hmac.new(key, f"{binder}.{head}".encode(), hashlib.sha256).digest())


def _padless(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
