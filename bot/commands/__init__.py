"""The verbs, one module each; `COMMANDS` is all of them by name, in the order of the help."""

from bot.command import Command
from bot.commands import (
    cancel,
    confirm,
    delete,
    download,
    extend,
    larger,
    launch,
    logs,
    quota,
    relaunch,
    retry,
    share,
    show,
    token,
    unshare,
    volumes,
)
from bot.commands import help as help_  # the names of builtins are the names of the verbs
from bot.commands import list as list_
from bot.commands import open as open_

COMMANDS: dict[str, Command] = {
    module.COMMAND.name: module.COMMAND
    for module in (
        launch, list_, show, open_, download, share, unshare, logs, extend, cancel, retry, delete, relaunch, larger, confirm,
        volumes, quota, token, help_,
    )
}  # fmt: skip
