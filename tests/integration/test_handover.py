"""Handing a token to the guest that waits for it: the owner's own, once for each time that it waits."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from provisioning.errors import BinderopsError, NotInstalledError, RefusedError, TemporaryError
from provisioning.guest_config import LEASE
from provisioning.handover import Handover
from provisioning.model import BinderId, Failure, Phase
from provisioning.source_tokens import ANY_USER, Login, Scope, SourceToken
from provisioning.store import binders, source_tokens
from provisioning.store.database import Database
from provisioning.vault import Vault
from tests.conftest import Clock
from tests.strategies import a_binder, a_plan

pytestmark = pytest.mark.integration

ONE = BinderId("aaaabbbbcc")
CERT = "ab" * 32
OWN, ALL = Login(username=ANY_USER, secret="own"), Login(username=ANY_USER, secret="everyone's")


@dataclass
class Guests:
    """All guests: what each was handed, in order."""

    handed: list[tuple[str, Failure]] = field(default_factory=list)
    pins: list[tuple[str, str]] = field(default_factory=list)
    is_silent: bool = False

    async def hand_token(
        self, agent_url: str, binder: str, *, authorization: str, refused: Failure, cert_sha256: str = ""
    ) -> None:
        if self.is_silent:
            raise TemporaryError("guest-silent", "It does not answer.", "It is asked again.")
        self.handed.append((authorization, refused))
        self.pins.append((agent_url, cert_sha256))


@dataclass
class App:
    """A GitHub App that makes a token for each fetch, or says why not."""

    trouble: BinderopsError | None = None
    made: list[str] = field(default_factory=list)

    async def token(self, url: str, *, to_fetch: bool = False) -> SourceToken | None:
        if self.trouble is not None:
            raise self.trouble
        assert to_fetch
        self.made.append(url)
        login = Login(username=ANY_USER, secret=f"the App's {len(self.made)}")
        scope = Scope(team="", person="", host="github.com", prefix="org/course")
        return SourceToken(scope=scope, login=login, is_the_apps=True)

    def forget(self, url: str) -> None:
        raise AssertionError(url)


class Bench:
    """A database with one binder whose guest waits, and processes that hand over."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock, self.guests, self.vault = db, clock, Guests(), Vault("key")
        self.app: App | None = None
        self.binder = replace(a_binder(plan=a_plan(), now=clock()), id=ONE)

    async def waits(self, **columns: object) -> None:
        report = '{"n": 2, "awaits": "token"}'
        agent = {"agent_url": "https://192.0.2.7", "cert_sha256": CERT}
        async with self.db.transaction() as tx:
            await binders.insert(tx, self.binder)
        await self.changes(**{"report": report, "attempt": 1, "phase": Phase.BUILDING, **agent, **columns})

    async def changes(self, **columns: object) -> None:
        text = f"update binders set {', '.join(f'{c} = %s' for c in columns)} where id = %s"
        async with self.db.transaction() as tx:
            await tx._connection.execute(text.encode(), (*columns.values(), ONE))

    async def keeps(self, person: str, login: Login, *, sealed: str = "", host: str = "github.com") -> None:
        scope = Scope(team=self.binder.team, person=person, host=host)
        async with self.db.transaction() as tx:
            text = sealed or self.vault.close(scope, login)
            await source_tokens.keep(tx, scope, text, at=self.clock(), by=person)

    async def works(self) -> list[str]:
        before = len(self.guests.handed)
        while await Handover(self.db, self.guests, self.vault, self.clock, self.app).once():
            pass
        return [sent for sent, _ in self.guests.handed[before:]]


@pytest.fixture
def bench(db: Database, clock: Clock) -> Bench:
    return Bench(db, clock)


async def test_given_a_waiting_guest_then_it_is_handed_its_owners_token_over_the_pinned_line(
    bench: Bench,
) -> None:
    await bench.keeps("", ALL)
    await bench.keeps(bench.binder.owner, OWN)
    await bench.keeps("U0ANOTHER", Login(username=ANY_USER, secret="another's"))
    await bench.waits()

    assert await bench.works() == [OWN.authorization]
    assert bench.guests.pins == [("https://192.0.2.7", CERT)]


async def test_given_an_owner_without_a_token_then_the_one_for_everyone_is_handed(bench: Bench) -> None:
    await bench.keeps("", ALL)
    await bench.keeps("U0ANOTHER", OWN)
    await bench.waits()

    assert await bench.works() == [ALL.authorization]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"report": '{"n": 2}'}, id="it does not wait"),
        pytest.param({"report": None}, id="not heard yet"),
        pytest.param({"cert_sha256": ""}, id="no certificate to pin"),
        pytest.param({"agent_url": ""}, id="no address"),
        pytest.param({"phase": Phase.DELETED, "outcome": "ok"}, id="gone"),
    ],
)
async def test_given_a_guest_that_may_not_be_told_then_nothing_is_handed(
    bench: Bench, columns: dict[str, Any]
) -> None:
    await bench.keeps(bench.binder.owner, OWN)
    await bench.waits(**columns)

    assert await bench.works() == []


