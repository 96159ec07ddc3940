"""What the facts of an OpenStack project mean for launches: one finding each, with who mends what. Pure.

Each follows what the driver would do with the same facts (`openstack_lookups`), so that "ok" means that a launch gets that far.
"""

import difflib
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from provisioning.checks import Finding, fail, ok, unknown, warn
from provisioning.clouds.openstack_facts import Credential, Identity, Image
from provisioning.clouds.openstack_session import OpenStackSettings
from provisioning.model import Flavor
from provisioning.phases import Policy
from provisioning.plan import PlanPolicy

_SOON = timedelta(days=14)  # before a credential ends: time enough to make another one
_CLOCKS_APART = timedelta(seconds=30)
_MOST_NAMED = 6
_JETSTREAM2 = "jetstream-cloud.org"  # where it signs in: docs.jetstream-cloud.org
_ITS_PROXIES = "exosphere.app"  # Exosphere's, which pass on to floating IPs of Jetstream2 only
_MAKES_SERVERS = frozenset({"member", "admin", "_member_"})  # as Keystone and older clouds name them
_NO_MORE_THAN_LOOKS = frozenset({"reader", "audit"})


def sign_in(found: Identity) -> Finding:
    """Where we are, and as whom."""
    region = f", region {found.region}" if found.region else ""
    return ok("sign-in", f"{found.user} in project {found.project} at {found.auth_url}{region}")


def proxy_of_another_cloud(settings: OpenStackSettings, auth_url: str) -> str:
    """Why people will not get to their environments: Jetstream2's proxy before a cloud that is not Jetstream2. Empty: no reason."""
    host = (urlsplit(auth_url).hostname or "").casefold()
    is_its_proxy = settings.tls == "proxy" and _is_within(settings.proxy_host.casefold(), _ITS_PROXIES)
    if not is_its_proxy or not host or _is_within(host, _JETSTREAM2):
        return ""
    return (
        f"Environments would be opened by {settings.proxy_host}, which leads to Jetstream2 only, and the cloud signs in at {host}."
        " Set preset: generic, or cloud.tls: internal, or this cloud's own cloud.proxy_host."
    )


def address(settings: OpenStackSettings, auth_url: str) -> Finding:
    """By what address people open an environment."""
    if doubt := proxy_of_another_cloud(settings, auth_url):
        said, mend = doubt.split(". Set ", 1)
        return warn("address", f"{said}.", f"Whoever runs the bot should set {mend}")
    if settings.tls == "proxy":
        return ok("address", f"browsers come by the application proxy {settings.proxy_host}")
    if settings.tls == "ip":
        who = settings.acme_directory or "Let's Encrypt"
        return ok("address", f"browsers come by the floating IP, certified by {who}")
    return ok("address", "browsers come by the floating IP, to a certificate that none of them knows")


def services(found: Identity, missing: Sequence[str]) -> Finding:
    """What a launch always needs; ``missing`` of it is not in the catalog for our region."""
    if not missing:
        return ok("services", "compute, image and network are in the catalog")
    where = f" in region {found.region}" if found.region else ""
    return fail(
        "services",
        f"The catalog has no {_and(missing)}{where}; its regions are {_and(found.regions) or 'none'}.",
        "Whoever runs the bot must correct region_name in clouds.yaml (or cloud.region).",
    )


def role(found: Identity) -> Finding:
    """Whether the account may make instances, as far as a role's name tells."""
    said, roles = f"roles of {found.user}: {_and(found.roles) or 'none'}", set(found.roles)
    again = (
        ", then make a new application credential: one keeps the roles that it was made with"
        if found.credential
        else ""
    )
    if "admin" in roles:
        return warn(
            "role",
            f"{said}; admin may do far more than the bot needs",
            "Whoever runs the cloud should give the bot an account of its own with the role member.",
        )
    if roles & _MAKES_SERVERS:
        return ok("role", said)
    if roles <= _NO_MORE_THAN_LOOKS:
        add = f"openstack role add --project {found.project} --user {found.user} member"
        return fail(
            "role",
            f"{said}; none of them may create instances",
            f"Whoever administers the project must run `{add}`{again}.",
        )
    return unknown(
        "role",
        f"{said}; their names do not tell whether they may create instances",
        "`binderops check --launch` tries it.",
    )


