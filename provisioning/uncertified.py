"""Why an environment's own address has no certificate that browsers know: what the guest's Caddy says, in words for people. Pure."""

import json
import re
from contextlib import suppress
from typing import Any

_OTHERWISE = "Browsers warn before they open it, and it can be opened all the same:"
_ABOUT = "get certificate from issuer"
_LIMIT = "rateLimited"  # RFC 8555, 6.7
_UNREACHED = re.compile(
    r"dial tcp|lookup |timeout|took too long|deadline exceeded|refused|reset by|no route|\bEOF\b"
)
_STOPPED = "context canceled"  # Caddy was ended meanwhile, and asks again when it is back
_MOST_WHY = 300  # characters


def reason(line: str) -> str:
    """One sentence or two for a line of Caddy's log about an issuer that gave no certificate; empty for any other line."""
    told = _told(line)
    why = " ".join(str(told.get("error", "")).split())
    if not why or _STOPPED in why:
        return ""
    who = str(told.get("issuer") or "the ACME server")[:100].removesuffix("-directory")
    subject = str(told.get("identifier") or "this address")[:100]
    if _LIMIT in why:
        said = f"{who} has issued {subject} as many certificates as it does for now ({_end(why)})"
    elif _UNREACHED.search(why):
        said = f"{who} was not reached, or did not reach {subject} ({_end(why)})"
    else:
        said = f"{who} issued no certificate for {subject} ({_end(why)})"
    return f"{_OTHERWISE} {said}."


def _told(line: str) -> dict[str, Any]:
    """The fields at the end of Caddy's line; of a line that was cut, all as the error."""
    if _ABOUT not in line:
        return {}
    _, brace, rest = line.partition("{")
    with suppress(ValueError, RecursionError):
        return dict(json.loads(brace + rest))
    return {"error": rest or line}


def _end(why: str) -> str:
    """What went wrong stands last; what was tried, before it."""
    return why if len(why) <= _MOST_WHY else f"...{why[-_MOST_WHY:]}"
