"""OpenStack's JSON as our values, and our marks there and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.clouds import openstack_bodies, openstack_objects
from provisioning.clouds.openstack_objects import description, mark_of, metadata, template
from provisioning.model import BinderId
from provisioning.quota import Allowance, Resource
from tests.strategies import NOW

MARK = Mark(deployment="team", binder=BinderId("abcdefgh23"), attempt=2)
ID = "0f4ee4a6-61f5-4b2f-ae3d-07a4ff8e8a01"
PROJECT = "46624f97cf8a4ad388b05230b1a6f03f"

binder_ids = st.text("abcdefghijklmnopqrstuvwxyz23456789", min_size=10, max_size=10).map(BinderId)
marks = st.builds(
    Mark,
    deployment=st.text(max_size=60),
    binder=binder_ids,
    attempt=st.integers(min_value=0, max_value=10**6),
)


def a_server(status: str = "ACTIVE", **changes: Any) -> dict[str, Any]:
    return {"id": ID, "status": status, "metadata": metadata(MARK), "OS-EXT-STS:task_state": None} | changes


def a_volume(status: str) -> dict[str, Any]:
    return {"id": ID, "status": status, "metadata": metadata(MARK)}


def a_port(number: int = 1, mark: Mark = MARK, **changes: Any) -> dict[str, Any]:
    found = {
        "id": f"port-{number}", "description": description(mark), "device_id": "",
        "fixed_ips": [{"subnet_id": ID, "ip_address": "10.0.0.7"}],
    }  # fmt: skip
    return found | changes


def listed(**kinds: Any) -> tuple[CloudObject, ...]:
    nothing: dict[str, Any] = {"servers": [], "ports": [], "floating_ips": [], "volumes": []}
    return openstack_objects.objects("team", **(nothing | kinds))


@given(marks)
def test_given_any_mark_when_put_into_a_description_and_read_then_it_is_the_same(mark: Mark) -> None:
    assert mark_of({"description": description(mark)}) == mark


@given(marks)
def test_given_any_mark_when_put_into_metadata_and_read_then_it_is_the_same(mark: Mark) -> None:
    assert mark_of({"metadata": metadata(mark)}) == mark


@given(marks)
def test_given_any_mark_then_everything_that_is_sent_carries_it(mark: Mark) -> None:
    sent = (
        openstack_bodies.port(mark, "n", "g")["port"],
        openstack_bodies.floating_ip(mark, "n", CloudId("p"))["floatingip"],
        openstack_bodies.volume(mark, "i", 20)["volume"],
    )

    assert [mark_of(body) for body in sent] == [mark] * 3


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"metadata": {}, "description": ""}, id="empty"),
        pytest.param({"metadata": None, "description": None}, id="null"),
        pytest.param({"description": "binderops-abc"}, id="no attempt"),
        pytest.param({"description": "binderops-abc-1"}, id="no deployment"),
        pytest.param({"description": "my binderops-abc-1 team"}, id="something before it"),
        pytest.param({"description": "binderops-ABC-1 team"}, id="no id of ours"),
        pytest.param({"name": "binderops-abc-1"}, id="a name alone"),
        pytest.param({"metadata": {"owner": "ann"}}, id="somebody else's metadata"),
        pytest.param({"metadata": {"binderops_id": "abc"}}, id="metadata without an attempt"),
        pytest.param({"metadata": {"binderops_id": "abc", "binderops_attempt": "one"}}, id="an attempt that is no number"),
        pytest.param({"metadata": {"binderops_id": "abc", "binderops_attempt": "\u00b2"}}, id="a digit that is no number"),
        pytest.param({"metadata": {"binderops_id": "abc", "binderops_attempt": "-1"}}, id="a negative attempt"),
    ],
)  # fmt: skip
def test_given_an_object_of_others_then_it_has_no_mark(found: dict[str, Any]) -> None:
    assert mark_of(found) is None


@given(
    st.dictionaries(st.text(), st.text() | st.sampled_from(["1", "\u00b2", "\u0663"])), st.text() | st.none()
)
def test_given_any_metadata_and_description_when_read_then_it_is_a_mark_or_none(
    data: dict[str, str], said: str | None
) -> None:
    found = mark_of({"metadata": data | {"binderops_id": "x"}, "description": said})

    assert found is None or found.binder == "x"


def test_given_objects_of_two_deployments_when_listed_then_only_ours_are_there() -> None:
    other = Mark(deployment="team two", binder=MARK.binder, attempt=2)

    found = listed(ports=[a_port(1), a_port(2, other), a_port(3, description="a router's")])

    assert [o.id for o in found] == ["port-1"]


def test_given_every_kind_when_listed_then_each_is_there_with_its_mark() -> None:
    floating_ip = {
        "id": "fip-1", "description": description(MARK), "floating_ip_address": "192.0.2.7", "port_id": "port-1",
    }  # fmt: skip

    found = listed(
        ports=[a_port()], floating_ips=[floating_ip], volumes=[a_volume("available")], servers=[a_server()]
    )

    assert [(o.kind, o.mark) for o in found] == [
        (kind, MARK) for kind in Kind if kind is not Kind.WORK_VOLUME
    ]


@pytest.mark.parametrize(
    ("status", "task", "seen"),
    [
        pytest.param("BUILD", None, Status.BUILDING, id="being built"),
        pytest.param("BUILD", "spawning", Status.BUILDING, id="spawning"),
        pytest.param("ACTIVE", None, Status.ACTIVE, id="runs"),
        pytest.param("ACTIVE", "deleting", Status.DELETING, id="runs and is being deleted"),
        pytest.param("ERROR", "deleting", Status.DELETING, id="broken and being deleted"),
        pytest.param("ACTIVE", "soft-deleting", Status.DELETING, id="goes into the bin"),
        pytest.param("SOFT_DELETED", None, Status.DELETING, id="in the bin"),
        pytest.param("DELETED", None, Status.DELETING, id="gone"),
        pytest.param("ERROR", None, Status.ERROR, id="broken"),
        pytest.param("SHUTOFF", None, Status.STOPPED, id="off"),
        pytest.param("PAUSED", None, Status.STOPPED, id="paused in memory"),
        pytest.param("SUSPENDED", None, Status.STOPPED, id="suspended"),
        pytest.param("RESCUE", None, Status.STOPPED, id="in rescue"),
        pytest.param("SHELVED", None, Status.SHELVED, id="shelved"),
        pytest.param("SHELVED_OFFLOADED", None, Status.SHELVED, id="shelved and off the host"),
        pytest.param("ACTIVE", "shelving", Status.ACTIVE, id="about to be shelved"),
        pytest.param("REBOOT", "rebooting", Status.ACTIVE, id="restarts"),
        pytest.param("HARD_REBOOT", None, Status.ACTIVE, id="is restarted"),
        pytest.param("MIGRATING", None, Status.ACTIVE, id="moves"),
        pytest.param("VERIFY_RESIZE", None, Status.ACTIVE, id="was resized"),
        pytest.param("UNKNOWN", None, Status.ACTIVE, id="its host is silent"),
        pytest.param("A_NEW_ONE", None, Status.ACTIVE, id="a state of a later Nova"),
    ],
)
def test_given_a_server_s_state_then_it_is_this_to_us(status: str, task: str | None, seen: Status) -> None:
    (found,) = listed(servers=[a_server(status, **{"OS-EXT-STS:task_state": task})])

    assert found.status is seen


@pytest.mark.parametrize(
    ("server", "detail"),
    [
        pytest.param(a_server("ERROR", fault={"code": 500, "message": "No valid host was found. "}), "No valid host was found.", id="a fault"),
        pytest.param(a_server("ERROR", fault={"message": "one\ntwo\u0000three"}), "one two three", id="a fault of several lines"),
        pytest.param(a_server("ERROR", fault={"code": 500}), "server status ERROR", id="a fault without words"),
        pytest.param(a_server("ERROR"), "server status ERROR", id="no fault"),
        pytest.param(a_server("SHUTOFF"), "server status SHUTOFF", id="off"),
        pytest.param(a_server("ACTIVE"), "", id="runs"),
    ],
)  # fmt: skip
def test_given_a_server_then_its_detail_is_the_cloud_s_own_words(server: dict[str, Any], detail: str) -> None:
    (found,) = listed(servers=[server])

    assert found.detail == detail


@pytest.mark.parametrize(
    ("ports", "port_id"),
    [
        pytest.param([a_port(1, device_id=ID)], "port-1", id="its port"),
        pytest.param([a_port(1), a_port(2, device_id=ID)], "port-2", id="its port among others"),
        pytest.param([a_port(1, device_id=ID, description="by hand")], "port-1", id="a port without a mark"),
        pytest.param([a_port(1, device_id="another")], "", id="another server's"),
        pytest.param([], "", id="none"),
    ],
)
def test_given_ports_then_they_tell_which_one_the_server_is_on(
    ports: list[dict[str, Any]], port_id: str
) -> None:
    server = next(o for o in listed(servers=[a_server()], ports=ports) if o.kind is Kind.SERVER)

    assert server.port_id == port_id


@pytest.mark.parametrize(
    ("status", "seen", "detail"),
    [
        pytest.param("creating", Status.BUILDING, "", id="being made"),
        pytest.param("downloading", Status.BUILDING, "", id="the image is put on it"),
        pytest.param("available", Status.ACTIVE, "", id="ready"),
        pytest.param("in-use", Status.ACTIVE, "", id="at a server"),
        pytest.param("attaching", Status.ACTIVE, "", id="on its way to a server"),
        pytest.param("detaching", Status.ACTIVE, "", id="on its way from a server"),
        pytest.param("deleting", Status.DELETING, "", id="being deleted"),
        pytest.param("error", Status.ERROR, "volume status error", id="broken"),
        pytest.param("error_deleting", Status.ERROR, "volume status error_deleting", id="half deleted"),
    ],
)
def test_given_a_volume_s_state_then_it_is_this_to_us(status: str, seen: Status, detail: str) -> None:
    (found,) = listed(volumes=[a_volume(status)])

    assert (found.status, found.detail) == (seen, detail)


@pytest.mark.parametrize(
    ("fixed", "address"),
    [
        pytest.param([{"ip_address": "10.0.0.7"}, {"ip_address": "fd00::7"}], "10.0.0.7", id="the first"),
        pytest.param([], "", id="none"),
        pytest.param(None, "", id="null"),
    ],
)
def test_given_a_port_then_its_address_is_its_first_fixed_one(fixed: Any, address: str) -> None:
    assert openstack_objects.port(a_port(fixed_ips=fixed), MARK).address == address


def test_given_a_floating_ip_that_hangs_on_nothing_then_it_has_no_port() -> None:
    found = {"id": "f", "floating_ip_address": "192.0.2.7", "port_id": None}

    assert openstack_objects.floating_ip(found, MARK).port_id == ""


COMPUTE = {
    "maxTotalInstances": 100, "totalInstancesUsed": 2, "maxTotalCores": 150, "totalCoresUsed": 2,
    "maxTotalRAMSize": 600_000, "totalRAMUsed": 6144, "maxTotalFloatingIps": -1, "totalFloatingIpsUsed": 0,
}  # fmt: skip
NETWORK = {
    "floatingip": {"limit": 10, "used": 1, "reserved": 2},
    "port": {"limit": -1, "used": 1, "reserved": 0},
}
VOLUMES = {
    "maxTotalVolumes": 10, "totalVolumesUsed": 3, "maxTotalVolumeGigabytes": -1, "totalGigabytesUsed": 60,
}  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "allowance"),
    [
        pytest.param(Resource.INSTANCES, Allowance(limit=100, used=2), id="nova's"),
        pytest.param(Resource.CORES, Allowance(limit=150, used=2), id="nova's cores"),
        pytest.param(Resource.RAM_MIB, Allowance(limit=600_000, used=6144), id="nova's RAM"),
        pytest.param(Resource.VOLUMES, Allowance(limit=10, used=3), id="cinder's"),
        pytest.param(Resource.GIGABYTES, Allowance(limit=None, used=60), id="cinder's, without a limit"),
        pytest.param(Resource.FLOATING_IPS, Allowance(limit=10, used=3), id="neutron's, with what is reserved, not nova's"),
        pytest.param(Resource.PORTS, Allowance(limit=None, used=1), id="neutron's, without a limit"),
    ],
)  # fmt: skip
def test_given_the_services_numbers_when_read_then_each_resource_has_its_own(
    resource: Resource, allowance: Allowance
) -> None:
    assert openstack_objects.quota(NOW, COMPUTE, NETWORK, VOLUMES).allowances[resource] == allowance


def test_given_a_cloud_without_a_volume_service_when_read_then_volumes_are_not_limited() -> None:
    found = openstack_objects.quota(NOW, COMPUTE, NETWORK, None)

    assert set(Resource) - set(found.allowances) == {Resource.VOLUMES, Resource.GIGABYTES}


def test_given_neutron_s_answer_without_a_number_when_read_then_it_is_no_quota() -> None:
    with pytest.raises(KeyError):
        openstack_objects.quota(NOW, COMPUTE, {"port": NETWORK["port"]}, VOLUMES)


def test_given_a_flavor_as_nova_shows_it_then_sizes_are_numbers_with_units() -> None:
    found = openstack_objects.flavor({"name": "m3.tiny", "vcpus": 1, "ram": 3072, "disk": 20, "id": "7"})

    assert (found.vcpus, found.ram_mib, found.disk_gib, found.su_per_hour) == (1, 3072, 20, None)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        pytest.param("/servers/detail", "/servers/detail", id="none"),
        pytest.param(f"/servers/{ID}", "/servers/{id}", id="at the end"),
        pytest.param(f"/servers/{ID}/action", "/servers/{id}/action", id="in the middle"),
        pytest.param(f"/quotas/{PROJECT}/details", "/quotas/{id}/details", id="a project's"),
        pytest.param(f"/a/{ID}/b/{PROJECT}", "/a/{id}/b/{id}", id="two"),
        pytest.param("/flavors/m3.tiny", "/flavors/m3.tiny", id="a name"),
    ],
)
def test_given_a_request_s_path_then_all_of_its_kind_have_one_label(path: str, label: str) -> None:
    assert template(path) == label


@given(st.uuids(), st.uuids())
def test_given_two_ids_then_their_paths_have_the_same_label(one: Any, other: Any) -> None:
    assert template(f"/ports/{one}") == template(f"/ports/{other}")
