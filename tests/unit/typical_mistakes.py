"""Twenty things that people type wrongly, and what was meant; ``python -m tests.unit.typical_mistakes`` writes their page anew."""

import sys
from collections.abc import Mapping
from pathlib import Path

from bot.blocks import marked
from bot.grammar import parse
from provisioning.errors import PersonError

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "typical-mistakes.md"
OFFERS: Mapping[str, tuple[str, ...]] = {"": ("m3.tiny", "m3.small", "m3.medium")}
# What it is, what is typed, and the nearest right form of it.
MISTAKES = (
    ("An old link without the s", "http://github.com/org/repo", "https://github.com/org/repo"),
    ("The address for git over ssh", "git@github.com:org/repo.git", "https://github.com/org/repo.git"),
    ("The repository's name without its owner", "climate-course", "org/climate-course"),
    ("An owner's page", "https://github.com/org", "https://github.com/org/repo"),
    ("An issue's page", "https://github.com/org/repo/issues/3", "https://github.com/org/repo"),
    ("A password in the link", "https://ada:secret@gitlab.com/group/project", "https://gitlab.com/group/project"),
    ("A server of one's own network", "https://localhost:3000/org/repo", "https://git.example.org/org/repo"),
    ("A DOI that is not whole", "doi:zenodo/3242074", "doi:10.5281/zenodo.3242074"),
    ("A branch beside a record", "10.5281/zenodo.3242074 main", "10.5281/zenodo.3242074"),
    ("A site's page that is no record", "https://zenodo.org/communities/binder", "https://zenodo.org/records/3242074"),
    ("A file of Software Heritage alone", "swh:1:cnt:" + "a" * 40, "swh:1:dir:" + "a" * 40),
    ("A Binder link cut short", "https://mybinder.org/v2/gh", "https://mybinder.org/v2/gh/org/repo/HEAD"),
    ("A download with a signature", "https://example.org/a.zip?signature=1", "https://example.org/a.zip"),
    ("An option's name misspelt", "org/repo flavr=m3.small", "org/repo flavor=m3.small"),
    ("A flavor's short name", "org/repo flavor=medium", "org/repo flavor=m3.medium"),
    ("A branch given twice", "https://github.com/org/repo/tree/main dev", "https://github.com/org/repo dev"),
    ("A path from the machine's root", "org/repo subdir=/notebooks", "org/repo subdir=notebooks"),
    ("A path and a page to open", "org/repo path=course open=course/a.ipynb", "org/repo subdir=course open=course/a.ipynb"),
    ("Spaces without quotes", "org/repo main my first notebook.ipynb", 'org/repo main "my first notebook.ipynb"'),
    ("A lifetime in words", "org/repo hours=two", "org/repo hours=2"),
)  # fmt: skip
_HEAD = """# Twenty typical mistakes

What is answered in Slack, only to whoever typed it, and the nearest right form. A test holds this page to what the program says; all
codes: [Failures](failures.md), all forms: [What you can type](typing.md).
"""


def refusal(text: str) -> PersonError:
    """The refusal of a text that is none of the right ones."""
    try:
        parse(text, OFFERS)
    except PersonError as error:
        return error
    raise AssertionError(f"{text} is taken")


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for number, (title, typed, right) in enumerate(MISTAKES, start=1):
        error = refusal(typed)
        shown, carets = marked(error.text, error.span)
        parts.append(
            f"\n## {number}. {title}\n\n"
            f"**Not started**: {_escaped(error.message)}\n\n"
            f"```\n/binder {shown}\n        {carets}\n```\n\n"
            f"{_escaped(error.hint)} (`{error.code}`)\n\n"
            f"Right: `/binder {right}`\n"
        )
    return "".join(parts)


def _escaped(words: str) -> str:
    return words.replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.exit(0)
