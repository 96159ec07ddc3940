"""Which addresses and hosts a source may have."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from provisioning.errors import PersonError
from provisioning.sources.address import chosen, host_and_port, is_literal, is_public, look_up

PRIVATE_V4 = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
]
PRIVATE_V6 = [
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",  # mapped, whatever is inside
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
    "64:ff9b:1::808:808",  # local-use NAT64
    "100::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4 of 127.0.0.1
    "2002:808:808::1",
    "4000::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("text", [*PRIVATE_V4, *PRIVATE_V6])
def test_given_a_special_address_then_it_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "140.82.112.3", "2606:50c0:8000::153", "2a04:4e42::323", "64:ff9b::8c52:7003"]
)
def test_given_the_address_of_a_public_server_then_it_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(inner=st.ip_addresses(v=4))
def test_given_any_ipv4_address_when_hidden_as_nat64_then_it_is_as_public_as_inside(
    inner: ipaddress.IPv4Address,
) -> None:
    hidden = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(inner))

    assert is_public(hidden) == is_public(inner)


@given(inner=st.ip_addresses(v=4))
def test_given_any_ipv4_address_when_hidden_in_another_form_then_it_is_refused(
    inner: ipaddress.IPv4Address,
) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{inner}")
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (int(inner) << 80) | 1)

    assert (is_public(mapped), is_public(six_to_four)) == (False, False)


@given(address=st.ip_addresses(v=4))
def test_given_any_ipv4_address_when_private_to_python_then_it_is_never_public(
    address: ipaddress.IPv4Address,
) -> None:
    assert not (address.is_private and is_public(address))


@given(inside=st.ip_addresses(network="fc00::/7") | st.ip_addresses(network="fe80::/10"))
def test_given_any_local_ipv6_address_then_it_is_never_public(inside: ipaddress.IPv6Address) -> None:
    assert not is_public(inside)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://2130706433/a/b", id="decimal"),
        pytest.param("https://017700000001/a/b", id="octal-whole"),
        pytest.param("https://0x7f000001/a/b", id="hexadecimal"),
        pytest.param("https://0177.0.0.1/a/b", id="octal-part"),
        pytest.param("https://0x7f.0.0.1/a/b", id="hexadecimal-part"),
        pytest.param("https://127.1/a/b", id="shortened"),
        pytest.param("https://1.2.3.0x4/a/b", id="hexadecimal-last-part"),
        pytest.param("https://999.1.1.1/a/b", id="no-address"),
        pytest.param("https://127.0.0.1./a/b", id="trailing-dot"),
        pytest.param("https://localhost./a/b", id="name-with-trailing-dot"),
        pytest.param("https://１２７.0.0.1/a/b", id="full-width"),  # noqa: RUF001  # the point
        pytest.param("https://gıthub.com/a/b", id="not-ascii"),  # noqa: RUF001  # the point
        pytest.param("https://me:secret@github.com/a/b", id="credentials"),
        pytest.param("https://github.com\\@127.0.0.1/a/b", id="backslash"),
        pytest.param("https://*/a/b", id="curls-wildcard"),
        pytest.param("https://a,b/a", id="curls-list"),
        pytest.param("https://[::1%25lo]/a/b", id="zone"),
        pytest.param("https:///a/b", id="none"),
        pytest.param("https://0/a/b", id="zero"),
        pytest.param("https://127。0。0。1/a/b", id="ideographic-dots"),
        pytest.param("https://①②⑦.0.0.1/a/b", id="circled"),
        pytest.param("https://127.0.0.1%00.github.com/a/b", id="a-hidden-end"),
        pytest.param("https://%31%32%37.0.0.1/a/b", id="encoded"),
        pytest.param("https://github.com;@127.0.0.1/a/b", id="semicolon"),
        pytest.param("https://github.com:443@127.0.0.1/a/b", id="port-as-password"),
        pytest.param("https://git\thub.com/a/b", id="tab"),
        pytest.param("https://github.com\n/a/b", id="end-of-line"),
        pytest.param("https://github.com:0/a/b", id="port-0"),
        pytest.param("https://github.com:65536/a/b", id="port-too-high"),
        pytest.param("https://github.com:/a/b", id="no-port"),
        pytest.param("https://-github.com/a/b", id="curls-removal"),
        pytest.param("https://+github.com/a/b", id="curls-for-a-while"),
        pytest.param("https:/\\127.0.0.1/a/b", id="slash-and-backslash"),
        pytest.param("https:127.0.0.1/a/b", id="no-slashes"),
        pytest.param("//127.0.0.1@/a/b", id="no-scheme"),
    ],
)
def test_given_a_host_that_programs_may_read_differently_then_it_is_refused(url: str) -> None:
    with pytest.raises(PersonError) as refused:
        host_and_port(url)

    assert refused.value.code == "address-refused"
    assert "secret" not in refused.value.message


NEAR_A_HOST = st.lists(
    st.sampled_from([*"0177.x-_@:/?#;%\\[]\t\n +,*。①", "127.0.0.1", "example.org", "localhost", "::1", "https:", "//"]), max_size=8
).map("".join)  # fmt: skip


@given(beginning=st.sampled_from(["https://", "https:/", "http://", "//", ""]), rest=NEAR_A_HOST)
def test_given_any_address_that_is_taken_then_the_program_that_asks_reads_the_same_host_and_port(
    beginning: str, rest: str
) -> None:
    url = beginning + rest
    try:
        found = host_and_port(url)
    except (PersonError, ValueError):
        return
    try:
        asked = URL(url)
    except ValueError:  # nobody is asked
        return

    assert (asked.host, asked.port or 443) == found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://GitHub.com/a/b", ("github.com", 443), id="name"),
        pytest.param("https://git.example.org:8443/a", ("git.example.org", 8443), id="port"),
        pytest.param("http://127.0.0.1/a", ("127.0.0.1", 80), id="http"),
        pytest.param("https://[2606:50c0:8000::153]:444/a", ("2606:50c0:8000::153", 444), id="ipv6"),
        pytest.param("https://4chan.example.0xa.org/a", ("4chan.example.0xa.org", 443), id="digits-inside"),
    ],
)
def test_given_a_plain_host_then_it_is_read_with_its_port(url: str, expected: tuple[str, int]) -> None:
    assert host_and_port(url) == expected


@pytest.mark.parametrize(("host", "literal"), [("8.8.8.8", True), ("2a04::1", True), ("a.example", False)])
def test_given_a_host_then_an_address_is_told_from_a_name(host: str, literal: bool) -> None:
    assert is_literal(host) is literal


def test_given_one_private_address_among_public_ones_then_the_host_is_refused() -> None:
    with pytest.raises(PersonError) as refused:
        chosen("two-faced.example", ["140.82.112.3", "10.0.0.1"])

    assert (refused.value.code, "10.0.0.1" in refused.value.message) == ("address-refused", True)


def test_given_public_addresses_of_both_kinds_then_ipv4_is_used() -> None:
    assert chosen("github.com", ["2606:50c0:8000::153", "140.82.112.3"]) == "140.82.112.3"


@pytest.mark.parametrize("url", ["https://localhost/a/b", "https://127.0.0.1/a/b", "https://[::1]/a/b"])
async def test_given_this_machine_when_looked_up_then_it_is_refused(url: str) -> None:
    with pytest.raises(PersonError) as refused:
        await look_up(url)

    assert refused.value.code == "address-refused"


async def test_given_a_public_address_itself_when_looked_up_then_no_resolver_is_asked() -> None:
    assert await look_up("https://140.82.112.3/a/b") == "140.82.112.3"
