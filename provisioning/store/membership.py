"""The membership epoch of a binder: raised where somebody may enter no more. `provisioning.guest_config` tells it to the guest."""

from provisioning.model import BinderId
from provisioning.store.database import Tx


async def end_sessions(tx: Tx, binder: BinderId) -> None:
    """Have everybody who is in this binder enter anew: somebody may no longer. Its guest is told at once."""
    await tx.run("guest_config.raise_epoch", id=binder)


async def epoch_of(tx: Tx, binder: BinderId) -> int:
    """The membership epoch as it is now. Raises `ValueError` where there is no such binder."""
    row = await tx.row("guest_config.epoch", id=binder)
    if row is None:
        raise ValueError(f"there is no binder {binder}")
    return int(row["epoch"])
