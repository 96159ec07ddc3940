"""Addresses as an operator writes them."""

import pytest

from bot.listening import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param("127.0.0.1:9464", Address("127.0.0.1", 9464), id="IPv4"),
        pytest.param("[::1]:80", Address("::1", 80), id="IPv6"),
        pytest.param("localhost:0", Address("localhost", 0), id="a name"),
    ],
)
def test_given_an_address_when_read_then_it_prints_as_it_was(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "9464", ":9464", "127.0.0.1", "host:", "host:99999", "host:-1", "host:x"]
)
def test_given_no_address_when_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Address.parse(text)
