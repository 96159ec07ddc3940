"""Why an address has no certificate that browsers know, in words."""

import json

import pytest

from provisioning.guest_reports import report_from_json
from provisioning.uncertified import reason

LIMIT = (
    "HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates (5) already issued for this exact set of "
    "identifiers in the last 168h0m0s, retry after 2026-12-04 10:00:00 UTC"
)
AWAY = 'performing request: Get "https://ca.example/directory": dial tcp 192.0.2.1:443: i/o timeout'
NAME = "HTTP 400 urn:ietf:params:acme:error:dns - no valid A records found for b-a.example.org"


def line(error: str, *, where: str = "tls.obtain") -> str:
    """As Caddy 2.11 writes it, with its colours."""
    fields = {
        "identifier": "192.0.2.7",
        "issuer": "acme-v02.api.letsencrypt.org-directory",
        "error": error,
    }
    level = "\x1b[31mERROR\x1b[0m"
    words = [
        "2026/12/01 10:13:30.976",
        level,
        where,
        "could not get certificate from issuer",
        json.dumps(fields),
    ]
    return "\t".join(words)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(line(LIMIT), ("acme-v02.api.letsencrypt.org has issued 192.0.2.7 as many", "retry after 2026-12-04"), id="the week's limit"),
        pytest.param(line(AWAY), ("was not reached", "i/o timeout"), id="not reached"),
        pytest.param(line("[192.0.2.7] authorization took too long"), ("did not reach 192.0.2.7",), id="asked back in vain"),
        pytest.param(line(NAME), ("issued no certificate for 192.0.2.7", "no valid A records"), id="refused"),
        pytest.param(line(NAME, where="tls.renew"), ("no valid A records",), id="when renewed"),
        pytest.param(line("x" * 3000 + " the end"), ("the end).",), id="a long one, told by its end"),
        pytest.param(line(NAME)[:-5], ("the ACME server issued no certificate", "no valid A records"), id="a line that was cut"),
    ],
)  # fmt: skip
def test_given_an_issuer_that_gave_none_then_who_and_why_are_told(said: str, words: tuple[str, ...]) -> None:
    told = reason(said)

    assert [word for word in words if word not in told] == []
    assert len(told) < 600


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("", id="nothing"),
        pytest.param('2026/12/01\tERROR\thttp.log.error\tbroken pipe\t{"error": "x"}', id="another line"),
        pytest.param(line("solving challenges: context canceled"), id="ended meanwhile"),
    ],
)
def test_given_anything_else_then_nothing_is_told(said: str) -> None:
    assert reason(said) == ""


def test_given_the_line_in_a_report_then_the_report_says_it_in_words() -> None:
    said = {"v": 1, "n": 1, "t": "2026-03-02T09:00:00.000Z", "phase": "ready", "uncertified": line(LIMIT)}

    assert report_from_json(said).uncertified == reason(line(LIMIT))
