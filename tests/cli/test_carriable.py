"""What cannot be sent as it is arrives with the same meaning.

Messages of many shapes go to a server with and without 8BITMIME. What arrived
is read by another implementation of MIME, the email package, and compared with
what it reads in the original.
"""

import base64
import contextlib
import email
import email.header
import quopri
import random
import re
import socket
import threading

import pytest

from relay import SENDER, Relay
from run import PATIENCE

SEEDS = range(40)
ARGS = ["one@example.net"]


class Maker:
    """Messages from a seed, in LF; `names` are the file names in them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.boundaries = 0
        self.names = []

    def words(self, n):
        stock = ["Grüße", "aus", "Köln,", "€", "plain", "=3D", "--", "a=b",
                 "日本語", ".", "From", "(x)", "\"y\"", "😀"]
        return " ".join(self.random.choice(stock) for _ in range(n))

    def text(self):
        """Octets of a text leaf that needs no encoding to be read."""
        lines = []
        for _ in range(self.random.randrange(8)):
            line = self.words(self.random.randrange(6)).encode()
            kind = self.random.randrange(12)
            if kind == 0:
                line = line * 200
            elif kind == 1:
                line += b"\0" + line
            elif kind == 2:
                line += b"  \t"
            elif kind == 3:
                line = "Grüße".encode("latin-1")
            elif kind == 4:
                line = b"--b%d" % self.random.randrange(100) + b"x"
            elif kind == 5:
                line = b"x" * self.random.choice([997, 998, 999, 1000])
            elif kind == 6:
                line = b"." + line
            elif kind == 7:
                line = b""
            lines.append(line)
        return b"\n".join(lines)

    def binary(self):
        octets = self.random.randbytes(self.random.randrange(3000))
        return octets.replace(b"\r", b"").replace(b"\n", b"")

    def leaf(self):
        name = self.words(self.random.randrange(1, 8)).replace('"', "")
        name = name.replace("=3D", "")
        kind = self.random.randrange(7)
        if kind == 0:
            data = base64.encodebytes(self.binary()).strip()
            if self.random.random() < .5:
                data = data.replace(b"\n", b"")
            field = b"Content-Transfer-Encoding: BASE64\n"
        elif kind == 1:
            data = quopri.encodestring(self.text().replace(b"\0", b""))
            data = data.rstrip(b"\n")
            if self.random.random() < .5:
                data = data.replace(b"=\n", b"")
            field = b"content-transfer-encoding:  Quoted-Printable\n"
        elif kind == 2:
            data = self.binary()
            field = (b"Content-Type: application/octet-stream\n"
                     b"Content-Transfer-Encoding: binary\n")
        elif kind == 3:
            self.names.append(name)
            data = self.text()
            field = (b"Content-Type: text/plain; charset=utf-8;\n name=\""
                     + name.encode() + b"\"\n")
        elif kind == 4:
            data = self.text()
            field = (b"Content-Type: text/plain; charset=utf-8\n"
                     b"Content-Transfer-Encoding: 8bit\n")
        elif kind == 5:
            data = b"plain = text "
            field = b"Content-Type: text/plain\n"
        else:
            data = self.text()
            field = b""
        return field + b"\n" + data

    def multipart(self, depth):
        self.boundaries += 1
        boundary = b"b%d" % self.boundaries
        if self.random.random() < .3:
            boundary += b" (=_?)/"
        kind = self.random.choice([b"mixed", b"alternative", b"signed",
                                   b"digest"])
        made = (b"Content-Type: multipart/" + kind + b"; boundary=\""
                + boundary + b"\"\n")
        if self.random.random() < .3:
            made += b"Content-Transfer-Encoding: 8bit\n"
        made += b"\n"
        if self.random.random() < .3:
            made += b"preamble\n--b\n"
        for _ in range(self.random.randrange(1, 4)):
            made += b"--" + boundary
            made += self.random.choice([b"", b"", b" ", b"\t  "]) + b"\n"
            part = self.part(depth)
            if kind == b"digest":
                part = b"\nSubject: inner\n" + part
            made += part + b"\n"
        if depth == 0 or self.random.random() < .8:
            made += b"--" + boundary + b"--"
            if self.random.random() < .3:
                made += b"\nepilogue\n--b1x"
        return made

    def part(self, depth):
        kind = self.random.randrange(10)
        if depth < 4 and kind < 2:
            return self.multipart(depth + 1)
        if depth < 4 and kind == 2:
            return (b"Content-Type: message/rfc822\n"
                    b"Content-Transfer-Encoding: 8bit\n\n"
                    b"Subject: inner\n" + self.part(depth + 1))
        return self.leaf()

    def message(self):
        self.subject = self.words(self.random.randrange(1, 25))
        self.name = self.words(self.random.randrange(1, 4)).replace('"', "")
        made = f"From: \"{self.name}\" <{SENDER}>\n".encode()
        made += b"To: one@example.net\n"
        made += f"Subject: {self.subject}\n".encode()
        if self.random.random() < .8:
            made += b"MIME-Version: 1.0\n"
        made += (self.multipart(0) if self.random.random() < .8
                 else self.leaf())
        return made + b"\n"


def meaning(octets):
    """(depth, type, decoded text) of each part."""
    def walk(part, depth):
        if part.is_multipart():
            yield depth, part.get_content_type(), None
            for inner in part.get_payload():
                yield from walk(inner, depth + 1)
            return
        data = part.get_payload(decode=True).replace(b"\r\n", b"\n")
        yield depth, part.get_content_type(), data
    return list(walk(email.message_from_bytes(octets), 0))


def text_of(value):
    """A header value with its encoded words decoded."""
    joined = email.header.make_header(email.header.decode_header(value))
    return str(joined)


def check_wire(content, eight_bit):
    assert b"\0" not in content
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert eight_bit or content.isascii()


def check_header(message, maker):
    subject = re.sub(r"\r\n(?=[ \t])", "", str(message["Subject"]))
    assert text_of(subject) == maker.subject
    name = re.sub(r"\r\n(?=[ \t])", "", str(message["From"]))
    assert text_of(name.split("<")[0]).strip().strip('"') == maker.name.strip()


@pytest.mark.parametrize("eight_bit", [False, True])
def test_parts_arrive(program, authority, eight_bit):
    makers = [Maker(seed) for seed in SEEDS]
    originals = [maker.message() for maker in makers]
    with Relay(program, authority, "ses", eight_bit_mime=eight_bit) as relay:
        for original in originals:
            result = relay.send(["-i", *ARGS], original)
            assert result.code == 0, result.err
        assert not any(one.violations for one in relay.sessions)
        arrived = [message.content for message in relay.messages]
    changed = 0
    for seed, maker, original, content in zip(SEEDS, makers, originals,
                                              arrived, strict=True):
        check_wire(content, eight_bit)
        assert meaning(content) == meaning(original), f"seed {seed}"
        changed += content.replace(b"\r\n", b"\n").count(
            b"Content-Transfer-Encoding: quoted-printable\n")
        if not eight_bit:
            check_header(email.message_from_bytes(content), maker)
    assert changed > 10


def test_file_names_arrive(program, authority):
    name = "Rechnung für März, \"endgültig\" (€).pdf"
    quoted = name.replace('"', '\\"').encode()
    original = (b"From: " + SENDER.encode() + b"\n"
                b"MIME-Version: 1.0\n"
                b"Content-Type: application/pdf; name=\"" + quoted + b"\"\n"
                b"Content-Disposition: attachment; filename=\"" + quoted
                + b"\"; size=5\n\nabc\n")
    with Relay(program, authority, "ses", eight_bit_mime=False) as relay:
        assert relay.send(ARGS, original).code == 0
        message = email.message_from_bytes(relay.messages[0].content)
    assert message.get_filename() == name
    assert email.utils.collapse_rfc2231_value(
        message.get_param("name")) == name
    assert message.get_param("size", header="content-disposition") == "5"


def serve(listener, said):
    """A server that takes one session and every command."""
    connection, _ = listener.accept()
    # The client does not wait for the reply to QUIT.
    with (contextlib.suppress(ConnectionError), connection,
          connection.makefile("rwb") as stream):
        stream.write(b"220 mail.example.org\r\n")
        stream.flush()
        for line in stream:
            said.append(line.split()[0])
            stream.write(b"250 Ok\r\n")
            stream.flush()


def test_no_room(program, binary):
    """The file cannot be written: nothing of the message is sent."""
    said = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, said))
        thread.start()
        conf = program.configure({"port": listener.getsockname()[1]})
        program.path = "/bin/sh"
        result = program.run(
            ["-c", 'ulimit -f 8; exec "$0" "$@"', str(binary),
             f"--file={conf}", *ARGS],
            b"From: sender@example.com\n\n" + 900_000 * b"\xe4")
        thread.join(PATIENCE)
    assert result.code == 71, result.err
    assert b"temporary file" in result.err
    assert result.log[0]["outcome"] == "NOT-SENT"
    assert said == [b"EHLO", b"QUIT"]
