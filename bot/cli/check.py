"""Check what launches need of Slack, the database and the cloud, each line with how to mend it.

Creates nothing, except with ``--launch``.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from bot import database_check, github_app
from bot.clouds import is_local, local_cloud, openstack_cloud, openstack_settings, plans, plans_on, program
from bot.runtime import database_as_it_is, utc_now
from bot.settings import Settings
from bot.slack_checks import SlackChecks
from bot.slack_client import make_client
from provisioning import site_watch
from provisioning.checks import Finding, State, failed, has_failed, skipped, summary
from provisioning.clouds import Cloud, local_checks
from provisioning.clouds.openstack import OpenStackSettings
from provisioning.clouds.openstack_checks import ProjectChecks
from provisioning.clouds.openstack_facts import OpenStackFacts
from provisioning.clouds.openstack_verdicts import chosen as chosen_flavor
from provisioning.errors import BinderopsError, RefusedError
from provisioning.model import Flavor
from provisioning.phases import Policy
from provisioning.site_watch import SiteWatch
from provisioning.sites import unknown_cloud
from provisioning.trial import Trial
from provisioning.trial_undo import Time

SUMMARY = "check what launches need of Slack, the database and the cloud"

_NEEDED_TO_ASK = ("sign-in", "services")
_LOOK_EVERY_S = 1.0
_TERMINATED = 128 + signal.SIGTERM
_LEFT = {State.FAIL: "FAIL"}  # what must not be overlooked
_WIDTH = max(len(state) for state in State)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which cloud, how far, and for whom."""
    parser.add_argument(
        "--cloud",
        metavar="NAME",
        help="one of the clouds of the settings; openstack or local as for serve; without it all that serve would use",
    )
    parser.add_argument(
        "--slack",
        choices=["socket", "http", "none"],
        help="how Slack reaches the bot, as for serve; without it whatever the secrets that are set fit; none leaves Slack out",
    )
    parser.add_argument(
        "--url",
        default="",
        metavar="URL",
        help="with --slack http: the address that Slack calls, such as https://your.host/slack/events",
    )
    parser.add_argument(
        "--launch", action="store_true", help="really make an instance with all it needs, and delete it again"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object for each line")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print each finding as it is known; exit 1 where one fails."""
    printed = Printed(is_json=arguments.json)
    try:
        asyncio.run(_check(arguments, settings, printed))
    except asyncio.CancelledError:  # SIGTERM; what was made is deleted by now, or told
        return _TERMINATED
    if not arguments.json:
        print(f"\n{summary(printed.findings)}")
    return 1 if has_failed(printed.findings) else 0


@dataclass
class Printed:
    """What was printed so far, of one cloud after the other."""

    is_json: bool
    findings: list[Finding] = field(default_factory=list)
    cloud: str = ""  # where there are several, the name of the one that is looked at

    def begin(self, cloud: str) -> None:
        """The findings of this cloud follow."""
        self.cloud = cloud
        if cloud and not self.is_json:
            print(f"cloud {cloud}", flush=True)

    def say(self, finding: Finding) -> None:
        """One finding, at once: a person watches."""
        self.findings.append(finding)
        lines = [as_json(finding, self.cloud)] if self.is_json else as_text(finding)
        try:
            print("\n".join(lines), flush=True)
        except BrokenPipeError:  # nobody listens any more: what was made must be deleted all the same
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_json(finding: Finding, cloud: str = "") -> str:
    """One object on one line."""
    told = {"check": finding.check, "state": finding.state, "said": finding.said, "mend": finding.mend}
    return json.dumps(({"cloud": cloud} if cloud else {}) | told, ensure_ascii=False)


def as_text(finding: Finding) -> list[str]:
    """The line for a person, and below it how to mend it."""
    state = _LEFT.get(finding.state, str(finding.state))
    said = f"{state:<{_WIDTH}}  {finding.check}: {finding.said}"
    return [said, f"{'':<{_WIDTH}}  -> {finding.mend}"] if finding.mend else [said]


async def _check(arguments: argparse.Namespace, settings: Settings, printed: Printed) -> None:
    if (me := asyncio.current_task()) is not None:  # as Ctrl-C: what was made is deleted first
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    await _check_slack(settings, arguments, printed)
    printed.say(await database_check.check(settings))
    if (finding := await github_app.check(settings, utc_now)) is not None:
        printed.say(finding)
    for name, chosen in wanted(settings, arguments.cloud).items():
        printed.begin(name)
        if chosen is None:
            await _check_machine(settings, printed, is_launched=arguments.launch)
        else:
            await _check_project(settings, name, chosen, printed, is_launched=arguments.launch)


async def _check_slack(settings: Settings, arguments: argparse.Namespace, printed: Printed) -> None:
    secrets = settings.secrets
    over = arguments.slack or (
        "http" if secrets.slack_signing_secret and not secrets.slack_app_token else "socket"
    )
    if over == "none":
        return
    checks = SlackChecks(
        slack=make_client(settings), secrets=secrets, over=over, url=arguments.url, now=utc_now()
    )
    async for finding in checks.run():
        printed.say(finding)


def wanted(settings: Settings, asked: str | None) -> dict[str, OpenStackSettings | None]:
    """The clouds to look at, by name; None is this machine. Raises `PersonError` (``unknown-cloud``)."""
    named = openstack_settings(settings)
    by_lower = {name.casefold(): name for name in named if name}
    if asked and asked.casefold() in by_lower:
        name = by_lower[asked.casefold()]
        return {name: named[name]}
    if asked not in (None, "local", "openstack"):
        raise unknown_cloud(str(asked), tuple(by_lower.values()))
    return {"": None} if is_local(settings, asked) else dict(named)


async def _check_project(
    settings: Settings, name: str, chosen: OpenStackSettings, printed: Printed, *, is_launched: bool
) -> None:
    deployment = settings.text("deployment")
    cloud = openstack_cloud(settings, chosen, utc_now)
    checks = ProjectChecks(
        facts=OpenStackFacts(cloud), settings=chosen, plans=plans_on(settings, name, chosen), deployment=deployment,
        now=utc_now,
    )  # fmt: skip
    try:
        findings = _but_the_console(checks.run()) if is_launched else checks.run()
        seen = [finding async for finding in said(findings, printed)]
        can_ask = not any(finding.blocks for finding in seen if finding.check in _NEEDED_TO_ASK)
        first = next(iter(openstack_settings(settings)))
        await _check_environments(
            settings, cloud if can_ask else None, {name, ""} if name == first else {name}, printed
        )
        if is_launched and checks.flavor is None:
            printed.say(skipped("launch", "sign-in and flavor"))
        elif is_launched and checks.flavor is not None:
            await _launch(cloud, deployment, checks.flavor, chosen.image, checks.policy, printed)
    finally:
        await cloud.close()


async def _check_machine(settings: Settings, printed: Printed, *, is_launched: bool) -> None:
    paths = {name: _path(name) for name in ("caddy", "uv")}
    for finding in await asyncio.to_thread(lambda: tuple(local_checks.check(settings.home, paths))):
        printed.say(finding)
    if None not in paths.values():
        await _check_environments(settings, local_cloud(settings), {""}, printed)
    if is_launched and None in paths.values():
        printed.say(skipped("launch", "caddy and uv"))
    elif is_launched:
        cloud, policies = local_cloud(settings), plans(settings, "local")
        flavor = chosen_flavor(await cloud.flavors(), policies)
        if flavor is not None:
            await _launch(
                cloud, settings.text("deployment"), flavor, policies.default_image, Policy(), printed
            )


async def _but_the_console(findings: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """All but the console where no instance has one: the launch for trial reads its own."""
    async for finding in findings:
        if (finding.check, finding.state) != ("console", State.UNKNOWN):
            yield finding


async def said(findings: AsyncIterator[Finding], printed: Printed) -> AsyncIterator[Finding]:
    """Each finding, once it is printed."""
    async for finding in findings:
        printed.say(finding)
        yield finding


async def _check_environments(
    settings: Settings, cloud: Cloud | None, names: set[str], printed: Printed
) -> None:
    """Whether the settings lead to where the environments are; nothing where there is no database yet. None: it cannot be asked."""
    try:
        async with database_as_it_is(settings) as db:
            if db is not None and cloud is None:
                printed.say(skipped(site_watch.CHECK, " and ".join(_NEEDED_TO_ASK)))
            elif db is not None and cloud is not None:
                watch = SiteWatch(db=db, deployment=settings.text("deployment"), clock=utc_now)
                printed.say(await watch.finding(cloud, names))
    except BinderopsError as error:
        printed.say(failed(site_watch.CHECK, error))


async def _launch(
    cloud: Cloud, deployment: str, flavor: Flavor, image: str, policy: Policy, printed: Printed
) -> None:
    waits = Time(seconds=time.monotonic, pause=lambda: asyncio.sleep(_LOOK_EVERY_S))
    await Trial(
        cloud=cloud, deployment=deployment, flavor=flavor, image=image, policy=policy, time=waits, say=printed.say
    ).run()  # fmt: skip


def _path(name: str) -> Path | None:
    try:
        return program(name)
    except RefusedError:
        return None
