"""How much work reading takes, counted in steps, not on a clock: four times the text is four times the work, whatever it says.

Lines of Python are counted by a trace; the steps inside of `re`, which a trace does not see, by a matcher that counts.
"""

# ruff: noqa: RUF001 - keyboards' quotes are what is tested

import pkgutil
import re
import sys
from importlib import import_module
from types import FrameType
from typing import Any

import pytest

import bot.grammar
from bot.grammar import parse_line
from bot.grammar.text import LIMIT
from tests.fakes.counted_matches import steps

NASTY = {
    "quotes": ("org/repo ", "\"'"),
    "quotes after equals signs": ("org/repo a=b", "='"),
    "curly quotes": ("org/repo name=", "“”"),
    "an open quote": ('org/repo name="', "a "),
    "brackets": ("", "["),
    "closed brackets": ("", "[]"),
    "images": ("", "[![x]("),
    "nested links": ("", "[a]("),
    "links in links": ("", "[[a](b)](c)"),
    "a link that never ends": ("[a](b", " "),
    "titles that never end": ("[a](b", ' "x'),
    "angles": ("", "<"),
    "Slack's links": ("", "<https://a.b/c|d>"),
    "backticks": ("", "`"),
    "backticks and schemes": ("`", " a://b"),
    "anchors": ("", "<a href=x "),
    "an anchor that never ends": ("<a ", "href=x "),
    "one long address in an anchor": ("<a href=", "x"),
    "anchors in anchors": ("", "<a href=x>"),
    "closed anchors": ("", "<a href=x></a>"),
    "images of reStructuredText": ("", ".. |x| image:: "),
    "substitutions": ("", ".. |"),
    "targets": (".. image:: x", " :target:"),
    "options": (".. image:: x :target: y", " :alt: z"),
    "encoded percents": ("https://github.com/o/r/tree/", "%25"),
    "encoded bytes": ("https://github.com/o/r/tree/", "%C3%A9"),
    "entities": ("", "&amp;"),
    "entities of entities": ("&", "amp;"),
    "entities in a query": ("https://mybinder.org/v2/gh/o/r/main?", "a&amp;"),
    "pairs in a query": ("https://mybinder.org/v2/gh/o/r/main?", "a=b&"),
    "doubled urlpath": ("https://mybinder.org/v2/gh/o/r/main?", "urlpath=urlpath=&"),
    "what nbgitpuller lost": ("https://mybinder.org/v2/gh/o/r/main?urlpath=git-pull?repo=x", "&branch=x"),
    "pages": ("https://github.com/o/r", "/tree/"),
    "pages of GitLab": ("https://git.example.org/o/r", "/-/tree/"),
    "pages of Gitea": ("https://git.example.org/o/r", "/src/branch"),
    "folders": ("https://github.com/o/r/blob/main/", "a/"),
    "dots": ("https://git.example.org/", "./"),
    "groups": ("https://gitlab.com/", "g/"),
    "hosts": ("https://", "a."),
    "Binder links in Binder links": ("", "https://mybinder.org/v2/git/"),
    "schemes": ("", "https://"),
    "DOIs": ("", "10.1234/"),
    "parts of a DOI's prefix": ("10.1234", ".1"),
    "DOI spaces": ("doi:", " "),
    "qualifiers": ("swh:1:dir:" + "a" * 40, ";path=/a"),
    "datasets": ("https://d.example.org", "/dataset"),
    "words": ("org/repo", " a"),
    "keys": ("org/repo", " k=v"),
    "keys of another form": ("org/repo", " --k"),
    "one long key": ("org/repo ", "k"),
    "hyphens": ("org/repo ", "-"),
    "long dashes": ("org/repo ", "–"),
    "spaces": ("org/repo", " "),
    "ends of lines": ("org/repo", "\n"),
    "combining characters": ("org/repo/", "e\u0301\u0302"),
    "combining characters alone": ("org/repo ", "\u0301"),
    "surrogates": ("", "\udc80"),
    "letters": ("", "a"),
    "digits": ("org/repo hours=", "1"),
}
_SIZES = (LIMIT // 10, LIMIT // 5, LIMIT * 2 // 5)
# These, and those of badges, are searched for all over a text; all others are held against a whole piece of it.
_SEARCHED = frozenset({"text._ENTITY", "text._ANGLES", "opening._AMP", "paths._STRAY_PERCENT"})


def _patterns() -> dict[str, re.Pattern[str]]:
    modules = [
        import_module(f"bot.grammar.{found.name}") for found in pkgutil.iter_modules(bot.grammar.__path__)
    ]
    modules += [import_module(f"provisioning.sources.{name}") for name in ("records", "swhids")]
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }


PATTERNS = _patterns()


def of_length(kind: str, length: int) -> str:
    start, piece = NASTY[kind]
    return start + piece * ((length - len(start)) // len(piece))


def lines_run(text: str) -> int:
    """How many lines of this project's code reading the text takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if not frame.f_globals.get("__name__", "").startswith(("bot.grammar", "provisioning.")):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse_line(text)
    finally:
        sys.settrace(before)
    return count


def grows_no_faster(counts: list[int], slack: int) -> bool:
    """Whether twice the text is twice the steps, and not four times; what little texts and whole pieces make uneven is let through."""
    quarter, half, whole = counts
    return whole <= 2.2 * half + slack and half <= 2.2 * quarter + slack


@pytest.mark.parametrize("kind", NASTY)
def test_given_ever_longer_nasty_text_when_parsed_then_the_lines_that_run_grow_with_it(kind: str) -> None:
    counts = [lines_run(of_length(kind, length)) for length in _SIZES]

    assert grows_no_faster(counts, slack=200), counts


@pytest.mark.parametrize("name", PATTERNS)
def test_given_ever_longer_nasty_text_when_a_pattern_is_tried_then_its_steps_grow_with_it(name: str) -> None:
    everywhere = name.startswith("badges.") or name in _SEARCHED
    lengths = [length // 4 for length in _SIZES]
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))

    counts = {
        kind: [steps(PATTERNS[name], of_length(kind, n), everywhere=everywhere) for n in lengths]
        for kind in NASTY
    }

    assert {kind: found for kind, found in counts.items() if not grows_no_faster(found, slack=500)} == {}


@pytest.mark.parametrize(
    ("pattern", "grows"),
    [
        pytest.param(r"(a+)+b", False, id="exponential"),
        pytest.param(r"a*a*b", False, id="quadratic"),
        pytest.param(r"[^b]*b", True, id="linear"),
    ],
)
def test_given_a_pattern_that_is_known_when_its_steps_are_counted_then_it_is_told(
    pattern: str, grows: bool
) -> None:
    counts = [steps(re.compile(pattern), "a" * n, everywhere=False) for n in (3, 6, 12)]

    assert grows_no_faster(counts, slack=20) is grows


def test_given_more_than_a_launch_may_have_when_parsed_then_the_work_is_the_same_however_long_it_is() -> None:
    assert lines_run("a" * (LIMIT + 1)) == lines_run("a" * 1_000_000)
