"""What a person has open: triggers, modals in their stack, the Home view; and the ways to answer a press.

Limits of docs.slack.dev: a trigger lives 3 s and serves once; a stack holds 3 views; a ``response_url`` serves 5 times in 30 min.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.workspace import APP, BOT, TEAM, Workspace

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE = timedelta(minutes=30)
RESPONSE_USES = 5
STACK = 3


@dataclass(slots=True, kw_only=True)
class Trigger:
    """The right to open one view for a person."""

    user: str
    issued: datetime
    view_id: str | None  # the view it came from, which views.push stacks on
    is_used: bool = False


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """The right to answer one command or press. ``message_ts`` is the message that was pressed."""

    user: str
    channel: str
    issued: datetime
    message_ts: str | None = None
    uses: int = 0


@dataclass(slots=True, kw_only=True)
class Windows:
    """Triggers, response URLs and views of the workspace."""

    workspace: Workspace
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    views: dict[str, Json] = field(default_factory=dict)  # open ones and Home views, by id
    stacks: dict[str, list[str]] = field(default_factory=dict)  # by user, bottom first
    homes: dict[str, str] = field(default_factory=dict)  # by user

    def issue_trigger(self, user: str, *, view_id: str | None = None) -> str:
        """A trigger id for what a person just did."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user=user, issued=self.workspace.now(), view_id=view_id)
        return trigger_id

    def issue_response_url(self, user: str, channel: str, message_ts: str | None = None) -> str:
        """The last part of a ``response_url``."""
        name = f"{TEAM}/{secrets.randbelow(10**13)}/{secrets.token_urlsafe(18)}"
        self.response_urls[name] = ResponseUrl(
            user=user, channel=channel, issued=self.workspace.now(), message_ts=message_ts
        )
        return name

    def use_response_url(self, name: str) -> ResponseUrl:
        """Count one use. Raises ``invalid_url``, ``expired_url``, ``used_url``."""
        known = self.response_urls.get(name)
        if known is None:
            raise SlackError("invalid_url")
        if self.workspace.now() - known.issued > RESPONSE_LIFE:
            raise SlackError("expired_url")
        if known.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        known.uses += 1
        return known

    def use_trigger(self, trigger_id: object) -> Trigger:
        """Take a trigger. Raises ``invalid_trigger_id``, ``exchanged_trigger_id``, ``expired_trigger_id``."""
        trigger = self.triggers.get(str(trigger_id))
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_used:
            raise SlackError("exchanged_trigger_id")
        if self.workspace.now() - trigger.issued > TRIGGER_LIFE:
            raise SlackError("expired_trigger_id")
        trigger.is_used = True
        return trigger

    def open(self, trigger_id: object, view: Json) -> Json:
        """Show a modal in place of what the person had open."""
        user = self.use_trigger(trigger_id).user
        self._refuse_external_twice(view)
        self.drop_stack(user)
        return self._put_on_top(user, view)

    def push(self, trigger_id: object, view: Json) -> Json:
        """Show a modal on top. Raises ``push_limit_reached``, ``not_found`` where nothing is open."""
        user = self.use_trigger(trigger_id).user
        return self.push_for(user, view)

    def push_for(self, user: str, view: Json) -> Json:
        """As `push`, without a trigger: the answer to a submission."""
        stack = self.stacks.get(user) or []
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        self._refuse_external_twice(view)
        return self._put_on_top(user, view)

    def _put_on_top(self, user: str, view: Json) -> Json:
        stack = self.stacks.setdefault(user, [])
        view_id = f"V{secrets.token_hex(5).upper()}"
        root = self.views[stack[0]]["root_view_id"] if stack else view_id
        stored = self._stored(view_id, view, previous=stack[-1] if stack else None, root=root)
        self.views[view_id] = stored
        stack.append(view_id)
        self.workspace.changes.note("inbox", user=user)
        return stored

    def update(self, view_id: object, external_id: object, view: Json, expected_hash: object = None) -> Json:
        """Replace an open view. Raises ``not_found`` once it is closed, ``hash_conflict``."""
        old = self._open_view(view_id, external_id)
        self._refuse_stale(old, expected_hash)
        new = self._stored(old["id"], view, previous=old["previous_view_id"], root=old["root_view_id"])
        if "external_id" not in view:
            new["external_id"] = old["external_id"]
        self.views[old["id"]] = new
        for user, stack in self.stacks.items():
            if old["id"] in stack:
                self.workspace.changes.note("inbox", user=user)
        return new

    def _open_view(self, view_id: object, external_id: object) -> Json:
        for view in self.views.values():
            if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                return view
        raise SlackError("not_found")

    def publish(self, user: str, view: Json, expected_hash: object = None) -> Json:
        """Set a person's Home view."""
        view_id = self.homes.setdefault(user, f"V{secrets.token_hex(5).upper()}")
        if view_id in self.views:
            self._refuse_stale(self.views[view_id], expected_hash)
        self.views[view_id] = self._stored(view_id, view, previous=None, root=view_id)
        self.workspace.changes.note("home", user=user)
        return self.views[view_id]

    def home(self, user: str) -> Json | None:
        """What was published for this person."""
        return self.views.get(self.homes.get(user, ""))

    def open_views(self, user: str) -> list[Json]:
        """A person's modals, the top one last."""
        return [self.views[view_id] for view_id in self.stacks.get(user, [])]

    def drop_top(self, user: str) -> None:
        """Close the top modal."""
        self.views.pop(self.stacks[user].pop(), None)
        self.workspace.changes.note("inbox", user=user)

    def drop_stack(self, user: str) -> None:
        """Close all modals of a person."""
        while self.stacks.get(user):
            self.drop_top(user)

    def _refuse_external_twice(self, view: Json) -> None:
        wanted = view.get("external_id")
        if wanted and any(v["external_id"] == wanted for v in self.views.values()):
            raise SlackError("duplicate_external_id")

    def _refuse_stale(self, view: Json, expected_hash: object) -> None:
        if expected_hash and expected_hash != view["hash"]:
            raise SlackError("hash_conflict")

    def _stored(self, view_id: str, view: Json, *, previous: str | None, root: str) -> Json:
        empty = {"private_metadata": "", "callback_id": "", "external_id": "", "title": None, "submit": None}
        switches = {"close": None, "clear_on_close": False, "notify_on_close": False}
        return {
            **empty,
            **switches,
            **view,
            "id": view_id,
            "team_id": TEAM,
            "app_id": APP,
            "bot_id": BOT,
            "state": {"values": {}},
            "hash": f"{self.workspace.next_ts()}.{secrets.token_hex(4)}",
            "previous_view_id": previous,
            "root_view_id": root,
        }
