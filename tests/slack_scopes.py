"""Which bot scopes Slack wants for what an app calls and hears."""

from collections.abc import Iterable

#: For conversations Slack wants one for each kind that the bot may be used in: channels, private channels, direct and
#: group messages.
_KINDS = ("channels", "groups", "im", "mpim")
_READ = tuple(f"{kind}:read" for kind in _KINDS)
_HISTORY = tuple(f"{kind}:history" for kind in _KINDS)
METHOD_SCOPES: dict[str, tuple[str, ...]] = {  # docs.slack.dev/reference/methods
    "auth.test": (),
    "apps.connections.open": (),  # the app token's own scope, which no manifest lists
    "blocks.validate": (),
    "users.conversations": _READ,
    "views.open": (),
    "views.publish": (),
    "users.info": ("users:read",),
    "conversations.info": _READ,
    "conversations.history": _HISTORY,
    "conversations.replies": _HISTORY,
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
}
#: What goes to Slack without a token: it takes whoever holds the address.
TOKENLESS = frozenset({"response_url", "ack", "upload"})
EVENT_SCOPES = {  # docs.slack.dev/reference/events
    "app_mention": ("app_mentions:read",),
    "app_home_opened": (),
    "message.im": ("im:history",),
}


def needed(methods: Iterable[str], events: Iterable[str]) -> set[str]:
    """The scopes for these methods and events, and for commands and shortcuts, which are one. KeyError: not in the tables."""
    of_methods = {scope for method in set(methods) - TOKENLESS for scope in METHOD_SCOPES[method]}
    return of_methods | {scope for event in events for scope in EVENT_SCOPES[event]} | {"commands"}
