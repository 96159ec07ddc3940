"""``chat.*``: posting, changing and deleting messages, refused as Slack refuses them (docs.slack.dev/reference/methods)."""

from bot.playground.arguments import decoded, flag_of, needed
from bot.playground.refusals import (
    LONGEST_TEXT,
    LONGEST_UPDATE,
    SlackError,
    checked_attachments,
    checked_blocks,
    checked_metadata,
    checked_text,
)
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.workspace import APP, BOT, BOT_USER, TEAM, Channel, Kind, parent_ts


def post_message(site: Site, call: Json) -> Json:
    """Post in a channel that the bot is in, or to a person (then into their DM)."""
    channel = _channel_to_post(site, call)
    body = _content(call, longest=LONGEST_TEXT)
    if not any(body.get(name) for name in ("text", "blocks", "attachments")):
        raise SlackError("no_text")
    thread_ts = parent_ts(channel, call.get("thread_ts"))
    if thread_ts and flag_of(call, "reply_broadcast"):
        body["subtype"] = "thread_broadcast"
    stored = site.workspace.post(channel, from_bot(body), thread_ts=thread_ts)
    site.spoken(channel, None, stored)
    answer: Json = {"channel": channel.id, "ts": stored["ts"], "message": stored}
    if len(str(call.get("text", ""))) > LONGEST_TEXT:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def from_bot(body: Json) -> Json:
    """A message's content with its author: the app."""
    return {"user": BOT_USER, "bot_id": BOT, "app_id": APP, "text": "", **body}


def _channel_to_post(site: Site, call: Json) -> Channel:
    wanted = str(call.get("channel", ""))
    workspace = site.workspace
    if wanted in workspace.users:
        return workspace.direct(wanted)
    by_name = (
        c for c in workspace.channels.values() if c.kind is Kind.PUBLIC and wanted in (c.name, f"#{c.name}")
    )
    channel = next(by_name, None) or workspace.channel(wanted)
    return writable(channel, archived="is_archived")


def writable(channel: Channel, *, archived: str) -> Channel:
    """The channel where the bot may write. Raises why it may not."""
    if not channel.has_bot and channel.kind is not Kind.PUBLIC:
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError(archived)
    if not channel.has_bot:
        raise SlackError("not_in_channel")
    return channel


def _content(call: Json, *, longest: int) -> Json:
    """What of a message was given, checked; what was not given is left out."""
    found: Json = {"text": checked_text(call, longest=longest)}
    if call.get("blocks") is not None:
        found["blocks"] = checked_blocks(decoded(call["blocks"], "invalid_blocks_format"))
    if call.get("attachments") is not None:
        found["attachments"] = checked_attachments(decoded(call["attachments"], "invalid_attachments"))
    if call.get("metadata") is not None:
        found["metadata"] = checked_metadata(decoded(call["metadata"], "invalid_metadata_format"))
    return {name: value for name, value in found.items() if value is not None}


def update(site: Site, call: Json) -> Json:
    """Change a message of the bot's own. ``text`` without ``blocks`` removes the blocks; neither keeps them."""
    channel = writable(site.workspace.channel(str(call.get("channel", ""))), archived="is_inactive")
    message = _own_message(channel, needed(call, "ts"), "cant_update_message")
    body = _content(call, longest=LONGEST_UPDATE)
    if not body:
        raise SlackError("no_text")
    if _is_rich(message) and "blocks" in body and not _is_rich(body):
        raise SlackError("block_mismatch")
    changed = {**message, **body}
    if "text" in body and "blocks" not in body:
        changed.pop("blocks", None)
    if not any(changed.get(name) for name in ("text", "blocks", "attachments")):
        raise SlackError("no_text")
    changed = {
        name: value for name, value in changed.items() if name not in ("attachments", "metadata") or value
    }
    if "blocks" not in body:  # with blocks no "(edited)" is shown
        changed["edited"] = {"user": BOT_USER, "ts": site.workspace.next_ts()}
    site.workspace.change(channel, message["ts"], changed)
    site.spoken(channel, message, changed)
    return {"channel": channel.id, "ts": message["ts"], "text": changed["text"], "message": changed}


def _is_rich(message: Json) -> bool:
    blocks = message.get("blocks") or []
    return bool(blocks) and all(block["type"] == "rich_text" for block in blocks)


def _own_message(channel: Channel, ts: str, error: str) -> Json:
    message = channel.messages.get(ts)
    if message is None or message.get("subtype") == "tombstone":
        raise SlackError("message_not_found")
    if message.get("bot_id") != BOT:
        raise SlackError(error)
    return message


def delete(site: Site, call: Json) -> Json:
    """Take a message of the bot's own out."""
    channel = writable(site.workspace.channel(str(call.get("channel", ""))), archived="channel_not_found")
    message = _own_message(channel, needed(call, "ts"), "cant_delete_message")
    site.workspace.remove(channel, message["ts"])
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(site: Site, call: Json) -> Json:
    """Show a message to one member of a channel."""
    user = needed(call, "user")
    channel = writable(site.workspace.channel(str(call.get("channel", ""))), archived="is_archived")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    body = _content(call, longest=LONGEST_UPDATE)
    body.pop("metadata", None)
    if not any(body.get(name) for name in ("text", "blocks", "attachments")):
        raise SlackError("no_text")
    if thread_ts := parent_ts(channel, call.get("thread_ts")):
        body["thread_ts"] = thread_ts
    stored = site.workspace.whisper(channel, user, from_bot(body))
    return {"message_ts": stored["ts"]}


def get_permalink(site: Site, call: Json) -> Json:
    """A lasting address of a message."""
    channel, ts = site.workspace.channel(needed(call, "channel")), needed(call, "message_ts")
    if ts not in channel.messages:
        raise SlackError("message_not_found")
    thread_ts = channel.messages[ts].get("thread_ts", ts)
    more = "" if thread_ts == ts else f"?thread_ts={thread_ts}&cid={channel.id}"
    place = f"archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": f"{site.base_url}{place}{more}", "team": TEAM}