def credential(identity: Identity, found: Credential | None, now: datetime) -> Finding:
    """When the sign-in ends. ``found`` None: Keystone does not show it."""
    if not identity.credential:
        ends = identity.password_expires_at
        until = "" if ends is None else f"; the password expires {_day(ends)}"
        return warn(
            "credential",
            f"signed in with a person's password, not with an application credential{until}",
            "Whoever runs the bot should make one: docs/howto/serve-on-openstack.md, part 1.",
        )
    name = f"application credential {identity.credential}"
    if found is None:
        return unknown(
            "credential",
            f"{name}: the cloud does not show when it expires",
            "Look in Horizon: Identity, Application Credentials.",
        )
    again = "Whoever runs the bot must make a new one before: docs/howto/serve-on-openstack.md, part 1."
    if found.expires_at is not None and found.expires_at < now + _SOON:
        return warn("credential", f"{name} expires {_day(found.expires_at)}", again)
    ends_at = "never expires" if found.expires_at is None else f"expires {_day(found.expires_at)}"
    if found.is_unrestricted:
        return warn(
            "credential",
            f"{name} {ends_at}, and is unrestricted: whoever steals it can make others",
            "Whoever runs the bot should make one with Unrestricted off.",
        )
    return ok("credential", f"{name} {ends_at}")


def clock(found: Identity) -> Finding:
    """How far this machine's clock is from the cloud's."""
    if found.clock_ahead is None:
        return unknown("clock", "the cloud does not tell its time")
    within = f"(known within {found.clock_within.total_seconds():.1f} s)"
    apart = abs(found.clock_ahead.total_seconds())
    if abs(found.clock_ahead) - found.clock_within > _CLOCKS_APART:
        which = "behind" if found.clock_ahead > timedelta(0) else "ahead of"
        return warn(
            "clock",
            f"this machine's clock is {apart:.0f} s {which} the cloud's {within}",
            "Whoever runs this machine should let NTP set its clock: `timedatectl set-ntp true`.",
        )
    return ok("clock", f"this machine's clock and the cloud's are {apart:.1f} s apart {within}")


def chosen(flavors: Sequence[Flavor], plans: PlanPolicy) -> Flavor | None:
    """The flavor of a launch that names none, as `provisioning.plan` chooses it; None: there is none."""
    wanted = plans.default_flavor.lower()
    fitting = [f for f in flavors if f.name.lower() == wanted]
    if fitting or (wanted and plans.is_own_flavor):
        return fitting[0] if fitting else None
    return flavors[0] if flavors else None


def flavor(flavors: Sequence[Flavor], plans: PlanPolicy) -> Finding:
    """The default flavor. ``flavors``: smallest first."""
    names = [f.name for f in flavors]
    if not flavors:
        return fail(
            "flavor", "The cloud offers this project no flavor.", "Ask whoever runs the cloud for flavors."
        )
    found = chosen(flavors, plans)
    if found is None:
        near = difflib.get_close_matches(plans.default_flavor, names, 1, 0.5)
        meant = f"Did you mean {near[0]}? " if near else ""
        return fail(
            "flavor",
            f"The default flavor {plans.default_flavor} is not among the {len(names)} on offer: {_some(names)}.",
            f"{meant}Whoever runs the bot must correct defaults.flavor (or the cloud's own flavor).",
        )
    is_default = found.name.lower() == plans.default_flavor.lower()
    why = "the default" if is_default else "the smallest, since no default is set"
    said = f"{found.name}, {why}: {_size(found)}; {len(names)} on offer"
    if plans.default_flavor and not is_default:
        return warn(
            "flavor",
            f"The preset's default {plans.default_flavor} is not on offer; launches take the smallest, {found.name}.",
            f"Whoever runs the bot should set defaults.flavor to one of {_some(names)}.",
        )
    return ok("flavor", said)


