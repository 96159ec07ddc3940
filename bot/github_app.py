"""From settings to the GitHub App of a deployment, and the check of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.masking import hide
from bot.settings import Settings, lines_of
from bot.source_policy import source_policy
from provisioning.checks import Finding, fail, failed, ok, warn
from provisioning.errors import BinderopsError, TemporaryError
from provisioning.sources import SourcePolicy
from provisioning.sources.github_app import GitHubApp
from provisioning.sources.github_app_words import About, incomplete, private_key

CHECK = "github-app"
_SECRET = "github_app_private_key"  # noqa: S105  the field's name


def policy_with_app(settings: Settings, clock: Callable[[], datetime]) -> SourcePolicy:
    """What a lookup may look at, and the App that opens what is private. Raises what `github_app` raises."""
    return replace(source_policy(settings), app=github_app(settings, clock))


def github_app(settings: Settings, clock: Callable[[], datetime]) -> GitHubApp | None:
    """The App; None where the settings name none.

    Raises `RefusedError` (``github-app-incomplete``, ``github-app-key-wrong``): before the first launch rather than in it.
    """
    app, key = settings.values["github_app.id"], settings.secrets.now(_SECRET)
    if app is None and not key:
        return None
    if app is None:
        raise incomplete("github_app.id", "GITHUB_APP_PRIVATE_KEY")
    if not key:
        raise incomplete("GITHUB_APP_PRIVATE_KEY", "github_app.id")
    private_key(key)

    def now() -> str:
        found = settings.secrets.now(_SECRET)
        hide(lines_of(found))  # a renewed file's too
        return found

    return GitHubApp(
        str(app), now, api=settings.text("github_app.api_url"), policy=source_policy(settings), clock=clock
    )


async def check(settings: Settings, clock: Callable[[], datetime]) -> Finding | None:
    """Whether GitHub takes the App's key, and what the App may do; None where the settings name none. Makes no token."""
    try:
        app = github_app(settings, clock)
        return None if app is None else verdict(await app.about(), app.host)
    except TemporaryError as error:
        mend = "Run the check again; www.githubstatus.com says how GitHub is. Else see whether this machine may reach that host."
        return fail(CHECK, f"{error.message} [{error.code}]", mend)
    except BinderopsError as error:
        return failed(CHECK, error)


def verdict(about: About, host: str) -> Finding:
    """What GitHub's answer means. Pure."""
    said = f"{about.name} of {about.owner or 'nobody'} at {host}, contents: {about.contents or 'none'}"
    if about.contents not in ("read", "write"):
        mend = "Whoever owns the App must give it the repository permission Contents: Read-only; owners of installations then accept it."
        return fail(CHECK, f"{said}: it cannot read a repository", mend)
    if about.installations == 0:
        mend = f"Whoever administers repositories must install it on them: {about.page}/installations/new"
        return warn(CHECK, f"{said}: it is installed nowhere", mend)
    if about.contents == "write":
        mend = "Set Contents to Read-only on the App's page: Binderops asks for no more, but whoever has the key could."
        return warn(CHECK, f"{said}: it may write", mend)
    where = (
        ""
        if about.installations is None
        else f", installed on {about.installations} account{'s' * (about.installations != 1)}"
    )
    return ok(CHECK, f"{said}{where}")
