"""What a server says and decides; SES and OCI override what differs.

A personality never touches the connection.  Each method gets the session's
record or the transaction and returns a reply text; the first digit of what is
finally sent, which a scripted fault may have changed, decides what happens.
"""

import re
from dataclasses import dataclass, field
from typing import Optional

from . import auth

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+|\"(?:[^\"\\]|\\.)*\"")
_DOMAIN = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f.:IPv]+\]")


@dataclass
class Transaction:
    """MAIL, RCPT and what was said about them, up to the final dot."""

    sender: Optional[str] = None
    parameters: dict = field(default_factory=dict)
    recipients: list = field(default_factory=list)
    recipient_parameters: list = field(default_factory=list)
    suppressed: list = field(default_factory=list)


def multiline(code, lines):
    """A reply of several lines, the last one with a blank after its code."""
    marks = ["-"] * (len(lines) - 1) + [" "]
    return "\n".join(f"{code}{mark}{line}"
                     for mark, line in zip(marks, lines))


def is_mailbox(address):
    """RFC 5321 mailbox in ASCII, with a domain."""
    local, at, domain = address.rpartition("@")
    return bool(at and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain))


class Personality:
    """A plain SMTP server."""

    name = "generic"
    timeout = "421 4.4.2 Timeout, closing connection"
    need_rcpt = "503 Error: need RCPT command"
    too_many_connections = "421 Too many connections, try again later"
    auth_required = "530 5.7.0 Authentication required"
    tls_required = "530 5.7.0 Must issue a STARTTLS command first"
    mail_in_clear = tls_required
    auth_prompt = "334 "
    auth_ok = "235 2.7.0 Authentication successful"
    auth_wrong = "535 5.7.8 Authentication credentials invalid"
    too_big = "552 5.3.4 Message too big"

    def __init__(self, policy):
        self.policy = policy
        self.hostname = policy.hostname or self.default_hostname()
        self._failures = {}          # user -> AUTHs that failed on purpose

    def default_hostname(self):
        return "mail.example.com"

    def greeting(self):
        return f"220 {self.hostname} ESMTP"

    def ehlo(self, secure, can_starttls):
        """The lines after the name; their order is the provider's."""
        policy = self.policy
        lines = ["PIPELINING"] if policy.pipelining else []
        lines += ["8BITMIME"] if policy.eight_bit_mime else []
        lines += self.size_line()
        lines += ["STARTTLS"] if can_starttls else []
        lines += self.auth_line(secure)
        return [*lines, *policy.extra_ehlo, "Ok"]

    def size_line(self):
        if self.policy.size_line is None:
            return []
        return [f"SIZE {self.policy.size_line or ''}".rstrip()]

    def mechanisms(self, secure):
        return (self.policy.mechanisms if secure
                else self.policy.mechanisms_clear)

    def auth_line(self, secure):
        offered = self.mechanisms(secure)
        return ["AUTH " + " ".join(offered)] if offered else []

    def before_auth(self, record):
        """A refusal that comes before the credentials are looked at."""
        del record

    def password_of(self, account):
        """The passwords that open this account, as a list."""
        return [account.password]

    def login(self, record, user, password):
        """Check a user and password; the reply to AUTH."""
        del record
        account = self.account(user)
        if account is None or not account.active or not any(
                auth.same(password, one) for one in self.password_of(account)):
            return self.auth_wrong
        failed = self._failures.get(user, 0)
        if failed < account.fails_first:
            self._failures[user] = failed + 1
            return self.auth_wrong
        return self.auth_ok

    def account(self, user):
        for account in self.policy.accounts:
            if account.user == user:
                return account
        return None

    def mail(self, record, address):
        del record
        if address and not is_mailbox(address):
            return "501 5.1.7 Bad sender address syntax"
        return "250 2.1.0 Ok"

    def rcpt(self, record, transaction, address):
        del record
        if not is_mailbox(address):
            return "501 5.1.3 Bad recipient address syntax"
        limit = self.policy.max_recipients
        if limit is not None and len(transaction.recipients) >= limit:
            return "452 4.5.3 Too many recipients"
        return "250 2.1.5 Ok"

    def judge(self, record, message):
        """The reply to the final dot; may set id and suppressed."""
        del record
        if self.is_too_big(message):
            return self.too_big
        message.id = f"{message.session:04x}"
        return f"250 2.0.0 Ok: queued as {message.id}"

    def is_too_big(self, message):
        limit = self.policy.max_size
        return message.truncated or (limit is not None
                                     and len(message.content) > limit)

    def delivered(self, message):
        """A message was taken: charge it, make the recipient's form."""
        del message


def is_listed(address, identities, subdomains=False, labels=False):
    """Whether an address, or its whole domain, is in a set of identities.

    Domains compare without regard to case, local parts do not.  A domain may
    be written with or without a leading @.
    """
    local, at, domain = address.rpartition("@")
    domain = domain.lower()
    forms = {f"{local}@{domain}"}
    if labels:
        forms.add(f"{local.split('+')[0]}@{domain}")
    for identity in identities:
        known_local, known_at, known = identity.rpartition("@")
        known = known.lower()
        if known_at and known_local:
            if f"{known_local}@{known}" in forms:
                return True
        elif at and (domain == known
                     or (subdomains and domain.endswith("." + known))):
            return True
    return False
