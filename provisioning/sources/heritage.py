"""Software Heritage: an identifier names its content, so it is resolved by following it to the directory that it stands for.

archive.softwareheritage.org/api: ``/api/1/snapshot/<hash>/`` has ``branches`` with ``target`` and ``target_type``, of which
``HEAD`` may be an alias; ``/release/`` has ``name``, ``target``, ``target_type``; ``/revision/`` has ``directory``, ``message``;
``/directory/`` lists entries.
"""

from dataclasses import dataclass

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources import swhids
from provisioning.sources.asking import Said, ask, in_time, unreadable
from provisioning.sources.resolved import Resolved, SourcePolicy

_MOST_STEPS = 8  # from a snapshot by an alias and releases of releases to a directory
_PATHS = {"snp": "snapshot", "rel": "release", "rev": "revision", "dir": "directory"}
_KINDS = {path: kind for kind, path in _PATHS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heritage:
    """Directories, revisions, releases and snapshots."""

    api: str = "https://archive.softwareheritage.org/api/1"

    def detect(self, request: Request) -> bool:
        """Identifiers."""
        return request.provider == "swh" and swhids.read(request.repo) is not None

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The directory that the identifier stands for. The archive tells neither its size nor its licence."""
        found = swhids.read(request.repo)
        title = ""
        async with in_time(request.repo):
            for _ in range(_MOST_STEPS):
                if found is None or found.kind not in _PATHS:
                    break
                said = await ask(f"{self.api}/{_PATHS[found.kind]}/{found.hash}/", policy)
                title = title or _title(said, found.kind)
                if found.kind == "dir":
                    return Resolved(
                        commit=str(found),
                        ref=request.repo,
                        address="",
                        url=said.url,
                        title=title,
                        provider="swh",
                    )
                found = _next(said, found.kind)
        raise PersonError(
            "record-not-found",
            f"{request.repo} leads to no directory of Software Heritage.",
            "Give the identifier of a revision or of a directory, from “Permalinks” on its page.",
        )


def _next(said: Said, kind: str) -> swhids.Swhid | None:
    """What the object points at."""
    if kind == "rev":
        return _swhid("directory", said.at("directory").text())
    if kind == "rel":
        return _swhid(said.at("target_type").text(), said.at("target").text())
    name = "HEAD"
    branch = said.at("branches", name)
    if branch.at("target_type").text() == "alias":
        name = branch.at("target").text()
        branch = said.at("branches", name)
    if not branch.at("target").text():
        raise unreadable(said.url)
    return _swhid(branch.at("target_type").text(), branch.at("target").text())


def _swhid(path: str, digits: str) -> swhids.Swhid | None:
    return swhids.read(f"swh:1:{_KINDS[path]}:{digits}") if path in _KINDS else None


def _title(said: Said, kind: str) -> str:
    """A release's name, or the first line of a revision's message."""
    if kind == "rel":
        return said.at("name").text()
    message = said.at("message").value
    lines = message.strip().splitlines() if isinstance(message, str) else []
    return Said(value=lines[0] if lines else "", url="").text()[:100]
