"""From settings to clouds: which ones the deployment has, how each is reached, what a launch there follows. Asks no cloud anything."""

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.masking import hide
from bot.settings import Settings
from provisioning.clouds import openstack_session
from provisioning.clouds.local import LocalCloud
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.clouds.openstack_calls import Observe
from provisioning.clouds.openstack_verdicts import proxy_of_another_cloud
from provisioning.errors import RefusedError
from provisioning.plan import PlanPolicy, PriceRule, preset
from provisioning.sites import Sites, site

#: What a known cloud's operator need not write down. Jetstream2: docs.jetstream-cloud.org, and Exosphere's proxy of Indiana.
_PRESETS: Mapping[str, Mapping[str, object]] = {
    "jetstream2": {
        "external_network": "public",
        "image": "Featured-Ubuntu24",
        "tls": "proxy",
        "proxy_host": "proxy-js2-iu.exosphere.app",
    },
    "generic": {"tls": "internal"},
}


def is_local(settings: Settings, asked: str | None = None) -> bool:
    """Whether instances run on this machine: as ``--cloud`` says, else with the preset ``local``."""
    return (asked or settings.text("preset")) == "local"


def is_openstack_named(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether somebody said which OpenStack is meant: the settings, or the environment as openstack's own programs read it."""
    named = settings.values["clouds"] or any(_one(settings).values())
    return bool(named) or any(environment.get(name) for name in ("OS_CLOUD", "OS_CLIENT_CONFIG_FILE"))


def openstack_settings(settings: Settings) -> dict[str, OpenStackSettings]:
    """Each cloud's settings by its name, the default one first; one alone has an empty name."""
    return {
        name: _openstack(settings, values, in_clouds_yaml=name) for name, values in _clouds(settings).items()
    }


def openstack_sites(
    settings: Settings, clock: Callable[[], datetime], *, observe: Observe | None = None
) -> Sites:
    """The deployment's OpenStack clouds. Raises `RefusedError` (``cloud-config``) where clouds.yaml does not tell how to reach one."""
    found = openstack_settings(settings)
    for chosen in found.values():
        openstack_session.connect(chosen).close()
    return Sites(
        site(
            openstack_cloud(settings, chosen, clock, observe=observe),
            clock,
            name=name,
            plans=plans_on(settings, name, chosen),
        )
        for name, chosen in found.items()
    )


def openstack_cloud(
    settings: Settings,
    chosen: OpenStackSettings,
    clock: Callable[[], datetime],
    *,
    observe: Observe | None = None,
) -> OpenStackCloud:
    """One cloud; what clouds.yaml holds of secrets is masked from now on. A clouds.yaml that does not fit is told by the first call."""
    with suppress(RefusedError):
        hide(openstack_session.secrets_of(chosen))
    return OpenStackCloud(chosen, deployment=settings.text("deployment"), now=clock, observe=observe)


def doubts(settings: Settings) -> tuple[str, ...]:
    """What would surprise people on these clouds, as far as it can be told without asking them: a sentence each."""
    found = openstack_settings(settings)
    told = {name: proxy_of_another_cloud(c, openstack_session.auth_url(c)) for name, c in found.items()}
    return tuple(f"cloud {name}: {doubt}" if name else doubt for name, doubt in told.items() if doubt)


def local_sites(cloud: LocalCloud, settings: Settings, clock: Callable[[], datetime]) -> Sites:
    """The machine that the bot runs on, as the only cloud."""
    return Sites([site(cloud, clock, plans=plans(settings, "local"))])


async def open_local_cloud(settings: Settings, *, runtime: str = "venv") -> LocalCloud:
    """The local cloud of this home; instances that a reboot of the machine ended run again."""
    cloud = local_cloud(settings, runtime=runtime)
    await cloud.open()
    return cloud


def local_cloud(settings: Settings, *, runtime: str = "venv") -> LocalCloud:
    """The same, only to look at: nothing is started."""
    return LocalCloud(
        settings.home / "cloud",
        deployment=settings.text("deployment"),
        guest=Path(__file__).parents[1] / "provisioning",
        caddy=program("caddy"),
        uv=program("uv"),
        runtime=runtime,
        max_instances=round(settings.number("limits.local_instances") or 1),
    )


def program(name: str) -> Path:
    """A program that came with our packages, beside this Python, else one of the PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise RefusedError("program-missing", f"The program {name} is missing.", "Run make setup.")
    return Path(found)


def plans(settings: Settings, name: str = "", *, flavor: str = "", image: str = "") -> PlanPolicy:
    """A preset's policy with the settings that go before it; ``flavor`` and ``image`` are one cloud's own defaults."""
    policy = preset(name or settings.text("preset"))
    given = settings.values["prices"]
    prices = (
        tuple(PriceRule(pattern=p, su_per_hour=float(su)) for p, su in given.items())
        if isinstance(given, dict)
        else ()
    )
    return policy.with_settings(
        flavor=flavor or settings.text("defaults.flavor"), image=image or settings.text("defaults.image"),
        hours=settings.number("defaults.hours"), max_hours=settings.number("limits.max_hours"),
        confirm_above=settings.number("confirm_above_su_per_hour"), prices=prices,
    )  # fmt: skip


def plans_on(settings: Settings, name: str, chosen: OpenStackSettings) -> PlanPolicy:
    """What a launch on this OpenStack cloud of the settings follows; the preset of this machine does not hold there."""
    flavor = str(_clouds(settings)[name].get("flavor") or "")
    return replace(plans(settings, _preset(settings), flavor=flavor), default_image=chosen.image)


def _preset(settings: Settings) -> str:
    """The preset on OpenStack: what is said of this machine does not hold there."""
    name = settings.text("preset")
    return "generic" if name == "local" else name


def _clouds(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    several = settings.values["clouds"]
    return several if isinstance(several, dict) and several else {"": _one(settings)}


def _one(settings: Settings) -> dict[str, Any]:
    return {
        name.removeprefix("cloud."): value
        for name, value in settings.values.items()
        if name.startswith("cloud.") and value is not None
    }


def _openstack(settings: Settings, values: Mapping[str, Any], *, in_clouds_yaml: str) -> OpenStackSettings:
    """``in_clouds_yaml``: its name there where the settings give none."""
    image = settings.text("defaults.image")
    chosen: dict[str, Any] = {
        "name": in_clouds_yaml,
        **_PRESETS[_preset(settings)],
        **({"image": image} if image else {}),
        **values,
    }
    chosen.pop("flavor", None)
    return OpenStackSettings(cloud=chosen.pop("name"), **chosen)
