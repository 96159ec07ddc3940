"""Three bots on one database while environments come up: one killed, one stopped, the database restarted. As `bench.replicas` does it."""

import os

import pytest

from bench.replicas import Job, measure

pytestmark = [pytest.mark.acceptance, pytest.mark.long, pytest.mark.timeout(900)]

# As many as the promise names where asked for, else a few: the size is the bench's own question.
_BINDERS = int(os.environ.get("BINDEROPS_REPLICAS", "5"))


async def test_given_replicas_when_one_is_killed_one_stopped_and_the_database_restarted_then_the_promise_holds() -> (
    None
):
    outcome = await measure(Job(binders=_BINDERS, processes=3, stop_s=18, channels=5, build_s=2))

    assert (outcome.lost, outcome.doubled, outcome.complete) == ([], [], _BINDERS)
    assert any("listen" in takeover.held for takeover in outcome.takeovers)
