"""Names and addresses: what is one, in which form, and what an allow-list covers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.domain.egress import (
    ANY_HOST,
    DEFAULT_PORTS,
    EgressPolicy,
    canonical_name,
    is_public,
    parse_allowed_host,
)


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "[::1]", "::ffff:127.0.0.1", "a..b", "-a.b", "a b", "",
     "ex\u0430mple.org", "a" * 64 + ".org", "name\0.org", "name\r\n.org", "1.2.3.4."],
)  # fmt: skip
def test_what_is_no_name(text: str):
    assert canonical_name(text) is None


def test_case_and_a_trailing_dot_make_no_difference():
    assert canonical_name("Files.Example.ORG.") == canonical_name("files.example.org") == "files.example.org"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
     "64:ff9b::a00:1", "2002:a00:1::1", "::10.0.0.1"],
)  # fmt: skip
def test_addresses_that_are_not_the_internets(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_that_are(address: str):
    assert is_public(address)


def test_entries_are_read_with_ports_and_privacy():
    entry = parse_allowed_host("Mirror.LAN:8080!")
    assert (entry.name, entry.ports, entry.private) == ("mirror.lan", {8080}, True)
    assert parse_allowed_host("a.example").ports == DEFAULT_PORTS


@pytest.mark.parametrize(
    "text",
    ["*", "*.org", "a.example:0", "a.example:x", "a.example!public", "a.example:1:2", "10.0.0.1", "",
     "a.example:65536", "a.example:00044399999", "a.example:000443" + "9" * 4000],
)  # fmt: skip
def test_entries_that_say_nothing_sensible_are_refused_by_name(text: str):
    with pytest.raises(ValueError, match=r".+"):
        parse_allowed_host(text)


def test_a_wildcard_covers_names_below_it_and_not_beside_it():
    policy = EgressPolicy((parse_allowed_host("*.example.org"),))
    assert policy.find("a.example.org", 443)
    assert policy.find("a.b.example.org", 443)
    assert not policy.find("example.org", 443)
    assert not policy.find("evilexample.org", 443)
    assert not policy.find("a.example.org", 22)


@given(st.text(max_size=60))
def test_a_canonical_name_is_its_own_canonical_name(text: str):
    name = canonical_name(text)
    assert name is None or canonical_name(name) == name


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1", "fe80::1%eth0",
     "fd00:ec2::254", "100.100.100.200", "ff02::1", "0.0.0.0", "::", "no address"],
)  # fmt: skip
def test_metadata_and_link_local_addresses_are_never_reached_whatever_a_list_says(address: str):
    assert not parse_allowed_host("mirror.lan!").may_lie_on(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "fd12::1", "1.1.1.1"])
def test_an_entry_that_says_so_may_lie_on_a_private_address(address: str):
    assert parse_allowed_host("mirror.lan!").may_lie_on(address)
    assert parse_allowed_host("mirror.lan").may_lie_on(address) is is_public(address)


def test_the_open_mode_covers_web_ports_of_any_name_and_a_named_host_keeps_its_own():
    policy = EgressPolicy((parse_allowed_host("mirror.lan:8080!"),), open=True)
    assert policy.find("any.example", 443) is ANY_HOST
    assert policy.find("any.example", 22) is None
    assert policy.find("mirror.lan", 8080) == policy.hosts[0]
    assert not ANY_HOST.may_lie_on("10.0.0.1")


@pytest.mark.parametrize("text", ["a.example", "*.a.example:8080", "mirror.lan!", "mirror.lan:3128!"])
def test_an_entry_is_written_as_it_is_read(text: str):
    assert str(parse_allowed_host(text)) == text
