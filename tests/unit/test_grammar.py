"""What people type and what is understood: the table, one line a fact."""

# ruff: noqa: RUF001 - the curly quotes and dashes are what keyboards make, and what is tested

import pytest

from bot.grammar import parse, parse_line, unparse
from provisioning.model import Options, PathKind, Request

GH = "https://github.com/org/repo"
BINDER = "https://mybinder.org/v2"


def asked(
    repo: str = GH,
    *,
    provider: str = "gh",
    ref: str = "",
    auto: str = "",
    subdir: str = "",
    path: str = "",
    opens: str = "",
    **options: object,
) -> Request:
    kind = PathKind.AUTO if auto else PathKind.SUBDIR if subdir else PathKind.OPEN if opens else PathKind.NONE
    return Request(
        provider=provider,
        repo=repo,
        ref=ref,
        path=auto or subdir or path,
        path_kind=kind,
        open_url=opens,
        options=Options(**options),  # type: ignore[arg-type]  # the table's own names
    )


UNDERSTOOD = {
    # positions
    "org/repo": asked(),
    "  org/repo  ": asked(),
    "org/repo.git": asked(),
    "org/repo/": asked(),
    "org/repo main": asked(ref="main"),
    "org/repo feature/x": asked(ref="feature/x"),
    "org/repo 4a5b6c7 notebooks": asked(ref="4a5b6c7", auto="notebooks"),
    "org/repo main notebooks/": asked(ref="main", auto="notebooks"),
    "org/repo main ./a.ipynb": asked(ref="main", auto="a.ipynb"),
    'org/repo main "my notes/a b.ipynb"': asked(ref="main", auto="my notes/a b.ipynb"),
    "org/repo main /rstudio": asked(ref="main", opens="rstudio"),
    "org/repo\tmain": asked(ref="main"),
    "org/repo\u00a0main": asked(ref="main"),
    # keys
    "org/repo flavor=m3.small": asked(flavor="m3.small"),
    "org/repo --flavor m3.small": asked(flavor="m3.small"),
    "org/repo --flavor=m3.small": asked(flavor="m3.small"),
    "flavor=m3.small org/repo": asked(flavor="m3.small"),
    "org/repo volume=data": asked(volume="data"),
    "org/repo volume=data:20": asked(volume="data", volume_gib=20),
    "org/repo --volume Data:20GiB": asked(volume="data", volume_gib=20),
    "org/repo Flavor=m3.small": asked(flavor="m3.small"),
    "org/repo --hours 2 main": asked(ref="main", hours=2.0),
    "org/repo ref=v1.2 path=a.ipynb": asked(ref="v1.2", auto="a.ipynb"),
    "org/repo image=Featured-Ubuntu24": asked(image="Featured-Ubuntu24"),
    'org/repo image="Ubuntu 24.04 (Noble)"': asked(image="Ubuntu 24.04 (Noble)"),
    "org/repo hours=2h": asked(hours=2.0),
    "org/repo hours=1.5": asked(hours=1.5),
    "org/repo hours=90m": asked(hours=1.5),
    "org/repo hours=1h30m": asked(hours=1.5),
    'org/repo name="Week 1"': asked(name="Week 1"),
    "org/repo name='Week 1'": asked(name="Week 1"),
    "org/repo --name 'Week 1'": asked(name="Week 1"),
    "org/repo subdir=course": asked(subdir="course"),
    "org/repo subdir=course open=a.ipynb": asked(subdir="course", opens="lab/tree/a.ipynb"),
    "org/repo open=notebooks/a.ipynb": asked(path="notebooks/a.ipynb", opens="lab/tree/notebooks/a.ipynb"),
    'org/repo open="a b.ipynb"': asked(path="a b.ipynb", opens="lab/tree/a%20b.ipynb"),
    "org/repo open=rstudio": asked(opens="rstudio"),
    "org/repo open=/shiny/app/": asked(opens="shiny/app/"),
    "org/repo open=shiny/app.R": asked(path="shiny/app.R", opens="lab/tree/shiny/app.R"),
    "org/repo open=/lab/tree/a.ipynb": asked(path="a.ipynb", opens="lab/tree/a.ipynb"),
    # what keyboards and Slack do
    "org/repo —flavor m3.small": asked(flavor="m3.small"),
    "org/repo –flavor=m3.small": asked(flavor="m3.small"),
    "org/repo name=“Week 1”": asked(name="Week 1"),
    "org/repo name=‘Week 1’": asked(name="Week 1"),
    "org/repo name=“Ada’s class – 2”": asked(name="Ada’s class – 2"),
    f"<{GH}>": asked(),
    f"<{GH}|repo>": asked(),
    f"<{GH}|repo> main": asked(ref="main"),
    "<http://github.com/org/repo|github.com/org/repo>": asked(),
    "org/repo main <http://setup.py|setup.py>": asked(ref="main", auto="setup.py"),
    "org/repo open=/git-pull?a=1&amp;b=2": asked(opens="git-pull?a=1&b=2"),
    # links to hosting sites
    "github.com/org/repo": asked(),
    "HTTPS://www.GitHub.com/org/repo": asked(),
    f"{GH}.git/": asked(),
    f"{GH}?tab=readme-ov-file#install": asked(),
    f"{GH}/tree/main": asked(ref="main"),
    f"{GH}/tree/main/notes/week%201": asked(ref="main", auto="notes/week 1"),
    f"{GH}/blob/v1/notes/a%20b.ipynb": asked(
        ref="v1", path="notes/a b.ipynb", opens="lab/tree/notes/a%20b.ipynb"
    ),
    f"{GH}/commit/4a5b6c7": asked(ref="4a5b6c7"),
    f"{GH}/releases/tag/v1.2": asked(ref="v1.2"),
    "https://gitlab.com/a/b/c.git": asked("https://gitlab.com/a/b/c", provider="gl"),
    "https://gitlab.com/a/b/-/tree/main/x": asked(
        "https://gitlab.com/a/b", provider="gl", ref="main", auto="x"
    ),
    "https://gitlab.com/a/b/c/-/blob/main/x.ipynb?ref_type=heads": asked(
        "https://gitlab.com/a/b/c", provider="gl", ref="main", path="x.ipynb", opens="lab/tree/x.ipynb"
    ),
    "https://gitlab.com/a/b/tree/main": asked("https://gitlab.com/a/b", provider="gl", ref="main"),
    "https://gist.github.com/ada/0123abc": asked("https://gist.github.com/ada/0123abc", provider="gist"),
    "https://git.example.org:8443/x/y.git/": asked("https://git.example.org:8443/x/y.git", provider="git"),
    "https://lab.example.org/a/b/-/tree/dev/x": asked(
        "https://lab.example.org/a/b.git", provider="git", ref="dev", auto="x"
    ),
    # Binder links
    f"{BINDER}/gh/org/repo/HEAD": asked(ref="HEAD"),
    f"{BINDER}/gh/org/repo/feature/x": asked(ref="feature/x"),
    f"{BINDER}/gh/org/repo/main?urlpath=rstudio": asked(ref="main", opens="rstudio"),
    f"{BINDER}/gh/org/repo/main?urlpath=%2Flab%2Ftree%2Fa+b.ipynb": asked(
        ref="main", path="a b.ipynb", opens="lab/tree/a%20b.ipynb"
    ),
    f"{BINDER}/gh/org/repo/main?labpath=x%2Fa.ipynb": asked(
        ref="main", path="x/a.ipynb", opens="doc/tree/x/a.ipynb"
    ),
    f"{BINDER}/gh/org/repo/main?filepath=a.ipynb": asked(ref="main", path="a.ipynb", opens="tree/a.ipynb"),
    f"{BINDER}/gh/org/repo/main?urlpath=lab&labpath=a.ipynb": asked(
        ref="main", path="a.ipynb", opens="doc/tree/a.ipynb"
    ),
    f"{BINDER}/gl/a%2Fb%2Fc/main": asked("https://gitlab.com/a/b/c", provider="gl", ref="main"),
    f"{BINDER}/git/https%3A%2F%2Fgit.example.org%2Fx.git/dev": asked(
        "https://git.example.org/x.git", provider="git", ref="dev"
    ),
    f"[![Binder](https://mybinder.org/badge_logo.svg)]({BINDER}/gh/org/repo/main)": asked(ref="main"),
    f"[![Launch it](<https://mybinder.org/badge_logo.svg>)](<{BINDER}/gh/org/repo/main?a=1&amp;urlpath=lab>)": (
        asked(ref="main", opens="lab")
    ),
    f"[my course]({GH}) main": asked(ref="main"),
}


