"""A private repository launched: the real agent waits for the token, fetches with it, and keeps nothing of it."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from provisioning.errors import TemporaryError
from provisioning.model import Failure
from provisioning.source_tokens import ANY_USER, Login, host_of
from provisioning.store.database import Database
from tests.acceptance.test_planted_secrets import everything_logged
from tests.fakes.git_server import ClosedGitServer
from tests.fakes.guest_bench import GuestBench, a_repository
from tests.fakes.playground import BEN
from tests.fakes.quick_bot import Room, quick_bot
from tests.integration.desk.test_token import dumped

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
SECRET = "planted-deploy-token-0123"
LOGIN = Login(username=ANY_USER, secret=SECRET)
HEADER = LOGIN.authorization.split()[1]
REFUSED = Failure(code="token-refused", message="git.example refuses your token.", hint="Give another.")


def texts(folder: Path) -> str:
    """Everything below a folder that can be read as text: logs, reports, git's own files."""
    # It passes over what is gone meanwhile.
    walked = ((Path(place), names) for place, _, names in os.walk(folder))
    found = (p / n for p, names in walked if "env" not in p.relative_to(folder).parts for n in names)
    return "\n".join(_text(f) for f in found)


def _text(file: Path) -> str:
    with suppress(OSError):  # the guest's installer moves its own files meanwhile
        return file.read_text(errors="replace") if file.is_file() else ""
    return ""


def leaks(text: str) -> list[str]:
    return [secret for secret in (SECRET, HEADER) if secret in text]


@pytest.fixture
def commit(tmp_path: Path) -> str:
    return a_repository(tmp_path / "served" / "course", {"a.txt": "private"})


@pytest.fixture
async def server(tmp_path: Path, commit: str) -> AsyncIterator[ClosedGitServer]:
    async with ClosedGitServer(tmp_path / "served", LOGIN.authorization) as running:
        yield running


@pytest.fixture
def guest(tmp_path: Path, server: ClosedGitServer, commit: str) -> Iterator[GuestBench]:
    """The agent on that repository, started."""
    made = GuestBench(tmp_path / "state", f"{server.url}/course", commit, awaits_token=True)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


async def hand(guest: GuestBench, authorization: str = LOGIN.authorization) -> None:
    async with guest.link() as link:
        await link.hand_token(guest.agent_url, guest.id, authorization=authorization, refused=REFUSED)


async def test_given_an_agent_started_again_while_it_waits_when_it_is_handed_the_token_then_it_fetches(
    guest: GuestBench, server: ClosedGitServer, tmp_path: Path
) -> None:
    before = await guest.reports("fetch")
    guest.stop()
    guest.start()
    again = await guest.reports("fetch", after=before[-1].n)
    untouched = list(server.asked)

    await hand(guest)
    await guest.reports("build", "failed", after=again[-1].n)

    assert (before[-1].awaits, again[-1].awaits, untouched) == ("token", "token", [])
    assert (guest.state / "repo" / "a.txt").read_text() == "private"
    assert leaks(texts(tmp_path)) == []
    with pytest.raises(TemporaryError, match="400"):
        await hand(guest)  # nobody waits any more: it is not even kept


@pytest.mark.parametrize(
    "authorization", [pytest.param("Basic d3Jvbmc6d3Jvbmc=", id="wrong"), pytest.param("", id="none")]
)
async def test_given_a_token_that_does_not_open_it_then_the_guest_says_what_the_bot_told_it_to_say(
    guest: GuestBench, authorization: str
) -> None:
    heard = await guest.reports("fetch")

    await hand(guest, authorization)
    failed = (await guest.reports("failed", after=heard[-1].n))[-1]

    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.message) == (REFUSED.code, REFUSED.message)


async def test_given_a_stranger_who_knows_where_it_waits_then_nothing_of_theirs_is_taken(
    guest: GuestBench,
) -> None:
    await guest.reports("fetch")

    with pytest.raises(TemporaryError, match="401"):
        await hand(GuestBench.stranger_to(guest))


async def test_given_a_token_from_the_form_when_its_owner_launches_then_it_is_fetched_and_the_token_is_nowhere(
    tmp_path: Path, database_url: str, server: ClosedGitServer
) -> None:
    with everything_logged() as written:
        async with quick_bot(
            tmp_path / "bot", database_url, guest=ROOT / "provisioning", exempt=[f"{server.url}/"]
        ) as room:
            await room.types(f"{server.url}/course")
            await room.until(lambda: "binder token" in str(room.playground.site.workspace.ephemerals))
            await gives(room, server)
            await room.types(f"{server.url}/course")
            await room.until(lambda: next(room.cloud.rglob("repo/a.txt"), None))
            said = str(vars(room.playground.site.workspace)) + texts(room.cloud)
            db = await Database(database_url).open()
            rows = await dumped(db)
            await db.close()

    assert "token-handed" in written.getvalue()
    assert [leaks(text) for text in (rows, said, written.getvalue(), texts(tmp_path / "bot" / "home"))] == [
        [],
        [],
        [],
        [],
    ]


async def gives(room: Room, server: ClosedGitServer) -> None:
    """Ben fills the form in."""
    await room.types("token")
    deeds, windows = room.playground._person.deeds, room.playground.site.windows
    view = await room.until(
        lambda: next((v for v in windows.views.values() if v["callback_id"] == "binder.token"), None)
    )
    fields = {"host": host_of(server.url), "secret": SECRET}
    given = {name: {"value": text} for name, text in fields.items()}
    await deeds.submit(deeds.person(BEN), view["id"], given)
    await room.until(lambda: "Kept" in str(room.playground.site.workspace.ephemerals))
