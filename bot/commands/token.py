"""``token``: what opens private repositories, given in a form, listed without it, taken back. Nothing here sees a secret."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import access, blocks, words
from bot.command import Command
from bot.effects import Answer, Effect, ForgetToken, KeepToken, say
from bot.grammar.text import Text
from bot.intents import Asked, Details, TokenWish
from provisioning.source_tokens import Scope, place_in
from provisioning.vault import Kept

if TYPE_CHECKING:
    from bot.desk import Desk

_EVERYONE = "everyone"


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """Keep, list or forget; without any of these, the way to the form."""
    wish = asked.details.token or TokenWish()
    if wish.what == "list":
        return _listing(await desk.tokens(asked), desk.settings.app_host)
    if wish.what not in ("keep", "forget"):
        return _the_way()
    if wish.for_all and not access.is_admin(
        await desk.people.person(asked.team, asked.who), desk.settings.admins
    ):
        return say(
            "*Not done*: a token for everyone here is given and taken back by operators alone: admins of the workspace, and "
            "those in `access.admins`. You may give one of your own."
        )
    person = "" if wish.for_all else asked.who
    scope = Scope(team=asked.team, person=person, host=wish.host, prefix=wish.prefix)
    return _keep(scope, wish) if wish.what == "keep" else _forget(scope, await desk.tokens(asked))


def _keep(scope: Scope, wish: TokenWish) -> Effect:
    place = blocks.words(scope.place)
    whose = "your launches" if scope.person else "everyone's launches"
    said = (
        f"*Kept*: a token for {place}. {whose.capitalize()} of private repositories there use it. "
        f"`/binder token forget {place}` takes it back."
    )
    return KeepToken(scope=scope, sealed=wish.sealed, answer=say(said))


def _forget(scope: Scope, kept: list[Kept]) -> Effect:
    gone = [
        k.scope
        for k in kept
        if (k.scope.person, k.scope.host) == (scope.person, scope.host)
        and scope.prefix in ("", k.scope.prefix)
    ]
    place = blocks.words(scope.place)
    if not gone:
        whose = "of yours " if scope.person else "for everyone "
        return say(
            f"*Nothing forgotten*: there is no token {whose}for {place}. `/binder token list` shows them."
        )
    places = ", ".join(blocks.words(s.place) for s in gone)
    said = f"*Forgotten*: {places}. Revoke it there too: a token that nobody needs should open nothing."
    return ForgetToken(scope=scope, answer=say(said))


def _listing(kept: list[Kept], app_host: str) -> Answer:
    if not kept and not app_host:
        none = say("*None*: nothing opens private repositories yet.")
        return replace(none, blocks=[*none.blocks, *blocks.actions([_button()])])
    lines = [
        f"{blocks.words(k.scope.place)}: {'yours' if k.scope.person else 'for everyone here'}, since {words.when(k.given_at)}"
        for k in kept
    ]
    if app_host:
        lines.append(f"{blocks.words(app_host)}: this deployment's GitHub App, wherever it is installed")
    listed = "\n".join(f"\u2022 {line}" for line in lines)
    drawn = [
        blocks.section(f"*Tokens for private repositories*\n{listed}"),
        blocks.context("`/binder token forget HOST` takes one back. None of them can be shown."),
        *blocks.actions([_button()]),
    ]
    return Answer(text=f"Tokens: {'; '.join(line.partition(',')[0] for line in lines)}", blocks=drawn)


def _the_way() -> Answer:
    said = "*A form asks for the token*: press the button, or type `/binder token`. Never write one into a message."
    return Answer(text=said.replace("*", ""), blocks=[blocks.section(said), *blocks.actions([_button()])])


def _button() -> blocks.Block:
    return blocks.button("Give a token", "binder.token", "token")


def read(details: Details, word: Text) -> Details:
    """``list``, or ``forget`` with a host and perhaps ``everyone``; raises `PersonError`."""
    wish, plain = details.token or TokenWish(), word.value
    if wish.what == "form" and plain.casefold() in ("list", "forget"):
        return replace(details, token=replace(wish, what=plain.casefold()))
    place = place_in(plain)
    if wish.what == "forget" and not wish.host and place is not None:
        return replace(details, token=replace(wish, host=place[0], prefix=place[1]))
    if wish.what == "forget" and wish.host and plain.casefold() == _EVERYONE:
        return replace(details, token=replace(wish, for_all=True))
    raise word.refuse(
        "not-a-host",
        "That is no host.",
        "Write /binder token forget github.com, with everyone behind it for the one that all use.",
    )


COMMAND = Command(
    name="token",
    usage="token [list, or forget HOST]",
    summary="let me read your private repositories: a form asks for a token",
    handle=handle,
    reads=read,
)
