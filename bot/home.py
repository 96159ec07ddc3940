"""A person's Home tab: their environments, each with the buttons of its thread, and how to begin where there are none. Pure.

Nothing in it depends on the present time or on a build's progress: it changes when an environment's state does, and is
published then only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from bot import blocks, shown, words
from bot.blocks import Block
from provisioning.model import Binder, Json, Phase

MOST_LIVE = 20  # of 3 blocks each; Slack takes 100 in all
MOST_ENDED = 5
MOST_SAID = 12  # blocks of an answer
_GOING = "Being deleted"
_DOWN = frozenset({Phase.FAILED, Phase.DELETING, Phase.DELETED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer to something pressed on the Home, shown where it was pressed."""

    blocks: list[Block]
    at: datetime
    about: str = ""  # the binder below which it stands; empty: at the top
    private: Json | None = None  # whom to let in where, for the link in it

    def stored(self) -> dict[str, Any]:
        """As the outbox keeps it."""
        return {
            "blocks": self.blocks,
            "at": self.at.isoformat(),
            "about": self.about,
            "private": dict(self.private) if self.private else None,
        }

    def holds(self, owned: "Owned") -> bool:
        """Whether it is still true: a private link leads nowhere once its environment is not ready any more."""
        return self.private is None or any(b.id == self.about and b.phase is Phase.READY for b in owned.live)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """What `stored` gave."""
        return cls(
            blocks=kept["blocks"],
            at=datetime.fromisoformat(kept["at"]),
            about=kept["about"],
            private=kept["private"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A person's binders, newest first; more than are shown, where there are more."""

    live: Sequence[Binder] = field(default_factory=list)
    gone: Sequence[Binder] = field(default_factory=list)

    @classmethod
    def of(cls, found: Iterable[Binder]) -> Self:
        """Those that are gone apart from the others."""
        everything = list(found)
        return cls(
            live=[b for b in everything if b.phase is not Phase.DELETED],
            gone=[b for b in everything if b.phase is Phase.DELETED],
        )


def draw(owned: Owned, *, channel: str, said: Said | None = None) -> dict[str, Any]:
    """The view. ``channel``: the person's conversation with the bot, where what is launched from here is told."""
    here = said.blocks[:MOST_SAID] if said else []
    places = {b.id for b in owned.live[:MOST_LIVE]}
    at_top = here if said and said.about not in places else []
    drawn = [
        blocks.header("Your environments"),
        blocks.section(_summary(owned)),
        *blocks.actions(_first_steps()),
        *at_top,
    ]
    for title, group in _groups(owned.live[:MOST_LIVE]):
        drawn += [{"type": "divider"}, blocks.section(f"*{title}*")]
        for binder in group:
            drawn += _entry(binder, title)
            drawn += here if said and said.about == binder.id else []
    if hidden := len(owned.live) - MOST_LIVE:
        drawn += [blocks.context(_more(hidden))] if hidden > 0 else []
    if owned.gone:
        drawn += [{"type": "divider"}, blocks.section("*Ended*")]
        drawn += [_ended(binder) for binder in owned.gone[:MOST_ENDED]]
    return _view(drawn, channel)


def draw_refusal(why: str, *, channel: str) -> dict[str, Any]:
    """The view of somebody who may not use environments; ``why`` is ours."""
    return _view([blocks.header("Your environments"), blocks.section(f"*Not for you yet*: {why}")], channel)


def channel_of(view: Mapping[str, Any]) -> str:
    """Where what is pressed on this Home is answered and told."""
    return str(json.loads(view.get("private_metadata") or "{}").get("channel", ""))


def _view(drawn: list[Block], channel: str) -> dict[str, Any]:
    return {"type": "home", "blocks": drawn, "private_metadata": json.dumps({"channel": channel})}


def _first_steps() -> Iterator[Block]:
    yield blocks.button("Launch an environment", "binder.form", "home", style="primary")
    yield blocks.button("Quota", "binder.quota", "home")
    yield blocks.button("Help", "binder.help", "home")


def _summary(owned: Owned) -> str:
    live = [b for b in owned.live if b.phase is not Phase.DELETING]
    if not live:
        return (
            "*None yet*: a repository becomes a running environment that you open in the browser. Press *Launch an "
            "environment*, or type `/binder org/repo` in a channel that I am in, or in the conversation with me."
            if not owned.gone
            else "*None now*. Press *Launch an environment*, or type `/binder org/repo`."
        )
    ready = sum(b.phase is Phase.READY for b in live)
    count = f"{len(live)} {'environment' if len(live) == 1 else 'environments'}, {ready} ready"
    return f"*{count}*{_rate(live)}"


def _rate(live: Sequence[Binder]) -> str:
    """What they cost together; nothing where one of the prices is not known."""
    rates = [b.plan.flavor.su_per_hour for b in live if b.plan is not None and b.phase not in _DOWN]
    known = [rate for rate in rates if rate is not None]
    if not known or len(known) < len(rates):
        return ""
    return f" \u00b7 {words.amount(sum(known))} SU an hour together"


def _groups(live: Sequence[Binder]) -> Iterator[tuple[str, list[Binder]]]:
    parts = {
        "Ready": [b for b in live if b.phase is Phase.READY],
        "On their way": [b for b in live if b.phase is not Phase.READY and b.phase not in _DOWN],
        "Failed": [b for b in live if b.phase is Phase.FAILED],
        _GOING: [b for b in live if b.phase is Phase.DELETING],
    }
    return ((title, group) for title, group in parts.items() if group)


def _entry(binder: Binder, title: str) -> list[Block]:
    """What it is, what it costs, what can be done with it. The state is not said again where the title above says it."""
    state = "Waiting for your go" if shown.waits_for_go(binder) else words.state(binder)
    ends = words.until(binder)
    reason = f"\n{blocks.words(binder.failure.message, 600)}" if binder.failure else ""
    is_told = state == title or (title == _GOING and state == "Deleted")
    head = "" if is_told else f"*{state}*: "
    head = f"{head}{_source(binder)}{f', {ends}' if ends and binder.phase not in _DOWN else ''}{reason}"
    drawn = [blocks.section(head), blocks.context(" \u00b7 ".join(_facts(binder)))]
    if binder.phase is not Phase.DELETING:
        drawn += blocks.actions(shown.buttons(binder))
    return [{**block, "block_id": f"{binder.id}.{n}"} for n, block in enumerate(drawn)]


def _source(binder: Binder) -> str:
    return words.source(binder.plan) if binder.plan else words.subject(binder)


def _facts(binder: Binder) -> list[str]:
    facts = []
    if binder.plan is not None:
        facts = [words.size(binder.plan), words.price(binder.plan), words.total(binder.plan)]
    return [
        *(fact for fact in facts if fact),
        f"told in {words.place(binder.channel)}",
        f"id {shown.code(binder)}",
    ]


def _ended(binder: Binder) -> Block:
    reason = f" {blocks.words(binder.failure.message)}" if binder.failure else ""
    text = blocks.section(f"{words.state(binder)}: {_source(binder)}.{reason}")
    press = blocks.button("Launch again", "binder.relaunch", binder.id, about=words.plain_subject(binder))
    return {**text, "accessory": press, "block_id": f"{binder.id}.ended"}


def _more(hidden: int) -> str:
    return f"{hidden} more than are shown here; `/binder show ID` shows any of them."
