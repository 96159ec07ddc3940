"""Which addresses a source may have. The checked address is the one used: git is told to connect to that very one.

What counts as public is decided by the guest's own rule, so that the bot and its guests judge alike; `look_up` asks the resolver
once.
"""

import asyncio
import socket
from collections.abc import Sequence

from provisioning.errors import PersonError, TemporaryError
from provisioning.guest.addresses import Address, is_literal, is_public, is_public_text, plain_host

__all__ = ["Address", "chosen", "host_and_port", "is_literal", "is_public", "look_up"]


def host_and_port(url: str) -> tuple[str, int]:
    """`plain_host`, or `PersonError` (``address-refused``)."""
    found = plain_host(url)
    if found is None:
        shown = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        raise PersonError(
            "address-refused",
            f"{shown or 'Nothing'} is not the plain name of a public host.",
            "Write the host as its owner does, such as github.com.",
        )
    return found


def chosen(host: str, addresses: Sequence[str]) -> str:
    """The address to use; raises `PersonError` (``address-refused``) if any of them is not public."""
    for text in addresses:
        if not is_public_text(text):
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
