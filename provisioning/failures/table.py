"""The table of causes, in the order in which they are tried, and which buttons help.

The order is from the most telling to the least: a full disk explains a failed install, never the other way round.
"""

from collections.abc import Mapping

from provisioning.failures.cause import Cause, Help
from provisioning.failures.machine import MACHINE
from provisioning.failures.network import FAR, NEAR_THE_END
from provisioning.failures.packages import PACKAGES
from provisioning.failures.scripts import DOCKERFILE, SCRIPTS
from provisioning.failures.source import SOURCE

CAUSES: tuple[Cause, ...] = (*MACHINE, *DOCKERFILE, *SOURCE, *FAR, *PACKAGES, *NEAR_THE_END, *SCRIPTS)

# What no line tells: the agent or the bot measured it, or knows it from what it did.
_MEASURED: Mapping[str, tuple[Help, ...]] = {
    "build-timeout": (Help.LARGER, Help.RETRY),
    "start-timeout": (Help.RETRY, Help.LARGER),
    "server-silent": (Help.RELAUNCH, Help.RETRY),
    "server-did-not-start": (Help.RELAUNCH, Help.RETRY),
    "token-refused": (Help.RELAUNCH,),
    "token-missing": (Help.RELAUNCH,),
    "github-app-not-installed": (Help.RELAUNCH,),
    "github-app-not-permitted": (Help.RELAUNCH,),
    "github-app-key-wrong": (Help.RELAUNCH,),
    "github-app-clock-wrong": (Help.RELAUNCH,),
    "source-too-large": (Help.RELAUNCH,),
    "source-not-allowed": (Help.RELAUNCH,),
    "source-refused": (Help.RELAUNCH,),
    "archive-refused": (Help.RELAUNCH,),
    "record-gone": (Help.RELAUNCH,),
    "record-changed": (Help.RELAUNCH,),
}
_HELPS: Mapping[str, tuple[Help, ...]] = {**_MEASURED, **{cause.code: cause.helps for cause in CAUSES}}


def helps(code: str) -> tuple[Help, ...]:
    """The buttons that can change the outcome, the most helpful first; a retry where nothing better is known."""
    return _HELPS.get(code, (Help.RETRY,))
