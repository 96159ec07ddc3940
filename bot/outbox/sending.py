"""Posting, editing and uploading: one message, at most once.

A post whose answer was lost is looked for by its metadata before it is posted again; an edit may be repeated.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.blocks import without_plan
from bot.outbox.answers import PATIENCE_S, NotTaken, ask
from bot.outbox.row import Claimed, Refused, Result, Sent
from bot.outbox.verdict import NO_PLAN, NO_THREAD, TEXT_ONLY

EVENT_TYPE = "binderops"
_SEARCH_MARGIN = timedelta(minutes=5)  # how far Slack's clock and ours may lie apart
_PAGES = 10
_PAGE = 200

Found = Callable[[dict[str, Any]], bool]


class Sender:
    """Speaks to Slack's Web API; every call is made once."""

    def __init__(self, slack: AsyncWebClient) -> None:
        self._slack = slack

    async def post_or_update(self, row: Claimed, *, plain: bool) -> Result:
        """Post the message, or bring the posted one up to date. ``plain``: no plan blocks in this workspace."""
        try:
            if row.ts is not None:
                return await self._update(row, row.ts, plain=plain)
            if row.uncertain_since is not None:
                found = await self._find(row, row.uncertain_since, lambda m: _key(m) == row.key)
                if found is not None:
                    return Sent(rev=0, ts=found)  # which body it shows is not known: an edit follows
            return await self._post(row, plain=plain)
        except NotTaken as error:
            return error.result

    async def upload(self, row: Claimed, text: str) -> Result:
        """Put a log into the thread; one that is empty cannot be uploaded and is left out."""
        if not text:
            return Refused(error="empty-log")
        title = str(row.body["title"])
        try:
            if row.uncertain_since is not None:
                found = await self._find(row, row.uncertain_since, lambda m: title in _files(m))
                if found is not None:
                    return Sent(rev=row.body_rev)
            await ask(
                self._slack.files_upload_v2(
                    channel=row.channel, thread_ts=row.thread_ts, content=text, filename=title, title=title
                ),
                2 * PATIENCE_S,
            )
        except NotTaken as error:
            return error.result
        return Sent(rev=row.body_rev)

    async def _post(self, row: Claimed, *, plain: bool) -> Result:
        answer = await ask(
            self._slack.chat_postMessage(
                channel=row.channel,
                thread_ts=None if row.error == NO_THREAD else row.thread_ts,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": row.key}},
                unfurl_links=False,
                unfurl_media=False,
                **_content(row, plain=plain),
            )
        )
        return Sent(rev=row.body_rev, ts=str(answer["ts"]))

    async def _update(self, row: Claimed, ts: str, *, plain: bool) -> Result:
        await ask(self._slack.chat_update(channel=row.channel, ts=ts, **_content(row, plain=plain)))
        return Sent(rev=row.body_rev, ts=ts)

    async def _find(self, row: Claimed, since: datetime, is_it: Found) -> str | None:
        """The ts of the message that an earlier try posted, if it did."""
        oldest = f"{(since - _SEARCH_MARGIN).timestamp():.6f}"
        cursor = ""
        for _ in range(_PAGES):
            page = await ask(self._page(row, oldest, cursor))
            for message in page.get("messages") or []:
                if is_it(message):
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    async def _page(self, row: Claimed, oldest: str, cursor: str) -> AsyncSlackResponse:
        if row.thread_ts is not None and row.error != NO_THREAD:
            return await self._slack.conversations_replies(
                channel=row.channel,
                ts=row.thread_ts,
                oldest=oldest,
                limit=_PAGE,
                cursor=cursor or None,
                include_all_metadata=True,
            )
        return await self._slack.conversations_history(
            channel=row.channel,
            oldest=oldest,
            limit=_PAGE,
            cursor=cursor or None,
            include_all_metadata=True,
        )


def _content(row: Claimed, *, plain: bool) -> dict[str, Any]:
    """Text and blocks as this workspace takes them; the text alone where it refused all blocks."""
    blocks = row.body.get("blocks") or []
    if row.error == TEXT_ONLY:
        blocks = []
    elif plain or row.error == NO_PLAN:
        blocks = without_plan(blocks)
    return {"text": row.body["text"], "blocks": blocks}


def _key(message: dict[str, Any]) -> object:
    metadata = message.get("metadata") or {}
    return (
        (metadata.get("event_payload") or {}).get("key") if metadata.get("event_type") == EVENT_TYPE else None
    )


def _files(message: dict[str, Any]) -> list[object]:
    return [file.get("title") for file in message.get("files") or []]
