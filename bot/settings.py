"""``binderops.yaml`` and the environment, validated as a whole: every mistake with its line and what to do.

All settings are optional. Secrets come from the environment only, or from files named there (``SLACK_BOT_TOKEN_FILE``).
A setting exists because an operator needs it; docs/reference/settings.md lists them, and a test holds the two together.
"""

import difflib
import math
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from provisioning.errors import BinderopsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of binderops.yaml."""

    check: Callable[[object], bool]
    wants: str  # completes "must be ..."
    default: object
    meaning: str


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_prices(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_text(name) and _is_positive(price) for name, price in value.items()
    )


_PRESETS = ("jetstream2", "generic", "local")

SETTINGS: Mapping[str, Setting] = {
    "preset": Setting(check=lambda v: v in _PRESETS, wants=f"one of {', '.join(_PRESETS)}", default="jetstream2", meaning="Flavors' prices and defaults of a known cloud."),
    "deployment": Setting(check=_is_text, wants="a name", default="binderops", meaning="Marks this bot's objects in the cloud; two bots in one project need two names."),
    "defaults.flavor": Setting(check=_is_text, wants="a flavor's name", default="", meaning="The flavor where a person names none."),
    "defaults.image": Setting(check=_is_text, wants="an image's name or id", default="", meaning="The image where a person names none."),
    "defaults.hours": Setting(check=_is_positive, wants="a number of hours above 0", default=None, meaning="The lifetime once ready, in hours, where a person names none."),
    "limits.max_hours": Setting(check=_is_positive, wants="a number of hours above 0", default=72, meaning="The longest life of an environment, extensions included, in hours."),
    "limits.keep_failed_minutes": Setting(check=_is_positive, wants="a number of minutes above 0", default=30, meaning="How long the instance of a failed build is kept for looking at it, in minutes."),
    "limits.local_instances": Setting(check=_is_count, wants="a whole number above 0", default=4, meaning="How many environments the local cloud runs at once."),
    "confirm_above_su_per_hour": Setting(check=_is_positive, wants="a number above 0", default=None, meaning="Launches that cost more SU an hour ask before they start."),
    "prices": Setting(check=_is_prices, wants="flavor patterns with SU an hour, such as {'g3.*': 64}", default={}, meaning="Prices that go before the preset's, by flavor pattern, in SU an hour."),
    "access.admins": Setting(check=_is_texts, wants="a list of Slack user ids", default=[], meaning="People who may act on everybody's environments, beside the workspace's admins."),
    "access.allow_guests": Setting(check=_is_flag, wants="true or false", default=False, meaning="Whether Slack guests may launch."),
    "sources.allow_exact": Setting(check=_is_texts, wants="a list of URLs", default=[], meaning="URL prefixes exempt from the rules on scheme and address, one each."),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What only the environment knows; never logged, never printed."""

    slack_bot_token: str = field(default="", repr=False)
    slack_app_token: str = field(default="", repr=False)
    slack_signing_secret: str = field(default="", repr=False)
    binderops_key: str = field(default="", repr=False)
    files: Mapping[str, Path] = field(default_factory=dict)  # by field: what came from a file, which may change

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
    database_url: str  # empty: the embedded one
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing wrong in binderops.yaml; ``line`` counts from 1."""

    line: int
    message: str
    hint: str


class SettingsError(BinderopsError):
    """Everything that is wrong in binderops.yaml, at once."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        lines = [f"{path}:{m.line}: {m.message} {m.hint}" for m in mistakes]
        super().__init__("settings-wrong", "\n".join(lines), "Correct these lines and start again.")
        self.mistakes = tuple(mistakes)


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
    given = _read(chosen, text)
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
            files={
                name.lower(): Path(environment[f"{name}_FILE"])
                for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")
                if environment.get(f"{name}_FILE")
            },
        ),
        database_url=environment.get("DATABASE_URL", ""),
        slack_api_url=environment.get("SLACK_API_URL", ""),
        record=Path(record) if record else None,
    )


def _default_home(environment: Mapping[str, str]) -> str:
    return os.path.join(environment.get("XDG_DATA_HOME") or "~/.local/share", "binderops")  # noqa: PTH118  "~" is expanded later


def _secret(environment: Mapping[str, str], name: str) -> str:
    if file := environment.get(f"{name}_FILE"):
        return Path(file).read_text().strip()
    return environment.get(name, "").strip()


def _read(path: Path, text: str) -> dict[str, object]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        hint = "Check the indentation and the quotes around this line."
        raise SettingsError(
            path, [Mistake(line=line, message=f"This is not YAML: {error.problem}.", hint=hint)]
        ) from error
    if root is None:
        return {}
    mistakes: list[Mistake] = []
    given: dict[str, object] = {}
    _walk(root, "", given, mistakes)
    if mistakes:
        raise SettingsError(path, mistakes)
    return given


def _walk(node: yaml.Node, prefix: str, given: dict[str, object], mistakes: list[Mistake]) -> None:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        what = prefix.rstrip(".") or "The file"
        mistakes.append(
            Mistake(
                line=line, message=f"{what} must hold names with values.", hint="Write `name: value` lines."
            )
        )
        return
    for key_node, value_node in node.value:
        name = prefix + str(key_node.value)
        line = key_node.start_mark.line + 1
        if name in given:
            mistakes.append(
                Mistake(line=line, message=f"{name} stands here a second time.", hint="Keep one of the two.")
            )
        elif name in SETTINGS:
            _take(name, value_node, line, given, mistakes)
        elif any(known.startswith(f"{name}.") for known in SETTINGS):
            _walk(value_node, f"{name}.", given, mistakes)
        else:
            near = difflib.get_close_matches(name, SETTINGS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else "docs/reference/settings.md lists them all."
            mistakes.append(Mistake(line=line, message=f"There is no setting {name!r}.", hint=hint))


def _take(name: str, node: yaml.Node, line: int, given: dict[str, object], mistakes: list[Mistake]) -> None:
    setting = SETTINGS[name]
    value = yaml.safe_load(yaml.serialize(node))
    if setting.check(value):
        given[name] = value
    else:
        mistakes.append(Mistake(line=line, message=f"{name} must be {setting.wants}.", hint=setting.meaning))
