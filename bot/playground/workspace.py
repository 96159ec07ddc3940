"""The workspace: its people, channels and messages, as Slack would hold them. In memory, no I/O, no clock of its own.

Messages are kept as the JSON that Slack shows; ``ts`` is a text that rises strictly over the whole workspace.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from bot.playground.changes import Changes
from bot.playground.refusals import SlackError
from bot.playground.shapes import Json

TEAM = "T0PLAY0001"
TEAM_NAME = "Playground"
DOMAIN = "playground"
APP = "A0PLAY0001"
BOT = "B0BOT00001"
BOT_USER = "U0BOT00001"
SLACKBOT = "USLACKBOT"


class Kind(StrEnum):
    """What a conversation is."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or a bot of the workspace."""

    id: str
    name: str
    real_name: str
    is_admin: bool = False
    is_owner: bool = False
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False

    def shown(self) -> Json:
        """As ``users.info`` shows it."""
        profile = {"real_name": self.real_name, "display_name": self.name, "team": TEAM}
        return {
            "id": self.id,
            "team_id": TEAM,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.is_deactivated,
            "profile": profile,
            "is_admin": self.is_admin,
            "is_owner": self.is_owner,
            "is_primary_owner": self.is_owner,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "tz": "Etc/UTC",
            "tz_offset": 0,
        }


@dataclass(slots=True, kw_only=True)
class Channel:
    """A conversation; ``messages`` by their ``ts``, in order."""

    id: str
    name: str
    kind: Kind
    members: list[str]
    is_archived: bool = False
    messages: dict[str, Json] = field(default_factory=dict)

    @property
    def has_bot(self) -> bool:
        """Whether the bot may read and write here."""
        return BOT_USER in self.members

    def shown(self) -> Json:
        """As ``conversations.info`` shows it to the bot."""
        shared = {
            "id": self.id,
            "is_archived": self.is_archived,
            "context_team_id": TEAM,
            "created": 1767225600,
        }
        if self.kind is Kind.DIRECT:
            other = next(m for m in self.members if m != BOT_USER)
            return {**shared, "is_im": True, "user": other, "is_channel": False, "is_private": True}
        is_private = self.kind is Kind.PRIVATE
        return {
            **shared,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_group": is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": is_private,
            "is_member": self.has_bot,
            "is_general": self.name == "general",
            "num_members": len(self.members),
        }


