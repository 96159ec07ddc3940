"""Whatever is typed: a request that prints and parses back, or a refusal that a person can act on."""

# ruff: noqa: RUF001, SIM905 - keyboards' quotes and dashes are what is tested; a word list reads best as words

import random
from typing import cast

from hypothesis import example, given
from hypothesis import strategies as st

from bot.grammar import parse, parse_line, unparse
from provisioning.model import Options, PathKind, Request

EXEMPT = ("http://127.0.0.1:3000/",)
OFFERS = {"": ("m3.tiny", "m3.small")}
FRAGMENTS = (
    *"org/repo main a.ipynb github.com gitlab.com gist.github.com mybinder.org v2 gh gl git gist tree blob commit".split(),
    *"https:// http:// ssh:// git@ doi: 10.5281/ HEAD zenodo urlpath= labpath= filepath= flavor= --hours name= open=".split(),
    *"subdir= ref= path= image= --flavor -x -- = & ? # % %2F %2e%2e %00 %E2%80%AE %FF .. . / // \\ : ; | $ ` * ( ) [ ] ![ ]( )]( { }".split(),
    *"< > <@U1|a> |label> <https:// &amp; &lt; &gt; &amp;amp; ~ @ @{ , 2h 90m 1e9 m3.small x=y lab/tree/ rstudio /lab - .git /-/".split(),
    *"http://127.0.0.1:3000/ [::1] localhost \u201c \u201d \u2018 \u2019 \u00ab \u2014 \u2013 \u2011 \u202e \u200b \ufe0f \u3164 é 漢 🎉 \x00 \x1b \udc80".split(
        " "
    ),
    *('"', "'", " ", "  ", "\t", "\n", "\u00a0", "\u2028", "x" * 300, "a/" * 80),
    "https://mybinder.org/v2/gh/o/r/main?",
    "https://mybinder.org/v2/git/https%3A%2F%2Fgit.example.org%2Fx",
    "https://github.com/o/r/tree/main/",
    "[![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/o/r/HEAD",
    *"swh:1:dir:".split(),
    "a" * 40,
    *";anchor= ;path=/ /dataset/ dataset.xhtml?persistentId= zenodo.org/records/1 .zip figshare.com/articles/".split(),
    *"swh hydroshare ckan dataverse doi pull/3 archive/ src/branch/ codeberg.org bitbucket.org nbviewer.org/github/".split(),
    *".. image:: :target: :alt: <a href= </a> <img `x <https://git.example.org/a> >`_ git-pull?repo= %26amp%3B".split(),
    "https://dataverse.harvard.edu/",
)

anything = st.text(st.characters(), max_size=300)
pieces = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=14).map("".join)
launches = st.lists(st.sampled_from(FRAGMENTS), max_size=8).map(lambda found: "org/repo " + "".join(found))
below_a_link = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(
    lambda tail: (
        "https://github.com/o/r/blob/main/" + tail.encode().hex("%").join(("%", "") if tail else ("", ""))
    )
)

NAMES = st.text("abcXYZ0189_", min_size=1, max_size=8)
WORDS = st.text("abcé漢XYZ019 '()+,.’–", min_size=1, max_size=12).map(lambda word: word.strip(" .") or "a")
PATHS = st.lists(WORDS, min_size=1, max_size=4).map("/".join)
PAGES = st.sampled_from(
    ["", "rstudio", "shiny/app/", "lab/tree/a%20b.ipynb", "tree/x", "git-pull?a=b&c=d%2F", "x#y"]
)


RECORDS = st.sampled_from([
    ("zenodo", "10.5281/zenodo.3242074"),
    ("zenodo", "10.22002/d1.1235"),
    ("zenodo", "https://data.caltech.edu/records/8hawh-qmq12"),
    ("figshare", "10.6084/m9.figshare.9782777.v2"),
    ("figshare", "https://springernature.figshare.com/articles/_/9782777/2"),
    ("dataverse", "10.7910/DVN/TJCLKP"),
    ("dataverse", "10.18710/OMPZJF"),
    ("dataverse", "https://dataverse.harvard.edu/api/access/datafile/3323458"),
    ("dataverse", "https://data.example.org/dataset.xhtml?persistentId=hdl:1902/XY"),
    ("hydroshare", "https://www.hydroshare.org/resource/142c59757ed54de1816777828c9716e7"),
    ("hydroshare", "10.4211/hs.b8f6eae9d89241cf8b5904033460af61"),
    ("ckan", "https://demo.ckan.org/dataset/my-sample-dataset-001"),
    ("doi", "10.1000/xyz123"),
    ("swh", "swh:1:dir:" + "0a" * 20),
    ("archive", "https://example.org/a/b.tar.gz?download=1"),
    ("git", "https://git.example.org/dataset/course"),
    ("git", "https://git.example.org/a/b.zip"),
])  # fmt: skip
REFS = st.sampled_from(["", "main", "feature/x", "v1.2", "HEAD", "é#1", "refs/pull/3/head"])


