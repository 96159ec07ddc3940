"""What a person typed into a message, as Slack stores it. Pure."""

import re

from bot.playground.workspace import Kind, Workspace

_LINK = re.compile(r"https?://[^\s<>]*[^\s<>.,;:!?)\]}\"']")


def stored(workspace: Workspace, text: str, *, with_names: bool = False) -> str:
    """``& < >`` escaped, links in ``<...>``, ``@name`` and ``#channel`` as references, which a command has with their names."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    users = {user.name: user.id for user in workspace.users.values()}
    channels = {
        channel.name: channel.id for channel in workspace.channels.values() if channel.kind is Kind.PUBLIC
    }
    linked = _LINK.sub(lambda link: f"<{link[0]}>", escaped)
    for sign, known in (("@", users), ("#", channels)):
        for name, identity in known.items():
            linked = re.sub(
                rf"(?<![\w/{sign}]){sign}{re.escape(name)}\b",
                f"<{sign}{identity}|{name}>" if with_names else f"<{sign}{identity}>",
                linked,
                flags=re.IGNORECASE,
            )
    return linked
