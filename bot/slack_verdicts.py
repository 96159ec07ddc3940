"""What Slack's answers mean for whoever brings the bot into a workspace: findings, each with how to mend it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot import blocks
from provisioning.checks import Finding, fail, ok, unknown, warn

_REINSTALL = "In the app's settings (https://api.slack.com/apps): paste manifest.yml under App Manifest, save, and reinstall the app."
_TOKEN = "Take the Bot User OAuth Token (xoxb-...) under OAuth & Permissions into SLACK_BOT_TOKEN."  # noqa: S105  a sentence
_APP_TOKEN = "Make an app-level token (xapp-...) with the scope connections:write under Basic Information, into SLACK_APP_TOKEN."  # noqa: S105  a sentence
_SECRET = "Take the Signing Secret under Basic Information, App Credentials, into SLACK_SIGNING_SECRET."  # noqa: S105  a sentence
_NAMED = 5
#: A message with the block that not every workspace takes.
PLAN = {
    "text": "A plan",
    "blocks": [blocks.plan("A plan", [blocks.task("one", "A step", "in_progress", ["what it says"])])],
}


def no_secrets() -> Finding:
    """None of Slack's secrets is set: somebody looks at the cloud first."""
    said = "not looked at: neither SLACK_BOT_TOKEN nor SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set"
    return warn("slack", said, "Set them for `serve`; docs/howto/serve-a-workspace.md shows each click.")


def token_missing() -> Finding:
    """There is no bot token."""
    return fail("slack-token", "SLACK_BOT_TOKEN is not set", _TOKEN)


def token(answer: Mapping[str, Any]) -> Finding:
    """Slack takes the bot's token."""
    if not answer.get("bot_id"):
        return fail("slack-token", "it is a person's token, not the bot's", _TOKEN)
    return ok("slack-token", f"{answer.get('user')} in {answer.get('team')} ({answer.get('team_id')})")


def token_refused(error: str) -> Finding:
    """Slack does not take it, or does not answer."""
    mends = {
        "not_allowed_token_type": _TOKEN,
        "token_expired": "Switch token rotation off in the app's settings and install the app again.",
        "account_inactive": "Install the app again: it was taken out of the workspace.",
        "token_revoked": "Install the app again, and renew SLACK_BOT_TOKEN.",
    }
    return fail("slack-token", f"Slack refuses it ({error})", mends.get(error, _TOKEN))


def away(check: str, error: str) -> Finding:
    """Nobody answered."""
    mend = "Check this machine's way to slack.com, its proxy (HTTPS_PROXY) and SLACK_API_URL, and run the check again."
    return fail(check, f"Slack does not answer ({error})", mend)


def scopes(granted: str | None, wanted: Collection[str]) -> Finding:
    """What the installation may, against the manifest. ``granted``: as the header of Slack's answers lists it."""
    if granted is None:
        return unknown("slack-scopes", "Slack does not tell which scopes the token has")
    has = {scope.strip() for scope in granted.split(",") if scope.strip()}
    if missing := sorted(set(wanted) - has):
        return fail("slack-scopes", f"the token lacks {', '.join(missing)}", _REINSTALL)
    if more := sorted(has - set(wanted)):
        said = f"the token has more than manifest.yml asks for: {', '.join(more)}"
        return warn("slack-scopes", said, f"The bot does not need them. {_REINSTALL}")
    return ok("slack-scopes", f"all {len(has)} of manifest.yml")


def plan_blocks(error: str) -> Finding:
    """Whether this workspace takes ``plan`` blocks; ``error``: empty where it does."""
    if not error:
        return ok("slack-blocks", "this workspace takes plan blocks")
    if error.startswith("invalid_"):
        said = "this workspace takes no plan blocks: progress is told in plain sections"
        return warn("slack-blocks", said, "Nothing needs to be done; the bot finds out by itself.")
    return unknown("slack-blocks", f"Slack does not tell whether it takes plan blocks ({error})")


def app_token_missing() -> Finding:
    """Socket Mode without its token."""
    return fail("slack-socket", "SLACK_APP_TOKEN is not set", _APP_TOKEN)


def socket_refused(error: str) -> Finding:
    """Slack gives no address for Socket Mode."""
    if error in ("invalid_auth", "not_allowed_token_type", "missing_scope", "not_authed", "token_revoked"):
        return fail("slack-socket", f"Slack refuses the app token ({error})", _APP_TOKEN)
    mend = "Switch Socket Mode on in the app's settings, and look at the app token."
    return fail("slack-socket", f"Slack gives no address for Socket Mode ({error})", mend)


def socket(url: str, trouble: str) -> Finding:
    """Whether its host can be reached from here. No connection is opened: a running bot's envelopes would come to it."""
    host = urlsplit(url).hostname
    if trouble:
        mend = f"Let this machine open connections to {host}, port 443; a proxy must pass websockets."
        return fail("slack-socket", f"{host} cannot be reached from here ({trouble})", mend)
    return ok("slack-socket", f"Slack gives an address, and {host} can be reached")


def secret_missing() -> Finding:
    """HTTP mode without the signing secret."""
    return fail("slack-url", "SLACK_SIGNING_SECRET is not set", _SECRET)


def url_unknown() -> Finding:
    """HTTP mode, and nobody said where Slack finds us."""
    return unknown(
        "slack-url",
        "which address Slack calls is not known here",
        "Give it: --url https://your.host/slack/events",
    )


def url(address: str, status: int, *, is_echoed: bool) -> Finding:
    """What the public address answered to a signed challenge."""
    if is_echoed:
        return ok("slack-url", f"the bot answers at {address}")
    if status == 401:
        mend = "The proxy must hand on headers and bytes unchanged; SLACK_SIGNING_SECRET must be the same there and here; the clocks must agree."
        return fail("slack-url", f"{address} refuses Slack's signature (401)", mend)
    return fail("slack-url", f"{address} answers {status}, not as the bot would", _LEAD)


def url_silent(address: str, error: str) -> Finding:
    """The public address does not answer."""
    return fail("slack-url", f"{address} does not answer ({error})", _LEAD)


def url_wrong(address: str) -> Finding:
    """Slack calls https only."""
    return fail(
        "slack-url",
        f"{address} is no https address",
        "Slack calls https addresses only, with a valid certificate.",
    )


def channels(names: Sequence[str], *, has_more: bool) -> Finding:
    """Where the bot can tell of launches."""
    if not names:
        said = "the bot is in no channel; launches work in the direct message with it only"
        return warn(
            "slack-channels", said, "Type /invite @binderops in the channels where people shall launch."
        )
    shown = ", ".join(f"#{name}" for name in names[:_NAMED])
    count = f"{len(names)}{' or more' if has_more else ''}"
    more = ", ..." if len(names) > _NAMED else ""
    return ok("slack-channels", f"the bot is in {count}: {shown}{more}")


def channels_untold(error: str) -> Finding:
    """Slack does not say which."""
    return unknown("slack-channels", f"Slack does not tell which channels the bot is in ({error})")


_LEAD = "`serve --slack http` must run, and the proxy must lead POST /slack/events to its --http address."
