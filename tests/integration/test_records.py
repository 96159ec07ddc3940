"""Records, asked of a server that answers as their sites do: which version, what it is called, how large it is."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from provisioning.errors import BinderopsError, PersonError
from provisioning.model import Request
from provisioning.sources import Resolved, identify, resolve
from tests.fakes.record_files import DIGEST, DIRECTORY
from tests.fakes.record_sites import (
    ACTIVITY,
    LOOP,
    RELEASE,
    RESOURCE,
    REVISION,
    SNAPSHOT,
    RecordSites,
)

pytestmark = pytest.mark.integration

ZENODO = ("3242074", "v1.2", "Binder examples: requirements", "cc-by-4.0", 4)
FIGSHARE = ("9782777.v3", "v3", "openSenseMap analysis", "CC BY 4.0", 2)
DATAVERSE = ("3035124.v5.0", "5.0", "Open source at Harvard", "CC0 1.0", 2)
HYDROSHARE = (f"{RESOURCE}.v1569427757", "changed 2019-09-25", "Great Basin watersheds", "CC BY 4.0", 2)
CKAN = (
    "sea-turtles.v1709043354", "changed 2024-02-27", "Sea turtle sightings", "Creative Commons Attribution", 1,
)  # fmt: skip
FOUND = {
    "zenodo: a version": ("zenodo", "10.5281/zenodo.3242074", "", ZENODO),
    "zenodo: all versions": ("zenodo", "10.5281/zenodo.3242073", "", ZENODO),
    "zenodo: another site": ("zenodo", "{site}/records/8hawh-qmq12", "", ("8hawh-qmq12", *ZENODO[1:4], 1)),
    "zenodo: files that are closed": ("zenodo", "10.5281/zenodo.99", "", ("99", "99", "Closed", "", None)),
    "figshare: the newest": ("figshare", "10.6084/m9.figshare.9782777", "", FIGSHARE),
    "figshare: one version": (
        "figshare", "10.6084/m9.figshare.9782777.v1", "", ("9782777.v1", "v1", "First", "CC BY 4.0", 2),
    ),
    "figshare: a portal's page": ("figshare", "https://x.figshare.com/articles/_/9782777", "", FIGSHARE),
    "dataverse: a DOI": ("dataverse", "10.7910/DVN/TJCLKP", "", DATAVERSE),
    "dataverse: a version": (
        "dataverse", "10.7910/DVN/TJCLKP", "4.1",
        ("3035124.v4.1", "4.1", "Open source at Harvard", "CC0 1.0", 2),
    ),
    "dataverse: a file": ("dataverse", "{site}/dv/api/access/datafile/3323458", "", DATAVERSE),
    "dataverse: a file's DOI": (
        "dataverse", "{site}/dv/file.xhtml?persistentId=doi:10.7910/DVN/TJCLKP/FILE", "", DATAVERSE,
    ),
    "hydroshare: a page": ("hydroshare", f"https://www.hydroshare.org/resource/{RESOURCE}", "", HYDROSHARE),
    "hydroshare: a DOI": ("hydroshare", f"10.4211/hs.{RESOURCE}", "", HYDROSHARE),
    "ckan": ("ckan", "{site}/ckan/dataset/sea-turtles", "", CKAN),
    "ckan: an older state": (
        "ckan", "{site}/ckan/dataset/sea-turtles", ACTIVITY,
        ("sea-turtles.v1706745600", "changed 2024-02-01", *CKAN[2:]),
    ),
    "swh: a directory": (
        "swh", f"swh:1:dir:{DIRECTORY}", "",
        (f"swh:1:dir:{DIRECTORY}", f"swh:1:dir:{DIRECTORY}", "", "", None),
    ),
    "swh: a revision": (
        "swh", f"swh:1:rev:{REVISION}", "",
        (f"swh:1:dir:{DIRECTORY}", f"swh:1:rev:{REVISION}", "Add masks", "", None),
    ),
    "swh: a release": (
        "swh", f"swh:1:rel:{RELEASE}", "", (f"swh:1:dir:{DIRECTORY}", f"swh:1:rel:{RELEASE}", "2.3.0", "", None),
    ),
    "swh: a snapshot": (
        "swh", f"swh:1:snp:{SNAPSHOT}", "",
        (f"swh:1:dir:{DIRECTORY}", f"swh:1:snp:{SNAPSHOT}", "Add masks", "", None),
    ),
    "archive": ("archive", "{site}/files/course.zip", "", (DIGEST, f"sha256:{DIGEST[:12]}", "course.zip", "", 1)),
    "doi: to zenodo": ("doi", "10.1000/zenodo", "", ZENODO),
    "doi: to a version of figshare": (
        "doi", "10.1000/figshare", "", ("9782777.v1", "v1", "First", "CC BY 4.0", 2),
    ),
    "doi: to ckan": ("doi", "10.1000/ckan", "", CKAN),
    "doi: said to be zenodo's": ("zenodo", "10.1000/zenodo", "", ZENODO),
}  # fmt: skip
REFUSED = {
    "zenodo: no record": ("zenodo", "10.5281/zenodo.1", "record-not-found"),
    "figshare: no article": ("figshare", "10.6084/m9.figshare.1", "record-not-found"),
    "figshare: no version": ("figshare", "10.6084/m9.figshare.7", "record-not-found"),
    "dataverse: no dataset": ("dataverse", "{site}/dv/dataset.xhtml?persistentId=doi:10.1/X", "record-not-found"),
    "dataverse: a draft": (
        "dataverse", "{site}/dv/dataset.xhtml?persistentId=doi:10.7910/DVN/DRAFT", "record-not-found",
    ),
    "hydroshare: no resource": ("hydroshare", "10.4211/hs." + "0" * 32, "record-not-found"),
    "ckan: something else": ("ckan", "{site}/dataset/course", "source-unreadable"),
    "swh: no object": ("swh", "swh:1:dir:" + "0" * 40, "record-not-found"),
    "swh: round in a circle": ("swh", f"swh:1:rel:{LOOP}", "record-not-found"),
    "archive: a page": ("archive", "{site}/files/page.zip", "not-an-archive"),
    "archive: nothing": ("archive", "{site}/files/none.zip", "record-not-found"),
    "doi: unknown": ("doi", "10.1000/unknown", "record-not-found"),
    "doi: a paper": ("doi", "10.1000/paper", "doi-leads-elsewhere"),
    "doi: leads to itself": ("doi", "10.1000/itself", "doi-leads-elsewhere"),
    "doi: leads nowhere": ("doi", "10.1000/none", "doi-leads-elsewhere"),
    "doi: leads inside": ("doi", "10.1000/inside", "address-refused"),
    "a kind of its own": ("meca", "https://example.org/x", "source-unknown"),
}  # fmt: skip


@pytest.fixture
async def sites() -> AsyncIterator[RecordSites]:
    """All sites at once."""
    async with RecordSites() as running:
        yield running


async def found(sites: RecordSites, provider: str, repo: str, ref: str = "") -> Resolved:
    request = Request(provider=provider, repo=repo.replace("{site}", sites.url), ref=ref)
    return await identify(request, policy=sites.policy, sources=sites.sources())


@pytest.mark.parametrize(("provider", "repo", "ref", "told"), FOUND.values(), ids=FOUND)
async def test_given_a_record_when_looked_up_then_its_version_and_what_its_site_tells_are_known(
    sites: RecordSites, provider: str, repo: str, ref: str, told: tuple[object, ...]
) -> None:
    resolved = await found(sites, provider, repo, ref)

    assert (
        resolved.commit, resolved.ref, resolved.title, resolved.licence, resolved.size_mib,
    ) == told  # fmt: skip


@pytest.mark.parametrize(("provider", "repo", "code"), REFUSED.values(), ids=REFUSED)
async def test_given_what_is_no_record_when_looked_up_then_it_is_refused_with_words(
    sites: RecordSites, provider: str, repo: str, code: str
) -> None:
    with pytest.raises(BinderopsError) as refused:
        await found(sites, provider, repo)

    assert (refused.value.code, bool(refused.value.hint)) == (code, True)


async def test_given_a_record_larger_than_instances_fetch_when_launched_then_it_is_refused_with_numbers(
    sites: RecordSites,
) -> None:
    request = Request(provider="zenodo", repo="10.5281/zenodo.3242074")

    with pytest.raises(PersonError) as refused:
        await resolve(request, policy=replace(sites.policy, most_mib=3), sources=sites.sources())

    assert refused.value.code == "source-too-large"
    assert "has 4 MiB; at most 3 MiB" in refused.value.message


async def test_given_a_record_that_just_fits_when_launched_then_it_is_resolved(sites: RecordSites) -> None:
    request = Request(provider="zenodo", repo="10.5281/zenodo.3242074")

    resolved = await resolve(request, policy=replace(sites.policy, most_mib=4), sources=sites.sources())

    assert resolved.size_mib == 4


async def test_given_a_dataset_that_changes_in_place_when_looked_up_later_then_its_id_is_another(
    sites: RecordSites,
) -> None:
    now = await found(sites, "ckan", "{site}/ckan/dataset/sea-turtles")
    before = await found(sites, "ckan", "{site}/ckan/dataset/sea-turtles", ACTIVITY)

    assert now.commit != before.commit
