"""An operator rotates the signing keys by the command line, while two bots serve one database and an environment runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from tests.acceptance.playing import Playing
from tests.acceptance.serving import serving
from tests.acceptance.test_first_light import ADA, launch, switched_off

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Playing]:
    with serving(tmp_path, {"preset": "local", "deployment": "keys"}, cloud="local", processes=2) as found:
        yield found
    switched_off(tmp_path / "home" / "cloud")


def keys(room: Playing, *words: str) -> "subprocess.CompletedProcess[str]":
    """``binderops keys`` with these words, of this deployment."""
    config = str(room.home.parent / "binderops.yaml")
    return subprocess.run(
        [sys.executable, "-m", "bot", "keys", *words], text=True, capture_output=True, timeout=120, check=False,
        env={**os.environ, "BINDEROPS_HOME": str(room.home), "BINDEROPS_CONFIG": config, "DATABASE_URL": ""},
    )  # fmt: skip


def shown(room: Playing) -> dict[str, Any]:
    """What ``binderops keys --json`` says."""
    done = keys(room, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def entered(link: str) -> int:
    """The status of handing in the ticket of a private link, as its page does."""
    parts = urlsplit(link)
    ticket = parse_qs(parts.query)["ticket"][0]
    headers = {"Host": parts.netloc, "Origin": "null", "Sec-Fetch-Site": "same-origin"}
    request = Request(
        f"http://127.0.0.1:{parts.port}{parts.path}", urlencode({"ticket": ticket}).encode(), headers
    )
    try:
        with build_opener(_Stays).open(request, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as answer:
        return answer.code


def test_given_an_environment_when_the_keys_are_rotated_then_links_from_before_and_after_open_it(
    room: Playing,
) -> None:
    ready = launch(room, ADA, "rotated")
    room.until(lambda: not shown(room)["behind"], within_s=60)
    before = ready.private_link(room)

    first = keys(room, "rotate")
    after = ready.private_link(room)
    again = keys(room, "rotate")
    room.until(lambda: not shown(room)["behind"], within_s=60)

    assert (first.returncode, "signs from now on" in first.stdout) == (0, True), first.stderr
    assert (again.returncode, "[keys-just-rotated]" in again.stderr) == (1, True)
    assert [entered(before), entered(after), entered(ready.private_link(room))] == [303, 303, 303]
    assert [guest["told"] for guest in shown(room)["guests"]] == [True]
    assert {"current", "next"} <= set(shown(room)["guests"][0]["knows"])
