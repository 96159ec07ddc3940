"""What only the person who asked sees, before the channel knows anything: mistakes, and the price to agree to."""

from bot import blocks, words
from bot.story.told import Message, Method, Told, is_over
from provisioning.model import Failure, Phase, Plan


def draw(told: Told) -> list[Message]:
    """The question where a price asks for it, and the answer where nothing came of the request."""
    binder = told.binder
    messages = []
    if binder.plan is not None and binder.phase is Phase.REQUESTED:
        messages.append(_confirm(told, binder.plan))
    if binder.failure is not None:
        messages.append(_mistake(told, binder.failure))
    elif is_over(binder):
        said = f"*Not started*: {words.subject(binder)}. Nothing was created and nothing was charged."
        messages.append(_to_owner(told, "answer", said.replace("*", ""), [blocks.section(said)]))
    return messages


def _confirm(told: Told, plan: Plan) -> Message:
    binder = told.binder
    price = ", ".join(part for part in (words.price(plan), words.total(plan)) if part)
    about = words.plain_subject(binder)
    drawn = [
        blocks.section(f"*Waiting for your go*: {words.source(plan)} costs {price}."),
        blocks.context(f"{words.size(plan)} \u00b7 {words.until(binder)}"),
        *blocks.actions(
            [
                blocks.button("Start", "binder.confirm", binder.id, style="primary", about=about),
                blocks.button("Not now", "binder.cancel", binder.id, about=about),
            ]
        ),
    ]
    text = (
        f"Waiting for your go: {words.subject(binder)} on {words.size(plan)} {words.until(binder)} costs {price}. "
        "Press Start or Not now."
    )
    return _to_owner(told, "confirm", text, drawn)


def _mistake(told: Told, failure: Failure) -> Message:
    message, hint = blocks.words(failure.message, 600), blocks.words(failure.hint, 600)
    drawn = [blocks.section(f"*Not started*: {message}")]
    if failure.span is not None and failure.text:
        drawn.append(blocks.fence(blocks.marked(failure.text, failure.span)))
    elif failure.lines:
        drawn.append(blocks.fence(failure.lines[-10:]))
    if hint:
        drawn.append(blocks.section(hint))
    return _to_owner(told, "answer", f"Not started: {message} {hint}".rstrip(), drawn)


def _to_owner(told: Told, slot: str, text: str, drawn: list[blocks.Block]) -> Message:
    return Message(
        slot=slot,
        text=text,
        blocks=drawn,
        method=Method.RESPOND,
        in_thread=False,
        is_final=True,
        to=told.binder.owner,
        url=told.response_url,
        thread_ts=told.launched_in,
    )
