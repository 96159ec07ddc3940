"""A bot that serves in a process or container of its own: the playground that it talks to, and what its ops listener answers."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.acceptance.playing import free_port

# A cloud that nobody answers for: a bot starts without it.
NO_CLOUD = """
clouds:
  openstack:
    auth_type: v3applicationcredential
    auth: {auth_url: "http://127.0.0.1:9/v3", application_credential_id: id, application_credential_secret: secret}
    region_name: R
"""


class Answers:
    """The ops listener at a free port of loopback."""

    def __init__(self) -> None:
        self.address = f"127.0.0.1:{free_port()}"

    def until(
        self, path: str, is_so: Callable[[Any], object], process: "subprocess.Popen[bytes]", *, within_s: float = 240
    ) -> Any:  # fmt: skip
        """What it answers, once that is so."""
        deadline, told = time.monotonic() + within_s, None
        while time.monotonic() < deadline:
            assert process.poll() is None, f"it ended with {process.returncode}"
            with suppress(OSError):
                told = self._ask(path)
                if is_so(told):
                    return told
            time.sleep(0.2)
        raise AssertionError(f"not so within {within_s} s: {told}")

    def _ask(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)


@contextmanager
def playground_of(python: Path, folder: Path) -> Iterator[dict[str, str]]:
    """A playground run by this Python, outside of the checkout; what a bot needs to reach it, by variable."""
    process = subprocess.Popen(
        [python, "-I", "-m", "bot.playground", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline().strip() for _ in range(5)]
        yield dict(line.split("=", 1) for line in lines[1:])
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
