"""Everything that can go wrong, by who can do something about it.

    BinderopsError            code, message (what happened), hint (what to do now)
    ├── PersonError           bad input: the place is marked; the person corrects it
    │   └── NotInstalledError a GitHub App may not read it; another token may
    ├── TeamError             quota, policy, permission: what is used and what is left
    ├── TemporaryError        time cures it: tried again after ``delay``
    │   └── CapacityError     the cloud is full: another flavor or zone may do
    ├── NotFoundError         the thing is not there (any more)
    ├── ConflictError         it exists already, or is busy
    ├── RefusedError          the cloud or a service says no and will say no again
    │   └── ElsewhereError    the settings lead away from where the environments are
    └── UnexpectedError       ours: an id that is also in the log

What a repository does wrong is no exception: the guest reports it as a `provisioning.model.Failure`. Foreign exceptions
are translated once, at the edge, with ``raise ... from``. Every code has a section in docs/reference/failures.md; a test
holds that.
"""

from datetime import timedelta

from provisioning.model import Failure


class BinderopsError(Exception):
    """A failure a person can act on. ``code`` is kebab-case and stable: it is what one searches for."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.hint = hint

    def failure(self) -> Failure:
        """The failure as it is stored and told."""
        return Failure(code=self.code, message=self.message, hint=self.hint)


class PersonError(BinderopsError):
    """Bad input. ``span`` is the mistake's place in ``text``, what the person typed (start, end)."""

    def __init__(
        self, code: str, message: str, hint: str, *, text: str = "", span: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(code, message, hint)
        self.text = text
        self.span = span

    def failure(self) -> Failure:
        return Failure(code=self.code, message=self.message, hint=self.hint, span=self.span, text=self.text)


class NotInstalledError(PersonError):
    """The deployment's GitHub App may not read this repository, or there is no such repository."""


class TeamError(BinderopsError):
    """Quota, policy or permission: the team decides."""


class TemporaryError(BinderopsError):
    """Time cures it. ``delay`` is the least wait before another try.

    ``is_unanswered``: nobody knows whether the call worked all the same (no answer, or one that says nothing).
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str,
        *,
        delay: timedelta = timedelta(seconds=2),
        is_unanswered: bool = False,
    ) -> None:
        super().__init__(code, message, hint)
        self.delay = delay
        self.is_unanswered = is_unanswered


class CapacityError(TemporaryError):
    """The cloud has no room for this flavor now."""


class NotFoundError(BinderopsError):
    """The thing asked for does not exist (any more)."""


class ConflictError(BinderopsError):
    """It exists already, or something else holds it."""


class RefusedError(BinderopsError):
    """A service says no and will say no again."""


class ElsewhereError(RefusedError):
    """The settings do not lead to where the environments are: nothing that is seen there says anything of them."""


class UnexpectedError(BinderopsError):
    """Ours. ``incident`` is also in the log, beside the trace."""

    def __init__(self, incident: str) -> None:
        super().__init__(
            "unexpected",
            f"Something broke on our side (incident {incident}).",
            "Try again; if it happens again, give the incident's id to whoever runs the bot.",
        )
        self.incident = incident
