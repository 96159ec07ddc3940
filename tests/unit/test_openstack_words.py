"""OpenStack's refusals in our words. The bodies are what the services of the test bed, and proxies before them, really sent."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.clouds.openstack_words import (
    garbled,
    not_signed_in,
    one_line,
    refusal,
    sign_in,
    silent,
    words,
)
from provisioning.errors import (
    BinderopsError,
    CapacityError,
    ConflictError,
    NotFoundError,
    RefusedError,
    TeamError,
    TemporaryError,
)

MISSING = "11111111-2222-3333-4444-555555555555"


def nova(kind: str, status: int, message: str) -> str:
    """As Nova and Cinder say it."""
    return json.dumps({kind: {"code": status, "message": message}})


def neutron(kind: str, message: str) -> str:
    return json.dumps({"NeutronError": {"type": kind, "message": message, "detail": ""}})


def keystone(status: int, title: str, message: str) -> str:
    return json.dumps({"error": {"code": status, "message": message, "title": title}}) + "\n"


def refused(status: int, body: str, headers: Mapping[str, str] | None = None) -> BinderopsError:
    return refusal(status, body, headers or {}, asked="create the server")


HAPROXY_503 = (
    "<html><body><h1>503 Service Unavailable</h1>\n"
    "No server is available to handle this request.\n</body></html>\n"
)
HAPROXY_504 = (
    "<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n</body></html>\n"
)
NGINX_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)
GLANCE_401 = (
    "<html>\n <head>\n  <title>401 Unauthorized</title>\n </head>\n <body>\n  <h1>401 Unauthorized</h1>\n"
    "  This server could not verify that you are authorized to access the document you requested.<br /><br />\n"
    "\n\n\n </body>\n</html>"
)
IN_USE = (
    "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and "
    "must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from "
    "snapshots after volume transfer."
)
RESERVED = (
    f"Invalid volume: Invalid input received: Invalid volume: Volume {MISSING} status must be available or downloading to "
    "reserve, but the current status is in-use. (HTTP 400) (Request-ID: req-c46601db-7200-4545-93b4-b6b701223439)"
)
NO_ROUTER = (
    f"External network {MISSING} is not reachable from subnet {MISSING}.  Therefore, cannot associate Port {MISSING} "
    "with a Floating IP."
)
HAS_ONE = (
    f"Cannot associate floating IP 127.77.0.36 ({MISSING}) with port {MISSING} using fixed IP 10.77.0.111, as that fixed "
    f"IP already has a floating IP on external network {MISSING}."
)
BROKEN = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n"
    "<class 'oslo_messaging.exceptions.MessagingTimeout'>"
)
TIMED_OUT_POOL = "Unexpected API Error.\n<class 'sqlalchemy.exc.TimeoutError'> connection pool exhausted"
GIGABYTES = (
    "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 2G, quota is "
    "1G and 0G has been consumed."
)
USER_DATA = "Invalid input for field/attribute user_data. Value: {0}. '{0}' is too long".format("A" * 70_000)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        pytest.param(403, nova("forbidden", 403, "Quota exceeded for cores: Requested 4, but already used 0 of 1 cores"), TeamError, "quota-exceeded", id="nova: out of cores"),
        pytest.param(403, nova("forbidden", 403, "Quota exceeded for ram: Requested 3072, but already used 0 of 1000 ram"), TeamError, "quota-exceeded", id="nova: out of RAM"),
        pytest.param(403, nova("forbidden", 403, "Quota exceeded for instances: Requested 1, but already used 0 of 0 instances"), TeamError, "quota-exceeded", id="nova: out of instances"),
        pytest.param(409, neutron("OverQuota", "Quota exceeded for resources: ['floatingip']."), TeamError, "quota-exceeded", id="neutron: out of floating IPs"),
        pytest.param(409, neutron("OverQuota", "Quota exceeded for resources: ['port']."), TeamError, "quota-exceeded", id="neutron: out of ports"),
        pytest.param(413, nova("overLimit", 413, "VolumeLimitExceeded: Maximum number of volumes allowed (0) exceeded for quota 'volumes'."), TeamError, "quota-exceeded", id="cinder: out of volumes"),
        pytest.param(413, nova("overLimit", 413, GIGABYTES), TeamError, "quota-exceeded", id="cinder: out of gigabytes"),
        pytest.param(400, nova("badRequest", 400, f"Flavor {MISSING} could not be found."), NotFoundError, "flavor-gone", id="nova: flavor gone"),
        pytest.param(400, nova("badRequest", 400, "Can not find requested image"), NotFoundError, "image-gone", id="nova: image gone"),
        pytest.param(400, nova("badRequest", 400, "Invalid image identifier or unable to access requested image."), NotFoundError, "image-gone", id="cinder: image gone"),
        pytest.param(400, nova("badRequest", 400, f"Port id {MISSING} could not be found."), NotFoundError, "port-gone", id="nova: port gone"),
        pytest.param(404, neutron("PortNotFound", f"Port {MISSING} could not be found."), NotFoundError, "port-gone", id="neutron: port gone"),
        pytest.param(400, nova("badRequest", 400, f"Block Device Mapping is Invalid: failed to get volume {MISSING}."), NotFoundError, "volume-gone", id="nova: volume gone"),
        pytest.param(404, nova("itemNotFound", 404, f"Volume {MISSING} could not be found."), NotFoundError, "volume-gone", id="cinder: volume gone"),
        pytest.param(404, nova("itemNotFound", 404, f"Instance {MISSING} could not be found."), NotFoundError, "cloud-not-found", id="nova: server gone"),
        pytest.param(404, neutron("FloatingIPNotFound", f"Floating IP {MISSING} could not be found"), NotFoundError, "cloud-not-found", id="neutron: floating IP gone"),
        pytest.param(404, neutron("NetworkNotFound", f"Network {MISSING} could not be found."), NotFoundError, "cloud-not-found", id="neutron: network gone"),
        pytest.param(404, neutron("SecurityGroupNotFound", f"Security group {MISSING} does not exist"), NotFoundError, "cloud-not-found", id="neutron: security group gone"),
        pytest.param(404, neutron("ExternalGatewayForFloatingIPNotFound", NO_ROUTER), RefusedError, "network-no-way-out", id="neutron: no router between the networks"),
        pytest.param(409, nova("conflictingRequest", 409, f"Instance {MISSING} is locked"), ConflictError, "server-locked", id="nova: locked"),
        pytest.param(409, nova("conflictingRequest", 409, f"Cannot 'reboot' instance {MISSING} while it is in task_state rebooting_hard"), ConflictError, "cloud-conflict", id="nova: in a task"),
        pytest.param(409, nova("conflictingRequest", 409, f"Cannot 'shelve' instance {MISSING} while it is in vm_state building"), ConflictError, "cloud-conflict", id="nova: in another state"),
        pytest.param(409, nova("conflictingRequest", 409, f"Instance {MISSING} is not ready"), ConflictError, "cloud-conflict", id="nova: no console yet"),
        pytest.param(409, nova("conflictingRequest", 409, f"Port {MISSING} is still in use."), ConflictError, "cloud-conflict", id="nova: the port has a server"),
        pytest.param(400, nova("badRequest", 400, RESERVED), ConflictError, "cloud-conflict", id="nova: the volume is in use"),
        pytest.param(400, nova("badRequest", 400, IN_USE), ConflictError, "cloud-conflict", id="cinder: the volume is in use"),
        pytest.param(409, neutron("FloatingIPPortAlreadyAssociated", HAS_ONE), ConflictError, "cloud-conflict", id="neutron: the port has a floating IP"),
        pytest.param(409, neutron("SecurityGroupInUse", f"Security Group {MISSING} in use."), ConflictError, "cloud-conflict", id="neutron: the group is in use"),
        pytest.param(409, neutron("IpAddressGenerationFailure", f"No more IP addresses available on network {MISSING}."), CapacityError, "no-addresses", id="neutron: out of addresses"),
        pytest.param(409, neutron("IpAddressGenerationFailure", f"No more IP addresses available for subnet {MISSING}."), CapacityError, "no-addresses", id="neutron: a subnet out of addresses"),
        pytest.param(400, neutron("ExternalIpAddressExhausted", f"Unable to find any IP address on external network {MISSING}."), CapacityError, "no-addresses", id="neutron: the external network out of addresses"),
        pytest.param(400, nova("badRequest", 400, f"No fixed IP addresses available for network: {MISSING}"), CapacityError, "no-addresses", id="nova: out of addresses"),
        pytest.param(404, nova("itemNotFound", 404, "Zero floating IPs available."), CapacityError, "no-addresses", id="nova: out of floating IPs"),
        pytest.param(403, nova("forbidden", 403, "Policy doesn't allow os_compute_api:os-hypervisors:list to be performed."), TeamError, "cloud-forbidden", id="nova: not allowed"),
        pytest.param(403, neutron("PolicyNotAuthorized", "(rule:create_network and rule:create_network:router:external) is disallowed by policy"), TeamError, "cloud-forbidden", id="neutron: not allowed"),
        pytest.param(401, keystone(401, "Unauthorized", "The request you have made requires authentication."), RefusedError, "cloud-sign-in", id="keystone: wrong secret, revoked token"),
        pytest.param(401, GLANCE_401, RefusedError, "cloud-sign-in", id="glance: revoked token"),
        pytest.param(400, nova("badRequest", 400, "Invalid key_name provided."), RefusedError, "cloud-refused", id="nova: no such keypair"),
        pytest.param(400, nova("badRequest", 400, USER_DATA), RefusedError, "cloud-refused", id="nova: user data too long"),
        pytest.param(400, neutron("HTTPBadRequest", "Unrecognized attribute(s) 'nonsense'"), RefusedError, "cloud-refused", id="neutron: not understood"),
        pytest.param(400, "", RefusedError, "cloud-refused", id="no words"),
        pytest.param(408, "", TemporaryError, "cloud-silent", id="a proxy that did not get the whole request in time"),
        pytest.param(425, "", TemporaryError, "cloud-busy", id="too early"),
        pytest.param(429, nova("overLimit", 429, "This request was rate-limited."), TemporaryError, "cloud-busy", id="too many requests"),
        pytest.param(500, nova("computeFault", 500, BROKEN), TemporaryError, "cloud-error", id="nova: broke"),
        pytest.param(500, nova("computeFault", 500, TIMED_OUT_POOL), TemporaryError, "cloud-error", id="nova: broke, which is no lack of room"),
        pytest.param(500, neutron("HTTPInternalServerError", "Request Failed: internal server error while processing your request."), TemporaryError, "cloud-error", id="neutron: broke"),
        pytest.param(502, NGINX_502, TemporaryError, "cloud-error", id="nginx: bad gateway"),
        pytest.param(503, HAPROXY_503, TemporaryError, "cloud-error", id="haproxy: no server"),
        pytest.param(504, HAPROXY_504, TemporaryError, "cloud-error", id="haproxy: time-out"),
        pytest.param(503, "", TemporaryError, "cloud-error", id="a proxy without words"),
    ],
)  # fmt: skip
def test_given_a_refusal_when_translated_then_it_says_who_can_act(
    status: int, body: str, kind: type[BinderopsError], code: str
) -> None:
    error = refused(status, body)

    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    ("error", "unanswered"),
    [
        pytest.param(refused(500, nova("computeFault", 500, BROKEN)), True, id="it broke"),
        pytest.param(refused(502, NGINX_502), True, id="a proxy answered for it"),
        pytest.param(refused(500, nova("computeFault", 500, "No valid host was found.")), True, id="it broke and speaks of hosts"),
        pytest.param(silent("create the server", "timed out"), True, id="nothing came"),
        pytest.param(garbled("create the server", "KeyError: 'server'"), True, id="nonsense came"),
        pytest.param(refused(408, ""), True, id="a request time-out"),
        pytest.param(refused(425, ""), False, id="too early"),
        pytest.param(not_signed_in(500, "", {}), False, id="it broke while we signed in"),
        pytest.param(not_signed_in(408, "", {}), False, id="signing in took too long"),
        pytest.param(refused(429, ""), False, id="too many requests"),
        pytest.param(refused(413, "", {"retry-after": "3"}), False, id="too much at once"),
        pytest.param(refused(409, neutron("IpAddressGenerationFailure", "No more IP addresses available on network N.")), False, id="no address left"),
    ],
)  # fmt: skip
def test_given_a_temporary_error_then_it_tells_whether_it_may_have_worked(
    error: BinderopsError, unanswered: bool
) -> None:
    assert isinstance(error, TemporaryError)
    assert error.is_unanswered is unanswered


@pytest.mark.parametrize(
    ("status", "said", "kind", "code"),
    [
        pytest.param(400, "Expecting to find domain in user.", RefusedError, "cloud-sign-in", id="an incomplete sign-in"),
        pytest.param(401, "The request you have made requires authentication.", RefusedError, "cloud-sign-in", id="a wrong secret"),
        pytest.param(403, "The password is expired and needs to be changed.", RefusedError, "cloud-sign-in", id="not allowed in"),
        pytest.param(404, "Could not find Application Credential: 051a.", RefusedError, "cloud-sign-in", id="a credential deleted"),
        pytest.param(404, "The resource could not be found.", RefusedError, "cloud-config", id="another address"),
        pytest.param(405, "Method Not Allowed", RefusedError, "cloud-config", id="a server that is no Keystone"),
        pytest.param(408, "", TemporaryError, "cloud-silent", id="a time-out"),
        pytest.param(425, "", TemporaryError, "cloud-busy", id="too early"),
        pytest.param(429, "", TemporaryError, "cloud-busy", id="too many requests"),
        pytest.param(500, "An unexpected error prevented the server from fulfilling your request.", TemporaryError, "cloud-error", id="broken"),
        pytest.param(504, "Gateway Time-out", TemporaryError, "cloud-error", id="a proxy without a server"),
    ],
)  # fmt: skip
def test_given_a_sign_in_that_fails_when_translated_then_only_a_refused_credential_is_called_so(
    status: int, said: str, kind: type[BinderopsError], code: str
) -> None:
    error = not_signed_in(status, said, {})

    assert (type(error), error.code) == (kind, code)


def test_given_an_identity_service_that_wants_us_to_wait_then_we_wait() -> None:
    error = not_signed_in(503, "", {"Retry-After": "17"})

    assert isinstance(error, TemporaryError)
    assert error.delay == timedelta(seconds=17)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "17"}, 17, id="as asked"),
        pytest.param({"retry-after": "0"}, 2, id="at least two seconds"),
        pytest.param({"retry-after": "86400"}, 120, id="at most two minutes"),
        pytest.param({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 2, id="a date"),
        pytest.param({"retry-after": "\u00b2"}, 2, id="no number"),
        pytest.param({}, 2, id="not said"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_given_a_cloud_that_wants_us_to_wait_then_we_wait(
    status: int, headers: dict[str, str], seconds: int
) -> None:
    error = refused(status, "", headers)

    assert isinstance(error, TemporaryError)
    assert error.delay == timedelta(seconds=seconds)


def test_given_too_much_at_once_when_a_quota_is_meant_then_waiting_is_no_cure() -> None:
    body = nova("overLimit", 413, GIGABYTES)

    assert isinstance(refused(413, body, {"retry-after": "0"}), TeamError)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(nova("forbidden", 403, "Quota exceeded for cores"), "Quota exceeded for cores", id="nova, cinder"),
        pytest.param(neutron("OverQuota", "Quota exceeded for resources: ['port']."), "Quota exceeded for resources: ['port'].", id="neutron"),
        pytest.param(keystone(404, "Not Found", "Could not find Application Credential: 051a."), "Could not find Application Credential: 051a.", id="keystone"),
        pytest.param('{"faultstring": "no", "debuginfo": null}', "no", id="a fault"),
        pytest.param('{"a": [], "b": {"c": {"message": "deep"}}}', "deep", id="deeper"),
        pytest.param('"as is"', "as is", id="a text"),
        pytest.param("[1, 2]", "", id="no object"),
        pytest.param("null", "", id="null"),
        pytest.param("", "", id="empty"),
        pytest.param(NGINX_502, "502 Bad Gateway 502 Bad Gateway nginx/1.22.1", id="a page"),
        pytest.param("<style>h1 { color: red }</style><h1>Busy</h1><script>x < 1</script>", "Busy", id="a page with a style"),
        pytest.param(nova("computeFault", 500, "one\n two\t three"), "one two three", id="several lines"),
        pytest.param(nova("computeFault", 500, "a\u0000b\ud800c\u001b[31m"), "a b c [31m", id="what no database takes"),
        pytest.param("[" * 100_000, "[" * 20 + "...", id="too deep"),
    ],
)  # fmt: skip
def test_given_a_body_when_read_then_the_sentence_in_it_is_found(body: str, said: str) -> None:
    assert words(body) == said


def test_given_a_value_that_nova_repeats_when_read_then_it_is_cut_and_the_reason_is_kept() -> None:
    said = words(nova("badRequest", 400, USER_DATA))

    assert said.endswith("is too long")
    assert "A" * 40 not in said


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(refused(403, nova("forbidden", 403, "Quota exceeded for cores: Requested 4")), id="a quota"),
        pytest.param(refused(409, nova("conflictingRequest", 409, "Quota exceeded for cores: Requested 4")), id="a conflict"),
        pytest.param(refused(500, nova("computeFault", 500, "Quota exceeded for cores: Requested 4")), id="broken"),
        pytest.param(sign_in("Quota exceeded for cores: Requested 4"), id="a sign-in"),
        pytest.param(silent("x", "Quota exceeded for cores: Requested 4"), id="silence"),
        pytest.param(garbled("x", "Quota exceeded for cores: Requested 4"), id="nonsense"),
    ],
)  # fmt: skip
def test_given_the_cloud_s_own_words_then_the_message_keeps_them(error: BinderopsError) -> None:
    assert "Quota exceeded for cores: Requested 4" in error.message


@given(st.integers(400, 599), st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_given_any_answer_when_translated_then_it_is_one_of_our_errors_and_short(
    status: int, body: str
) -> None:
    error = refused(status, body)

    assert error.message.isprintable()
    assert len(error.message) < 600


@given(st.text() | st.lists(st.text(max_size=90), min_size=3).map(" ".join))
def test_given_any_words_when_put_on_one_line_then_doing_so_again_changes_nothing(said: str) -> None:
    assert one_line(one_line(said)) == one_line(said)
