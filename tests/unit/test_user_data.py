"""The user data is what the instance will see, whatever a person typed."""

import base64
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.errors import RefusedError
from provisioning.user_data import files_in, load, render

ROOT = Path(__file__).parents[2]
_LOCAL = {"build_venv.py", "conda_file.py"}  # for machines without Docker, which have the whole package
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=15)  # each one unpacks the whole agent
@given(st.dictionaries(st.text(max_size=20), JSON, max_size=8))
def test_given_any_orders_then_they_come_back_equal(launch: dict[str, Any]) -> None:
    config, orders = load(render(launch))

    assert orders == launch
    assert sorted(config) == ["bootcmd", "runcmd", "write_files"]


def test_given_the_agent_then_its_text_arrives_unchanged_and_whole() -> None:
    config, _ = load(render({"title": "é 😀 a: b"}))

    arrived = {
        path: text for path, text in files_in(config).items() if path.startswith("/opt/binderops/guest/")
    }
    package = ROOT / "provisioning" / "guest"
    expected = {
        f"/opt/binderops/guest/{f.relative_to(package)}": f.read_text()
        for f in package.rglob("*.py")
        if f.name not in _LOCAL
    }
    assert arrived == expected


def test_given_the_packed_agent_when_the_instance_unpacks_it_as_it_is_told_then_it_is_there(
    tmp_path: Path,
) -> None:
    config, _ = load(render({}))
    unpack = config["runcmd"][0]
    packed, disk = tmp_path / "packed", tmp_path / "disk"
    content = next(f["content"] for f in config["write_files"] if f["path"] == unpack[-2])
    packed.write_bytes(base64.b64decode(content))

    told = [sys.executable, *unpack[1:-2], str(packed), str(disk)]
    subprocess.run(told, check=True, env={"PYTHONWARNINGS": "ignore"})

    arrived = {f"/{f.relative_to(disk)}": f.read_text() for f in disk.rglob("*") if f.is_file()}
    assert arrived == files_in(config)
    alone = [sys.executable, "-c", "import guest.agent, guest.records.__main__"]
    subprocess.run(alone, check=True, cwd=disk / "opt" / "binderops", env={"PYTHONDONTWRITEBYTECODE": "1"})


def test_given_the_same_orders_then_the_same_bytes() -> None:
    assert render({"a": 1}) == render({"a": 1})


def test_given_orders_packed_by_threads_at_once_then_each_gets_its_own_whole() -> None:
    launches = [{"title": f"launch {n}", "noise": "x" * n} for n in range(8)]

    with ThreadPoolExecutor(4) as pool:
        packed = list(pool.map(render, launches))

    assert [load(one)[1] for one in packed] == launches


def test_given_the_agent_packed_once_when_another_launch_is_packed_then_no_file_is_read_again() -> None:
    read: list[str] = []
    is_looking = True  # a hook stays as long as the process

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if is_looking and event == "open":
            read.append(str(arguments[0]))

    render({"a": 1})
    sys.addaudithook(hear)

    render({"a": 2})

    is_looking = False
    assert [name for name in read if "guest" in name or "templates" in name] == []


def test_given_real_orders_then_they_fit_with_room_to_spare() -> None:
    # Of 65,535. What a person types may take three thousand of it: it is packed worse than the agent's text.
    assert len(base64.b64encode(render({"path": "x" * 2000}))) < 62_000


def test_given_orders_that_do_not_fit_then_it_is_said() -> None:
    noise = base64.b85encode(bytes(range(256)) * 4 + os.urandom(40_000)).decode()

    with pytest.raises(RefusedError, match="user-data-too-large"):
        render({"path": noise})


def test_given_the_lock_then_the_instance_installs_the_same_caddy() -> None:
    wanted, lock = (ROOT / "templates" / "guest-requirements.txt", ROOT / "requirements.txt")

    assert set(wanted.read_text().splitlines()) <= set(lock.read_text().splitlines())


def test_given_the_units_then_what_they_run_is_on_the_instance_and_each_is_enabled() -> None:
    config, _ = load(render({}))
    files = files_in(config)
    units = {path.rpartition("/")[2]: text for path, text in files.items() if path.endswith(".service")}
    run = {
        word
        for text in units.values()
        for word in text.split()
        if word.startswith("/opt/binderops/") and word.endswith(".sh")
    }

    assert sorted(units) == ["binderops-agent.service", "binderops-firewall.service"]
    assert run <= set(files)
    assert set(units) <= {command[-1] for command in config["runcmd"]}


def test_given_the_firewall_then_it_is_there_before_docker_starts_what_ran_before() -> None:
    config, _ = load(render({}))
    files = files_in(config)

    assert "\nBefore=docker.service\n" in files["/etc/systemd/system/binderops-firewall.service"]


@pytest.mark.parametrize("name", ["setup.sh", "firewall.sh", "first-report.sh"])
def test_given_a_script_then_a_plain_shell_can_read_it(name: str) -> None:
    subprocess.run(["/bin/sh", "-n", ROOT / "templates" / name], check=True)


def test_given_scripts_without_their_comments_then_a_plain_shell_can_still_read_them() -> None:
    config, _ = load(render({}))
    scripts = {path: text for path, text in files_in(config).items() if path.endswith(".sh")}

    for path, text in scripts.items():
        subprocess.run(["/bin/sh", "-n"], input=text, text=True, check=True)
        whole = (ROOT / "templates" / Path(path).name).read_text().splitlines()
        assert text.splitlines() == [line for line in whole if not line.lstrip().startswith("# ")]
    assert len(scripts) == 2
