"""What of one call, as `bot.slack_client.Recorder` keeps it, is beyond Slack's published limits.

Blocks, views, metadata and attachments are judged by the playground's own checks. Here is what belongs to the call:
docs.slack.dev/reference/methods/<method>, docs.slack.dev/interactivity/handling-user-interaction for the answers.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.masking import MASK
from bot.playground.app_methods import LONGEST_VALIDATED
from bot.playground.block_shapes import check_blocks
from bot.playground.refusals import (
    LARGEST_VIEW,
    LONGEST_UPDATE,
    SlackError,
    check_view,
    checked_attachments,
    checked_metadata,
)
from bot.playground.shapes import Problem, problem, string
from bot.playground.uploads import LARGEST_SNIPPET

Json = dict[str, Any]
#: A ticket or a response URL is shorter; what is masked counts as this much.
LONGEST_SECRET = 600
LARGEST_FILE = 1_000_000_000  # slack.com/help/articles/201330736
_MOST_LISTED = 999  # conversations.*, users.conversations: "under 1000"
_TS = frozenset({"ts", "thread_ts"})


def beyond_limits(method: str, args: Mapping[str, Any]) -> list[str]:
    """What is wrong with the call, a line each; nothing is what Slack takes. A method that is not known is wrong, too."""
    given = {name: _whole(value) for name, value in args.items() if value is not None}
    check = _CHECKS.get(method)
    problems = (
        [problem("", f"unknown method: {method}")] if check is None else [*check(given), *_times(given)]
    )
    return [found.line() for found in problems]


def _whole(value: object) -> object:
    """The value with its secrets at full length, and JSON in a text as what it is."""
    if isinstance(value, Mapping):
        return {name: _long(inner) for name, inner in value.items()}
    long = _long(value)
    if isinstance(long, str) and long.startswith(("{", "[")):
        try:
            return json.loads(long)
        except ValueError:
            return long
    return long


def _long(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _long(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_long(inner) for inner in value]
    return value.replace(MASK, "x" * LONGEST_SECRET) if isinstance(value, str) else value


def _times(args: Json) -> Iterator[Problem]:
    """``ts`` is a text: a number has lost its last digits."""
    for name in _TS & args.keys():
        seconds, _, micros = str(args[name]).partition(".")
        if not isinstance(args[name], str) or not (seconds.isdecimal() and len(micros) == 6):
            yield problem(f"/{name}", "must be a ts")


def _needs(args: Json, *names: str) -> Iterator[Problem]:
    for name in names:
        if not args.get(name):
            yield problem("", f"missing required field: {name}", "missing_field")


def _message(args: Json, *needs: str) -> Iterator[Problem]:
    """Content that people read: a text that stands alone, and blocks."""
    yield from _needs(args, "text", *needs)
    # chat.update refuses a longer one. Where it is let pass, Slack advises against it and cuts at ten times that.
    yield from string(LONGEST_UPDATE)(args.get("text", ""), "/text")
    yield from check_blocks(args.get("blocks", []), "message")
    for name, examine in (("metadata", checked_metadata), ("attachments", checked_attachments)):
        try:
            examine(args.get(name))
        except SlackError as refused:
            yield problem(f"/{name}", refused.error)


def _posted(args: Json) -> Iterator[Problem]:
    yield from _message(args, "channel")


def _changed(args: Json) -> Iterator[Problem]:
    yield from _message(args, "channel", "ts")


def _whispered(args: Json) -> Iterator[Problem]:
    yield from _message(args, "channel", "user")


def _answered(args: Json) -> Iterator[Problem]:
    if not args.get("delete_original"):
        yield from _message(args)


def _acked(args: Json) -> Iterator[Problem]:
    """An ack that says something: a message, or what a form is to do."""
    match args.get("response_action"):
        case None if "challenge" in args:
            return
        case None:
            yield from _message(args)
        case "errors":
            yield from _needs(args, "errors")
            for field, words in args.get("errors", {}).items():
                yield from string(LONGEST_UPDATE, least=1)(words, f"/errors/{field}")
        case "update" | "push":
            yield from _shown(args, "modal")
        case "clear":
            return
        case other:
            yield problem("/response_action", f"unknown: {other}")


def _shown(args: Json, kind: str) -> Iterator[Problem]:
    if len(json.dumps(args.get("view"))) > LARGEST_VIEW:
        yield problem("/view", "view_too_large")
    yield from check_view(args.get("view"), kind)


def _opened(args: Json) -> Iterator[Problem]:
    yield from _needs(args, "trigger_id", "view")
    yield from _shown(args, "modal")


def _published(args: Json) -> Iterator[Problem]:
    yield from _needs(args, "user_id", "view")
    yield from _shown(args, "home")


def _announced(args: Json) -> Iterator[Problem]:
    yield from _needs(args, "filename", "length")
    yield from _uploaded(args)


def _uploaded(args: Json) -> Iterator[Problem]:
    most = LARGEST_SNIPPET if args.get("snippet_type") else LARGEST_FILE
    if not 1 <= int(args.get("length") or 0) <= most:
        yield problem("/length", f"must be from 1 to {most}")


def _completed(args: Json) -> Iterator[Problem]:
    yield from _needs(args, "files", "channel_id")
    yield from string(LONGEST_UPDATE)(args.get("initial_comment", ""), "/initial_comment")
    for number, file in enumerate(args.get("files") or []):
        yield from string(255, least=1)(file.get("title"), f"/files/{number}/title")


def _validated(args: Json) -> Iterator[Problem]:
    given = [name for name in ("blocks", "message", "view") if name in args]
    if len(given) != 1:
        yield problem("", "exactly one argument")
    elif len(json.dumps(args[given[0]])) > LONGEST_VALIDATED:
        yield problem(f"/{given[0]}", "too long")
    if "message" in args:
        yield from check_blocks(args["message"].get("blocks", []), "message")


def _read(args: Json) -> Iterator[Problem]:
    yield from _needs(args, "channel")
    yield from _listed(args)


def _replies(args: Json) -> Iterator[Problem]:
    yield from _needs(args, "ts")
    yield from _read(args)


def _listed(args: Json) -> Iterator[Problem]:
    if not 1 <= int(args.get("limit") or 1) <= _MOST_LISTED:
        yield problem("/limit", f"must be from 1 to {_MOST_LISTED}")


def _user(args: Json) -> Iterator[Problem]:
    yield from _needs(args, "user")


def _nothing(_args: Json) -> Iterator[Problem]:
    yield from ()


_CHECKS: Mapping[str, Callable[[Json], Iterator[Problem]]] = {
    "apps.connections.open": _nothing,
    "auth.test": _nothing,
    "blocks.validate": _validated,
    "chat.postEphemeral": _whispered,
    "chat.postMessage": _posted,
    "chat.update": _changed,
    "conversations.history": _read,
    "conversations.info": _read,
    "conversations.replies": _replies,
    "files.completeUploadExternal": _completed,
    "files.getUploadURLExternal": _announced,
    "users.conversations": _listed,
    "users.info": _user,
    "views.open": _opened,
    "views.publish": _published,
    "response_url": _answered,
    "ack": _acked,
    "upload": _uploaded,
}
