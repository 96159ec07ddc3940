"""``launch.json``: all that a guest is told at birth. It holds no secret, only the bot's public keys.

The agent (`provisioning.guest`) reads it as plain JSON; the shape below is the contract, version 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from provisioning.clouds import Address
from provisioning.guest.rules import Rules
from provisioning.model import Binder, Json, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a guest lets a repository use."""

    source_mib: int = 2048
    fetch_s: int = 600
    build_s: int = 5400
    start_s: int = 600


def launch_json(
    binder: Binder,
    plan: Plan,
    address: Address,
    *,
    deployment: str,
    runtime: str,
    bot_keys: Sequence[str],
    allow_exact: Sequence[str],
    limits: Limits,
    rules: Rules | None = None,
    work_id: str | None = None,
) -> Json:
    """The guest's orders for this attempt. ``bot_keys``: base64 of raw Ed25519 public keys, current first.

    ``work_id``: the cloud's id of the binder's work volume, by which the guest knows the disk.
    """
    url = plan.source_url or plan.request.repo
    told = (rules or Rules()).for_guest(url)
    return {
        "v": 1,
        "binder": binder.id,
        "attempt": binder.attempt,
        "deployment": deployment,
        "team": binder.team,
        "title": plan.title,
        "source": {
            "provider": plan.request.provider,
            "kind": plan.source_kind,  # git, archive, swh, zenodo, figshare, dataverse, hydroshare, ckan
            "url": url,
            "commit": plan.commit,
            "ref": plan.ref,
            "address": plan.source_address,  # git connects to this one; empty: not checked (allow_exact), or not git's
            "allow_exact": list(allow_exact),
            **(
                {"awaits_token": True} if plan.needs_token else {}
            ),  # the bot hands it over; it is not in here
            "rules": {"allow": list(told.allow), "deny": list(told.deny), "ask": told.ask},
        },
        "path": plan.request.path,
        "path_kind": str(plan.request.path_kind),
        "open_url": plan.request.open_url,
        **({"volume": {"name": binder.volume.name, "id": work_id}} if binder.volume and work_id else {}),
        "runtime": runtime,  # docker: repo2docker and Docker; venv: a private virtual environment
        "tls": address.tls,
        "issuers": list(address.issuers),
        "public_url": address.public_url,
        "listen": address.listen,
        "bot_keys": list(bot_keys),
        "limits": {
            "source_mib": limits.source_mib,
            "fetch_s": limits.fetch_s,
            "build_s": limits.build_s,
            "start_s": limits.start_s,
        },
    }
