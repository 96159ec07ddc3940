"""Takes what people want, a few intents at a time: may they, about which binder, and then one transaction each with what follows.

Slack and guests are asked with no transaction open; the write is fenced by the desk's lease on the intent.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from bot import access, intents, words
from bot.access import Person, Who
from bot.choosing import advice, choice, none_to_choose, not_found, typed_again
from bot.command import Command
from bot.commands import COMMANDS
from bot.commands.help import briefly, overview
from bot.commands.volumes import in_use
from bot.effects import Answer, Effect, ShowHome, mistaken, refused, say
from bot.intents import DIRECT, HOME, MENTION, Asked
from bot.people import People
from bot.reading import FormWanted, read
from bot.writing import write
from provisioning import work_volumes
from provisioning.errors import BinderopsError, PersonError, TemporaryError, UnexpectedError
from provisioning.log_context import bound
from provisioning.model import Binder, BinderId, Flavor, Phase
from provisioning.room import Standing
from provisioning.shares import Share
from provisioning.store import binders, listening, shares, source_tokens, volumes
from provisioning.store.database import Database
from provisioning.vault import Kept, Vault
from provisioning.work_volumes import VolumeInUseError, VolumeLimits

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=18)  # a dead process's intents are dealt with within 20 s
_PATIENCE_S = 15  # for one intent, within the lease
_AT_ONCE = 4
_GIVES_UP = timedelta(minutes=25)  # a response_url lives for 30
_MOST_CHOICES = 50
_TOO_LONG = "*Not done*: Slack or the environment did not answer for too long. Please try again."


def _unknown() -> dict[str, tuple[Flavor, ...]]:
    return {}


def _unread() -> dict[str, Standing | None]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """What a deployment lets people do."""

    admins: frozenset[str] = frozenset()  # Slack user ids, beside the workspace's admins
    allow_guests: bool = False
    allow_exact: tuple[str, ...] = ()
    app_host: str = ""  # whose private repositories a GitHub App opens; empty: there is none
    default_hours: float = 4  # shown in the form
    volumes: VolumeLimits = field(default_factory=VolumeLimits)
    # By cloud, the default one first, its name empty where it is the only one; as last seen, with prices. Waits for nothing.
    flavors: Callable[[], Mapping[str, Sequence[Flavor]]] = _unknown

    # By cloud; None: the cloud does not tell, or did not yet. As last read: asking for it begins a new reading. Waits for nothing.
    standings: Callable[[], Mapping[str, Standing | None]] = _unread

    def offers(self) -> dict[str, tuple[str, ...]]:
        """The flavors' names by cloud: what may be typed."""
        return {cloud: tuple(f.name for f in flavors) for cloud, flavors in self.flavors().items()}


class LogLink(Protocol):
    """The one call to guests that people cause: `provisioning.guest_link.GuestLink` has it."""

    async def log(self, agent_url: str, binder: str, *, cert_sha256: str = "") -> str: ...


