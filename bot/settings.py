"""``binderops.yaml`` and the environment, validated as a whole: every mistake with its line and what to do.

All settings are optional. Secrets come from the environment only, or from files named there (``SLACK_BOT_TOKEN_FILE``). The database's
address counts as one, since it may hold a password.
A setting exists because an operator needs it; docs/reference/settings.md lists them, and a test holds the two together.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings_file import Mistake, SettingsError, read
from bot.settings_list import SETTINGS

__all__ = ["SETTINGS", "Secrets", "Settings", "SettingsError", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What only the environment knows; never logged, never printed."""

    slack_bot_token: str = field(default="", repr=False)
    slack_app_token: str = field(default="", repr=False)
    slack_signing_secret: str = field(default="", repr=False)
    binderops_key: str = field(default="", repr=False)
    github_app_private_key: str = field(default="", repr=False)
    files: Mapping[str, Path] = field(
        default_factory=dict
    )  # by field: what came from a file, which may change

    def all(self) -> tuple[str, ...]:
        """Every secret there is, for whoever hides them."""
        names = ("slack_bot_token", "slack_app_token", "slack_signing_secret", "binderops_key")
        return (*(str(getattr(self, name)) for name in names), *lines_of(self.github_app_private_key))

    def now(self, name: str) -> str:
        """The secret of this field, read again where it came from a file: an operator who renews it need not restart us."""
        file = self.files.get(name)
        if file is not None:
            with suppress(OSError):  # being replaced in this very moment
                return file.read_text().strip()
        return str(getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One deployment's settings: ``values`` has every name of `SETTINGS`."""

    home: Path
    values: Mapping[str, object]
    secrets: Secrets
    database_url: str = field(repr=False)  # empty: the embedded one; may hold a password
    slack_api_url: str
    record: Path | None  # BINDEROPS_RECORD

    def text(self, name: str) -> str:
        """A setting that is a text."""
        return str(self.values[name])

    def number(self, name: str) -> float | None:
        """A setting that is a number, None where it has none."""
        value = self.values[name]
        return float(value) if isinstance(value, int | float) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """A setting that is a list of texts."""
        value = self.values[name]
        return tuple(str(item) for item in value) if isinstance(value, list) else ()


def load(environment: Mapping[str, str], path: Path | None = None) -> Settings:
    """Read the settings. ``path`` None: ``BINDEROPS_CONFIG``, else binderops.yaml of the working folder if there is one.

    Raises `SettingsError` with every mistake.
    """
    chosen = path or Path(environment.get("BINDEROPS_CONFIG") or "binderops.yaml")
    named = path is not None or "BINDEROPS_CONFIG" in environment
    if chosen.exists():
        text = chosen.read_text()
    elif named:
        raise SettingsError(
            chosen, [Mistake(line=1, message="There is no such file.", hint="Check the path.")]
        )
    else:
        text = ""
    given = read(chosen, text)
    home = environment.get("BINDEROPS_HOME") or _default_home(environment)
    record = environment.get("BINDEROPS_RECORD")
    return Settings(
        home=Path(home).expanduser().absolute(),
        values={name: given.get(name, setting.default) for name, setting in SETTINGS.items()},
        secrets=Secrets(
            slack_bot_token=_secret(environment, "SLACK_BOT_TOKEN"),
            slack_app_token=_secret(environment, "SLACK_APP_TOKEN"),
            slack_signing_secret=_secret(environment, "SLACK_SIGNING_SECRET"),
            binderops_key=_secret(environment, "BINDEROPS_KEY"),
            github_app_private_key=_secret(environment, "GITHUB_APP_PRIVATE_KEY"),
            files={
                name.lower(): Path(environment[f"{name}_FILE"])
                for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "GITHUB_APP_PRIVATE_KEY")
                if environment.get(f"{name}_FILE")
            },
        ),
        database_url=_secret(environment, "DATABASE_URL"),
        slack_api_url=environment.get("SLACK_API_URL", ""),
        record=Path(record) if record else None,
    )


def lines_of(key: str) -> tuple[str, ...]:
    """A PEM key as a whole and line by line, without its first and last: a log may break it anywhere between."""
    lines = key.replace("\\n", "\n").split()
    return (key, *(line for line in lines if len(line) > 40 or line.endswith("=")))


def _default_home(environment: Mapping[str, str]) -> str:
    return os.path.join(environment.get("XDG_DATA_HOME") or "~/.local/share", "binderops")  # noqa: PTH118  "~" is expanded later


def _secret(environment: Mapping[str, str], name: str) -> str:
    if file := environment.get(f"{name}_FILE"):
        try:
            return Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or "it is no text"
            mistake = Mistake(line=1, message=f"{name}_FILE names this file, which cannot be read: {why}.",
                              hint="Check its path, and whether the bot's account may read it.")  # fmt: skip
            raise SettingsError(Path(file), [mistake]) from error
    return environment.get(name, "").strip()
