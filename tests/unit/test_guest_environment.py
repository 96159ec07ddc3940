"""What the agent's programs see of its surroundings."""

from pathlib import Path

import pytest

from provisioning.guest import environment
from provisioning.guest.build_venv import note, steps
from provisioning.guest.job import Job
from provisioning.guest.processes import Children
from tests.unit.test_guest_orders import orders

ENVIRON = {
    "PATH": "/bin",
    "HOME": "/root",
    "BINDEROPS_SERVER": "s1",
    "BINDEROPS_KEY": "secret",
    "SLACK_BOT_TOKEN": "secret",
    "OS_PASSWORD": "secret",
    "UV_INDEX_URL": "https://index.example/simple",
    "https_proxy": "http://proxy.example:3128",
}


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(environment.for_tools(ENVIRON), id="tools"),
        pytest.param(environment.for_git(ENVIRON, Path("/s"), "https", is_pinned=False), id="git"),
        pytest.param(environment.for_person(ENVIRON, Path("/s")), id="the person's programs"),
    ],
)
def test_given_secrets_around_the_agent_then_no_program_sees_them(seen: dict[str, str]) -> None:
    assert "secret" not in seen.values()
    assert (seen["BINDEROPS_SERVER"], seen["https_proxy"]) == ("s1", "http://proxy.example:3128")


def test_given_git_then_it_reads_nobodys_configuration_and_asks_nothing() -> None:
    seen = environment.for_git(ENVIRON, Path("/s"), "https", is_pinned=True)

    assert (seen["HOME"], seen["GIT_CONFIG_GLOBAL"], seen["GIT_TERMINAL_PROMPT"], seen["GIT_ALLOW_PROTOCOL"]) == (
        "/s/home", "/dev/null", "0", "https",
    )  # fmt: skip


def test_given_a_pinned_address_then_git_knows_no_proxy_that_would_look_the_name_up_again() -> None:
    names = ("https_proxy", "HTTP_PROXY", "All_Proxy", "no_proxy")
    around = {**ENVIRON, **dict.fromkeys(names, "http://proxy.example:3128")}

    seen = environment.for_git(around, Path("/s"), "https", is_pinned=True)

    assert [name for name in seen if "proxy" in name.lower()] == []


def planned(tmp_path: Path, files: dict[str, str], configuration: str = "") -> list[str]:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    job = Job(
        orders=orders(), state=tmp_path, repository=tmp_path, root=tmp_path, configuration=tmp_path / configuration,
        children=Children(str(tmp_path)), environ=ENVIRON, say=lambda message, *, step: None, on_line=lambda line: None,
    )  # fmt: skip
    return [step.title for step in steps(job)][2:]


@pytest.mark.parametrize(
    ("files", "titles"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"requirements.txt": "x"}, ["Install requirements.txt"], id="requirements"),
        pytest.param(
            {"requirements.txt": "x", "environment.yml": "dependencies:\n- pip:\n  - y\n"},
            ["Install environment.yml's pip part"], id="environment.yml goes first",
        ),
        pytest.param({"environment.yml": "dependencies:\n- numpy\n"}, [], id="no pip part"),
        pytest.param({"pyproject.toml": "[tool.ruff]\n"}, [], id="settings of tools only"),
        pytest.param(
            {"pyproject.toml": "[project]\nname='x'\n", "postBuild": "true"},
            ["Install the repository's own package", "Run postBuild"], id="a package",
        ),
    ],
)  # fmt: skip
def test_given_files_with_configuration_then_each_is_a_step(
    tmp_path: Path, files: dict[str, str], titles: list[str]
) -> None:
    assert planned(tmp_path, files) == titles


def test_given_a_binder_folder_then_the_package_beside_it_is_not_installed(tmp_path: Path) -> None:
    files = {"setup.py": "", "binder/requirements.txt": "x"}

    assert planned(tmp_path, files, "binder") == ["Install requirements.txt"]


def test_given_what_the_reduced_way_cannot_do_then_the_note_says_it(tmp_path: Path) -> None:
    (tmp_path / "apt.txt").write_text("graphviz")
    (tmp_path / "environment.yml").write_text("dependencies:\n- python=3.11\n- conda-forge::gdal\n")

    assert note(tmp_path, tmp_path).endswith("Left out: apt.txt, conda's gdal.")
