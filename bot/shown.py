"""A binder as lists and answers show it: one line, one card, and the buttons that work on it now. Pure."""

from collections.abc import Sequence

from bot import blocks, words
from bot.blocks import Block
from bot.grammar import page_of
from bot.story.interfaces import offered
from bot.story.progress import cancel_button
from bot.story.ready import delete_button, logs_button
from bot.whom import listed
from provisioning.model import Binder, Phase
from provisioning.phases import LIVE

_WITH_GUEST = frozenset({Phase.BOOTING, Phase.BUILDING, Phase.STARTING, Phase.READY, Phase.FAILED})


def line(binder: Binder) -> str:
    """One line of markup: state, what, whose, until when, id."""
    ends = words.until(binder) if binder.phase in LIVE else ""
    parts = [
        f"*{words.state(binder)}*: {words.subject(binder)}",
        ends,
        f"for {words.mention(binder.owner)}",
        code(binder),
    ]
    return ", ".join(part for part in parts if part)


def code(binder: Binder) -> str:
    """The id as one types it."""
    return f"`{binder.id}`"


def waits_for_go(binder: Binder) -> bool:
    """Whether nothing goes on before its owner agrees to the price."""
    return binder.phase is Phase.REQUESTED and binder.plan is not None and binder.plan.needs_confirmation


def entry(binder: Binder, label: str, action: str) -> Block:
    """The line, with one button beside it."""
    press = blocks.button(label, f"binder.{action}", binder.id, about=words.plain_subject(binder))
    return {**blocks.section(line(binder)), "accessory": press}


def card(binder: Binder, shared_with: Sequence[str] = ()) -> list[Block]:
    """All that is known about a binder, and what can be done with it."""
    drawn = [blocks.section(line(binder))]
    if binder.plan is not None:
        ends = words.until(binder) if binder.phase in LIVE else ""
        facts = [
            words.source(binder.plan),
            words.size(binder.plan),
            words.price(binder.plan),
            words.volume(binder),
            ends,
        ]
        drawn.append(blocks.section("\n".join(f"\u2022 {fact}" for fact in facts if fact)))
    else:
        drawn.append(blocks.section(f"\u2022 {blocks.link(page_of(binder.request), binder.request.repo)}"))
    if binder.failure is not None:
        failure = f"{blocks.words(binder.failure.message, 600)} {blocks.words(binder.failure.hint, 600)}"
        drawn.append(blocks.section(failure.strip()))
    if shared_with:
        drawn.append(blocks.section(f"Shared with {listed(shared_with, binder.channel)}."))
    when = f"asked for {words.when(binder.created_at)} in {words.place(binder.channel)}"
    drawn.append(blocks.context(f"{when}, attempt {binder.attempt}" if binder.attempt > 1 else when))
    return [*drawn, *blocks.actions(buttons(binder))]


def buttons(binder: Binder) -> list[Block]:
    """What can be pressed now."""
    about = words.plain_subject(binder)
    made: list[Block] = []
    if waits_for_go(binder):
        made.append(blocks.button("Start", "binder.confirm", binder.id, style="primary", about=about))
    if binder.phase is Phase.READY and binder.report is not None:
        names = offered(binder.report)[:5]
        made += [
            blocks.button(f"Open {i.title}", f"binder.open.{i.name}", binder.id, about=about) for i in names
        ]
        made.append(blocks.button("Extend 2 h", "binder.extend", binder.id, about=about))
    if binder.phase is Phase.FAILED:
        made.append(blocks.button("Retry", "binder.retry", binder.id, about=about))
    if binder.phase in _WITH_GUEST:
        made.append(logs_button(binder))
    if binder.phase in LIVE and binder.phase is not Phase.READY:
        made.append(cancel_button(binder))
    if binder.phase in (Phase.READY, Phase.FAILED):
        made.append(delete_button(binder))
    if binder.phase in (Phase.DELETING, Phase.DELETED):
        made.append(blocks.button("Launch again", "binder.relaunch", binder.id, about=about))
    return made
