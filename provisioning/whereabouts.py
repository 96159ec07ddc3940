"""Whether the settings still lead to where the environments are. Pure.

A listing shows what has our mark in our project. With another deployment's name, or in another project, it is empty, and
"nothing there" would mean that every environment is gone. So both are kept, and compared before a listing counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioning.errors import ElsewhereError
from provisioning.model import BinderId

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What leads to the environments of one cloud."""

    deployment: str  # whose mark they carry
    project: str  # as `provisioning.clouds.Cloud.identity` tells it; empty: not asked yet


def difference(
    kept: Mapping[str, Whereabouts], now: Whereabouts, living: Mapping[str, Sequence[BinderId]]
) -> ElsewhereError | None:
    """Why nothing that is seen now counts, None where it does. All by the name that plans have for the cloud.

    A difference does no harm where no environment is left; a project that was not asked yet differs from none.
    """
    for name, was in kept.items():
        here = living.get(name, ())
        if not here:
            continue
        if was.deployment != now.deployment:
            return _renamed(was.deployment, now.deployment, here)
        if now.project and was.project != now.project:
            return _moved(name, was.project, now.project, here)
    return None


def _renamed(was: str, now: str, here: Sequence[BinderId]) -> ElsewhereError:
    return ElsewhereError(
        "deployment-changed",
        f"The setting deployment is {now}, but {_told(here)} made under the name {was}; as {now} the bot sees none of them.",
        f"Whoever runs the bot sets deployment back to {was}, or deletes them first under that name. Another bot needs a "
        "database of its own (BINDEROPS_HOME or DATABASE_URL). "
        "What nobody can reach any more is given up by binderops serve --forget-cloud.",
    )


def _moved(name: str, was: str, now: str, here: Sequence[BinderId]) -> ElsewhereError:
    cloud = f"the cloud {name}" if name else "the cloud"
    option = f"--forget-cloud {name}".rstrip()
    return ElsewhereError(
        "cloud-changed",
        f"The settings lead {cloud} to {now}, but {_told(here)} made in {was}.",
        f"Whoever runs the bot sets clouds.yaml and the settings back to {was}, or deletes them first with those settings. Until then "
        f"nothing there is looked at, made or deleted. If {was} is gone for good: binderops serve {option}.",
    )


def _told(here: Sequence[BinderId]) -> str:
    more = len(here) - _MOST_NAMED
    names = ", ".join(here[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    are_volumes = any(one.startswith("volume ") for one in here)
    what = "environments and volumes" if are_volumes else "environments" if here[1:] else "environment"
    return f"{len(here)} {what} ({names}) {'were' if here[1:] else 'was'}"
