"""Block Kit by construction: whatever goes in, what comes out is within Slack's limits. Pure.

Every text of a person, a repository or a guest passes `text`, `mrkdwn` or `code` here, so nothing of theirs is ever
markup. Limits: docs.slack.dev/reference/block-kit/blocks; they are kept with room to spare where Slack's own counting
(characters or UTF-16 units) is not documented.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from bot.grammar.text import is_hidden

Block = dict[str, Any]

SECTION_LIMIT = 2900  # Slack: 3,000
MESSAGE_TEXT_LIMIT = 3000  # chat.update refuses above 4,000 (msg_too_long)
BUTTON_TEXT_LIMIT = 70  # Slack: 75
BUTTONS_A_BLOCK = 25
BLOCKS_A_MESSAGE = 50
ACTION_ID_LIMIT = 255
VALUE_LIMIT = 2000
PLAIN_LIMIT = 150
CARET_WINDOW = 90  # how much of a long text is shown around the mistake
ELLIPSIS = "\u2026"
_ENTITY_LONGEST = 5  # &amp;


def clean(text: str) -> str:
    """What every store and parser on the way takes: no NUL, no half surrogate."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """The text with every run of white space and control characters as one space."""
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in clean(text))
    return " ".join(shown.split())


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters; an ellipsis says that something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def escape(text: str) -> str:
    """A person's text inside markup (docs.slack.dev/messaging/formatting-message-text)."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def words(text: str, limit: int = 300) -> str:
    """A person's text as one line inside markup."""
    return escape(cut(one_line(text), limit))


def code(text: str, limit: int = 100) -> str:
    """A person's text as inline code; empty stays empty."""
    shown = words(text.replace("`", "'"), limit)
    return f"`{shown}`" if shown else ""


def link(url: str, label: str) -> str:
    """A link where the URL can be written as one, else the label; the label is a person's text."""
    is_plain = url.startswith(("https://", "http://")) and not any(c in url for c in "|<> \"'\\")
    if not is_plain or not url.isprintable() or len(url) > 500:
        return words(label, 150)
    return f"<{escape(url)}|{words(label, 150).replace('|', '/') or 'repository'}>"


def cut_markup(text: str, limit: int) -> str:
    """`cut` that never leaves half an entity or half a ``<...>`` token behind."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    entity = kept.rfind("&", -_ENTITY_LONGEST)
    if entity >= 0 and ";" not in kept[entity:]:
        kept = kept[:entity]
    token = kept.rfind("<")
    if token >= 0 and ">" not in kept[token:]:
        kept = kept[:token]
    return kept.rstrip() + ELLIPSIS


def section(markup: str) -> Block:
    """A paragraph; ``markup`` is ours, with people's texts already through `words`."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut_markup(markup, SECTION_LIMIT) or "-"}}


def header(text: str) -> Block:
    """A heading, in plain text."""
    return {"type": "header", "text": {"type": "plain_text", "text": cut(one_line(text), PLAIN_LIMIT) or "-"}}


def context(markup: str) -> Block:
    """A small line below."""
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": cut_markup(markup, SECTION_LIMIT) or "-"}],
    }


def fence(lines: Sequence[str], *, line_limit: int = 240) -> Block:
    """Lines as a code block; what does not fit goes from the front, since a log's end says the reason."""
    # A section, not rich text: an update may not turn a rich message into a plain one (block_mismatch).
    room = SECTION_LIMIT - len("```\n\n```")
    kept: list[str] = []
    for line in reversed(lines):
        shown = cut(_visible(line), line_limit)
        written = escape(shown).replace("```", "'''")
        if len(written) + 1 > room:
            break
        room -= len(written) + 1
        kept.insert(0, written)
    body = "\n".join(kept)
    return {"type": "section", "text": {"type": "mrkdwn", "text": f"```\n{body or ' '}\n```"}}


def button(
    label: str, action_id: str, value: str, *, style: str = "", about: str = "", confirm: Block | None = None
) -> Block:
    """A button. ``about`` tells a screen reader what it acts on, where several share a label."""
    made: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": cut(one_line(label), BUTTON_TEXT_LIMIT) or "-"},
        "action_id": action_id[:ACTION_ID_LIMIT],
        "value": value[:VALUE_LIMIT],
    }
    if style:
        made["style"] = style
    if about:
        made["accessibility_label"] = cut(one_line(f"{label}: {about}"), BUTTON_TEXT_LIMIT)
    if confirm is not None:
        made["confirm"] = confirm
    return made


