"""The message shortcut "Launch as a Binder": the repository links of a message, in the launch form. Pure.

What is launched is told in the thread of the message that named it.
"""

from collections.abc import Sequence
from typing import Any

from bot import blocks
from bot.grammar.found import WORKS_TODAY
from bot.grammar.links import links_in
from bot.launch_form import Origin, window

CALLBACK = "binder.launch_message"  # manifest.yml names the same
_ROOM = 2000  # of the 3,000 characters that a form remembers


def origin_of_message(body: dict[str, Any], *, allow_exact: Sequence[str]) -> Origin:
    """Where the shortcut was used, and on what."""
    message = body.get("message") or {}
    found = links_in(str(message.get("text") or ""), allow_exact=allow_exact)
    kept = [link for n, link in enumerate(found) if sum(map(len, found[: n + 1])) <= _ROOM]
    return Origin(
        channel=str((body.get("channel") or {}).get("id", "")),
        response_url=str(body.get("response_url") or ""),
        thread_ts=str(message.get("thread_ts") or message.get("ts") or body.get("message_ts") or ""),
        links=tuple(kept),
    )


def nothing_found() -> dict[str, Any]:
    """What is shown for a message without any."""
    drawn = [
        blocks.section(
            "*No repository link* is in this message, so there is nothing to launch from it. "
            "Type `/binder org/repo`, or `/binder` alone for the form."
        ),
        blocks.context(WORKS_TODAY),
    ]
    return window("Launch as a Binder", drawn)
