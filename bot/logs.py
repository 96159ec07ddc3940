"""What a process says of itself on standard error: one line each, key=value or JSON, with the ids of the work at hand.

Our own lines begin with a constant name, followed by ``key=%s`` parts; others' lines are taken as they are. Nothing in any of them
would let a reader in (`bot.masking`).
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType

from bot.masking import masked
from provisioning.log_context import bound_ids

_EVENT = re.compile(r"[a-z][a-z-]+")
_PART = re.compile(r"([a-z_0-9]+)=(%[^\s%]+|[^\s%]+)")
_PLAIN = re.compile(r"[^\s\"=\\]+")
_OURS = ("time", "level", "logger", "event")  # what a key of a line must not be in JSON


def fields_of(record: logging.LogRecord) -> dict[str, str] | None:
    """The keys and values of a line of ours, its name under ``event``; None for any other line."""
    event, *parts = str(record.msg).split(" ")
    found = [_PART.fullmatch(part) for part in parts]
    arguments = record.args if isinstance(record.args, tuple) else (record.args,) if record.args else ()
    wanted = sum(part.count("%") for part in parts)
    if _EVENT.fullmatch(event) is None or not all(found) or wanted != len(arguments):
        return None
    given = iter(arguments)
    fields = {"event": event}
    for match in found:
        if match is not None:
            key, value = match.groups()
            fields[key] = value % next(given) if value.startswith("%") else value
    return fields


class KeyValue(logging.Formatter):
    """``2026-03-02T09:00:00.000Z level=info logger=bot.desk desk-late intent=7``; a trace follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, masked as a whole."""
        fields = fields_of(record)
        if fields is None:
            said, own = record.getMessage().replace("\n", "\\n"), {}
        else:
            own = {k: v for k, v in fields.items() if k != "event"}
            said = " ".join([fields["event"], *(f"{k}={_quoted(v)}" for k, v in own.items())])
        ids = "".join(f" {k}={_quoted(v)}" for k, v in bound_ids().items() if k not in own)
        line = f"{_time(record)} level={record.levelname.lower()} logger={record.name} {said}{ids}"
        trace = _trace(self, record)
        return masked(f"{line}\n{trace}" if trace else line)


class Json(logging.Formatter):
    """One object a line: ``time level logger``, ``event`` with its keys or ``message``, ids, ``trace``."""

    def format(self, record: logging.LogRecord) -> str:
        """Each value masked by itself, so that it stays JSON."""
        fields = fields_of(record) or {"message": record.getMessage()}
        own = {f"{k}_" if k in _OURS[:3] else k: v for k, v in fields.items()}
        trace = _trace(self, record)
        line = {
            "time": _time(record), "level": record.levelname.lower(), "logger": record.name,
            **bound_ids(), **own, **({"trace": trace} if trace else {}),
        }  # fmt: skip
        return json.dumps({k: masked(v) for k, v in line.items()}, ensure_ascii=False)


_FORMATS: Mapping[str, type[logging.Formatter]] = {"text": KeyValue, "json": Json}


def configure(*, is_quiet: bool, form: str = "text") -> None:
    """Log to standard error as ``text`` or ``json``; ``is_quiet``: only what needs somebody's attention."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATS[form]())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING if is_quiet else logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _say_last
    if is_quiet:  # a child that the supervisor reaped first is no news in a playground
        logging.getLogger("asyncio").setLevel(logging.ERROR)


def _say_last(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the process is a log line too: masked, and JSON where that was asked for."""
    logging.getLogger("bot").critical("process-broke error=%s", kind.__name__, exc_info=(kind, error, trace))


def _time(record: logging.LogRecord) -> str:
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03d}Z"


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    return "\n".join([*parts, *([record.stack_info] if record.stack_info else [])])
