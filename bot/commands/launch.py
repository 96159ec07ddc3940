"""``launch``: a repository becomes a binder. Also the default: ``/binder org/repo`` is the same."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.command import Command
from bot.effects import Answer, Effect, Launch, say
from bot.intents import Asked
from provisioning.model import Binder, BinderId, Phase, Request, VolumeId
from provisioning.work_volumes import Wanted, allowed

if TYPE_CHECKING:
    from bot.desk import Desk

ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
ID_LENGTH = 10


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """A new binder for what was asked."""
    if asked.details.request is None:
        return say(
            "*Not started*: no repository was given. Type `/binder org/repo`, or `/binder` alone for the form."
        )
    return await new_binder(desk, asked, asked.details.request)


async def new_binder(desk: "Desk", asked: Asked, request: Request, answer: Answer | None = None) -> Effect:
    """A binder in the channel where it was asked for, unless the bot could not post there."""
    place = await desk.people.place(asked.channel)
    if place.is_archived:
        return say(
            "*Not started*: this channel is archived, so nothing can be told here. Launch it in another channel."
        )
    if not place.is_ours:
        return say(
            "*Not started*: I am not in this channel, so I could not tell you how it goes. "
            "Type `/invite @binderops` here and launch again, or launch it in a channel that I am in."
        )
    if not request.options.volume:
        return Launch(binder=_binder(asked, request, desk.clock()), answer=answer)
    request, volume = _with_volume(desk, request)
    return Launch(binder=_binder(asked, request, desk.clock()), volume=volume, answer=answer)


def _with_volume(desk: "Desk", request: Request) -> tuple[Request, Wanted]:
    """The volume that is asked for, and the request bound to its cloud. Raises `PersonError`."""
    options = request.options
    default = next(iter(desk.settings.flavors()), "")
    cloud = options.cloud or default
    wanted = Wanted(
        clouds=(cloud, "") if cloud == default else (cloud,),
        name=options.volume,
        size_gib=options.volume_gib,
        new_id=VolumeId(_new_id()),
        new_gib=allowed(options.volume, options.volume_gib, desk.settings.volumes),
    )
    return replace(request, options=replace(options, cloud=cloud)), wanted


def _new_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


def _binder(asked: Asked, request: Request, now: datetime) -> Binder:
    return Binder(
        id=BinderId(_new_id()), team=asked.team, channel=asked.channel, owner=asked.who, request=request, plan=None,
        phase=Phase.REQUESTED, outcome=None, failure=None, attempt=0, created_at=now, phase_since=now, expires_at=None,
        keep_until=None, warned=0, public_url="", report=None, last_action_at=now, errors_in_row=0, last_error="",
    )  # fmt: skip


COMMAND = Command(
    name="launch",
    usage="[launch] REPOSITORY [REF] [PATH] [flavor=... hours=...]",
    summary="make a running environment of a repository; nothing after /binder opens the form",
    handle=handle,
)
