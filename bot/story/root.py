"""The one message in the channel: who, what, how big, what it costs, until when; edited as the state changes."""

from bot import blocks, words
from bot.story.told import Message, Told, is_over
from provisioning.model import Plan


def draw(told: Told) -> list[Message]:
    """The root message. A failure is named here, explained in the thread."""
    binder, plan = told.binder, told.binder.plan
    if plan is None:
        return []
    state = words.state(binder)
    by = words.mention(binder.owner)
    reason = blocks.words(binder.failure.message) if binder.failure else ""
    drawn = [
        blocks.section(f"*{state}*: {words.source(plan)}\nLaunched by {by}\n{reason}".rstrip()),
        blocks.context(_facts(told, plan)),
    ]
    text = f"{state}: {words.subject(binder)}, launched by {by}. {reason}{' ' if reason else ''}{_facts(told, plan)}."
    return [Message(slot="root", text=text, blocks=drawn, in_thread=False, thread_ts=told.told_in)]


def _facts(told: Told, plan: Plan) -> str:
    parts = [words.size(plan), words.price(plan)]
    if not is_over(told.binder) and told.binder.failure is None:
        parts += [words.total(plan), words.until(told.binder)]
    parts.append(f"id {blocks.code(told.binder.id)}")
    return " \u00b7 ".join(part for part in parts if part)
