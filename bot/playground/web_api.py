"""``POST /api/<method>``: token, scope, rate and the set faults, then the method. Knows no method by what it does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.playground.arguments import arguments_of, token_of
from bot.playground.faults import Fault, Faults
from bot.playground.methods import METHODS, Method
from bot.playground.rates import Rates
from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.site import Site

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class WebApi:
    """The Web API over a site."""

    site: Site
    rates: Rates
    faults: Faults

    def routes(self) -> list[web.RouteDef]:
        """Slack takes GET for each method too."""
        return [web.post("/api/{method}", self._call), web.get("/api/{method}", self._call)]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]

        async def run() -> web.Response:
            try:
                answer = self._run(name, request, await arguments_of(request))
            except SlackError as error:
                log.info("refused method=%s error=%s", name, error.error)
                if error.error == "ratelimited":
                    return limited(int(str(error.more["retry_after"])))
                return web.json_response(error.answer())
            return web.json_response({"ok": True, **answer}, headers=self._granted())

        return await with_fault(request, self._fault(name), run)

    def _granted(self) -> dict[str, str]:
        """What Slack says with each answer: the scopes that the app was installed with."""
        scopes = self.site.app.scopes
        return {} if scopes is None else {"x-oauth-scopes": ",".join(sorted(scopes))}

    def _fault(self, name: str) -> Fault | None:
        fault = self.faults.take(name)
        if fault:
            self.site.changes.note("faults")
        return fault

    def _run(self, name: str, request: web.Request, call: Json) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._authorize(method, token_of(request, call))
        self.site.app.needs_one_of(method.scopes if method.token == "bot" else ())  # noqa: S105  a kind of token
        now = self.site.workspace.now()
        wait = self.rates.wait_for(name, method.tier, str(call.get("channel", "")), now)
        if wait is not None:
            raise SlackError("ratelimited", retry_after=wait)
        call.pop("token", None)
        return method.run(self.site, call)

    def _authorize(self, method: Method, token: str) -> None:
        if method.token == "none":  # noqa: S105  a kind of token
            return
        if not token:
            raise SlackError("not_authed")
        known = {"bot": self.site.app.bot_token, "app": self.site.app.app_token}
        if token not in known.values():
            raise SlackError("invalid_auth")
        if token != known[method.token]:
            raise SlackError("not_allowed_token_type")


def limited(retry_after: int) -> web.Response:
    """The answer of a full bucket."""
    return web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(retry_after)}
    )


async def with_fault(
    request: web.Request, fault: Fault | None, run: Callable[[], Awaitable[web.Response]]
) -> web.Response:
    """Answer with what ``run`` gives, broken as the fault says; 429 and 500 have no effect on the workspace."""
    match fault.kind if fault else "":
        case "429" if fault:
            return limited(fault.retry_after)
        case "500":
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        case "slow" if fault:
            await asyncio.sleep(fault.seconds)
            return await run()
        case "cut":
            answer = await run()
            if request.transport:
                request.transport.abort()
            return answer
        case _:
            return await run()
