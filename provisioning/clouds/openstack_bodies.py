"""What is sent to OpenStack to make things: each with its mark from the create call on. Pure."""

from typing import Any

from provisioning.cloud_objects import CloudId, Mark
from provisioning.clouds import ServerSpec
from provisioning.clouds.openstack_objects import description, metadata, work_metadata
from provisioning.model import WorkVolume


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


def work_volume(volume: WorkVolume, deployment: str, owner: str) -> dict[str, Any]:
    """An empty volume that outlives whatever holds it. Name and owner are for whoever looks at the project."""
    made = {
        "name": f"binderops-volume-{volume.name}-{volume.id}",
        "size": volume.size_gib,
        "metadata": work_metadata(volume.id, deployment) | {"binderops_owner": owner},
    }
    return {"volume": made}


def server(spec: ServerSpec, flavor: str, image: str, user_data: str, keypair: str) -> dict[str, Any]:
    """A server from ``image``, or from the spec's volume, which outlives it. ``user_data``: base64.

    The work volume is attached by this call too: Cinder reserves it for one server before there is one.
    """
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
    disks = [_volume(spec.volume_id, 0)] if spec.volume_id else []
    if not spec.volume_id:
        made["imageRef"] = image
    if spec.work_id:
        disks += [_image(image)] * (not spec.volume_id) + [_volume(spec.work_id, -1)]
    return {"server": made | ({"block_device_mapping_v2": disks} if disks else {})}


def _volume(cloud_id: CloudId, boot_index: int) -> dict[str, Any]:
    return {
        "boot_index": boot_index, "source_type": "volume", "destination_type": "volume",
        "uuid": cloud_id, "delete_on_termination": False,
    }  # fmt: skip


def _image(image: str) -> dict[str, Any]:
    """The server's own disk, which has to be named where there is another one beside it."""
    return {
        "boot_index": 0, "source_type": "image", "destination_type": "local",
        "uuid": image, "delete_on_termination": True,
    }  # fmt: skip
