"""``binderops check --launch``: whatever happens in between, nothing stays, or what stays is named."""

import asyncio

import pytest

from provisioning.checks import Finding, State
from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.errors import BinderopsError, ConflictError, RefusedError, TemporaryError
from provisioning.model import Flavor
from provisioning.phases import Policy
from provisioning.trial import Trial
from provisioning.trial_undo import Time
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud

POLICY = Policy(volume_root_below_gib=40, volume_gib=60)
SMALL = Flavor(name="small", vcpus=1, ram_mib=1024, disk_gib=20)
LARGE = Flavor(name="large", vcpus=8, ram_mib=8192, disk_gib=60)
REFUSED = RefusedError("cloud-refused", "The cloud says no.", "Ask it why.")
CREATES = ("create_port", "create_floating_ip", "create_volume", "create_server")


class HeldCloud(FakeCloud):
    """A cloud whose server comes when it is let."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject:
        self.asked.set()
        await self.let.wait()
        return await super().create_floating_ip(mark, port_id)


class KeepingCloud(FakeCloud):
    """A cloud that will not let go of anything; says when it was first asked to."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.refused = asyncio.Event()

    async def delete(self, kind: Kind, cloud_id: CloudId) -> None:
        self.refused.set()
        raise ConflictError("server-locked", f"{cloud_id} is locked.", "Unlock it.")


def a_trial(cloud: FakeCloud, clock: Clock, said: list[Finding], flavor: Flavor = SMALL) -> Trial:
    async def pause() -> None:
        clock.forward(seconds=1)
        await asyncio.sleep(0)

    time = Time(seconds=lambda: clock().timestamp(), pause=pause)
    return Trial(
        cloud=cloud, deployment="d", flavor=flavor, image="i", policy=POLICY, time=time, say=said.append
    )


@pytest.mark.parametrize(
    ("flavor", "made"),
    [
        pytest.param(SMALL, list(CREATES), id="with a volume"),
        pytest.param(LARGE, ["create_port", "create_floating_ip", "create_server"], id="without a volume"),
    ],
)
async def test_given_a_cloud_where_all_is_well_when_tried_then_everything_is_made_read_and_gone(
    clock: Clock, flavor: Flavor, made: list[str]
) -> None:
    cloud, said = FakeCloud(clock), list[Finding]()

    await a_trial(cloud, clock, said, flavor).run()

    assert [call for call in cloud.calls if call.startswith("create")] == made
    assert "console" in cloud.calls
    assert {f.state for f in said} == {State.OK}
    assert (said[-1].check, cloud.objects) == ("launch-gone", {})


async def test_given_a_trial_then_it_is_deleted_in_the_order_of_deletion(clock: Clock) -> None:
    cloud, said = FakeCloud(clock), list[Finding]()

    await a_trial(cloud, clock, said).run()

    deleted = [call for call in cloud.calls if call.startswith("delete")]
    assert deleted == ["delete_floating_ip", "delete_server", "delete_port", "delete_volume"]


async def test_given_two_trials_then_each_has_a_mark_of_its_own(clock: Clock) -> None:
    cloud = FakeCloud(clock)

    marks = {a_trial(cloud, clock, []).mark for _ in range(2)}

    assert len(marks) == 2


@pytest.mark.parametrize("call", [*CREATES, "console"])
async def test_given_a_call_that_is_refused_then_that_step_fails_with_the_clouds_words_and_nothing_stays(
    clock: Clock, call: str
) -> None:
    cloud, said = FakeCloud(clock), list[Finding]()
    cloud.faults[call] = [REFUSED]

    await a_trial(cloud, clock, said).run()

    failed = [f for f in said if f.state is State.FAIL]
    step = f"launch-{call.removeprefix('create_').replace('_', '-')}"
    assert [(f.check, "The cloud says no." in f.said, f.mend) for f in failed] == [
        (step, True, "Ask it why.")
    ]
    assert (said[-1].check, cloud.objects) == ("launch-gone", {})


@pytest.mark.parametrize("call", CREATES)
async def test_given_an_answer_that_is_lost_then_the_object_is_found_by_its_mark_and_deleted(
    clock: Clock, call: str
) -> None:
    cloud, said = FakeCloud(clock), list[Finding]()
    cloud.lost_answers.add(call)

    await a_trial(cloud, clock, said).run()

    assert (said[-1].check, said[-1].state, cloud.objects) == ("launch-gone", State.OK, {})


