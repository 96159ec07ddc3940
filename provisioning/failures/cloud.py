"""Why a binder fails where no exception says it: what the cloud shows, or does not show in time, in words. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from provisioning import doubles
from provisioning.cloud_objects import CloudObject, Kind, Status
from provisioning.model import Binder, Failure
from provisioning.phases import LIMITS, Seen

STOPPED_FOR = timedelta(minutes=3)

# As Nova says it in a server's fault: the scheduler's NoValidHost and the retries' end.
_FULL = ("no valid host", "exceeded maximum number of retries", "maxretriesexceeded")
# Neutron's IpAddressGenerationFailure and Nova's NoMoreFixedIps; the end of the retries quotes the last of them.
_NO_ADDRESS = ("no more ip addresses", "no fixed ip addresses available", "unable to find any ip address")


def noticed(binder: Binder, seen: Seen, now: datetime) -> Binder:
    """The binder with since when its server is stopped: a host that reboots shows its servers so for a while."""
    if seen.objects is None:
        return binder
    server = doubles.kept(seen.objects, binder.attempt).get(Kind.SERVER)
    if server is None or server.status not in (Status.STOPPED, Status.SHELVED):
        return replace(binder, stopped_since=None)
    return replace(binder, stopped_since=binder.stopped_since or now)


def lost(binder: Binder, seen: Seen, now: datetime) -> Failure | None:
    """Why the attempt's server is no good: gone, broken, or stopped for longer than a host takes to come back: that came from outside."""
    if seen.objects is None:
        return None
    server = doubles.kept(seen.objects, binder.attempt).get(Kind.SERVER)
    if server is not None and server.status is Status.ERROR:
        return Failure(
            code="instance-error",
            message="The cloud put the running instance into an error state.",
            hint="Launch again, and tell whoever runs the cloud; they may still bring it back and save its files.",
            lines=_words(server),
        )
    if binder.stopped_since is not None and now >= binder.stopped_since + STOPPED_FOR:
        return Failure(
            code="instance-stopped",
            message="The instance was stopped from outside.",
            hint="Launch again; whoever stopped it may still start it and save its files.",
            lines=_words(server),
        )
    if server is not None:
        return None
    return Failure(
        code="instance-lost",
        message="The instance is gone: somebody or something removed it from outside.",
        hint="Launch again; what was not saved elsewhere is lost.",
        lines=_words(server),
    )


def could_not_start(broken: CloudObject) -> Failure:
    """A server or volume that ended in ERROR before it was ever there."""
    if broken.kind is Kind.VOLUME:
        return Failure(
            code="volume-error", message="The cloud could not make the instance's disk.",
            hint="Retry; if it happens again, tell whoever runs the bot.", lines=_words(broken),
        )  # fmt: skip
    said = broken.detail.lower()
    if any(words in said for words in _NO_ADDRESS):
        return Failure(
            code="no-addresses", message="A network of the cloud has no address left.",
            hint="Retry later, delete an environment that nobody needs, or ask whoever runs the cloud for more addresses.",
            lines=_words(broken),
        )  # fmt: skip
    if any(words in said for words in _FULL):
        return Failure(
            code="no-capacity", message="The cloud has no room for this flavor now.",
            hint="Try a smaller flavor, or again later. The cloud's own words are below.", lines=_words(broken),
        )  # fmt: skip
    return Failure(
        code="server-error", message="The cloud could not start the instance.",
        hint="Retry; another flavor may help. The cloud's own words are below.", lines=_words(broken),
    )  # fmt: skip


def took_too_long(binder: Binder, code: str, what: str) -> Failure:
    """The phase's limit passed; the newest temporary error's words may say why."""
    minutes = round(LIMITS[binder.phase] / timedelta(minutes=1))
    return Failure(
        code=code, message=f"{what} within {minutes} minutes.",
        hint="Retry; if it happens again, tell whoever runs the bot.",
        lines=(binder.last_error,) if binder.last_error else (),
    )  # fmt: skip


def _words(found: CloudObject | None) -> tuple[str, ...]:
    return (found.detail,) if found is not None and found.detail else ()
