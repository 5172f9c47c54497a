"""Mechanisms that need more of a server than a script can be."""

import base64
import hashlib
import hmac
import os
import ssl

import pytest

from dialog.script import steps_of
from dialog.server import ScriptServer
from run import PATIENCE
from tls_server import TlsServer

NAME = "mail.example.org"
PASSWORD = "pencil of wood"


class Scram(TlsServer):
    """A server with SCRAM-SHA-256 and its -PLUS form (RFC 5802) that binds
    to tls-unique, and therefore speaks TLS 1.2."""

    def __init__(self, tls, offered, flip=False):
        super().__init__(tls, ssl.TLSVersion.TLSv1_2)
        self.offered, self.flip = offered, flip
        self.mechanism, self.outcome, self.gs2 = "", "", ""

    def talk(self, say, hear):
        say("220 mail.example.org")
        hear()
        say(f"250-mail.example.org\r\n250 AUTH {self.offered}")
        _, self.mechanism, first = (hear() + "  ").split(" ")[:3]
        if self.mechanism.startswith("SCRAM"):
            self.outcome = self.scram(say, hear, first)
            say(self.outcome)
        while hear() not in ("QUIT", ""):
            say("550 5.0.0 Enough")
        say("221 Bye")

    def scram(self, say, hear, first):
        decode = base64.b64decode
        message = decode(first).decode()
        self.gs2, _, bare = message.partition(",,")
        nonce = bare.partition(",r=")[2] + base64.b64encode(
            os.urandom(12)).decode().replace("=", "")
        salt = os.urandom(12)
        second = (f"r={nonce},s={base64.b64encode(salt).decode()},i=4096")
        say("334 " + base64.b64encode(second.encode()).decode())
        final = decode(hear()).decode()
        without, _, proof = final.rpartition(",p=")
        bound = self.gs2.encode() + b",,"
        if self.mechanism.endswith("-PLUS"):
            binding = self.stream.get_channel_binding("tls-unique")
            bound += binding[::-1] if self.flip else binding
        if without != f"c={base64.b64encode(bound).decode()},r={nonce}":
            return "535 5.7.8 Not bound to this channel"
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 4096)
        text = f"{bare},{second},{without}".encode()

        def mac(key, data):
            return hmac.new(key, data, "sha256").digest()

        client = mac(salted, b"Client Key")
        signature = mac(hashlib.sha256(client).digest(), text)
        wanted = bytes(a ^ b for a, b in zip(client, signature))
        if decode(proof) != wanted:
            return "535 5.7.8 Wrong"
        verifier = b"v=" + base64.b64encode(
            mac(mac(salted, b"Server Key"), text))
        say("334 " + base64.b64encode(verifier).decode())
        hear()
        return "235 2.7.0 Ok"


def account(authority, port, **more):
    lines = {"port": port, "tls": "on", "tls_trust_file": authority.ca_file,
             "tls_host_override": NAME, "tls_starttls": "off", "auth": "on",
             "user": "tester", "password": PASSWORD}
    lines.update(more)
    return lines


@pytest.mark.parametrize("auth,offered,flip,mechanism,gs2,outcome", [
    ("on", "SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN", False,
     "SCRAM-SHA-256-PLUS", "p=tls-unique", "235"),
    # A known trap: binding must stay out of the form without it.
    ("on", "SCRAM-SHA-256 PLAIN", False, "SCRAM-SHA-256", "n", "235"),
    ("scram-sha-256", "SCRAM-SHA-256-PLUS SCRAM-SHA-256", False,
     "SCRAM-SHA-256", "n", "235"),
    ("scram-sha-256-plus", "SCRAM-SHA-256-PLUS", False,
     "SCRAM-SHA-256-PLUS", "p=tls-unique", "235"),
    # Somebody between the two ends would have another channel.
    ("on", "SCRAM-SHA-256-PLUS", True, "SCRAM-SHA-256-PLUS",
     "p=tls-unique", "535"),
])
def test_scram(program, authority, auth, offered, flip, mechanism, gs2,
               outcome):
    server = Scram(authority.leaf("good", names=[NAME]), offered, flip)
    server.start()
    conf = program.configure(account(authority, server.port, auth=auth))
    result = program.run([f"--file={conf}", "one@example.net"],
                         b"Subject: x\n\nx\n")
    server.join(PATIENCE)
    assert not server.is_alive()
    assert (server.mechanism, server.gs2) == (mechanism, gs2)
    assert server.outcome.startswith(outcome), result.err
    # 550 to MAIL: it came that far. 535: it did not.
    assert result.code == (69 if outcome == "235" else 77), result.err
    assert PASSWORD.encode() not in result.err + result.log_bytes


def token_script(port, first, *rest):
    return ["tls", "S: 220 mail.example.org ESMTP",
            "C: EHLO client.example.com", "S: 250-mail.example.org",
            "S: 250 AUTH OAUTHBEARER", f"C: AUTH OAUTHBEARER {first}", *rest]


@pytest.mark.parametrize("refused", [False, True])
def test_oauthbearer(program, authority, refused):
    tls = authority.leaf("good", names=[NAME])
    token = "ya29.a-token_of~some+length/=="
    server = ScriptServer([], tls)
    message = (f"n,a=tester,\1host=127.0.0.1\1port={server.port}\1"
               f"auth=Bearer {token}\1\1")
    first = base64.b64encode(message.encode()).decode()
    error = base64.b64encode(b'{"status":"invalid_token"}').decode()
    end = ([f"S: 334 {error}", "C: AQ==", "S: 535 5.7.8 No", "bye"]
           if refused else ["S: 235 2.7.0 Ok",
                            "C: MAIL FROM:<sender@example.com>",
                            "S: 550 5.0.0 Enough", "bye"])
    server._play = (steps_of(token_script(server.port, first, *end)), False,
                    None)
    with server:
        conf = program.configure(account(authority, server.port,
                                         auth="oauthbearer", password=token))
        result = program.run([f"--file={conf}", "one@example.net", "-v"],
                             b"Subject: x\n\nx\n")
    assert server.report.problems == []
    assert result.code == (77 if refused else 69), result.err
    assert (b'{"status":"invalid_token"}' in result.err) == refused
    shown = result.err + result.out + result.log_bytes
    assert token.encode() not in shown and first.encode() not in shown


def test_a_token_needs_tls(program):
    conf = program.configure({"auth": "xoauth2", "user": "u", "password": "t",
                              "port": "1"})
    result = program.run([f"--file={conf}", "one@example.net"],
                         b"Subject: x\n\nx\n")
    assert result.code in (75, 78)
    assert b"token" not in result.err
