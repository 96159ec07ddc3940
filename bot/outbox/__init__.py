"""The way out to Slack: one due message at a time, under a lease, within Slack's budgets, never twice and never lost."""

from bot.outbox.outbox import Outbox, post_again, try_now

__all__ = ["Outbox", "post_again", "try_now"]
