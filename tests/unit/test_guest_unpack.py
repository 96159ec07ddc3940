"""Archives of strangers: what is unpacked, and that nothing gets out of the folder."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from provisioning.guest.causes import FailedError
from provisioning.guest.records import unpack
from provisioning.guest.records.identity import directory_id, empty_folders
from provisioning.guest.records.unpack import Unpacker, inside, lift_single_folder
from tests.fakes.record_files import COURSE, DIRECTORY, WITH_SUBMODULE, tarred, zipped

MOST = 100_000


def tar_entry(name: str, kind: bytes, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def link(name: str, target: str) -> tarfile.TarInfo:
    return tar_entry(name, tarfile.SYMTYPE, target)


def zip_entry(name: str, content: bytes, mode: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, content)
    return packed.getvalue()


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(MOST + 1))
    return packed.getvalue()


def lying_bomb() -> bytes:
    """One that says in its directory that it is small."""
    honest = bomb()
    return honest.replace((MOST + 1).to_bytes(4, "little"), (10).to_bytes(4, "little"))


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "outer" / "folder"
    made.mkdir(parents=True)
    return made


def unpacked(folder: Path, packed: bytes) -> None:
    archive = folder.parent.parent / "archive"
    archive.write_bytes(packed)
    Unpacker(folder, MOST).unpack(archive, "a.zip")


HOSTILE = {
    "tar: climbs": tarred(("../evil", b"x")),
    "tar: climbs in the middle": tarred(("a/../../evil", b"x")),
    "tar: from the root": tarred(("/tmp/evil", b"x")),
    "tar: a link to the root": tarred(link("a", "/etc")),
    "tar: a link that climbs": tarred(link("a", "../..")),
    "tar: a link and a file through it": tarred(link("a", ".."), ("a/evil", b"x")),
    "tar: links that climb together": tarred(("d/e/f", b""), link("x", "d/e"), link("d/e/y", "../../x/../../..")),
    "tar: a link through a link": tarred(("d/f", b""), link("x", "d"), link("x/y", "f")),
    "tar: a device": tarred(tar_entry("null", tarfile.CHRTYPE)),
    "tar: a block device": tarred(tar_entry("disk", tarfile.BLKTYPE)),
    "tar: a pipe": tarred(tar_entry("pipe", tarfile.FIFOTYPE)),
    "tar: a hard link to a file outside": tarred(tar_entry("a", tarfile.LNKTYPE, "/etc/passwd")),
    "tar: a file over a folder": tarred(("a/b", b""), ("a", b"")),
    "tar: cut short": tarred(*COURSE.items())[:-40],
    "zip: climbs": zipped({"../evil": b"x"}),
    "zip: climbs as on Windows": zipped({"..\\evil": b"x"}),
    "zip: from the root": zipped({"/tmp/evil": b"x"}),
    "zip: a link to the root": zip_entry("a", b"/etc", 0o120777),
    "zip: a pipe": zip_entry("a", b"", 0o010644),
    "zip: a long link": zip_entry("a", b"x" * 5000, 0o120777),
    "zip: cut short": zipped(COURSE)[:60],
    "neither": b"<!doctype html>",
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("packed", HOSTILE.values(), ids=HOSTILE)
def test_given_an_archive_with_what_may_not_be_in_it_then_it_is_refused_and_nothing_is_outside(
    folder: Path, packed: bytes
) -> None:
    with pytest.raises(FailedError) as refused:
        unpacked(folder, packed)

    assert refused.value.cause.code == "archive-refused"
    assert names_in(folder.parent) == ["folder"]


@pytest.mark.parametrize("packed", [bomb(), lying_bomb(), tarred(("zeros", bytes(MOST + 1)))])
def test_given_an_archive_that_unfolds_to_more_than_the_limit_then_it_is_refused(
    folder: Path, packed: bytes
) -> None:
    with pytest.raises(FailedError) as refused:
        unpacked(folder, packed)

    assert refused.value.cause.code in {"source-too-large", "archive-refused"}
    assert sum(f.stat().st_size for f in folder.rglob("*")) <= MOST


def test_given_too_many_entries_then_it_is_refused(folder: Path) -> None:
    many = tarred(*(tar_entry(f"d{number}", tarfile.DIRTYPE) for number in range(unpack.MOST_ENTRIES + 1)))

    with pytest.raises(FailedError, match=r"archive-refused: .*more than 100000 entries"):
        unpacked(folder, many)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(zipped(COURSE), id="zip"),
        pytest.param(tarred(*COURSE.items(), mode="w"), id="tar"),
        pytest.param(tarred(*COURSE.items(), mode="w:gz"), id="tar.gz"),
        pytest.param(tarred(*COURSE.items(), mode="w:bz2"), id="tar.bz2"),
        pytest.param(tarred(*COURSE.items(), mode="w:xz"), id="tar.xz"),
        pytest.param(zipped({k.replace("/", "\\"): v for k, v in COURSE.items()}), id="as on Windows"),
        pytest.param(zipped({**COURSE, "__MACOSX/._a": b"", ".git/config": b""}), id="with what is left out"),
    ],
)
def test_given_an_archive_of_any_form_then_its_files_are_there(folder: Path, packed: bytes) -> None:
    unpacked(folder, packed)

    assert {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()} == COURSE


def test_given_a_tar_that_ends_in_a_zip_then_it_is_taken_for_a_tar(folder: Path) -> None:
    unpacked(folder, tarred(("a.txt", b"a"), ("b.zip", zipped(COURSE)), mode="w"))

    assert names_in(folder) == ["a.txt", "b.zip"]


def test_given_a_link_within_then_it_is_kept(folder: Path) -> None:
    unpacked(folder, tarred(("d/a.txt", b"inside"), link("b.txt", "d/a.txt"), link("d/up", "..")))

    assert (folder / "b.txt").read_bytes() == b"inside"


def test_given_a_hard_link_within_then_it_becomes_a_copy(folder: Path) -> None:
    unpacked(folder, tarred(("a", b"inside"), tar_entry("b", tarfile.LNKTYPE, "a")))

    assert ((folder / "b").read_bytes(), (folder / "b").stat().st_nlink) == (b"inside", 1)


def test_given_programs_and_files_of_odd_modes_then_only_that_they_can_run_is_kept(folder: Path) -> None:
    unpacked(folder, zip_entry("start", b"#!/bin/sh", 0o104777))

    assert (folder / "start").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b", "a/b"),
        ("./a//b/", "a/b"),
        ("", ""),
        (".", ""),
        ("..", None),
        ("/a", None),
        ("a/../b", None),
        ("a\0", None),
    ],
)
def test_given_a_name_then_it_is_a_path_inside_or_nothing(name: str, path: str | None) -> None:
    assert inside(name) == path


def test_given_all_in_one_folder_when_lifted_then_its_content_is_on_top(folder: Path) -> None:
    unpacked(folder, zipped({f"course/{name}": content for name, content in COURSE.items()}))

    lift_single_folder(folder)

    assert names_in(folder) == ["data", "index.ipynb"]


def test_given_a_folder_and_a_file_when_lifted_then_nothing_changes(folder: Path) -> None:
    unpacked(folder, zipped(COURSE))

    lift_single_folder(folder)

    assert names_in(folder) == ["data", "index.ipynb"]


def test_given_a_folder_then_its_identifier_is_that_of_git_and_the_archive(folder: Path) -> None:
    unpacked(folder, zipped(COURSE))

    assert directory_id(folder, {}) == f"swh:1:dir:{DIRECTORY}"


def test_given_an_empty_folder_for_a_submodule_then_its_commit_counts_as_git_has_it(folder: Path) -> None:
    unpacked(folder, zipped({**COURSE, "vendor/lib/": b""}))

    known = directory_id(folder, {"vendor/lib": "b" * 40})

    assert (empty_folders(folder), known) == (["vendor/lib"], f"swh:1:dir:{WITH_SUBMODULE}")