@pytest.mark.parametrize(("text", "request_"), UNDERSTOOD.items(), ids=UNDERSTOOD)
def test_given_what_people_type_when_parsed_then_it_is_understood(text: str, request_: Request) -> None:
    assert parse(text) == request_


@pytest.mark.parametrize("request_", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_given_an_understood_request_when_printed_and_parsed_then_it_is_the_same(request_: Request) -> None:
    assert parse(unparse(request_)) == request_


def test_given_a_request_when_parsed_as_a_line_then_the_json_has_every_field() -> None:
    line = parse_line("org/repo main open=a.ipynb flavor=m3.small hours=2")

    assert line == {
        "ok": True,
        "provider": "gh",
        "repo": GH,
        "ref": "main",
        "path": "a.ipynb",
        "path_kind": "open",
        "open_url": "lab/tree/a.ipynb",
        "options": {
            "flavor": "m3.small",
            "image": "",
            "hours": 2.0,
            "name": "",
            "cloud": "",
            "volume": "",
            "volume_gib": None,
        },
    }


def test_given_known_flavors_when_one_is_typed_in_another_case_then_its_own_name_is_taken() -> None:
    assert parse("org/repo flavor=M3.Small", {"": ["m3.small"]}).options.flavor == "m3.small"


def test_given_an_exempt_prefix_when_a_url_lies_below_it_then_scheme_and_address_are_not_refused() -> None:
    request = parse("http://127.0.0.1:3000/sample.git main", allow_exact=["http://127.0.0.1:3000/"])

    assert request == asked("http://127.0.0.1:3000/sample.git", provider="git", ref="main")
