"""The real agent over its life: killed, stopped, started again, and with repositories that do not build."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.errors import TemporaryError
from tests.fakes.guest_bench import GuestBench, a_repository, git, git_daemon, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

Make = Callable[..., GuestBench]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("git")


@pytest.fixture(scope="module")
def url(base: Path) -> Iterator[str]:
    with git_daemon(base) as served:
        yield served


@pytest.fixture
def make(tmp_path: Path, base: Path, url: str) -> Iterator[Make]:
    """Starts a guest on a repository of these files."""
    made: list[GuestBench] = []

    def start(files: dict[str, str], **launch: Any) -> GuestBench:
        name = f"{tmp_path.name}-{len(made)}"
        commit = launch.pop("commit", "") or a_repository(base / name, files)
        bench = GuestBench(tmp_path / name, f"{url}{launch.pop('name', name)}", commit, **launch)
        bench.start()
        made.append(bench)
        return bench

    yield start
    for bench in made:
        if bench.process is not None and bench.process.poll() is None:
            bench.stop()


async def test_given_a_busy_guest_when_stopped_then_no_process_of_it_is_left(make: Make) -> None:
    guest = make({"a.txt": "a"})
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())
        daemon = (
            "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True); print('left')"
        )
        assert await browser.compute(daemon) == "left"
        own = {"Origin": guest.public_url}
        assert (await browser.get("/api/terminals", "POST", b"{}", **own))[0] == 200
    assert "sleep 600" in guest.processes().values()

    code = guest.stop()

    assert (code, guest.processes()) == (0, {})


async def test_given_a_stopped_guest_when_started_again_then_it_has_the_persons_files_and_builds_nothing(
    make: Make,
) -> None:
    guest = make({"a.txt": "a"})
    before = await guest.reports("ready", "failed")
    (guest.state / "repo" / "mine.txt").write_text("kept")
    guest.stop()

    guest.start()
    after = await guest.reports("ready", "failed", after=before[-1].n)

    assert [r.phase for r in after] == ["start", "probe", "ready"]
    assert after[0].n == before[-1].n + 1
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())
        assert await browser.get("/files/mine.txt") == (200, "kept")


async def test_given_a_used_ticket_when_the_agent_was_started_again_then_it_still_does_not_open(
    make: Make,
) -> None:
    guest = make({"a.txt": "a"})
    first = await guest.reports("ready", "failed")
    ticket = guest.ticket()
    async with guest.browser() as browser:
        await browser.enter(ticket)
        cookie = browser.cookie
    guest.stop()
    guest.start()
    await guest.reports("ready", "failed", after=first[-1].n)

    async with guest.browser() as browser:
        again = await browser.enter(ticket)
        browser.cookie = cookie
        assert (again[0], (await browser.get("/lab"))[0]) == (403, 200)


async def test_given_a_ready_guest_when_its_server_dies_then_that_is_told_and_it_comes_back(
    make: Make,
) -> None:
    guest = make({"a.txt": "a"})
    ready = await guest.reports("ready", "failed")
    until(lambda: _killed(guest, "jupyter-lab"), 10)

    loss = await guest.reports("ready", after=ready[-1].n)
    back = await guest.reports("ready", after=loss[-1].n)

    assert (loss[-1].interfaces, back[-1].interfaces) == ((), ready[-1].interfaces)


async def test_given_an_agent_killed_in_mid_build_when_started_again_then_it_goes_on_to_ready(
    make: Make,
) -> None:
    guest = make({"postBuild": "#!/bin/sh\ntouch began\nuntil [ -e ../again ]; do sleep 0.1; done\n"})
    until((guest.state / "repo" / "began").exists, 60)
    assert guest.process is not None
    guest.process.kill()
    guest.process.wait()
    for process in guest.processes():
        os.kill(process, signal.SIGKILL)
    until(lambda: not guest.processes(), 10)
    (guest.state / "repo").joinpath("..", "again").touch()

    guest.start()
    reports = await guest.reports("ready", "failed")

    assert reports[-1].phase == "ready"
    assert [r.n for r in reports] == sorted({r.n for r in reports})


async def test_given_an_agent_killed_when_started_again_then_what_it_left_running_is_ended_first(
    make: Make,
) -> None:
    guest = make({"a.txt": "a"})
    before = await guest.reports("ready", "failed")
    assert guest.process is not None
    guest.process.kill()
    guest.process.wait()
    left = set(guest.processes())

    guest.start()
    until(lambda: not left & set(guest.processes()), 10)
    after = await guest.reports("ready", "failed", after=before[-1].n)

    assert (bool(left), after[-1].interfaces) == (True, before[-1].interfaces)


async def test_given_a_long_story_that_ended_failed_when_started_again_then_it_stands_and_is_told_whole(
    tmp_path: Path,
) -> None:
    guest = GuestBench(tmp_path / "state", "git://127.0.0.1:1/none", "1" * 40)
    at = "2026-03-02T09:00:00.000Z"
    story = [{"v": 1, "n": n, "t": at, "phase": "build", "msg": "x" * 500} for n in range(1, 600)]
    story += [{"v": 1, "n": 600, "t": at, "phase": "failed", "msg": "no"}]
    (guest.state / "reports.jsonl").write_text("".join(json.dumps(report) + "\n" for report in story))
    guest.start()

    heard = await guest.reports("failed")
    guest.stop()

    assert [r.n for r in heard] == list(range(1, 601))
    assert guest.console() == ""


async def test_given_a_package_that_does_not_exist_then_the_failure_names_it_and_the_log_is_served(
    make: Make,
) -> None:
    guest = make({"requirements.txt": "no-such-package-of-anybody==1.0\n"})

    last = (await guest.reports("ready", "failed"))[-1]

    assert last.failure is not None
    assert (last.failure.code, last.failure.step) == ("package-not-found", "Install requirements.txt")
    assert "no-such-package-of-anybody" in last.failure.message
    async with guest.link() as link:
        assert "no-such-package-of-anybody" in await link.log(guest.agent_url, guest.id)


async def test_given_a_post_build_that_fails_then_its_last_words_are_told(make: Make) -> None:
    guest = make({"binder/postBuild": "echo before; echo the data are not here >&2; exit 3\n"})

    last = (await guest.reports("ready", "failed"))[-1]

    assert last.failure is not None
    assert (last.failure.code, last.failure.step) == ("post-build-failed", "Run postBuild")
    assert "the data are not here" in last.failure.lines


async def test_given_a_start_script_that_runs_nothing_then_it_is_said_what_it_must_do(make: Make) -> None:
    guest = make({"start": "#!/bin/sh\necho not starting anything\n"})

    last = (await guest.reports("ready", "failed"))[-1]

    assert last.failure is not None
    assert (last.failure.code, "exec" in last.failure.hint) == ("server-did-not-start", True)


async def test_given_a_start_script_when_it_wraps_the_server_then_kernels_see_what_it_sets(
    make: Make,
) -> None:
    guest = make({".binder/start": '#!/bin/sh\nexport GREETING=hello\nexec "$@"\n'})
    await guest.reports("ready", "failed")

    async with guest.browser() as browser:
        await browser.enter(guest.ticket())
        assert await browser.compute("import os; print(os.environ['GREETING'])") == "hello"


async def test_given_a_commit_that_no_branch_points_at_any_more_then_it_is_fetched_by_its_history(
    make: Make, base: Path
) -> None:
    older = a_repository(base / "history", {"a.txt": "older"})
    (base / "history" / "a.txt").write_text("newer")
    git(base / "history", "commit", "--quiet", "--all", "--message=two")

    guest = make({}, name="history", commit=older)
    await guest.reports("ready", "failed")

    assert (guest.state / "repo" / "a.txt").read_text() == "older"


async def test_given_a_commit_that_is_nowhere_then_it_is_said_that_it_is_gone(make: Make, base: Path) -> None:
    a_repository(base / "rewritten", {"a.txt": "a"})

    guest = make({}, name="rewritten", commit="1" * 40)
    last = (await guest.reports("ready", "failed"))[-1]

    assert last.failure is not None
    assert last.failure.code == "commit-gone"


async def test_given_a_repository_larger_than_allowed_then_it_is_not_kept(make: Make) -> None:
    limits = {"source_mib": 1, "fetch_s": 60, "build_s": 60, "start_s": 60}
    guest = make({"big.txt": os.urandom(1_200_000).hex()}, limits=limits)

    last = (await guest.reports("ready", "failed"))[-1]

    assert last.failure is not None
    assert (last.failure.code, (guest.state / "repo").exists()) == ("source-too-large", False)


async def test_given_a_folder_with_configuration_as_path_then_it_is_what_is_built_and_served(
    make: Make,
) -> None:
    files = {"course/binder/requirements.txt": "iniconfig\n", "course/a.txt": "inside"}
    guest = make(files, path="course", path_kind="auto")
    reports = await guest.reports("ready", "failed")

    async with guest.browser() as browser:
        await browser.enter(guest.ticket())
        assert await browser.get("/files/a.txt") == (200, "inside")
        assert any(r.note.startswith("Builds course/") for r in reports)


async def test_given_mode_internal_when_called_then_only_the_reported_certificate_is_trusted(
    make: Make,
) -> None:
    guest = make({"a.txt": "a"}, tls="internal")
    until(lambda: "cert_sha256" in guest.console(), 20)
    pin = guest.console().partition('"cert_sha256":"')[2][:64]
    last = (await guest.reports("ready", "failed", cert_sha256=pin))[-1]

    async with guest.link() as link, guest.browser() as browser:
        with pytest.raises(TemporaryError):
            await link.status(guest.agent_url, guest.id, 0, 0, cert_sha256="0" * 64)
        entered = await browser.enter(guest.ticket())
        assert (last.phase, last.cert_sha256, entered[0]) == ("ready", pin, 303)
        assert browser.cookie.startswith("__Host-binderops-")
        assert await browser.compute("print(6*7)") == "42"


def _killed(guest: GuestBench, name: str) -> bool:
    for pid, command in guest.processes().items():
        if name in command:
            os.kill(pid, signal.SIGKILL)
            return True
    return False
