"""What goes to Slack in a whole run, as ``BINDEROPS_RECORD`` keeps it: within Slack's limits, and what the manifest is for."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app import EVENTS
from bot.manifest import manifest
from bot.runtime import utc_now
from bot.settings import load
from bot.slack_checks import SlackChecks
from bot.slack_client import make_client
from bot.words import STATES
from provisioning.model import Phase
from tests.conftest import fresh_database
from tests.fakes.quick_bot import Room, quick_bot
from tests.fakes.whole_run import WholeRun
from tests.slack_limits import beyond_limits
from tests.slack_scopes import needed

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("recorded-run"),  # one run for all of them
]

Has = Callable[[dict[str, Any]], bool]
UNDER_WAY = tuple(STATES[phase] for phase in (Phase.CREATING, Phase.BOOTING, Phase.BUILDING, Phase.STARTING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The calls as they were kept, in order, and how often Slack was asked for each method."""

    calls: list[tuple[str, dict[str, Any]]]
    asked: Counter[str]


@pytest.fixture(scope="module")
def record(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    folder = tmp_path_factory.mktemp("recorded")
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(postgres))
        asked = asyncio.run(_run(folder, url))
        yield Record(calls=_kept(folder / "record"), asked=asked)


async def _run(folder: Path, database_url: str) -> Counter[str]:
    kept = folder / "record"
    # With all scopes: what is missing from the manifest is to be seen in the comparison, not in a run that hangs.
    async with quick_bot(folder, database_url, record=kept, may_all=True) as room:
        await _checks(room, kept)
        await WholeRun(room=room).go()
    return room.playground.faults.asked


async def _checks(room: Room, kept: Path) -> None:
    """``binderops check``, before the first start."""
    settings = load(
        {
            "SLACK_BOT_TOKEN": room.playground.bot_token, "SLACK_APP_TOKEN": room.playground.app_token,
            "SLACK_API_URL": room.playground.api_url, "BINDEROPS_RECORD": str(kept),
        }
    )  # fmt: skip
    checks = SlackChecks(
        slack=make_client(settings), secrets=settings.secrets, over="socket", url="", now=utc_now()
    )
    assert [found.check async for found in checks.run()]


def _kept(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    read = [json.loads(file.read_text()) for file in sorted(folder.iterdir())]
    return [(call["method"], call["args"]) for call in read]


def test_given_a_whole_run_then_nothing_went_to_slack_past_the_record(record: Record) -> None:
    assert record.asked - Counter(method for method, _ in record.calls) == Counter()


PARTS: dict[str, tuple[str, Has]] = {
    "a mistake is answered": ("ack", lambda a: "flavr" in a.get("text", "")),
    "what is looked up is said": ("ack", lambda a: a.get("text", "").startswith("Looking at")),
    "a launch begins": ("chat.postMessage", lambda a: not a.get("thread_ts")),
    "a lost beginning is looked for": ("conversations.history", lambda _: True),
    "a lost reply is looked for": ("conversations.replies", lambda _: True),
    "progress is drawn again": ("chat.update", lambda a: a["text"].startswith(UNDER_WAY)),
    "progress is shown": ("chat.postMessage", lambda a: '"type": "plan"' in json.dumps(a)),
    "it is ready": (
        "chat.postMessage",
        lambda a: a["text"].startswith("Ready") and "binder.open.lab" in str(a),
    ),
    "a press is answered with a link": (
        "response_url",
        lambda a: "binder.enter" in str(a) and "ticket=***" in str(a),
    ),
    "a failure": ("chat.postMessage", lambda a: a["text"].startswith("Failed") and "binder.retry" in str(a)),
    "the form opens": ("views.open", lambda a: a["view"]["callback_id"] == "binder.launch"),
    "the form of tokens opens": ("views.open", lambda a: a["view"]["callback_id"] == "binder.token"),
    "a mistake is told at its field": ("ack", lambda a: a.get("response_action") == "errors"),
    "home": ("views.publish", lambda a: "binder.open.lab" in str(a)),
    "a link on home": ("views.publish", lambda a: "binder.enter" in str(a)),
    "an answer in our conversation": ("chat.postEphemeral", lambda a: a["channel"].startswith("D")),
    "a mention is answered": ("chat.postEphemeral", lambda a: not a.get("thread_ts")),
    "a mention in a thread is answered": ("chat.postEphemeral", lambda a: bool(a.get("thread_ts"))),
    "a log is announced": ("files.getUploadURLExternal", lambda a: a["length"] > 0),
    "a log is uploaded": ("upload", lambda a: a["length"] > 0),
    "a log is attached": ("files.completeUploadExternal", lambda a: bool(a["thread_ts"])),
    "it is deleted": ("chat.postMessage", lambda a: a["text"].startswith("Deleted: first")),
}


@pytest.mark.parametrize(("method", "has"), PARTS.values(), ids=PARTS)
def test_given_a_whole_run_then_the_record_has_each_part(record: Record, method: str, has: Has) -> None:
    assert [args for made, args in record.calls if made == method and has(args)]


def test_given_a_whole_run_then_every_call_is_within_slacks_limits(record: Record) -> None:
    found = {f"{method} {args}": beyond_limits(method, args) for method, args in record.calls}

    assert {call: problems for call, problems in found.items() if problems} == {}


def test_given_a_whole_run_then_the_manifest_asks_for_exactly_what_its_calls_and_the_events_need(
    record: Record,
) -> None:
    asked = set(manifest()["oauth_config"]["scopes"]["bot"])
    wanted = needed((method for method, _ in record.calls), EVENTS)

    assert {"for nothing": asked - wanted, "missing": wanted - asked} == {
        "for nothing": set(),
        "missing": set(),
    }
