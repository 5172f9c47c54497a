"""The keywords and options about the way to the server, as -P shows them.

Each file here has the shape of an msmtprc in use: defaults, accounts that
inherit, values set and unset again.
"""

import re

import pytest

HEX = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
OFF = (b"postrider: warning: tls_certcheck is off: anybody on the way to the "
       b"server can read and change what is sent, the password included\n")
SHA1 = (b"postrider: warning: tls_fingerprint is one of SHA-1, for which "
        b"another certificate can be made; use SHA-256\n")

WAYS = """\
# Four ways to one server.
defaults
host relay.example.com
from sender@example.com

account onion
port 465
tls on
tls_starttls off
proxy_host 127.0.0.1
proxy_port 9050
timeout 120

account usual-port : onion
proxy_port

account direct : onion
proxy_host

account bound
source_ip 192.0.2.10

account bound6 : bound
source_ip 2001:db8::10

account local
host
socket ~/run/relay
port 24

account default : bound
"""

CERTIFICATES = f"""\
defaults
from sender@example.com
host mx.example.com
tls on

account pinned
tls_fingerprint {HEX}:{HEX.lower()}

account pinned-sha1
tls_trust_file
tls_fingerprint {HEX.replace(":", " ")} 00 11 22 33

account client
tls_trust_file ~/ca/root.pem
tls_crl_file ~/ca/root.crl
tls_key_file ~/ca/me.key
tls_cert_file ~/ca/me.pem
auth external

account strict
host 192.0.2.25
tls_host_override mx.example.com
tls_priorities SECURE256:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3
tls_min_dh_prime_bits 3072

account library : strict
tls_priorities
tls_min_dh_prime_bits

account blind
tls
tls_certcheck off

account blind-again : blind
tls_certcheck

account default : strict
"""

OLD = """\
host mail.example.com
connect_timeout 25
tls on
tls_nostarttls
tls_nocertcheck
tls_force_sslv3 on
"""

ROWS = [
    # file, account, what is set, what is not, warnings
    (WAYS, "onion", {"proxy_host": "127.0.0.1", "proxy_port": "9050",
                     "timeout": "120", "port": "465"},
     ["socket", "source_ip"], b""),
    (WAYS, "usual-port", {"proxy_host": "127.0.0.1", "proxy_port": "1080"},
     [], b""),
    (WAYS, "direct", {"proxy_port": "9050"}, ["proxy_host"], b""),
    (WAYS, "bound", {"source_ip": "192.0.2.10", "port": "25"},
     ["proxy_host"], b""),
    (WAYS, "bound6", {"source_ip": "2001:db8::10"}, [], b""),
    (WAYS, "local", {"socket": "HOME/run/relay"}, ["host"], b""),
    (CERTIFICATES, "pinned",
     {"tls_fingerprint": f"{HEX}:{HEX.lower()}", "tls_trust_file": "system"},
     [], b""),
    (CERTIFICATES, "pinned-sha1", {}, ["tls_trust_file"], SHA1),
    (CERTIFICATES, "client",
     {"tls_crl_file": "HOME/ca/root.crl", "tls_key_file": "HOME/ca/me.key",
      "tls_cert_file": "HOME/ca/me.pem", "auth": "external"}, ["user"], b""),
    (CERTIFICATES, "strict",
     {"tls_priorities": "SECURE256:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3",
      "tls_min_dh_prime_bits": "3072"}, [], b""),
    (CERTIFICATES, "library", {},
     ["tls_priorities", "tls_min_dh_prime_bits"], b""),
    (CERTIFICATES, "blind", {"tls": "on", "tls_certcheck": "off"}, [], OFF),
    (CERTIFICATES, "blind-again", {"tls_certcheck": "on"}, [], b""),
    (CERTIFICATES, "default", {"host": "192.0.2.25"}, [], b""),
    (OLD, "default", {"timeout": "25", "port": "465", "tls_starttls": "off",
                      "tls_certcheck": "off", "tls_force_sslv3": "on"},
     [], OFF),
]


def pretend(program, text, arguments):
    conf = program.home / "conf"
    conf.write_text(text)
    conf.chmod(0o600)
    result = program.run([f"--file={conf}", "-P", *arguments])
    return result, dict(re.findall(
        r"^(\w+) = (.*?) *  # ", result.out.decode(), re.MULTILINE))


@pytest.mark.parametrize("text,account,values,unset,warnings", ROWS,
                         ids=[row[1] for row in ROWS])
