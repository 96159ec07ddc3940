"""The last look before something is made: a worker that slept past its lease must not make it any more.

The worker says under which right it acts; the driver asks at the last instant before the request leaves. A context variable,
so that the right follows the call into the driver's threads.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from provisioning.errors import ConflictError

_holds: ContextVar[Callable[[], bool] | None] = ContextVar("holds", default=None)


@contextmanager
def acting_while(holds: Callable[[], bool]) -> Iterator[None]:
    """Whatever is made inside is made only while ``holds()`` is true."""
    token = _holds.set(holds)
    try:
        yield
    finally:
        _holds.reset(token)


@contextmanager
def while_waited_for() -> Iterator[None]:
    """What a thread still has to do when the caller has left, it makes no more: the caller counts it as given up."""
    allowed, is_over = _holds.get(), threading.Event()
    token = _holds.set(lambda: not is_over.is_set() and (allowed is None or allowed()))
    try:
        yield
    finally:
        is_over.set()
        _holds.reset(token)


def check() -> None:
    """Raise `ConflictError` (``lease-lost``) where the right to act has ended; without a worker there is nothing to check."""
    holds = _holds.get()
    if holds is not None and not holds():
        raise ConflictError(
            "lease-lost",
            "Another worker has taken this environment over.",
            "Nothing to do: it goes on there.",
        )
