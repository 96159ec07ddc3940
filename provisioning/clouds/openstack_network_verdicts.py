"""What the networks of an OpenStack project, and the names for them, mean for launches: one finding each, with who mends what. Pure.

The choice follows the driver's (`openstack_lookups`): the network that is named, else the auto-allocated topology's, else the only one.
"""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from provisioning.checks import Finding, fail, failed, ok, unknown, warn
from provisioning.clouds.openstack_facts import Group, Network, is_left_out
from provisioning.clouds.openstack_session import OpenStackSettings
from provisioning.errors import BinderopsError
from provisioning.quota import Allowance

AN_ADDRESS = "192.0.2.10"  # for documentation (RFC 5737), so nobody's
_AUTOMATIC = "auto_allocated_network"  # as Neutron names it
_USUAL = "public"  # the driver's own preference, which nobody wrote down


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which network it is, as far as that is known: none where it is missing, unclear, or made at the first launch."""

    finding: Finding
    network: Network | None = None


def tenant(networks: Sequence[Network], wanted: str, topology: BinderopsError | None) -> Choice:
    """The network of the instances. ``topology``: why the auto-allocated one cannot be had, where none is named."""
    if wanted:
        return _usable(_only("network", networks, wanted))
    own = [n for n in networks if not n.is_external]
    automatic = [n for n in own if n.name == _AUTOMATIC]
    if topology is None:
        if len(automatic) == 1:
            return _usable(
                Choice(
                    finding=ok("network", f"{_AUTOMATIC}, the auto-allocated topology's"),
                    network=automatic[0],
                )
            )
        return Choice(finding=ok("network", "the auto-allocated topology, made at the first launch"))
    if not is_left_out(topology):
        mend = "Whoever runs the cloud must let it allocate a topology; or whoever runs the bot names a network: cloud.network."
        return Choice(finding=fail("network", f"{topology.message} [{topology.code}]", mend))
    return _usable(_only("network", automatic or own, ""))


def external(networks: Sequence[Network], wanted: str) -> Choice:
    """Where floating IPs come from. The driver takes the only external network, whatever its name."""
    found = [n for n in networks if n.is_external]
    if any(wanted in (n.name, n.id) for n in found):
        return _only("external-network", found, wanted)
    if not found:
        return Choice(
            finding=fail(
                "external-network",
                "The project sees no external network: nothing can give instances a public address.",
                "Whoever runs the cloud must share an external network with the project.",
            )
        )
    only = _only("external-network", found, "")
    if only.network is None or wanted in ("", _USUAL):
        return only
    other = warn(
        "external-network",
        f"There is no external network {wanted}; launches take the only one, {only.network.name}.",
        "Whoever runs the bot should correct cloud.external_network.",
    )
    return Choice(finding=other, network=only.network)


def route(network: Network, external: Network, gateways: frozenset[str]) -> Finding:
    """Whether a floating IP can reach the network: a router must lead from one to the other."""
    said = f"from {network.name} to {external.name}"
    if external.id in gateways:
        return ok("route", f"a router leads {said}")
    mend = (
        f"Whoever manages the project must add a router: `openstack router create r`,"
        f" `openstack router set --external-gateway {external.name} r`, `openstack router add subnet r SUBNET`."
    )
    if not network.is_own and not gateways:
        return unknown(
            "route", f"{network.name} belongs to another project, which does not show its routers",
            "`binderops check --launch` tries it.",
        )  # fmt: skip
    return fail("route", f"No router leads {said}, so no floating IP can be given to an instance.", mend)


def name(settings: OpenStackSettings, tried: str, found: Collection[str]) -> Finding:
    """Whether names by the settings' pattern lead to floating IPs: ``tried`` is that of `AN_ADDRESS`, ``found`` where it leads."""
    who = settings.acme_directory or "Let's Encrypt"
    if "{address}" not in settings.domain:
        return unknown(
            "address",
            f"browsers come by {settings.domain}, certified by {who}; where such a name leads can be seen only when there is one",
            "Something of yours must write its record as soon as there is a floating IP: docs/howto/serve-on-openstack.md#certificates.",
        )
    if AN_ADDRESS in found:
        return ok(
            "address",
            f"browsers come by {settings.domain}, certified by {who}; {tried} leads to {AN_ADDRESS}",
        )
    led = " and ".join(sorted(found)) or "nowhere"
    mend = "Whoever runs the bot must have a name server answer such names with the address in them, or set cloud.tls: ip."
    return fail(
        "address", f"Nobody could open an environment: {tried} leads to {led}, not to {AN_ADDRESS}.", mend
    )


def security_group(name: str, found: Group | None, allowance: Allowance) -> Finding:
    """The deployment's own, which the first launch makes. A launch also opens what is missing in it."""
    if found is not None:
        ports = ", ".join(str(port) for port in sorted(found.open_tcp)) or "none"
        return ok("security-group", f"{name} is there, open for TCP ports {ports}")
    if allowance.limit is not None and allowance.used >= allowance.limit:
        return fail(
            "security-group",
            f"{name} is not there, and {allowance.used} of {allowance.limit} security groups are in use.",
            "Whoever manages the project must delete one (`openstack security group list`), or ask the cloud for more.",
        )
    return ok("security-group", f"{name} is made at the first launch")


def not_told(check: str, error: BinderopsError) -> Finding:
    """An answer that a launch does not need was refused."""
    return unknown(check, f"{failed(check, error).said}", "`binderops check --launch` tries it.")


def _only(check: str, networks: Sequence[Network], wanted: str) -> Choice:
    setting = f"cloud.{check.replace('-', '_')}"
    found = [n for n in networks if wanted in (n.name, n.id)] if wanted else list(networks)
    if len(found) == 1:
        return Choice(finding=ok(check, f"{found[0].name} ({found[0].id})"), network=found[0])
    names = ", ".join(sorted(n.name for n in networks)) or "none"
    if found:
        ids = ", ".join(f"{n.name} ({n.id})" for n in found)
        return Choice(
            finding=fail(
                check, f"{len(found)} networks could be meant: {ids}.", f"Whoever runs the bot must name one by its id: {setting}."
            )
        )  # fmt: skip
    near = difflib.get_close_matches(wanted, [n.name for n in networks], 1, 0.5) if wanted else []
    meant = f"Did you mean {near[0]}? " if near else ""
    what = f"no network {wanted}" if wanted else "no network of its own"
    mend = (
        f"{meant}Whoever runs the bot must correct {setting}."
        if wanted
        else f"Whoever manages the project must make one, with a subnet and a router; several need {setting}."
    )
    return Choice(finding=fail(check, f"The project has {what}; it sees {names}.", mend))


def _usable(choice: Choice) -> Choice:
    network = choice.network
    if network is None:
        return choice
    if network.is_external:
        what, mend = (
            "is an external network",
            "Whoever runs the bot must name one of the project's own: cloud.network.",
        )
    elif not network.has_subnet:
        what, mend = (
            "has no subnet, so instances get no address",
            f"Whoever manages the project: `openstack subnet create --network {network.id} --subnet-range 10.0.0.0/24 s`.",
        )
    elif not network.is_up:
        what, mend = (
            "is switched off",
            f"Whoever manages the project: `openstack network set --enable {network.id}`.",
        )
    else:
        return choice
    return Choice(finding=fail("network", f"{network.name} ({network.id}) {what}.", mend))
