"""Reading ``binderops.yaml``: names with values, every mistake at once, each with its line and what to do."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.constructor import SafeConstructor

from bot.settings_list import CLOUD_KEYS, SETTINGS, Setting, is_cloud_name
from provisioning.errors import BinderopsError


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


def read(path: Path, text: str) -> dict[str, object]:
    """What the file gives, by the names of `SETTINGS`. Raises `SettingsError` with every mistake."""
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
    reader = _Reader()
    reader.walk(root, "")
    reader.compare()
    if reader.mistakes:
        raise SettingsError(path, sorted(reader.mistakes, key=lambda m: m.line))
    return reader.given


class _Reader:
    """What was read so far, and what was wrong with it."""

    def __init__(self) -> None:
        self.given: dict[str, object] = {}
        self.lines: dict[str, int] = {}
        self.mistakes: list[Mistake] = []

    def walk(self, node: yaml.Node, prefix: str) -> None:
        """A block of names with values."""
        if not isinstance(node, yaml.MappingNode):
            what = prefix.rstrip(".") or "The file"
            self._wrong(_line(node), f"{what} must hold names with values.", "Write `name: value` lines.")
            return
        for key_node, value_node in node.value:
            name = prefix + str(key_node.value)
            self._line_of(name, key_node)
            if name in self.given:
                self._twice(key_node, name)
            elif name == "clouds":
                self._clouds(value_node)
            elif name in SETTINGS:
                self._take(name, SETTINGS[name], value_node, self.given, name)
            elif any(known.startswith(f"{name}.") for known in SETTINGS):
                self.walk(value_node, f"{name}.")
            else:
                self._unknown(key_node, name, SETTINGS)

    def compare(self) -> None:
        """What each may be by itself, but not together."""
        clouds = self.given.get("clouds")
        one = [name for name in self.given if name.startswith("cloud.")]
        if clouds is not None and one:
            self._wrong(
                self.lines["clouds"], "cloud and clouds are both given.", "Give each cloud a name under clouds.",
            )  # fmt: skip
        if "github_app.api_url" in self.given and "github_app.id" not in self.lines:
            self._wrong(
                self.lines["github_app.api_url"], "github_app.api_url is given, and github_app.id is not.", "Give the App's id too.",
            )  # fmt: skip
        named = clouds if isinstance(clouds, dict) else {}
        blocks = {f"clouds.{name}": values for name, values in named.items()}
        blocks["cloud"] = {name.removeprefix("cloud."): self.given[name] for name in one}
        for block, values in blocks.items():
            has_host = "proxy_host" in values or self.given.get("preset", "jetstream2") == "jetstream2"
            if values.get("tls") == "proxy" and not has_host:
                self._wrong(
                    self.lines[f"{block}.tls"], f"{block}.tls is proxy, and nothing says which.",
                    f"Write {block}.proxy_host beside it, or tls: internal.",
                )  # fmt: skip
            if values.get("tls") == "domain" and "domain" not in values:
                self._wrong(
                    self.lines[f"{block}.tls"], f"{block}.tls is domain, and nothing says which.",
                    f"Write {block}.domain beside it, or tls: ip.",
                )  # fmt: skip

    def _clouds(self, node: yaml.Node) -> None:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            self._wrong(
                self.lines["clouds"],
                f"clouds must be {SETTINGS['clouds'].wants}.",
                SETTINGS["clouds"].meaning,
            )
            return
        clouds: dict[str, dict[str, object]] = {}
        for key_node, value_node in node.value:
            name = str(key_node.value)
            if not is_cloud_name(name):
                self._wrong(
                    _line(key_node), f"A cloud cannot be named {name!r}.",
                    "Take letters, digits, dots, hyphens and underscores: people type it after cloud=.",
                )  # fmt: skip
            elif name.casefold() in {known.casefold() for known in clouds}:
                self._twice(key_node, f"clouds.{name}")
            else:
                clouds[name] = self._cloud(f"clouds.{name}", value_node)
        self.given["clouds"] = clouds

    def _cloud(self, block: str, node: yaml.Node) -> dict[str, object]:
        values: dict[str, object] = {}
        if isinstance(node, yaml.ScalarNode) and _value(node) is None:
            return values  # a name alone: all as it is without settings
        if not isinstance(node, yaml.MappingNode):
            self._wrong(_line(node), f"{block} must hold names with values.", "Write `name: value` lines.")
            return values
        for key_node, value_node in node.value:
            key = str(key_node.value)
            name = f"{block}.{key}"
            self._line_of(name, key_node)
            if key in values:
                self._twice(key_node, name)
            elif key in CLOUD_KEYS:
                self._take(name, CLOUD_KEYS[key], value_node, values, key)
            else:
                self._unknown(key_node, key, CLOUD_KEYS)
        return values

    def _take(self, name: str, setting: Setting, node: yaml.Node, into: dict[str, object], key: str) -> None:
        value = _value(node)
        if setting.check(value):
            into[key] = value
        else:
            self._wrong(self.lines[name], f"{name} must be {setting.wants}.", setting.meaning)

    def _line_of(self, name: str, key_node: yaml.Node) -> None:
        self.lines[name] = _line(key_node)

    def _unknown(self, key_node: yaml.Node, name: str, known: Mapping[str, Setting]) -> None:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else "docs/reference/settings.md lists them all."
        self._wrong(_line(key_node), f"There is no setting {name!r}.", hint)

    def _twice(self, key_node: yaml.Node, name: str) -> None:
        self._wrong(_line(key_node), f"{name} stands here a second time.", "Keep one of the two.")

    def _wrong(self, line: int, message: str, hint: str) -> None:
        self.mistakes.append(Mistake(line=line, message=message, hint=hint))


def _value(node: yaml.Node) -> object:
    """What stands there; what cannot be anything is nothing."""
    try:
        return SafeConstructor().construct_document(node)
    except yaml.MarkedYAMLError:
        return None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
