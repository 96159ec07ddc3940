"""Show the plan of a launch: the commit, the flavor, the price, the lifetime. Creates nothing.

``--user-data FILE`` also writes what the instance would be given at birth, with a documentation address (RFC 5737).
"""

import argparse
import asyncio
import os
from datetime import timedelta
from pathlib import Path

from bot.clouds import is_local, is_openstack_named, local_cloud, openstack_sites, plans
from bot.github_app import policy_with_app
from bot.grammar import content_of, parse
from bot.output import print_json
from bot.runtime import utc_now
from bot.settings import Settings
from bot.source_policy import guest_limits, source_policy
from provisioning.clouds import Address
from provisioning.launch_spec import launch_json
from provisioning.model import Binder, BinderId, Phase, Plan
from provisioning.plan import cost_su, make_plan
from provisioning.sites import Sites, site
from provisioning.sources import resolve
from provisioning.tickets import Signer
from provisioning.user_data import render

SUMMARY = "show what a launch would be"

_EXAMPLE = Address(
    public_url="https://192.0.2.10", agent_url="https://192.0.2.10", listen="0.0.0.0:443", tls="internal"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """TEXT and ``--user-data``."""
    parser.add_argument("text", nargs="+", metavar="TEXT", help="what follows /binder")
    parser.add_argument("--user-data", type=Path, metavar="FILE", help="write the user data there")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the plan as JSON."""
    plan = asyncio.run(_plan(" ".join(arguments.text), settings))
    pulled = content_of(plan.request.open_url)
    print_json({
        "repo": plan.request.repo, "commit": plan.commit, "ref": plan.ref, "title": plan.title,
        "path": plan.request.path, "path_kind": plan.request.path_kind, "open_url": plan.request.open_url,
        "content": pulled.repo if pulled else "",
        "flavor": plan.flavor.name, "image": plan.image, "su_per_hour": plan.flavor.su_per_hour,
        "hours": plan.lifetime / timedelta(hours=1), "cost_su": cost_su(plan),
        "needs_confirmation": plan.needs_confirmation, "cloud": plan.cloud,
    })  # fmt: skip
    if arguments.user_data:
        arguments.user_data.write_bytes(_user_data(plan, settings))
    return 0


async def _plan(text: str, settings: Settings) -> Plan:
    policy = policy_with_app(settings, utc_now)
    on_openstack = is_openstack_named(settings, os.environ) and not is_local(settings)
    # Where nobody said which cloud is meant, this machine's flavors stand in.
    here = site(local_cloud(settings), utc_now, plans=plans(settings))
    sites = openstack_sites(settings, utc_now) if on_openstack else Sites([here])
    try:
        request = parse(text, dict.fromkeys(sites.flavors(), ()), allow_exact=policy.allow_exact)
        chosen = sites.named(request.options.cloud)
        resolved = await resolve(request, policy=policy)
        return make_plan(request, resolved, await sites.offer(chosen), chosen.plans)
    finally:
        await sites.close()


def _user_data(plan: Plan, settings: Settings) -> bytes:
    """For a binder that will never be, with keys that sign nothing."""
    now = utc_now()
    binder = Binder(
        id=BinderId("aaaaaaaaaa"), team="", channel="", owner="", request=plan.request, plan=plan, phase=Phase.CREATING,
        outcome=None, failure=None, attempt=1, created_at=now, phase_since=now, expires_at=None, keep_until=None,
        warned=0, public_url="", report=None, last_action_at=now, errors_in_row=0, last_error="",
    )  # fmt: skip
    launch = launch_json(
        binder, plan, _EXAMPLE, deployment=settings.text("deployment"), runtime="docker",
        bot_keys=[Signer.generate().public_key for _ in range(2)], allow_exact=settings.texts("sources.allow_exact"),
        limits=guest_limits(settings), rules=source_policy(settings).rules,
    )  # fmt: skip
    return render(launch)
