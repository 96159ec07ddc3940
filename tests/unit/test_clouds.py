"""From settings to clouds."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from bot.clouds import (
    doubts,
    is_local,
    is_openstack_named,
    openstack_cloud,
    openstack_settings,
    openstack_sites,
    plans,
    plans_on,
)
from bot.masking import forget, masked
from bot.settings import Settings, load
from provisioning.clouds.openstack import OpenStackSettings
from provisioning.errors import RefusedError
from tests.conftest import Clock

CLOUDS_YAML = """
clouds:
  east: {auth: {auth_url: "http://127.0.0.1:9/v3", application_credential_id: a, application_credential_secret: b}, auth_type: v3applicationcredential}
  west: {auth: {auth_url: "http://127.0.0.1:9/v3", application_credential_id: a, application_credential_secret: b}, auth_type: v3applicationcredential}
"""


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """From the text that the test is given."""
    file = tmp_path / "binderops.yaml"
    file.write_text(request.param)
    return load({}, file)


@pytest.fixture
def clouds_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clouds.yaml").write_text(CLOUDS_YAML)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.delenv("OS_CLOUD", raising=False)


def shown(found: OpenStackSettings) -> dict[str, object]:
    """What differs from the driver's own defaults."""
    plain = OpenStackSettings()
    values = {f.name: getattr(found, f.name) for f in fields(found) if f.name != "environment"}
    return {name: value for name, value in values.items() if value != getattr(plain, name)}


JETSTREAM2 = {"tls": "proxy", "proxy_host": "proxy-js2-iu.exosphere.app"}


@pytest.mark.parametrize(
    ("settings", "clouds"),
    [
        pytest.param("", {"": JETSTREAM2}, id="Jetstream2"),
        pytest.param("preset: generic", {"": {}}, id="generic"),
        pytest.param("preset: local", {"": {}}, id="the local preset, of OpenStack"),
        pytest.param("cloud: {tls: internal, name: js2}", {"": {"cloud": "js2", "proxy_host": JETSTREAM2["proxy_host"]}}, id="before the preset"),
        pytest.param(
            "preset: generic\ndefaults: {image: Ubuntu}\n"
            "cloud: {region: IU, network: n, external_network: x, keypair: k, volume_root_below_gib: 0, requests_per_s: 5}",
            {"": {
                "region": "IU", "network": "n", "external_network": "x", "keypair": "k", "volume_root_below_gib": 0,
                "requests_per_s": 5, "image": "Ubuntu",
            }},
            id="each setting",
        ),
        pytest.param(
            "preset: generic\ndefaults: {image: Ubuntu}\nclouds: {b: , a: {name: east, image: Rocky, flavor: x}}",
            {"b": {"cloud": "b", "image": "Ubuntu"}, "a": {"cloud": "east", "image": "Rocky"}}, id="several",
        ),
    ],
    indirect=["settings"],
)  # fmt: skip
def test_given_settings_then_each_cloud_is_reached_as_they_say(
    settings: Settings, clouds: dict[str, dict[str, object]]
) -> None:
    found = openstack_settings(settings)

    assert [(name, shown(one)) for name, one in found.items()] == list(clouds.items())


@pytest.mark.parametrize(
    ("settings", "asked", "local"),
    [
        pytest.param("", None, False, id="nothing said"),
        pytest.param("preset: local", None, True, id="the preset"),
        pytest.param("preset: local", "openstack", False, id="the option goes before it"),
        pytest.param("", "local", True, id="the option"),
    ],
    indirect=["settings"],
)
def test_given_a_preset_and_an_option_then_the_cloud_is_chosen(
    settings: Settings, asked: str | None, local: bool
) -> None:
    assert is_local(settings, asked) is local


@pytest.mark.parametrize(
    ("settings", "environment", "named"),
    [
        pytest.param("", {}, False, id="nothing said"),
        pytest.param("", {"OS_CLOUD": "east"}, True, id="OS_CLOUD"),
        pytest.param("cloud: {network: n}", {}, True, id="a setting"),
        pytest.param("clouds: {east: }", {}, True, id="clouds"),
    ],
    indirect=["settings"],
)
def test_given_settings_and_environment_then_it_is_known_whether_openstack_is_meant(
    settings: Settings, environment: dict[str, str], named: bool
) -> None:
    assert is_openstack_named(settings, environment) is named


