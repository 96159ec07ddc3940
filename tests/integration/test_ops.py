"""What the operator is told: each part that fails is named, and a figure says what was done."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from bot.figures import Figures
from bot.gauges import Gauges
from bot.inbound import Line
from bot.listening import Address
from bot.ops import Ops
from bot.watch import Part
from provisioning.errors import RefusedError
from provisioning.model import Phase
from provisioning.store import binders
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.strategies import a_binder

pytestmark = pytest.mark.integration
GOOD = Part(ok=True, age_s=1.0)
UP = Line(is_up=True, detail="connected")
BAD = Part(ok=False, detail="it is away", age_s=300.0)


@dataclass
class Parts:
    """How things are; a test changes them."""

    stalled: tuple[str, ...] = ()
    line: Line = UP
    token: Part = GOOD
    clouds: dict[str, Part] = field(default_factory=lambda: {"east": GOOD, "west": GOOD})


@dataclass
class Operator:
    """Somebody who asks."""

    ops: Ops
    parts: Parts
    figures: Figures
    http: aiohttp.ClientSession

    async def asks(self, path: str) -> tuple[int, Any]:
        async with self.http.get(f"{self.ops.url}{path}") as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text


@pytest.fixture
async def operator(db: Database, clock: Clock) -> AsyncIterator[Operator]:
    parts, figures = Parts(), Figures()
    ops = Ops(
        address=Address("127.0.0.1", 0), db=db, clock=clock, figures=figures, stalled=lambda _s: parts.stalled,
        line=lambda: parts.line, token=lambda: parts.token,
        clouds={"east": lambda: parts.clouds["east"], "west": lambda: parts.clouds["west"]},
    )  # fmt: skip
    await ops.start()
    async with aiohttp.ClientSession() as http:
        yield Operator(ops, parts, figures, http)
    await ops.stop()


async def test_given_all_is_well_when_asked_then_it_is_ready_and_says_how_old_that_is(
    operator: Operator,
) -> None:
    status, told = await operator.asks("/readyz")

    assert (status, told["ok"]) == (200, True)
    assert {name: part["age_s"] for name, part in told["parts"].items()} == {
        "database": 0, "slack": 1.0, "cloud": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "part"),
    [
        pytest.param({"line": Line(is_up=False, detail="it is away")}, "slack", id="no line to Slack"),
        pytest.param({"token": BAD}, "slack", id="a refused token"),
        pytest.param({"clouds": {"east": BAD, "west": BAD}}, "cloud", id="no cloud answers"),
    ],
)
async def test_given_a_part_that_fails_when_asked_then_it_is_named_with_its_cause(
    operator: Operator, change: dict[str, Any], part: str
) -> None:
    for name, value in change.items():
        setattr(operator.parts, name, value)

    status, told = await operator.asks("/readyz")

    assert status == 503
    assert [name for name, one in told["parts"].items() if not one["ok"]] == [part]
    assert "it is away" in told["parts"][part]["detail"]


async def test_given_one_cloud_of_two_away_when_asked_then_it_is_ready_and_names_it(
    operator: Operator,
) -> None:
    operator.parts.clouds["west"] = BAD

    status, told = await operator.asks("/readyz")

    assert status == 200
    assert told["parts"]["cloud"]["detail"] == "west: it is away"


async def test_given_a_database_away_when_asked_then_it_is_not_ready_and_still_healthy(
    operator: Operator, db: Database
) -> None:
    await db.close()

    ready, told = await operator.asks("/readyz")
    healthy, _ = await operator.asks("/healthz")

    assert (ready, healthy) == (503, 200)
    assert not told["parts"]["database"]["ok"]


async def test_given_a_loop_that_stands_still_when_asked_then_it_is_not_healthy(operator: Operator) -> None:
    operator.parts.stalled = ("outbox",)

    assert await operator.asks("/healthz") == (503, {"ok": False, "stalled": ["outbox"]})


async def test_given_binders_when_scraped_then_they_are_counted_by_phase(
    operator: Operator, db: Database, clock: Clock
) -> None:
    async with db.transaction() as tx:
        await binders.insert(tx, a_binder(Phase.QUEUED, now=clock()))

    _, text = await operator.asks("/metrics")

    assert 'binderops_binders{phase="queued"} 1' in text.splitlines()


async def test_given_calls_when_scraped_then_status_and_time_are_told(operator: Operator) -> None:
    operator.figures.slack_call("chat.update", "ratelimited", 0.2)
    operator.figures.cloud_call("GET compute /servers/detail", "200", 3)

    _, text = await operator.asks("/metrics")

    lines = text.splitlines()
    assert 'binderops_slack_calls_total{method="chat.update",status="ratelimited"} 1' in lines
    assert 'binderops_cloud_call_seconds_bucket{call="GET compute /servers/detail",le="2.5"} 0' in lines
    assert 'binderops_cloud_call_seconds_bucket{call="GET compute /servers/detail",le="5"} 1' in lines


async def test_given_a_database_away_when_scraped_then_the_figures_of_the_process_are_still_told(
    operator: Operator, db: Database
) -> None:
    operator.figures.event("lease-lost", "warning")
    await db.close()

    status, text = await operator.asks("/metrics")

    assert status == 200
    assert {"binderops_database_up 0", "binderops_leases_lost_total 1"} <= set(text.splitlines())


@pytest.mark.parametrize("what", ["intents", "outbox"])
async def test_given_something_that_waits_when_scraped_then_its_age_is_told(
    db: Database, clock: Clock, what: str
) -> None:
    async with db.transaction() as tx:
        await tx.run(f"tests/waiting.{what}", at=clock())
    clock.forward(seconds=90)

    found = {family.name: family.samples for family in await Gauges(db, clock).families()}

    name = {"intents": "binderops_intent_age_seconds", "outbox": "binderops_outbox_age_seconds"}[what]
    assert [sample.value for sample in found[name]] == [90]


async def test_given_a_busy_port_when_started_then_it_says_which_option_names_another(
    operator: Operator, db: Database, clock: Clock
) -> None:
    port = int(operator.ops.url.rpartition(":")[2])
    second = Ops(
        address=Address("127.0.0.1", port), db=db, clock=clock, figures=Figures(), stalled=lambda _s: (),
        line=lambda: Line(is_up=True, detail=""), token=lambda: GOOD, clouds={},
    )  # fmt: skip

    with pytest.raises(RefusedError) as refused:
        await second.start()

    assert refused.value.code == "cannot-listen"
    assert "--ops HOST:PORT" in refused.value.hint