@st.composite
def repositories(draw: st.DrawFn) -> tuple[str, str]:
    """A git repository's provider and URL."""
    hosts = [
        ("github.com", "gh"),
        ("gitlab.com", "gl"),
        ("git.example.org:8443", "git"),
        ("bitbucket.org", "git"),
    ]
    host, provider = draw(st.sampled_from(hosts))
    return provider, f"https://{host}/a{draw(NAMES)}/r{draw(NAMES)}"


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Requests as parsing makes them."""
    kind = draw(st.sampled_from([PathKind.NONE, PathKind.AUTO, PathKind.SUBDIR, PathKind.OPEN]))
    page = draw(PAGES) if kind in {PathKind.SUBDIR, PathKind.OPEN} else ""
    path = draw(PATHS) if kind in {PathKind.AUTO, PathKind.SUBDIR} else ""
    if kind is PathKind.OPEN:
        page = page or "lab"
        path = {"lab/tree/a%20b.ipynb": "a b.ipynb", "tree/x": "x"}.get(page, "")
    provider, repo = draw(repositories() | RECORDS)
    return Request(
        provider=provider,
        repo=repo,
        ref=draw(REFS) if provider in {"gh", "gl", "git"} else "",
        path=path,
        path_kind=kind,
        open_url=page,
        options=Options(
            flavor=draw(st.sampled_from(["", "m3.small"])),
            image=draw(st.sampled_from(["", "Ubuntu 24.04 (Noble)"])),
            hours=draw(st.none() | st.integers(1, 100_000).map(lambda minutes: minutes / 60)),
            name=draw(st.just("") | WORDS.map(lambda word: " ".join(word.split()))),
            cloud=draw(st.sampled_from(["", "iu"])),
            volume=(volume := draw(st.sampled_from(["", "data", "0-a", "a" * 31]))),
            volume_gib=draw(st.none() | st.integers(1, 999_999)) if volume else None,
        ),
    )


def holds(text: str) -> None:
    """The promise of `parse` for any text."""
    line = parse_line(text, allow_exact=EXEMPT)
    if line["ok"]:
        request = parse(text, allow_exact=EXEMPT)
        assert parse(unparse(request), allow_exact=EXEMPT) == request
        return
    start, end = cast("list[int]", line["span"])
    assert line["code"]
    assert line["message"]
    assert line["hint"]
    assert 0 <= start <= end <= len(text)
    assert start < end or not text


@given(anything)
def test_given_any_text_when_parsed_then_it_is_a_request_or_a_marked_refusal(text: str) -> None:
    holds(text)


@given(pieces | launches)
@example("org/repo name='[[a](b)](c)'")
@example("https://github.com/o/r/tree/main/ ~x")
@example("https://mybinder.org/v2/git/https%3A%2F%2Fdoi.org%2Fx/main")
@example("https://git.example.org/-/tree/main")
def test_given_nasty_pieces_when_parsed_then_it_is_a_request_or_a_marked_refusal(text: str) -> None:
    holds(text)


@given(below_a_link)
def test_given_any_encoded_file_in_a_link_when_parsed_then_it_is_a_request_or_a_marked_refusal(
    text: str,
) -> None:
    holds(text)


@given(requests())
def test_given_any_request_when_printed_and_parsed_then_it_is_the_same(request_: Request) -> None:
    assert parse(unparse(request_)) == request_


def test_given_100_000_mixed_texts_when_parsed_as_lines_then_each_has_an_answer() -> None:
    chance = random.Random(20261124)
    answers = {True: 0, False: 0}

    for _ in range(100_000):
        text = "".join(chance.choices(FRAGMENTS, k=chance.randint(0, 7)))
        line = parse_line(
            chance.choice(("", "org/repo ", "org/repo main ")) + text, OFFERS, allow_exact=EXEMPT
        )
        answers[bool(line["ok"])] += 1

    assert min(answers.values()) > 1000
