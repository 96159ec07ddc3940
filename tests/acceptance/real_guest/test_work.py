"""What people did in a real container, taken home."""

import pytest

from tests.acceptance.real_guest.seen import Seen

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

_DID = """
import os
from pathlib import Path
os.chdir(Path.home())
Path("plots").mkdir(exist_ok=True)
Path("plots/result.txt").write_text("42")
Path("greeting.txt").write_text("good bye")
Path("shadow").symlink_to("/etc/shadow")
Path("etc").symlink_to("/etc")
print("done")
"""
_UNDONE = """
from pathlib import Path
for name in ("plots/result.txt", "shadow", "etc"):
    (Path.home() / name).unlink()
(Path.home() / "greeting.txt").write_text("hello\\n")
print("done")
"""


async def test_given_files_that_were_written_in_the_container_when_downloaded_by_the_button_then_they_are_there(
    ready: Seen,
) -> None:
    async with ready.browser("binder.download") as browser:
        assert (await browser.enter(browser.ticket))[1] == "/_binder/work"
        assert await browser.compute(_DID) == "done"
        try:
            name, files = await browser.work()
        finally:
            await browser.compute(_UNDONE)

    # Others use the same container: what they left is there as well.
    found = {path.partition("/")[2]: content for path, content in files.items()}
    wanted = {"plots/result.txt": "42", "greeting.txt": "good bye"}
    assert name.startswith("whole-commit-")
    assert {path: found.get(path) for path in wanted} == wanted
    assert not {"Dockerfile", ".bashrc", "shadow", "etc", "etc/passwd"} & set(found)


async def test_given_nobody_was_let_in_then_nothing_is_handed_out(ready: Seen) -> None:
    async with ready.browser() as browser:
        assert (await browser.get("/_binder/work?zip="))[0] == 401
