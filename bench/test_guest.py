"""What `bench.guest` makes of what it saw: spans, ratios, targets; and both sides are told the same repository."""

import asyncio
import dataclasses
import json
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from bench.guest_by_hand import user_data
from bench.guest_figures import Figures, Launch, Line, Way, Who, last_step, marks, report
from bench.guest_ours import built
from bench.guest_seen import Followed
from bench.guest_ways import Asked, joined, measure
from provisioning.guest.build_docker import REPO2DOCKER

DIRECT = Way(name="direct", mib_s=[100, 200, 300], pings_s=[0.001], kernel_s=[0.01])
GATE = Way(name="gate", mib_s=[100], pings_s=[0.003], kernel_s=[0.01])


def launch(who: Who, *, build_s: float = 20, live_s: float = 3) -> Launch:
    return Launch(
        who=who, asked=100, booted=103, began=113, last_step=113 + build_s, built=113 + build_s,
        live=113 + build_s + live_s,
    )  # fmt: skip


def figures(*ours: Launch, theirs: tuple[Launch, ...] = (launch(Who.BY_HAND),)) -> Figures:
    return Figures(launches=[*ours, *theirs], ways=[DIRECT, GATE], opened_s=[0.5])


def test_given_a_launch_then_its_spans_in_a_row_are_the_whole() -> None:
    *parts, whole = launch(Who.OURS).spans.values()

    assert (parts, whole) == ([3, 10, 20, 3], 36)


@pytest.mark.parametrize(
    ("ours", "missed"),
    [
        pytest.param([launch(Who.OURS, build_s=21, live_s=5)], [], id="at both targets"),
        pytest.param([launch(Who.OURS, build_s=21.2)], ["build ratio 1.060"], id="a slow build"),
        pytest.param([launch(Who.OURS, live_s=5.5)], ["last step -> button 5.50 s"], id="a late button"),
        pytest.param(
            [launch(Who.OURS, live_s=7), launch(Who.OURS, live_s=2)], [], id="the median of two decides"
        ),
    ],
)
def test_given_both_sides_then_the_targets_that_were_missed_are_named(
    ours: list[Launch], missed: list[str]
) -> None:
    assert [words.partition(",")[0] for words in figures(*ours).missed] == missed


def test_given_both_sides_when_reported_then_there_are_ratios_of_ours_to_the_one_by_hand() -> None:
    said = report(figures(launch(Who.OURS, build_s=10)))

    assert "      0.500  build (10.00 : 20.00)" in said


def test_given_both_sides_when_reported_then_each_launch_stands_beside_the_median() -> None:
    said = report(figures(launch(Who.OURS, build_s=10), launch(Who.OURS, build_s=30)))

    assert "   build                     20.00  (10.00, 30.00)" in said


def test_given_two_ways_when_reported_then_the_gate_stands_over_the_direct_one() -> None:
    said = report(figures(launch(Who.OURS)))

    assert "      0.500  download's rate" in said
    assert "      3.000  websocket ping p50 (+2.00 ms)" in said


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        pytest.param(launch(Who.OURS), "targets missed: none", id="held"),
        pytest.param(
            launch(Who.OURS, live_s=6), "targets missed: last step -> button 6.00 s, target at most 5 s", id="missed"
        ),
    ],
)  # fmt: skip
def test_given_the_report_then_it_ends_with_the_targets(ours: Launch, verdict: str) -> None:
    assert report(figures(ours)).endswith(verdict)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param('{"message": "#12 DONE 0.8s\\n", "phase": "building"}', id="in repo2docker's JSON"),
        pytest.param("2026-03-02T09:00:00Z build  | #12 DONE 0.8s", id="in the agent's log"),
    ],
)
def test_given_a_build_s_log_then_its_last_step_is_the_last_that_is_done(last: str) -> None:
    lines = [Line(at=1, text="#6 DONE 18.1s"), Line(at=2, text=last), Line(at=3, text="#12 exporting layers")]

    assert last_step(lines) == 2


def test_given_a_log_without_a_step_that_is_done_then_that_is_an_error() -> None:
    with pytest.raises(ValueError, match="no step"):
        last_step([Line(at=1, text="#6 [2/6] RUN x")])


