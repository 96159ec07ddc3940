"""Signing in to an OpenStack project by clouds.yaml, and what the SDK's own exceptions mean. The only module that knows the SDK."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import openstack
from keystoneauth1 import exceptions as ksa

from provisioning.clouds import openstack_words
from provisioning.errors import RefusedError

_SECRET = re.compile(r"(password|passphrase|passcode|secret|token)$")  # keys of clouds.yaml
_BY_CONFIG = (
    ksa.catalog.CatalogException,  # no such service, interface or region there; or a token for no project
    ksa.auth.AuthorizationFailure,
    ksa.auth.MissingAuthMethods,
    ksa.auth_plugins.AuthPluginException,
    ksa.service_providers.ServiceProviderNotFound,
    openstack.exceptions.ConfigException,
    openstack.exceptions.EndpointNotFound,
    openstack.exceptions.NotSupported,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStackSettings:
    """Which project of which cloud, and how its instances are reached."""

    cloud: str = ""  # its name in clouds.yaml; empty: OS_CLOUD, or the only one
    region: str = ""  # empty: the one that clouds.yaml names
    network: str = ""  # name or id; empty: the auto-allocated topology
    external_network: str = (
        "public"  # where floating IPs come from; another name is found where there is only one
    )
    image: str = "Featured-Ubuntu24"  # where a launch names none
    keypair: str = ""  # for the operator's own way in; empty: none
    tls: str = "internal"  # or proxy, domain, ip
    proxy_host: str = ""  # of the application proxy, with tls proxy
    domain: str = ""  # the pattern of instances' names, with tls domain
    acme_directory: str = ""  # of whoever certifies them; empty: Let's Encrypt
    acme_contact: str = ""  # a mail address that it may write to
    volume_root_below_gib: int = 40
    requests_per_s: float = 2.0  # for whatever only reads
    answer_within_s: float = 30.0  # how long one answer may take to begin
    environment: Mapping[str, str] = field(
        default_factory=lambda: os.environ
    )  # OS_CLIENT_CONFIG_FILE, OS_CLOUD


def connect(settings: OpenStackSettings) -> Any:
    """The SDK's connection; nothing is sent by making it. Raises `RefusedError` (``cloud-config``)."""
    return openstack.connection.Connection(config=_region(settings))


def _region(settings: OpenStackSettings) -> Any:
    file = settings.environment.get("OS_CLIENT_CONFIG_FILE")
    name = settings.cloud or settings.environment.get("OS_CLOUD")
    more: dict[str, Any] = {
        "api_timeout": settings.answer_within_s
    }  # signing in and discovery wait no longer
    if settings.region:
        more["region_name"] = settings.region
    try:
        config = openstack.config.OpenStackConfig(config_files=[file] if file else None, app_name="binderops")
        return config.get_one(cloud=name, **more)
    except (openstack.exceptions.SDKException, ksa.ClientException, OSError, ValueError) as error:
        raise RefusedError(
            "cloud-config",
            f"clouds.yaml does not tell how to reach {name or 'the cloud'}: {error}",
            "Put clouds.yaml where openstack looks for it, or name it in OS_CLIENT_CONFIG_FILE, and the cloud in OS_CLOUD.",
        ) from error


def secrets_of(settings: OpenStackSettings) -> frozenset[str]:
    """What clouds.yaml and secure.yaml hold that nobody may read. Raises as `connect`."""
    return frozenset(_secrets(_region(settings).config))


def auth_url(settings: OpenStackSettings) -> str:
    """Where it signs in, as clouds.yaml says; empty where it does not. Raises as `connect`."""
    return str(_region(settings).config.get("auth", {}).get("auth_url") or "")


@contextmanager
def translated(asked: str, *, is_sent: bool = True) -> Iterator[None]:
    """The SDK's own exceptions, in our words (`openstack_wire.Translated`)."""
    try:
        yield
    except (
        ksa.http.HttpError
    ) as error:  # only signing in raises these; what was asked for was not carried out then
        headers = {} if error.response is None else error.response.headers
        raise openstack_words.not_signed_in(error.http_status, str(error.message or ""), headers) from error
    except _BY_CONFIG as error:
        raise openstack_words.cloud_config(asked, str(error)) from error
    except (ksa.discovery.DiscoveryFailure, openstack.exceptions.ServiceDiscoveryException) as error:
        raise openstack_words.undiscovered(asked, str(error)) from error
    except (ksa.connection.ConnectionError, OSError) as error:
        raise openstack_words.silent(asked, str(error), is_unanswered=is_sent) from error
    except (ksa.ClientException, openstack.exceptions.SDKException, ValueError, KeyError, TypeError) as error:
        raise openstack_words.garbled(asked, str(error), is_unanswered=is_sent) from error


def _secrets(config: Mapping[str, Any]) -> Iterator[str]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _secrets(value)
        elif _SECRET.search(key) and value:
            yield str(value)
