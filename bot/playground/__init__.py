"""A stand-in Slack for trying the bot and for its tests: it speaks the Web API and Socket Mode, and refuses what Slack refuses."""

from bot.playground.server import Playground
from bot.playground.site import InstalledApp
from bot.playground.socket_mode import Patience

__all__ = ["InstalledApp", "Patience", "Playground"]
