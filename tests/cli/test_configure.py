"""--configure: an account by SRV records, asked of a resolver of our own."""

import pytest
import resolver as server


@pytest.fixture(scope="module")
def resolver():
    server.require()


def configure(program, zone, address):
    return server.run(program, zone, [f"--configure={address}"])


def settings(result):
    return [line for line in result.stdout.decode().splitlines()
            if not line.startswith("#")]


TLS = "_submissions._tcp.example.com"
PLAIN = "_submission._tcp.example.com"
ROWS = [
    ("implicit TLS first",
     {TLS: [(0, 1, 465, "mail.example.com")],
      PLAIN: [(0, 1, 587, "other.example.com")]},
     ["host mail.example.com", "port 465", "tls on", "tls_starttls off",
      "auth on"]),
    ("then STARTTLS", {PLAIN: [(0, 1, 587, "mail.example.com")]},
     ["host mail.example.com", "port 587", "tls on", "tls_starttls on",
      "auth on"]),
    ("no service with TLS", {TLS: [(0, 0, 0, ".")],
                             PLAIN: [(0, 1, 587, "mail.example.com")]},
     ["host mail.example.com", "port 587", "tls on", "tls_starttls on",
      "auth on"]),
    ("priority and weight",
     {TLS: [(9, 9, 1, "a.example.com"), (5, 1, 2, "b.example.com"),
            (5, 7, 3, "c.example.com")]},
     ["host c.example.com", "port 3", "tls on", "tls_starttls off",
      "auth on"]),
    ("a provider",
     {TLS: [(0, 1, 465, "email-smtp.eu-west-1.amazonaws.com")]},
     ["provider ses", "region eu-west-1", "port 465", "tls_starttls off"]),
    ("the other one",
     {PLAIN: [(0, 1, 587,
               "smtp.email.eu-frankfurt-1.oci.oraclecloud.com")]},
     ["provider oci", "region eu-frankfurt-1", "port 587",
      "tls_starttls on"]),
    ("another endpoint of a provider",
     {TLS: [(0, 1, 465, "email-smtp-fips.us-east-1.amazonaws.com")]},
     ["provider ses", "region us-east-1",
      "host email-smtp-fips.us-east-1.amazonaws.com", "port 465",
      "tls_starttls off"]),
]


@pytest.mark.parametrize("zone,lines", [row[1:] for row in ROWS],
                         ids=[row[0] for row in ROWS])
def test_account(program, resolver, zone, lines):
    result = configure(program, zone, "user@example.com")
    assert (result.returncode, result.stderr) == (0, b"")
    user = [] if lines[0].startswith("provider") else [
        "user user@example.com"]
    assert settings(result) == ["account default", *lines,
                                "from user@example.com", *user]
    # Nobody vouches for what DNS says.
    host = next(iter(zone.values()))[0][3]
    outside = host != "." and not host.endswith(".example.com")
    assert (b"is it the right one?" in result.stdout) == outside
    # What is printed is an account.
    conf = program.home / "conf"
    conf.write_bytes(result.stdout)
    shown = program.run([f"--file={conf}", "-P"])
    assert (shown.code, shown.err) == (0, b"")


@pytest.mark.parametrize("zone,code,text", [
    ({"x": 3}, 68, b"no SRV record"),
    ({TLS: [], PLAIN: []}, 68, b"no SRV record"),
    ({TLS: [(0, 0, 0, ".")], PLAIN: [(0, 0, 0, ".")]}, 68, b"no SRV record"),
    ({TLS: 2}, 75, b"_submissions._tcp.example.com"),
    ({TLS: [(0, 1, 0, "mail.example.com")]}, 68, b"no SRV record"),
])
def test_nothing_found(program, resolver, zone, code, text):
    result = configure(program, zone, "user@example.com")
    assert (result.returncode, result.stdout) == (code, b"")
    assert text in result.stderr and result.stderr.count(b"\n") == 1


def test_a_domain_in_unicode(program, resolver):
    zone = {"_submissions._tcp.xn--bcher-kva.example":
            [(0, 1, 465, "mail.xn--bcher-kva.example")]}
    result = configure(program, zone, "user@b\u00fccher.example")
    assert result.returncode == 0
    assert "host mail.xn--bcher-kva.example" in settings(result)


@pytest.mark.parametrize("address", ["User <user@example.com>",
                                     "user@example.com (User)",
                                     "user@example.com\n"])
def test_what_stands_around_an_address_is_no_setting(program, resolver,
                                                     address):
    zone = {TLS: [(0, 1, 465, "mail.example.com")]}
    result = configure(program, zone, address)
    assert result.returncode == 0
    assert settings(result)[-2:] == ["from user@example.com",
                                     "user user@example.com"]


@pytest.mark.parametrize("address", ["", "user", "@example.com", "user@",
                                     "a@b.example, c@d.example",
                                     "user@exam ple.com"])
def test_no_address(program, address):
    result = program.run([f"--configure={address}"])
    assert (result.code, result.out) == (65, b"")
    assert b"not an address with a domain" in result.err
