"""What is refused, with which code, and which part of the text is marked."""

# ruff: noqa: RUF001 - the curly quotes and dashes are what keyboards make, and what is tested

import pytest

from bot.grammar import parse
from provisioning.errors import PersonError

GH = "https://github.com/org/repo"
BINDER = "https://mybinder.org/v2"

REFUSED = {
    # nothing, too much
    "": ("missing-repository", ""),
    "flavor=m3.small": ("missing-repository", "flavor=m3.small"),
    "org/repo a b c": ("too-many-words", "c"),
    "org/repo " + "x" * 2000: ("too-long", "x" * 9),
    "org/repo main " + "x/" * 600: ("too-long", "x/" * 600),
    "org/repo open=" + "漢" * 200: ("too-long", "漢" * 200),
    # not a repository
    "repo": ("not-a-repository", "repo"),
    "a/b/c": ("not-a-repository", "a/b/c"),
    "/etc/passwd": ("not-a-repository", "/etc/passwd"),
    "../repo": ("not-a-repository", "../repo"),
    "https://github.com/org": ("not-a-repository", "https://github.com/org"),
    "https://git.example.org": ("not-a-repository", "https://git.example.org"),
    "https://git.example.org/x.git?a=1": ("not-a-repository", "a=1"),
    f"{GH}/issues/3": ("not-a-repository-page", "issues"),
    f"{GH}/pull/new": ("not-a-repository-page", "pull"),
    "https://bitbucket.org/org/repo/pull-requests/3": ("not-a-repository-page", "pull-requests"),
    "https://codeberg.org/org/repo/issues/3": ("not-a-repository-page", "issues"),
    "https://codeberg.org/org": ("not-a-repository", "https://codeberg.org/org"),
    "https://colab.research.google.com/drive/1a2b": (
        "not-a-repository",
        "https://colab.research.google.com/drive/1a2b",
    ),
    "https://nbviewer.org/url/example.org/a.ipynb": (
        "not-a-repository",
        "https://nbviewer.org/url/example.org/a.ipynb",
    ),
    "org/re:po": ("bad-repository", "re:po"),
    # records
    "10.5281/": ("bad-doi", "10.5281/"),
    "doi:zenodo/1234": ("bad-doi", "doi:zenodo/1234"),
    "10.5281/zenodo.1234 main": ("record-has-no-ref", "main"),
    "10.5281/zenodo.1234 ref=v1": ("record-has-no-ref", "ref=v1"),
    "https://zenodo.org/communities/binder": ("not-a-record", "https://zenodo.org/communities/binder"),
    "https://figshare.com/authors/Ada/1": ("not-a-record", "https://figshare.com/authors/Ada/1"),
    "https://dataverse.harvard.edu/dataverse/x": (
        "not-a-record",
        "https://dataverse.harvard.edu/dataverse/x",
    ),
    "swh:1:rev:12": ("bad-swhid", "swh:1:rev:12"),
    "swh:1:ori:" + "a" * 40: ("bad-swhid", "swh:1:ori:" + "a" * 40),
    "swh:1:cnt:" + "a" * 40: ("bad-swhid", "swh:1:cnt:" + "a" * 40),
    "https://archive.softwareheritage.org/browse/search/": (
        "bad-swhid",
        "https://archive.softwareheritage.org/browse/search/",
    ),
    "https://example.org/a.zip?signature=1": ("not-a-repository", "signature=1"),
    f"{BINDER}/meca/https%3A%2F%2Fexample.org": ("source-unknown", "meca"),
    f"{BINDER}/zenodo/record": ("bad-binder-link", "record"),
    f"{BINDER}/hydroshare/abc": ("bad-binder-link", "abc"),
    f"{BINDER}/ckan/https%3A%2F%2Fexample.org%2Fgroup%2Fx": (
        "bad-binder-link",
        "https%3A%2F%2Fexample.org%2Fgroup%2Fx",
    ),
    f"{BINDER}/zenodo/http%3A%2F%2F127.0.0.1%2Fdataset%2Fx": (
        "private-address",
        "http%3A%2F%2F127.0.0.1%2Fdataset%2Fx",
    ),
    f"{BINDER}/git/https://git.example.org/x/main": (
        "bad-binder-link",
        f"{BINDER}/git/https://git.example.org/x/main",
    ),
    # markup
    "<a href='https://git.example.org'>x</a>": ("not-a-repository", "https://git.example.org"),
    ".. image:: x.svg": ("not-a-repository", ".."),
    f"{BINDER}/gh": ("bad-binder-link", f"{BINDER}/gh"),
    f"{BINDER}/git/https%3A%2F%2Fmybinder.org%2Fx/HEAD": (
        "bad-binder-link",
        f"{BINDER}/git/https%3A%2F%2Fmybinder.org%2Fx/HEAD",
    ),
    # protocols, addresses, credentials
    "http://github.com/org/repo": ("protocol-not-allowed", "http:"),
    "git://github.com/org/repo": ("protocol-not-allowed", "git:"),
    "file:///etc/passwd": ("protocol-not-allowed", "file:"),
    "ext::sh": ("protocol-not-allowed", "ext:"),
    "ssh://git@github.com/org/repo": ("protocol-not-allowed", "ssh:"),
    "git@github.com:org/repo.git": ("protocol-not-allowed", "git@github.com:org/repo.git"),
    "<mailto:git@github.com|git@github.com>:o/r": ("protocol-not-allowed", "git@github.com>:o/r"),
    f"{BINDER}/git/file%3A%2F%2F%2Fetc%2Fpasswd/HEAD": (
        "protocol-not-allowed",
        "file%3A%2F%2F%2Fetc%2Fpasswd",
    ),
    "https://ada:secret@github.com/org/repo": ("credentials-in-url", "ada:secret@github.com"),
    "https://127.0.0.1/x.git": ("private-address", "127.0.0.1"),
    "https://169.254.169.254/x": ("private-address", "169.254.169.254"),
    "https://2130706433/x": ("private-address", "2130706433"),
    "https://localhost/x": ("private-address", "localhost"),
    "https://nova.internal/x": ("private-address", "nova.internal"),
    "https://[::1]/x": ("bad-host", "[::1]"),
    "https://gıthub.com/org/repo": ("bad-host", "gıthub.com"),
    "https://git.example.org:0/x": ("bad-host", "git.example.org:0"),
    # options to git, ways out, shells
    "-u/repo": ("looks-like-option", "-u/repo"),
    '"--upload-pack/x"': ("looks-like-option", "--upload-pack"),
    "org/-repo": ("looks-like-option", "-repo"),
    "org/repo volume=-data": ("bad-volume", "-data"),
    "org/repo volume=my_data": ("bad-volume", "my_data"),
    f"org/repo volume={'a' * 32}": ("bad-volume", "a" * 32),
    "org/repo volume=data:": ("bad-volume", "data:"),
    "org/repo volume=data:2.5": ("bad-volume", "data:2.5"),
    "org/repo volume=data:0": ("bad-volume", "0"),
    "org/repo volume=:20": ("bad-volume", ":20"),
    "org/repo volume=a volume=b": ("given-twice", "volume=b"),
    "org/repo disk=data": ("unknown-option", "disk"),
    "org/repo -f": ("looks-like-option", "-f"),
    "org/repo ref=--upload-pack=x": ("looks-like-option", "--upload-pack=x"),
    'org/repo "-x"': ("looks-like-option", "-x"),
    "org/repo main path=-x": ("looks-like-option", "-x"),
    "https://git.example.org/-x/y": ("looks-like-option", "-x"),
    "org/repo main ../x": ("path-outside", "../x"),
    "org/repo subdir=a/../../b": ("path-outside", "a/../../b"),
    "org/repo open=/lab/%2e%2e/x": ("path-outside", "/lab/%2e%2e/x"),
    f"{GH}/tree/main/%2E%2E/x": ("path-outside", "%2E%2E"),
    "https://git.example.org/a/../b": ("path-outside", ".."),
    "org/repo main /etc/passwd": ("absolute-path", "/etc/passwd"),
    "org/repo subdir=/x": ("absolute-path", "/x"),
    "org/repo main ~/x": ("absolute-path", "~/x"),
    "org/repo open=https://example.org/": ("opens-elsewhere", "https://example.org/"),
    f"{BINDER}/gh/o/r/main?urlpath=//example.org": ("opens-elsewhere", "//example.org"),
    "org/repo; rm -rf /": ("shell-character", ";"),
    "org/repo && x": ("shell-character", "&"),
    "org/repo &amp;&amp; x": ("shell-character", "&amp;"),
    "org/repo $(x)": ("shell-character", "$"),
    "org/repo `x`": ("shell-character", "`"),
    "org/repo | x": ("shell-character", "|"),
    "org/repo &gt; x": ("shell-character", "&gt;"),
    "org/repo name=“a;b”": ("shell-character", ";"),
    "org/repo main a*": ("shell-character", "*"),
    f"{BINDER}/gh/o/r/main?labpath=a%3Bb": ("shell-character", "a%3Bb"),
    # characters nobody sees
    "org/repo\x00": ("hidden-character", "\x00"),
    "org/repo\x1b[2J": ("hidden-character", "\x1b"),
    "org\u202e/repo": ("hidden-character", "\u202e"),
    "org/repo ma\u200bin": ("hidden-character", "\u200b"),
    "org/repo\u3164": ("hidden-character", "\u3164"),
    "org/repo\nmain": ("hidden-character", "\n"),
    "org/repo \udc80": ("hidden-character", "\udc80"),
    f"{GH}/tree/main/a%E2%80%AEb": ("hidden-character", "a%E2%80%AEb"),
    f"{GH}/tree/main/%FF": ("bad-percent-code", "%FF"),
    # keys and values
    "org/repo flavr=x": ("unknown-option", "flavr"),
    "org/repo --branch x": ("unknown-option", "branch"),
    "org/repo flavor=a flavor=b": ("given-twice", "flavor=b"),
    "org/repo main ref=dev": ("given-twice", "ref=dev"),
    f"{GH}/tree/main dev": ("given-twice", "dev"),
    "org/repo main a path=b": ("given-twice", "path=b"),
    f"{BINDER}/gh/o/r/main?labpath=a open=b": ("given-twice", "open=b"),
    "org/repo path=a open=b": ("path-twice", "open=b"),
    "org/repo main a subdir=b": ("path-twice", "subdir=b"),
    "org/repo flavor=": ("missing-value", "flavor="),
    "org/repo --flavor": ("missing-value", "--flavor"),
    "org/repo --flavor --hours=2": ("missing-value", "--flavor"),
    'org/repo name=""': ("missing-value", 'name=""'),
    'org/repo ""': ("missing-value", '""'),
    "org/repo =x": ("missing-key", "=x"),
    "org/repo name=“a": ("open-quote", "“a"),
    'org/repo name="a"b': ("stray-quote", '"'),
    'org/repo ma"in': ("stray-quote", '"'),
    "org/repo hours=0": ("bad-hours", "0"),
    "org/repo hours=-2": ("bad-hours", "-2"),
    "org/repo hours=nan": ("bad-hours", "nan"),
    "org/repo hours=1e9": ("bad-hours", "1e9"),
    "org/repo hours=two": ("bad-hours", "two"),
    "org/repo a..b": ("bad-ref", "a..b"),
    "org/repo main@{1}": ("shell-character", "{"),
    "org/repo a.lock": ("bad-ref", "a.lock"),
    'org/repo "a b"': ("bad-ref", "a b"),
    "org/repo flavor=a/b": ("bad-name", "a/b"),
    "org/repo image=*": ("bad-name", "*"),
    "org/repo name=" + "x" * 61: ("too-long", "x" * 61),
    "org/repo <@U1|ada>": ("mention", "<@U1|ada>"),
}


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [(text, *rest) for text, rest in REFUSED.items()],
    ids=[ascii(text)[:60] for text in REFUSED],
)
def test_given_a_mistake_when_parsed_then_it_is_named_and_marked(text: str, code: str, marked: str) -> None:
    with pytest.raises(PersonError) as caught:
        parse(text)

    start, end = caught.value.span
    assert (caught.value.code, text[start:end], caught.value.text) == (code, marked, text)


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        pytest.param("org/repo flavr=x", "flavor", id="misspelt"),
        pytest.param("org/repo branch=x", "ref", id="another-word-for-ref"),
        pytest.param("org/repo size=x", "flavor", id="another-word-for-flavor"),
        pytest.param("org/repo brunch=x", "ref", id="another-word-misspelt"),
    ],
)
def test_given_an_unknown_key_when_refused_then_the_nearest_is_proposed(text: str, proposed: str) -> None:
    with pytest.raises(PersonError) as caught:
        parse(text)

    assert caught.value.hint.startswith(f"Did you mean {proposed}?")


