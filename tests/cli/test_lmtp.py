"""LMTP over a UNIX socket, as a local delivery agent offers it."""

import socket
import threading

import pytest
from run import PATIENCE


class Agent(threading.Thread):
    """Takes one message; `verdicts` are the replies after the dot."""

    def __init__(self, path, verdicts, offers=b"PIPELINING"):
        super().__init__()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.listener.settimeout(PATIENCE)
        self.verdicts, self.offers = verdicts, offers
        self.lines, self.message = [], []

    def run(self):
        with self.listener:
            sock, _ = self.listener.accept()
        sock.settimeout(PATIENCE)
        with sock, sock.makefile("rwb") as file:
            def say(line):
                file.write(line + b"\r\n")
                file.flush()

            say(b"220 agent LMTP")
            for line in file:
                line = line.rstrip(b"\r\n")
                self.lines.append(line)
                verb = line[:4].upper()
                if verb == b"LHLO":
                    say(b"250-agent\r\n250 " + self.offers)
                elif verb == b"DATA":
                    say(b"354 Go")
                    self.take(file)
                    for verdict in self.verdicts:
                        say(verdict)
                elif verb == b"QUIT":
                    break       # nobody waits for the reply
                else:
                    say(b"250 Ok")

    def take(self, file):
        for line in file:
            if line == b".\r\n":
                return
            self.message.append(line)


def deliver(program, verdicts, settings=(), args=("one", "two")):
    path = program.home / "lmtp"
    agent = Agent(path, verdicts)
    agent.start()
    conf = program.configure([("protocol", "lmtp"), ("socket", path),
                              ("host", ""), ("port", "2400"), *settings])
    # The socket is enough: neither host nor port.
    conf.write_text("".join(
        line + "\n" for line in conf.read_text().splitlines()
        if line.split()[0] not in ("host", "port")))
    result = program.run([f"--file={conf}", *args],
                         b"Subject: t\n\n.dot\n")
    agent.join(PATIENCE)
    assert not agent.is_alive()
    return result, agent


@pytest.mark.parametrize("verdicts,code,refused", [
    ([b"250 2.1.5 Saved", b"250 2.1.5 Saved"], 0, None),
    ([b"250 2.1.5 Saved", b"550 5.2.1 Disabled"], 69, "two"),
    ([b"452 4.2.2 Full", b"250 2.1.5 Saved"], 75, "one"),
    ([b"250 2.1.5 Saved"], 75, "two"),
])
def test_verdicts(program, verdicts, code, refused):
    # One verdict too few is waited for until then.
    seconds = "5" if len(verdicts) == 1 else "60"
    result, agent = deliver(program, verdicts, [("timeout", seconds)])
    assert result.code == code, result.err
    assert agent.lines[0] == b"LHLO client.example.com"
    assert agent.message[1:] == [b"Subject: t\r\n", b"\r\n", b"..dot\r\n"]
    line = result.log[-1]
    assert line.get("refused", "").split("@")[0] == (refused or "")
    assert line["socket"] == str(program.home / "lmtp")
    assert (b"may have been delivered" in result.err) == (len(verdicts) == 1)


def test_every_recipient_refused(program):
    result, _ = deliver(program, [b"550 5.2.1 A", b"552 5.2.2 B"])
    assert result.code == 69
    assert b"550 5.2.1 A" in result.err and b"552 5.2.2 B" in result.err
    assert result.log[-1]["outcome"] == "PERM"


def test_said_as_msmtp(as_msmtp):
    result, _ = deliver(as_msmtp, [b"250 2.1.5 Saved",
                                   b"550-5.2.1 Disabled\r\n550 5.2.1 so"])
    assert result.err.decode().splitlines()[1:] == [
        "msmtp: LMTP server message: 550-5.2.1 Disabled",
        "msmtp: LMTP server message: 550 5.2.1 so",
        "msmtp: could not send mail to all recipients (account default from "
        f"{as_msmtp.home}/conf)"]


def test_info(program):
    path = program.home / "lmtp"
    agent = Agent(path, [], b"SIZE 1048576")
    agent.start()
    conf = program.home / "conf"
    conf.write_text(f"protocol lmtp\nsocket {path}\n")
    result = program.run([f"--file={conf}", "-S"])
    agent.join(PATIENCE)
    assert (result.code, result.err) == (0, b"")
    assert result.out.startswith(f"LMTP server at {path}:\n".encode())
    assert b"1048576 bytes = 1.00 MiB" in result.out
