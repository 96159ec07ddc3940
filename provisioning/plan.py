"""From a resolved request to a plan: flavor, image, lifetime, price, and whether the price asks for a confirmation.

Pure: what the cloud offers and what the deployment allows come in as values. Prices are service units (SU) an hour while
an instance is active; how a price reads is the messages' business.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from provisioning.errors import PersonError, TeamError
from provisioning.model import Flavor, Plan, Request
from provisioning.sources.resolved import Resolved

_MOST_TITLE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """What flavors cost whose names fit a pattern (``m3.tiny``, ``g3.*``)."""

    pattern: str  # as a shell matches names, letter case counts
    su_per_hour: float  # while ACTIVE


# Jetstream2's published rates; docs.jetstream-cloud.org, "Service units". Its GPU rates are published inconsistently, so
# none is guessed here: a deployment sets them by pattern (setting `prices`), until then a GPU flavor has no known price.
JETSTREAM2_PRICES = (
    PriceRule(pattern="m3.tiny", su_per_hour=1),
    PriceRule(pattern="m3.small", su_per_hour=2),
    PriceRule(pattern="m3.quad", su_per_hour=4),
    PriceRule(pattern="m3.medium", su_per_hour=8),
    PriceRule(pattern="m3.large", su_per_hour=16),
    PriceRule(pattern="m3.xl", su_per_hour=32),
    PriceRule(pattern="m3.2xl", su_per_hour=64),
    PriceRule(pattern="m3.3xl", su_per_hour=128),
    PriceRule(pattern="r3.large", su_per_hour=128),
    PriceRule(pattern="r3.xl", su_per_hour=256),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPolicy:
    """What a deployment offers and allows."""

    default_flavor: str = ""  # empty: the smallest on offer
    is_own_flavor: bool = False  # the operator chose it: where the cloud lacks it, nothing takes its place
    default_image: str = ""  # empty: the cloud's driver decides
    default_hours: float = 4
    max_hours: float = 72
    confirm_above_su_per_hour: float | None = None  # None: never ask
    prices: tuple[PriceRule, ...] = ()  # the first rule that fits counts

    def with_settings(
        self,
        *,
        flavor: str = "",
        image: str = "",
        hours: float | None = None,
        max_hours: float | None = None,
        confirm_above: float | None = None,
        prices: Sequence[PriceRule] = (),
    ) -> "PlanPolicy":
        """The policy with an operator's settings before it; empty and None leave a value as it is."""
        limit = self.max_hours if max_hours is None else max_hours
        return replace(
            self,
            default_flavor=flavor or self.default_flavor,
            is_own_flavor=bool(flavor) or self.is_own_flavor,
            default_image=image or self.default_image,
            # A default that the limit forbids would refuse every launch that names no lifetime.
            default_hours=min(self.default_hours if hours is None else hours, limit),
            max_hours=limit,
            confirm_above_su_per_hour=(
                self.confirm_above_su_per_hour if confirm_above is None else confirm_above
            ),
            prices=(*prices, *self.prices),
        )


_PRESETS = {
    "jetstream2": PlanPolicy(
        default_flavor="m3.small",
        default_image="Featured-Ubuntu24",
        confirm_above_su_per_hour=16,
        prices=JETSTREAM2_PRICES,
    ),
    "generic": PlanPolicy(),
    "local": PlanPolicy(default_flavor="local.small", default_image="this machine"),
}


