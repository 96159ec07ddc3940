"""What a process says of itself: key=value lines on standard error, and nothing in them that would let a reader in."""

import logging
import re
import sys

MASK = "***"
_REST = r"[^\s\"'<>|\\]+"  # of a URL, in a line, in Slack's markup <url|label> or in JSON
_SECRETS = (
    re.compile(r"(?<=ticket=)[^&#\s\"'<>|\\]+"),
    re.compile(r"\bxox[a-z]-[\w-]+|\bxapp-[\w-]+"),
    re.compile(r"(?<=https://hooks\.slack\.com/)" + _REST),
    re.compile(r"(?<=/response/)" + _REST),  # the playground's
    re.compile(r"(?<=Binderops-Signature: )\S+"),
)


def masked(text: str) -> str:
    """The text without tickets, tokens, signatures and response URLs."""
    for secret in _SECRETS:
        text = secret.sub(MASK, text)
    return text


class _Masking(logging.Formatter):
    """Masks the finished line, traces included: whatever a message was put together from."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def configure(*, is_quiet: bool) -> None:
    """Log to standard error; ``is_quiet``: only what needs somebody's attention."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masking("%(asctime)s level=%(levelname)s logger=%(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING if is_quiet else logging.INFO)
    if is_quiet:  # a child that the supervisor reaped first is no news in a playground
        logging.getLogger("asyncio").setLevel(logging.ERROR)
