"""A failure, told so that somebody can act: what happened, what to do, the step, the lines that matter, the log."""

from bot import blocks, words
from bot.story.ready import logs_button
from bot.story.told import Message, Method, Told, has_guest_log, of_attempt
from provisioning.failures import helps
from provisioning.failures.cause import Help
from provisioning.model import Binder, Failure, Phase

_MOST_LINES = 10
_LABELS = {
    Help.RETRY: ("Retry", "binder.retry"),
    Help.LARGER: ("Retry on a larger flavor", "binder.larger"),
    Help.RELAUNCH: ("Launch again", "binder.relaunch"),
}


def draw(told: Told) -> list[Message]:
    """The failure of the current attempt, and its log as a file where there can be one."""
    binder = told.binder
    if binder.failure is None:
        return []
    failure = binder.failure
    text = (
        f"Failed: {words.subject(binder)} for {words.mention(binder.owner)}. "
        f"{blocks.words(failure.message, 600)} {blocks.words(failure.hint, 600)}"
    )
    messages = [
        Message(
            slot=of_attempt("failed", binder.attempt),
            text=text,
            blocks=_blocks(told, failure),
            is_final=True,
        )
    ]
    if has_guest_log(told):
        log = Message(
            slot=of_attempt("failed-log", binder.attempt),
            text="build.log",
            blocks=[],
            method=Method.FILE,
            attempt=binder.attempt,
        )
        messages.append(log)
    return messages


def _blocks(told: Told, failure: Failure) -> list[blocks.Block]:
    binder = told.binder
    drawn = [
        blocks.section(
            f"*Failed*: {words.subject(binder)} for {words.mention(binder.owner)}\n"
            f"{blocks.words(failure.message, 600)}"
        )
    ]
    if failure.hint.strip():
        drawn.append(blocks.section(f"*What to do*: {blocks.words(failure.hint, 600)}"))
    if failure.step.strip():
        drawn.append(blocks.section(f"Step: {blocks.code(failure.step, 200)}"))
    if failure.lines:
        drawn.append(blocks.fence(failure.lines[-_MOST_LINES:]))
    drawn.append(blocks.context(" \u00b7 ".join([f"Cause: {blocks.code(failure.code)}", _instance(binder)])))
    drawn += blocks.actions(_buttons(told, failure))
    return drawn


def _instance(binder: Binder) -> str:
    if binder.phase is Phase.FAILED and binder.keep_until is not None:
        return f"The instance is kept until {words.when(binder.keep_until)}"
    return "The instance is deleted" if binder.phase is Phase.DELETED else "The instance is being deleted"


def _buttons(told: Told, failure: Failure) -> list[blocks.Block]:
    """What can change the outcome, the most helpful first, and the log."""
    binder = told.binder
    wanted = [kind for kind in helps(failure.code) if kind is not Help.LARGER or binder.plan is not None]
    # Retry is taken only while the binder is in its failed phase; after that the same is launched anew.
    if binder.phase is Phase.FAILED and binder.keep_until is not None:
        kinds = [*wanted, Help.RETRY]
    else:
        kinds = [*(kind for kind in wanted if kind is not Help.RETRY), Help.RELAUNCH]
    about = words.plain_subject(binder)
    pressed = [
        blocks.button(*_LABELS[kind], binder.id, style="" if n else "primary", about=about)
        for n, kind in enumerate(dict.fromkeys(kinds))
    ]
    return [*pressed, logs_button(binder)] if has_guest_log(told) else pressed
