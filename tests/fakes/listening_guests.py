"""Guests that take the bot's calls and people's tickets by the agent's own code, without a process and without a build."""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from provisioning.clouds import Address
from provisioning.guest.calls import Calls
from provisioning.guest.handed import Handed
from provisioning.guest.job import Endpoint
from provisioning.guest.logbook import Logbook
from provisioning.guest.orders import parse
from provisioning.guest.processes import Children
from provisioning.guest.reports import Reports
from provisioning.guest.standing import Config
from provisioning.guest.tickets import RefusedError, Verifier
from provisioning.guest.web import Asked
from provisioning.guest.work import Work
from provisioning.launch_spec import Limits, launch_json
from provisioning.model import Binder
from provisioning.tickets import Signer
from tests.strategies import a_plan

_NOWHERE = Address(
    public_url="http://b.localhost:1", agent_url="http://127.0.0.1:1", listen="127.0.0.1:1", tls="off"
)


class ListeningGuest:
    """One guest, born with these public keys. ``is_away``: it answers no call."""

    def __init__(
        self, state: Path, binder: Binder, keys: Sequence[str], clock: Callable[[], datetime]
    ) -> None:
        state.mkdir()
        self.is_away = False
        self.clock = clock
        self.orders = parse(
            launch_json(
                binder, a_plan(), _NOWHERE, deployment="test", runtime="venv", bot_keys=keys, allow_exact=(),
                limits=Limits(),
            )
        )  # fmt: skip
        self.config = Config(state, self.orders)
        self.verifier = Verifier(
            state, Children(str(state)), dict(os.environ), lambda: self.clock().timestamp()
        )
        log = Logbook(state / "log")
        self.calls = Calls(
            self.orders, self.config, self.verifier, Reports(state / "reports", log, console=lambda _: None), log,
            Endpoint(1, ""), Handed(), Work(state / "work.json"), lambda: None,
        )  # fmt: skip

    @property
    def knows(self) -> tuple[str, ...]:
        """The public keys that it takes."""
        return self.config.now.keys

    def lets_in(self, signer: Signer) -> bool:
        """Whether a ticket that is signed so now opens it."""
        return self.takes(self.ticket(signer))

    def ticket(self, signer: Signer) -> str:
        return signer.ticket(
            binder=self.orders.binder, team="T1", user="U1", to="/lab", epoch=0, now=self.clock()
        )

    def takes(self, ticket: str) -> bool:
        """Whether this ticket opens it now."""
        try:
            self.verifier.ticket(ticket, self.orders.binder, self.knows, self.config.now.epoch)
        except RefusedError:
            return False
        return True

    async def answer(self, request: web.Request) -> web.Response:
        if self.is_away:
            return web.Response(status=503)
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.path_qs, headers, await request.read())
        said = await asyncio.to_thread(self.calls.answer, asked)
        return web.Response(status=said.status, body=said.body, content_type=said.kind.partition(";")[0])


def served(guest: ListeningGuest) -> TestServer:
    """Its HTTP server on loopback, to be started."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", guest.answer)
    return TestServer(app)
