"""Which Web API methods there are, with what each needs. Scopes and tiers: docs.slack.dev/reference/methods.

A scope that depends on the kind of conversation (read, history) is checked by the method itself, here only that there is any.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.playground import app_methods, chat_methods, conversation_methods, file_methods, view_methods
from bot.playground.shapes import Json
from bot.playground.site import Site

_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_OPEN = ("channels:manage", "groups:write", "im:write", "mpim:write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method: ``scopes`` any one of these; ``token`` which kind it takes."""

    run: Callable[[Site, Json], Json]
    tier: str
    scopes: tuple[str, ...] = ()
    token: str = "bot"  # noqa: S105  a kind of token


METHODS = {
    "api.test": Method(run=app_methods.api_test, tier="t4", token="none"),  # noqa: S106  a kind of token
    "auth.test": Method(run=app_methods.auth_test, tier="t5"),
    "apps.connections.open": Method(run=app_methods.connections_open, tier="t3", token="app"),  # noqa: S106  a kind
    "blocks.validate": Method(run=app_methods.blocks_validate, tier="t4"),
    "chat.postMessage": Method(run=chat_methods.post_message, tier="t5", scopes=("chat:write",)),
    "chat.update": Method(run=chat_methods.update, tier="t3", scopes=("chat:write",)),
    "chat.delete": Method(run=chat_methods.delete, tier="t3", scopes=("chat:write",)),
    "chat.postEphemeral": Method(run=chat_methods.post_ephemeral, tier="t4", scopes=("chat:write",)),
    "chat.getPermalink": Method(run=chat_methods.get_permalink, tier="t5"),
    "conversations.info": Method(run=conversation_methods.info, tier="t3", scopes=_READ),
    "conversations.members": Method(run=conversation_methods.members, tier="t4", scopes=_READ),
    "conversations.list": Method(run=conversation_methods.listing, tier="t2", scopes=_READ),
    "conversations.open": Method(run=conversation_methods.open_direct, tier="t3", scopes=_OPEN),
    "conversations.history": Method(run=conversation_methods.history, tier="t3", scopes=_HISTORY),
    "conversations.replies": Method(run=conversation_methods.replies, tier="t3", scopes=_HISTORY),
    "users.info": Method(run=conversation_methods.user_info, tier="t4", scopes=("users:read",)),
    "users.list": Method(run=conversation_methods.user_list, tier="t2", scopes=("users:read",)),
    "users.conversations": Method(run=conversation_methods.of_user, tier="t3", scopes=_READ),
    "views.open": Method(run=view_methods.open_view, tier="t4"),
    "views.push": Method(run=view_methods.push, tier="t4"),
    "views.update": Method(run=view_methods.update, tier="t4"),
    "views.publish": Method(run=view_methods.publish, tier="t4"),
    "files.getUploadURLExternal": Method(run=file_methods.get_upload_url, tier="t4", scopes=("files:write",)),
    "files.completeUploadExternal": Method(
        run=file_methods.complete_upload, tier="t4", scopes=("files:write",)
    ),
    "files.info": Method(run=file_methods.info, tier="t4", scopes=("files:read",)),
}
