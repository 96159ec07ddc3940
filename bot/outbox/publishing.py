"""Publishing a person's Home tab. May be repeated: the newest view is all that counts."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot import blocks
from bot.effects import PRIVATE_LINK
from bot.outbox.answers import NotTaken, ask
from bot.outbox.responding import with_link
from bot.outbox.row import Claimed, Result, Sent, Unknown
from provisioning.errors import BinderopsError, TemporaryError


class Publisher:
    """Shows a Home; the private link in it, where there is one, is made now and stored nowhere."""

    def __init__(
        self, slack: AsyncWebClient, private_link: Callable[[Mapping[str, Any]], Awaitable[str]]
    ) -> None:
        self._slack = slack
        self._private_link = private_link

    async def publish(self, row: Claimed) -> Result:
        """Publish what the row holds, unless Slack shows another view than the one we know of."""
        try:
            view = await self._view(row)
        except TemporaryError as error:
            return Unknown(why=error.code)
        try:
            answer = await ask(
                self._slack.views_publish(user_id=str(row.body["user"]), view=view, hash=row.ts or None)
            )
        except NotTaken as error:
            return error.result
        return Sent(rev=row.body_rev, ts=str(answer["view"]["hash"]))

    async def _view(self, row: Claimed) -> dict[str, Any]:
        view: dict[str, Any] = row.body["view"]
        private = (row.body.get("said") or {}).get("private")
        if not private:
            return view
        try:
            link = await self._private_link(private)
        except TemporaryError:
            raise
        except BinderopsError as error:  # it ended meanwhile
            return {**view, "blocks": [_instead(block, error) for block in view["blocks"]]}
        linked: dict[str, Any] = with_link(view, link)
        return linked


def _instead(block: dict[str, Any], error: BinderopsError) -> dict[str, Any]:
    """Words where the link was to be."""
    if PRIVATE_LINK not in str(block):
        return block
    words = f"{error.message} {error.hint}".strip()
    return blocks.section(blocks.words(words, 600))
