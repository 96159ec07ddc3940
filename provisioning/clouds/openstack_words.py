"""OpenStack's refusals in our words, translated once: by status and text, with the cloud's own words kept. Pure.

Texts are those of Nova, Neutron, Cinder and Keystone 2025.2 as their APIs answered on the test bed; what a text does not
tell, the status does.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from provisioning.errors import (
    BinderopsError,
    CapacityError,
    ConflictError,
    NotFoundError,
    RefusedError,
    TeamError,
    TemporaryError,
)

_MOST_WORDS = 400  # characters of the cloud's own text
_LONG = re.compile(r"\S{81,}")  # Nova repeats a value that it does not take, such as whole user data, twice
_LONG_KEPT = 20
_MOST_OF_A_PAGE = 10_000  # characters
_UNSEEN = re.compile(r"<(style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_QUOTA = re.compile(r"quota|over ?limit|limit ?exceeded|maximum number of|exceeds the allowed", re.IGNORECASE)
_CAPACITY = re.compile(
    r"no valid host|not enough hosts|no suitable host|insufficient .*resources|exhausted",
    re.IGNORECASE,
)
#: neutron_lib/exceptions/__init__.py: IpAddressGenerationFailure (409), ExternalIpAddressExhausted (400); neutron/ipam/exceptions.py:
#: IpAddressGenerationFailure (409); nova/exception.py: NoMoreFixedIps, NoMoreFloatingIps. All of 2025.2.
_ADDRESSES = re.compile(
    r"no more ip addresses|unable to find any ip address|no fixed ip addresses available|zero floating ips|ipaddressgeneration",
    re.IGNORECASE,
)
_BUSY = re.compile(
    r"status must be|in use|while it is in|task_state|vm_state|locked|currently", re.IGNORECASE
)
_NO_WAY_OUT = re.compile(r"not reachable from subnet", re.IGNORECASE)
_GONE: Mapping[str, tuple[str, str]] = {
    "flavor": (
        "flavor-gone",
        "Ask for another flavor; whoever runs the bot can look at the project's flavors.",
    ),
    "image": (
        "image-gone",
        "Whoever runs the bot must name another image (defaults.image), or publish this one again.",
    ),
    "port": ("port-gone", "It is looked at again."),
    "volume": ("volume-gone", "It is looked at again."),
}
_SAYS_GONE = {
    "flavor": re.compile(r"flavor .*not (be )?found", re.IGNORECASE | re.DOTALL),
    "image": re.compile(
        r"requested image|image .*not (be )?found|image .*not active", re.IGNORECASE | re.DOTALL
    ),
    "port": re.compile(r"port .*not be found", re.IGNORECASE | re.DOTALL),
    "volume": re.compile(r"volume .*not be found|failed to get volume", re.IGNORECASE | re.DOTALL),
}


def refusal(status: int, body: str, headers: Mapping[str, str], *, asked: str) -> BinderopsError:
    """The error for an answer of 400 and above. ``asked`` completes "The cloud was asked to ..."."""
    said = words(body)
    text = f"The cloud was asked to {asked} and answered {status}: {said or 'no words'}"
    if status == 401:
        return sign_in(said)
    if status in (403, 409, 413, 400) and _QUOTA.search(said):
        return TeamError(
            "quota-exceeded",
            f"The project's quota does not allow it. {text}",
            "Delete an environment that nobody needs, or ask the project's manager for more; `/binder quota` shows the numbers.",
        )
    if status < 500 and _ADDRESSES.search(said):  # of what broke, nobody knows whether it worked
        return no_addresses(text)
    if status < 500 and _CAPACITY.search(said):
        return no_capacity(text)
    if status == 408:  # as a proxy says it, too, that the service did not answer in time
        return silent(asked, f"{status} {said}")
    if status in (425, 429) or (status == 413 and "retry-after" in headers):
        return TemporaryError(
            "cloud-busy",
            f"The cloud wants fewer requests. {text}",
            "It is tried again.",
            delay=_delay(headers),
        )
    if status == 403:
        return TeamError(
            "cloud-forbidden",
            f"The bot's account may not do this. {text}",
            "Whoever runs the bot must give its account the role `member`; `binderops check` shows what is missing.",
        )
    if status >= 500:
        return TemporaryError(
            "cloud-error",
            f"The cloud broke. {text}",
            "It is tried again.",
            delay=_delay(headers),
            is_unanswered=True,
        )
    return _by_text(status, said, text)


def _by_text(status: int, said: str, text: str) -> BinderopsError:
    for what, pattern in _SAYS_GONE.items():
        if status in (400, 404) and pattern.search(said):
            code, hint = _GONE[what]
            return NotFoundError(code, text, hint)
    if status == 404 and _NO_WAY_OUT.search(said):
        return RefusedError(
            "network-no-way-out",
            f"The instances' network is not connected to the one that floating IPs come from. {text}",
            "Whoever runs the bot must connect the two by a router, or name another network (cloud.network).",
        )
    if status == 404:
        return NotFoundError("cloud-not-found", text, "Retry: what names mean is looked up anew.")
    if "locked" in said.lower() and status == 409:
        return ConflictError(
            "server-locked",
            f"Somebody locked the instance in the cloud. {text}",
            "Unlock it there (`openstack server unlock`); the bot goes on by itself.",
        )
    if status in (409, 412, 423) or (status == 400 and _BUSY.search(said)):
        return ConflictError("cloud-conflict", text, "It is tried again.")
    return RefusedError(
        "cloud-refused", text, "Tell whoever runs the bot; the cloud's own words say what it does not take."
    )


def no_capacity(text: str) -> CapacityError:
    """No host has room for the flavor."""
    return CapacityError(
        "no-capacity",
        f"The cloud has no room for this flavor now. {text}",
        "Try a smaller flavor, or again later.",
    )


def no_addresses(text: str) -> CapacityError:
    """A network is out of addresses: the instances' own, or the one that floating IPs come from."""
    return CapacityError(
        "no-addresses",
        f"A network of the cloud has no address left. {text}",
        "It is tried again. Delete an environment that nobody needs, or ask whoever runs the cloud for more addresses; the"
        " message names the network.",
    )


