"""What goes into the archive of a person's work, under which names, and that nothing leads out of the folder."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.guest.work import MOST_MIB, Work, safe

NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in (".", "..")
)


class Bench:
    """A folder that a person works in, and what the agent packs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repo"
        self.folder.mkdir()
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_text("secret")
        self.work = Work(folder / "work.json")
        self.at("")

    def at(self, inside: str) -> None:
        self.work.place = lambda: [str(self.folder), *PurePosixPath(inside).parts]

    def put(self, name: str, content: str = "x") -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def packed(self) -> zipfile.ZipFile:
        written = io.BytesIO()
        self.work.write(written, "top")
        return zipfile.ZipFile(written)

    def files(self) -> dict[str, str]:
        with self.packed() as packed:
            assert packed.testzip() is None
            return {name.removeprefix("top/"): packed.read(name).decode() for name in packed.namelist()}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_given_files_that_were_there_then_only_what_is_new_or_changed_is_packed(bench: Bench) -> None:
    bench.put("same.txt")
    bench.put("changed.txt", "before")
    bench.put("gone.txt")
    bench.work.remember()

    bench.put("changed.txt", "after!")
    bench.put("deep/new.txt", "new")
    (bench.folder / "gone.txt").unlink()

    assert bench.files() == {"changed.txt": "after!", "deep/new.txt": "new"}


def test_given_a_change_that_hides_its_time_then_it_is_packed_all_the_same(bench: Bench) -> None:
    file = bench.put("data.csv", "before")
    was = file.stat()
    bench.work.remember()

    file.write_text("after!")
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))

    assert bench.files() == {"data.csv": "after!"}


def test_given_it_is_remembered_when_the_agent_starts_again_then_what_was_changed_meanwhile_stays_work(
    bench: Bench, tmp_path: Path
) -> None:
    bench.work.remember()
    bench.put("new.txt")

    bench.work = Work(tmp_path / "work.json")
    bench.at("")
    bench.work.remember()

    assert list(bench.files()) == ["new.txt"]


def test_given_no_changes_then_there_is_nothing(bench: Bench) -> None:
    bench.put("same.txt")
    bench.work.remember()

    assert bench.work.look() == (0, 0, 0)


@pytest.mark.parametrize(
    "name",
    [
        ".git/config", "__pycache__/a.pyc", "deep/.ipynb_checkpoints/a.ipynb", "node_modules/a/b.js", ".cache/pip/x",
        ".local/share/x", ".conda/pkgs/x", ".venv/bin/python", ".ipython/profile_default/history.sqlite",
    ],
)  # fmt: skip
def test_given_what_is_no_work_then_it_is_left_out(bench: Bench, name: str) -> None:
    bench.put(name)

    assert bench.files() == {}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda b: (b.folder / "link").symlink_to(b.outside / "secret"), id="a link to a file"),
        pytest.param(lambda b: (b.folder / "link").symlink_to(b.outside), id="a link to a folder"),
        pytest.param(lambda b: (b.folder / "link").symlink_to("link"), id="a link to itself"),
        pytest.param(lambda b: os.mkfifo(b.folder / "pipe"), id="a pipe that nobody writes"),
    ],
)
def test_given_what_is_no_file_then_it_is_neither_read_nor_followed(
    bench: Bench, make: Callable[[Bench], None]
) -> None:
    make(bench)

    assert bench.files() == {}


@pytest.mark.parametrize("inside", ["link", "link/deeper"])
def test_given_a_link_in_the_place_of_the_folder_itself_then_nothing_of_it_is_read(
    bench: Bench, inside: str
) -> None:
    (bench.outside / "deeper").mkdir()
    (bench.folder / "link").symlink_to(bench.outside)
    bench.at(inside)

    with pytest.raises(OSError):
        bench.work.look()


def test_given_a_folder_below_the_first_then_its_files_alone_are_packed(bench: Bench) -> None:
    bench.put("other/a.txt")
    bench.put("mine/b.txt")
    bench.at("mine")

    assert list(bench.files()) == ["b.txt"]


def test_given_more_than_fits_then_the_rest_is_packed_and_what_is_left_out_is_counted(bench: Bench) -> None:
    bench.put("small.txt", "small")
    with bench.put("huge.bin").open("wb") as huge:
        huge.truncate(MOST_MIB << 20)

    assert (bench.work.look(), list(bench.files())) == ((1, 5, 1), ["small.txt"])


def test_given_folders_in_folders_without_end_then_it_comes_to_an_end(bench: Bench) -> None:
    bench.put("/".join(["d"] * 300) + "/deep.txt")
    bench.put("flat.txt")

    assert list(bench.files()) == ["flat.txt"]


def test_given_a_script_then_it_stays_executable(bench: Bench) -> None:
    bench.put("run.sh").chmod(0o755)

    with bench.packed() as packed:
        assert packed.infolist()[0].external_attr >> 16 & 0o777 == 0o755


@pytest.mark.parametrize("seconds", [-(10**9), 0, 10**11])
def test_given_a_time_that_no_zip_knows_then_it_is_packed_with_another(bench: Bench, seconds: int) -> None:
    file = bench.put("a.txt")
    os.utime(file, (seconds, seconds))

    assert list(bench.files()) == ["a.txt"]


def test_given_a_name_that_is_no_text_then_it_is_packed_under_one_that_is(bench: Bench) -> None:
    (Path(os.fsdecode(os.fsencode(bench.folder) + b"/caf\xe9.txt"))).write_text("x")

    assert list(bench.files()) == ["caf_.txt"]


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("plots/año 1.png", "plots/año 1.png"),
        (".github/workflows/a.yml", ".github/workflows/a.yml"),
        ("..\\..\\evil.dll", ".._.._evil.dll"),
        ("C:evil", "C_evil"),
        ("a\nb\x1b[31m", "a_b_[31m"),
        ("... /x", "_/x"),
        ("a/.. ", "a/_"),
    ],
)
def test_given_a_name_then_it_is_packed_as_no_system_misreads_it(name: str, packed: str) -> None:
    assert safe(name, set()) == packed


@given(st.lists(NAMES, min_size=1, max_size=5).map("/".join))
def test_given_any_name_then_it_stays_below_the_folder_that_it_is_unpacked_to(name: str) -> None:
    packed = safe(name, set())

    windows = PureWindowsPath(packed)
    assert (windows.drive, windows.root, PurePosixPath(packed).is_absolute()) == ("", "", False)
    assert all(part.strip(". ") for part in windows.parts)
    assert packed.encode().decode() == packed


@given(st.lists(NAMES, max_size=20))
def test_given_any_names_then_no_two_are_packed_as_one(names: list[str]) -> None:
    taken: set[str] = set()

    assert len({safe(name, taken) for name in names}) == len(names)
