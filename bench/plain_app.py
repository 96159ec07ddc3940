"""The bot that is written first: Bolt as its documentation has it, and each command's work done in the handler, then the ack.

It reads and resolves with the same code as the bot, keeps a row, and talks to the same Slack. Started by `bench.ack`, ended by SIGTERM.
"""

import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web
from psycopg_pool import AsyncConnectionPool
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import COMMANDS
from bot.http_mode import PATH
from bot.intents import Details
from bot.reading import FormWanted, read
from bot.runtime import until_told_to_stop
from provisioning.sources import SourcePolicy, resolve

TABLE = """
    create table plain_binders (
        id bigserial primary key, channel text not null, owner text not null, repo text not null, commit text not null,
        phase text not null default 'requested', at timestamptz not null default now()
    );
    create index on plain_binders (owner, id);
    create index on plain_binders (channel, id)
"""
_INSERT = "insert into plain_binders (channel, owner, repo, commit) values (%s, %s, %s, %s) returning id"
_MINE = "select id, repo, phase from plain_binders where owner = %s order by id desc limit 20"
_CHANNELS = "select id, repo, phase from plain_binders where channel = %s order by id desc limit 20"
_COUNT = "select count(*) from plain_binders where phase = 'ready'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What it is told beside its environment."""

    port: int
    allow_exact: list[str]

    def written(self) -> str:
        return json.dumps(asdict(self))


class Plain:
    """Its handler."""

    def __init__(self, pool: AsyncConnectionPool[Any], allow_exact: list[str]) -> None:
        self._pool = pool
        self._allow_exact = tuple(allow_exact)

    async def on_command(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """All of a command's work, then its ack."""
        wanted = read(body["text"], COMMANDS, offers={}, allow_exact=self._allow_exact)
        if not isinstance(wanted, FormWanted) and wanted.details.request:
            await self._launch(wanted.details, body, client)
        elif not isinstance(wanted, FormWanted):
            await respond(text=await self._said(wanted.verb, wanted.details, body))
        await ack()

    async def _launch(self, details: Details, body: dict[str, Any], client: AsyncWebClient) -> None:
        assert details.request is not None
        found = await resolve(details.request, policy=SourcePolicy(allow_exact=self._allow_exact))
        kept = (body["channel_id"], body["user_id"], details.request.repo, found.commit)
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_INSERT, kept)).fetchone()
        text = f"<@{body['user_id']}> launches {details.request.repo} as {row}"
        await client.chat_postMessage(channel=body["channel_id"], text=text)

    async def _said(self, verb: str, details: Details, body: dict[str, Any]) -> str:
        if verb == "help":
            return "\n".join(f"/binder {command.usage}: {command.summary}" for command in COMMANDS.values())
        query, values = _MINE, [body["user_id"]]
        if details.in_channel:
            query, values = _CHANNELS, [body["channel_id"]]
        elif verb == "quota":
            query, values = _COUNT, []
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(query.encode(), values)).fetchall()
        return "\n".join(" ".join(map(str, row)) for row in rows) or "None."


async def serve(told: Told) -> None:
    """Until SIGTERM."""
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])
    async with AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=4, max_size=10, open=False) as pool:
        app.command("/binder")(Plain(pool, told.allow_exact).on_command)
        runner = web.AppRunner(app.web_app(path=PATH), access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", told.port).start()
        print("serves", flush=True)
        await until_told_to_stop()
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Told(**json.loads(sys.argv[1]))))
