"""Bringing the source here at exactly the id that was resolved: by git, or by the program `records` for all other kinds.

Git's address was checked before, and git connects to that very one. No redirect is followed, no configuration of anybody is
read, no submodule is fetched yet. Everything runs in a process of its own, under the limits on time and size.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Mapping, Optional, Sequence
from urllib.parse import urlsplit

from .causes import Cause, FailedError, unknown
from .durable import read_json
from .environment import for_git, for_records
from .handed import Token
from .orders import Limits, Source
from .processes import Children, Finished, OnLine, TooLongError

_PROTOCOLS = ("https", "http", "git")
_PORTS = {"https": 443, "http": 80, "git": 9418}


def protocol_of(source: Source) -> str:
    """The only protocol that git may speak for this source. Raises `FailedError` where none is allowed."""
    scheme = urlsplit(source.url).scheme
    if scheme == "https" and (source.address or source.is_exempt):
        return scheme
    if scheme in _PROTOCOLS and source.is_exempt:
        return scheme
    raise FailedError(
        Cause(
            "source-refused",
            f"{source.url} may not be fetched from here.",
            "Give an https address of a public host.",
        )
    )


def settings(source: Source) -> tuple[str, ...]:
    """The ``-c`` options of git: the pinned address, no redirects, no hooks, one protocol."""
    scheme = protocol_of(source)
    chosen = {
        "http.followRedirects": "false",
        "core.hooksPath": "/dev/null",
        "credential.helper": "",
        "protocol.allow": "never",
        f"protocol.{scheme}.allow": "always",
        "submodule.recurse": "false",
        "gc.auto": "0",
        "advice.detachedHead": "false",
    }
    if source.address:
        parts = urlsplit(source.url)
        address = f"[{source.address}]" if ":" in source.address else source.address
        chosen["http.curloptResolve"] = f"{parts.hostname}:{parts.port or _PORTS[scheme]}:{address}"
    return tuple(word for key, value in chosen.items() for word in ("-c", f"{key}={value}"))


def fetch(
    source: Source,
    limits: Limits,
    *,
    state: Path,
    children: Children,
    environ: Mapping[str, str],
    on_line: OnLine,
    token: Optional[Token] = None,
) -> Path:
    """The folder with the source at its commit. Starts from nothing each time. Raises `FailedError`."""
    if not source.rules.allows(source.url):
        raise not_allowed(source.url, source)
    part, whole = state / "repo.part", state / "repo"
    for old in (part, whole):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    if source.kind == "git":
        _by_git(source, limits, part, state, children, environ, on_line, token)
    else:
        _by_records(limits, part, state, children, environ, on_line)
    part.rename(whole)
    return whole


def _by_records(
    limits: Limits,
    part: Path,
    state: Path,
    children: Children,
    environ: Mapping[str, str],
    on_line: OnLine,
) -> None:
    """Strangers' answers and archives are read by a process that may break, run out of memory and be ended."""
    told, spare = state / "fetch-failed.json", state / "fetch.part"
    told.unlink(missing_ok=True)
    package = Path(__file__).resolve().parent
    env = for_records(environ, state, package)
    args = (sys.executable, "-m", f"{package.name}.records", str(state))
    try:
        finished = children.run(
            args, env=env, cwd=package.parent, limit_s=limits.fetch_s, on_line=on_line,
            watch=lambda: _check_size(part, limits),
        )  # fmt: skip
    except TooLongError as error:
        raise _too_slow(limits) from error
    finally:
        shutil.rmtree(spare, ignore_errors=True)
    if finished.code != 0:
        cause = read_json(told)
        raise FailedError(
            Cause(**{**cause, "lines": tuple(cause["lines"])}) if cause else unknown(finished.lines, "fetch")
        )
    _check_size(part, limits)


def _by_git(
    source: Source,
    limits: Limits,
    part: Path,
    state: Path,
    children: Children,
    environ: Mapping[str, str],
    on_line: OnLine,
    token: Optional[Token],
) -> None:
    env = for_git(environ, state, protocol_of(source), is_pinned=bool(source.address))
    env.update(token.environment(source.url) if token else {})
    git = _Git(source, limits, part, children, env, on_line, token)
    git.run("init", "--quiet", "--initial-branch=main")
    git.run("remote", "add", "origin", source.url)
    shallow = git.run(
        "fetch", "--depth=1", "--no-tags", "--no-recurse-submodules", "origin", source.commit, is_tried=True
    )
    if shallow is None:  # a server that hands out only what its branches and tags point at
        on_line("the server does not hand out this commit alone; fetching its branches and tags")
        branches = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
        git.run("fetch", "--no-recurse-submodules", "origin", *branches)
    git.run("checkout", "--quiet", "--detach", source.commit)
    head = git.run("rev-parse", "HEAD")
    if head is None or not head.lines or head.lines[-1].strip() != source.commit:
        raise FailedError(
            Cause(
                "commit-gone",
                "The repository gave something else than the commit that was asked for.",
                "Launch again.",
            )
        )
    git.check_size()


class _Git:
    """git in one folder, under the limits."""

    def __init__(
        self,
        source: Source,
        limits: Limits,
        folder: Path,
        children: Children,
        env: Mapping[str, str],
        on_line: OnLine,
        token: Optional[Token],
    ) -> None:
        self._source = source
        self._limits = limits
        self._folder = folder
        self._children = children
        self._env = env
        self._on_line = on_line
        self._token = token
        self._settings = settings(source)

    def run(self, *words: str, is_tried: bool = False) -> Optional[Finished]:
        """One git command; None where it failed and ``is_tried``. Raises `FailedError`."""
        args: Sequence[str] = ("git", *self._settings, *words)
        try:
            finished = self._children.run(
                args, env=self._env, cwd=self._folder, limit_s=self._limits.fetch_s, on_line=self._on_line,
                watch=self.check_size,
            )  # fmt: skip
        except TooLongError as error:
            raise _too_slow(self._limits) from error
        if finished.code == 0:
            return finished
        if is_tried and _is_refused_commit(finished.lines):
            return None
        if self._token:
            self._token.check(finished.lines)
        raise FailedError(unknown(finished.lines, f"git {words[0]}"))

    def check_size(self) -> None:
        """Raises `FailedError` where the source is larger than it may be."""
        _check_size(self._folder, self._limits)


def _check_size(folder: Path, limits: Limits) -> None:
    if size_of(folder) >> 20 > limits.source_mib:
        raise FailedError(
            Cause(
                "source-too-large",
                f"The source is larger than {limits.source_mib} MiB.",
                "Keep large data elsewhere and download it in postBuild or in the notebook.",
            )
        )


def not_allowed(url: str, source: Source) -> FailedError:
    """What the deployment's rules refuse, wherever it was named."""
    return FailedError(Cause("source-not-allowed", f"{url} may not be fetched here.", source.rules.hint))


def _too_slow(limits: Limits) -> FailedError:
    return FailedError(
        Cause(
            "fetch-timeout",
            f"The source was not here after {limits.fetch_s // 60} minutes.",
            "Its server may be slow: press Retry. If the source is very large, launch a smaller one.",
        )
    )


def _is_refused_commit(lines: Sequence[str]) -> bool:
    return any("unadvertised object" in line or "not our ref" in line for line in lines)


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder; links are not followed, what vanishes meanwhile counts nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size
    return total
