"""The engine: one connection from greeting to close.

It reads lines and message data, sends replies, lets scripted faults strike,
and writes down what the client did.  What the verbs mean stands in commands.
"""

import asyncio
import re
import ssl

from .commands import Commands
from .personality import Transaction
from .wire import Hangup

END_OF_DATA = b"\r\n.\r\n"
MAX_COMMAND_RFC = 512
MAX_LINE = 12288                 # RFC 4954: the longest AUTH line
GROUPABLE = ("mail", "rcpt", "rset", "body-end")     # RFC 2920


def to_wire(text):
    """Reply text of one or more lines to octets with CRLF."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")


async def be_late(fault):
    """As long as the fault wants it."""
    await asyncio.sleep(fault.delay)
    while fault.until and not fault.until():
        await asyncio.sleep(0.005)


class Session(Commands):
    """State of one connection; `record` is what the tests get to see."""

    def __init__(self, emulator, wire, record):
        self.emulator = emulator
        self.policy = emulator.policy
        self.personality = emulator.personality
        self.wire = wire
        self.record = record
        record.clear = wire.clear    # the same octets, seen while they come
        self.greeted = None          # "EHLO" or "HELO" once it was said
        self.transaction = Transaction()
        self.body = None             # message data while it is coming in
        self.body_dropped = 0

    async def run(self):
        """Serve until the client or the script ends it."""
        why, reset, bye = "stopped", False, False
        try:
            try:
                await self._converse()
            except Hangup as hangup:
                why, reset, bye = str(hangup), hangup.reset, hangup.bye
            except ssl.SSLError as error:
                why = f"tls: {error.reason or error}"
            except ConnectionError as error:
                why = f"lost: {error}"
            finally:
                self.emulator.fell_silent()
            await self._end(why, reset, bye)
        finally:
            self.wire.abandon()
            self._finish(why)

    async def _end(self, why, reset, bye):
        if reset:
            self.wire.reset()
            return
        self.wire.buffer.clear()
        await self.wire.close(bye)
        if why == "quit" and self.wire.buffer:
            self.violation("octets after QUIT")

    def _finish(self, why):
        if self.body is not None:
            self.record.partial_body = bytes(self.body[2:])
        self.record.close_notify = self.wire.close_notify
        self.emulator.store.end_session(self.record, why)

    async def _converse(self):
        if self.record.mode == "implicit":
            await self.start_tls()
        if self.emulator.is_crowded():
            await self.say(self.personality.too_many_connections)
            raise Hangup("too many connections", bye=True)
        await self.answer("greeting", self.personality.greeting())
        try:
            while True:
                await self.command(await self.read_line())
        except TimeoutError:
            await self.say(self.personality.timeout)
            raise Hangup("timeout", bye=True) from None

    def violation(self, text):
        self.record.violations.append(text)

    # Input

    async def fill(self):
        """More input within the idle time; Hangup at the end of the stream."""
        async with asyncio.timeout(self.policy.idle_seconds):
            if not await self.wire.fill():
                raise Hangup("eof")

    async def read_line(self):
        """One line without its end; too long a line ends the session."""
        buffer = self.wire.buffer
        searched = 0
        while (end := buffer.find(b"\n", searched)) < 0:
            if len(buffer) > MAX_LINE:
                await self.say("500 Line too long")
                raise Hangup("line too long")
            searched = len(buffer)
            await self.fill()
        line = bytes(buffer[:end])
        del buffer[:end + 1]
        if not line.endswith(b"\r"):
            self.violation("command line ends in a bare LF")
        line = line.removesuffix(b"\r")
        self.record.transcript.append(("C", line, self.wire.secure))
        self._judge_line(line)
        return line

    def _judge_line(self, line):
        is_auth = line[:5].upper() == b"AUTH " or self.in_auth
        if len(line) + 2 > MAX_COMMAND_RFC and not is_auth:
            self.violation(f"command line of {len(line) + 2} octets")
        if b"\r" in line or b"\0" in line:
            self.violation("CR or NUL within a command line")
        if not line.isascii():
            self.violation("8-bit octets in a command line")

    async def read_body(self):
        """The data up to the final dot: (content, wire octets, truncated)."""
        body = bytearray(b"\r\n")    # so that a lone dot at the start is found
        self.body, self.body_dropped = body, 0
        limit = self.policy.max_size
        struck = set()
        while True:
            start = len(body)
            body += self.wire.buffer
            self.wire.buffer.clear()
            await self._body_faults(len(body) - 2 + self.body_dropped, struck)
            end = body.find(END_OF_DATA, max(0, start - 4))
            if end >= 0:
                self.wire.buffer += body[end + len(END_OF_DATA):]
                return self._finish_body(end + 2)
            if limit is not None and len(body) > 2 * limit + 65536:
                self.body_dropped += len(body) - 4
                del body[:-4]
            await self.fill()

    def _finish_body(self, end):
        """Un-stuff; a line that starts with one dot was not stuffed."""
        stuffed = bytes(memoryview(self.body)[:end])
        self.body = None
        if b"\r\n." not in stuffed:
            wire = content = stuffed[2:]
        else:
            if re.search(rb"\r\n\.[^.]", stuffed):
                self.violation("line with a leading dot was not stuffed")
            wire = stuffed[2:]
            content = stuffed.replace(b"\r\n.", b"\r\n")[2:]
        return content, wire, self.body_dropped > 0

    # Output

    async def say(self, text):
        """Send a reply as it stands."""
        data = to_wire(text)
        self._note_reply(data)
        await self.wire.send(data)

    def _note_reply(self, data):
        for line in data.splitlines():
            self.record.transcript.append(("S", line, self.wire.secure))

    async def answer(self, stage, text, subject=b""):
        """Reply to a command, unless a fault strikes; the code that counts.

        Returns the number the client gets to see; Hangup when it gets none.
        """
        fault = self.emulator.faults.take(stage, self.record.number, subject)
        return await self._reply(stage, text, fault)

    async def answer_message(self, message, text):
        """Reply to the final dot, and store the message as the reply says.

        It is stored before the reply goes out, as at the providers: a client
        that loses the reply cannot know.
        """
        fault = self.emulator.faults.take("body-end", self.record.number,
                                          message.content)
        message.reply = fault.reply if fault and fault.reply else text
        taken = message.reply.startswith("2")
        if fault and (fault.close == "before" or fault.truncate is not None
                      or fault.garbage is not None):
            taken = fault.deliver
        if taken:
            self.record.messages += 1
            self.personality.delivered(message)
            self.emulator.store.deliver(message)
        else:
            self.emulator.store.refuse(message)
        await self._reply("body-end", text, fault)

    async def _reply(self, stage, text, fault):
        if fault:
            await be_late(fault)
        self.note_surplus(stage)
        if fault is None:
            await self.say(text)
            code = int(text[:3])
        else:
            code = await self._misbehave(fault, fault.reply or text)
        if code == 421:
            raise Hangup("421", bye=True)
        return code

    def note_surplus(self, stage):
        """Before a reply the client may have sent one command only."""
        self.wire.poll()
        if not self.wire.buffer:
            return
        if stage in GROUPABLE and "PIPELINING" in self.record.offered:
            return
        self.violation(f"{len(self.wire.buffer)} octets before the reply "
                       f"at stage {stage}")

    async def _misbehave(self, fault, text):
        if fault.close == "before":
            raise Hangup("fault", fault.reset)
        data = (fault.garbage if fault.garbage is not None
                else to_wire(text)) + fault.extra
        if fault.truncate is not None:
            data = data[:fault.truncate]
        self._note_reply(data)
        if fault.trickle is None:
            await self.wire.send(data)
        else:
            for octet in data:
                await self.wire.send(bytes([octet]))
                await asyncio.sleep(fault.trickle)
        if fault.close == "after" or fault.truncate is not None:
            raise Hangup("fault", fault.reset)
        return int(text[:3]) if text[:3].isdigit() else 0

    async def _body_faults(self, octets, struck):
        """Faults in the middle of the data, once the octets have come in."""
        for fault in self.emulator.faults.in_body():
            if octets < fault.after_octets or id(fault) in struck:
                continue
            struck.add(id(fault))
            if not fault.strikes("body", self.record.number, b""):
                continue
            await be_late(fault)
            if fault.reply or fault.garbage is not None:
                code = await self._misbehave(fault, fault.reply or "")
                if code == 421:
                    raise Hangup("421", bye=True)
            if fault.close:
                raise Hangup("fault", fault.reset)

    # TLS

    async def start_tls(self):
        """The handshake; what the client did is noted in the record."""
        fault = self.emulator.faults.take("tls", self.record.number)
        if fault:
            await be_late(fault)
            if fault.garbage is not None:
                await self.wire.send_raw(fault.garbage)
            if fault.close:
                raise Hangup("fault", fault.reset)
        try:
            async with asyncio.timeout(self.policy.idle_seconds):
                tls = await self.wire.start_tls(self.emulator.context)
        except TimeoutError:
            raise Hangup("timeout in the handshake") from None
        record = self.record
        record.tls_version = tls.version()
        record.cipher = tls.cipher()[0]
        record.sni = tls.requested_name
        record.client_certificate = tls.getpeercert() or None
