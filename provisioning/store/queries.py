"""Named SQL: each ``sql/<topic>.sql`` holds queries under ``-- name:`` lines; code calls them ``topic.name``."""

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


@cache
def query(name: str) -> str:
    """The text of ``topic.name`` or, of the bot's own tables, ``bot/topic.name``.

    Raises ``KeyError`` for a name that no file holds.
    """
    package, _, rest = name.rpartition("/")
    topic, _, wanted = rest.partition(".")
    return _topic(package or "provisioning", topic)[wanted]


@cache
def _topic(package: str, topic: str) -> dict[str, str]:
    text = files(package).joinpath("sql", f"{topic}.sql").read_text()
    parts = _NAME.split(text)
    return dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))
