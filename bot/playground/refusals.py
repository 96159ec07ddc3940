"""What Slack refuses in a message or a view as a whole, as errors of the Web API.

`SlackError` is any answer with ``ok: false``. The checks here take values and raise; who may post where is not theirs.
"""

import json
import secrets

from bot.playground.block_shapes import check_blocks
from bot.playground.element_shapes import plain_text
from bot.playground.shapes import Json, Problem, fields, flag, one_of, problem, string

LONGEST_TEXT = 40_000  # chat.postMessage cuts here
LONGEST_UPDATE = 4_000  # chat.update and chat.postEphemeral refuse here
LONGEST_MARKDOWN = 12_000
LARGEST_VIEW = 250_000  # bytes
MOST_ATTACHMENTS = 100


class SlackError(Exception):
    """An answer with ``ok: false``; ``more`` are further fields of it."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more = more

    def answer(self) -> Json:
        """The body."""
        return {"ok": False, "error": self.error, **self.more}


def refuse(error: str, problems: list[Problem]) -> None:
    """Raise with Slack's list of messages where there are any problems."""
    if problems:
        raise SlackError(error, response_metadata={"messages": [p.line() for p in problems]})


def checked_blocks(blocks: object, surface: str = "message") -> list[Json]:
    """The blocks as they are stored: each with a ``block_id``, as Slack adds one where it is missing."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    refuse("invalid_blocks", check_blocks(blocks, surface))
    return named(blocks)


def named(blocks: list[Json]) -> list[Json]:
    """Copies of the blocks in which each block has a ``block_id``, and each element that acts an ``action_id``."""
    return [_named(json.loads(json.dumps(block))) for block in blocks]


def _named(block: Json) -> Json:
    for element in acting_elements(block):
        if not element.get("action_id"):
            element["action_id"] = secrets.token_urlsafe(4)
    return {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}


def acting_elements(block: Json) -> list[Json]:
    """The elements of a block that a person can use."""
    candidates = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
    if block.get("type") not in ("actions", "section", "input", "context_actions"):
        return []
    return [c for c in candidates if isinstance(c, dict) and c.get("type") != "image"]


def checked_metadata(metadata: object) -> Json | None:
    """``metadata`` of a message: an event type and a flat object; None where there is none."""
    if metadata is None:
        return None
    if metadata == {}:
        return {}
    shape_is_right = (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    )
    if not shape_is_right or not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > 16_000:
        raise SlackError("metadata_too_large")
    return metadata


def checked_attachments(attachments: object) -> list[Json] | None:
    """``attachments`` of a message, counted but not examined inside."""
    if attachments is None:
        return None
    if not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    if len(attachments) > MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return attachments


def checked_text(call: Json, *, longest: int) -> str | None:
    """``text`` or ``markdown_text`` of a call, None where neither is given."""
    text, markdown = call.get("text"), call.get("markdown_text")
    if markdown is not None:
        if text is not None or call.get("blocks") is not None:
            raise SlackError("markdown_text_conflict")
        if len(str(markdown)) > LONGEST_MARKDOWN:
            raise SlackError("msg_too_long")
        return str(markdown)
    if text is None:
        return None
    if longest == LONGEST_TEXT:
        return str(text)[:LONGEST_TEXT]
    if len(str(text)) > longest:
        raise SlackError("msg_too_long")
    return str(text)


_SHARED_VIEW = {
    "type": one_of("modal", "home"),
    "blocks": lambda _value, _pointer: iter(()),  # examined with the surface in hand
}
_OPTIONAL_VIEW = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_MODAL = fields(
    {**_SHARED_VIEW, "title": plain_text(24)},
    {
        **_OPTIONAL_VIEW,
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
_HOME = fields(_SHARED_VIEW, _OPTIONAL_VIEW)


def check_view(view: object, kind: str) -> list[Problem]:
    """Everything that Slack would refuse in a modal or a Home view."""
    if not isinstance(view, dict):
        return [problem("/view", "must be an object", "invalid_type")]
    if view.get("type") != kind:
        return [problem("/view/type", f"must be {kind}", "invalid_type")]
    found = list((_MODAL if kind == "modal" else _HOME)(view, "/view"))
    inside = check_blocks(view.get("blocks"), kind)
    found += [Problem(pointer=f"/view{p.pointer}", message=p.message, code=p.code) for p in inside]
    blocks = view.get("blocks")
    has_input = isinstance(blocks, list) and any(
        isinstance(b, dict) and b.get("type") == "input" for b in blocks
    )
    if kind == "modal" and has_input and not view.get("submit"):
        found.append(
            problem("/view", "`submit` is required when an `input` block is present", "missing_field")
        )
    return found


def checked_view(view: object, kind: str) -> Json:
    """The view as it is stored. Raises ``view_too_large`` or ``invalid_arguments`` with the places."""
    if len(json.dumps(view)) > LARGEST_VIEW:
        raise SlackError("view_too_large")
    refuse("invalid_arguments", check_view(view, kind))
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments")
    return {**view, "blocks": named(view["blocks"])}
