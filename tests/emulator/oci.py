"""OCI Email Delivery: one answer for each command, 254 for the suppressed."""

from collections import defaultdict

from . import headers, regions
from .limits import Window
from .personality import Personality, is_listed, is_mailbox


class Oci(Personality):
    """Texts of the fact table; where none is known, SES's sister wording."""

    name = "oci"
    timeout = "421 Timeout waiting for data from client."
    need_rcpt = "503 Need RCPT command"
    auth_required = "535 Authentication required"
    tls_required = "530 Must issue a STARTTLS command first"
    mail_in_clear = auth_required
    auth_prompt = "334 Ok"
    auth_ok = "235 Authentication successful."
    auth_wrong = "535 Authentication credentials invalid"
    too_big = "552 Exceeds byte limit"

    def __init__(self, policy):
        super().__init__(policy)
        self._minute = Window(60, policy.clock)
        self._day = Window(86400, policy.clock)
        self._bad = defaultdict(
            lambda: Window(policy.lockout_seconds, policy.clock))

    def default_hostname(self):
        return regions.oci_host(self.policy.region)

    def greeting(self):
        return f"220 {self.hostname} ESMTP smtp-in"

    def ehlo(self, secure, can_starttls):
        """Before TLS nothing is offered but TLS."""
        policy = self.policy
        lines = []
        if can_starttls:
            lines.append("STARTTLS")
        else:
            lines += ["PIPELINING"] if policy.pipelining else []
            lines += ["8BITMIME"] if policy.eight_bit_mime else []
            lines += self.auth_line(secure)
        return [*lines, *self.size_line(), *policy.extra_ehlo, "Ok"]

    def before_auth(self, record):
        if self._bad[record.address].used() >= self.policy.max_auth_failures:
            return "421 Too many auth failures, try again later"
        return None

    def login(self, record, user, password):
        reply = super().login(record, user, password)
        if reply != self.auth_ok:
            self._bad[record.address].add(1)
        return reply

    def mail(self, record, address):
        if address and not is_mailbox(address):
            return "553 Invalid email address"
        if self.policy.sender_stage == "mail":
            return self._sender(record, address) or "250 Ok"
        return "250 Ok"

    def _sender(self, record, address):
        """Refusal of an address that is not an approved sender here."""
        if is_listed(address, self.policy.verified):
            return None
        if self.policy.count_sender_failures:
            self._bad[record.address].add(1)
        return ("535 Authorization failed: address "
                f"{address or '<>'} not authorized")

    def rcpt(self, record, transaction, address):
        if not is_mailbox(address):
            return "553 Invalid email address"
        limit = self.policy.max_recipients
        if limit is not None and len(transaction.recipients) >= limit:
            return "452 Too many recipients"
        if self._is_suppressed(address):
            transaction.suppressed.append(address)
            if self.policy.suppression_stage == "rcpt":
                return self._suppression(record, address)
        return "250 Ok"

    def _is_suppressed(self, address):
        return address.lower() in {one.lower()
                                   for one in self.policy.suppressed}

    def _suppression(self, record, address):
        return f"254 4.7.1 Suppression for user {record.user} to {address}"

    def judge(self, record, message):
        if self.is_too_big(message):
            return self.too_big
        if self._is_unreadable(message):
            return "554 Message parse error"
        reply = self._senders(record, message) or self._limits(message)
        if reply:
            return reply
        message.id = "".join(message.header("Message-ID")[:1])
        if message.suppressed and self.policy.suppression_stage != "rcpt":
            return self._suppression(record, message.suppressed[0])
        return "250 Ok"

    def _is_unreadable(self, message):
        block = message.block
        if not block.fields or block.size > self.policy.max_header:
            return True
        try:
            headers.check_mime(block, message.content)
            for value in message.header("From"):
                headers.addresses(value)
        except headers.Complaint:
            return True
        return False

    def _senders(self, record, message):
        """Envelope (if not judged at MAIL) and header From, all of them."""
        asked = []
        if self.policy.sender_stage != "mail":
            asked.append(message.mail_from)
        if self.policy.check_header_from:
            for value in message.header("From") or [""]:
                asked += headers.addresses(value) or [""]
        for address in asked:
            reply = self._sender(record, address)
            if reply:
                return reply
        return None

    def _units(self, message):
        """One for each recipient, times one for each 2 MB started."""
        parts = -(-max(1, len(message.content)) // self.policy.unit_octets)
        return len(message.rcpt_to) * parts

    def _limits(self, message):
        units = self._units(message)
        for window, limit, name in ((self._minute, self.policy.per_minute,
                                     "minute"),
                                    (self._day, self.policy.per_day, "day")):
            if limit is not None and window.used() + units > limit:
                return f"455 Maximum messages sent per {name} reached"
        return None

    def delivered(self, message):
        units = self._units(message)
        self._minute.add(units)
        self._day.add(units)
        message.recipient_header = self._recipient_header(message)

    def _recipient_header(self, message):
        """All is kept, Message-ID and Date too; trace lines are added."""
        date = message.block.values("Date")[:1] or ["(none)"]
        trace = (f"Received: by {self.hostname}; {date[0]}\r\n"
                 "Reporting-Meta: emulated\r\n").encode("ascii", "replace")
        return trace + b"".join(bytes(one.raw)
                                for one in message.block.fields)
