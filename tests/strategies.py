"""Hypothesis strategies and small builders for the values everything speaks in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from provisioning.cloud_objects import DELETION_ORDER, CloudId, CloudObject, Kind, Mark, Status
from provisioning.clouds import Address
from provisioning.model import (
    Binder,
    BinderId,
    Failure,
    Flavor,
    Intent,
    Interface,
    PathKind,
    Phase,
    Plan,
    Report,
    Request,
    Verb,
)
from provisioning.phases import Seen

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADDRESS = Address(
    public_url="http://b-aaaabbbbcc.localhost:4001",
    agent_url="http://127.0.0.1:4001",
    listen="127.0.0.1:4001",
    tls="off",
)


def a_plan(*, asks: bool = False, hours: float = 4) -> Plan:
    request = Request(
        provider="gh", repo="https://github.com/org/repo", ref="main", path="a.ipynb", path_kind=PathKind.AUTO
    )
    flavor = Flavor(name="m3.small", vcpus=2, ram_mib=6144, disk_gib=20, su_per_hour=2)
    return Plan(
        request=request, commit="a" * 40, ref="main", title="org/repo", flavor=flavor, image="Featured-Ubuntu24",
        lifetime=timedelta(hours=hours), needs_confirmation=asks,
    )  # fmt: skip


def a_binder(
    phase: Phase = Phase.REQUESTED, *, now: datetime = NOW, plan: Plan | None = None, **changes: object
) -> Binder:
    binder = Binder(
        id=BinderId("aaaabbbbcc"), team="T1", channel="C1", owner="U1", request=a_plan().request, plan=plan,
        phase=phase, outcome=None, failure=None, attempt=1 if phase not in (Phase.REQUESTED, Phase.QUEUED) else 0,
        created_at=now, phase_since=now, expires_at=None, keep_until=None, warned=0, public_url="", report=None,
        last_action_at=now, errors_in_row=0, last_error="",
    )  # fmt: skip
    return replace(binder, **changes)  # type: ignore[arg-type]  names are checked by replace itself


def an_object(
    kind: Kind, *, attempt: int = 1, status: Status = Status.ACTIVE, port_id: str = "port-1"
) -> CloudObject:
    mark = Mark(deployment="test", binder=BinderId("aaaabbbbcc"), attempt=attempt)
    return CloudObject(
        kind=kind, id=CloudId(f"{kind}-{attempt}"), mark=mark, status=status, address="127.0.0.1",
        port_id=port_id if kind is not Kind.PORT else "",
    )  # fmt: skip


def a_report(phase: str, n: int = 1, **more: object) -> Report:
    return replace(Report(n=n, at=NOW, phase=phase, message=phase), **more)  # type: ignore[arg-type]  see above


LAB = Interface(name="lab", title="JupyterLab", path="/lab")
REPORTS = st.one_of(
    st.none(),
    st.sampled_from(["setup", "fetch", "pull", "build", "start", "probe"]).map(a_report),
    st.just(a_report("ready", interfaces=(LAB,))),
    st.just(a_report("failed", failure=Failure(code="package-not-found", message="m", hint="h"))),
)
OBJECTS = st.builds(
    an_object,
    st.sampled_from(DELETION_ORDER),
    attempt=st.integers(1, 3),
    status=st.sampled_from(Status),
    port_id=st.sampled_from(["port-1", "port-2", "elsewhere"]),
)
SEEN = st.builds(
    Seen,
    objects=st.none() | st.lists(OBJECTS, max_size=6).map(tuple),
    address=st.none() | st.just(ADDRESS),
)
INTENTS = st.lists(
    st.builds(
        Intent,
        id=st.integers(1, 99),
        verb=st.sampled_from(Verb),
        who=st.just("U1"),
        at=st.just(NOW),
        hours=st.none() | st.floats(0.1, 100),
    ),
    max_size=3,
)