def asks(title: str, question: str, yes: str, no: str) -> Block:
    """The dialog before something that cannot be undone; ``yes`` and ``no`` say what they do, in 30 characters."""
    return {
        "title": {"type": "plain_text", "text": cut(one_line(title), 100)},
        "text": {"type": "plain_text", "text": cut(one_line(question), 300)},
        "confirm": {"type": "plain_text", "text": cut(one_line(yes), 30)},
        "deny": {"type": "plain_text", "text": cut(one_line(no), 30)},
        "style": "danger",
    }


def actions(buttons: Iterable[Block]) -> list[Block]:
    """A row of buttons, each action once; nothing where there are none."""
    unique: dict[str, Block] = {}
    for one in buttons:
        unique.setdefault(one["action_id"], one)
    elements = list(unique.values())[:BUTTONS_A_BLOCK]
    return [{"type": "actions", "elements": elements}] if elements else []


def task(task_id: str, title: str, status: str, details: Sequence[str] = ()) -> Block:
    """A step of a `plan`. ``details`` are lines of plain text; ``status``: pending, in_progress, complete or error."""
    card: Block = {
        "type": "task_card",
        "task_id": task_id,
        "title": cut(one_line(title), PLAIN_LIMIT) or "-",
        "status": status,
    }
    text = "\n".join(cut(one_line(line), 200) for line in details).strip()
    if text:
        part = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        card["details"] = {"type": "rich_text", "elements": [part]}
    return card


def plan(title: str, tasks: Sequence[Block]) -> Block:
    """The steps of a longer work; some workspaces refuse it: `without_plan`."""
    return {"type": "plan", "title": cut(one_line(title), PLAIN_LIMIT) or "-", "tasks": list(tasks)}


_STATUS_WORDS = {"pending": "waiting", "in_progress": "now", "complete": "done", "error": "stopped"}


def without_plan(blocks: Sequence[Block]) -> list[Block]:
    """The same message for a workspace that refuses `plan` blocks: sections say each step's state in words."""
    plain: list[Block] = []
    for block in blocks:
        if block["type"] == "plan":
            plain.append(section(_steps(block)))
            plain += [fence(lines) for lines in map(_details, block["tasks"]) if lines]
        else:
            plain.append(block)
    return plain[:BLOCKS_A_MESSAGE]


def has_plan(blocks: Sequence[Block]) -> bool:
    """Whether `without_plan` would change anything."""
    return any(block["type"] == "plan" for block in blocks)


def marked(text: str, span: tuple[int, int]) -> list[str]:
    """The typed text and, below it, carets under the mistake: two lines for a `fence`.

    A long text is shown around the mistake only. Wide characters take two carets, so that the place is right. What nobody sees, or
    what turns its neighbours around, is written as its code.
    """
    flat = [_seen(c) for c in text]
    start = min(max(span[0], 0), len(flat))
    end = min(max(span[1], start), len(flat))
    begin = max(0, start - CARET_WINDOW // 2)
    stop = min(len(flat), begin + CARET_WINDOW)
    before, wrong = "".join(flat[begin:start]), "".join(flat[start : min(end, stop)])
    head = ELLIPSIS if begin else ""
    tail = ELLIPSIS if stop < len(flat) else ""
    carets = " " * (len(head) + _width(before)) + "^" * max(1, _width(wrong))
    return [f"{head}{''.join(flat[begin:stop])}{tail}", carets]


def _seen(char: str) -> str:
    """A character as a reader can tell it from every other one."""
    if char in "\t\n\r":
        return " "
    return char.encode("unicode_escape").decode() if is_hidden(char) else char


def _visible(line: str) -> str:
    """Controls as spaces, nothing else changed: places in the text stay where they are."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in clean(line))


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _steps(block: Block) -> str:
    lines = [f"*{words(block['title'])}*"]
    lines += [f"\u2022 {words(t['title'])}: {_STATUS_WORDS[t['status']]}" for t in block["tasks"]]
    return "\n".join(lines)


def _details(card: Block) -> list[str]:
    if "details" not in card:
        return []
    text: str = card["details"]["elements"][0]["elements"][0]["text"]
    return text.splitlines()