def test_given_marks_of_a_guest_then_each_has_its_time() -> None:
    assert marks("1.5 began\n3.25 built\n") == {"began": 1.5, "built": 3.25}


def test_given_the_agent_s_reports_then_the_one_of_the_build_s_end_counts() -> None:
    told = [
        {"t": "2026-03-02T09:00:00.000Z", "phase": "build", "msg": "Step"},
        {"t": "2026-03-02T09:00:01.250Z", "phase": "build", "msg": "Built"},
        {"t": "2026-03-02T09:00:02.000Z", "phase": "start", "msg": "Built"},
    ]

    assert built("\n".join(map(json.dumps, told))) == 1772442001.25


def test_given_a_log_that_grows_then_only_whole_lines_are_taken_once_each(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log = Followed(file)
    for more in ("one\ntw", "", "o\nthree\n"):
        with file.open("a") as opened:
            opened.write(more)
        log.look()

    assert [line.text for line in log.lines] == ["one", "two", "three"]


def test_given_a_log_that_is_not_there_yet_then_it_is_empty(tmp_path: Path) -> None:
    log = Followed(tmp_path / "log")
    log.look()

    assert log.lines == []


def test_given_the_user_data_by_hand_then_it_builds_that_commit_by_the_agent_s_own_repo2docker() -> None:
    config = yaml.safe_load(user_data("git://10.0.0.1:9/whole", "abc123", "t0ken"))
    script = config["write_files"][0]["content"]
    commands = [shlex.split(line) for line in script.replace("\\\n", "").splitlines()]

    assert ["git", "clone", "-q", "git://10.0.0.1:9/whole", "/opt/source"] in commands
    assert ["git", "-C", "/opt/source", "checkout", "-q", "abc123"] in commands
    assert ["/opt/r2d/bin/pip", "install", "-q", REPO2DOCKER] in commands
    assert "@" not in script


def test_given_rounds_of_one_way_then_they_are_one_way_with_all_that_was_found() -> None:
    other = dataclasses.replace(DIRECT, mib_s=[50], pings_s=[0.002])

    assert joined([DIRECT, other]) == Way(
        name="direct", mib_s=[100, 200, 300, 50], pings_s=[0.001, 0.002], kernel_s=[0.01, 0.01]
    )


async def test_given_a_server_when_a_way_to_it_is_measured_then_each_download_ping_and_answer_has_a_figure() -> (
    None
):
    async with a_server("t0ken") as url:
        asked = Asked(
            name="direct", url=url, headers={"Authorization": "token t0ken"}, file="/files/big.bin", kernel="k1",
            downloads=2, messages=3,
        )  # fmt: skip
        (found,) = await asyncio.to_thread(measure, [asked], 2)

    assert [len(each) for each in (found.mib_s, found.pings_s, found.kernel_s)] == [4, 6, 6]


async def test_given_a_server_that_refuses_when_measured_then_the_way_is_named() -> None:
    async with a_server("t0ken") as url:
        asked = Asked(
            name="gate", url=url, headers={}, file="/files/big.bin", kernel="k1", downloads=1, messages=1
        )

        with pytest.raises(RuntimeError, match=r"gate could not be measured[\s\S]*401"):
            await asyncio.to_thread(measure, [asked], 1)


@asynccontextmanager
async def a_server(token: str) -> AsyncIterator[str]:
    """What is asked of a Jupyter server here: a file, and a kernel that says its name and, unasked, its state."""

    def checked(request: web.Request) -> None:
        if request.headers.get("Authorization") != f"token {token}":
            raise web.HTTPUnauthorized

    async def file(request: web.Request) -> web.Response:
        checked(request)
        return web.Response(body=bytes(3 << 20))

    async def kernel(request: web.Request) -> web.WebSocketResponse:
        checked(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                parent = message.json()["header"]
                await socket.send_json({"msg_type": "status", "parent_header": parent})
                await socket.send_json({"msg_type": "kernel_info_reply", "parent_header": parent})
        return socket

    app = web.Application()
    app.router.add_get("/files/big.bin", file)
    app.router.add_get("/api/kernels/k1/channels", kernel)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")
