"""From what a person names to one commit, asked of real repositories over real HTTP."""

import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources import Resolved, SourcePolicy, resolve
from tests.fakes.git_server import CLOSED, GitServer

pytestmark = pytest.mark.integration

WHO = {
    f"GIT_{role}_{what}": "ada@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
WHEN = {"GIT_AUTHOR_DATE": "2026-03-02T09:00:00Z", "GIT_COMMITTER_DATE": "2026-03-02T09:00:00Z"}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env=CLOSED | WHO | WHEN, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def add_commits(folder: Path, how_many: int) -> None:
    """On the branch ``many``."""
    commits = "".join(
        f"commit refs/heads/many\ncommitter A <a@example.org> {n} +0000\ndata 0\n" for n in range(1, how_many)
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=folder, env=CLOSED, check=True, input=commits, text=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A served repository and the commits that matter in it."""

    server: GitServer
    first: str  # tag v1, light
    second: str  # tag v2, annotated; branch feature/plots
    hidden: str  # on no branch and under no tag, not reachable from any
    proposed: str  # refs/pull/7/head
    between: str  # reachable from main, listed nowhere
    newest: str  # branch main, HEAD
    tag_object: str  # of v2

    async def ask(self, ref: str = "", name: str = "course", path: str = "") -> Resolved:
        url = f"{self.server.url}/{name}"
        policy = SourcePolicy(allow_exact=(self.server.url,))
        return await resolve(Request(provider="git", repo=url, ref=ref, path=path), policy=policy)


@pytest.fixture
async def course(tmp_path: Path) -> AsyncIterator[Course]:
    folder = tmp_path / "course"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    first = commit(folder, "first")
    git(folder, "tag", "v1")
    second = commit(folder, "second")
    git(folder, "tag", "-a", "v2", "-m", "two")
    git(folder, "branch", "feature/plots")
    hidden = commit(folder, "hidden")
    git(folder, "reset", "--quiet", "--hard", "HEAD~1")
    proposed = git(folder, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "proposed")
    git(folder, "update-ref", "refs/pull/7/head", proposed)
    between = commit(folder, "between")
    newest = commit(folder, "newest")
    tag_object = git(folder, "rev-parse", "v2")
    async with GitServer(tmp_path) as server:
        yield Course(
            server=server,
            first=first,
            second=second,
            hidden=hidden,
            proposed=proposed,
            between=between,
            newest=newest,
            tag_object=tag_object,
        )


@pytest.mark.parametrize(
    ("ref", "expected", "shown"),
    [
        pytest.param("", "newest", "main", id="none-is-the-default-branch"),
        pytest.param("HEAD", "newest", "main", id="head"),
        pytest.param("main", "newest", "main", id="branch"),
        pytest.param("feature/plots", "second", "feature/plots", id="branch-with-a-slash"),
        pytest.param("v1", "first", "v1", id="light-tag"),
        pytest.param("v2", "second", "v2", id="annotated-tag"),
        pytest.param("tags/v1", "first", "v1", id="tag-by-kind"),
        pytest.param("refs/heads/feature/plots", "second", "feature/plots", id="whole-name"),
    ],
)
async def test_given_a_ref_when_resolved_then_its_commit_is_found(
    course: Course, ref: str, expected: str, shown: str
) -> None:
    resolved = await course.ask(ref)

    assert (resolved.commit, resolved.ref) == (getattr(course, expected), shown)


async def test_given_a_pull_requests_head_when_resolved_then_it_is_its_newest_commit(course: Course) -> None:
    resolved = await course.ask("refs/pull/7/head")

    assert (resolved.commit, resolved.ref) == (course.proposed, "refs/pull/7/head")


@pytest.mark.parametrize(
    ("path", "folders"), [("plots", 1), ("plots/a/b.ipynb", 1)], ids=["all of the path", "a part of it"]
)
async def test_given_a_links_path_that_begins_with_the_branch_when_resolved_then_the_branch_is_whole(
    course: Course, path: str, folders: int
) -> None:
    resolved = await course.ask("feature", path=path)

    assert (resolved.commit, resolved.ref, resolved.folders_in_ref) == (
        course.second,
        "feature/plots",
        folders,
    )


async def test_given_a_branch_that_is_there_when_resolved_then_its_path_stays_a_path(course: Course) -> None:
    assert (await course.ask("main", path="plots/a.ipynb")).folders_in_ref == 0


async def test_given_neither_branch_nor_a_longer_one_when_resolved_then_the_first_part_is_refused(
    course: Course,
) -> None:
    with pytest.raises(PersonError) as refused:
        await course.ask("feature", path="tables/a.ipynb")

    assert refused.value.code == "ref-not-found"
    assert "feature/plots" in refused.value.hint


@pytest.mark.parametrize("which", ["first", "newest", "between", "hidden"])
async def test_given_a_full_commit_when_resolved_then_it_is_confirmed(course: Course, which: str) -> None:
    wanted = getattr(course, which)

    assert (await course.ask(wanted)).commit == wanted


@pytest.mark.parametrize("which", ["first", "newest", "between"])
@pytest.mark.parametrize("digits", [7, 12, 39])
async def test_given_a_short_commit_when_resolved_then_the_full_one_is_found(
    course: Course, which: str, digits: int
) -> None:
    wanted = getattr(course, which)

    assert (await course.ask(wanted[:digits])).commit == wanted


async def test_given_a_commit_in_capitals_when_resolved_then_it_is_found(course: Course) -> None:
    assert (await course.ask(course.between.upper())).commit == course.between


async def test_given_a_tags_own_id_when_resolved_then_the_commit_behind_it_is_found(course: Course) -> None:
    assert (await course.ask(course.tag_object)).commit == course.second


@pytest.mark.parametrize("ref", ["deadbeef", "d" * 40, "d" * 64])
async def test_given_a_commit_that_is_not_there_when_resolved_then_it_is_refused(
    course: Course, ref: str
) -> None:
    with pytest.raises(PersonError) as refused:
        await course.ask(ref)

    assert (refused.value.code, refused.value.span) == ("ref-not-found", (0, 0))


async def test_given_a_files_id_when_resolved_then_it_is_no_commit(course: Course) -> None:
    folder = course.server.folder / "course"
    (folder / "notes.md").write_text("notes\n")
    git(folder, "add", "notes.md")
    commit(folder, "with a file")

    with pytest.raises(PersonError) as refused:
        await course.ask(git(folder, "rev-parse", "HEAD:notes.md"))

    assert refused.value.code == "ref-not-found"


async def test_given_a_beginning_that_many_commits_share_when_resolved_then_more_digits_are_asked_for(
    course: Course,
) -> None:
    folder = course.server.folder / "course"
    add_commits(folder, 1500)
    beginnings = Counter(line[:4] for line in git(folder, "rev-list", "--all").splitlines())
    [(shared, times)] = beginnings.most_common(1)

    with pytest.raises(PersonError) as refused:
        await course.ask(shared)

    assert times > 1
    assert refused.value.code == "ambiguous-commit"


async def test_given_a_mistyped_ref_when_resolved_then_the_nearest_are_proposed(course: Course) -> None:
    with pytest.raises(PersonError) as refused:
        await course.ask("feature/plot")

    assert refused.value.code == "ref-not-found"
    assert "feature/plots" in refused.value.hint


async def test_given_a_named_ref_that_is_missing_when_main_exists_then_main_is_not_taken(
    course: Course,
) -> None:
    with pytest.raises(PersonError) as refused:
        await course.ask("master")

    assert refused.value.code == "ref-not-found"


@pytest.mark.parametrize("branches", [("main",), ("master",), ("main", "master")], ids="-and-".join)
async def test_given_a_head_that_leads_nowhere_when_no_ref_is_named_then_main_goes_before_master(
    course: Course, branches: tuple[str, ...]
) -> None:
    folder = course.server.folder / "course"
    git(folder, "checkout", "--quiet", "--detach")
    git(folder, "branch", "-D", "main")
    for branch in branches:
        git(folder, "branch", branch, course.first)
    git(folder, "symbolic-ref", "HEAD", "refs/heads/gone")

    resolved = await course.ask()

    assert (resolved.commit, resolved.ref) == (course.first, branches[0])


async def test_given_a_detached_head_and_no_main_when_no_ref_is_named_then_its_commit_is_taken(
    course: Course,
) -> None:
    folder = course.server.folder / "course"
    git(folder, "checkout", "--quiet", "--detach", course.between)
    git(folder, "branch", "-D", "main")

    assert (await course.ask()).commit == course.between


async def test_given_no_head_and_neither_main_nor_master_when_resolved_then_the_person_must_name_one(
    course: Course,
) -> None:
    folder = course.server.folder / "course"
    git(folder, "symbolic-ref", "HEAD", "refs/heads/gone")
    git(folder, "branch", "-D", "main")

    with pytest.raises(PersonError) as refused:
        await course.ask()

    assert (refused.value.code, "feature/plots" in refused.value.hint) == ("ref-not-found", True)


async def test_given_a_repository_without_a_commit_when_resolved_then_it_is_said(course: Course) -> None:
    git(course.server.folder, "init", "--quiet", "--bare", "empty")

    with pytest.raises(PersonError) as refused:
        await course.ask(name="empty")

    assert refused.value.code == "repository-empty"


async def test_given_no_such_repository_when_resolved_then_both_possibilities_are_named(
    course: Course,
) -> None:
    with pytest.raises(PersonError) as refused:
        await course.ask(name="nowhere")

    assert refused.value.code == "repository-not-found"
    assert "does not exist, or it is private" in refused.value.message


async def test_given_an_exempt_source_when_resolved_then_it_has_no_checked_address(course: Course) -> None:
    assert (await course.ask()).address == ""


async def test_given_a_repository_with_sha256_ids_when_a_short_commit_is_resolved_then_it_is_found(
    course: Course,
) -> None:
    folder = course.server.folder / "long"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    wanted = commit(folder, "first")
    commit(folder, "second")

    assert (await course.ask(wanted[:12], name="long")).commit == wanted
