"""A build that fails on a real instance: what people are told, and what Retry does."""

import pytest

from tests.acceptance.playing import buttons_of
from tests.acceptance.real_guest.conftest import Launched
from tests.acceptance.real_guest.seen import Seen
from tests.fakes.playground import BEN, GENERAL

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]


def test_given_a_dockerfile_that_fails_then_its_line_is_told_and_the_log_is_in_the_thread(
    failed: Seen,
) -> None:
    told = failed.message

    assert "no-such-program" in str(told["blocks"])
    failed.until_told(lambda m: "build.log" in str(m.get("files")) and m["thread_ts"] == told["thread_ts"])


@pytest.mark.last
def test_given_a_failed_launch_when_retried_then_a_new_attempt_has_an_instance_of_its_own_and_the_old_one_goes(
    failed: Seen,
) -> None:
    failed.press("binder.retry")

    failed.room.until(
        lambda: [s.metadata["binderops_attempt"] for s in failed.servers()] == ["2"], within_s=180
    )
    ended = {"user": BEN, "channel": GENERAL, "text": f"/binder delete {failed.id}"}
    assert failed.room.post("/person/command", ended)["ok"]
    failed.until_told(lambda m: "broken" in m["text"] and "Its instance is gone" in m["text"])


@pytest.mark.last
def test_given_a_server_that_runs_and_never_answers_then_that_is_told_with_what_it_said(
    launched: Launched,
) -> None:
    mute = launched("mute")

    shown = str(mute.message["blocks"])
    assert "Cause: `server-silent`" in shown
    assert "thinking" in shown
    assert next(iter(buttons_of(mute.message))) == "binder.relaunch"
    mute.room.post("/person/command", {"user": BEN, "channel": GENERAL, "text": f"/binder delete {mute.id}"})
    mute.until_told(lambda m: "mute" in m["text"] and "Its instance is gone" in m["text"])
