"""The message in the thread that shows the way to ready: five steps, and what the build says at the moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import blocks, words
from bot.story import remaining
from bot.story.told import Message, Told, at, of_attempt, of_kind, this_attempt
from provisioning.model import Binder, Event, Happened, Phase, Report

COMING_UP = (Phase.QUEUED, Phase.CREATING, Phase.BOOTING, Phase.BUILDING, Phase.STARTING)
_LAST_LINES = 3
_BUILD_REPORTS = ("setup", "fetch", "pull", "build")
_START_REPORTS = ("start", "probe")
_PARTS = {
    "port": "network port",
    "floating_ip": "public address",
    "volume": "volume",
    "work_volume": "volume of one's own",
    "server": "instance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One step of the way, between the events that begin it and end it."""

    id: str
    title: str
    begins: Happened
    ends: Happened


_STEPS = (
    _Step(id="create", title="Create instance", begins=Happened.ATTEMPT_STARTED, ends=Happened.SERVER_ACTIVE),
    _Step(id="boot", title="Boot", begins=Happened.SERVER_ACTIVE, ends=Happened.BUILD_BEGAN),
    _Step(id="build", title="Build", begins=Happened.BUILD_BEGAN, ends=Happened.START_BEGAN),
    _Step(id="start", title="Start", begins=Happened.START_BEGAN, ends=Happened.BECAME_READY),
)


def draw(told: Told) -> list[Message]:
    """The progress message of the current attempt, kept when it is over: it says how far things came."""
    binder = told.binder
    headline = words.state(binder)
    if binder.phase in COMING_UP and at(this_attempt(told), Happened.FAILED) is not None:
        return []  # a retry whose attempt has not begun: it gets a message of its own
    drawn = [
        blocks.section(f"*{headline}*: {words.subject(binder)}{_now(told)}"),
        blocks.plan(headline, [_look_up(told), *(_card(told, step) for step in _STEPS)]),
    ]
    left = remaining.sentence(told) if binder.phase in COMING_UP else ""
    if said := [left, *notes_of(told.reports)] if left else notes_of(told.reports):
        drawn.append(blocks.context("\n".join(said)))
    if binder.phase in COMING_UP:
        drawn += blocks.actions([cancel_button(binder)])
    text = f"{headline}: {words.subject(binder)}{_now(told)}{f'. {left}' if left else ''}"
    return [Message(slot=of_attempt("progress", binder.attempt), text=text, blocks=drawn)]


def cancel_button(binder: Binder) -> blocks.Block:
    """Stops a launch."""
    sure = blocks.asks(
        "Cancel this launch?", "The instance is deleted. Nothing else is lost.", "Cancel launch", "Keep going"
    )
    about = words.plain_subject(binder)
    return blocks.button("Cancel", "binder.cancel", binder.id, style="danger", about=about, confirm=sure)


def build_step(reports: Sequence[Report]) -> str:
    """``step 3 of 7`` where the newest reports say so."""
    newest = next((r.step for r in reversed(reports) if r.step and r.phase in _BUILD_REPORTS), None)
    return f"step {newest[0]} of {newest[1]}" if newest else ""


def notes_of(reports: Sequence[Report], most: int = 5) -> list[str]:
    """What the guest decided, for people, each sentence once; also says where the reduced way is used."""
    said = dict.fromkeys(blocks.words(told) for r in reports for told in (r.note, r.uncertified) if told)
    return [note for note in said if note][-most:]


def _now(told: Told) -> str:
    """What goes on at the moment, for the first line."""
    match told.binder.phase:
        case Phase.BUILDING:
            parts = [build_step(told.reports), *_lines(told.reports, _BUILD_REPORTS)[-1:]]
        case Phase.STARTING:
            parts = _lines(told.reports, _START_REPORTS)[-1:]
        case _:
            parts = []
    said = ", ".join(blocks.words(part, 200) for part in parts if part)
    return f". {said[0].upper()}{said[1:]}" if said else ""


def _look_up(told: Told) -> blocks.Block:
    plan = told.binder.plan
    found = (
        [
            f"{plan.ref or 'default branch'} is {'commit ' if plan.source_kind == 'git' else ''}{words.short_id(plan)}"
        ]
        if plan
        else []
    )
    return blocks.task("look-up", "Look up", "complete", found)


def _card(told: Told, step: _Step) -> blocks.Block:
    events = this_attempt(told)
    began, ended = at(events, step.begins), at(events, step.ends)
    return blocks.task(
        step.id, _title(told, step, began, ended), _status(told, began, ended), _details(told, events, step)
    )


def _status(told: Told, began: datetime | None, ended: datetime | None) -> str:
    if ended is not None:
        return "complete"
    if began is None:
        return "pending"
    return "in_progress" if told.binder.phase in COMING_UP else "error"


def _title(told: Told, step: _Step, began: datetime | None, ended: datetime | None) -> str:
    if began is not None and ended is not None:
        return f"{step.title} ({words.duration(ended - began)})"
    if began is None:
        return step.title
    counted = build_step(told.reports) if step.id == "build" else ""
    said = f"{step.title}: {counted}" if counted else step.title
    return said if told.binder.phase in COMING_UP else f"{said} ({_how_it_stopped(told)})"


def _how_it_stopped(told: Told) -> str:
    return "failed" if any(True for _ in of_kind(told, Happened.FAILED)) else "stopped"


def _details(told: Told, events: Sequence[Event], step: _Step) -> list[str]:
    match step.id:
        case "create":
            made = [str(e.data.get("kind", "")) for e in events if e.kind is Happened.OBJECT_MADE]
            return [", ".join(_PARTS.get(kind, kind) for kind in made)] if made else []
        case "build":
            return _lines(told.reports, _BUILD_REPORTS)[-_LAST_LINES:]
        case "start":
            return _lines(told.reports, _START_REPORTS)[-_LAST_LINES:]
        case _:
            return []


def _lines(reports: Sequence[Report], phases: Sequence[str]) -> list[str]:
    return [line for line in (blocks.one_line(r.message) for r in reports if r.phase in phases) if line]
