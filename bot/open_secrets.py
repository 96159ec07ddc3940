"""A token that somebody typed where it can be read: it is neither used nor repeated nor stored. Pure."""

import re

from bot.masking import TOKEN
from provisioning.errors import PersonError

WORDS = (
    "That holds a token, and Slack keeps what is typed here: it is no secret any more. "
    "Revoke it where you made it, make a new one, and type /binder token with nothing behind it: a form asks for it."
)
# Whatever stands behind the verb that is none of its words may be one, of whatever site.
_BEHIND_THE_VERB = re.compile(
    r"\s*`?tokens?[\s=:]+(?!list\s*$|forget(?:\s+\S*\.\S*)?(?:\s+everyone)?\s*$)\S", re.IGNORECASE
)


def is_in(text: str) -> bool:
    """Whether a text holds what looks like one."""
    return TOKEN.search(text) is not None or _BEHIND_THE_VERB.match(text) is not None


def refusal() -> PersonError:
    """What to say about it; without the text, which would repeat it."""
    said, _, hint = WORDS.partition(". ")
    return PersonError("token-given-openly", f"{said}.", hint)


def blanked(text: str) -> str:
    """The text as it may be stored: where it holds a token, only that it does."""
    return "token ***" if is_in(text) else text
