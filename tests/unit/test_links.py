"""Links of public pages, as they stand there and as people alter them: `links.yaml`, one line a fact."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from bot.grammar import content_of, page_of, parse, parse_line, unparse
from provisioning.model import Request


class Link(NamedTuple):
    """What a person pastes, and what it means."""

    text: str
    means: list[str]  # provider, repo, ref, path, open_url


PAGES = yaml.safe_load((Path(__file__).parent / "links.yaml").read_text())
LINKS = [Link(*row) for page in PAGES for each in page["links"] for row in each.items()]
KINDS = {
    "gh",
    "gl",
    "git",
    "gist",
    "zenodo",
    "figshare",
    "dataverse",
    "hydroshare",
    "ckan",
    "swh",
    "doi",
    "archive",
}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: ascii(link.text)[:90])
def test_given_a_public_link_when_parsed_then_it_is_what_binderhub_would_make_of_it(link: Link) -> None:
    line = parse_line(link.text)

    assert [line.get(key) for key in ("provider", "repo", "ref", "path", "open_url")] == link.means


@pytest.mark.parametrize("link", LINKS, ids=lambda link: ascii(link.text)[:90])
def test_given_a_public_link_when_its_request_is_printed_and_parsed_then_it_is_the_same(link: Link) -> None:
    request = parse(link.text)

    assert parse(unparse(request)) == request


def test_given_the_table_then_it_has_over_200_links_of_every_kind_and_names_each_one_s_page() -> None:
    assert len({link.text for link in LINKS}) > 200
    assert {link.means[0] for link in LINKS} == KINDS
    assert all(page["page"] and page["links"] for page in PAGES)


def test_given_the_table_then_200_links_are_of_a_public_repository_s_named_pages() -> None:
    named = [page for page in PAGES if re.match(r"[\w.-]+/[\w.-]+, ", page["page"])]

    assert len({text for page in named for each in page["links"] for text in each}) >= 200


@pytest.mark.parametrize(
    ("open_url", "content"),
    [
        pytest.param("git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb&branch=x", ("https://github.com/a/b", "x"), id="encoded"),
        pytest.param("git-pull?repo=https://github.com/a/b&urlpath=lab", ("https://github.com/a/b", ""), id="plain"),
        pytest.param("/git-sync?repo=https://github.com/a/b", ("https://github.com/a/b", ""), id="its old name"),
        pytest.param("./git-pull/?repo=https://github.com/a/b", ("https://github.com/a/b", ""), id="with dots and slashes"),
        pytest.param("git%2Dpull?repo=https://github.com/a/b", ("https://github.com/a/b", ""), id="its name encoded"),
        pytest.param("git-pull?repo=https://a.example/b&repo=+https://github.com/a/b", ("https://github.com/a/b", ""), id="the last of two"),
        pytest.param("git-pull?repo=https://github.com/a/b#repo=https://a.example/b", ("https://github.com/a/b", ""), id="a fragment"),
        pytest.param("git-pull?branch=x", None, id="no repository"),
        pytest.param("git-pull#?repo=https://github.com/a/b", None, id="nothing before the fragment"),
        pytest.param("lab/tree/git-pull", None, id="a folder of that name"),
    ],
)  # fmt: skip
def test_given_where_a_request_opens_then_the_repository_that_is_pulled_there_is_known(
    open_url: str, content: tuple[str, str] | None
) -> None:
    found = content_of(open_url)

    assert (found and (found.repo, found.branch)) == content


@pytest.mark.parametrize(
    ("provider", "repo", "page"),
    [
        pytest.param("gh", "https://github.com/org/repo", "https://github.com/org/repo", id="a repository"),
        pytest.param("zenodo", "10.5281/zenodo.1", "https://doi.org/10.5281/zenodo.1", id="a DOI"),
        pytest.param(
            "swh", "swh:1:dir:aa", "https://archive.softwareheritage.org/swh:1:dir:aa", id="a SWHID"
        ),
        pytest.param("ckan", "https://d.example/dataset/x", "https://d.example/dataset/x", id="a page"),
    ],
)
def test_given_a_request_then_a_person_can_open_the_page_of_what_was_asked_for(
    provider: str, repo: str, page: str
) -> None:
    assert page_of(Request(provider=provider, repo=repo)) == page
