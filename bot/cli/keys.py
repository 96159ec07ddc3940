"""Show the keys that the bot signs with and which guests know which, or have the next one sign from now on (rotate)."""

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.output import print_json
from bot.runtime import open_database, utc_now
from bot.settings import Settings
from provisioning import key_rotation, keys
from provisioning.key_rotation import Guest, Standing

SUMMARY = "show or rotate the signing keys"
_SHOW, _ROTATE = "show", "rotate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, ``--force``, ``--json``."""
    parser.add_argument("action", nargs="?", choices=[_SHOW, _ROTATE], default=_SHOW, help="show without it")
    parser.add_argument(
        "--force", action="store_true", help="rotate although guests do not know the next key yet"
    )
    parser.add_argument("--json", action="store_true", help="every field, as JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the keys and the guests; with ``rotate`` first what followed."""
    before, now = asyncio.run(_done(arguments.action == _ROTATE, arguments.force is True, settings))
    if arguments.json:
        print_json(described(now))
        return 0
    told = rotated(before) if before else []
    print("\n".join([*told, *shown(now, utc_now())]))
    return 0


async def _done(is_rotation: bool, is_forced: bool, settings: Settings) -> tuple[Standing | None, Standing]:
    """How it stood before the rotation, if there was one, and how it stands."""
    secret = keys.secret_of(settings.home, settings.secrets.binderops_key)
    async with open_database(settings) as db:
        before = (
            await key_rotation.rotate(db, secret, utc_now(), is_forced=is_forced) if is_rotation else None
        )
        return before, await key_rotation.standing(db, secret)


def described(standing: Standing) -> dict[str, object]:
    """Every field. ``knows``: roles; a key that none of the three roles has is named by its id."""
    names = _names(standing)
    return {
        "keys": [
            {"id": key, "role": role, "made": standing.keys.made_at[role].isoformat()}
            for key, role in names.items()
        ],
        "rotated": standing.keys.rotated_at.isoformat() if standing.keys.rotated_at else None,
        "guests": [
            {
                "binder": g.binder, "attempt": g.attempt, "phase": g.phase, "told": g.is_told,
                "knows": [names.get(key, key) for key in g.knows],
            }
            for g in standing.guests
        ],
        "behind": [g.binder for g in standing.behind],
    }  # fmt: skip


def shown(standing: Standing, now: datetime) -> list[str]:
    """The lines for a person."""
    names = _names(standing)
    rotated_at = standing.keys.rotated_at
    return [
        *_table(
            ("KEY", "ROLE", "AGE"),
            [(key, role, age(now, standing.keys.made_at[role])) for key, role in names.items()],
        ),
        f"Last rotation: {age(now, rotated_at)} ago" if rotated_at else "Never rotated.",
        "",
        *(_guests(standing, names) if standing.guests else ["No guest is alive."]),
    ]


def rotated(before: Standing) -> list[str]:
    """What a rotation did, and for whom it was too early."""
    lines = [
        f"{before.keys.next.key_id} signs from now on. Running bots tell each guest what follows it.",
        "",
    ]
    if early := [g.binder for g in before.behind if g not in before.lost]:
        lines[1:1] = [
            f"Nobody gets into these before they are told, which the key before still can: {', '.join(early)}."
        ]
    if lost := [g.binder for g in before.lost]:
        lines[1:1] = [f"These may know no key that is left; delete and launch them again: {', '.join(lost)}."]
    return lines


def age(now: datetime, then: datetime) -> str:
    """How long ago, in the largest unit that fits: ``3 d``, ``5 h``, ``12 min``."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} d"
    return f"{minutes // 60} h" if minutes >= 120 else f"{max(0, minutes)} min"


def _names(standing: Standing) -> dict[str, str]:
    """The role of each key by its id."""
    held = standing.keys
    names = {held.current.key_id: "current", held.next.key_id: "next"}
    return {**names, held.previous.key_id: "previous"} if held.previous else names


def _guests(standing: Standing, names: dict[str, str]) -> Iterator[str]:
    behind = standing.behind

    def cells(guest: Guest) -> tuple[str, ...]:
        knows = " ".join(names.get(key, key) for key in guest.knows) or "-"
        return (
            guest.binder, guest.phase, "told" if guest.is_told else "birth", knows,
            "does not know the next key yet" if guest in behind else "",
        )  # fmt: skip

    yield from _table(("BINDER", "PHASE", "BY", "KNOWS", ""), [cells(guest) for guest in standing.guests])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
