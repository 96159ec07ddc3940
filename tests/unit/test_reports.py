"""What of a guest's reports on its console counts."""

import json

import pytest

from provisioning.reports import reports_on_console, until_pinned

PIN = "ab" * 32
BOOT = {"v": 1, "n": 0, "t": "2026-01-01T00:00:00Z", "phase": "setup", "msg": "The instance starts"}
FIRST = {**BOOT, "n": 1, "msg": "The instance is up", "cert_sha256": PIN}
FETCH = {**BOOT, "n": 2, "phase": "fetch", "msg": "Fetching main", "cert_sha256": PIN, "awaits": "token"}
FAILED = {**BOOT, "n": 7, "phase": "failed", "msg": "It is gone", "cert_sha256": PIN}


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([BOOT], [(0, "setup", "")], id="no certificate yet"),
        pytest.param([BOOT, FIRST], [(0, "setup", ""), (1, "setup", PIN)], id="the certificate"),
        pytest.param([BOOT, FIRST, FETCH, FAILED], [(0, "setup", ""), (1, "setup", PIN)], id="a quick end is asked for"),
        pytest.param([FAILED], [(1, "setup", PIN)], id="the beginning is lost"),
    ],
)  # fmt: skip
def test_given_reports_on_a_console_then_they_count_until_the_guest_itself_can_be_asked(
    said: list[dict[str, object]], counts: list[tuple[int, str, str]]
) -> None:
    console = "".join(f"[  1.2] binderops: {json.dumps(report)}\n" for report in said)

    counted = until_pinned(reports_on_console(console))

    assert [(r.n, r.phase, r.cert_sha256) for r in counted] == counts
    assert [r.awaits for r in counted] == [""] * len(counts)