async def test_given_a_guest_that_was_handed_it_then_it_is_handed_again_only_where_it_waits_anew(
    bench: Bench,
) -> None:
    await bench.keeps(bench.binder.owner, OWN)
    await bench.waits()
    await bench.works()
    bench.clock.forward(hours=1)
    once = await bench.works()

    await bench.changes(report='{"n": 5, "awaits": "token"}')

    assert (once, await bench.works()) == ([], [OWN.authorization])


async def test_given_a_guest_that_does_not_answer_then_it_is_tried_again_later(bench: Bench) -> None:
    await bench.keeps(bench.binder.owner, OWN)
    await bench.waits()
    bench.guests.is_silent = True
    await bench.works()
    bench.guests.is_silent = False
    at_once = await bench.works()

    bench.clock.forward(seconds=LEASE.total_seconds())

    assert (at_once, await bench.works()) == ([], [OWN.authorization])


async def test_given_a_token_that_was_taken_back_then_the_guest_is_told_that_there_is_none(
    bench: Bench,
) -> None:
    await bench.waits()

    assert await bench.works() == [""]
    assert bench.guests.handed[0][1].code == "token-missing"


async def test_given_the_row_of_another_person_under_the_owners_name_then_it_opens_nothing(
    bench: Bench,
) -> None:
    another = Scope(team=bench.binder.team, person="U0ANOTHER", host="github.com")
    await bench.keeps(bench.binder.owner, OWN, sealed=bench.vault.close(another, OWN))
    await bench.waits()

    assert await bench.works() == [""]


async def test_given_another_key_then_a_kept_token_opens_nothing(bench: Bench) -> None:
    await bench.keeps(bench.binder.owner, OWN)
    bench.vault = Vault("another key")
    await bench.waits()

    assert await bench.works() == [""]


def made(number: int) -> str:
    """What the App's token of this number is handed over as."""
    return Login(username=ANY_USER, secret=f"the App's {number}").authorization


async def test_given_a_github_app_when_a_guest_waits_anew_then_another_token_is_made_for_it(
    bench: Bench,
) -> None:
    bench.app = App()
    await bench.waits()
    first = await bench.works()

    await bench.changes(report='{"n": 1, "awaits": "token"}', attempt=2)

    assert (first, await bench.works()) == ([made(1)], [made(2)])
    refused = bench.guests.handed[-1][1]
    assert (refused.code, "GitHub App on github.com/org/course" in refused.message) == ("token-refused", True)


@pytest.mark.parametrize("is_own", [True, False], ids=["own", "everyone's"])
async def test_given_a_github_app_and_a_kept_token_then_the_app_goes_before_everyones_alone(
    bench: Bench, is_own: bool
) -> None:
    bench.app = App()
    await bench.keeps(bench.binder.owner if is_own else "", OWN)
    await bench.waits()

    assert await bench.works() == [OWN.authorization if is_own else made(1)]


@pytest.mark.parametrize("has_everyones", [True, False])
async def test_given_an_app_that_was_uninstalled_meanwhile_then_everyones_or_the_reason_is_handed(
    bench: Bench, has_everyones: bool
) -> None:
    bench.app = App(NotInstalledError("github-app-not-installed", "It is not there.", "Install it."))
    if has_everyones:
        await bench.keeps("", ALL)
    await bench.waits()

    assert await bench.works() == [ALL.authorization if has_everyones else ""]
    code = "token-refused" if has_everyones else "github-app-not-installed"
    assert bench.guests.handed[0][1].code == code


async def test_given_an_app_that_is_refused_then_the_guest_says_why_at_once(bench: Bench) -> None:
    bench.app = App(RefusedError("github-app-key-wrong", "GitHub does not take it.", "Compare the two."))
    await bench.waits()

    assert await bench.works() == [""]
    assert bench.guests.handed[0][1] == Failure(
        code="github-app-key-wrong", message="GitHub does not take it.", hint="Compare the two."
    )


async def test_given_an_api_that_is_away_then_the_guest_is_handed_its_token_later(bench: Bench) -> None:
    bench.app = App(TemporaryError("source-unreachable", "It is away.", "It is asked again."))
    await bench.waits()
    away = await bench.works()
    bench.app.trouble = None

    bench.clock.forward(seconds=LEASE.total_seconds())

    assert (away, await bench.works()) == ([], [made(1)])


async def test_given_an_api_that_asks_to_wait_then_it_is_left_alone_for_as_long(bench: Bench) -> None:
    wait = timedelta(minutes=1)
    bench.app = App(
        TemporaryError("source-unreachable", "It asks to wait.", "It is asked again.", delay=wait)
    )
    await bench.waits()
    await bench.works()
    bench.app.trouble = None

    bench.clock.forward(seconds=59)
    early = await bench.works()
    bench.clock.forward(seconds=1)

    assert (early, await bench.works()) == ([], [made(1)])
