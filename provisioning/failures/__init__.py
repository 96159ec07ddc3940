"""Why a binder failed, in words: what the cloud shows (`cloud`), and what the instance's log tells (`reading`). Pure."""

from provisioning.failures.cloud import STOPPED_FOR, could_not_start, lost, noticed, took_too_long
from provisioning.failures.reading import explained
from provisioning.failures.table import CAUSES, helps

__all__ = [
    "CAUSES", "STOPPED_FOR", "could_not_start", "explained", "helps", "lost", "noticed", "took_too_long",
]  # fmt: skip
