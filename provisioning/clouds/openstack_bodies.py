"""What is sent to OpenStack to make things: each with its mark from the create call on. Pure."""

from typing import Any

from provisioning.cloud_objects import CloudId, Mark
from provisioning.clouds import ServerSpec
from provisioning.clouds.openstack_objects import description, metadata


def port(mark: Mark, network: str, security_group: str) -> dict[str, Any]:
    """A port; made first, it is the fence against a second server."""
    made = {
        "name": mark.name,
        "description": description(mark),
        "network_id": network,
        "security_groups": [security_group],
    }
    return {"port": made}


def floating_ip(mark: Mark, external_network: str, port_id: CloudId) -> dict[str, Any]:
    """A floating IP of its own for this port."""
    made = {"floating_network_id": external_network, "port_id": port_id, "description": description(mark)}
    return {"floatingip": made}


def volume(mark: Mark, image: str, size_gib: int) -> dict[str, Any]:
    """A root volume with the image on it."""
    return {"volume": {"name": mark.name, "size": size_gib, "imageRef": image, "metadata": metadata(mark)}}


def server(spec: ServerSpec, flavor: str, image: str, user_data: str, keypair: str) -> dict[str, Any]:
    """A server from ``image``, or from the spec's volume, which outlives it. ``user_data``: base64."""
    made: dict[str, Any] = {
        "name": spec.mark.name,
        "flavorRef": flavor,
        "networks": [{"port": spec.port_id}],
        "metadata": spec.metadata | metadata(spec.mark),
        "user_data": user_data,
        "config_drive": True,
    }
    if keypair:
        made["key_name"] = keypair
    if spec.volume_id:
        root = {
            "boot_index": 0, "source_type": "volume", "destination_type": "volume",
            "uuid": spec.volume_id, "delete_on_termination": False,
        }  # fmt: skip
        return {"server": made | {"block_device_mapping_v2": [root]}}
    return {"server": made | {"imageRef": image}}
