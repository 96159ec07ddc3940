"""What a person does in the workspace, and what the app's ack makes of it. The person API is its edge.

Where the app does not answer, the person gets Slack's own words as a message only they see.
"""

import secrets
from dataclasses import dataclass

from bot.playground import payloads
from bot.playground.announcements import announce, tell
from bot.playground.chat_methods import from_bot
from bot.playground.delivery import Delivery
from bot.playground.inputs import NotAChoice, action_of, state_of
from bot.playground.refusals import SlackError, acting_elements, check_view, checked_blocks, checked_view
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.typed_text import stored
from bot.playground.workspace import SLACKBOT, Channel, User, parent_ts


@dataclass(slots=True, kw_only=True)
class Deeds:
    """A person's hands. Every method raises `SlackError` where Slack's client would not let them."""

    site: Site
    delivery: Delivery

    def person(self, user_id: object) -> User:
        """A member who may act. Raises ``user_not_found``."""
        user = self.site.workspace.user(str(user_id))
        if user.is_bot or user.is_deactivated:
            raise SlackError("user_not_found")
        return user

    def channel_of(self, user: User, channel_id: object) -> Channel:
        """A conversation that this person is in. Raises ``channel_not_found``."""
        channel = self.site.workspace.channel(str(channel_id))
        if user.id not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    async def command(self, user: User, channel: Channel, typed: str) -> Json:
        """Type a slash command; without a slash the app's first one is meant. ``/invite`` is Slack's own."""
        name, _, rest = typed.strip().partition(" ")
        if not name.startswith("/"):
            name, rest = self.site.app.commands[0], typed.strip()
        if name == "/invite":
            return self._invite(user, channel, rest)
        if channel.is_archived:
            raise SlackError("is_archived")
        if name not in self.site.app.commands:
            raise SlackError("unknown_command", message=f"{name} is not a valid command.")
        windows = self.site.windows
        payload = payloads.command(
            user,
            channel,
            name,
            self._handed_on(rest.strip()),
            trigger_id=windows.issue_trigger(user.id),
            response_url=self._response_url(user, channel),
        )
        try:
            ack = await self.delivery.ask("slash_commands", payload)
        except SlackError as error:
            self._tell_failure(user, channel, f"`{name}` failed with the error “{error.error}”.")
            raise
        if ack.get("text") or ack.get("blocks"):
            self.answer(user, channel, ack)
        return {"acked": True, "ack": ack}

    def _handed_on(self, typed: str) -> str:
        """The command's text as the app gets it."""
        if not self.site.app.is_told_mentions:
            return payloads.escaped(typed)
        return stored(self.site.workspace, typed, with_names=True)

    def _invite(self, user: User, channel: Channel, who: str) -> Json:
        names = {u.name: u for u in self.site.workspace.users.values()} | self.site.workspace.users
        invited = names.get(who.strip().strip("<>@").lower()) or names.get(who.strip().strip("<>@"))
        if invited is None:
            self._tell_failure(user, channel, "Nobody of that name is here.")
            raise SlackError("user_not_found")
        if invited.id not in channel.members:
            channel.members.append(invited.id)
            joined = {
                "subtype": "channel_join",
                "user": invited.id,
                "text": f"<@{invited.id}> has joined the channel",
            }
            self.site.workspace.post(channel, joined)
            self.site.changes.note("bot")
        return {"acked": True, "ack": {}}

    def _response_url(self, user: User, channel: Channel, message_ts: str | None = None) -> str:
        name = self.site.windows.issue_response_url(user.id, channel.id, message_ts)
        return f"{self.site.base_url}response/{name}"

    def _tell_failure(self, user: User, channel: Channel, text: str) -> None:
        self.site.workspace.whisper(channel, user.id, {"user": SLACKBOT, "text": text})

    def answer(self, user: User, channel: Channel, body: Json) -> Json:
        """Show what an ack or a ``response_url`` says: to this person, or to all with ``in_channel``."""
        content: Json = {"text": str(body.get("text") or "")}
        if body.get("blocks") is not None:
            content["blocks"] = checked_blocks(body["blocks"])
        if body.get("attachments"):
            content["attachments"] = body["attachments"]
        thread_ts = parent_ts(channel, body.get("thread_ts"))
        if body.get("response_type") == "in_channel":
            return self.site.workspace.post(channel, from_bot(content), thread_ts=thread_ts)
        if thread_ts:
            content["thread_ts"] = thread_ts
        return self.site.workspace.whisper(channel, user.id, from_bot(content))

    async def press_message(self, user: User, channel: Channel, pressed: Json) -> Json:
        """Use an element of a message: ``ts``, ``action_id``, perhaps ``block_id`` and ``value``."""
        ts = str(pressed.get("ts"))
        whispered = self.site.workspace.ephemerals.get(ts)
        message = channel.messages.get(ts) or (
            whispered
            if whispered and whispered["to"] == user.id and whispered["channel"] == channel.id
            else None
        )
        if message is None:
            raise SlackError("message_not_found")
        payload = payloads.press_on_message(
            user,
            channel,
            message,
            self._action(message.get("blocks") or [], pressed),
            trigger_id=self.site.windows.issue_trigger(user.id),
            response_url=self._response_url(user, channel, ts),
        )
        return {"acked": True, "ack": await self.delivery.ask("interactive", payload)}

    async def use_shortcut(self, user: User, channel: Channel, ts: object, callback_id: object) -> Json:
        """Choose a shortcut of the app in the menu of a message. Raises ``message_not_found``, ``unknown_shortcut``."""
        message = channel.messages.get(str(ts))
        if message is None or message.get("subtype") == "tombstone":
            raise SlackError("message_not_found")
        if callback_id not in [shortcut.callback_id for shortcut in self.site.app.shortcuts]:
            raise SlackError("unknown_shortcut")
        payload = payloads.shortcut(
            user,
            channel,
            message,
            str(callback_id),
            trigger_id=self.site.windows.issue_trigger(user.id),
            response_url=self._response_url(user, channel),
        )
        return {"acked": True, "ack": await self.delivery.ask("interactive", payload)}

    async def press_view(self, user: User, pressed: Json) -> Json:
        """Use an element of an open modal or of the person's Home view."""
        view = self.view(user, pressed.get("view_id"))
        trigger_id = self.site.windows.issue_trigger(user.id, view_id=view["id"])
        entered = pressed.get("values")
        shown = {
            **view,
            "state": {"values": state_of(view, entered if isinstance(entered, dict) else {}).values},
        }
        action = self._action(view["blocks"], pressed)
        payload = payloads.press_on_view(user, shown, action, trigger_id=trigger_id)
        return {"acked": True, "ack": await self.delivery.ask("interactive", payload)}

    def view(self, user: User, view_id: object) -> Json:
        """An open modal or the Home view of this person. Raises ``view_not_found``."""
        home = self.site.windows.home(user.id)
        for view in [*self.site.windows.open_views(user.id), *([home] if home else [])]:
            if view["id"] == view_id:
                return view
        raise SlackError("view_not_found")

    def _action(self, blocks: list[Json], pressed: Json) -> Json:
        wanted = str(pressed.get("action_id"))
        for block in blocks:
            if pressed.get("block_id") not in (None, "", block["block_id"]):
                continue
            for element in acting_elements(block):
                if element["action_id"] == wanted:
                    return self._acted(element, block["block_id"], pressed.get("value"))
        raise SlackError("action_not_found")

    def _acted(self, element: Json, block_id: str, value: object) -> Json:
        try:
            return action_of(element, block_id, value, self.site.workspace.next_ts())
        except NotAChoice as error:
            raise SlackError("option_not_found") from error

    async def submit(self, user: User, view_id: object, given: Json) -> Json:
        """Submit the top modal. Errors at fields come back as ``errors``; ``acked`` false: Slack's client kept it."""
        windows = self.site.windows
        stack = windows.open_views(user.id)
        if not stack or stack[-1]["id"] != view_id:
            raise SlackError("view_not_found")
        view = stack[-1]
        state = state_of(view, given)
        if state.errors:
            return {"acked": False, "response_action": "errors", "errors": state.errors}
        view["state"] = {"values": state.values}
        payload = payloads.submission(
            user,
            view,
            trigger_id=windows.issue_trigger(user.id, view_id=view["id"]),
            response_urls=self._asked_urls(user, view),
        )
        ack = await self.delivery.ask("interactive", payload)
        return self._after_submission(user, view, ack)

    def _asked_urls(self, user: User, view: Json) -> list[Json]:
        found = []
        for block in view["blocks"]:
            element = block.get("element") or {}
            if not element.get("response_url_enabled"):
                continue
            state = view["state"]["values"][block["block_id"]][element["action_id"]]
            chosen = state.get("selected_conversation") or state.get("selected_channel")
            channel = self.site.workspace.channel(str(chosen))
            place = {
                "block_id": block["block_id"],
                "action_id": element["action_id"],
                "channel_id": channel.id,
            }
            found.append({**place, "response_url": self._response_url(user, channel)})
        return found

    def _after_submission(self, user: User, view: Json, ack: Json) -> Json:
        windows = self.site.windows
        action = ack.get("response_action")
        if action == "errors":
            inputs = {b["block_id"] for b in view["blocks"] if b["type"] == "input"}
            errors = ack.get("errors")
            if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
                raise SlackError("invalid_response_action", ack=ack)
            return {"acked": True, "ack": ack, "response_action": "errors", "errors": errors}
        if action in ("update", "push"):
            if problems := check_view(ack.get("view"), "modal"):
                raise SlackError("invalid_response_action", messages=[p.line() for p in problems])
            new = checked_view(ack["view"], "modal")
            shown = (
                windows.update(view["id"], None, new)
                if action == "update"
                else windows.push_for(user.id, new)
            )
            return {"acked": True, "ack": ack, "response_action": action, "view": shown}
        if action == "clear":
            windows.drop_stack(user.id)
        elif view["id"] in windows.views and windows.open_views(user.id)[-1]["id"] == view["id"]:
            windows.drop_top(user.id)
        return {"acked": True, "ack": ack, "response_action": action}

    def close(self, user: User, view_id: object, *, everything: bool) -> Json:
        """Leave the top modal, or all of them. The app hears of it where it asked to."""
        windows = self.site.windows
        stack = windows.open_views(user.id)
        if not stack or stack[-1]["id"] != view_id:
            raise SlackError("view_not_found")
        top = stack[-1]
        gone = stack if everything or top["clear_on_close"] else [top]
        for view in reversed(gone):
            windows.drop_top(user.id)
            if view["notify_on_close"]:
                payload = payloads.closing(user, view, is_cleared=len(gone) > 1)
                self.delivery.send("interactive", payload)
        return {}

    def say(self, user: User, channel: Channel, text: str, thread_ts: object) -> Json:
        """Post a plain message."""
        if channel.is_archived:
            raise SlackError("is_archived")
        if not text.strip():
            raise SlackError("no_text")
        parent = parent_ts(channel, thread_ts)
        body = {
            "user": user.id,
            "text": stored(self.site.workspace, text),
            "client_msg_id": secrets.token_hex(8),
        }
        message = self.site.workspace.post(channel, body, thread_ts=parent)
        announce(self.site, self.delivery, channel, message)
        return {"ts": message["ts"]}

    def open_home(self, user: User, tab: str = "home") -> Json:
        """Open the app's Home tab; what is shown there is in the person's inbox."""
        body: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": self.site.workspace.direct(user.id).id,
            "tab": tab,
            "event_ts": self.site.workspace.next_ts(),
        }
        if home := self.site.windows.home(user.id):
            body["view"] = home
        tell(self.site, self.delivery, "app_home_opened", body)
        return {"view": self.site.windows.home(user.id)}