def test_account(program, text, account, values, unset, warnings):
    result, found = pretend(program, text, ["-a", account])
    assert (result.code, result.err) == (0, warnings)
    wanted = {key: value.replace("HOME", str(program.home))
              for key, value in values.items()}
    assert {key: found.get(key) for key in wanted} == wanted
    assert not set(unset) & set(found)


OPTIONS = [
    ("--connect-timeout=7", "timeout", "7"),
    ("--connect-timeout=off", "timeout", "off"),
    ("--socket=/run/relay", "socket", "/run/relay"),
    ("--socket=", "socket", None),
    ("--source-ip=192.0.2.1", "source_ip", "192.0.2.1"),
    ("--source-ip=", "source_ip", None),
    ("--proxy-host=proxy.example.com", "proxy_host", "proxy.example.com"),
    ("--proxy-host=", "proxy_host", None),
    ("--proxy-port=9050", "proxy_port", "9050"),
    ("--proxy-port=", "proxy_port", "1080"),
    (f"--tls-fingerprint={HEX}:{HEX}", "tls_fingerprint", f"{HEX}:{HEX}"),
    ("--tls-fingerprint=", "tls_fingerprint", None),
    ("--tls-crl-file=/c", "tls_crl_file", "/c"),
    ("--tls-crl-file=", "tls_crl_file", None),
    ("--tls-certcheck", "tls_certcheck", "on"),
    ("--tls-certcheck=on", "tls_certcheck", "on"),
    ("--tls-priorities=NORMAL", "tls_priorities", "NORMAL"),
    ("--tls-priorities=", "tls_priorities", None),
    ("--tls-min-dh-prime-bits=4096", "tls_min_dh_prime_bits", "4096"),
    ("--tls-min-dh-prime-bits=", "tls_min_dh_prime_bits", None),
    ("--tls-force-sslv3", "tls_force_sslv3", "on"),
    ("--tls-force-sslv3=as you like", "tls_force_sslv3", "as you like"),
]


@pytest.mark.parametrize("option,key,value", OPTIONS)
def test_option(program, option, key, value):
    result, found = pretend(program, "host h.example\ntls on\n", [option])
    assert (result.code, result.err) == (0, b"")
    assert found.get(key) == value


def test_both_files_of_a_pair(program):
    result, found = pretend(program, "host h.example\n", [
        "--tls-key-file=/k", "--tls-cert-file=/c"])
    assert (result.code, result.err) == (0, b"")
    assert found["tls_key_file"] == "/k" and found["tls_cert_file"] == "/c"


@pytest.mark.parametrize("text,arguments,code,words", [
    ("", ["--proxy-port=0"], 64, "--proxy-port"),
    ("", ["--proxy-port=65536"], 64, "--proxy-port"),
    ("", ["--tls-min-dh-prime-bits=0"], 64, "--tls-min-dh-prime-bits"),
    ("", ["--tls-certcheck=no"], 64, "--tls-certcheck"),
    ("", ["--connect-timeout"], 64, "--connect-timeout: a value is missing"),
    ("", ["--connect-timeout=0"], 64, "--timeout"),
    ("", ["--tls-nocertcheck"], 64, "--tls-nocertcheck: unknown option"),
    ("", ["--source-ip=relay"], 78, "source_ip relay: not an address"),
    ("", ["--tls-key-file=/k"], 78, "tls_key_file requires tls_cert_file"),
    ("", ["--tls-cert-file=/k"], 78, "tls_cert_file requires tls_key_file"),
    ("tls_fingerprint 00:11\n", [], 78, "conf: line 2: tls_fingerprint"),
    ("tls_crl_file c\ntls_trust_file\n", [], 78,
     "conf: line 2: tls_crl_file requires tls_trust_file"),
    ("tls_nocertcheck off\n", [], 78,
     "conf: line 2: command tls_nocertcheck does not take an argument"),
    ("tls_certcheck yes\n", [], 78, "invalid argument yes"),
    ("proxy_port none\n", [], 78, "conf: line 2: invalid argument none"),
    ("tls on\ntls_trust_file\n", [], 78, "tls needs tls_trust_file"),
])
def test_refused(program, text, arguments, code, words):
    result, _ = pretend(program, "host h.example\n" + text, arguments)
    assert result.code == code
    assert words.encode() in result.err
    assert result.err.count(b"\n") == 1
