"""What a command decided: one value, written by the desk in one transaction. And how answers to one person are worded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot import blocks
from bot.blocks import Block
from provisioning.errors import BinderopsError, PersonError
from provisioning.model import Binder, BinderId, Json, Request, Verb, VolumeId
from provisioning.source_tokens import Scope
from provisioning.work_volumes import Wanted

PRIVATE_LINK = "binderops:private-link"  # the outbox puts the link in its place, at the moment of sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Something said to the person alone. ``private``: whom to let in where, for the link in it."""

    text: str
    blocks: Sequence[Block] = field(default_factory=list)
    private: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The binder's next step does it and tells it in the thread."""

    verb: Verb
    binder: BinderId
    hours: float | None = None
    drops_volume: bool = False  # the work volume that the binder holds is deleted once it is free
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A new binder, and the work volume that it is to hold: where it cannot, nothing is launched."""

    binder: Binder
    volume: Wanted | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLog:
    """A log goes into the thread as a file. ``fetched``: read from the guest just now; None: the kept one is sent."""

    binder: Binder
    fetched: str | None
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHome:
    """The person's Home, drawn anew. ``refusal``: why they may not use environments, in our own words."""

    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepToken:
    """A token of private repositories, sealed, from now on counts for its scope."""

    scope: Scope
    sealed: str = field(repr=False)
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetToken:
    """The tokens of a scope are deleted."""

    scope: Scope
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class LetIn:
    """The binder is shared with one more."""

    binder: BinderId
    whom: str  # a Slack user id, or `provisioning.shares.CHANNEL`
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutOut:
    """The binder is shared with one less; an empty ``whom``: with nobody. Who is in it enters anew, if they still may."""

    binder: BinderId
    whom: str
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class DropVolume:
    """A work volume that no binder holds is deleted."""

    volume: VolumeId
    answer: Answer


Effect = Answer | Grant | Launch | SendLog | ShowHome | KeepToken | ForgetToken | LetIn | ShutOut | DropVolume


def say(markup: str) -> Answer:
    """One paragraph; ``markup`` is ours, with people's texts already through `blocks.words`."""
    return Answer(text=markup.replace("*", ""), blocks=[blocks.section(markup)])


def refused(error: BinderopsError) -> Answer:
    """A refusal in our own words: what, why, whom to ask."""
    return say(f"*Not done*: {error.message} {error.hint}")


def mistaken(error: BinderopsError, state: str = "Not started") -> Answer:
    """A mistake, its place marked where it has one, and what to do."""
    message, hint = blocks.words(error.message, 600), blocks.words(error.hint, 600)
    drawn = [blocks.section(f"*{state}*: {message}")]
    if isinstance(error, PersonError) and error.text:
        drawn.append(blocks.fence(blocks.marked(error.text, error.span)))
    if hint:
        drawn.append(blocks.section(hint))
    return Answer(text=f"{state}: {message} {hint}".rstrip(), blocks=drawn)


def looking_at(request: Request) -> str:
    """What the ack of a launch says."""
    title = request.options.name or request.repo.removeprefix("https://github.com/")
    return f"*Looking at* {blocks.words(title, 150)} ..."
