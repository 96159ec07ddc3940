"""Binder links of every kind, in any markup, with anything hidden in them: what holds for all of them, whatever their names."""

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.blocks import marked
from bot.grammar import content_of, parse, parse_line, unparse
from bot.grammar.text import is_hidden
from provisioning.errors import PersonError

NAMES = st.text("abcXYZ0189", min_size=1, max_size=8)
REFS = st.sampled_from(["main", "HEAD", "v1.2", "feature/x", "0" * 40])
FILES = st.lists(st.text("abcé漢XYZ01_ ()+,.", min_size=1, max_size=9), min_size=1, max_size=3).map(
    lambda parts: "/".join(part.strip(" .") or "a" for part in parts)
)
# Kind, and what follows it in a link: the person's own name and the repository's stand in the braces.
KINDS = {
    "gh/{owner}/{repo}": "https://github.com/{owner}/{repo}",
    "gh/{owner}/{repo}.git": "https://github.com/{owner}/{repo}",
    "gl/{owner}%2Fgroup%2F{repo}": "https://gitlab.com/{owner}/group/{repo}",
    "gl/https%3A%2F%2Fgitlab.com%2F{owner}%2F{repo}": "https://gitlab.com/{owner}/{repo}",
    "gl/https://gitlab.com/{owner}/{repo}": "https://gitlab.com/{owner}/{repo}",
    "gist/{owner}/{repo}": "https://gist.github.com/{owner}/{repo}",
    "git/https%3A%2F%2Fgit.example.org%2F{owner}%2F{repo}": "https://git.example.org/{owner}/{repo}",
}
RECORDS = {
    "zenodo/10.5281/zenodo.3242074": ("zenodo", "10.5281/zenodo.3242074"),
    "zenodo/doi:10.5281/zenodo.3242074": ("zenodo", "10.5281/zenodo.3242074"),
    "figshare/10.6084/m9.figshare.9782777.v2": ("figshare", "10.6084/m9.figshare.9782777.v2"),
    "dataverse/https://doi.org/10.7910/DVN/TJCLKP": ("dataverse", "10.7910/DVN/TJCLKP"),
    "hydroshare/10.4211/hs.b8f6eae9d89241cf8b5904033460af61": (
        "hydroshare", "10.4211/hs.b8f6eae9d89241cf8b5904033460af61",
    ),
    "ckan/https%3A%2F%2Fdemo.ckan.org%2Fdataset%2Fsea-turtles": ("ckan", "https://demo.ckan.org/dataset/sea-turtles"),
    f"swh/swh:1:dir:{'0a' * 20}": ("swh", f"swh:1:dir:{'0a' * 20}"),
}  # fmt: skip
HUBS = st.sampled_from(
    ["https://mybinder.org", "mybinder.org", "https://hub.example.edu/binder", "http://mybinder.org"]
)
MARKUP = {
    "Markdown": "[![Binder](https://mybinder.org/badge_logo.svg)]({})",
    "Markdown with titles": '[![Binder](https://mybinder.org/badge_logo.svg "a")]({} "b")',
    "Markdown with a named image": "[![Binder][badge]]({})",
    "a Markdown link": "[run it]({})",
    "a Markdown definition": "[binder]: {}",
    "reStructuredText": ".. image:: https://mybinder.org/badge_logo.svg\n   :target: {}\n   :alt: Binder",
    "a substitution": ".. |b| image:: https://mybinder.org/badge_logo.svg\n    :target: {}",
    "a link of reStructuredText": "`run it <{}>`_",
    "a target of reStructuredText": ".. _binder: {}",
    "HTML": '<a href="{}"><img src="https://mybinder.org/badge_logo.svg"></a>',
    "HTML in a paragraph": "<p>\n<a class=x href='{}'>run</a>\n</p>",
    "Slack's link": "<{}>",
    "Slack's link with a label": "<{}|run it>",
}
HIDDEN = st.sampled_from(
    "\u202e\u202d\u2066\u2069\u200b\u200d\u200e\u061c\ufeff\u00ad\ufe0f\u3164\u2028\x00\x1b\x85\U000e0041"
)
LAUNCHES = st.sampled_from([
    "org/repo main a.ipynb", "https://github.com/org/repo/blob/main/a.ipynb", "10.5281/zenodo.3242074",
    "https://mybinder.org/v2/gh/org/repo/main?urlpath=lab", "org/repo name='Week 1' flavor=m3.small", "swh:1:dir:" + "0a" * 20,
    "[![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/org/repo/main)",
])  # fmt: skip


@st.composite
def repository_links(draw: st.DrawFn) -> tuple[str, str, str]:
    """A Binder link of a repository, its URL and its ref."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    names = {"owner": "o" + draw(NAMES), "repo": "r" + draw(NAMES)}
    ref = draw(REFS if "%2F" not in kind and "gl/" not in kind else st.sampled_from(["main", "HEAD", "v1.2"]))
    ending = draw(st.sampled_from(["", "/"]))
    return f"{draw(HUBS)}/v2/{kind.format(**names)}/{ref}{ending}", KINDS[kind].format(**names), ref


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, str]:
    """What opens, as a link's query says it, and where BinderHub would send a browser."""
    file = draw(FILES)
    name, where = draw(st.sampled_from([("labpath", "doc/tree/"), ("filepath", "tree/")]))
    said = quote(draw(st.sampled_from(["", "/"])) + file, safe="")
    return draw(st.sampled_from([
        (f"?{name}={said}", where + quote(file, safe="/!'()*,~@:+=")),
        (f"?urlpath={quote('lab/tree/' + quote(file), safe='')}", "lab/tree/" + quote(file)),
        ("?urlpath=rstudio", "rstudio"),
        ("?urlpath=%2Fshiny%2Fapp%2F", "shiny/app/"),
        ("", ""),
    ]))  # fmt: skip


