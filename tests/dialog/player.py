"""Plays the steps of a script on a connection and compares what comes."""

import ssl
import time

from run import PATIENCE

from dialog import notation
from dialog.variants import ends_itself

LISTEN = 0.002          # seconds to listen for a client that talks too early
ENDLESS = 16 << 20      # bytes of an endless reply a client may take


class Stop(Exception):
    """The play is over: a problem was reported."""


class Cutoff(Exception):
    """The connection was cut as planned."""


class Player:
    """One play.  `slow`: one byte per write.  `cut`: a variants.Cut."""

    def __init__(self, wire, report, context, slow=False, cut=None):
        self.wire, self.report, self.context = wire, report, context
        self.slow, self.cut = slow, cut
        self.listen = 0 if slow or cut else LISTEN
        self.buffer = b""       # received, not yet looked at
        self.out = b""          # replies not yet sent
        self.spoken = b""       # the reply line not yet complete
        self.reply_lines = 0    # of the reply not yet complete
        self.owed = ["greeting"]    # commands without a complete reply
        self.ended = False      # the client closed
        self.pipelining = False
        self.lmtp = False
        self.in_data = False    # 354 was said, the dot has not come
        self.accepted = 0       # recipients
        self.dot_answered = False
        self.last_code = b""
        self.size = None        # what the client claimed with SIZE=
        self.message = 0        # octets of the message, dots un-stuffed
        self.rest = []          # lines taken by flight-rest
        self.steps, self.index = [], 0

    def play(self, steps):
        self.steps = steps
        try:
            for self.index, step in enumerate(steps):
                if step.kind not in ("S", "RAW", "flight-replies"):
                    self._flush()
                getattr(self, "_do_" + step.kind.replace("-", "_")
                        .lower())(step)
            self._flush()
            if not ends_itself(steps):
                self._do_close(None)
        except Cutoff:
            pass
        except Stop:
            self.wire.reset()
        finally:
            self.report.said_bye = self.wire.said_bye

    # What the client sends

    def _receive(self, seconds):
        """Add to the buffer; False at the end of the connection."""
        data = b"" if self.ended else self.wire.receive(seconds)
        if data:
            self.report.note("C", data)
            self.report.received += data
            self.buffer += data
        self.ended = not data
        return bool(data)

    def _line(self, wanted):
        """The next line without CRLF, None at the end."""
        while b"\r\n" not in self.buffer:
            try:
                if not self._receive(PATIENCE):
                    return None
            except TimeoutError:
                self._fail(wanted, f"nothing but {self.buffer!r}")
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        self.report.lines.append(line)
        return line

    def _fail(self, wanted, got):
        self.report.problem(f"{wanted}: got {got}")
        raise Stop

    def _expect(self, step):
        line = self._line(step)
        if line is None:
            self._fail(step, "the end of the connection"
                       + (f" after {self.buffer!r}" if self.buffer else ""))
        match = notation.pattern(step.text).fullmatch(line)
        if not match:
            self._fail(step, repr(line))
        if "size" in match.groupdict():
            self.size = int(match["size"])
        return line

    def _do_c(self, step):
        verb = self._expect(step).split(b" ")[0].upper()
        if verb in (b"EHLO", b"LHLO"):
            self.pipelining = False
            self.lmtp = verb == b"LHLO"
        self.owed.append(verb.decode("latin-1"))

    def _do_flight_rest(self, _step):
        """RCPT and DATA of a client that could not know."""
        while not self.rest or self.rest[-1] != b"DATA":
            line = self._line("the rest of the flight")
            if line is None or not (line.startswith(b"RCPT TO:<")
                                    or line == b"DATA"):
                self._fail("RCPT or DATA, the rest of the flight", repr(line))
            self.rest.append(line)

    def _do_data(self, step):
        line = self._expect(step)
        if step.text != ".":
            self.message += len(line) + 2 - line.startswith(b".")
            return
        self.in_data = False
        # In LMTP each recipient that was accepted has a reply of its own.
        self.owed += (self.accepted if self.lmtp else 1) * ["the final dot"]
        if self.size not in (None, self.message):
            self.report.problem(f"SIZE={self.size} was said, but the message "
                                f"has {self.message} octets")

    def _do_take(self, step):
        """Take so many bytes of whatever comes, and lose them."""
        wanted = int(step.text)
        while len(self.buffer) < wanted:
            if not self._receive(PATIENCE):
                self._fail(step, "the end of the connection")
        self.buffer = b""

    # What the server sends

    def _early(self):
        """The client must not talk before it is its turn."""
        try:
            while len(self.buffer) < 4096 and self._receive(self.listen):
                pass
        except TimeoutError:
            pass
        allowed = (b"QUIT\r\n" if self.pipelining
                   and self.owed[:1] == ["the final dot"] else b"")
        if self.buffer not in (b"", allowed):
            self._fail("nothing before the reply", repr(self.buffer))

    def _say(self, data):
        """Put bytes in the queue and keep the books of complete lines."""
        if not self.out:
            self._early()
        self.out += data
        *lines, self.spoken = (self.spoken + data).split(b"\n")
        for line in lines:
            self._replied(line.rstrip(b"\r"))

    def _replied(self, line):
        verb = self.owed[0] if self.owed else ""
        self.reply_lines += 1
        if (verb in ("EHLO", "LHLO") and self.reply_lines > 1
                and line[4:].strip().upper() == b"PIPELINING"):
            self.pipelining = True
        if line[3:4] == b"-":
            return
        self.reply_lines = 0
        self.last_code = line[:3]
        self.owed = self.owed[1:]
        self.in_data |= verb == "DATA" and line.startswith(b"354")
        self.dot_answered |= verb == "the final dot"
        self.accepted += verb == "RCPT" and line.startswith(b"2")

    def _do_s(self, step):
        if self.cut and self.cut.step == self.index:
            self._cut(step)
        self._say(step.payload)

    _do_raw = _do_s

    def _do_flight_replies(self, _step):
        self.out += len(self.rest) * b"503 5.5.1 Bad sequence of commands\r\n"

    def _send(self, data):
        """False when the client is gone."""
        pieces = ([data[i:i + 1] for i in range(len(data))] if self.slow
                  else [data] if data else [])
        try:
            for piece in pieces:
                self.wire.send(piece)
                if self.slow:
                    time.sleep(0.0001)
        except ConnectionError:
            return False
        except TimeoutError:
            self._fail("a client that reads", "one that does not")
        return True

    def _flush(self):
        data, self.out = self.out, b""
        if data:
            self.report.note("S", data)
        if not self._send(data) and any(
                s.kind in ("C", "DATA") for s in self.steps[self.index:]):
            self._fail("a client that reads this reply", "none")

    def _do_sleep(self, step):
        time.sleep(float(step.text))

    def _do_drip(self, step):
        """A byte now and then: no single read ever waits long."""
        pause, _, text = step.text.partition(" ")
        self.report.note("S", b"(dripping) " + text.encode())
        for byte in notation.expand(text):
            try:
                self.wire.send(bytes([byte]))
                self._receive(float(pause))
            except ConnectionError:
                self.ended = True
            except TimeoutError:
                pass
            if self.ended:
                break
        else:
            self.report.problem("the client waited for all of a dripping "
                                "reply")
        self._do_hangup(step)

    def _do_endless(self, step):
        """One line over and over."""
        block = 100 * (notation.expand(step.text) + b"\r\n")
        self.report.note("S", b"(endless) " + step.text.encode())
        sent = 0
        try:
            while sent < ENDLESS:
                self.wire.send(block)
                sent += len(block)
            self.report.problem("the client took all of an endless reply")
        except ConnectionError:
            pass

    def _do_tls(self, step):
        try:
            self.wire.start_tls(self.context, PATIENCE)
            self.report.note("-", b"TLS")
        except (ssl.SSLError, TimeoutError, ConnectionError) as error:
            self._fail(step, repr(error))

    def _do_tls_refused(self, _step):
        """The client must break the handshake off, or close right after."""
        try:
            self.wire.start_tls(self.context, PATIENCE)
            self.report.note("-", b"TLS, which should have failed")
            self._send(b"220 mail.example.org ESMTP\r\n")
        except (ssl.SSLError, ConnectionError):
            return
        except TimeoutError:
            self._fail("the client breaks the handshake off", "nothing")
        self._do_hangup(None)

    # The ends

    def _cut(self, step):
        """End the connection instead of sending this line."""
        self._say(self.cut.sent(step.payload))
        self._flush()
        self.report.note("-", f"{self.cut} of {step}".encode())
        if self.dot_answered:
            self.wire.wait_read()   # before a RST takes it away
        if self.cut.how == "close":
            self._do_close(step)
        else:
            self.wire.reset()
        raise Cutoff

    def _do_close(self, _step):
        """FIN; after that the client may only take its leave."""
        self.wire.finish()
        self._leave(answer=False)

    def _do_rst(self, _step):
        self.wire.reset()

    def _do_bye(self, _step):
        """The client may say RSET and QUIT, or just close."""
        self._leave(answer=True)

    def _do_hangup(self, _step):
        """The client must close without another byte."""
        self._to_end("the client hangs up")
        if self.buffer:
            self._fail("the client hangs up", repr(self.buffer))

    def _to_end(self, wanted):
        try:
            while self._receive(PATIENCE):
                pass
        except TimeoutError:
            self._fail(wanted, "a connection that stays open")

    def _leave(self, answer):
        replies = {b"RSET": b"250 2.0.0 Ok\r\n", b"QUIT": b"221 2.0.0 Bye\r\n"}
        if self.last_code == b"334":
            replies[b"*"] = b"501 5.7.0 Cancelled\r\n"
        if self.in_data:
            # Before the dot everything would be text of a message, and a
            # lone dot would send one to those who were accepted.
            replies = {} if self.accepted else {
                b".": b"554 5.5.1 No valid recipients\r\n"}
        while (line := self._line("the client leaves")) is not None:
            if line not in replies:
                self._fail("the client leaves", repr(line))
            if answer and self._send(replies[line]):
                self.report.note("S", replies[line])
            if line == b".":
                replies = {b"QUIT": b"221 2.0.0 Bye\r\n"}
            if line == b"QUIT":
                if answer:
                    self.wire.finish()
                replies = {}
        if self.buffer:
            self._fail("the client leaves", repr(self.buffer))
