"""Messages of earlier attempts: they keep what they say, but lose the buttons that would act on the present one."""

from typing import Any

from bot import blocks

_SAID = "A new attempt followed; its messages are below."


def retired(body: dict[str, Any]) -> dict[str, Any] | None:
    """The stored message without its buttons; None where it has none and nothing need change."""
    drawn = body.get("blocks", [])
    kept = [block for block in drawn if block["type"] != "actions"]
    if len(kept) == len(drawn):
        return None
    return {**body, "blocks": [*kept, blocks.context(_SAID)]}
