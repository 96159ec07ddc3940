"""How long past launches took: kept when one becomes ready, at most `MOST`, and found again by what they are like."""

from datetime import datetime
from typing import Final

from provisioning.estimate import Past, Subject, builder_of
from provisioning.model import Binder, Phase
from provisioning.store.database import Row, Tx

MOST: Final = 5000
_OF_EACH_KIND: Final = 20


def subject_of(binder: Binder, builder: str) -> Subject | None:
    """What is launched; None before there is a plan."""
    plan = binder.plan
    if plan is None:
        return None
    return Subject(
        repo=plan.request.repo,
        commit=plan.commit,
        builder=builder,
        cloud=plan.cloud,
        flavor=plan.flavor.name,
    )


async def note(tx: Tx, before: Phase, after: Binder) -> None:
    """Keep how long the launch took, where this step made it ready. Its story must have been told up to here."""
    if (before, after.phase) != (Phase.STARTING, Phase.READY):
        return
    reports = await tx.rows("binders.reports", id=after.id, attempt=after.attempt)
    subject = subject_of(after, builder_of(str(row["body"].get("message", "")) for row in reports))
    if subject is None:
        return
    await tx.run(
        "launch_times.keep", id=after.id, attempt=after.attempt, repo=subject.repo, commit=subject.commit,
        builder=subject.builder, cloud=subject.cloud, flavor=subject.flavor,
    )  # fmt: skip
    await tx.run("launch_times.forget", most=MOST)


async def like(tx: Tx, subject: Subject) -> tuple[Past, ...]:
    """The past launches that this one may be compared with; which of them count is for `provisioning.estimate` to say."""
    rows = await tx.rows(
        "launch_times.like_this", repo=subject.repo, commit=subject.commit, builder=subject.builder,
        cloud=subject.cloud, flavor=subject.flavor, most=_OF_EACH_KIND,
    )  # fmt: skip
    return tuple(_past(row) for row in rows)


async def every_one(tx: Tx) -> tuple[Past, ...]:
    """All that are kept, oldest first."""
    return tuple(_past(row) for row in await tx.rows("launch_times.all"))


def _past(row: Row) -> Past:
    at: datetime = row["at"]
    return Past(
        subject=Subject(
            repo=row["repo"],
            commit=row["commit"],
            builder=row["builder"],
            cloud=row["cloud"],
            flavor=row["flavor"],
        ),
        creating_s=row["creating_s"],
        booting_s=row["booting_s"],
        building_s=row["building_s"],
        starting_s=row["starting_s"],
        at=at,
    )