class LateCloud(FakeCloud):
    """A cloud where a port whose answer was lost shows only after a while."""

    late: Mark | None = None

    async def create_port(self, mark: Mark) -> CloudObject:
        self.late, self.since = mark, self.clock()
        raise TemporaryError("cloud-silent", "No answer.", "-", is_unanswered=True)

    async def listing(self):  # type: ignore[no-untyped-def]  # noqa: ANN201  as the fake's own
        if self.late and (self.clock() - self.since).total_seconds() > 10:
            self._make("late_port", Kind.PORT, self.late)
            self.late = None
        return await super().listing()


async def test_given_a_lost_answer_whose_object_shows_later_then_it_is_waited_for_and_deleted(
    clock: Clock,
) -> None:
    cloud, said = LateCloud(clock), list[Finding]()

    await a_trial(cloud, clock, said).run()

    assert (cloud.late, cloud.objects, "delete_port" in cloud.calls) == (None, {}, True)


async def test_given_a_server_that_ends_in_error_then_its_fault_is_said_and_nothing_stays(
    clock: Clock,
) -> None:
    class Breaking(FakeCloud):
        async def create_server(self, spec):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  as the fake's own
            made = await super().create_server(spec)
            self.break_server("No valid host was found.")
            return made

    cloud, said = Breaking(clock), list[Finding]()

    await a_trial(cloud, clock, said).run()

    failed = [f for f in said if f.state is State.FAIL]
    assert [(f.check, "No valid host" in f.said) for f in failed] == [("launch-active", True)]
    assert cloud.objects == {}


async def test_given_it_is_stopped_while_a_request_is_under_way_then_what_that_makes_is_deleted_too(
    clock: Clock,
) -> None:
    cloud, said = HeldCloud(clock), list[Finding]()
    running = asyncio.create_task(a_trial(cloud, clock, said).run())
    await cloud.asked.wait()

    running.cancel()
    await asyncio.sleep(0)
    cloud.let.set()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert cloud.calls.count("create_floating_ip") == 1
    assert (said[-1].check, cloud.objects) == ("launch-gone", {})


async def test_given_it_is_stopped_while_deleting_then_what_is_left_is_named(clock: Clock) -> None:
    cloud, said = KeepingCloud(clock), list[Finding]()
    running = asyncio.create_task(a_trial(cloud, clock, said).run())
    await cloud.refused.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert said[-1].state is State.FAIL
    assert [cloud_id for cloud_id in cloud.objects if cloud_id not in said[-1].said] == []


async def test_given_a_cloud_that_deletes_nothing_then_each_id_its_words_and_the_commands_are_said(
    clock: Clock,
) -> None:
    cloud, said = KeepingCloud(clock), list[Finding]()

    await a_trial(cloud, clock, said).run()

    last = said[-1]
    assert (last.check, last.state, "is locked" in last.said) == ("launch-gone", State.FAIL, True)
    assert [cloud_id for cloud_id in cloud.objects if f"delete {cloud_id}`" not in last.mend] == []


async def test_given_a_cloud_that_cannot_be_listed_any_more_then_what_was_made_is_named(clock: Clock) -> None:
    class Blind(FakeCloud):
        async def listing(self):  # type: ignore[no-untyped-def]  # noqa: ANN202  as the fake's own
            raise TemporaryError("cloud-silent", "Nobody answers.", "-")

    cloud, said = Blind(clock), list[Finding]()

    await a_trial(cloud, clock, said, LARGE).run()

    assert (said[-1].check, "Nobody answers" in said[-1].said) == ("launch-gone", True)
    assert [cloud_id for cloud_id in cloud.objects if cloud_id not in said[-1].said] == []


async def test_given_a_server_that_never_runs_then_the_trial_gives_up_and_nothing_stays(clock: Clock) -> None:
    class Slow(FakeCloud):
        def _make(self, call: str, kind: Kind, mark: Mark, port_id: str = "") -> CloudObject:
            made = super()._make(call, kind, mark, port_id)
            slow = kind is Kind.SERVER
            self.objects[made.id] = made if not slow else _building(made)
            return made

    cloud, said = Slow(clock), list[Finding]()

    await a_trial(cloud, clock, said).run()

    failed: list[BinderopsError | str] = [f.check for f in said if f.state is State.FAIL]
    assert (failed, cloud.objects) == (["launch-active"], {})


def _building(made: CloudObject) -> CloudObject:
    return CloudObject(
        kind=made.kind, id=made.id, mark=made.mark, status=Status.BUILDING, port_id=made.port_id
    )
