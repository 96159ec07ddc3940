"""Which objects of a binder count, and which are one too many. Pure.

A call whose answer was lost, or a worker that slept between its last look and its request, can leave a second object of a kind.
One of them is kept, always the same whoever looks; the others are deleted wherever they show up.
"""

from collections.abc import Iterable

from provisioning.cloud_objects import CloudObject, Kind, Status


def kept(objects: Iterable[CloudObject], attempt: int) -> dict[Kind, CloudObject]:
    """The one object of each kind that counts for this attempt.

    Of servers one that works before one in ERROR; of ports the server's, then the floating IP's; of volumes the server's; then the lowest id.
    """
    mine = sorted((o for o in objects if o.mark.attempt == attempt), key=lambda o: o.id)
    chosen: dict[Kind, CloudObject] = {}
    if servers := [o for o in mine if o.kind is Kind.SERVER]:
        chosen[Kind.SERVER] = min(servers, key=lambda o: (o.status is Status.ERROR, not o.port_id))
    used = chosen[Kind.SERVER].port_id if servers else ""
    runs = chosen[Kind.SERVER].id if servers else None
    floating_ips = [o for o in mine if o.kind is Kind.FLOATING_IP]
    held = {o.port_id for o in floating_ips}
    if ports := [o for o in mine if o.kind is Kind.PORT]:
        chosen[Kind.PORT] = min(ports, key=lambda o: (o.id != used, o.id not in held))
    if floating_ips:
        port = chosen.get(Kind.PORT)
        chosen[Kind.FLOATING_IP] = min(floating_ips, key=lambda o: port is None or o.port_id != port.id)
    if volumes := [o for o in mine if o.kind is Kind.VOLUME]:
        chosen[Kind.VOLUME] = min(volumes, key=lambda o: (o.server_id != runs, o.status is Status.ERROR))
    return chosen


def superfluous(objects: Iterable[CloudObject], attempt: int) -> tuple[CloudObject, ...]:
    """What older attempts left, and what this one has twice."""
    objects = tuple(objects)
    wanted = {o.id for o in kept(objects, attempt).values()}
    return tuple(o for o in objects if o.id not in wanted)
