"""The people's side of the gate: the way in by a ticket, and the question that Caddy asks about each request."""

from __future__ import annotations

import html
import re
import secrets
import time
from dataclasses import dataclass
from typing import Callable, Optional
from urllib.parse import parse_qs, urlsplit

from . import gate
from .job import Endpoint
from .orders import Orders
from .processes import TooLongError
from .standing import Config
from .tickets import RefusedError, Verifier
from .web import Answer, Asked
from .work import MOST_MIB, Work

ENTER, WORK = "/_binder/enter", "/_binder/work"
ASK = "/auth"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem;color:#1d1c1d;background:#fff}"
    "button{font:inherit;padding:.5rem 1rem;border:0;border-radius:6px;background:#0b57d0;color:#fff}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}}"
)


@dataclass(frozen=True)
class People:
    """Answers browsers. ``person`` in the cookie is ``team:user``."""

    orders: Orders
    config: Config
    verifier: Verifier
    key: bytes
    endpoint: Endpoint
    work: Work
    clock: Callable[[], float] = time.time

    def answer(self, asked: Asked) -> Answer:
        """Whatever came from the people's site."""
        path = urlsplit(asked.path).path
        if path == ASK:
            return self._may_pass(asked)
        if path == WORK and asked.method == "GET":
            return self._refusal(asked) or self._work(asked)
        if path != ENTER:
            return Answer(404)
        if asked.method in ("GET", "HEAD"):
            return self._door(asked)
        return (
            self._enter(asked)
            if asked.method == "POST"
            else Answer(405, headers={"Allow": "GET, HEAD, POST"})
        )

    def cookie_for(self, person: str) -> str:
        """A cookie's value, as a person gets it who enters now."""
        return gate.make_cookie(self.key, self.orders.binder, person, self.config.now.epoch, self.clock())

    def _may_pass(self, asked: Asked) -> Answer:
        """Caddy's question. 200 carries the two headers that the request goes on with."""
        if refused := self._refusal(asked):
            return refused
        passed = {"Authorization": f"token {self.endpoint.token}"}
        if rest := gate.without_ours(asked.headers.get("cookie", "")):
            passed["Cookie"] = rest
        return Answer(200, headers=passed)

    def _refusal(self, asked: Asked) -> Optional[Answer]:
        cookies = asked.headers.get("cookie", "")
        value = gate.cookie_named(self.orders.cookie_name, cookies)
        epoch, now = self.config.now.epoch, self.clock()
        if gate.person_of(value, self.key, self.orders.binder, epoch, now) is None:
            words = "Press <b>Open</b> in the Slack thread of this environment: its private link lets you in."
            return _page(401, "This environment is private", f"<p>{words}</p>")
        visit = gate.Visit(asked.headers.get("x-forwarded-method", "GET"), asked.headers)
        objection = gate.objection(visit, self.orders.origin)
        if objection:
            return _page(403, "Not from here", f"<p>{html.escape(objection)}</p>")
        return None

    def _work(self, asked: Asked) -> Answer:
        """How much it is; the archive, where the page's button was pressed."""
        try:
            count, size, left_out = self.work.look()
        except (OSError, TooLongError) as error:
            words = html.escape(str(error)) or "it takes too long"
            return _page(503, "Not now", f"<p>The files cannot be read: {words}.</p>")
        if count and urlsplit(asked.path).query:
            name = re.sub(
                "[^A-Za-z0-9.]+", "-", f"{self.orders.title[:80]} {self.orders.source.short_id}"
            ).strip("-.")
            headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
            return Answer(200, b"", "application/zip", headers, lambda to: self.work.write(to, name))
        body = f"<p>{count or 'No'} files are new or changed since this environment was ready: {size / 2**20:.1f} MiB.</p>"
        if left_out:
            body += f"<p>{left_out} more do not fit into {MOST_MIB} MiB and are left out.</p>"
        if count:
            body += '<form><button name="zip">Download</button></form>'
        return _page(200, "Your work", body)

    def _door(self, asked: Asked) -> Answer:
        """A page that hands the ticket in by itself: what only looks at links does not use them up."""
        ticket = parse_qs(urlsplit(asked.path).query).get("ticket", [""])[0]
        nonce = secrets.token_urlsafe(16)
        body = (
            f'<form method="post" action="{ENTER}"><input type="hidden" name="ticket" value="{html.escape(ticket)}">'
            f"<p>One moment.</p><button>Open {html.escape(self.orders.title)}</button></form>"
            f'<script nonce="{nonce}">document.forms[0].submit()</script>'
        )
        return _page(200, "Opening your environment", body, nonce=nonce)

    def _enter(self, asked: Asked) -> Answer:
        objection = gate.entering_objection(asked.headers, self.orders.origin)
        if objection:
            return _page(403, "Not from here", f"<p>{html.escape(objection)}</p>")
        text = parse_qs(asked.body.decode("latin-1")).get("ticket", [""])[0]
        try:
            now = self.config.now
            ticket = self.verifier.ticket(text, self.orders.binder, now.keys, now.epoch)
        except RefusedError as error:
            words = f"<p>The link does not open: {html.escape(str(error))}.</p><p>Press <b>Open</b> in Slack again.</p>"
            return _page(403, "This link does not open", words)
        cookie = gate.set_cookie(
            self.orders.cookie_name, self.cookie_for(ticket.person), is_secure=self.orders.tls != "off"
        )
        headers = {"Location": ticket.to, "Set-Cookie": cookie, "Referrer-Policy": "no-referrer"}
        return Answer(303, headers=headers)


def _page(status: int, title: str, body: str, *, nonce: str = "") -> Answer:
    style_nonce = nonce or secrets.token_urlsafe(16)
    script = f"'nonce-{nonce}'" if nonce else "'none'"
    policy = (
        f"default-src 'none'; script-src {script}; style-src 'nonce-{style_nonce}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><style nonce="{style_nonce}">{_STYLE}</style><h1>{title}</h1>{body}</html>'
    )
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return Answer(status, text.encode(), "text/html; charset=utf-8", headers)
