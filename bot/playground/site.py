"""What the parts of the playground share: the workspace's state, the app that is installed in it, the address."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from bot.playground.changes import Changes
from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.uploads import Uploads
from bot.playground.windows import Windows
from bot.playground.workspace import Channel, Kind, Workspace

DEFAULT_EVENTS = ("app_mention", "app_home_opened", "message.im")
_KIND_NAMES = {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.DIRECT: "im"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """One line in the menu of a message."""

    name: str
    callback_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledApp:
    """What the app may do and is told. ``scopes`` None: everything."""

    scopes: frozenset[str] | None = None
    commands: tuple[str, ...] = ("/binder",)
    is_told_mentions: bool = True  # in commands: should_escape
    events: tuple[str, ...] = DEFAULT_EVENTS
    shortcuts: tuple[Shortcut, ...] = ()  # in the menu of a message
    has_home: bool = True
    bot_token: str = field(default_factory=lambda: f"xoxb-playground-{secrets.token_hex(8)}", repr=False)
    app_token: str = field(default_factory=lambda: f"xapp-playground-{secrets.token_hex(8)}", repr=False)
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Json], **tokens: str) -> Self:
        """As Slack would install it from this manifest."""
        features: Json = manifest.get("features", {})
        settings: Json = manifest.get("settings", {})
        scopes: Json = manifest.get("oauth_config", {}).get("scopes", {})
        return cls(
            scopes=frozenset(scopes.get("bot", [])),
            commands=tuple(c["command"] for c in features.get("slash_commands", [])),
            is_told_mentions=any(c.get("should_escape") for c in features.get("slash_commands", [])),
            shortcuts=tuple(
                Shortcut(name=s["name"], callback_id=s["callback_id"])
                for s in features.get("shortcuts", [])
                if s["type"] == "message"
            ),
            events=tuple(settings.get("event_subscriptions", {}).get("bot_events", [])),
            has_home=bool(features.get("app_home", {}).get("home_tab_enabled")),
            **tokens,
        )

    def needs_one_of(self, scopes: Iterable[str]) -> None:
        """Raises ``missing_scope`` with what is needed and what was granted."""
        wanted = tuple(scopes)
        if self.scopes is None or not wanted or self.scopes.intersection(wanted):
            return
        raise SlackError("missing_scope", needed=",".join(wanted), provided=",".join(sorted(self.scopes)))

    def needs_for(self, channel: Channel, what: str) -> None:
        """As `needs_one_of`, for a scope that depends on the kind of conversation: ``what`` is read or history."""
        self.needs_one_of([f"{_KIND_NAMES[channel.kind]}:{what}"])


def _nobody_listens(_channel: Channel, _before: Json | None, _now: Json) -> None:
    """No app is there to be told."""


@dataclass(slots=True, kw_only=True)
class Site:
    """One running playground. ``base_url`` ends with a slash."""

    app: InstalledApp
    changes: Changes
    workspace: Workspace
    windows: Windows
    uploads: Uploads
    base_url: str = ""
    # Told of each message that the app itself posts, and of each edit: (channel, before, now).
    spoken: Callable[[Channel, Json | None, Json], None] = _nobody_listens
    tickets: set[str] = field(default_factory=set)  # one-time Socket Mode addresses not used yet
