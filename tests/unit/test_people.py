"""What Slack says when it is asked who somebody is, and which of it waits."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.people import People, Place
from provisioning.errors import TemporaryError
from tests.conftest import Clock


class Refusing(AsyncWebClient):
    """A Slack that says the same to every call."""

    said = ""

    async def api_call(self, api_method: str, **_call: Any) -> AsyncSlackResponse:
        answer = AsyncSlackResponse(
            client=self, http_verb="POST", api_url=api_method, req_args={}, headers={}, status_code=200,
            data={"ok": False, "error": self.said},
        )  # fmt: skip
        raise SlackApiError("refused", answer)  # type: ignore[no-untyped-call]  # the SDK says no types


def asking(said: str, clock: Clock) -> People:
    slack = Refusing()
    slack.said = said
    return People(slack, clock)


@pytest.mark.parametrize(
    "said", ["invalid_auth", "missing_scope", "token_revoked", "account_inactive", "not_authed"]
)
async def test_given_a_refusal_that_an_operator_mends_when_asked_about_a_person_then_the_wish_waits(
    said: str, clock: Clock
) -> None:
    with pytest.raises(TemporaryError, match=said):
        await asking(said, clock).person("T1", "U1")


async def test_given_a_refusal_for_good_when_asked_about_a_person_then_it_stays_one(clock: Clock) -> None:
    with pytest.raises(SlackApiError):
        await asking("invalid_arguments", clock).person("T1", "U1")


async def test_given_a_channel_that_the_bot_may_not_ask_about_then_it_is_not_in_it(clock: Clock) -> None:
    assert await asking("missing_scope", clock).place("C1") == Place(is_ours=False)
