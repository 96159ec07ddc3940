"""What a guest's reports say, parsed strictly.

A guest runs what strangers wrote: its texts are cut and cleaned here, so that whatever is inside can be stored and shown.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from provisioning import uncertified
from provisioning.failures import explained
from provisioning.model import Failure, Interface, Report

log = logging.getLogger(__name__)

_MOST_NUMBER = 2**31 - 1  # PostgreSQL's integer
_CERTIFICATE = re.compile(r"(?:[0-9a-fA-F]{64})?")
_UNKEEPABLE = re.compile(r"[\x00\ud800-\udfff]")  # PostgreSQL holds no NUL, UTF-8 no half of a surrogate pair
_WORD, _SENTENCE, _LINE = 100, 2_000, 4_000  # characters
_MOST_INTERFACES = 50
_MOST_LINES = 20
_MOST_EVIDENCE, _EVIDENCE = 100, 400  # lines, and characters of each


def reports_from_json(values: Iterable[Any], binder: str) -> list[Report]:
    """The reports among these; what is none is passed over and logged, so that it takes no good one with it."""
    reports: list[Report] = []
    refused: list[ValueError] = []
    for value in values:
        try:
            reports.append(report_from_json(value))
        except ValueError as error:
            refused.append(error)
    if refused:
        log.warning("report-refused binder=%s count=%d why=%.200r", binder, len(refused), str(refused[0]))
    return reports


def report_from_json(value: Mapping[str, Any]) -> Report:
    """A report as the agent writes it; unknown keys are passed over. Raises ``ValueError`` where it is none."""
    try:
        step = value.get("step")
        failure = value.get("failure")
        return Report(
            n=_number(value["n"]),
            at=_moment(value["t"]),
            phase=_text(value["phase"], _WORD),
            message=_text(value.get("msg", ""), _SENTENCE),
            step=(_number(step[0]), _number(step[1])) if step else None,
            cert_sha256=_certificate(value.get("cert_sha256", "")),
            interfaces=tuple(_interface(i) for i in list(value.get("interfaces", ()))[:_MOST_INTERFACES]),
            failure=_failure(failure) if failure else None,
            note=_text(value.get("note", ""), _SENTENCE),
            open_path=_text(value.get("open_path", ""), _SENTENCE),
            uncertified=uncertified.reason(_text(value.get("uncertified", ""), _SENTENCE)),
            awaits=_text(value.get("awaits", ""), _WORD),
        )
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no report: {error}") from error


def _interface(value: Mapping[str, Any]) -> Interface:
    return Interface(
        name=_text(value["name"], _WORD),
        title=_text(value["title"], _WORD),
        path=_text(value["path"], _SENTENCE),
    )


def _failure(value: Mapping[str, Any]) -> Failure:
    """The failure as the agent knows it, with the cause that its evidence tells; the evidence itself is not kept."""
    told = Failure(
        code=_text(value["code"], _WORD),
        message=_text(value["message"], _SENTENCE),
        hint=_text(value.get("hint", ""), _SENTENCE),
        lines=tuple(_text(line, _LINE) for line in list(value.get("lines", ()))[:_MOST_LINES]),
        step=_text(value.get("step", ""), _SENTENCE),
    )
    evidence = list(value.get("evidence", ()))[:_MOST_EVIDENCE]
    return explained(told, [_text(line, _EVIDENCE) for line in evidence])


def _text(value: object, most: int) -> str:
    """At most so many characters, each of which can be stored and sent."""
    return _UNKEEPABLE.sub("\ufffd", str(value)[:most])


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= _MOST_NUMBER:
        raise ValueError("no report: a number is out of range")
    return number


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("no report: its time has no zone")
    return moment.astimezone(UTC)


def _certificate(value: object) -> str:
    """The fingerprint to pin: 64 hexadecimal digits, or empty."""
    text = str(value)
    if not _CERTIFICATE.fullmatch(text):
        raise ValueError("no report: its certificate's fingerprint is none")
    return text.lower()
