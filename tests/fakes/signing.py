"""Signing keys where there is no database: one pair for as long as a test lasts."""

from collections.abc import Awaitable, Callable, Sequence

from provisioning.model import Binder
from provisioning.tickets import Signer


def always(*signers: Signer) -> Callable[[], Awaitable[Sequence[Signer]]]:
    """What `provisioning.guest_link.GuestLink` asks for; a fresh one where none is given."""
    held = signers or (Signer.generate(),)

    async def now() -> Sequence[Signer]:
        return held

    return now


def one(signer: Signer) -> Callable[[], Awaitable[Signer]]:
    """What `bot.entrance.Entrance` asks for."""

    async def now() -> Signer:
        return signer

    return now


async def told_at_birth(_: Binder) -> tuple[str, ...]:
    """What `provisioning.acting.Orders` asks for."""
    return ("k1", "k2")
