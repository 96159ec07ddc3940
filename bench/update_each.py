"""The bot that is written first: one message for each build, and an edit for each change, one after the other.

``Retry-After`` is honoured by the SDK's own handler, ``--retries`` times for a change; a change that is refused more often is
left out. Changes come as JSON lines on its standard input. Started by `bench.slack`, ended by SIGTERM or the end of input.
"""

import argparse
import asyncio
import json
import os
import sys
from contextlib import suppress

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

_PATIENCE_S = 30


class Told:
    """One build's message."""

    def __init__(self, slack: AsyncWebClient, channel: str) -> None:
        self._slack, self._channel = slack, channel
        self.texts: asyncio.Queue[str] = asyncio.Queue()
        self._ts = ""

    async def run(self) -> None:
        """Show each text in its turn."""
        while True:
            text = await self.texts.get()
            with suppress(SlackApiError, TimeoutError):  # ratelimited once too often: this change is left out
                await self._show(text)

    async def _show(self, text: str) -> None:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
        if self._ts:
            await self._slack.chat_update(channel=self._channel, ts=self._ts, text=text, blocks=blocks)
        else:
            posted = await self._slack.chat_postMessage(channel=self._channel, text=text, blocks=blocks)
            self._ts = posted["ts"]


async def serve(retries: int) -> None:
    """Until the end of input."""
    slack = AsyncWebClient(
        token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"], timeout=_PATIENCE_S,
        retry_handlers=[AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(max_retry_count=retries)],
    )  # fmt: skip
    slack.proxy = None  # the SDK takes HTTPS_PROXY for every host, this machine included
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    told: dict[str, Told] = {}
    running = []
    print("serves", flush=True)
    while given := await lines.readline():
        change = json.loads(given)
        if change["name"] not in told:
            told[change["name"]] = Told(slack, change["channel"])
            running.append(asyncio.create_task(told[change["name"]].run()))
        told[change["name"]].texts.put_nowait(change["text"])
    for task in running:
        task.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--retries", type=int, required=True)
    asyncio.run(serve(parser.parse_args().retries))
