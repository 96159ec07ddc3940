"""What a story is drawn from, what a drawing is made of, and the few readings of the events that all parts share."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.blocks import MESSAGE_TEXT_LIMIT, Block, cut_markup
from provisioning.estimate import Late, Left
from provisioning.model import Binder, BinderId, Event, Happened, Outcome, Phase, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything known about one binder; of it only the estimate depends on the present time."""

    binder: Binder
    events: tuple[Event, ...]  # the whole story, oldest first
    reports: tuple[Report, ...] = ()  # of the current attempt, in order
    response_url: str = ""  # of the command that launched it; empty: an ephemeral message by the bot's token
    told_in: str = ""  # the ts of the thread that the story goes into; empty: a thread of its own
    launched_in: str = ""  # the ts of the thread it was launched from; empty: from the channel itself
    estimate: Left | Late | None = None  # of the time until it is ready
    estimated_at: datetime | None = None


class Method(StrEnum):
    """How a message gets to Slack."""

    POST = "post"  # posted once, then edited in place
    RESPOND = "respond"  # to one person, once
    FILE = "file"  # a kept log, once


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it should be now. ``text`` stands alone; the first block says the state as well."""

    slot: str  # unique within the binder; the row of the outbox is `key_of` it
    text: str
    blocks: list[Block]
    method: Method = Method.POST
    in_thread: bool = True  # a reply to the root
    is_final: bool = False  # needs a human: goes out first
    to: str = ""  # respond: who alone sees it
    url: str = ""  # respond: the response_url; empty: chat.postEphemeral
    thread_ts: str = ""  # respond, root: the thread it is seen in; empty: the channel itself
    attempt: int = 0  # file: whose log

    def body(self, binder: BinderId) -> dict[str, object]:
        """What the outbox stores and sends."""
        text = cut_markup(self.text, MESSAGE_TEXT_LIMIT)
        match self.method:
            case Method.POST:
                where = {"thread_ts": self.thread_ts} if self.thread_ts else {}
                return {**where, "text": text, "blocks": self.blocks}
            case Method.RESPOND:
                return {
                    "url": self.url,
                    "to": self.to,
                    **({"thread_ts": self.thread_ts} if self.thread_ts else {}),
                    "response_type": "ephemeral",
                    "replace_original": False,
                    "text": text,
                    "blocks": self.blocks,
                }
            case Method.FILE:
                return {"log_of": binder, "attempt": self.attempt, "title": self.text}


def key_of(binder: BinderId, slot: str) -> str:
    """The key of the message's row, and what its Slack metadata carries."""
    return f"binder:{binder}:{slot}"


def of_attempt(slot: str, attempt: int) -> str:
    """The slot's name in this attempt."""
    return slot if attempt <= 1 else f"{slot}-{attempt}"


def is_public(binder: Binder) -> bool:
    """Whether the channel may know: there is a plan, and nobody needs to agree to it any more."""
    return binder.plan is not None and not binder.plan.needs_confirmation


def of_kind(told: Told, *kinds: Happened) -> Iterator[tuple[int, Event]]:
    """Events of these kinds with their number in the story, which never changes."""
    return ((n, e) for n, e in enumerate(told.events, start=1) if e.kind in kinds)


def this_attempt(told: Told) -> tuple[Event, ...]:
    """The events since the current attempt started."""
    starts = [n for n, _ in of_kind(told, Happened.ATTEMPT_STARTED)]
    return told.events[starts[-1] - 1 :] if starts else ()


def at(events: tuple[Event, ...], kind: Happened) -> datetime | None:
    """When it happened first among these."""
    return next((e.at for e in events if e.kind is kind), None)


def has_guest_log(told: Told) -> bool:
    """Whether the current attempt came far enough for a guest to write one."""
    return at(this_attempt(told), Happened.SERVER_ACTIVE) is not None


def is_over(binder: Binder) -> bool:
    """Whether nothing a person presses on it could work any more, save launching again."""
    return binder.phase in (Phase.DELETING, Phase.DELETED)


def who_ended(told: Told) -> object:
    """The person who asked for the end, where one did."""
    asked = [e for _, e in of_kind(told, Happened.DELETE_ASKED, Happened.CANCELLED)]
    return asked[-1].data.get("who") if asked else None


def ran_for(told: Told) -> timedelta | None:
    """How long it was ready; None where it never was or still is."""
    began = at(this_attempt(told), Happened.BECAME_READY)
    ends = (Happened.EXPIRED, Happened.DELETE_ASKED, Happened.CANCELLED, Happened.FAILED)
    ended = [e.at for e in this_attempt(told) if e.kind in ends and began is not None and e.at >= began]
    return ended[0] - began if ended and began is not None else None


def end_needs_telling(told: Told) -> bool:
    """Whether the end has a message of its own; a failure whose instance is cleared away has told already."""
    if not is_over(told.binder):
        return False
    return told.binder.outcome is not Outcome.FAILED or who_ended(told) is not None
