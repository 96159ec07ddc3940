"""What a JSON value must look like, as small checks that are put together; each says what is wrong and where.

A check takes a value and its JSON pointer and yields problems in the words that Slack uses. Knows no block by name.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong: ``pointer`` is its place (RFC 6901), ``message`` Slack's words, ``code`` its kind."""

    pointer: str
    message: str
    code: str

    def line(self) -> str:
        """As it stands in ``response_metadata.messages``."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


Check = Callable[[object, str], Iterator[Problem]]
Shape = Mapping[str, Check]


def problem(pointer: str, message: str, code: str = "invalid_value") -> Problem:
    """Short for the constructor."""
    return Problem(pointer=pointer, message=message, code=code)


def anything(value: object, pointer: str) -> Iterator[Problem]:  # noqa: ARG001  it is a check like the others
    """No opinion."""
    yield from ()


def string(most: int | None = None, *, least: int = 0) -> Check:
    """A text of ``least`` to ``most`` characters."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield problem(pointer, "must be a string", "invalid_type")
        elif len(value) < least:
            yield problem(pointer, f"must be more than {least - 1} characters", "too_short")
        elif most is not None and len(value) > most:
            yield problem(pointer, f"must be less than {most + 1} characters", "too_long")

    return check


def url(most: int = 3000) -> Check:
    """A http or https address, also one with another scheme as a button may carry it."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        yield from string(most, least=1)(value, pointer)
        if isinstance(value, str) and value and ("://" not in value or any(c.isspace() for c in value)):
            yield problem(pointer, "Invalid URL", "invalid_url")

    return check


def flag(value: object, pointer: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield problem(pointer, "must be a boolean", "invalid_type")


def number(least: int, most: int) -> Check:
    """A whole number from ``least`` to ``most``."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem(pointer, "must be a number", "invalid_type")
        elif not least <= value <= most:
            yield problem(pointer, f"must be from {least} to {most}", "out_of_range")

    return check


def one_of(*values: str) -> Check:
    """One of these texts."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if value not in values:
            yield problem(pointer, f"must be a valid enum value ({', '.join(values)})", "invalid_enum")

    return check


def items(item: Check, *, least: int = 1, most: int | None = None) -> Check:
    """A list of ``least`` to ``most`` values of one shape."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield problem(pointer, "must be an array", "invalid_type")
            return
        if len(value) < least:
            yield problem(pointer, f"no fewer than {least} items allowed", "too_few")
        if most is not None and len(value) > most:
            yield problem(pointer, f"no more than {most} items allowed", "too_many")
        for index, entry in enumerate(value):
            yield from item(entry, f"{pointer}/{index}")

    return check


def fields(required: Shape, optional: Shape) -> Check:
    """An object with these fields and no others. ``None`` counts as missing."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield problem(pointer, "must be an object", "invalid_type")
            return
        for name in required:
            if value.get(name) is None:
                yield problem(pointer, f"missing required field: {name}", "missing_field")
        for name, entry in value.items():
            known = required.get(name) or optional.get(name)
            if known is None:
                yield problem(pointer, f"invalid additional property: {name}", "additional_property")
            elif entry is not None:
                yield from known(entry, f"{pointer}/{name}")

    return check


def by_type(table: Callable[[], Mapping[str, Check]], what: str) -> Check:
    """An object whose ``type`` chooses its check. The table comes late, so that shapes may hold each other."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield problem(pointer, "must be an object", "invalid_type")
            return
        known = table().get(str(value.get("type")))
        if known is None:
            yield problem(
                f"{pointer}/type", f"unsupported type: {what} {value.get('type')!r}", "invalid_type"
            )
        else:
            yield from known(value, pointer)

    return check


def each(*checks: Check) -> Check:
    """All of these."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        for one in checks:
            yield from one(value, pointer)

    return check


def typed(name: str, required: Shape, optional: Shape) -> Check:
    """`fields` of an object with this ``type``."""
    return fields({"type": one_of(name), **required}, optional)
