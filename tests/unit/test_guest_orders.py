"""launch.json as the bot writes it is what the agent reads; git and Caddy get exactly what was decided."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioning.clouds import Address
from provisioning.guest import caddy, fetch
from provisioning.guest.build_docker import command, run_command
from provisioning.guest.causes import FailedError
from provisioning.guest.interfaces import candidates
from provisioning.guest.job import Endpoint, Job
from provisioning.guest.orders import BadOrdersError, Orders, Source, parse
from provisioning.guest.processes import Children
from provisioning.launch_spec import Limits, launch_json
from provisioning.model import VolumeId, WorkVolume
from provisioning.tickets import Signer
from tests.strategies import a_binder, a_plan

KEYS = (Signer.generate().public_key, Signer.generate().public_key)
COMMIT = "a" * 40


def launch(tls: str = "off", **changed: Any) -> dict[str, Any]:
    scheme = "http" if tls == "off" else "https"
    address = Address(
        public_url=f"{scheme}://b-aaaa.localhost:8123", agent_url="", listen="127.0.0.1:8123", tls=tls
    )
    return launch_at(address, **changed)


def launch_at(address: Address, **changed: Any) -> dict[str, Any]:
    made = launch_json(
        a_binder(),
        a_plan(),
        address,
        deployment="d",
        runtime="venv",
        bot_keys=KEYS,
        allow_exact=(),
        limits=Limits(),
    )
    whole: dict[str, Any] = json.loads(json.dumps(made))
    whole["source"]["commit"] = COMMIT
    return {**whole, **changed}


def orders(tls: str = "off", **changed: Any) -> Orders:
    return parse(launch(tls, **changed))


def test_given_what_the_bot_writes_then_the_agent_reads_it() -> None:
    read = orders()

    assert (read.origin, read.public_host, read.bot_keys) == (
        "http://b-aaaa.localhost:8123",
        "b-aaaa.localhost",
        KEYS,
    )


def test_given_orders_of_an_older_bot_then_their_source_is_git() -> None:
    older = launch()
    del older["source"]["kind"]

    assert parse(older).source.kind == "git"


def test_given_a_binder_with_a_volume_then_the_agent_learns_its_name_and_disk() -> None:
    work = WorkVolume(id=VolumeId("vvvvvvvvvv"), name="data", size_gib=10)
    address = Address(
        public_url="http://b-aaaa.localhost:8123", agent_url="", listen="127.0.0.1:8123", tls="off"
    )

    made = launch_json(
        a_binder(volume=work), a_plan(), address, deployment="d", runtime="venv", bot_keys=KEYS, allow_exact=(),
        limits=Limits(), work_id="4f1c",
    )  # fmt: skip

    read = parse(made)
    assert (read.volume, read.disk) == ("data", "4f1c")
    assert (orders().volume, orders().disk) == ("", "")


@pytest.mark.parametrize(
    ("kind", "commit", "is_understood"),
    [
        ("git", "a" * 40, True),
        ("git", "9782777.v3", False),
        ("archive", "a" * 64, True),
        ("archive", "a" * 40, False),
        ("figshare", "9782777.v3", True),
        ("zenodo", "../../3", False),
        ("swh", f"swh:1:dir:{'a' * 40}", True),
        ("swh", f"swh:1:rev:{'a' * 40}", False),
        ("meca", "1", False),
    ],
)
def test_given_a_kind_of_source_then_its_id_must_have_its_form(
    kind: str, commit: str, is_understood: bool
) -> None:
    given = launch()
    given["source"] |= {"kind": kind, "commit": commit}

    try:
        parse(given)
    except BadOrdersError:
        assert not is_understood
    else:
        assert is_understood


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"v": 2}, id="another version"),
        pytest.param({"binder": "../../etc"}, id="an id that is a path"),
        pytest.param({"bot_keys": []}, id="no key"),
        pytest.param({"bot_keys": ["short"]}, id="a key that is none"),
        pytest.param({"bot_keys": KEYS[0]}, id="a key that is no list"),
        pytest.param({"public_url": "https://b-aaaa.localhost"}, id="TLS in the address only"),
        pytest.param({"tls": "none"}, id="another mode"),
        pytest.param({"listen": "127.0.0.1"}, id="no port"),
        pytest.param({"runtime": "chroot"}, id="another runtime"),
        pytest.param({"volume": {"name": "../x", "id": "4f1c"}}, id="a volume's name that is a path"),
        pytest.param({"volume": {"name": "data", "id": "*"}}, id="a disk that could be any"),
        pytest.param({"limits": {}}, id="no limits"),
        pytest.param({"source": None}, id="no source"),
    ],
)
def test_given_orders_that_are_not_understood_then_they_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadOrdersError):
        orders(**changed)


def source(url: str, address: str = "", *allow_exact: str) -> Source:
    return Source(kind="git", url=url, commit=COMMIT, ref="main", address=address, allow_exact=allow_exact)


def options(of: Source) -> set[str]:
    words = fetch.settings(of)
    return set(words[1::2])


def test_given_a_checked_address_then_git_connects_to_that_one_and_follows_nobody() -> None:
    found = options(source("https://example.org/a/b", "192.0.2.7"))

    assert {
        "http.curloptResolve=example.org:443:192.0.2.7", "http.followRedirects=false", "protocol.allow=never",
        "protocol.https.allow=always", "core.hooksPath=/dev/null",
    } <= found  # fmt: skip


@pytest.mark.parametrize(
    ("url", "address", "pinned"),
    [
        ("https://example.org:8443/a", "192.0.2.7", "example.org:8443:192.0.2.7"),
        ("https://example.org/a", "2001:db8::7", "example.org:443:[2001:db8::7]"),
    ],
)
def test_given_a_port_or_a_long_address_then_the_pin_is_well_formed(
    url: str, address: str, pinned: str
) -> None:
    assert f"http.curloptResolve={pinned}" in options(source(url, address))


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(source("https://example.org/a"), id="an address that nobody checked"),
        pytest.param(source("http://example.org/a", "192.0.2.7"), id="no TLS"),
        pytest.param(source("file:///etc", "", "file:///etc"), id="a file, even exempted"),
        pytest.param(source("ext::sh -c id", "", "ext::"), id="a helper of git, even exempted"),
        pytest.param(source("git://127.0.0.1:1/a", "", "git://127.0.0.1:2/"), id="beside the exemption"),
        pytest.param(source("http://127.0.0.1:8080/a", "", "http://127.0.0.1:80"), id="a longer port"),
        pytest.param(source("http://h.example.evil/a", "", "http://h.example"), id="a longer host"),
        pytest.param(source("http://h.example/team-b/a", "", "http://h.example/team"), id="a longer folder"),
        pytest.param(source("http://h.example/a/../b", "", "http://h.example/a/"), id="climbing out"),
        pytest.param(source("http://h.example/a/%2E%2e/b", "", "http://h.example/a/"), id="climbing hidden"),
        pytest.param(source("http://h.example/a", "", "/"), id="an exemption of nothing"),
    ],
)
def test_given_a_source_that_the_bot_would_not_send_then_it_is_not_fetched(of: Source) -> None:
    with pytest.raises(FailedError, match="source-refused"):
        fetch.settings(of)


@pytest.mark.parametrize("prefix", ["http://h.example", "http://h.example/", "http://h.example/team/a"])
def test_given_a_source_below_an_exempt_prefix_then_git_may_speak_its_protocol(prefix: str) -> None:
    assert fetch.protocol_of(source("http://h.example/team/a", "", prefix)) == "http"


def rendered(tls: str, **changed: Any) -> dict[str, Any]:
    return caddy.config(
        orders(tls, **changed), caddy.Upstreams(1, 2), home=Path("/h"), certificate=Path("/c"), key=Path("/k")
    )


def test_given_mode_off_then_one_plain_listener_serves_both_sites() -> None:
    config = rendered("off")

    assert [s["listen"] for s in config["apps"]["http"]["servers"].values()] == [["127.0.0.1:8123"]]
    assert ("tls" in config["apps"], config["admin"]["disabled"]) == (False, True)


def test_given_mode_proxy_then_people_come_plainly_and_the_bot_by_tls() -> None:
    servers = rendered("proxy")["apps"]["http"]["servers"]

    assert {name: (s["listen"], "tls_connection_policies" in s) for name, s in servers.items()} == {
        "people": (["127.0.0.1:8123"], False),
        "agent": (["127.0.0.1:443"], True),
    }


@pytest.mark.parametrize(
    ("tls", "issuers"),
    [
        pytest.param("internal", [{"module": "internal"}], id="its own"),
        pytest.param(
            "ip", [{"module": "acme", "profile": "shortlived"}, {"module": "internal"}], id="by ACME"
        ),
    ],
)
def test_given_issuers_then_caddy_asks_them_in_their_order_for_the_public_host_alone(
    tls: str, issuers: list[dict[str, str]]
) -> None:
    apps = rendered(tls, issuers=issuers)["apps"]

    assert apps["tls"]["certificates"]["automate"] == ["b-aaaa.localhost"]
    assert apps["tls"]["automation"] == {"policies": [{"subjects": ["b-aaaa.localhost"], "issuers": issuers}]}
    assert [s["automatic_https"] for s in apps["http"]["servers"].values()] == [{"disable": True}]


def test_given_mode_proxy_then_nobody_is_asked_for_a_certificate() -> None:
    assert list(rendered("proxy")["apps"]["tls"]["certificates"]) == ["load_files"]


@pytest.mark.parametrize(("tls", "scheme"), [("off", "http"), ("internal", "https"), ("proxy", "https")])
def test_given_a_way_of_tls_then_programs_are_told_what_peoples_browsers_speak(tls: str, scheme: str) -> None:
    assert json.dumps({"X-Forwarded-Proto": [scheme]}) in json.dumps(rendered(tls))


def test_given_a_title_with_anything_in_it_then_the_configuration_does_not_hold_it() -> None:
    assert "{env.SECRET}" not in json.dumps(rendered("off", title="{env.SECRET}"))


def test_given_the_question_whether_a_request_may_pass_then_its_address_is_not_told() -> None:
    told = json.dumps(rendered("off"))

    assert ("http.request.method}" in told, "http.request.uri}" in told) == (True, False)


def job(tmp_path: Path, root: str = "") -> Job:
    return Job(
        orders=orders(), state=tmp_path, repository=tmp_path / "repo", root=tmp_path / "repo" / root,
        configuration=tmp_path / "repo", children=Children(str(tmp_path)), environ={},
        say=lambda message, *, step: None, on_line=lambda line: None,
    )  # fmt: skip


def test_given_a_folder_to_build_then_repo2docker_is_told_it_and_runs_as_nobody_special(
    tmp_path: Path,
) -> None:
    words = command(job(tmp_path, "course"), tmp_path)

    assert words[words.index("--subdir") + 1] == "course"
    assert words[words.index("--user-id") + 1] == "1000"
    assert words[-1] == str(tmp_path / "repo")


def test_given_a_container_then_it_is_on_loopback_bounded_and_its_token_is_in_no_argument(
    tmp_path: Path,
) -> None:
    words = run_command(job(tmp_path), Endpoint(port=8123, token="secret"), memory_mib=1024)

    assert words[words.index("--publish") + 1] == "127.0.0.1:8123:8888"
    assert words[words.index("--memory") + 1] == "1024m"
    assert ("secret" in " ".join(words), "--rm" in words, "/var/run/docker.sock" in " ".join(words)) == (
        False,
    ) * 3


def test_given_an_instance_on_a_shared_machine_then_image_and_container_are_its_own_and_start_with_it_only(
    tmp_path: Path,
) -> None:
    shared = replace(job(tmp_path), environ={"BINDEROPS_SERVER": "4f1c"})
    words = run_command(shared, Endpoint(port=8123, token="secret"), memory_mib=1024)

    assert words[words.index("--name") + 1] == "binderops-4f1c"
    assert words[words.index("--restart") + 1] == "no"
    assert "binderops-4f1c-image" in words
    assert command(shared, tmp_path)[3:5] == ["--image-name", "binderops-4f1c-image"]


def test_given_programs_behind_jupyter_then_they_are_called_as_people_know_them() -> None:
    listed: list[dict[str, Any]] = [
        {"name": "rstudio", "launcher_entry": {"title": "RStudio Server"}},
        {"name": "My App", "launcher_entry": {"title": "Mine", "path_info": "my app/index.html"}},
        {"name": "hidden", "launcher_entry": {"enabled": False}},
        {"name": "code-server"},
    ]

    found = [(i.name, i.title, i.path) for i in candidates(listed)][4:]

    assert found == [
        ("rstudio", "RStudio", "/rstudio/"),
        ("app-my-app", "Mine", "/my%20app/index.html"),
        ("vscode", "VS Code", "/code-server/"),
        ("terminal", "Terminal", "/terminals/1"),
    ]


def test_given_the_mode_then_the_cookies_name_is_as_strict_as_it_can_be() -> None:
    names = [orders(tls).cookie_name for tls in ("off", "internal")]

    assert names == [f"binderops-{orders().binder}", f"__Host-binderops-{orders().binder}"]
    assert replace(orders(), binder="bbbb").cookie_name == "binderops-bbbb"