@given(repository_links(), queries())
def test_given_any_binder_link_of_a_repository_then_it_is_read_and_opens_as_binderhub_has_it(
    link: tuple[str, str, str], query: tuple[str, str]
) -> None:
    request = parse(link[0] + query[0])

    assert (request.repo, request.ref, request.open_url) == (*link[1:], query[1])


@given(st.sampled_from(sorted(RECORDS)), HUBS, queries(), st.sampled_from(["", "/"]))
def test_given_any_binder_link_of_a_record_then_it_is_read_and_opens_as_binderhub_has_it(
    named: str, hub: str, query: tuple[str, str], ending: str
) -> None:
    request = parse(f"{hub}/v2/{named}{ending}{query[0]}")

    assert (request.provider, request.repo, request.open_url) == (*RECORDS[named], query[1])


@given(repository_links(), queries())
def test_given_any_binder_link_when_printed_and_parsed_then_it_is_the_same(
    link: tuple[str, str, str], query: tuple[str, str]
) -> None:
    request = parse(link[0] + query[0])

    assert parse(unparse(request)) == request


@pytest.mark.parametrize("markup", MARKUP.values(), ids=MARKUP)
@settings(max_examples=30)
@given(repository_links(), queries(), st.sampled_from(["", " flavor=m3.small"]))
def test_given_any_markup_around_a_link_then_it_is_what_the_link_is(
    markup: str, link: tuple[str, str, str], query: tuple[str, str], beside: str
) -> None:
    url = "https://mybinder.org/v2/" + link[0].partition("/v2/")[2] + query[0]

    assert parse(markup.format(url) + beside) == parse(url + beside)


@given(repository_links(), NAMES, REFS, st.sampled_from(["&", "&amp;", "%26", "%26amp%3B", "&amp;amp;"]))
def test_given_nbgitpuller_in_a_link_however_its_ampersands_were_escaped_then_its_repository_is_known(
    link: tuple[str, str, str], name: str, branch: str, ampersand: str
) -> None:
    content = f"https://github.com/c/{name}"
    pull = f"git-pull?repo={quote(content, safe='')}{ampersand}branch={branch}{ampersand}urlpath=lab"

    found = content_of(parse(f"{link[0]}?urlpath={pull}").open_url)

    assert found is not None
    assert (found.repo, found.branch) == (content, branch)


@given(LAUNCHES, HIDDEN, st.integers(0, 100))
@example("org/repo main", "\u202e", 5)
def test_given_what_nobody_sees_anywhere_in_a_launch_then_it_is_refused_and_shown_as_its_code(
    text: str, hidden: str, at: int
) -> None:
    at = 1 + at % (len(text) - 1)

    error = refusal(text[:at] + hidden + text[at:])

    said = "".join((error.message, error.hint, *marked(error.text, error.span)))
    assert error.code == "hidden-character"
    assert f"U+{ord(hidden):04X}" in error.message
    assert not any(map(is_hidden, said)), ascii(said)
    assert hidden.encode("unicode_escape").decode() in said


@given(HIDDEN, st.sampled_from(["gh/o/r{}/main", "gh/o/r/ma{}in", "gh/o/r/main?filepath=a{}.ipynb", "gl/o%2Fr{}/x",
                                "git/https%3A%2F%2Fgit.example.org%2Fr{}/x", "gh/o/r/main?urlpath=lab/tree/a{}.ipynb",
                                "gh/o/r/main?urlpath=git-pull?repo=https://github.com/a/b{}"]))  # fmt: skip
def test_given_what_nobody_sees_encoded_in_a_name_then_it_is_refused_and_not_repeated(
    hidden: str, link: str
) -> None:
    error = refusal("https://mybinder.org/v2/" + link.format(quote(hidden)))

    assert error.code in {"hidden-character", "bad-repository"}
    assert not any(map(is_hidden, error.message + error.hint))


@settings(max_examples=60)
@given(
    st.text(st.characters(), min_size=1, max_size=40),
    st.integers(1, 4096),
    st.sampled_from(["", "org/repo ", "https://github.com/o/r/"]),
)
def test_given_up_to_4_kilobytes_of_anything_when_parsed_then_there_is_an_answer(
    piece: str, length: int, start: str
) -> None:
    text = (start + piece * (length // len(piece) + 1))[:length]

    assert parse_line(text)["ok"] in {True, False}


@given(st.text(st.characters(), max_size=80), st.integers(0, 90), st.integers(0, 90))
def test_given_any_text_when_its_mistake_is_marked_then_nothing_hidden_is_in_the_line(
    text: str, start: int, length: int
) -> None:
    line, carets = marked(text, (start, start + length))

    assert not any(map(is_hidden, line + carets))
    assert not any(unicodedata.bidirectional(char) in {"RLO", "LRO", "RLE", "LRE", "PDF"} for char in line)


def refusal(text: str) -> PersonError:
    with pytest.raises(PersonError) as refused:
        parse(text)
    return refused.value