class Workspace:
    """Everything that outlives a request, except what a person has open (`windows`)."""

    def __init__(self, now: Callable[[], datetime], changes: Changes) -> None:
        self.now = now
        self.changes = changes
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: dict[str, Json] = {}  # by ts; each with its channel and the one user who sees it
        self._last_micros = 0

    def next_ts(self) -> str:
        """The time now as Slack writes it, always later than any before."""
        micros = max(self._last_micros + 1, int(self.now().timestamp() * 1_000_000))
        self._last_micros = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def user(self, user_id: str) -> User:
        """Raises ``user_not_found``."""
        if user_id not in self.users:
            raise SlackError("user_not_found")
        return self.users[user_id]

    def channel(self, channel_id: str) -> Channel:
        """Raises ``channel_not_found``."""
        if channel_id not in self.channels:
            raise SlackError("channel_not_found")
        return self.channels[channel_id]

    def direct(self, user_id: str) -> Channel:
        """The conversation between a person and the bot. Raises ``user_not_found``, ``channel_not_found``."""
        self.user(user_id)
        for channel in self.channels.values():
            if channel.kind is Kind.DIRECT and user_id in channel.members:
                return channel
        raise SlackError("channel_not_found")

    def post(self, channel: Channel, message: Json, *, thread_ts: str | None = None) -> Json:
        """Store a message at its end and return it; a reply is counted at its parent."""
        ts = self.next_ts()
        stored: Json = {"type": "message", **message, "ts": ts, "team": TEAM}
        if thread_ts:
            stored["thread_ts"] = thread_ts
            self._count_reply(channel.messages[thread_ts], stored)
        channel.messages[ts] = stored
        self.changes.note("channel", channel=channel.id)
        return stored

    def _count_reply(self, parent: Json, reply: Json) -> None:
        users = parent.setdefault("reply_users", [])
        if reply["user"] not in users:
            users.append(reply["user"])
        parent["thread_ts"] = parent["ts"]
        parent["reply_count"] = parent.get("reply_count", 0) + 1
        parent["latest_reply"] = reply["ts"]

    def change(self, channel: Channel, ts: str, message: Json) -> None:
        """Put another message in the place of one."""
        channel.messages[ts] = message
        self.changes.note("channel", channel=channel.id)

    def remove(self, channel: Channel, ts: str) -> None:
        """Take a message out; a parent with replies stays as a tombstone."""
        message = channel.messages[ts]
        if message.get("reply_count"):
            kept = {k: message[k] for k in ("ts", "thread_ts", "reply_count", "reply_users", "latest_reply")}
            gone = {"type": "message", "subtype": "tombstone", "user": SLACKBOT, "hidden": True}
            self.change(channel, ts, {**gone, "text": "This message was deleted.", **kept})
            return
        del channel.messages[ts]
        if parent := channel.messages.get(message.get("thread_ts", "")):
            parent["reply_count"] -= 1
        self.changes.note("channel", channel=channel.id)

    def whisper(self, channel: Channel, user_id: str, message: Json) -> Json:
        """Store a message that only one person sees."""
        ts = self.next_ts()
        stored = {
            "type": "message",
            **message,
            "ts": ts,
            "channel": channel.id,
            "to": user_id,
            "is_ephemeral": True,
        }
        self.ephemerals[ts] = stored
        self.changes.note("inbox", user=user_id)
        return stored

    def whispers(self, user_id: str) -> list[Json]:
        """What only this person sees, oldest first."""
        return [e for e in self.ephemerals.values() if e["to"] == user_id]

    def members(self) -> Iterator[User]:
        """The people, without bots."""
        return (u for u in self.users.values() if not u.is_bot)


def parent_ts(channel: Channel, thread_ts: object) -> str | None:
    """The parent that a reply goes to. Raises ``thread_not_found`` where it is no message, or itself a reply."""
    if thread_ts is None or thread_ts == "":
        return None
    parent = channel.messages.get(str(thread_ts))
    if parent is None or parent.get("thread_ts", parent["ts"]) != parent["ts"]:
        raise SlackError("thread_not_found")
    return str(thread_ts)


_PEOPLE = (
    User(id="U0ADA00001", name="ada", real_name="Ada", is_admin=True, is_owner=True),
    User(id="U0BEN00001", name="ben", real_name="Ben"),
    User(id="U0GIL00001", name="gil", real_name="Gil (guest)", is_guest=True),
    User(id=BOT_USER, name="binderops", real_name="Binderops", is_bot=True),
    User(id=SLACKBOT, name="slackbot", real_name="Slackbot", is_bot=True),
)


def seeded(now: Callable[[], datetime], changes: Changes) -> Workspace:
    """The workspace that everybody starts with: two members, a guest, the bot, and the channels to try things in."""
    ada, ben, gil, *_ = (user.id for user in _PEOPLE)
    workspace = Workspace(now, changes)
    workspace.users = {user.id: user for user in _PEOPLE}
    channels = [
        Channel(id="C0GENERAL1", name="general", kind=Kind.PUBLIC, members=[ada, ben, gil, BOT_USER]),
        Channel(id="C0TEACHING", name="teaching", kind=Kind.PUBLIC, members=[ada, ben, BOT_USER]),
        Channel(id="C0RANDOM01", name="random", kind=Kind.PUBLIC, members=[ada, ben]),
        Channel(id="C0STAFF001", name="staff", kind=Kind.PRIVATE, members=[ada, ben]),
        *(
            Channel(
                id=f"D0{user.name.upper()}00001",
                name=user.name,
                kind=Kind.DIRECT,
                members=[user.id, BOT_USER],
            )
            for user in _PEOPLE
            if not user.is_bot
        ),
    ]
    workspace.channels = {channel.id: channel for channel in channels}
    return workspace


def utc_now() -> datetime:
    """The clock of a playground that nobody drives."""
    return datetime.now(UTC)
