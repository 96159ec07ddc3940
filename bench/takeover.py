"""What a process held when it died or stopped, and how long until another has each of it."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from bench.stand import Stand
from provisioning.reports import LISTENS_IN

#: What is held and worth taking over: the kind, what it is, whose lease it is under.
_HELD = """
    select 'step', id, lease::text from binders where lease = any(%s::uuid[]) and wake_at <= now()
    union all
    select 'listen', id, listener::text from binders where listener = any(%s::uuid[]) and phase = any(%s)
    union all
    select 'message', key, lease::text from outbox where lease = any(%s::uuid[]) and body_rev > sent_rev
    union all
    select 'intent', id::text, desk::text from intents where desk = any(%s::uuid[]) and state = 'new'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """How a death went: what was held by kind, and the seconds until the last of each kind had another holder."""

    how: str
    held: dict[str, int]
    took_s: dict[str, float]

    @property
    def longest_s(self) -> float:
        return max(self.took_s.values(), default=0.0)

    def line(self) -> str:
        kinds = ", ".join(f"{self.held[k]} x {k} {self.took_s[k]:.1f} s" for k in sorted(self.held))
        return f"{self.how}: taken over after {self.longest_s:.1f} s at most ({kinds or 'it held nothing'})"


async def watch(stand: Stand, how: str, notes: Path, since: float, within_s: float = 90) -> Takeover:
    """From ``since`` (of `time.monotonic`), when the process whose leases these are did its last, until all is taken over.

    What is not within ``within_s`` counts as never.
    """
    await asyncio.sleep(0.3)  # what it had sent is committed by now
    held: dict[tuple[str, str], float] = {}
    still = first = await held_by(stand, notes)
    while still and time.monotonic() - since < within_s:
        await asyncio.sleep(0.1)
        still = await held_by(stand, notes)
        now = time.monotonic() - since
        held |= {thing: now for thing in first if thing not in still and thing not in held}
    held |= dict.fromkeys(still, float("inf"))
    kinds = {kind for kind, _ in first}
    return Takeover(
        how=how,
        held={kind: sum(k == kind for k, _ in first) for kind in kinds},
        took_s={kind: max(s for (k, _), s in held.items() if k == kind) for kind in kinds},
    )


async def held_by(stand: Stand, notes: Path) -> set[tuple[str, str]]:
    """What the process with these notes holds now, each with its kind."""
    holder = await asyncio.to_thread(_leases, notes)
    phases = [str(phase) for phase in LISTENS_IN]
    rows = await stand.rows(_HELD, holder, holder, phases, holder, holder)
    return {(kind, thing) for kind, thing, _ in rows}


def _leases(notes: Path) -> list[str]:
    return [line.split()[2] for line in notes.read_text().splitlines()]