def not_signed_in(status: int, said: str, headers: Mapping[str, str]) -> BinderopsError:
    """The identity service did not let us in. Nothing else was asked of the cloud, so nothing else can have worked."""
    is_credential = (
        status == 404 and "application credential" in said.lower()
    )  # Keystone's ApplicationCredentialNotFound
    if status in (400, 401, 403) or is_credential:
        return sign_in(one_line(said))
    if status in (408, 413, 425, 429) or status >= 500:
        error = refusal(status, said, {n.lower(): v for n, v in headers.items()}, asked="let the bot sign in")
        if isinstance(error, TemporaryError):
            error.is_unanswered = False
        return error
    return cloud_config("let the bot sign in", f"{status} {one_line(said)}")


def cloud_config(asked: str, said: str) -> RefusedError:
    """What clouds.yaml says does not fit the cloud: an address, a service, a region, an interface."""
    return RefusedError(
        "cloud-config",
        f"The cloud cannot be asked to {asked} as clouds.yaml has it: {one_line(said)}",
        "Whoever runs the bot must look at clouds.yaml: auth_url, region_name, interface, and the project.",
    )


def undiscovered(asked: str, said: str) -> TemporaryError:
    """A service did not say which versions it has, so that nothing was asked of it."""
    return TemporaryError(
        "cloud-error",
        f"The cloud was to be asked to {asked}, and a service does not tell its versions: {one_line(said)}",
        "It is tried again.",
    )


def sign_in(said: str) -> RefusedError:
    """The cloud does not take our credentials."""
    return RefusedError(
        "cloud-sign-in",
        f"The cloud does not accept the bot's credentials: {said or 'no words'}",
        "Whoever runs the bot must look at clouds.yaml: the application credential may be expired or revoked.",
    )


def silent(asked: str, said: str, *, is_unanswered: bool = True) -> TemporaryError:
    """No answer came: nobody knows whether it worked, except where the request had not left."""
    return TemporaryError(
        "cloud-silent",
        f"The cloud was asked to {asked} and did not answer: {said}",
        "It is tried again.",
        is_unanswered=is_unanswered,
    )


def garbled(asked: str, said: str, *, is_unanswered: bool = True) -> TemporaryError:
    """An answer came that is none of the API's: nobody knows whether it worked."""
    return TemporaryError(
        "cloud-garbled",
        f"The cloud was asked to {asked} and its answer makes no sense: {said[:200]}",
        "It is tried again; if it goes on, something between the bot and the cloud answers for it.",
        is_unanswered=is_unanswered,
    )


def words(body: str) -> str:
    """The sentence in an error's body, on one line; services put it at different places."""
    try:
        said = _message(json.loads(body))
    except (ValueError, RecursionError):  # a proxy's HTML page, or nonsense
        said = re.sub(r"<[^>]*>", " ", _UNSEEN.sub(" ", body[:_MOST_OF_A_PAGE]))
    return one_line(said)


def one_line(said: str) -> str:
    """What somebody else said, on one line, cut short, without what no database or terminal takes."""
    seen = "".join(c if c.isprintable() else " " for c in said)
    return _LONG.sub(lambda long: f"{long[0][:_LONG_KEPT]}...", " ".join(seen.split()))[:_MOST_WORDS].rstrip()


def _message(found: Any) -> str:
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        for key in ("message", "faultstring"):
            if isinstance(found.get(key), str):
                return str(found[key])
        for value in found.values():
            if said := _message(value):
                return said
    return ""


def _delay(headers: Mapping[str, str]) -> timedelta:
    """What the cloud asks for, between 2 seconds and 2 minutes."""
    value = headers.get("retry-after", "")
    return timedelta(seconds=min(120, max(2, int(value[:9])))) if value.isdecimal() else timedelta(seconds=2)
