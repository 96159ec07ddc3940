"""What a typed line or a pressed button wants: a verb and its details, or the form. Pure; a refusal says where and why."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from bot import open_secrets
from bot.command import Command
from bot.commands.launch import ID_ALPHABET, ID_LENGTH
from bot.grammar import parse
from bot.grammar.options import Offers
from bot.grammar.text import Text, as_meant, typed
from bot.intents import Details, VolumeWish
from provisioning.errors import PersonError

ACTION = re.compile(r"^binder\.")
_ID = re.compile(rf"[{ID_ALPHABET}]{{{ID_LENGTH}}}")
_FIRST = re.compile(r"\s*(\S+)\s*")
_AGAIN = re.compile(rf"(again)(\s+`?[{ID_ALPHABET}]{{{ID_LENGTH}}}`?)?\s*", re.IGNORECASE)
_ALSO = {"volume": "volumes"}  # other names of verbs
_BARE_WORD = re.compile(r"[A-Za-z][A-Za-z-]{1,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A verb and what was said with it."""

    verb: str
    details: Details


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWanted:
    """Nothing to launch was typed: the form asks for it."""


def read(
    text: str, commands: Mapping[str, Command], *, offers: Offers, allow_exact: Sequence[str]
) -> Wanted | FormWanted:
    """What the text after ``/binder`` wants. Raises `PersonError` with the place of the mistake in ``text``."""
    if open_secrets.is_in(text):
        raise open_secrets.refusal()
    first = _FIRST.match(text)
    if first is None:
        return FormWanted()
    verb, end = first.group(1).lower(), first.end()
    verb = _ALSO.get(verb, verb)
    if verb == "launch":
        rest = text[end:]
        if again := _AGAIN.fullmatch(rest):
            return _with_words(commands["relaunch"], text, end + again.end(1))
        verb, text_after = ("form", "") if not rest.strip() else ("launch", rest)
        return (
            FormWanted()
            if verb == "form"
            else _launch(text, len(text) - len(text_after), offers, allow_exact)
        )
    if verb == "form" and not text[end:].strip():
        return FormWanted()
    if verb in commands:
        return _with_words(commands[verb], text, end)
    try:
        return _launch(text, 0, offers, allow_exact)
    except PersonError as error:
        if error.code == "not-a-repository" and _BARE_WORD.fullmatch(first.group(1)):
            raise _unknown(text, first.span(1), commands) from None
        raise


def pressed(action_id: str, value: str) -> Wanted:
    """What a button wants: ``binder.<verb>``, ``binder.open.<interface>``, ``binder.list.channel``."""
    _, verb, *rest = action_id.split(".", 2)
    more = rest[0] if rest else ""
    if verb == "volumes":
        wish = VolumeWish(what=more or "list", volume=value, is_sure=True)
        return Wanted(verb=verb, details=Details(volume=wish))
    if verb == "list":
        return Wanted(verb=verb, details=Details(in_channel=more == "channel"))
    return Wanted(verb=verb, details=Details(binder=value, interface=more))


def _launch(text: str, start: int, offers: Offers, allow_exact: Sequence[str]) -> Wanted:
    """The grammar sees blanks where the verb stood, so that places are those of the whole text."""
    try:
        request = parse(" " * start + text[start:], offers, allow_exact=allow_exact)
    except PersonError as error:
        raise PersonError(error.code, error.message, error.hint, text=text, span=error.span) from error
    return Wanted(verb="launch", details=Details(request=request, is_typed=True))


def _with_words(command: Command, text: str, start: int) -> Wanted:
    """The id, and what else the verb takes."""
    try:
        meant = as_meant(typed(" " * start + text[start:]), mentions=command.takes_mentions)
        words = [w for w in meant.split(" ") if w.value]
        details = Details(is_typed=True)
        for word in words:
            details = _with_word(command, details, word)
    except PersonError as error:
        raise PersonError(error.code, error.message, error.hint, text=text, span=error.span) from error
    return Wanted(verb=command.name, details=details)


def _with_word(command: Command, details: Details, word: Text) -> Details:
    plain = word.value.strip("`")
    if command.needs_binder and not details.binder and _ID.fullmatch(plain.lower()):
        return replace(details, binder=plain.lower())
    if command.reads is not None:
        return command.reads(details, word)
    if command.needs_binder and not details.binder:
        raise word.refuse(
            "not-an-id",
            "That is not the id of an environment.",
            f"An id has {ID_LENGTH} letters and digits; /binder list shows them. Usage: /binder {command.usage}",
        )
    if command.name == "help":
        return details
    raise word.refuse("too-many-words", "There is a word too many.", f"Usage: /binder {command.usage}")


def _unknown(text: str, span: tuple[int, int], commands: Mapping[str, Command]) -> PersonError:
    word = text[span[0] : span[1]]
    near = get_close_matches(word.lower(), [*commands, "form"], 1, 0.6)
    proposal = f"Did you mean /binder {near[0]}? " if near else ""
    return PersonError(
        "unknown-command",
        f"There is no command “{word}”, and a repository is written org/repo.",
        f"{proposal}/binder help lists all commands.",
        text=text,
        span=span,
    )
