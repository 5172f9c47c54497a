"""Amazon SES: takes every recipient and judges the message as a whole."""

import secrets
import time
import uuid
import zlib
from email.utils import formatdate

from . import auth, headers
from .limits import Bucket, Window
from .personality import Personality, is_listed, is_mailbox

SIMULATOR = "simulator.amazonses.com"
NAMES_SHOWN = 10     # identities listed before the reply is cut with "..."

# The first four digits of a message id name the region.  Three were seen;
# the others are made up here and only have to differ from each other.
REGION_TAGS = {"us-east-1": "0100", "us-west-2": "0101",
               "eu-central-1": "0107"}


def region_tag(region):
    if region in REGION_TAGS:
        return REGION_TAGS[region]
    return f"{0x0200 + zlib.crc32(region.encode()) % 0x0e00:04x}"


def message_id(region, now):
    """<region tag><12 hex digits of Unix milliseconds>-8-4-4-4-12-000000."""
    return (f"{region_tag(region)}{int(now * 1000):012x}-"
            f"{secrets.token_hex(4)}-{str(uuid.uuid4())[9:]}-000000")


class Ses(Personality):
    """All texts are those of the fact table; nothing has an enhanced code."""

    name = "ses"
    timeout = "451 4.4.2 Timeout waiting for data from client."
    too_many_connections = "421 Too many concurrent SMTP connections"
    auth_required = "530 Authentication required"
    tls_required = "530 Must issue a STARTTLS command first"
    mail_in_clear = tls_required
    auth_prompt = "334 Ok"
    auth_ok = "235 Authentication successful."
    auth_wrong = "535 Authentication Credentials Invalid"
    too_big = "552 Message is too long."

    def __init__(self, policy):
        super().__init__(policy)
        self._day = Window(86400, policy.clock)
        self._rate = (Bucket(policy.rate, policy.burst, policy.clock)
                      if policy.rate else None)

    def default_hostname(self):
        return "email-smtp.amazonaws.com"

    def greeting(self):
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        pick = "".join(secrets.choice(letters) for _ in range(9))
        more = secrets.token_urlsafe(20).translate({45: "a", 95: "b"})[:20]
        return (f"220 {self.hostname} ESMTP "
                f"SimpleEmailService-d-{pick} {more}")

    def password_of(self, account):
        if not account.secret:
            return [account.password]
        found = [auth.ses_password(account.secret, self.policy.region)]
        if self.policy.sigv2 != "refuse":
            found.append(auth.ses_password_v2(account.secret))
        return found

    def login(self, record, user, password):
        account = self.account(user)
        if account and not account.subscribed:
            return "535 Account not subscribed to SES"
        reply = super().login(record, user, password)
        record.old_password = (reply == self.auth_ok
                               and password == auth.ses_password_v2(
                                   account.secret))
        return reply

    def mail(self, record, address):
        if not address.isascii() or "@" not in address:
            return "501 Invalid MAIL FROM address provided"
        if not is_mailbox(address):
            return "553 Invalid email address"
        return "250 Ok"

    def rcpt(self, record, transaction, address):
        if not address.isascii() or "@" not in address or ">" in address:
            return "501 Invalid RCPT TO address provided"
        if not is_mailbox(address):
            return f"553 <{address}> address unknown"
        return "250 Ok"

    def judge(self, record, message):
        if self.is_too_big(message):
            return self.too_big
        account = self.account(message.user)
        for check in (self._account_state, self._content, self._recipients,
                      self._permissions, self._configuration_set,
                      self._identities, self._throttling):
            reply = check(record, message, account)
            if reply:
                return reply
        message.id = message_id(self.policy.region, time.time())
        return f"250 Ok {message.id}"

    def _account_state(self, _record, _message, _account):
        if self.policy.paused:
            return ("554 Message rejected: Sending paused for this account. "
                    "For more information, please check the inbox of the "
                    "email address associated with your AWS account.")
        if self.policy.mail_from_mx_missing:
            return "554 MAIL FROM domain is not verified"
        return None

    def _content(self, _record, message, _account):
        if not any(message.header("From")):
            return "554 Missing required header 'From'."
        single = headers.SINGLE | set(self.policy.more_single_headers)
        found = headers.complaint(message.block, message.content, single,
                                  self.policy.single_label_domains)
        return f"554 Transaction failed: {found}" if found else None

    def _recipients(self, _record, message, _account):
        limit = self.policy.max_recipients
        if limit is not None and len(message.rcpt_to) > limit:
            return f"554 Recipient count exceeds {limit}."
        try:
            for address in message.rcpt_to:
                headers.check_address(address,
                                      self.policy.single_label_domains)
        except headers.Complaint as found:
            return f"554 Transaction failed: {found}"
        return None

    def _permissions(self, _record, message, account):
        """IAM: the From identity, and the configuration set beside it."""
        if account is None:
            return None
        denied = [address for address in _senders(message, ("from",))
                  if account.allowed_from is not None
                  and not is_listed(address, account.allowed_from)]
        if denied:
            return self._denied(f"identity/{denied[0].rpartition('@')[2]}")
        chosen = message.header("X-SES-CONFIGURATION-SET")[:1]
        allowed = account.allowed_configuration_sets
        if chosen and allowed is not None and chosen[0] not in allowed:
            return self._denied(f"configuration-set/{chosen[0]}")
        return None

    def _denied(self, resource):
        return ("554 Access denied: User `arn:aws:iam::123456789012:user/"
                "ses-smtp-user' is not authorized to perform "
                "`ses:SendRawEmail' on resource `arn:aws:ses:"
                f"{self.policy.region}:123456789012:{resource}'")

    def _configuration_set(self, _record, message, _account):
        for name in message.header("X-SES-CONFIGURATION-SET")[:1]:
            if name not in self.policy.configuration_sets:
                return f"554 Configuration set <{name}> does not exist."
        return None

    def _identities(self, _record, message, _account):
        asked = _senders(message, ("from", "sender", "return-path"))
        asked.append(message.mail_from)
        failed = [one for one in asked if not self._is_verified(one)]
        if self.policy.sandbox:
            failed += [one for one in message.rcpt_to
                       if not _is_simulator(one)
                       and not self._is_verified(one)]
        failed = list(dict.fromkeys(failed))
        if not failed:
            return None
        shown = ", ".join(failed[:NAMES_SHOWN])
        more = "..." if len(failed) > NAMES_SHOWN else ""
        return ("554 Message rejected: Email address is not verified. "
                "The following identities failed the check in region "
                f"{self.policy.region.upper()}: {shown}{more}")

    def _is_verified(self, address):
        return is_listed(address, self.policy.verified, subdomains=True,
                         labels=True)

    def _throttling(self, record, message, _account):
        if record.old_password and self.policy.sigv2 == "throttle":
            return ("454 Throttling failure: Maximum SigV2 SMTP sending rate "
                    "exceeded.")
        quota = self.policy.daily_quota
        if quota is not None:
            if self._day.used() + _counted(message) > quota:
                return ("454 Throttling failure: Daily message quota "
                        "exceeded.")
        if self._rate and self._rate.is_empty():
            return "454 Throttling failure: Maximum sending rate exceeded."
        return None

    def delivered(self, message):
        self._day.add(_counted(message))
        if self._rate:
            self._rate.take(len(message.rcpt_to))
        message.recipient_header = self._recipient_header(message)

    def _recipient_header(self, message):
        """Message-ID and Date are SES's own; X-SES-* and Return-Path go."""
        region = self.policy.region
        domain = ("email.amazonses.com" if region == "us-east-1"
                  else f"{region}.amazonses.com")
        name = f"<{message.id}@{domain}>"
        kept = [bytes(one.raw) for one in message.block.fields
                if one.name.lower() not in ("message-id", "date",
                                            "return-path")
                and not one.name.lower().startswith("x-ses-")]
        new = (f"Return-Path: {name}\r\n", f"Message-ID: {name}\r\n",
               f"Date: {formatdate(message.received)}\r\n")
        return b"".join([new[0].encode(), *kept, new[1].encode(),
                         new[2].encode()])


def _senders(message, names):
    """The addresses in these header fields."""
    found = []
    for name in names:
        for value in message.header(name):
            found += headers.addresses_or_empty(value)
    return [address for address in found if address]


def _is_simulator(address):
    return address.lower().endswith("@" + SIMULATOR)


def _counted(message):
    """Recipients that count for the daily quota: not the simulator's."""
    return sum(not _is_simulator(one) for one in message.rcpt_to)
