"""What people want, as rows: the listener leaves one, a desk takes it, decides, and writes what follows from it.

`Asked` is such a row. A verb that a desk allowed is ``granted``: the binder's next step does it and marks it done.
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from provisioning.model import Binder, BinderId, Json, Request
from provisioning.store.binders import from_json, to_json
from provisioning.store.database import Row, Tx

log = logging.getLogger(__name__)

# The kinds that are no verb.
MENTION = "mention"  # a text to be read by the desk
DIRECT = "direct"  # the same, said to the bot alone
HOME = "home"  # somebody opened their Home
_PUT_OFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWish:
    """What somebody wants with a token of private repositories. The token itself is in here sealed, until it is kept."""

    what: str = "form"  # form, list, keep, forget
    host: str = ""
    prefix: str = ""  # an organisation of the host; empty: all of it
    for_all: bool = False
    sealed: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeWish:
    """What somebody wants with their volumes."""

    what: str = "list"  # list, delete
    volume: str = ""  # its name, or its id
    is_sure: bool = False  # asked, and said yes


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a person said, read. Empty means: not said."""

    binder: str = ""
    request: Request | None = None  # launch
    hours: float | None = None  # extend
    keeps_volume: bool = False  # delete
    drops_volume: bool = False  # delete: the work volume as well
    volume: VolumeWish | None = None  # volumes
    interface: str = ""  # open: its name
    whom: str = ""  # share, unshare: a user's id, a channel's id, or "channel" for the binder's own
    token: TokenWish | None = None  # token
    in_channel: bool = False  # list: the channel's, not only mine
    text: str = ""  # mention, direct: unread
    response_url: str = ""  # where the answer goes; empty: an ephemeral message by the bot's token
    thread_ts: str = ""  # the thread that the answer goes to; empty: the channel itself
    on_home: bool = False  # done on the person's Home, where the answer goes too
    is_blank: bool = False  # home: Slack shows nothing on it yet
    is_typed: bool = False  # not a button: nothing that the person looks at changes by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An intent under a desk's lease."""

    id: int
    verb: str
    team: str
    channel: str
    who: str
    at: datetime
    details: Details
    binder: Binder | None = None  # set for commands that need one
    share: str = ""  # which of the binder's shares lets this person, where nothing else does

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as `claim` returns it."""
        return cls(
            id=row["id"], verb=row["kind"], team=row["team"], channel=row["channel"], who=row["who"], at=row["at"],
            details=from_json(Details, row["payload"]),
        )  # fmt: skip

    def about(self, binder: Binder, share: str = "") -> "Asked":
        """The same, with the binder it is about."""
        return replace(self, binder=binder, share=share)

    @property
    def chosen(self) -> Binder:
        """The binder, where the command needs one."""
        if self.binder is None:
            raise ValueError(f"{self.verb} came without its binder")
        return self.binder


async def want(
    tx: Tx, *, dedupe: str, verb: str, team: str, channel: str, who: str, details: Details, at: datetime
) -> None:
    """Leave what a person wants. The same ``dedupe`` twice is a redelivery and changes nothing."""
    await tx.run(
        "bot/intents.want", dedupe=dedupe, kind=verb, team=team, channel=channel, who=who,
        payload=dict(to_json(details)), at=at,
    )  # fmt: skip


async def claim(tx: Tx, *, desk: UUID, most: int, now: datetime, until: datetime) -> list[Asked]:
    """Take the oldest intents that nobody works on. One that cannot be read is put off, so that the others go on."""
    found: list[Asked] = []
    while not found and (
        rows := await tx.rows("bot/intents.claim", desk=desk, most=most, now=now, until=until)
    ):
        for row in rows:
            try:
                found.append(Asked.of(row))
            except Exception:
                # Another version's, most likely: that one may take it.
                log.exception("intent-unreadable intent=%s verb=%s", row["id"], row["kind"])
                await tx.run("bot/intents.postpone", id=row["id"], desk=desk, until=now + _PUT_OFF)
    return sorted(found, key=lambda asked: asked.id)


async def settle(
    tx: Tx, asked: Asked, *, desk: UUID, state: str, binder: BinderId | None, hours: float | None
) -> bool:
    """Mark it ``done``, or ``granted`` for the binder's next step; False where the lease is no longer ours.

    What it said of a token is not kept any longer, sealed as it was.
    """
    payload: Json = {**to_json(replace(asked.details, token=None)), "hours": hours}
    touched = await tx.run(
        "bot/intents.settle",
        id=asked.id,
        desk=desk,
        state=state,
        kind=asked.verb,
        binder=binder,
        payload=dict(payload),
    )
    return touched == 1


async def postpone(tx: Tx, asked: Asked, *, desk: UUID, until: datetime) -> None:
    """Nobody takes it before ``until``."""
    await tx.run("bot/intents.postpone", id=asked.id, desk=desk, until=until)


async def post(
    tx: Tx, *, key: str, binder: BinderId | None, asked: Asked, method: str, body: dict[str, Any], now: datetime,
    thread_key: str | None = None, team: str = "", channel: str = "",
) -> None:  # fmt: skip
    """Leave a message in the outbox; a key that is there already stays as it is."""
    await tx.run(
        "bot/intents.post", key=key, binder=binder, team=team or asked.team, channel=channel or asked.channel,
        thread_key=thread_key, method=method, body=body, now=now,
    )  # fmt: skip


async def live_in(tx: Tx, *, team: str, channel: str, most: int) -> list[BinderId]:
    """Binders of a channel that are not gone, newest first."""
    rows = await tx.rows("bot/intents.live_in", team=team, channel=channel, most=most)
    return [BinderId(row["id"]) for row in rows]


async def of_person(tx: Tx, *, team: str, who: str, most: int) -> list[BinderId]:
    """A person's binders, those that are not gone before those that are, each newest first."""
    rows = await tx.rows("bot/intents.of_person", team=team, who=who, most=most)
    return [BinderId(row["id"]) for row in rows]
