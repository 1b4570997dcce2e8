"""Where webhooks may go, and which URLs are refused at once."""

import re
from ipaddress import ip_address

import pytest

from feed.webhooks.addresses import networks, permitted, public
from feed.webhooks.targets import check_url


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "192.0.0.8",
        "192.0.0.192",
        "::ffff:192.0.0.192",
        "64:ff9b::c000:c0",
        "168.63.129.16",
        "2002:a83f:8110::1",
        "100.100.100.200",
        "fd00:ec2::254",
        "192.88.99.1",
        "2001:1::1",
        "3fff::1",
        "5f00::1",
    ],
)
def test_addresses_that_are_not_public(text):
    """Loopback, private, link-local, shared, reserved, multicast; plain, mapped, and by any translator."""
    assert not public(ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_that_are_public(text):
    """In both families, and mapped."""
    assert public(ip_address(text))


def test_the_operator_can_name_networks():
    """A mapped address is the address that it stands for."""
    allowed = networks(["127.0.0.0/8", "fd00::/8"])
    assert permitted(ip_address("127.0.0.1"), allowed)
    assert permitted(ip_address("::ffff:127.0.0.1"), allowed)
    assert permitted(ip_address("fd00::1"), allowed)
    assert not permitted(ip_address("10.0.0.1"), allowed)
    assert not permitted(ip_address("64:ff9b::127.0.0.1"), allowed)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://" + "a" * 2041, "url is longer than 2048 characters"),
        ("https://example.com/ a", "url must be printable ASCII without spaces"),
        ("https://example.com/\x01", "url must be printable ASCII without spaces"),
        ("https://exämple.com/", "url must be printable ASCII without spaces"),
        ("http://example.com/", "url must begin with https://"),
        ("ftp://example.com/", "url must begin with https://"),
        ("file:///etc/passwd", "url must begin with https://"),
        ("example.com", "url must begin with https://"),
        ("https://user:pass@example.com/", "url must not have a user or a password in it"),
        ("https://example.com/#a", "url must not have a fragment or a backslash in it"),
        ("https://example.com\\@127.0.0.1/", "url must not have a user or a password in it"),
        ("https://example.com:0/", "url must have a port from 1 to 65535"),
        ("https://example.com:99999/", "url cannot be read"),
        ("https://[::1/", "url cannot be read"),
        ("https:///path", "url must name a host"),
        ("https://a..b/", "url must name a host"),
        ("https://" + "a" * 64 + ".com/", "url must name a host"),
        ("https://127.0.0.1/", "url: 127.0.0.1 is no public address"),
        ("https://[::ffff:10.0.0.1]/", "url: ::ffff:10.0.0.1 is no public address"),
        ("https://169.254.169.254/latest/meta-data", "url: 169.254.169.254 is no public address"),
    ],
)
def test_urls_that_are_refused(url, why):
    """In one sentence for whoever wrote it, before anybody looks up a name."""
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        check_url(url, ())


def test_urls_that_are_taken():
    """Public ones by HTTPS; where the operator has named networks, theirs and plain HTTP."""
    check_url("https://example.com/hook?a=b", ())
    check_url("https://1.1.1.1:8443/", ())
    check_url("http://127.0.0.1:9000/hook", networks(["127.0.0.0/8"]))
    with pytest.raises(ValueError, match="no public address"):
        check_url("https://10.0.0.1/", networks(["127.0.0.0/8"]))
