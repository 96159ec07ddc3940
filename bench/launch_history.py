"""A made-up history of launches, for replaying: drawn at random from a described process, the same for the same seed.

Every figure below was set before an estimate was tried on it, from what is known of such builds: pip within some minutes, conda
and R longer, a ready Dockerfile short; the instance itself a minute or so. It is no deployment's; `bench.estimate --database` reads one.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from provisioning.estimate import Past, Subject

_BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
_DAYS = 120
# Builder: share of the repositories, and the median of their builds in seconds on the smallest flavor.
_BUILDERS = {
    "Python": (40, 150.0),
    "Conda": (30, 330.0),
    "Docker": (15, 120.0),
    "R": (10, 600.0),
    "Julia": (5, 480.0),
}
_AMONG_REPOSITORIES = (
    0.5  # sigma of the logarithm: one repository's build beside another's of the same builder
)
_ONE_OFF = 0.08  # launches of a repository that nobody launches again
_NEW_COMMIT = 0.12  # launches that come after a push
_NEW_DEPENDENCIES = 0.15  # pushes that change what is installed
_FLAVORS = {"small": (60, 1.0), "medium": (30, 0.8), "large": (10, 0.7)}  # share, and how long a build takes
_OTHER_FLAVOR = 0.15  # launches in another size than the repository's usual one
_SHARED = 0.2  # repositories launched on the second cloud: one machine whose Docker keeps its layers
_KEPT_LAYERS = (0.1, 0.3)  # of the first build's time, when the same commit is built there again
_AMONG_LAUNCHES = 0.15  # sigma: the same thing built twice
_SLOW_HOURS, _SLOW_FACTOR = 0.04, (1.5, 4.0)  # hours in which a mirror is slow, and by how much
_BUSY, _BUSY_FACTOR = 0.05, (2.0, 5.0)  # creations that the cloud keeps waiting
_BASE_IMAGE_GROWS = (60, 1.2)  # on that day every build but Dockerfiles takes so much longer, for good
_CLASS, _CLASS_SIZE = 0.02, (8, 30)  # arrivals that are a class: everybody the same commit within minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One launch of a history."""

    began: datetime
    past: Past


@dataclass(slots=True, kw_only=True)
class _Repository:
    """A repository as it is at the moment."""

    name: str
    builder: str
    cloud: str
    flavor: str
    build_s: float
    start_s: float
    commits: int = 0
    built: set[tuple[str, int]] = field(default_factory=set)  # cloud and commit


class _World:
    def __init__(self, seed: int, repositories: int) -> None:
        self._random = random.Random(seed)
        self._slow = {
            h: self._random.uniform(*_SLOW_FACTOR) for h in range(_DAYS * 24) if self._is(_SLOW_HOURS)
        }
        self._popular = [self._repository(f"repo-{n}") for n in range(repositories)]
        self._shares = [1 / (rank + 1) for rank in range(repositories)]

    def arrival(self, at: datetime, most: int) -> list[Launch]:
        """One person, or a class, at most so many."""
        if self._is(_ONE_OFF):
            return [self._launch(self._repository(f"one-off-{self._random.getrandbits(40):x}"), at)]
        (repository,) = self._random.choices(self._popular, self._shares)
        if repository.commits and self._is(_NEW_COMMIT):
            self._push(repository)
        people = self._random.randint(*_CLASS_SIZE) if self._is(_CLASS) else 1
        return [
            self._launch(repository, at + timedelta(seconds=self._random.uniform(0, 600)))
            for _ in range(min(people, most))
        ]

    def _repository(self, name: str) -> _Repository:
        builder = self._among({name: share for name, (share, _) in _BUILDERS.items()})
        return _Repository(
            name=name, builder=builder, cloud="shared" if self._is(_SHARED) else "cloud",
            flavor=self._among({name: share for name, (share, _) in _FLAVORS.items()}),
            build_s=_BUILDERS[builder][1] * self._spread(_AMONG_REPOSITORIES), start_s=15 * self._spread(0.3),
        )  # fmt: skip

    def _push(self, repository: _Repository) -> None:
        repository.commits += 1
        repository.build_s *= self._spread(0.4 if self._is(_NEW_DEPENDENCIES) else 0.05)

    def _launch(self, repository: _Repository, at: datetime) -> Launch:
        repository.commits = max(1, repository.commits)
        is_usual = not self._is(_OTHER_FLAVOR)
        flavor = repository.flavor if is_usual else self._random.choice(list(_FLAVORS))
        busy = self._random.uniform(*_BUSY_FACTOR) if self._is(_BUSY) else 1.0
        past = Past(
            subject=Subject(
                repo=f"https://github.com/org/{repository.name}", commit=f"{repository.name}@{repository.commits}",
                builder=repository.builder, cloud=repository.cloud, flavor=flavor,
            ),
            creating_s=20 * self._spread(0.3) * busy, booting_s=35 * self._spread(0.2),
            building_s=self._build_s(repository, flavor, at), starting_s=repository.start_s * self._spread(0.2), at=at,
        )  # fmt: skip
        return Launch(began=at, past=replace(past, at=at + timedelta(seconds=past.total_s)))

    def _build_s(self, repository: _Repository, flavor: str, at: datetime) -> float:
        seconds = repository.build_s * _FLAVORS[flavor][1] * self._spread(_AMONG_LAUNCHES)
        day, growth = _BASE_IMAGE_GROWS
        if repository.builder != "Docker" and at >= _BEGIN + timedelta(days=day):
            seconds *= growth
        known = (repository.cloud, repository.commits)
        if repository.cloud == "shared" and known in repository.built:
            return seconds * self._random.uniform(*_KEPT_LAYERS)
        repository.built.add(known)
        return seconds * self._slow.get(int((at - _BEGIN) / timedelta(hours=1)), 1.0)

    def _is(self, probability: float) -> bool:
        return self._random.random() < probability

    def _spread(self, sigma: float) -> float:
        return self._random.lognormvariate(0, sigma)

    def _among(self, shares: dict[str, int]) -> str:
        (chosen,) = self._random.choices(list(shares), list(shares.values()))
        return chosen


def made_up(seed: int, *, launches: int = 1500, repositories: int = 80) -> list[Launch]:
    """A history of four months, in the order in which its launches began."""
    world, found = _World(seed, repositories), list[Launch]()
    at, each = _BEGIN, timedelta(days=_DAYS) / (launches / (1 + _CLASS * sum(_CLASS_SIZE) / 2))
    moments = random.Random(f"{seed} moments")
    while len(found) < launches:
        at += each * moments.expovariate(1)
        found += world.arrival(at, launches - len(found))
    return sorted(found, key=lambda launch: launch.began)
