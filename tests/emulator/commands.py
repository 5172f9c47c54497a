"""The verbs of SMTP: what each one needs, changes and answers."""

import re

from . import auth
from .personality import Transaction, multiline
from .store import Message
from .wire import Hangup

_PATH = re.compile(r'<((?:"(?:[^"\\]|\\.)*"|[^">])*)>|(\S*)')

# RFC 1870, 6152, 4954, 3461, 6531: parameter -> the extension that brings it
PARAMETERS = {"SIZE": "SIZE", "BODY": "8BITMIME", "AUTH": "AUTH",
              "RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN", "ORCPT": "DSN",
              "SMTPUTF8": "SMTPUTF8"}


class Commands:
    """Mixed into Session, which has the input, the output and the state."""

    in_auth = False
    logged_in = False

    async def command(self, line):
        """Dispatch one command line."""
        text = line.decode("latin-1")
        verb, _, rest = text.partition(" ")
        method = getattr(self, f"do_{verb.lower()}", None)
        if not re.fullmatch("[A-Za-z]+", verb) or method is None:
            await self.answer("unknown",
                              "500 Error: command not implemented", line)
            return
        await method(rest.strip(), line)

    async def do_ehlo(self, name, line):
        if not name:
            await self.answer("ehlo", "501 Syntax: EHLO hostname", line)
            return
        mine = self.personality
        can_starttls = (self.record.mode == "starttls"
                        and not self.wire.secure)
        lines = [mine.hostname, *mine.ehlo(self.wire.secure, can_starttls)]
        seen = len(self.record.transcript)
        code = await self.answer("ehlo", multiline(250, lines), line)
        if code == 250:
            self._begin("EHLO")
            self.record.offered = {
                reply[4:].split()[0].decode("latin-1").upper()
                for side, reply, _ in self.record.transcript[seen + 1:]
                if side == "S" and reply[4:].split()}

    async def do_helo(self, name, line):
        if not name:
            await self.answer("helo", "501 Syntax: HELO <hostname>", line)
            return
        code = await self.answer("helo", f"250 {self.personality.hostname}",
                                 line)
        if code == 250:
            self._begin("HELO")
            self.record.offered = set()

    def _begin(self, verb):
        self.greeted = verb
        self.transaction = Transaction()

    async def do_starttls(self, rest, line):
        if rest:
            reply = "501 Syntax error (no parameters allowed)"
        elif self.wire.secure:
            reply = "503 Error: TLS is active already"
        elif self.record.mode != "starttls":
            reply = "502 Error: command not implemented"
        else:
            reply = "220 Ready to start TLS"
        if await self.answer("starttls", reply, line) != 220:
            return
        await self.start_tls()
        self.greeted = None          # RFC 3207: all is forgotten
        self.logged_in = False
        self.record.offered = set()
        self.transaction = Transaction()

    # AUTH

    async def do_auth(self, rest, line):
        words = rest.split()
        if not self.wire.secure:
            self.record.auth_in_clear = True
        mechanism = words[0].upper() if words else ""
        reply = self._auth_refusal(mechanism)
        if reply is None:
            self.record.auth_mechanism = mechanism
            self.in_auth = True
            try:
                reply = await self._exchange(mechanism, words[1:])
            except auth.BadPayload as bad:
                reply = f"501 {bad}"
            except auth.Replied:
                return
            finally:
                self.in_auth = False
        user = self.record.user
        self.record.user = None
        code = await self.answer("auth", reply, line)
        if code == 235:
            self.record.user, self.logged_in = user, True
        elif self.logged_in:
            self.record.user = user

    def _auth_refusal(self, mechanism):
        mine = self.personality
        if self.greeted is None:
            return "503 Error: send EHLO first"
        if self.policy.require_tls and not self.wire.secure:
            return mine.tls_required
        if self.logged_in:
            return "503 Refusing any other AUTH command."
        if not mechanism:
            return "504 AUTH mechanism mismatch"
        if mechanism not in mine.mechanisms(self.wire.secure):
            return "504 Method not supported"
        return mine.before_auth(self.record)

    async def _exchange(self, mechanism, initial):
        """The steps of one mechanism; the reply that ends it."""
        mine = self.personality
        given = initial[0].encode("latin-1") if initial else None
        if mechanism == "EXTERNAL":
            if given is None:
                given = await self._ask("334 ")
            return self._external(auth.decode(given).decode("utf-8"))
        if mechanism == "PLAIN":
            if given is None:
                given = await self._ask(mine.auth_prompt)
            user, password = auth.split_plain(auth.decode(given))
        else:
            if given is None:
                given = await self._ask("334 VXNlcm5hbWU6")
            user = auth.decode(given).decode("utf-8", "replace")
            given = await self._ask("334 UGFzc3dvcmQ6")
            password = auth.decode(given).decode("utf-8", "replace")
        self.record.user = user
        return mine.login(self.record, user, password)

    def _external(self, wanted):
        """RFC 4422 appendix A: the certificate says who it is."""
        if not self.record.client_certificate:
            return "535 5.7.8 Authentication failed: no certificate"
        self.record.user = wanted or dict(
            pair for part in self.record.client_certificate["subject"]
            for pair in part)["commonName"]
        return "235 2.7.0 Authentication successful"

    async def _ask(self, prompt):
        if await self.answer("auth-prompt", prompt) != 334:
            raise auth.Replied
        line = await self.read_line()
        if line == b"*":
            raise auth.BadPayload("Authentication cancelled by client")
        return line

    # MAIL, RCPT, DATA

    async def do_mail(self, rest, line):
        reply, sender, parameters = self._judge_mail(rest)
        if await self.answer("mail", reply, line) // 100 == 2:
            self.transaction.sender = sender
            self.transaction.parameters = parameters

    def _judge_mail(self, rest):
        """(reply, address, parameters) of a MAIL command."""
        mine = self.personality
        refusal = self._mail_refusal()
        if refusal:
            return refusal, None, {}
        parsed = self._path(rest, "FROM")
        if parsed is None:
            return "501 Syntax: MAIL FROM: <address>", None, {}
        address, parameters = parsed
        unknown = self._unknown_parameter(parameters)
        if unknown:
            return f"555 Unsupported option: {unknown}", None, {}
        limit = self.policy.max_size
        size = parameters.get("SIZE", "")
        if size.isdigit() and limit is not None and int(size) > limit:
            return mine.too_big, None, {}
        return mine.mail(self.record, address), address, parameters

    def _mail_refusal(self):
        mine = self.personality
        limit = self.policy.messages_per_connection
        if self.greeted is None:
            return "503 Error: send EHLO first"
        if self.policy.require_tls and not self.wire.secure:
            return mine.mail_in_clear
        if self.policy.require_auth and not self.logged_in:
            return mine.auth_required
        if self.transaction.sender is not None:
            return "503 Sender already specified."
        if limit is not None and self.record.messages >= limit:
            if self.policy.drop_silently:
                raise Hangup("enough messages")
            return "421 Service not available, closing transmission channel"
        return None

    def _path(self, rest, word):
        """Address and parameters after FROM: or TO:, or None."""
        if rest[:len(word) + 1].upper() != word + ":":
            return None
        tail = rest[len(word) + 1:]
        if tail.startswith(" ") or not tail.startswith("<"):
            self.violation(f"{word}: is not followed by <address>")
        found = _PATH.match(tail.strip())
        address = found[1] if found[1] is not None else found[2]
        parameters = {}
        for one in tail.strip()[found.end():].split():
            name, _, value = one.partition("=")
            parameters[name.upper()] = value
        return address, parameters

    def _unknown_parameter(self, parameters):
        for name in parameters:
            if PARAMETERS.get(name) not in self.record.offered:
                self.violation(f"parameter {name} was not offered")
                if self.policy.strict_parameters:
                    return name
        return None

    async def do_rcpt(self, rest, line):
        parsed = self._path(rest, "TO")
        if self.transaction.sender is None:
            reply = "503 Error: need MAIL command"
        elif parsed is None:
            reply = "501 Syntax: RCPT TO: <address>"
        elif unknown := self._unknown_parameter(parsed[1]):
            reply = f"555 Unsupported option: {unknown}"
        else:
            reply = self.personality.rcpt(self.record, self.transaction,
                                          parsed[0])
        code = await self.answer("rcpt", reply, line)
        if code // 100 == 2 and parsed:
            self.transaction.recipients.append(parsed[0])
            self.transaction.recipient_parameters.append(parsed[1])

    async def do_data(self, rest, line):
        if self.transaction.sender is None:
            reply = "503 Error: need MAIL command"
        elif not self.transaction.recipients:
            reply = self.personality.need_rcpt
        elif rest:
            reply = "501 Syntax error (no parameters allowed)"
        else:
            reply = "354 End data with <CR><LF>.<CR><LF>"
        if await self.answer("data", reply, line) == 354:
            await self._take_message(*await self.read_body())

    async def _take_message(self, content, wire, truncated):
        """Judge a message and store it where the reply says so."""
        told, self.transaction = self.transaction, Transaction()
        record = self.record
        message = Message(
            session=record.number, mail_from=told.sender or "",
            rcpt_to=told.recipients, mail_parameters=told.parameters,
            rcpt_parameters=told.recipient_parameters, content=content,
            wire=wire, user=record.user, tls_version=record.tls_version,
            suppressed=[one for one in told.suppressed
                        if one in told.recipients],
            truncated=truncated)
        if message.facts.eight_bit and told.parameters.get(
                "BODY", "").upper() != "8BITMIME":
            self.violation("8-bit data without BODY=8BITMIME")
        await self.answer_message(
            message, self.personality.judge(record, message))

    async def do_rset(self, _rest, line):
        if await self.answer("rset", "250 Ok", line) == 250:
            self.transaction = Transaction()

    async def do_noop(self, _rest, line):
        await self.answer("noop", "250 Ok", line)

    async def do_vrfy(self, _rest, line):
        await self.answer("vrfy", "502 VRFY command is disabled", line)

    async def do_quit(self, _rest, line):
        await self.answer("quit", "221 Bye", line)
        raise Hangup("quit", bye=True)
