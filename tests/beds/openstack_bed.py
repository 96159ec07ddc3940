"""The bed "openstack": Keystone to Cinder on this machine, brought up while the tests that do without it run.

A test asks for the fixture `openstack_bed`, or carries the marker of that name where it asks for it while it runs. Such tests
come last; with several workers (pytest-xdist) one of them takes them all, while another goes on with the rest. What the tests of a machine started, the last run of them that uses it stops; a bed that was there stays.
"""

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.beds.left_out import missing
from tests.beds.openstack_run import OpenStackRun, lacking, wants_guests

NAME = "openstack_bed"
GUESTS = "guest_bed"
LAST = "last"  # a marker
_RUN = pytest.StashKey[OpenStackRun]()
_LIMIT_S = 900  # of a test that sets none: the cloud shares its cores with all other tests


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStackBed:
    """A running OpenStack with a project of our own."""

    clouds_yaml: Path
    consoles: Path  # a folder: what ``ID.log`` holds is what the console of server ID shows
    member: str = "dev"  # the cloud of an ordinary member, by application credential
    admin: str = "dev-admin"  # the cloud of the administrator

    @classmethod
    def at(cls, home: Path) -> Self:
        """The one whose folder this is."""
        return cls(clouds_yaml=home / "clouds.yaml", consoles=home / "consoles")


@pytest.fixture(scope="session")
def openstack_bed(request: pytest.FixtureRequest) -> OpenStackBed:
    """The bed, healthy. Leaves the test out where this machine cannot run it."""
    if how := lacking():
        missing("openstack", how)
    run = _run(request.config)
    if trouble := run.wait():
        pytest.fail(trouble, pytrace=False)
    return OpenStackBed.at(run.home)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{NAME}: asks for the fixture {NAME} while it runs")
    config.addinivalue_line("markers", f"{LAST}: ends what other tests use")


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    if _needs_guests(item) and not wants_guests():
        # Their images and builds take minutes that the whole run has not.
        item.add_marker(pytest.mark.skip(reason="only with BINDEROPS_GUESTS=1"))
    if _needs_it(item):
        # A worker of their own: most of their time they wait for an instance.
        item.add_marker(pytest.mark.xdist_group(GUESTS if _needs_guests(item) else NAME))
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_LIMIT_S))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order within each part stays, which is random, but for what is marked `LAST`.

    Alone, what needs the bed comes last. Side by side, what takes minutes comes first, so that no worker ends with it: the tests
    that are marked ``long`` or ``acceptance``, meanwhile the bed comes up, then its tests.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: (*_turn(item), *_place(item)))
    else:
        items.sort(key=lambda item: (_needs_it(item), *_place(item)))


def _turn(item: pytest.Item) -> tuple[int, str]:
    """What a module of the first ones sets up, it sets up once."""
    if item.get_closest_marker("long") or (item.get_closest_marker("acceptance") and not _needs_it(item)):
        return 0, item.path.name
    return (1 if _needs_it(item) else 2), ""


def _place(item: pytest.Item) -> tuple[bool, bool]:
    """The tests of servers that run side by side, so that they share theirs."""
    return _needs_guests(item), item.get_closest_marker(LAST) is not None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to bring the bed up."""
    if any(map(_needs_it, session.items)) and not session.config.option.collectonly and not lacking():
        _run(session.config).begin()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Wait for the bed here, where a test's time limit does not count yet."""
    if _needs_it(item) and not lacking():
        run = _run(item.config)
        if not run.is_ready:
            _say(item.config, "waiting for the OpenStack bed")
        run.wait()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    run = session.config.stash.get(_RUN, None)
    if run is not None:
        run.end()


def _run(config: pytest.Config) -> OpenStackRun:
    return config.stash.setdefault(_RUN, OpenStackRun())


def _needs_guests(item: pytest.Item) -> bool:
    return GUESTS in getattr(item, "fixturenames", ())


def _needs_it(item: pytest.Item) -> bool:
    if _needs_guests(item) and not wants_guests():
        return False
    return NAME in getattr(item, "fixturenames", ()) or item.get_closest_marker(NAME) is not None


def _say(config: pytest.Config, text: str) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        reporter.write_line(text)
