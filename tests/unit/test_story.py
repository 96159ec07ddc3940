"""The story as it is drawn: what each situation shows, to whom, with which buttons."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.story import Message, Told, draw, retired
from provisioning.model import (
    Event,
    Failure,
    Flavor,
    Happened,
    Interface,
    Json,
    Outcome,
    Phase,
    Report,
    VolumeId,
    WorkVolume,
)
from tests.strategies import NOW, a_binder, a_plan, a_report

LATER = NOW + timedelta(hours=4)
INTERFACES = (
    Interface(name="terminal", title="Terminal", path="/terminals/1"),
    Interface(name="lab", title="JupyterLab", path="/lab"),
    Interface(name="rstudio", title="RStudio", path="/rstudio/"),
)
FAILURE = Failure(
    code="package-not-found", message="numpyy does not exist.", hint="Correct requirements.txt.",
    lines=("pip install numpyy", "ERROR: No matching distribution <numpyy>"), step="3/5",
)  # fmt: skip
UP = (Happened.ATTEMPT_STARTED, Happened.SERVER_ACTIVE, Happened.BUILD_BEGAN, Happened.START_BEGAN)


def happened(*kinds: Happened, minutes_each: int = 1, **data: Json) -> tuple[Event, ...]:
    """One event of each kind, a minute apart."""
    return tuple(
        Event(kind=kind, at=NOW + timedelta(minutes=n * minutes_each), data=data.get(kind.value, {}))
        for n, kind in enumerate(kinds)
    )


def a_story(phase: Phase, *kinds: Happened, reports: tuple[Report, ...] = (), **more: Any) -> Told:
    data = {name: more.pop(name) for name in list(more) if name in {h.value for h in Happened}}
    binder = a_binder(phase, plan=more.pop("plan", a_plan()), **{"attempt": 1, **more})
    return Told(
        binder=binder, events=happened(*kinds, **data), reports=reports, response_url="https://hooks/1"
    )


def ready(**more: Any) -> Told:
    said = a_report(
        "ready",
        interfaces=INTERFACES,
        open_path=more.pop("open_path", ""),
        note=more.pop("note", ""),
        uncertified=more.pop("uncertified", ""),
    )
    more = {"expires_at": LATER, **more}
    kinds = more.pop("kinds", (*UP, Happened.BECAME_READY))
    return a_story(more.pop("phase", Phase.READY), *kinds, reports=(said,), **more)


def the(slot: str, told: Told) -> Message:
    return next(m for m in draw(told) if m.slot == slot)


def slots(told: Told) -> list[str]:
    return [m.slot for m in draw(told)]


def buttons(message: Message) -> list[str]:
    return [e["action_id"] for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def shown(message: Message) -> str:
    return str(message.blocks)


def statuses(message: Message) -> list[str]:
    plan = next(b for b in message.blocks if b["type"] == "plan")
    return [task["status"] for task in plan["tasks"]]


def test_given_a_wrong_ref_when_drawn_then_only_its_author_sees_it_with_the_place_marked() -> None:
    text = "https://github.com/org/repo nosuch"
    failure = Failure(code="ref-not-found", message="No nosuch.", hint="Did you mean main?", span=(28, 34), text=text)  # fmt: skip
    told = a_story(Phase.FAILED, plan=None, failure=failure)

    (answer,) = draw(told)

    assert (answer.slot, answer.method, answer.url) == ("answer", "respond", "https://hooks/1")
    fence = answer.blocks[1]["text"]["text"].splitlines()
    assert fence[2] == " " * 28 + "^^^^^^"


def test_given_a_price_to_agree_to_when_drawn_then_the_channel_sees_nothing() -> None:
    told = a_story(Phase.REQUESTED, plan=a_plan(asks=True))

    (confirm,) = draw(told)

    assert (confirm.slot, confirm.method) == ("confirm", "respond")
    assert buttons(confirm) == ["binder.confirm", "binder.cancel"]
    assert "about 8 SU in all" in confirm.text


def test_given_nobody_agreed_when_drawn_then_it_says_that_nothing_was_created() -> None:
    told = a_story(Phase.DELETED, plan=a_plan(asks=True), outcome=Outcome.CANCELLED)

    assert [(m.slot, m.text.split(":")[0]) for m in draw(told)] == [("answer", "Not started")]


def test_given_a_launch_when_drawn_then_the_root_says_who_what_size_price_and_how_long() -> None:
    root = the("root", a_story(Phase.CREATING, Happened.ATTEMPT_STARTED))

    for part in ("<@U1>", "org/repo@aaaaaaa", "m3.small", "2 SU an hour", "for 4 hours"):
        assert part in root.text
    assert not root.in_thread


@pytest.mark.parametrize(
    ("phase", "kinds", "expected"),
    [
        pytest.param(Phase.QUEUED, (), "complete pending pending pending pending", id="queued"),
        pytest.param(Phase.CREATING, UP[:1], "complete in_progress pending pending pending", id="creating"),
        pytest.param(Phase.BOOTING, UP[:2], "complete complete in_progress pending pending", id="booting"),
        pytest.param(Phase.BUILDING, UP[:3], "complete complete complete in_progress pending", id="building"),
        pytest.param(Phase.STARTING, UP, "complete complete complete complete in_progress", id="starting"),
        pytest.param(
            Phase.FAILED, (*UP[:3], Happened.FAILED), "complete complete complete error pending", id="failed"
        ),
        pytest.param(
            Phase.READY, (*UP, Happened.BECAME_READY), "complete complete complete complete complete", id="ready"
        ),
    ],
)  # fmt: skip
def test_given_a_phase_when_drawn_then_progress_shows_how_far_it_came(
    phase: Phase, kinds: tuple[Happened, ...], expected: str
) -> None:
    assert statuses(the("progress", a_story(phase, *kinds))) == expected.split()


def test_given_a_build_when_drawn_then_its_step_and_last_three_lines_are_shown() -> None:
    said = [a_report("build", n=n, message=f"line {n}", step=(n, 7)) for n in range(1, 6)]
    progress = the("progress", a_story(Phase.BUILDING, *UP[:3], reports=tuple(said)))

    assert "step 5 of 7, line 5" in progress.text.lower()
    assert "line 3\\nline 4\\nline 5" in shown(progress)
    assert "line 2" not in shown(progress)


def test_given_it_is_on_its_way_when_drawn_then_it_can_be_cancelled_and_once_ready_not() -> None:
    assert buttons(the("progress", a_story(Phase.BUILDING, *UP[:3]))) == ["binder.cancel"]
    assert buttons(the("progress", ready())) == []


def test_given_it_is_ready_when_drawn_then_each_interface_has_a_button_and_the_terminal_is_last() -> None:
    assert buttons(the("ready", ready())) == [
        "binder.open.lab", "binder.open.rstudio", "binder.open.terminal", "binder.download", "binder.logs",
        "binder.extend", "binder.delete",
    ]  # fmt: skip


def test_given_a_path_to_open_when_drawn_then_its_interface_is_the_primary_button() -> None:
    message = the("ready", ready(open_path="/rstudio/files/a.R"))

    opens = message.blocks[1]["elements"]
    assert [(b["action_id"], b.get("style")) for b in opens][:2] == [
        ("binder.open.rstudio", "primary"),
        ("binder.open.lab", None),
    ]


def test_given_the_reduced_way_when_drawn_then_the_thread_says_so() -> None:
    assert "without Docker" in shown(the("ready", ready(note="Built without Docker.")))


def test_given_no_certificate_that_browsers_know_when_drawn_then_the_ready_message_says_why() -> None:
    told = ready(uncertified="Browsers warn: too many certificates.")

    assert "too many certificates" in shown(the("ready", told))


def test_given_it_is_ready_when_drawn_then_the_owner_is_mentioned_in_a_final_reply() -> None:
    message = the("ready", ready())

    assert message.is_final
    assert message.in_thread
    assert "<@U1>" in message.blocks[0]["text"]["text"]


def test_given_a_failure_when_drawn_then_cause_hint_step_lines_and_log_are_there() -> None:
    told = a_story(
        Phase.FAILED, *UP[:3], Happened.FAILED, failure=FAILURE, outcome=Outcome.FAILED, keep_until=LATER
    )
    message = the("failed", told)

    for part in (
        "numpyy does not exist",
        "Correct requirements.txt",
        "3/5",
        "&lt;numpyy&gt;",
        "package-not-found",
    ):
        assert part in shown(message)
    assert buttons(message) == ["binder.relaunch", "binder.retry", "binder.logs"]
    log = the("failed-log", told)
    assert log.body(told.binder.id) == {"log_of": "aaaabbbbcc", "attempt": 1, "title": "build.log"}


def test_given_a_failure_before_any_guest_when_drawn_then_there_is_no_log_and_no_dead_retry() -> None:
    told = a_story(
        Phase.DELETED, UP[0], Happened.FAILED, Happened.DELETED, failure=FAILURE, outcome=Outcome.FAILED
    )

    assert slots(told) == ["root", "progress", "failed"]
    assert buttons(the("failed", told)) == ["binder.relaunch"]


def test_given_a_second_attempt_when_drawn_then_it_has_messages_of_its_own() -> None:
    kinds = (*UP[:3], Happened.FAILED, Happened.RETRIED, *UP[:2])
    told = a_story(Phase.BOOTING, *kinds, attempt=2)

    assert slots(told) == ["root", "progress-2"]


def test_given_a_message_of_an_earlier_attempt_when_retired_then_only_its_buttons_go() -> None:
    told = a_story(Phase.FAILED, *UP[:3], Happened.FAILED, failure=FAILURE, keep_until=LATER)
    body = the("failed", told).body(told.binder.id)

    after = retired(body)

    assert after is not None
    assert [b["type"] for b in after["blocks"]].count("actions") == 0
    assert "numpyy" in str(after["blocks"])
    assert retired(after) is None


def test_given_the_end_is_near_when_drawn_then_a_warning_offers_more_time_and_the_work() -> None:
    told = ready(kinds=(*UP, Happened.BECAME_READY, Happened.WARNED))
    message = the("warning-1", told)

    assert buttons(message) == ["binder.extend", "binder.download"]
    assert "<@U1>" in message.text
    assert f"<!date^{int(LATER.timestamp())}^" in message.text


@pytest.mark.parametrize(
    ("work", "said"),
    [
        pytest.param({}, "What was done in it goes with it. Download your work", id="the guest was silent"),
        pytest.param({"files": 0, "size_bytes": 0, "left_out": 0}, "No file in it is new or changed. Keep", id="none"),
        pytest.param({"files": 1, "size_bytes": 9, "left_out": 0}, "With it go 1 file that is new or changed, less than 0.1 MiB. Download", id="one"),
        pytest.param({"files": 1200, "size_bytes": 3 << 20, "left_out": 2}, "With it go 1,200 files that are new or changed, 3.0 MiB. 2 of them do not fit into a download. Download", id="many"),
    ],
)  # fmt: skip
def test_given_the_end_is_near_when_drawn_then_the_warning_says_what_would_be_lost(
    work: Json, said: str
) -> None:
    told = ready(kinds=(*UP, Happened.BECAME_READY, Happened.WARNED), warned=work)

    assert said in the("warning-1", told).text


def test_given_a_volume_when_the_end_is_near_then_the_warning_says_that_what_is_in_it_stays() -> None:
    volume = WorkVolume(id=VolumeId("v"), name="data", size_gib=10)
    told = ready(kinds=(*UP, Happened.BECAME_READY, Happened.WARNED), volume=volume)

    assert "What is in the volume `data` stays." in the("warning-1", told).text


@pytest.mark.parametrize(
    ("phase", "then", "state"),
    [
        pytest.param(Phase.READY, Happened.EXTENDED, "Extended", id="extended"),
        pytest.param(Phase.DELETING, Happened.EXPIRED, "Over", id="expired"),
    ],
)
def test_given_a_warning_was_answered_when_drawn_then_its_button_is_gone(
    phase: Phase, then: Happened, state: str
) -> None:
    kinds = (*UP, Happened.BECAME_READY, Happened.WARNED, then)
    message = the("warning-1", ready(phase=phase, kinds=kinds, extended={"who": "U2", "hours": 2}))

    assert (message.text.split(":")[0], buttons(message)) == (state, [])


def test_given_a_second_warning_after_an_extension_when_drawn_then_only_it_has_a_button() -> None:
    kinds = (*UP, Happened.BECAME_READY, Happened.WARNED, Happened.EXTENDED, Happened.WARNED)
    told = ready(kinds=kinds)

    assert [bool(buttons(the(f"warning-{n}", told))) for n in (1, 2)] == [False, True]


@pytest.mark.parametrize(
    ("outcome", "kind", "words"),
    [
        pytest.param(Outcome.EXPIRED, Happened.EXPIRED, "Expired: org/repo@aaaaaaa for <@U1>", id="expired"),
        pytest.param(Outcome.OK, Happened.DELETE_ASKED, "was deleted by <@U2>", id="deleted"),
    ],
)
def test_given_an_end_when_drawn_then_it_says_how_and_how_long_it_ran(
    outcome: Outcome, kind: Happened, words: str
) -> None:
    kinds = (*UP, Happened.BECAME_READY, kind)
    told = ready(phase=Phase.DELETED, outcome=outcome, kinds=kinds, delete_asked={"who": "U2"})
    message = the("ended", told)

    assert words in message.text
    assert "after 1 minute" in message.text
    assert buttons(message) == ["binder.relaunch"]


def test_given_a_volume_that_was_kept_when_drawn_then_the_end_names_it() -> None:
    kinds = (*UP, Happened.BECAME_READY, Happened.DELETE_ASKED, Happened.DELETED)
    told = ready(phase=Phase.DELETED, outcome=Outcome.OK, kinds=kinds, deleted={"volume": "vol-1"})

    assert "its volume `vol-1` was kept" in the("ended", told).text


WORK = WorkVolume(id=VolumeId("vvvvvvvvvv"), name="data", size_gib=10)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param({"who": "U1"}, "What is in the volume `data` stays: `volume=data`", id="kept"),
        pytest.param(
            {"who": "U1", "drops_volume": True}, "The volume `data` is deleted with it", id="dropped"
        ),
    ],
)
def test_given_a_work_volume_when_its_environment_ended_then_it_is_said_what_becomes_of_it(
    asked: Json, said: str
) -> None:
    kinds = (*UP, Happened.BECAME_READY, Happened.DELETE_ASKED, Happened.DELETED)
    told = ready(
        phase=Phase.DELETED, outcome=Outcome.OK, kinds=kinds, delete_asked=asked, volume=WORK, deleted={}
    )

    assert said in the("ended", told).text


def test_given_a_work_volume_when_its_environment_is_to_be_deleted_then_the_question_says_that_it_stays() -> (
    None
):
    assert "What is in its volume data stays." in str(the("ready", ready(volume=WORK)).blocks)


def test_given_no_volume_to_keep_when_drawn_then_the_thread_says_that_nothing_was_deleted() -> None:
    data: Json = {"who": "U7", "reason": "It has no volume to keep."}
    told = ready(kinds=(*UP, Happened.BECAME_READY, Happened.DELETION_REFUSED), deletion_refused=data)

    assert the("note-6", told).text == "Not deleted: org/repo@aaaaaaa, <@U7>. It has no volume to keep."


def test_given_an_end_when_drawn_then_no_other_message_has_a_button_left() -> None:
    kinds = (*UP, Happened.BECAME_READY, Happened.WARNED, Happened.EXPIRED)
    told = ready(phase=Phase.DELETING, outcome=Outcome.EXPIRED, kinds=kinds)

    assert {m.slot: buttons(m) for m in draw(told) if buttons(m)} == {"ended": ["binder.relaunch"]}


def test_given_a_press_that_came_too_late_when_drawn_then_the_thread_tells_that_person() -> None:
    data: Json = {"who": "U7", "verb": "cancel", "phase": "ready"}
    told = ready(kinds=(*UP, Happened.BECAME_READY, Happened.NOT_APPLICABLE), not_applicable=data)

    note = the("note-6", told)

    assert note.text.startswith("Not cancelled: org/repo@aaaaaaa, <@U7>, because it is ready.")


def test_given_names_with_markup_when_drawn_then_none_of_it_works() -> None:
    evil = "<!channel> <https://evil|click> &"
    odd = Flavor(name=evil, vcpus=1, ram_mib=1, disk_gib=1)
    told = a_story(Phase.BUILDING, *UP[:3], plan=replace(a_plan(), title=evil, flavor=odd))

    for message in draw(told):
        read_as_markup = message.text + str(
            [b for b in message.blocks if b["type"] in ("section", "context")]
        )
        assert "<!channel>" not in read_as_markup
        assert "<https://evil" not in read_as_markup


def test_given_the_same_story_when_drawn_again_then_it_is_the_same() -> None:
    assert draw(ready()) == draw(ready())
