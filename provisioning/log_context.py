"""The ids of the work at hand: bound once, and told with every log line of it, however deep it is written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("binderops_log", default=_NONE)


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Add these ids to all that is logged inside, in tasks and threads that begin there too."""
    token = _bound.set({**_bound.get(), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _bound.reset(token)


def bound_ids() -> Mapping[str, str]:
    """The ids of the work at hand."""
    return _bound.get()
