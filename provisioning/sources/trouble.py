"""What goes wrong between git and a server, in people's words. Pure."""

import re

from provisioning.errors import BinderopsError, PersonError, TeamError, TemporaryError
from provisioning.source_tokens import SourceToken
from provisioning.sources.git_program import Place
from provisioning.sources.resolved import SourcePolicy

# Git's words, seen with 2.39 and 2.47 against GitHub, GitLab and git http-backend.
_ABSENT = re.compile(
    r"repository '.*' not found|could not read (?:username|password)|authentication failed|access denied"
    r"|terminal prompts disabled|returned error: 40[0134]|is this a git repository",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"authentication failed|could not read (?:username|password)|returned error: 40[13]", re.IGNORECASE
)
_NO_SUCH_COMMIT = re.compile(
    r"couldn't find remote ref|not our ref|unadvertised object|does not support shallow", re.IGNORECASE
)


def has_no_such_commit(complaint: str) -> bool:
    """Whether the server answered that it does not have, or does not give, this commit."""
    return _NO_SUCH_COMMIT.search(complaint) is not None


def told(place: Place | None, url: str, complaint: str) -> BinderopsError:
    """Git's complaint as an error of ours: ``repository-not-found``, ``token-refused`` or ``source-unreachable``.

    ``place``: where git was sent, where it came so far.
    """
    if place is not None and place.token is not None:
        if _CLOSED.search(complaint):
            return place.token.refused()
        if _ABSENT.search(complaint):
            return hidden(place.url, place.token)
    if _ABSENT.search(complaint):
        return absent(url)
    lines = [line for line in complaint.splitlines() if line.startswith(("fatal:", "error:"))]
    return unreachable(url, lines[-1].partition(":")[2] if lines else "git gave no reason")


def absent(url: str) -> PersonError:
    """A missing repository and a private one look the same from outside, so both are named."""
    return PersonError(
        "repository-not-found",
        f"There is no public repository at {url}: it does not exist, or it is private.",
        "Check its address. If it is private, type /binder token to give a token that may read it, then launch again.",
    )


def hidden(url: str, token: SourceToken) -> PersonError:
    """Missing, or not among what the token may read: again both look the same."""
    return PersonError(
        "repository-not-found",
        f"{url} is not there for {token.named}: it does not exist, or the token may not read it.",
        "Check its address, and which repositories the token was made for; /binder token gives another one.",
    )


def unreachable(url: str, why: str) -> TemporaryError:
    """Network trouble, or a server that is."""
    plain = "".join(c for c in why if c.isprintable()).strip()[:200]
    return TemporaryError(
        "source-unreachable", f"{url} cannot be reached ({plain}).", "It is asked again; check its address."
    )


def slow(url: str, hint: str = "It is asked again.") -> TemporaryError:
    """The server answers, but not in time."""
    return TemporaryError("source-slow", f"{url} takes too long to answer.", hint)


def too_large(url: str) -> PersonError:
    """More refs, or more history, than a lookup may fetch."""
    return PersonError(
        "source-too-large",
        f"{url} is too large to look this up in.",
        "Name a branch, a tag or a full commit.",
    )


def not_allowed(place: str, policy: SourcePolicy) -> TeamError:
    """What a deployment's rules refuse."""
    is_denied = policy.rules.denies(place)
    why = "it is on the list of what is denied" if is_denied else "it is not on the list of what is allowed"
    return TeamError("source-not-allowed", f"{place} may not be launched here: {why}.", policy.rules.hint)


def ambiguous(url: str, wanted: str) -> PersonError:
    """Several commits begin like this."""
    return PersonError(
        "ambiguous-commit", f"More than one commit of {url} begins with {wanted}.", "Give more of its digits."
    )
