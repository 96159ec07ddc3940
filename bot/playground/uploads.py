"""Files of the workspace: announced, uploaded, then shared in a channel (the three steps of ``files_upload_v2``)."""

import secrets
from dataclasses import dataclass, field

from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.workspace import BOT_USER

LARGEST_SNIPPET = 1_000_000
LARGEST = 50_000_000


@dataclass(slots=True, kw_only=True)
class File:
    """One file; ``content`` is None until its bytes came."""

    id: str
    name: str
    length: int
    upload: str  # the last part of its upload_url
    title: str = ""
    content: bytes | None = None

    def shown(self, base_url: str) -> Json:
        """As a message or ``files.info`` shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": "text/plain",
            "filetype": "text",
            "mode": "snippet" if self.length <= LARGEST_SNIPPET else "hosted",
            "size": self.length,
            "user": BOT_USER,
            "url_private": f"{base_url}person/file/{self.id}",
            "permalink": f"{base_url}person/file/{self.id}",
        }


@dataclass(slots=True, kw_only=True)
class Uploads:
    """The files by id."""

    files: dict[str, File] = field(default_factory=dict)

    def announce(self, name: str, length: int) -> File:
        """Make room for a file."""
        if length > LARGEST:
            raise SlackError("file_upload_size_restricted")
        file = File(
            id=f"F{secrets.token_hex(5).upper()}", name=name, length=length, upload=secrets.token_urlsafe(18)
        )
        self.files[file.id] = file
        return file

    def receive(self, upload: str, content: bytes) -> File | None:
        """Store the bytes; None where nothing like that was announced."""
        for file in self.files.values():
            if file.upload == upload and file.content is None and len(content) == file.length:
                file.content = content
                return file
        return None

    def complete(self, file_id: object, title: object) -> File:
        """A file that was uploaded. Raises ``file_not_found``."""
        file = self.files.get(str(file_id))
        if file is None or file.content is None:
            raise SlackError("file_not_found")
        file.title = str(title or file.name)
        return file
