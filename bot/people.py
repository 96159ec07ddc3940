"""Who people are and which channels the bot is in, as Slack says, kept for a minute. Decides nothing (see `bot.access`)."""

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.access import Person
from bot.outbox.verdict import OPERATORS
from provisioning.errors import TemporaryError

#: Where the bot may not ask about a channel, it is not in it: an answer, not a fault.
_OF_A_PLACE = ("channel_not_found", "missing_scope", "method_not_supported_for_channel_type")
KEPT = timedelta(minutes=1)  # so that a person who was just made a guest does not act as a member for long
_MOST_KEPT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel, as far as posting in it goes."""

    is_ours: bool  # the bot is in it
    is_archived: bool = False


class People:
    """Asks Slack and remembers for a minute. Raises `TemporaryError` (``slack-away``) where Slack does not answer."""

    def __init__(self, slack: AsyncWebClient, clock: Callable[[], datetime]) -> None:
        self._slack = slack
        self._clock = clock
        self._home = ""
        self._kept: dict[tuple[str, str], tuple[datetime, Person]] = {}

    async def person(self, team: str, user: str) -> Person:
        """The person that a payload names."""
        at, kept = self._kept.get((team, user), (None, None))
        now = self._clock()
        if kept is not None and at is not None and now - at < KEPT:
            return kept
        found = await self._look_up(team, user)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[team, user] = (now, found)
        return found

    async def place(self, channel: str) -> Place:
        """The channel that a payload names; asked anew each time, since people invite the bot and try again at once."""
        try:
            answer = await _asked(self._slack.conversations_info(channel=channel), answers=_OF_A_PLACE)
        except SlackApiError as error:
            if error.response.get("error") in _OF_A_PLACE:
                return Place(is_ours=False)
            raise
        found: dict[str, Any] = answer.get("channel") or {}
        is_ours = bool(
            found.get("is_im") or found.get("is_member")
        )  # direct messages with others are not found at all
        return Place(is_ours=is_ours, is_archived=bool(found.get("is_archived")))

    async def _look_up(self, team: str, user: str) -> Person:
        if not self._home:
            self._home = str((await _asked(self._slack.auth_test()))["team_id"])
        if team != self._home:
            return Person(team=team, id=user, is_foreign=True)
        try:
            found: dict[str, Any] = (await _asked(self._slack.users_info(user=user)))["user"]
        except SlackApiError as error:
            if error.response.get("error") in ("user_not_found", "user_not_visible"):
                return Person(team=team, id=user, is_foreign=True)
            raise
        return Person(
            team=team,
            id=user,
            is_admin=bool(found.get("is_admin") or found.get("is_owner")),
            is_guest=bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
            is_bot=bool(found.get("is_bot") or found.get("is_workflow_bot")) or user == "USLACKBOT",
            is_deactivated=bool(found.get("deleted")),
            is_foreign=bool(found.get("is_stranger")) or found.get("team_id", team) != self._home,
        )


async def _asked(call: Awaitable[AsyncSlackResponse], *, answers: Container[str] = ()) -> AsyncSlackResponse:
    """The answer; what time or an operator cures becomes a `TemporaryError`, other refusals stay what they are.

    ``answers``: refusals that say what was asked for.
    """
    try:
        return await call
    except SlackApiError as error:
        status = getattr(error.response, "status_code", 500)
        said = str(error.response.get("error") or "")
        if said in OPERATORS and said not in answers:
            raise _turned_away(said) from error
        if status == 429 or status >= 500 or said in ("ratelimited", "internal_error", "fatal_error"):
            raise _away(error) from error
        raise
    except (TimeoutError, SlackClientError, aiohttp.ClientError, OSError, ValueError) as error:
        raise _away(error) from error


def _away(error: Exception) -> TemporaryError:
    return TemporaryError(
        "slack-away",
        f"Slack does not answer ({type(error).__name__}).",
        "It is asked again by itself.",
        delay=timedelta(seconds=5),
    )


def _turned_away(said: str) -> TemporaryError:
    """The wish waits, as messages in the outbox do, until whoever runs the bot has mended it."""
    return TemporaryError(
        "slack-away",
        f"Slack turns the bot away ({said}).",
        "Whoever runs the bot must renew its token or its scopes; it is asked again by itself.",
        delay=timedelta(seconds=30),
    )
