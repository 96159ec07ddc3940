"""``larger``: the same request anew on the next larger flavor, for a launch that ran out of memory, disk or time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import blocks, words
from bot.command import Command
from bot.commands.launch import new_binder
from bot.effects import Effect, say
from bot.intents import Asked
from provisioning.model import Binder, Flavor, Phase, Plan

if TYPE_CHECKING:
    from bot.desk import Desk

_NEEDS_DISK = "disk-full"


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """A new binder from an old one's request, with another flavor; the branch is looked up again."""
    old = asked.chosen
    if old.plan is None:
        return say(f"*Not started*: {words.subject(old)} never had a flavor. Launch it with `flavor=`.")
    needs_disk = old.failure is not None and old.failure.code == _NEEDS_DISK
    chosen = larger(old.plan.flavor, _offered(old.plan, desk.settings.flavors()), needs_disk=needs_disk)
    if chosen is None:
        more = "disk" if needs_disk else "memory"
        return say(
            f"*Not started*: no flavor with more {more} than {blocks.words(old.plan.flavor.name, 80)} is known here."
        )
    request = replace(old.request, options=replace(old.request.options, flavor=chosen.name))
    answer = say(
        f"*Looking up* {words.subject(old)} again, for the flavor {blocks.words(chosen.name, 80)}.{_kept(old)}"
    )
    return await new_binder(desk, asked, request, answer)


def larger(than: Flavor, offered: Sequence[Flavor], *, needs_disk: bool = False) -> Flavor | None:
    """The smallest flavor with more memory, or with a larger disk where that is needed; None: there is none."""
    if needs_disk:
        return min((f for f in offered if f.disk_gib > than.disk_gib), key=_by_disk, default=None)
    return min((f for f in offered if f.ram_mib > than.ram_mib), key=_by_memory, default=None)


def _by_memory(flavor: Flavor) -> tuple[int, int, int, str]:
    return flavor.ram_mib, flavor.vcpus, flavor.disk_gib, flavor.name


def _by_disk(flavor: Flavor) -> tuple[int, int, int, str]:
    return flavor.disk_gib, flavor.ram_mib, flavor.vcpus, flavor.name


def _offered(plan: Plan, flavors: Mapping[str, Sequence[Flavor]]) -> Sequence[Flavor]:
    """Those of the plan's cloud; a plan that names none is on the first."""
    return flavors.get(plan.cloud) or (() if plan.cloud else next(iter(flavors.values()), ()))


def _kept(old: Binder) -> str:
    """A failed instance that is kept takes room that the new one may need."""
    return f" `/binder delete {old.id}` frees the failed one's room." if old.phase is Phase.FAILED else ""


COMMAND = Command(
    name="larger",
    usage="larger [ID]",
    summary="launch the same repository again on the next larger flavor; the new environment is yours",
    handle=handle,
    needs_binder=True,
)
