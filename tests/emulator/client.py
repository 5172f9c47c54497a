"""A bare SMTP client for the emulator's own tests.

smtplib always behaves; this one sends what it is told, byte by byte if need
be, and gives back replies as they came.
"""

import base64
import fcntl
import socket
import ssl
import termios

from .policy import Account, SesPolicy

NAMES = ["localhost", "127.0.0.1", "mail.example.com"]

USER = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "eu-west-1"
# Published for this secret and region, so not computed by the code under test.
PASSWORD = "BMW5RDrXmmVs0lV7GpI4oLkHXpZ4stDsk6q91z1g38Pk"

HEADER = ("From: sender@example.com\r\nTo: user@example.net\r\n"
          "Subject: test\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\n"
          "Message-ID: <one@example.com>\r\n")


def plain(user=USER, password=PASSWORD):
    """The initial response of AUTH PLAIN."""
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def b64(text):
    return base64.b64encode(text.encode()).decode()


def client_context(ca_file=None):
    """A verifying context, or without a CA file one that trusts all.

    Not ssl.create_default_context(): reading the system's CA bundle for every
    connection would take most of the tests' time.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        context.load_verify_locations(ca_file)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def ses_policy(**fields):
    """SES as most tests want it: one account, one verified domain."""
    values = {"region": REGION, "verified": {"example.com"},
              "idle_seconds": 300.0,
              "accounts": [Account(USER, secret=SECRET)], **fields}
    return SesPolicy(**values)


class Client:
    """One connection; used as a context manager."""

    def __init__(self, port, secure=False, context=None, name="localhost"):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.context = context or client_context()
        self.name = name
        self.input = b""
        self.greeting = None
        if secure:
            self.wrap()

    def wrap(self):
        """Do the TLS handshake now; octets read before it are lost."""
        self.input = b""
        self.sock = self.context.wrap_socket(self.sock,
                                             server_hostname=self.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def has_arrived(self):
        """Whether the server's system has all that was sent."""
        return fcntl.ioctl(self.sock, termios.TIOCOUTQ, bytes(4)) == bytes(4)

    def line(self):
        """One line without its end; b"" when the server has closed."""
        while b"\n" not in self.input:
            data = self.sock.recv(65536)
            if not data:
                break
            self.input += data
        line, _, self.input = self.input.partition(b"\n")
        return line.rstrip(b"\r")

    def reply(self):
        """A whole reply, lines joined by a newline; "" at the end."""
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return b"\n".join(lines).decode("latin-1")

    def command(self, text):
        self.send(text.encode("utf-8") + b"\r\n")
        return self.reply()

    def hello(self):
        """Greeting and EHLO; the EHLO reply."""
        self.greeting = self.reply()
        return self.command("EHLO client.example.com")

    def starttls(self):
        assert self.command("STARTTLS").startswith("220 ")
        self.wrap()
        return self.command("EHLO client.example.com")

    def login(self, response=None):
        return self.command("AUTH PLAIN " + (response or plain()))

    def envelope(self, sender="sender@example.com",
                 recipients=("user@example.net",)):
        """MAIL, RCPT and DATA; the replies."""
        replies = [self.command(f"MAIL FROM:<{sender}>")]
        replies += [self.command(f"RCPT TO:<{one}>") for one in recipients]
        return [*replies, self.command("DATA")]

    def data(self, text):
        """Message data, already stuffed, and the final dot."""
        octets = text if isinstance(text, bytes) else text.encode("latin-1")
        self.send(octets + b".\r\n")
        return self.reply()

    def mail(self, text=HEADER + "\r\nbody\r\n", **envelope):
        """One whole transaction; the first refusal or the last reply."""
        for reply in self.envelope(**envelope):
            if reply[0] not in "23":
                return reply
        return self.data(text)

    def closed(self):
        """Whether the server has ended the connection."""
        try:
            return self.line() == b""
        except ConnectionError:
            return True
