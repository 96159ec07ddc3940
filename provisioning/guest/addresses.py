"""Which addresses and hosts a source may have. Pure; the bot judges by this too, so that both sides agree.

Everything but public unicast is refused, and so are the IPv6 forms that hide an IPv4 address (mapped, compatible, 6to4,
Teredo). Only NAT64's well-known form is judged by what is inside: networks without IPv4 give it to every public host.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Optional, Union
from urllib.parse import urlsplit

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_UNICAST = ipaddress.ip_network("2000::/3")  # all that was ever given out as global unicast, RFC 4291
_HOST_AND_PORT = re.compile(
    r"([a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.IGNORECASE | re.ASCII
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # some programs leave them out, others end there
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


def is_public_text(text: str) -> bool:
    """`is_public` of an address as a resolver writes it; one with a zone index is link-local."""
    return "%" not in text and is_public(ipaddress.ip_address(text))


def plain_host(url: str) -> Optional[tuple[str, int]]:
    """Host (lower case, IPv6 without brackets) and port of a URL, so plain that every program reads them alike.

    None for anything else: credentials, odd characters, a name that is not ASCII or ends in a dot, an address in decimal,
    octal, hexadecimal or shortened form, on which resolvers disagree, and a hyphen in front, which makes curl forget the address that
    it is given (CURLOPT_RESOLVE(3)).
    """
    parts = urlsplit(url)
    found = _HOST_AND_PORT.fullmatch(parts.netloc)
    if not found or _CONTROL.search(url) or not 0 < int(found[2] or 1) < 1 << 16:
        return None
    host = found[1].lower().strip("[]")
    if ":" in host or _ENDS_IN_NUMBER.fullmatch(host):
        try:
            ipaddress.ip_address(host if ":" in host or _DOTTED.fullmatch(host) else "")
        except ValueError:
            return None
    return host, int(found[2]) if found[2] else _PORTS.get(parts.scheme, 443)


def is_literal(host: str) -> bool:
    """Whether a host of `plain_host` is an address itself, for which nobody asks a resolver."""
    return ":" in host or _DOTTED.fullmatch(host) is not None
