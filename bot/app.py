"""Where Slack comes in. A listener reads, leaves an intent in one short transaction, and acks; it calls nobody before that.

Commands, presses, forms and mentions are the same to the desk. Works over Socket Mode and HTTP alike.
"""

import asyncio
import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError

from bot import effects, intents, launch_form, open_secrets, shortcut, token_form
from bot.arrivals import (
    Arrival,
    mentioned,
    opened_home,
    pressed_in,
    submitted_in,
    thread_of,
    told_directly,
    typed_in,
)
from bot.desk import Desk
from bot.effects import mistaken, refused
from bot.intents import Details
from bot.launch_form import Origin, form, submitted, window
from bot.reading import ACTION, FormWanted, pressed, read
from bot.slack_client import SlackClient
from provisioning.errors import BinderopsError, TemporaryError, UnexpectedError
from provisioning.store.database import Database

log = logging.getLogger(__name__)

COMMAND = "/binder"
EVENTS = ("app_mention", "app_home_opened", "message.im")  # manifest.yml subscribes to exactly these
DATABASE_PATIENCE_S = 2  # Slack waits 3 s for the ack
CONNECTION_PATIENCE_S = 1.5  # the shorter one: who got no connection knows that nothing was done
_ENTER = "binder.enter"  # the link button of a private link: Slack tells of the press too
#: What is left unacked while the database is away: Slack repeats an event, and marks a press as failed. A command and a form have
#: their answer in the ack.
_NOT_ACKED = frozenset({"event_callback", "block_actions"})
_TOKEN = "token"  # noqa: S105  the verb
_FORMS = {  # by callback: the verb, and the field where what nobody expected is told
    launch_form.CALLBACK: ("launch", "repository"),
    token_form.CALLBACK: (_TOKEN, token_form.SECRET),
}


def build_app(desk: Desk, slack: SlackClient, db: Database) -> AsyncApp:
    """The app with all its listeners. It takes what it is given: that it comes from Slack is for the way in to see.

    ``db``: where intents are left. No other work is to keep its connections busy, for Slack does not wait long.
    """

    async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
        # One workspace, one token, known already: asking Slack (auth.test) before the first ack would cost its 3 s.
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=slack.token)

    app = _App(
        slack, authorize=authorize, logger=_bolt_log(),
        request_verification_enabled=False,  # bot.http_mode does it, over the raw bytes
    )  # fmt: skip
    front = _Front(desk, slack, db)
    app.middleware(front.on_event)
    app.command(COMMAND)(front.on_command)
    app.action(ACTION)(front.on_press)
    app.message_shortcut(shortcut.CALLBACK)(front.on_shortcut)
    app.view(ACTION)(front.on_submission)
    app.event(re.compile(""))(_ignore)  # what nobody acks comes again; mentions are stored by the middleware
    app.error(front.on_error)
    return app


class _App(AsyncApp):
    """Bolt's, whose acks the record has too: what they say is shown as an answer by response_url is."""

    def __init__(self, slack: SlackClient, **more: Any) -> None:
        super().__init__(client=slack, **more)
        self._slack = slack

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """As Bolt's, in either mode."""
        response = await super().async_dispatch(req)
        said = response.body
        if self._slack.recorder is not None and response.status == 200 and said:
            self._slack.note("ack", json.loads(said) if said.startswith("{") else {"text": said})
        return response


