"""Which addresses a source may have. The checked address is the one used: git is told to connect to that very one.

Classification is pure; `look_up` asks the resolver once. Private, loopback, link-local and other special ranges are refused,
also where an IPv6 form (mapped, 6to4, NAT64, Teredo) hides one of them.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from provisioning.errors import PersonError, TemporaryError

_LOOK_UP_S = 10
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_V4_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, deprecated

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether anybody's server may live there; an IPv6 form is as public as the IPv4 address inside it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _V4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def chosen(host: str, addresses: Sequence[str]) -> str:
    """The address to use; raises `PersonError` (``address-refused``) if any of them is not public."""
    for text in addresses:
        if not is_public(ipaddress.ip_address(text.partition("%")[0])):
            raise PersonError(
                "address-refused",
                f"{host} is an address inside a private network ({text}).",
                "Give a repository on a public host, or ask whoever runs the bot to allow this one.",
            )
    # IPv4 first: many instances have no way out by IPv6.
    return next((a for a in addresses if ":" not in a), addresses[0])


async def look_up(url: str) -> str:
    """The checked address of the URL's host. Raises `PersonError` or `TemporaryError` (``source-unreachable``)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.replace(".", "").isdigit() or host.lower().startswith("0x"):
        # Decimal, octal and hexadecimal spellings: resolvers disagree on what they mean, so none is taken.
        raise PersonError(
            "address-refused", f"{host} is no host name.", "Give the repository's usual address."
        )
    try:
        async with asyncio.timeout(_LOOK_UP_S):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, parts.port or 443, type=socket.SOCK_STREAM
            )
    except (OSError, TimeoutError, UnicodeError) as error:
        raise TemporaryError(
            "source-unreachable",
            f"The host {host} was not found.",
            "Check its name; if it is right, try again in a while.",
        ) from error
    return chosen(host, [str(entry[4][0]) for entry in found])