class Desk:
    """Any number of processes may run one, in several tasks each. ``more`` is called where there may be more to take at once."""

    def __init__(
        self,
        *,
        db: Database,
        people: People,
        clock: Callable[[], datetime],
        links: LogLink,
        settings: DeskSettings,
        vault: Vault,
        more: Callable[[], None] = lambda: None,
    ) -> None:
        self._more = more
        self.db = db
        self.people = people
        self.clock = clock
        self.links = links
        self.settings = settings
        self.vault = vault
        self.commands = COMMANDS

    async def once(self) -> bool:
        """Deal with a few intents, side by side; False where there is none."""
        desk = uuid.uuid4()
        async with self.db.apart() as tx:
            now = self.clock()
            taken = await intents.claim(tx, desk=desk, most=_AT_ONCE, now=now, until=now + LEASE)
        if len(taken) == _AT_ONCE:
            self._more()
        ends = await asyncio.gather(*(self._deal(asked, desk) for asked in taken), return_exceptions=True)
        if broken := next((end for end in ends if end is not None), None):
            raise broken
        return bool(taken)

    async def _deal(self, asked: Asked, desk: uuid.UUID) -> None:
        with bound(intent=asked.id):
            await self._dealt(asked, desk)

    async def _dealt(self, asked: Asked, desk: uuid.UUID) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                read_as, effect = await self._decide(asked)
                await write(self.db, read_as, desk, effect, self.clock())
        except (TemporaryError, TimeoutError) as error:
            if self.clock() - asked.at < _GIVES_UP:
                await self._postpone(asked, desk, error)
            else:
                await self._refuse(asked, desk, say(_TOO_LONG))
        except VolumeInUseError as error:
            held = in_use("Not started", error.name, error.since, await self.binder(error.holder))
            await self._refuse(asked, desk, held)
        except BinderopsError as error:
            await self._refuse(asked, desk, mistaken(error, "Not done"))
        except Exception:
            # Deciding or writing: what cannot be written now cannot be written later either.
            broken = UnexpectedError(uuid.uuid4().hex[:8])
            log.exception("desk-broke intent=%s verb=%s incident=%s", asked.id, asked.verb, broken.incident)
            await self._refuse(asked, desk, refused(broken))

    async def binder(self, binder_id: BinderId) -> Binder | None:
        """A binder as it is now."""
        async with self.db.apart() as tx:
            return await binders.get(tx, binder_id)

    async def mine(self, asked: Asked, *, most: int) -> list[Binder]:
        """The person's binders: those that are not gone first, each newest first."""
        async with self.db.apart() as tx:
            ids = await intents.of_person(tx, team=asked.team, who=asked.who, most=most)
            return await binders.readable(tx, ids)

    async def in_channel(self, asked: Asked, *, most: int) -> list[Binder]:
        """The channel's binders that are not gone, newest first."""
        async with self.db.apart() as tx:
            ids = await intents.live_in(tx, team=asked.team, channel=asked.channel, most=most)
            return await binders.readable(tx, ids)

    async def shares(self, binder: Binder) -> tuple[Share, ...]:
        """With whom the binder is shared, in the order in which it was."""
        async with self.db.apart() as tx:
            return await shares.of(tx, binder.id)

    async def shared_with(self, asked: Asked, *, most: int) -> list[Binder]:
        """What others share with the person by name and is not gone, newest first."""
        async with self.db.apart() as tx:
            return await shares.with_person(tx, team=asked.team, who=asked.who, most=most)

    async def tokens(self, asked: Asked) -> list[Kept]:
        """The tokens that the person's launches use, sealed."""
        async with self.db.apart() as tx:
            return await source_tokens.usable(tx, team=asked.team, person=asked.who)

    async def volumes(self, asked: Asked) -> list[work_volumes.Kept]:
        """The person's work volumes."""
        async with self.db.apart() as tx:
            return await volumes.of_person(tx, team=asked.team, owner=asked.who)

    async def kept_log(self, binder: Binder) -> str | None:
        """The log that was kept of the current attempt."""
        async with self.db.apart() as tx:
            return await listening.log(tx, binder.id, binder.attempt)

    async def _decide(self, asked: Asked) -> tuple[Asked, Effect]:
        """The intent, read where it was a mention's text, and what follows from it."""
        person = await self.people.person(asked.team, asked.who)
        if asked.verb == HOME:
            no = self._refusal(person, Who.MEMBERS, None)
            return asked, ShowHome(refusal=f"{no.message} {no.hint}" if no else "")
        if asked.verb in (MENTION, DIRECT):
            understood = self._understood(asked)
            if not isinstance(understood, Asked):
                return asked, understood
            asked = understood
        command = self.commands.get(asked.verb)
        if command is None:
            return asked, say(
                "*Not done*: this button is from another version of the bot. Type `/binder list` for new ones."
            )
        found = await self._allowed(asked, command, person)
        return (found, await command.handle(self, found)) if isinstance(found, Asked) else (asked, found)

    def _understood(self, asked: Asked) -> Asked | Answer:
        """What a person's text wants, or what to say about it."""
        is_direct = asked.verb == DIRECT
        try:
            wanted = read(
                asked.details.text, self.commands,
                offers=self.settings.offers(), allow_exact=self.settings.allow_exact,
            )  # fmt: skip
        except PersonError as error:
            return briefly() if is_direct and self._is_talk(asked.details.text) else mistaken(error)
        if isinstance(wanted, FormWanted):  # a window needs the trigger of a command or a button
            return briefly() if is_direct else overview(self.commands.values())
        details = replace(wanted.details, thread_ts=asked.details.thread_ts)
        return replace(asked, verb=wanted.verb, details=details)

    def _is_talk(self, text: str) -> bool:
        """Whether it begins like no command and no repository: people say all kinds of things to a bot."""
        first = next(iter(text.split()), "").lower()
        return first not in self.commands and not any(sign in first for sign in "/:")

    async def _allowed(self, asked: Asked, command: Command, person: Person) -> Asked | Answer:
        """The intent with its binder, or why it goes no further."""
        if no := self._refusal(person, command.who, None):
            return refused(no)
        if not command.needs_binder:
            return asked
        found = (
            await self._named(asked, person) if asked.details.binder else await self._meant(asked, command)
        )
        if isinstance(found, Answer):
            return found
        share = "" if command.who is not Who.SHARED else await self._share(asked, person, found)
        if no := self._refusal(person, command.who, found, share):
            return refused(no)
        if found.phase not in command.phases:
            return advice(found, command)
        return asked.about(found, share)

    async def _share(self, asked: Asked, person: Person, binder: Binder) -> str:
        """The share that the person needs; none for who may anyway, and so has not lost it with a share."""
        if self._refusal(person, Who.OWNER, binder) is None:
            return ""
        return access.share_of(person, binder, asked.channel, await self._whom(binder))

    async def _whom(self, binder: Binder) -> set[str]:
        return {share.whom for share in await self.shares(binder)}

    async def _named(self, asked: Asked, person: Person) -> Binder | Answer:
        found = await self.binder(BinderId(asked.details.binder))
        if found is None or not access.may_see(
            person, found, asked.channel, self.settings.admins, await self._whom(found)
        ):
            return not_found(asked.details.binder)
        return found

    async def _meant(self, asked: Asked, command: Command) -> Binder | Answer:
        """The one binder of the person's that the verb can mean; the newest one that is gone where none lives."""
        theirs = await self.mine(asked, most=_MOST_CHOICES)
        if command.fits_shared:
            theirs += await self.shared_with(asked, most=_MOST_CHOICES)
        mine = [b for b in theirs if b.phase in command.phases]
        living = [b for b in mine if b.phase not in (Phase.DELETING, Phase.DELETED)]
        if len(living) > 1:
            return choice(living, command, typed_again(asked.details, command))
        found = next(iter(living or mine), None)
        return none_to_choose(command) if found is None else found

    def _refusal(
        self, person: Person, who: Who, binder: Binder | None, share: str = ""
    ) -> BinderopsError | None:
        return access.refusal(
            person, who, binder, admins=self.settings.admins, allow_guests=self.settings.allow_guests, share=share
        )  # fmt: skip

    async def _refuse(self, asked: Asked, desk: UUID, answer: Answer) -> None:
        """Say so to the person, about the intent as it was stored; changes nothing where the effect was written after all."""
        await write(self.db, asked, desk, answer, self.clock())

    async def _postpone(self, asked: Asked, desk: UUID, error: Exception) -> None:
        delay = error.delay if isinstance(error, TemporaryError) else timedelta(seconds=5)
        log.warning(
            "desk-waits intent=%s verb=%s for=%s error=%s", asked.id, asked.verb, words.duration(delay), error
        )
        async with self.db.apart() as tx:
            await intents.postpone(tx, asked, desk=desk, until=self.clock() + delay)
