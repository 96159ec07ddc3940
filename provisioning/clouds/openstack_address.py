"""Where an instance of an OpenStack cloud is reached, by the way of TLS. Pure."""

from urllib.parse import urlsplit

from provisioning.cloud_objects import Mark
from provisioning.clouds import Address
from provisioning.clouds.openstack_session import OpenStackSettings
from provisioning.model import Json

_TLS_PORT = 443
_PLAIN_PORT = 80  # where the application proxy comes in, and where an ACME server asks back
_ACME_MODES = ("domain", "ip")
_ACME_WITHIN = "2m"  # then the next issuer: a small build takes as long, so nobody waits for it
_LETS_ENCRYPT = "letsencrypt.org"
_FOR_ADDRESSES = "shortlived"  # the one profile by which Let's Encrypt certifies addresses: six days


def open_ports(tls: str) -> frozenset[int]:
    """The TCP ports that a security group must let in."""
    return frozenset({_TLS_PORT} if tls == "internal" else {_TLS_PORT, _PLAIN_PORT})


def address(settings: OpenStackSettings, mark: Mark, ip: str) -> Address:
    """Where the attempt with this floating IP will be reached: people by what `settings` say, the bot by the address."""
    is_by_proxy = settings.tls == "proxy"
    return Address(
        public_url=f"https://{_public_host(settings, mark, ip)}",
        agent_url=f"https://{ip}",
        listen=f"0.0.0.0:{_PLAIN_PORT if is_by_proxy else _TLS_PORT}",
        tls=settings.tls,
        acme=_acme(settings) if settings.tls in _ACME_MODES else None,
    )


def name_of(pattern: str, *, binder: str, ip: str) -> str:
    """An instance's own name by the pattern of the settings: ``{id}`` is the binder's, ``{address}`` has hyphens for dots."""
    return pattern.replace("{id}", binder).replace("{address}", ip.replace(".", "-"))


def _public_host(settings: OpenStackSettings, mark: Mark, ip: str) -> str:
    match settings.tls:
        case "proxy":
            return f"http-{ip.replace('.', '-')}-{_PLAIN_PORT}.{settings.proxy_host}"
        case "domain":
            return name_of(settings.domain, binder=mark.binder, ip=ip)
        case _:
            return ip


def _acme(settings: OpenStackSettings) -> Json:
    """Caddy's ``acme`` issuer; without ``ca`` it is Let's Encrypt's. Profiles are named to Let's Encrypt only: others refuse what they do not know."""
    host = urlsplit(settings.acme_directory).hostname or _LETS_ENCRYPT
    is_short = settings.tls == "ip" and f".{host}".endswith(f".{_LETS_ENCRYPT}")
    return {
        "acme_timeout": _ACME_WITHIN,
        **({"ca": settings.acme_directory} if settings.acme_directory else {}),
        **({"email": settings.acme_contact} if settings.acme_contact else {}),
        **({"profile": _FOR_ADDRESSES} if is_short else {}),
    }
