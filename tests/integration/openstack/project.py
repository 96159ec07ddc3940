"""A project of its own on the OpenStack bed, so that quotas can be turned and everything in it counted."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

IN_USE = None
_ROOMY_COMPUTE = {"instances": 200, "cores": 400, "ram": 4_000_000}
_ROOMY_NETWORK = {"floating_ips": 200, "ports": 1000, "security_groups": 200, "security_group_rules": 1000}
_ROOMY_VOLUMES = {"volumes": 200, "gigabytes": 20_000}


@dataclass(frozen=True, kw_only=True)
class Project:
    """Where the project is, its member's sign-in, and independent eyes on it."""

    clouds_yaml: Path
    member: str
    id: str
    eyes: Any  # openstacksdk's connection as the member: what the cloud itself shows
    admin: Any  # as the cloud's administrator

    def everything(self) -> dict[str, list[Any]]:
        """All that a launch could have left, whoever made it."""
        own = {"project_id": self.id}
        return {
            "servers": list(self.eyes.compute.servers()),
            "floating_ips": list(self.eyes.network.ips(**own)),
            "volumes": list(self.eyes.block_storage.volumes()),
            "ports": [p for p in self.eyes.network.ports(**own) if not p.device_owner.startswith("network:")],
        }

    def clear(self) -> None:
        """Delete what a test that was cut off left of a launch."""
        compute, network, volumes = self.eyes.compute, self.eyes.network, self.eyes.block_storage
        left = self.everything()
        for floating_ip in left["floating_ips"]:
            network.delete_ip(floating_ip)
        for server in left["servers"]:
            compute.delete_server(server)
            compute.wait_for_delete(server)
        for volume in left["volumes"]:
            volumes.wait_for_status(volume, "available")
            volumes.delete_volume(volume)
        for port in left["ports"]:
            network.delete_port(port)

    @contextmanager
    def short_of(self, service: str, **limits: int | None) -> Iterator[None]:
        """The project with less of something (`IN_USE`: with what it uses now), for as long as the context lasts."""
        if IN_USE in limits.values():  # only Neutron refuses a limit below what is used
            used = self.admin.network.get_quota(self.id, details=True)
            limits = {name: getattr(used, name)["used"] for name in limits}
        self._limit(service, limits)
        try:
            yield
        finally:
            self._limit(service, _ROOMY[service])

    @contextmanager
    def application_credential(self, **more: Any) -> Iterator[dict[str, str]]:
        """What signs in with an application credential of the member."""
        identity, user = self.eyes.identity, self.eyes.current_user_id
        made = identity.create_application_credential(user, name=f"check-{secrets.token_hex(4)}", **more)
        try:
            yield {"application_credential_id": made.id, "application_credential_secret": made.secret}
        finally:
            identity.delete_application_credential(user, made)

    def _limit(self, service: str, limits: Mapping[str, int | None]) -> None:
        if service == "network":
            self.admin.network.update_quota(self.id, **limits)
        else:
            getattr(self.admin, service).update_quota_set(self.id, **limits)


_ROOMY = {"compute": _ROOMY_COMPUTE, "network": _ROOMY_NETWORK, "block_storage": _ROOMY_VOLUMES}


def connection(clouds_yaml: Path, cloud: str) -> Any:
    """Openstacksdk as anybody would use it."""
    config = openstack.config.OpenStackConfig(config_files=[str(clouds_yaml)], load_envvars=False)
    return openstack.connection.Connection(config=config.get_one(cloud=cloud))


@pytest.fixture(scope="session")
def openstack_project(openstack_bed: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A fresh project with room for everything; its quotas are its own."""
    folder = tmp_path_factory.mktemp("openstack")
    with own_project(openstack_bed.clouds_yaml, openstack_bed.admin, folder) as made:
        yield made


@contextmanager
def own_project(clouds_yaml: Path, admin_cloud: str, folder: Path) -> Iterator[Project]:
    """The same for whoever is no test; its clouds.yaml lies in the folder. Afterwards it is gone with what is in its network."""
    admin = connection(clouds_yaml, admin_cloud)
    name, password = f"binderops-{secrets.token_hex(4)}", secrets.token_hex(16)
    project = admin.identity.create_project(name=name, domain_id="default")
    user = admin.identity.create_user(name=name, password=password, domain_id="default")
    role = admin.identity.find_role("member")
    admin.identity.assign_project_role_to_user(project, user, role)
    file = folder / "clouds.yaml"
    auth = {
        "auth_url": admin.config.auth["auth_url"], "username": name, "password": password,
        "project_name": name, "user_domain_name": "Default", "project_domain_name": "Default",
    }  # fmt: skip
    file.write_text(yaml.safe_dump({"clouds": {"own": {"auth": auth, "region_name": "RegionOne"}}}))
    eyes = connection(file, "own")
    made = Project(clouds_yaml=file, member="own", id=project.id, eyes=eyes, admin=admin)
    for service, limits in _ROOMY.items():
        made._limit(service, dict(limits))
    try:
        yield made
    finally:
        _take_down(made)
        admin.identity.delete_user(user)
        admin.identity.delete_project(project)
        eyes.close()
        admin.close()


def _take_down(project: Project) -> None:
    """What is left in the project, its network and security groups, before the project itself."""
    network = project.admin.network
    for floating_ip in network.ips(project_id=project.id):  # of a test that was cut off
        network.delete_ip(floating_ip)
    if next(network.networks(project_id=project.id), None) is not None:
        network.delete_auto_allocated_topology(project.id)
    for group in network.security_groups(project_id=project.id):
        if group.name != "default":
            network.delete_security_group(group)