def prices(flavors: Sequence[Flavor], default: Flavor, plans: PlanPolicy) -> Finding:
    """Whether people see what they spend. ``flavors`` have their prices."""
    if not plans.prices:
        return ok("prices", "none are set: plans show none, and no launch asks first because of its price")
    lacking = [f.name for f in flavors if f.su_per_hour is None]
    if lacking:
        own = f", the default {default.name} among them" if default.su_per_hour is None else ""
        return warn(
            "prices",
            f"{len(lacking)} of {len(flavors)} flavors have no known price{own}: {_some(lacking)}",
            "Whoever runs the bot should add patterns to prices, such as {'g3.*': 64}.",
        )
    return ok(
        "prices",
        f"known for all {len(flavors)} flavors; {default.name} costs {default.su_per_hour:g} SU an hour",
    )


def image(
    wanted: str, found: Sequence[Image], others: Sequence[str], default: Flavor | None, policy: Policy
) -> Finding:
    """The image that launches start from. ``found``: newest first; ``others``: names of active ones, where none was found."""
    active = [one for one in found if one.status == "active"]
    if not active:
        near = difflib.get_close_matches(wanted, others, 1, 0.4)
        meant = f"Did you mean {near[0]}? " if near else ""
        states = f", only one that is {found[0].status}" if found else ""
        return fail(
            "image",
            f"The cloud has no active image {wanted}{states}.",
            f"{meant}`openstack image list --status active` shows all. Whoever runs the bot must set defaults.image.",
        )
    newest = active[0]
    of = f", the newest of {len(active)} of that name" if len(active) > 1 else ""
    said = f"{newest.name} ({newest.id}), made {newest.created_at[:10]}{of}"
    if default is not None and (problem := _too_small(default, newest, policy)):
        return fail(
            "image",
            f"{said}; {problem}",
            "Whoever runs the bot must name a larger defaults.flavor, or another defaults.image.",
        )
    needs = f"; needs a disk of {newest.min_disk_gib} GiB" if newest.min_disk_gib else ""
    return ok("image", said + needs)


def volumes(has_service: bool, flavors: Sequence[Flavor], default: Flavor, policy: Policy) -> Finding:
    """Whether flavors with a small disk can get a volume."""
    below = policy.volume_root_below_gib
    small = [f.name for f in flavors if f.disk_gib < below]
    if has_service:
        use = (
            f"{default.name} boots from one of {policy.volume_gib} GiB"
            if default.name in small
            else "not needed"
        )
        return ok("volumes", f"the cloud has a volume service; for the default flavor: {use}")
    if not small:
        return ok("volumes", "the cloud has no volume service, and no flavor needs one")
    mend = (
        "Whoever runs the bot must set cloud.volume_root_below_gib to 0, if an image and its build fit on"
        " these disks, or name a flavor with a larger disk in defaults.flavor."
    )
    said = f"The cloud has no volume service, and flavors with a disk below {below} GiB need one: {_some(small)}."
    return (fail if default.name in small else warn)("volumes", said, mend)


def _too_small(default: Flavor, image: Image, policy: Policy) -> str:
    has_volume = default.disk_gib < policy.volume_root_below_gib
    if not has_volume and image.min_disk_gib > default.disk_gib:
        return f"it needs a disk of {image.min_disk_gib} GiB, the default flavor {default.name} has {default.disk_gib} GiB"
    if image.min_ram_mib > default.ram_mib:
        return f"it needs {image.min_ram_mib} MiB of RAM, the default flavor {default.name} has {default.ram_mib} MiB"
    return ""


def _size(found: Flavor) -> str:
    return f"{found.vcpus} cores, {found.ram_mib / 1024:.4g} GiB RAM, {found.disk_gib} GiB disk"


def _day(at: datetime) -> str:
    return f"on {at:%Y-%m-%d}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} more"


def _and(names: Sequence[str]) -> str:
    return ", ".join(names)


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
