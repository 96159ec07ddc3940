"""Which addresses a source may have. The checked address is the one used: git is told to connect to that very one.

Classification is pure; `look_up` asks the resolver once. Everything but public unicast is refused, and so are the IPv6 forms
that hide an IPv4 address (mapped, compatible, 6to4, Teredo). Only NAT64's well-known form is judged by what is inside:
networks without IPv4 give it to every public host.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from provisioning.errors import PersonError, TemporaryError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_UNICAST = ipaddress.ip_network("2000::/3")  # all that was ever given out as global unicast, RFC 4291
_HOST_AND_PORT = re.compile(
    r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.IGNORECASE | re.ASCII
)
_DOTTED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_ENDS_IN_NUMBER = re.compile(
    r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.IGNORECASE
)  # as the URL standard calls it
_PORTS = {"https": 443, "http": 80, "git": 9418}


def is_public(address: Address) -> bool:
    """Whether anybody's server may live there."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    hides_ipv4 = address.sixtofour is not None or address.teredo is not None  # mapped ones are no unicast
    return address in _UNICAST and address.is_global and not hides_ipv4


def host_and_port(url: str) -> tuple[str, int]:
    """Host (lower case, IPv6 without brackets) and port of a URL, so plain that every program reads them alike.

    Raises `PersonError` (``address-refused``) for anything else: credentials, odd characters, a name that is not ASCII or
    ends in a dot, and an address in decimal, octal, hexadecimal or shortened form, on which resolvers disagree.
    """
    parts = urlsplit(url)
    found = _HOST_AND_PORT.fullmatch(parts.netloc)
    if not found:
        raise _no_host(parts.netloc.rpartition("@")[2])
    host = found[1].lower().strip("[]")
    if ":" in host or _ENDS_IN_NUMBER.fullmatch(host):
        try:
            if ":" not in host and not _DOTTED.fullmatch(host):
                raise _no_host(host)
            ipaddress.ip_address(host)
        except ValueError as error:
            raise _no_host(host) from error
    return host, int(found[2]) if found[2] else _PORTS.get(parts.scheme, 443)


def is_literal(host: str) -> bool:
    """Whether a host of `host_and_port` is an address itself, for which nobody asks a resolver."""
    return ":" in host or _DOTTED.fullmatch(host) is not None


def chosen(host: str, addresses: Sequence[str]) -> str:
    """The address to use; raises `PersonError` (``address-refused``) if any of them is not public."""
    for text in addresses:
        if "%" in text or not is_public(
            ipaddress.ip_address(text)
        ):  # a zone index belongs to link-local addresses
            named = "is" if text == host else f"leads to {text}, which is"
            raise PersonError(
                "address-refused",
                f"{host} {named} no public address.",
                "Give a repository on a public host, or ask whoever runs the bot to allow this one.",
            )
    # IPv4 first: many instances have no way out by IPv6.
    return next((a for a in addresses if ":" not in a), addresses[0])


async def look_up(url: str) -> str:
    """The checked address of the URL's host. Raises `PersonError` or `TemporaryError` (``source-unreachable``)."""
    host, port = host_and_port(url)
    if is_literal(host):
        return chosen(host, [host])
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TemporaryError(
            "source-unreachable",
            f"The host {host} was not found.",
            "Check its name; if it is right, try again in a while.",
        ) from error
    return chosen(host, [str(entry[4][0]) for entry in found])


def _no_host(host: str) -> PersonError:
    return PersonError(
        "address-refused",
        f"{host or 'Nothing'} is not the plain name of a public host.",
        "Write the host as its owner does, such as github.com.",
    )