@pytest.mark.parametrize(
    "settings", ["preset: jetstream2\ndefaults: {flavor: m3.quad}\nclouds: {west: , east: {flavor: m3.tiny}}"], indirect=True
)  # fmt: skip
@pytest.mark.usefixtures("clouds_yaml")
async def test_given_two_clouds_when_opened_then_each_has_its_own_default_flavor_and_an_image(
    settings: Settings, clock: Clock
) -> None:
    sites = openstack_sites(settings, clock)

    assert [
        (s.name, s.plans.default_flavor, s.plans.is_own_flavor, s.plans.default_image) for s in sites
    ] == [
        ("west", "m3.quad", True, "Featured-Ubuntu24"),
        ("east", "m3.tiny", True, "Featured-Ubuntu24"),
    ]
    await sites.close()


@pytest.mark.parametrize("settings", ["clouds: {east: , south: }"], indirect=True)
@pytest.mark.usefixtures("clouds_yaml")
def test_given_a_cloud_that_clouds_yaml_does_not_have_when_opened_then_it_is_refused_by_name(
    settings: Settings, clock: Clock
) -> None:
    with pytest.raises(RefusedError) as refused:
        openstack_sites(settings, clock)

    assert (refused.value.code, "south" in refused.value.message) == ("cloud-config", True)


@pytest.fixture
def _nothing_hidden() -> Iterator[None]:
    yield
    forget()


SECRETS = """
clouds:
  one:
    auth_type: v3oidcpassword
    auth: {auth_url: "http://127.0.0.1:9/v3", username: learner, password: tide-pool-7, client_secret: 4711000815,
           access_token_endpoint: "http://127.0.0.1:9/token", identity_provider: idp, protocol: openid, client_id: binderops}
  two: {auth: {auth_url: "http://127.0.0.1:9/v3", application_credential_id: abcdef0123, application_credential_secret: dune-grass-9}, auth_type: v3applicationcredential}
  three: {auth: {auth_url: "http://127.0.0.1:9/v3", token: kelp-forest-3}, auth_type: v3token}
"""


@pytest.mark.parametrize("settings", ["clouds: {one: , two: , three: }"], indirect=True)
@pytest.mark.usefixtures("_nothing_hidden")
async def test_given_secrets_in_clouds_yaml_when_its_clouds_are_known_then_no_line_shows_them(
    settings: Settings, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clouds.yaml").write_text(SECRETS)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))

    for chosen in openstack_settings(settings).values():
        await openstack_cloud(settings, chosen, clock).close()

    line = "learner tide-pool-7 4711000815 abcdef0123 dune-grass-9 kelp-forest-3 http://127.0.0.1:9/token"
    assert masked(line) == "learner *** *** abcdef0123 *** *** http://127.0.0.1:9/token"


@pytest.mark.parametrize(
    ("settings", "flavor", "is_own"),
    [
        pytest.param("preset: local\nclouds: {west: , east: {flavor: m3.tiny}}", "m3.tiny", True, id="its own"),
        pytest.param("preset: jetstream2\nclouds: {east: }", "m3.small", False, id="the preset's"),
    ],
    indirect=["settings"],
)  # fmt: skip
def test_given_a_cloud_of_the_settings_then_launches_there_follow_its_own_before_the_preset(
    settings: Settings, flavor: str, is_own: bool
) -> None:
    found = plans_on(settings, "east", openstack_settings(settings)["east"])

    assert (found.default_flavor, found.is_own_flavor) == (flavor, is_own)


@pytest.mark.parametrize(
    ("settings", "clouds"),
    [
        pytest.param("preset: jetstream2\nclouds: {east: , west: {tls: internal}}", ["east"], id="Jetstream2's preset"),
        pytest.param("preset: generic\nclouds: {east: , west: }", [], id="generic"),
    ],
    indirect=["settings"],
)  # fmt: skip
@pytest.mark.usefixtures("clouds_yaml")
def test_given_jetstream2s_proxy_on_another_cloud_then_it_is_said_of_which(
    settings: Settings, clouds: list[str]
) -> None:
    said = doubts(settings)

    assert [line.split(":")[0].removeprefix("cloud ") for line in said] == clouds
    assert all("Jetstream2 only" in line and "127.0.0.1" in line for line in said)


@pytest.mark.parametrize("settings", [""], indirect=True)
def test_given_no_default_flavor_then_the_presets_is_a_suggestion(settings: Settings) -> None:
    assert plans(settings).is_own_flavor is False
