"""``files.*``: the announced upload and its completion. The message comes after the answer, as in Slack."""

import asyncio

from bot.playground.arguments import decoded, needed, number_of
from bot.playground.chat_methods import from_bot, writable
from bot.playground.refusals import SlackError, checked_blocks
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.workspace import parent_ts

SHARED_AFTER_S = 0.05


def get_upload_url(site: Site, call: Json) -> Json:
    """Where to send the bytes. A length of 0 counts as missing."""
    if not call.get("filename") or not number_of(call, "length", 0):
        raise SlackError("missing_argument")
    file = site.uploads.announce(str(call["filename"]), number_of(call, "length", 0))
    return {"upload_url": f"{site.base_url}upload/{file.upload}", "file_id": file.id}


def complete_upload(site: Site, call: Json) -> Json:
    """Share uploaded files in a channel or thread."""
    wanted = decoded(needed(call, "files") and call["files"], "invalid_arguments")
    if not isinstance(wanted, list) or not all(isinstance(entry, dict) for entry in wanted) or not wanted:
        raise SlackError("invalid_arguments")
    channel_id = call.get("channel_id") or call.get("channels")
    channel = None
    thread_ts = None
    if channel_id:
        if str(channel_id) not in site.workspace.channels:
            raise SlackError("channel_not_found")
        channel = writable(site.workspace.channel(str(channel_id)), archived="posting_to_channel_denied")
        thread_ts = parent_ts(channel, call.get("thread_ts"))
    files = [site.uploads.complete(entry.get("id"), entry.get("title")) for entry in wanted]
    shown = [file.shown(site.base_url) for file in files]
    if channel:
        body: Json = {"text": str(call.get("initial_comment") or ""), "files": shown, "upload": True}
        if call.get("blocks"):
            body["blocks"] = checked_blocks(decoded(call["blocks"], "invalid_blocks_format"))
        message = from_bot(body)
        later = asyncio.get_running_loop()
        later.call_later(SHARED_AFTER_S, lambda: site.workspace.post(channel, message, thread_ts=thread_ts))
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


def info(site: Site, call: Json) -> Json:
    """A file."""
    file = site.uploads.files.get(needed(call, "file"))
    if file is None:
        raise SlackError("file_not_found")
    return {"file": file.shown(site.base_url)}