class _Front:
    """The listeners."""

    def __init__(self, desk: Desk, slack: SlackClient, db: Database) -> None:
        self._desk = desk
        self._db = db
        self._slack = slack

    async def on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """``/binder`` with whatever follows."""
        arrival, text = typed_in(body)
        try:
            wanted = self._read(text)
            if isinstance(wanted, FormWanted):
                await ack()
                await self._open_form(body, arrival, "form")
                return
            if wanted.verb == _TOKEN and wanted.details.token is None:
                await ack()
                await self._open_form(body, arrival, _TOKEN)
                return
            await self._want(arrival, wanted.verb, wanted.details)
        except BinderopsError as error:
            await ack(**_ephemeral(mistaken(error, _state(error))))
            return
        request = wanted.details.request
        await ack(**_ephemeral(effects.say(effects.looking_at(request)))) if request else await ack()

    async def on_press(self, ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        """Any button of ours."""
        if action["action_id"] == _ENTER:
            await ack()
            return
        wanted = pressed(str(action["action_id"]), str(action.get("value") or ""))
        arrival = pressed_in(body)
        if wanted.verb in ("form", _TOKEN):
            await ack()
            await self._open_form(body, arrival, wanted.verb)
            return
        try:
            await self._want(arrival, wanted.verb, wanted.details)
        except TemporaryError as error:
            await self._say(arrival, mistaken(error, _state(error)), str(body.get("trigger_id") or ""))
            raise  # not acked: an acked press takes effect
        await ack()

    async def on_shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Launch as a Binder, from the menu of a message."""
        await ack()
        origin = shortcut.origin_of_message(body, allow_exact=self._desk.settings.allow_exact)
        view = self._form(origin) if origin.links else shortcut.nothing_found()
        if not await self._open(str(body["trigger_id"]), view):
            late = effects.say("*Try again*: Slack did not open the form in time.")
            await self._say_by_url(origin.response_url, late)

    async def on_submission(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A form of ours."""
        arrival, view = submitted_in(body), body["view"]
        verb, field = _FORMS[view["callback_id"]]
        found = (
            token_form.submitted(view, arrival.team, arrival.user, self._desk.vault.close)
            if verb == _TOKEN
            else self._launch(view)
        )
        if not isinstance(found, Details):
            await ack(response_action="errors", errors=found)
            return
        try:
            await self._want(arrival, verb, found)
        except TemporaryError as error:
            await ack(response_action="errors", errors={field: f"{error.message} {error.hint}"})
            return
        await ack()

    async def on_event(self, body: dict[str, Any], next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  bolt's name
        """An event is stored before anything acks it: bolt acks events by itself, and Slack repeats what it does not ack."""
        if (arrival := mentioned(body)) is not None:
            await self._want(arrival, intents.MENTION, Details(text=open_secrets.blanked(arrival.text)))
        elif (arrival := told_directly(body)) is not None:
            await self._want(arrival, intents.DIRECT, Details(text=open_secrets.blanked(arrival.text)))
        elif (arrival := opened_home(body)) is not None:
            await self._want(arrival, intents.HOME, Details())
        await next()

    async def on_error(
        self, error: Exception, body: dict[str, Any], response: BoltResponse | None
    ) -> BoltResponse | None:
        """What could not be taken is not acked. What nobody expected is said to the person with an id that the log has too."""
        if isinstance(error, TemporaryError) and response is not None and body.get("type") in _NOT_ACKED:
            log.warning("not-taken type=%s event=%s error=%s", body.get("type"), body.get("event_id"), error)
            return BoltResponse(status=500)
        incident = UnexpectedError(uuid.uuid4().hex[:8])
        log.error("listener-broke type=%s incident=%s", body.get("type"), incident.incident, exc_info=error)
        said = refused(incident)
        if body.get("type") == "event_callback":
            return BoltResponse(status=500)
        if response is None:  # acked before it broke
            await self._say_by_url(str(body.get("response_url") or ""), said, thread_of(body))
            return None
        if body.get("type") == "view_submission":
            _, field = _FORMS[body["view"]["callback_id"]]
            return BoltResponse(status=200, body={"response_action": "errors", "errors": {field: said.text}})
        if body.get("type") == "block_actions":
            await self._say_by_url(str(body.get("response_url") or ""), said, thread_of(body))
            return BoltResponse(status=200, body="")
        return BoltResponse(status=200, body=_ephemeral(said))

    def _read(self, text: str) -> Any:
        settings = self._desk.settings
        return read(text, self._desk.commands, offers=settings.offers(), allow_exact=settings.allow_exact)

    async def _want(self, arrival: Arrival, verb: str, details: Details) -> None:
        """The intent's row; raises `TemporaryError` where the database does not take it in time."""
        try:
            async with asyncio.timeout(DATABASE_PATIENCE_S):
                async with self._db.apart(patience_s=CONNECTION_PATIENCE_S) as tx:
                    await intents.want(
                        tx, dedupe=arrival.dedupe, verb=verb, team=arrival.team, channel=arrival.channel,
                        who=arrival.user, details=arrival.answered_at(details), at=self._desk.clock(),
                    )  # fmt: skip
        except TimeoutError as error:
            # It may have been taken in the very moment of giving up.
            raise _UnsureError(
                "database-away",
                "The database does not answer in time.",
                "It may not have been taken; look at `/binder list` before you type it again.",
            ) from error

    def _launch(self, view: dict[str, Any]) -> Details | dict[str, str]:
        settings = self._desk.settings
        return submitted(view, offers=settings.offers(), allow_exact=settings.allow_exact)

    async def _open_form(self, body: dict[str, Any], arrival: Arrival, which: str) -> None:
        origin = Origin(channel=arrival.channel, response_url=arrival.response_url, on_home=arrival.on_home)
        view = token_form.form(origin) if which == _TOKEN else self._form(origin)
        if not await self._open(str(body["trigger_id"]), view):
            again = "/binder token" if which == _TOKEN else "/binder"
            late = effects.say(f"*Try again*: Slack did not open the form in time. Type `{again}` again.")
            await self._say(arrival, late)

    def _form(self, origin: Origin) -> dict[str, Any]:
        settings = self._desk.settings
        return form(origin, settings.flavors(), default_hours=settings.default_hours)

    async def _open(self, trigger_id: str, view: dict[str, Any]) -> bool:
        """Show a window; False where Slack did not, for the 3 s of a trigger are short."""
        try:
            await self._slack.views_open(trigger_id=trigger_id, view=view)
        except (SlackClientError, TimeoutError, OSError) as error:
            log.warning("window-not-opened error=%s", error)
            return False
        return True

    async def _say(self, arrival: Arrival, answer: effects.Answer, trigger_id: str = "") -> None:
        """To the person alone; on their Home, where nothing can be answered at once, in a window."""
        if arrival.on_home and trigger_id:
            await self._open(trigger_id, window("Binderops", answer.blocks))
        else:
            await self._say_by_url(arrival.response_url, answer, arrival.thread_ts)

    async def _say_by_url(self, url: str, answer: effects.Answer, thread_ts: str = "") -> None:
        """Past the outbox: for when the database cannot take the answer, or it is about a window of 3 s."""
        if url:
            where = {"thread_ts": thread_ts} if thread_ts else {}
            await self._slack.respond(url, {**_ephemeral(answer), **where, "replace_original": False})


class _UnsureError(TemporaryError):
    """The database was at it when time ran out."""


def _state(error: BinderopsError) -> str:
    if isinstance(error, _UnsureError):
        return "Not sure"
    return "Try again" if isinstance(error, TemporaryError) else "Not done"


def _ephemeral(answer: effects.Answer) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": answer.text, "blocks": list(answer.blocks)}


async def _ignore() -> None:
    """Acked by bolt; nothing else to do."""


def _bolt_log() -> logging.Logger:
    """Bolt warns that a token beside ``authorize`` or ``client`` is not used; that is what we want."""
    bolt = logging.getLogger("bot.bolt")
    bolt.setLevel(logging.INFO)  # below that, the SDK logs each payload whole, and a form may hold a token
    bolt.addFilter(_is_no_token_warning)
    return bolt


def _is_no_token_warning(record: logging.LogRecord) -> bool:
    return "`token`" not in record.getMessage() or record.levelno > logging.WARNING
