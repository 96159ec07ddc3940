"""What to do about how a sending went. Pure: a table of Slack's answers, and the decision for a row."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.blocks import has_plan
from bot.outbox.row import Claimed, RateLimited, Refused, Result, Sent, Unknown

#: Slack says no and will say no again (docs.slack.dev/reference/methods/chat.postMessage, chat.update,
#: files.completeUploadExternal, interactivity/handling-user-interaction on response_url).
PERMANENT = frozenset(
    {
        "channel_not_found", "is_archived", "is_inactive", "not_in_channel", "user_not_in_channel", "user_not_found",
        "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel", "no_permission", "msg_too_long", "no_text", "too_many_attachments",
        "edit_window_closed", "block_mismatch", "invalid_blocks", "invalid_blocks_format", "invalid_arguments",
        "invalid_channel", "posting_to_channel_denied", "used_url", "expired_url", "http-404", "http-410",
        "not_enabled", "view_too_large",  # views.publish
        "empty-log",  # ours: files.completeUploadExternal takes no empty file
    }
)  # fmt: skip

#: Whoever runs the bot cures these, however late; until then everything waits.
OPERATORS = frozenset(
    {
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
        "missing_scope",
    }
)

#: The message that was to be edited is not there or not ours: it is posted anew.
GONE = frozenset({"message_not_found", "cant_update_message"})

#: Somebody else published this Home since. Whose lease still holds does it again, over whatever is there.
OVERTAKEN = "hash_conflict"

#: Notes on a row that say how it is to be sent next; they outlast a failure of another kind.
NO_PLAN = "no-plan-blocks"
TEXT_ONLY = "invalid_blocks"
NO_THREAD = "thread_not_found"  # the message that the thread hung on was deleted: told in the channel instead

BACKOFF_LIMIT = timedelta(minutes=5)
UNKNOWN_ERROR_TRIES = 30  # some two hours of an error that the tables do not know
ANSWER_LIVES = timedelta(minutes=30)  # a response_url, docs.slack.dev/interactivity/handling-user-interaction
FILE_APPEARS = timedelta(seconds=15)  # a file's message comes some time after the call that shares it
PLAN_REFUSED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing more to send, save a newer body."""

    rev: int
    ts: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Once more, at ``at``."""

    at: datetime
    tries: int
    error: str
    ts: str | None
    posting_since: datetime | None
    hold: tuple[str, datetime] | None = None  # a budget, and when it may be used again


Verdict = Done | Again


def judge(row: Claimed, result: Result, now: datetime) -> Verdict:
    """What to write for ``row``.

    It is set aside only where Slack will never take it, a file also after hours of silence, an answer to one person once
    its response_url is dead.
    """
    match result:
        case Sent():
            return Done(rev=result.rev, ts=result.ts)
        case RateLimited():
            # Refused for its rate alone, so nothing was posted by this try.
            free_at = now + result.wait
            return Again(
                at=free_at if row.budget is None else now,
                tries=row.tries,
                error=_note(row, "ratelimited"),
                ts=row.ts,
                posting_since=row.uncertain_since,
                hold=(row.budget, free_at) if row.budget else None,
            )
        case Unknown() if row.method == "file" and row.tries >= UNKNOWN_ERROR_TRIES:
            # Looked for each time and never found; the person can ask for the log again.
            return Done(rev=row.body_rev, note=result.why)
        case Unknown() if row.method == "respond" and now - row.created_at >= ANSWER_LIVES:
            # Its URL is dead by now; this last try would have gone by the token, had Slack been there to say so.
            return Done(rev=row.body_rev, note=result.why)
        case Unknown():
            later = _later(row, result.why, now, posting_since=row.posting_since)
            return replace(later, at=max(later.at, now + FILE_APPEARS)) if row.method == "file" else later
        case Refused():
            return _refused(row, result.error, now)


def backoff(tries: int) -> timedelta:
    """1, 2, 4, ... seconds, up to five minutes."""
    return min(BACKOFF_LIMIT, timedelta(seconds=2 ** min(tries, 9)))


def plan_budget(team: str) -> str:
    """Held while the workspace takes no plan blocks."""
    return f"plan-blocks:{team}"


def _refused(row: Claimed, error: str, now: datetime) -> Verdict:
    if row.ts is not None and (error in GONE or error == OVERTAKEN):
        return Again(at=now, tries=row.tries, error=error, ts=None, posting_since=None)
    if error in ("invalid_blocks", "invalid_blocks_format") and row.error != TEXT_ONLY:
        return _without_blocks(row, now)
    if error == NO_THREAD and row.error != NO_THREAD:
        return Again(at=now, tries=row.tries + 1, error=error, ts=row.ts, posting_since=None)
    is_hopeless = row.tries >= UNKNOWN_ERROR_TRIES and error not in OPERATORS
    if error in PERMANENT or is_hopeless:
        return Done(rev=row.body_rev, note=error)
    return _later(row, error, now, posting_since=row.uncertain_since)


def _without_blocks(row: Claimed, now: datetime) -> Again:
    """A plan block: sections from now on in this workspace. Anything else: the text, which stands alone."""
    is_plan = has_plan(row.body.get("blocks") or []) and row.error != NO_PLAN
    hold = (plan_budget(row.team), now + PLAN_REFUSED_FOR) if is_plan else None
    error = NO_PLAN if is_plan else TEXT_ONLY
    return Again(
        at=now, tries=row.tries + 1, error=error, ts=row.ts, posting_since=row.uncertain_since, hold=hold
    )


def _later(row: Claimed, why: str, now: datetime, *, posting_since: datetime | None) -> Again:
    return Again(
        at=now + backoff(row.tries),
        tries=row.tries + 1,
        error=_note(row, why),
        ts=row.ts,
        posting_since=posting_since,
    )


def _note(row: Claimed, why: str) -> str:
    return row.error if row.error in (NO_PLAN, TEXT_ONLY, NO_THREAD) else why
