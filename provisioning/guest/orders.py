"""launch.json, read once into a value that cannot be wrong. Touches nothing."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence
from urllib.parse import urlsplit

from .rules import Rules

AGENT_HOST = "agent.binderops.internal"
TLS_MODES = ("off", "internal", "proxy", "domain", "ip")
_KEY_BYTES = 32
_BINDER = re.compile(r"[a-z0-9]{4,20}")
_IDS = {  # of each kind of source: what its immutable ids look like
    "git": re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}"),
    "archive": re.compile(r"[0-9a-f]{64}"),
    "swh": re.compile(r"swh:1:dir:[0-9a-f]{40}"),
    **dict.fromkeys(("zenodo", "figshare", "dataverse", "hydroshare", "ckan"), re.compile(r"[\w.-]{1,120}")),
}
_VOLUME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}|")
_DISK = re.compile(r"[a-z0-9-]{1,64}|")
_CLIMBS = re.compile(r"[/\\](?:\.|%2e){1,2}(?:[/\\?#]|$)", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\]|")


class BadOrdersError(Exception):
    """launch.json is not what this agent understands."""


@dataclass(frozen=True)
class Limits:
    """What the repository may use: MiB and seconds."""

    source_mib: int
    fetch_s: int
    build_s: int
    start_s: int


@dataclass(frozen=True)
class Source:
    """Where the repository or record is fetched from."""

    kind: str  # git, archive, swh, or the site of a record
    url: str  # of the repository or archive; for a record, what its site's API answers about it
    commit: str  # the immutable id
    ref: str
    address: str  # connect to this one; empty only for what ``allow_exact`` names
    allow_exact: tuple[str, ...]
    rules: Rules = field(default_factory=Rules)
    awaits_token: bool = False  # private: the bot hands over what opens it

    @property
    def short_id(self) -> str:
        """The immutable id as people read it."""
        return f"commit {self.commit[:10]}" if self.kind == "git" else self.commit[:24]

    @property
    def is_exempt(self) -> bool:
        """Whether an operator exempted this very place from the rules for addresses and protocols."""
        return self.exempts(self.url)

    def exempts(self, url: str) -> bool:
        """The bot's own rule: a prefix ends where a part of the path does, and dots may not climb out of it."""
        if _CLIMBS.search(url):
            return False
        wholes = [prefix.rstrip("/") for prefix in self.allow_exact]
        return any(whole and f"{url}/".startswith(f"{whole}/") for whole in wholes)


@dataclass(frozen=True)
class Orders:
    """All that the agent was told at birth."""

    binder: str
    title: str
    source: Source
    path: str
    path_kind: str  # none auto open subdir
    open_url: str
    runtime: str  # docker venv
    tls: str
    issuers: Sequence[Any]  # Caddy's, each if those before it give no certificate
    public_url: str
    listen: str  # HOST:PORT of the people's site
    bot_keys: tuple[str, ...]
    limits: Limits
    volume: str = ""  # the person's name for a volume; empty: there is none
    disk: str = ""  # the cloud's id of it

    @property
    def public_host(self) -> str:
        """The name that people's browsers send, without the port."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def origin(self) -> str:
        """The people's own origin, as browsers write it."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @property
    def cookie_name(self) -> str:
        """Cookies ignore ports, so the id is in the name; ``__Host-`` needs TLS."""
        prefix = "" if self.tls == "off" else "__Host-"
        return f"{prefix}binderops-{self.binder}"


def unpadded(text: str) -> bytes:
    """The bytes of URL-safe base64 without padding. Raises ``ValueError``."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def checked_keys(keys: Any) -> tuple[str, ...]:
    """One to four raw Ed25519 public keys. Raises `BadOrdersError`."""
    if not isinstance(keys, Sequence) or isinstance(keys, str) or not 1 <= len(keys) <= 4:
        raise BadOrdersError("bot_keys: one to four keys")
    if not all(isinstance(key, str) and _has_key_bytes(key) for key in keys):
        raise BadOrdersError("bot_keys: a key is 32 bytes in unpadded URL-safe base64")
    return tuple(keys)


def _has_key_bytes(text: str) -> bool:
    try:
        return len(unpadded(text)) == _KEY_BYTES
    except ValueError:
        return False


def parse(value: Any) -> Orders:
    """Read launch.json, version 1. Raises `BadOrdersError` with what is wrong."""
    try:
        if value["v"] != 1:
            raise BadOrdersError(f"launch.json has version {value['v']}, this agent knows 1")
        orders = Orders(
            binder=_like(_BINDER, value["binder"], "binder"),
            title=str(value["title"]),
            source=_source(value["source"]),
            path=str(value["path"]),
            path_kind=_one_of(value["path_kind"], ("none", "auto", "open", "subdir"), "path_kind"),
            open_url=str(value["open_url"]),
            runtime=_one_of(value["runtime"], ("docker", "venv"), "runtime"),
            tls=_one_of(value["tls"], TLS_MODES, "tls"),
            issuers=list(value.get("issuers", ())),
            public_url=str(value["public_url"]).rstrip("/"),
            listen=str(value["listen"]),
            bot_keys=checked_keys(value["bot_keys"]),
            volume=_like(_VOLUME, value.get("volume", {}).get("name", ""), "volume"),
            disk=_like(_DISK, value.get("volume", {}).get("id", ""), "disk"),
            limits=Limits(
                **{k: int(value["limits"][k]) for k in ("source_mib", "fetch_s", "build_s", "start_s")}
            ),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadOrdersError(f"launch.json: {type(error).__name__} {error}") from error
    _check_addresses(orders)
    return orders


def _source(value: Mapping[str, Any]) -> Source:
    kind = _one_of(value.get("kind", "git"), tuple(_IDS), "source.kind")  # older bots know git alone
    return Source(
        kind=kind,
        url=str(value["url"]),
        commit=_like(_IDS[kind], value["commit"], "commit"),
        ref=str(value["ref"]),
        address=str(value["address"]),
        allow_exact=tuple(str(prefix) for prefix in value["allow_exact"]),
        rules=_rules(value.get("rules", {})),
        awaits_token=value.get("awaits_token") is True,
    )


def _rules(value: Mapping[str, Any]) -> Rules:
    allow, deny = (tuple(str(pattern) for pattern in value.get(name, ())) for name in ("allow", "deny"))
    return Rules(allow, deny, str(value.get("ask", "")))


def _check_addresses(orders: Orders) -> None:
    public = urlsplit(orders.public_url)
    if not public.hostname or public.scheme != ("http" if orders.tls == "off" else "https"):
        raise BadOrdersError(f"public_url {orders.public_url} does not fit tls {orders.tls}")
    host, _, port = orders.listen.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536 or not _HOST.fullmatch(host):
        raise BadOrdersError(f"listen {orders.listen} is no HOST:PORT")


def _like(pattern: re.Pattern[str], value: Any, name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadOrdersError(f"{name} is not well-formed")
    return value


def _one_of(value: Any, choices: Sequence[str], name: str) -> str:
    if value not in choices:
        raise BadOrdersError(f"{name} {value!r} is none of {', '.join(choices)}")
    return str(value)
