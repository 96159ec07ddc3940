"""A plain archive by its URL: nothing but its bytes say which state it is, so its SHA-256 is its id.

It is read once for that and not kept; what is larger than may be read is refused by the length that the server tells, before
anything is read.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources import guarded
from provisioning.sources.asking import in_time, refusal, size_mib
from provisioning.sources.resolved import Resolved, SourcePolicy

_CHUNK = 256 * 1024
# How archives begin: zip (also an empty one), gzip, bzip2, xz. A plain tar says so at byte 257.
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_TAR_AT, _TAR = 257, b"ustar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """zip and tar, also compressed."""

    limit: timedelta = timedelta(seconds=50)
    most_bytes: int = 512 * 2**20

    def detect(self, request: Request) -> bool:
        """Archives by the kind that the request was read as."""
        return request.provider == "archive"

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The digest of the archive's bytes."""
        async with (
            in_time(request.repo, self.limit),
            guarded.answered(request.repo, policy, "*/*") as answer,
        ):
            if answer.status != 200:
                raise refusal(request.repo, answer.status)
            if (answer.content_length or 0) > self.most_bytes:
                raise _too_large(request.repo, self.most_bytes, answer.content_length)
            digest, length = await self._read(answer, request.repo)
        return Resolved(
            commit=digest,
            ref=f"sha256:{digest[:12]}",
            address="",
            url=request.repo,  # where it redirects to may be an address that ends soon, and a secret
            size_mib=size_mib([length]),
            title=urlsplit(request.repo).path.rpartition("/")[2],
            provider="archive",
        )

    async def _read(self, answer: aiohttp.ClientResponse, repo: str) -> tuple[str, int]:
        digest, length, head = hashlib.sha256(), 0, b""
        async for chunk in answer.content.iter_chunked(_CHUNK):
            digest.update(chunk)
            length += len(chunk)
            head = head if len(head) > _TAR_AT + len(_TAR) else head + chunk
            if length > self.most_bytes:
                raise _too_large(repo, self.most_bytes)
        if not head.startswith(_BEGINNINGS) and head[_TAR_AT : _TAR_AT + len(_TAR)] != _TAR:
            raise PersonError(
                "not-an-archive",
                f"{repo} is no zip or tar archive.",
                "Open the link in a browser: it must begin a download. Copy that download's address.",
            )
        return digest.hexdigest(), length


def _too_large(repo: str, most: int, size: int | None = None) -> PersonError:
    has = f"has {-(-size >> 20):,} MiB" if size else "is larger"
    return PersonError(
        "source-too-large",
        f"{repo} {has}; at most {most >> 20:,} MiB are read of an archive.",
        "Launch a smaller archive and download the data that you need in the notebook.",
    )
