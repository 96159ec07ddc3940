"""Stories that cannot be told: they wait, and the others are told."""

from dataclasses import replace

import pytest

from provisioning.model import BinderId
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.integration.telling import BUILDING, KEY, UP, Story, a_class_builds

pytestmark = pytest.mark.integration


@pytest.fixture
def story(db: Database, clock: Clock) -> Story:
    return Story(db, clock)


OTHERS = replace(BUILDING, id=BinderId("othersother"), owner="U9")


async def a_story_breaks(story: Story, how: str) -> None:
    """One that is further behind than all others, so that it is claimed first."""
    await story.begins(BUILDING, *UP)
    await story.goes_on(BUILDING)
    await story.breaks(BUILDING, how)


UNTELLABLE = pytest.mark.parametrize(
    "how",
    [
        pytest.param(
            "update binders set phase = 'teleporting' where id = %s", id="a phase of another version"
        ),
        pytest.param("update binders set request = '{\"a\": 1}' where id = %s", id="JSON of another shape"),
        pytest.param(
            "update events set kind = 'teleported' where binder_id = %s", id="an event of another version"
        ),
    ],
)


@UNTELLABLE
async def test_given_a_story_that_cannot_be_told_then_the_others_are(story: Story, how: str) -> None:
    await a_story_breaks(story, how)
    await story.begins(OTHERS, *UP)

    assert list(await story.told()) == ["binder:othersother:root", "binder:othersother:progress"]


async def test_given_a_story_that_could_not_be_told_when_it_can_be_after_five_minutes_then_it_is(
    story: Story, clock: Clock
) -> None:
    await a_story_breaks(story, "update binders set phase = 'teleporting' where id = %s")
    await story.told()
    await story.goes_on(BUILDING)  # its phase is a known one again
    early = await story.told()
    clock.forward(minutes=5)

    assert (early, KEY + "root" in await story.told()) == ({}, True)


async def test_given_a_story_that_was_put_off_when_it_was_told_then_it_does_not_wait_any_more(
    story: Story, clock: Clock
) -> None:
    await a_story_breaks(story, "update binders set phase = 'teleporting' where id = %s")
    await story.told()
    await story.goes_on(BUILDING)
    clock.forward(minutes=5)
    await story.told()
    clock.forward(seconds=-1)
    await story.goes_on(BUILDING)

    assert await story.narrator.once() is True


async def test_given_a_binder_of_another_version_in_a_crowd_then_the_board_shows_the_others(
    story: Story,
) -> None:
    everybody = await a_class_builds(story, 12)
    await story.breaks(everybody[0], "update binders set request = '{}' where id = %s")

    rows = await story.told()

    assert rows["board:C1"]["body"]["text"].startswith("Building: 11 ")
