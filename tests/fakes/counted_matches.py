"""How many steps a backtracking matcher takes for a pattern on a text: the steps of `re`, which nothing else tells.

A matcher of its own over the tree that the standard library's parser makes, with the order of tries that its engine has, but
none of its shortcuts: what it counts is never less. It knows what this project's patterns use, and fails on anything else.
"""

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

tree: Any = import_module("re._parser")  # has no types, and no public name
MAXREPEAT = tree.MAXREPEAT
Go = Callable[[int], bool]
_CLASSES = {"CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S",
            "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W"}  # fmt: skip


def steps(pattern: re.Pattern[str], text: str, *, everywhere: bool) -> int:
    """Of one match of the whole text; ``everywhere``: of all matches that there are, one after the other."""
    counter = _Counter(text, pattern.flags)
    items = list(tree.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
    if not everywhere:
        counter.run(items, 0, 0, lambda at: at == len(text))
        return counter.steps
    start = 0
    while start <= len(text):
        end = counter.end(items, start)
        start = start + 1 if end is None else max(end, start + 1)
    return counter.steps


class _Counter:
    """The matcher at work on one text."""

    def __init__(self, text: str, flags: int) -> None:
        self.steps = 0
        self._text = text
        self._flags = flags

    def end(self, items: list[Any], start: int) -> int | None:
        """Where a match from ``start`` on ends; None where there is none."""
        ends: list[int] = []

        def go(at: int) -> bool:
            ends.append(at)
            return True

        return ends[0] if self.run(items, 0, start, go) else None

    def run(self, items: list[Any], place: int, at: int, go: Go) -> bool:
        """Whether the items from ``place`` on match at ``at``, and what follows them does too."""
        if place == len(items):
            return go(at)
        self.steps += 1
        operation, value = items[place]
        name = str(operation)

        def rest(end: int) -> bool:
            return self.run(items, place + 1, end, go)

        if name in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
            return self._fits(name, value, at) and rest(at + 1)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            return self._repeat(name, value, at, rest)
        if name == "SUBPATTERN":
            return self.run(list(value[-1]), 0, at, rest)
        if name == "BRANCH":
            return any(self.run(list(branch), 0, at, rest) for branch in value[1])
        if name in {"ASSERT", "ASSERT_NOT"}:
            return self._looks(value, at) == (name == "ASSERT") and rest(at)
        if name == "AT":
            return self._stands(str(value), at) and rest(at)
        raise NotImplementedError(name)

    def _repeat(self, name: str, value: Any, at: int, rest: Go) -> bool:
        least, most, inner = value
        items = list(inner)
        if len(items) == 1 and str(items[0][0]) in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
            return any(map(rest, self._ends(name, least, most, at, items[0])))
        is_greedy = name == "MAX_REPEAT"

        def more(count: int, start: int) -> bool:
            def again(end: int) -> bool:
                return (end > start or count < least) and more(count + 1, end)

            def once() -> bool:
                return (most is MAXREPEAT or count < most) and self.run(items, 0, start, again)

            if count < least:
                return once()
            return (once() or rest(start)) if is_greedy else (rest(start) or once())

        return more(0, at)

    def _ends(self, name: str, least: int, most: Any, at: int, item: Any) -> Iterable[int]:
        """Where a run of single characters may end, in the order of the tries."""
        longest = len(self._text) - at if most is MAXREPEAT else min(most, len(self._text) - at)
        if name == "MIN_REPEAT":
            for count in range(longest + 1):
                if count >= least:
                    yield at + count
                if count == longest or not self._fits(str(item[0]), item[1], at + count):
                    return
            return
        count = 0
        while count < longest and self._fits(str(item[0]), item[1], at + count):
            count += 1
        yield from range(at + count, at + least - 1, -1)

    def _fits(self, name: str, value: Any, at: int) -> bool:
        self.steps += 1
        if not 0 <= at < len(self._text):
            return False
        char = self._text[at]
        if name == "ANY":
            return char != "\n" or bool(self._flags & re.DOTALL)
        if name == "IN":
            is_negated = str(value[0][0]) == "NEGATE"
            return any(self._is(str(kind), what, char) for kind, what in value[is_negated:]) != is_negated
        return self._is("LITERAL", value, char) == (name == "LITERAL")

    def _is(self, kind: str, what: Any, char: str) -> bool:
        chars = {char, char.lower(), char.upper()} if self._flags & re.IGNORECASE else {char}
        if kind == "RANGE":
            return any(len(c) == 1 and what[0] <= ord(c) <= what[1] for c in chars)
        if kind == "CATEGORY":
            return re.match(_CLASSES[str(what)], char, self._flags & re.ASCII) is not None
        assert kind == "LITERAL", kind
        return chr(what) in chars

    def _looks(self, value: Any, at: int) -> bool:
        direction, items = value
        start = at if direction > 0 else at - items.getwidth()[0]
        return start >= 0 and self.run(list(items), 0, start, lambda _: True)

    def _stands(self, name: str, at: int) -> bool:
        if name in {"AT_BEGINNING", "AT_BEGINNING_STRING"}:
            return at == 0
        if name in {"AT_END", "AT_END_STRING"}:
            return at == len(self._text)
        assert name == "AT_BOUNDARY", name
        return re.compile(r"\b").match(self._text, at) is not None
