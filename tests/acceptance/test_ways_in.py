"""One path, however Slack reaches the bot: a command, a ready environment, its button, its end. With quick guests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.playing import buttons_of, playing
from tests.fakes.playground import ADA, BEN, GENERAL
from tests.fakes.quick_bot import Room, quick_bot

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


@pytest.fixture(params=["socket", "http"])
async def room(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[Room]:
    async with quick_bot(tmp_path, database_url, slack=request.param) as found:
        yield found


def private_link(room: Room) -> str | None:
    for whisper in room.playground.site.workspace.whispers(BEN):
        if enter := buttons_of(whisper).get("binder.enter"):
            return str(enter["url"])
    return None


async def test_given_a_way_in_when_launched_pressed_and_deleted_then_each_is_answered_and_nothing_is_left(
    room: Room,
) -> None:
    typed = await room.types(room.playground.sample_url)
    ready = await room.until(room.message("Ready", "binder.open.lab"))
    await room.presses(ready, "binder.open.lab")
    link = await room.until(lambda: private_link(room))
    await room.presses(ready, "binder.delete")
    await room.until(room.message("Deleted"))
    await room.until(lambda: not room.servers())

    assert typed["acked"]
    assert "/_binder/enter?ticket=" in link


async def test_given_a_way_in_when_the_form_is_filled_then_it_is_launched(room: Room) -> None:
    await room.types("")
    (view,) = await room.until(lambda: room.playground.site.windows.open_views(BEN))
    deeds = room.playground._person.deeds
    values = {"repository": {"value": room.playground.sample_url}}
    submitted = await deeds.submit(deeds.person(BEN), view["id"], values)

    assert submitted["acked"]
    await room.until(room.message("Ready", "binder.open.lab"))


async def test_given_a_way_in_when_mentioned_then_the_mention_is_answered(room: Room) -> None:
    deeds = room.playground._person.deeds
    general = room.playground.site.workspace.channel(GENERAL)

    deeds.say(deeds.person(ADA), general, "@binderops help", None)

    await room.until(lambda: room.playground.site.workspace.whispers(ADA))


def test_given_try_over_http_when_a_command_is_typed_then_it_is_acked(tmp_path: Path) -> None:
    with playing(tmp_path / "home", tmp_path / "log", "--slack", "http") as found:
        done = found.post("/person/command", {"user": ADA, "channel": GENERAL, "text": "/binder help"})

    assert done["acked"]