def test_given_known_flavors_when_an_unknown_one_is_typed_then_the_nearest_is_proposed() -> None:
    with pytest.raises(PersonError) as caught:
        parse("org/repo flavor=m3.smal", {"": ["m3.tiny", "m3.small", "g3.large"]})

    assert (caught.value.code, caught.value.hint.split("?")[0]) == ("unknown-flavor", "Did you mean m3.small")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("http://127.0.0.1:30001/s.git", "private-address", id="a-longer-port"),
        pytest.param("http://127.0.0.1:3000.example.org/s.git", "private-address", id="a-longer-host"),
        pytest.param("http://127.0.0.1:3000@example.org/s.git", "credentials-in-url", id="a-user-name"),
        pytest.param("http://127.0.0.1:3000/../s.git", "path-outside", id="upwards"),
        pytest.param("https://127.0.0.1:3000/s.git", "private-address", id="another-scheme"),
    ],
)
def test_given_an_exempt_prefix_when_a_url_only_resembles_it_then_the_rules_hold(
    text: str, code: str
) -> None:
    with pytest.raises(PersonError) as caught:
        parse(text, allow_exact=["http://127.0.0.1:3000/"])

    assert caught.value.code == code


def test_given_an_ssh_address_when_refused_then_the_hint_has_its_https_link() -> None:
    with pytest.raises(PersonError) as caught:
        parse("git@github.com:org/repo.git")

    assert "https://github.com/org/repo.git" in caught.value.hint
