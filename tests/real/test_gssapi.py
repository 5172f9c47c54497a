"""AUTH GSSAPI with tickets of a real Kerberos, to a real Postfix.

The centre, its keys and tickets are the test's own (kerberos.py). Postfix has
Cyrus SASL and MIT's GSSAPI; it is asked for the service smtp at "localhost".
"""

import base64
import dataclasses
import os
import pwd
import struct

import pytest
from run import PATIENCE
from tls_server import TlsServer

from real import kerberos
from real.accounts import assert_accepted, assert_refused, recipient, tls_lines
from real.packages import Unavailable
from real.postfix import LISTENERS, OWNER, Postfix

PERSON = "tester"
MESSAGE = b"Subject: with a ticket\n\nx\n"
SASL = "mech_list: GSSAPI PLAIN\nkeytab: {keytab}\n"
NAMES = ("submission", "submission-1.2", "smtps")


@dataclasses.dataclass
class Site:
    realm: kerberos.Realm
    postfix: Postfix
    keytab: str

    def account(self, ca_file, listener="submission", **more):
        mode = "implicit" if listener == "smtps" else "starttls"
        return {"host": "localhost", "port": self.postfix.ports[listener],
                **tls_lines(mode, ca_file), "timeout": "60",
                "auth": "gssapi", **more}

    def send(self, program, ca_file, to, listener="submission", env=None,
             **more):
        conf = program.configure(self.account(ca_file, listener, **more))
        return program.run([f"--file={conf}", to], MESSAGE,
                           env={**self.realm.environment, **(env or {})})


def reason_not_to_run():
    if kerberos.missing():
        return kerberos.missing()
    plugin = "/usr/lib/x86_64-linux-gnu/sasl2/libgssapiv2.so"
    return "" if os.path.exists(plugin) else "no libsasl2-modules-gssapi-mit"


@pytest.fixture(scope="module")
def site(certificate):
    if reason_not_to_run():
        pytest.skip(reason_not_to_run())
    listeners = {name: {**LISTENERS[name], "myhostname": "localhost"}
                 for name in NAMES}
    with kerberos.Realm() as realm:
        keytab = realm.keytab("smtp/localhost")
        os.chown(keytab, pwd.getpwnam(OWNER).pw_uid, 0)
        try:
            postfix = Postfix(
                certificate, listeners, SASL.format(keytab=keytab),
                {"KRB5_CONFIG": realm.environment["KRB5_CONFIG"],
                 "KRB5RCACHETYPE": "none"})
        except Unavailable as reason:
            pytest.skip(f"no Postfix: {reason}")
        with postfix:
            realm.ticket(PERSON)
            yield Site(realm, postfix, str(keytab))


@pytest.mark.parametrize("user", ["", PERSON])
@pytest.mark.parametrize("listener", NAMES)
def test_ticket(program, authority, site, listener, user):
    to = recipient()
    assert_accepted(site.send(program, authority.ca_file, to, listener,
                              user=user))
    assert b"with a ticket" in site.postfix.take(to).message
    assert site.postfix.has_logged(
        f"sasl_method=GSSAPI, sasl_username={PERSON}")


def test_keys_of_a_program(program, authority, site):
    """Who has a key needs no login: nobody types anything into a timer."""
    to = recipient()
    keytab = site.realm.keytab("robot")
    assert_accepted(site.send(program, authority.ca_file, to, env={
        "KRB5CCNAME": "MEMORY:", "KRB5_CLIENT_KTNAME": f"FILE:{keytab}"}))
    site.postfix.take(to)
    assert site.postfix.has_logged("sasl_username=robot")


def test_as_somebody_else(program, authority, site):
    result = site.send(program, authority.ca_file, recipient(),
                       user="somebody-else")
    line = assert_refused(result, 77, "PERM")
    assert line["smtpstatus"] == "535"


@pytest.mark.parametrize("env,host,words", [
    ({"KRB5CCNAME": "FILE:/nonexistent"}, "localhost", "smtp at localhost"),
    # The realm has no service of that name.
    ({}, "127.0.0.1", "smtp at 127.0.0.1"),
    ({"KRB5_CONFIG": "/nonexistent", "KRB5CCNAME": "MEMORY:"}, "localhost",
     "smtp at localhost"),
    # Nothing tells libgssglue of a mechanism, or what it tells is not there.
    ({"GSSAPI_MECH_CONF": "/nonexistent"}, "localhost", "smtp at localhost"),
])
def test_no_ticket(program, authority, site, env, host, words):
    result = site.send(program, authority.ca_file, recipient(), env=env,
                       host=host, tls_host_override="localhost")
    line = assert_refused(result, 77, "NOT-SENT")
    assert line["errormsg"] == (
        f"{host}: GSSAPI: there is no ticket for the service {words}: log in "
        "(kinit), and let host be the name that the realm knows")


def test_a_ticket_is_never_chosen(program, authority, site):
    """`auth on` means a password."""
    result = site.send(program, authority.ca_file, recipient(), auth="on",
                       user=PERSON, password="x")
    assert result.code != 0
    assert "GSSAPI" not in result.log_bytes.decode()


class Layers(TlsServer):
    """A server that offers these security layers (RFC 4752 3.1)."""

    def __init__(self, tls, layers):
        super().__init__(tls)
        self.layers = layers
        self.chosen = self.person = None

    def talk(self, say, hear):
        say("220 localhost")
        hear()
        say("250-localhost\r\n250 AUTH GSSAPI")
        self.negotiate(say, hear)
        while hear() not in ("QUIT", ""):
            say("550 5.0.0 Enough")

    def negotiate(self, say, hear):
        import gssapi
        server = gssapi.SecurityContext(usage="accept")
        token = hear().split(" ")[2]
        while not server.complete:
            answer = server.step(base64.b64decode(token)) or b""
            say("334 " + base64.b64encode(answer).decode())
            token = hear()
        offer = struct.pack("!I", self.layers << 24 | 0xffff)
        say("334 " + base64.b64encode(
            server.wrap(offer, False).message).decode())
        chosen = server.unwrap(base64.b64decode(hear())).message
        self.chosen = chosen[0]
        self.person = str(server.initiator_name), chosen[4:].decode()
        say("235 2.7.0 Ok" if chosen[0] & self.layers else
            "535 5.7.8 No such layer")


@pytest.mark.parametrize("layers,code", [(1, 69), (7, 69), (3, 69), (6, 77)])
def test_layers(program, authority, certificate, site, monkeypatch, layers,
                code):
    """TLS is the only one: the choice is none. 550 to MAIL (69) says that
    it came that far."""
    pytest.importorskip("gssapi")
    for name, value in {**site.realm.environment,
                        "KRB5_KTNAME": site.keytab,
                        "KRB5RCACHETYPE": "none"}.items():
        monkeypatch.setenv(name, value)
    server = Layers(certificate, layers)
    server.start()
    conf = program.configure({
        "host": "localhost", "port": server.port, "auth": "gssapi",
        **tls_lines("implicit", authority.ca_file)})
    result = program.run([f"--file={conf}", "one@example.net"], MESSAGE,
                         env=site.realm.environment)
    server.join(PATIENCE)
    assert not server.is_alive()
    assert result.code == code, result.err
    assert server.chosen == 1
    assert server.person == (f"{PERSON}@{kerberos.REALM}", "")