def preset(name: str) -> PlanPolicy:
    """The policy of a known cloud: ``jetstream2``, ``generic`` or ``local``; any other name is a `KeyError`."""
    return _PRESETS[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the plan's cloud offers, and what could be had on the others."""

    flavors: Sequence[Flavor]  # smallest first
    cloud: str = ""  # its name; empty where there is only one
    elsewhere: Mapping[str, Sequence[Flavor]] = field(default_factory=dict)  # other clouds', as last seen
    has_volumes: bool = True  # whether work volumes can be made there


def make_plan(request: Request, resolved: Resolved, offer: Offer, policy: PlanPolicy) -> Plan:
    """The plan for a request, whose commit is known, on the cloud that makes the offer.

    Raises `PersonError` ``unknown-flavor``, ``too-long`` and ``bad-hours``, `TeamError` ``no-flavors`` where the cloud offers none,
    ``default-flavor-missing`` where the operator's default is not among them, and ``no-volumes`` where a work volume is asked for
    and the cloud has no volumes.
    """
    if request.options.volume and not offer.has_volumes:
        raise TeamError(
            "no-volumes",
            f"The volume cannot be made{_on(offer.cloud)}: the cloud has no volume service.",
            "Launch it without volume=, and take your files with /binder download.",
        )
    flavor = priced(_chosen(request.options.flavor, offer, policy), policy.prices)
    threshold, price = policy.confirm_above_su_per_hour, flavor.su_per_hour
    return Plan(
        request=resolved.as_found(request),
        commit=resolved.commit,
        ref=resolved.ref,
        title=request.options.name or _told(resolved) or title(request.repo),
        flavor=flavor,
        image=request.options.image or policy.default_image,
        lifetime=_lifetime(request.options.hours, policy),
        needs_confirmation=threshold is not None and price is not None and price > threshold,
        cloud=offer.cloud,
        source_url=resolved.url,
        source_address=resolved.address,
        source_kind=resolved.kind(request),
        needs_token=resolved.needs_token,
    )


def priced(flavor: Flavor, prices: Sequence[PriceRule]) -> Flavor:
    """The flavor with the price of the first rule that fits; unknown (None) where none does."""
    fitting = (rule.su_per_hour for rule in prices if fnmatchcase(flavor.name, rule.pattern))
    return replace(flavor, su_per_hour=next(fitting, None))


def cost_su(plan: Plan) -> float | None:
    """What the plan's whole lifetime costs in SU, None where the price is unknown. Time before ready comes on top."""
    price = plan.flavor.su_per_hour
    return None if price is None else price * (plan.lifetime / timedelta(hours=1))


def _told(resolved: Resolved) -> str:
    """What a record calls itself, short enough for a heading; a repository is known by its address."""
    if len(resolved.title) <= _MOST_TITLE:
        return resolved.title
    return resolved.title[: _MOST_TITLE - 1].rstrip() + "…"


def title(repo: str) -> str:
    """``org/repo`` of a repository's URL; the host's name where there is no path."""
    parts = urlsplit(repo)
    path = parts.path.strip("/").removesuffix(".git")
    return "/".join(path.split("/")[-2:]) or parts.netloc or repo


def _chosen(name: str, offer: Offer, policy: PlanPolicy) -> Flavor:
    """The flavor that was named, in any letter case, or the deployment's default."""
    flavors = offer.flavors
    if not flavors:
        raise TeamError(
            "no-flavors",
            "The cloud offers no flavor to this project.",
            "Ask whoever runs the bot to check the project's flavors.",
        )
    wanted = name or policy.default_flavor
    if not wanted:
        return flavors[0]
    for flavor in flavors:
        if flavor.name.lower() == wanted.lower():
            return flavor
    if name:
        raise _unknown_flavor(name, offer)
    if policy.is_own_flavor:
        raise TeamError(
            "default-flavor-missing",
            f"The default flavor, {wanted}, is not on offer{_on(offer.cloud)}.",
            f"Name one, such as flavor={flavors[0].name}. "
            f"Whoever runs the bot must correct {f'clouds.{offer.cloud}' if offer.cloud else 'defaults'}.flavor. "
            f"On offer: {', '.join(flavor.name for flavor in flavors)}.",
        )
    return flavors[0]  # the preset's default is a suggestion; this cloud may have other names


def _unknown_flavor(name: str, offer: Offer) -> PersonError:
    names = [flavor.name for flavor in offer.flavors]
    at_home = [
        cloud
        for cloud, flavors in offer.elsewhere.items()
        if name.lower() in {f.name.lower() for f in flavors}
    ]
    if at_home:
        return PersonError(
            "unknown-flavor",
            f"The flavor {name} is not on offer{_on(offer.cloud)}, but on the cloud {at_home[0]}.",
            f"Launch it there with cloud={at_home[0]}, or take one of {', '.join(names)}.",
        )
    by_lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    # "medium" for "m3.medium": a part of a name is nearer than its letters suggest.
    parts = [known for low, known in by_lower.items() if name.lower() in low.split(".")]
    nearest = [*parts, *(by_lower[low] for low in close)][:1]
    meant = f"Did you mean {nearest[0]}? " if nearest else ""
    return PersonError(
        "unknown-flavor",
        f"There is no flavor named {name}{_on(offer.cloud)}.",
        f"{meant}On offer: {', '.join(names)}.",
    )


def _on(cloud: str) -> str:
    return f" on the cloud {cloud}" if cloud else ""


def _lifetime(hours: float | None, policy: PlanPolicy) -> timedelta:
    wanted = policy.default_hours if hours is None else hours
    if wanted <= 0:
        raise PersonError(
            "bad-hours",
            f"{wanted:g} hours is no lifetime.",
            "Give a number of hours above 0, such as hours=2.",
        )
    if not wanted <= policy.max_hours:  # not a number is refused too
        raise PersonError(
            "too-long",
            f"{wanted:g} hours is longer than an environment may live here.",
            f"Ask for at most {policy.max_hours:g} hours; it can be extended while it runs, up to that limit.",
        )
    return timedelta(hours=wanted)
