"""Which settings there are: what each must be, what it is without one, what it means. docs/reference/settings.md shows the same."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_DEPLOYMENT = re.compile(r"[a-z0-9-]{1,40}")
_HOST = re.compile(r"(?=.{1,200}$)[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)

_GITHUB_API = re.compile(r"https?://(?:api(?:\.[a-z0-9-]+)+|[a-z0-9.-]+(?::[0-9]{1,5})?/api/v3)/?")
_APP = re.compile(r"[A-Za-z0-9._-]{1,100}")
_PATTERN = re.compile(r"[A-Za-z0-9.*?-]+(/[^/\s:]+)*/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of binderops.yaml."""

    check: Callable[[object], bool]
    wants: str  # completes "must be ..."
    default: object
    meaning: str


def is_cloud_name(value: object) -> bool:
    """Whether it can be typed after ``cloud=``."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_deployment(value: object) -> bool:
    """Whether it can be part of every name and description that carries it, in any cloud."""
    return isinstance(value, str) and _DEPLOYMENT.fullmatch(value) is not None


def _is_host(value: object) -> bool:
    return isinstance(value, str) and _HOST.fullmatch(value) is not None


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_count_or_zero(value: object) -> bool:
    return _is_count(value) or (value == 0 and not isinstance(value, bool))


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_patterns(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(p, str) and _PATTERN.fullmatch(p) for p in value)


def _is_prices(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_text(name) and _is_positive(price) for name, price in value.items()
    )


def _is_app(value: object) -> bool:
    return _is_count(value) or (isinstance(value, str) and _APP.fullmatch(value) is not None)


def _is_github_api(value: object) -> bool:
    return isinstance(value, str) and _GITHUB_API.fullmatch(value) is not None


def _is_tls(value: object) -> bool:
    return value in ("proxy", "internal", "domain", "ip")


def _is_domain(value: object) -> bool:
    """Whether each instance gets a name of its own by it, whatever its id and address."""
    if not isinstance(value, str) or not re.search(r"\{(id|address)\}", value):
        return False
    longest = value.replace("{id}", "a" * 20).replace("{address}", "255-255-255-255")
    return _is_host(longest) and all(len(label) <= 63 for label in longest.split("."))


def _is_directory(value: object) -> bool:
    """Whether Caddy would ask it: by https, and without credentials in it."""
    return isinstance(value, str) and re.fullmatch(r"https://[^\s/@]+/\S*", value) is not None


def _is_mail(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^\s@:]{1,64}@\S+", value) is not None


_PRESETS = ("jetstream2", "generic", "local")

SETTINGS: Mapping[str, Setting] = {
    "preset": Setting(check=lambda v: v in _PRESETS, wants=f"one of {', '.join(_PRESETS)}", default="jetstream2", meaning="Flavors' prices and defaults of a known cloud."),
    "deployment": Setting(check=_is_deployment, wants="1 to 40 small letters, digits and hyphens", default="binderops", meaning="Marks this bot's objects in the cloud; two bots in one project need two names. It stays while environments live."),
    "cloud.name": Setting(check=_is_text, wants="a name in clouds.yaml", default=None, meaning="The cloud's name in clouds.yaml; without it OS_CLOUD counts, then the only one there."),
    "cloud.region": Setting(check=_is_text, wants="a region's name", default=None, meaning="The cloud's region, where clouds.yaml names none or another."),
    "cloud.network": Setting(check=_is_text, wants="a network's name or id", default=None, meaning="The network of the instances; without it the project's auto-allocated one."),
    "cloud.external_network": Setting(check=_is_text, wants="a network's name or id", default=None, meaning="Where floating IPs come from: public, or the only external one."),
    "cloud.keypair": Setting(check=_is_text, wants="a key pair's name", default=None, meaning="Whoever has its private key gets a shell on every instance; without it nobody does."),
    "cloud.tls": Setting(check=_is_tls, wants="proxy, internal, domain or ip", default=None, meaning="Who shows browsers a certificate: the cloud's application proxy, or each instance: one that no browser knows, or by ACME one for its name or its address."),
    "cloud.proxy_host": Setting(check=_is_host, wants="a host's name", default=None, meaning="The host of the application proxy, with tls proxy."),
    "cloud.domain": Setting(check=_is_domain, wants="a host's name with {id} or {address} in it, such as b-{address}.binder.example.org", default=None, meaning="With tls domain, each instance's name. {id} is the environment's id, {address} its floating IP with hyphens for dots."),
    "cloud.acme_directory": Setting(check=_is_directory, wants="an https URL", default=None, meaning="The ACME server that certifies instances, with tls domain or ip; Let's Encrypt without it."),
    "cloud.acme_contact": Setting(check=_is_mail, wants="a mail address", default=None, meaning="Where the ACME server may write to about certificates."),
    "cloud.volume_root_below_gib": Setting(check=_is_count_or_zero, wants="a whole number of GiB, 0 for never", default=None, meaning="Flavors with a smaller disk than this get a volume; 40 without it."),
    "cloud.requests_per_s": Setting(check=_is_positive, wants="a number above 0", default=None, meaning="How many times a second the cloud is asked for lists; 2 without it."),
    "clouds": Setting(check=lambda v: isinstance(v, dict), wants="the settings of several clouds by their names", default={}, meaning="Several clouds instead of `cloud`, by the names that people type; the first is the default."),
    "defaults.flavor": Setting(check=_is_text, wants="a flavor's name", default="", meaning="The flavor where a person names none."),
    "defaults.image": Setting(check=_is_text, wants="an image's name or id", default="", meaning="The image where a person names none."),
    "defaults.hours": Setting(check=_is_positive, wants="a number of hours above 0", default=None, meaning="The lifetime once ready, in hours, where a person names none."),
    "limits.max_hours": Setting(check=_is_positive, wants="a number of hours above 0", default=72, meaning="The longest life of an environment, extensions included, in hours."),
    "limits.keep_failed_minutes": Setting(check=_is_positive, wants="a number of minutes above 0", default=30, meaning="How long the instance of a failed build is kept for looking at it, in minutes."),
    "limits.local_instances": Setting(check=_is_count, wants="a whole number above 0", default=4, meaning="How many environments the local cloud runs at once."),
    "limits.source_mib": Setting(check=_is_count, wants="a whole number above 0", default=2048, meaning="The largest repository, record or archive that instances fetch, in MiB, also unpacked."),
    "volumes.default_gib": Setting(check=_is_count, wants="a whole number of GiB above 0", default=10, meaning="How large a volume is made where a person names no size, in GiB."),
    "volumes.max_gib": Setting(check=_is_count, wants="a whole number of GiB above 0", default=100, meaning="The largest volume that a person may ask for, in GiB."),
    "confirm_above_su_per_hour": Setting(check=_is_positive, wants="a number above 0", default=None, meaning="Launches that cost more SU an hour ask before they start."),
    "prices": Setting(check=_is_prices, wants="flavor patterns with SU an hour, such as {'g3.*': 64}", default={}, meaning="Prices that go before the preset's, by flavor pattern, in SU an hour."),
    "access.admins": Setting(check=_is_texts, wants="a list of Slack user ids", default=[], meaning="People who may act on everybody's environments, beside the workspace's admins."),
    "access.allow_guests": Setting(check=_is_flag, wants="true or false", default=False, meaning="Whether Slack guests may launch."),
    "github_app.id": Setting(check=_is_app, wants="an App ID, or a client ID", default=None, meaning="The GitHub App that opens private repositories where it is installed; GITHUB_APP_PRIVATE_KEY is its key."),
    "github_app.api_url": Setting(check=_is_github_api, wants="https://api.github.com, https://api.NAME.ghe.com or https://HOST/api/v3", default="https://api.github.com", meaning="The API of the GitHub that the App is registered at; its repositories alone are opened."),
    "log.format": Setting(check=lambda v: v in ("text", "json"), wants="text or json", default="text", meaning="How `serve` writes its log: key=value lines, or one JSON object a line."),
    "sources.allow": Setting(check=_is_patterns, wants="a list of patterns, such as github.com/org or *.example.org", default=[], meaning="Where there are any, only sources that fit one may be launched: a host, or a host with an organisation, a group or a repository."),
    "sources.deny": Setting(check=_is_patterns, wants="a list of patterns, such as github.com/org or *.example.org", default=[], meaning="Sources that may not be launched, and hosts that are not asked, also not by a redirect. Goes before `sources.allow`."),
    "sources.ask": Setting(check=_is_text, wants="a name or an address", default="", meaning="Whom people are told to ask about a source that is not allowed; whoever runs the bot without it."),
    "sources.allow_exact": Setting(check=_is_texts, wants="a list of URLs", default=[], meaning="URL prefixes exempt from the rules on scheme and address, one each."),
}  # fmt: skip

#: What each of ``clouds`` may hold: as ``cloud`` does, and its own defaults.
CLOUD_KEYS: Mapping[str, Setting] = {
    **{
        name.removeprefix("cloud."): setting
        for name, setting in SETTINGS.items()
        if name.startswith("cloud.")
    },
    "flavor": SETTINGS["defaults.flavor"],
    "image": SETTINGS["defaults.image"],
}
