"""What a test can choose: accounts, provider behaviour and scripted faults.

One policy object is one provider account in one region.  The class of the
policy (Policy, SesPolicy, OciPolicy) picks the personality; each field is one
documented rule or one deviation from it, with the documented value as default.
"""

import time
from dataclasses import dataclass, field
from typing import Callable, Optional, Union

MEBIBYTE = 1024 * 1024

# Where a fault can strike.  "tls" stands for the handshake, "auth-prompt" for
# a 334, "body" for the octets between DATA and the final dot.
STAGES = ("greeting", "ehlo", "helo", "starttls", "tls", "auth-prompt", "auth",
          "mail", "rcpt", "data", "body", "body-end", "rset", "noop", "vrfy",
          "unknown", "quit")

# OpenSSL names of the TLS 1.2 suites OCI documents; those OpenSSL no longer
# has are left out by OpenSSL itself.
OCI_CIPHERS = (
    "DHE-RSA-AES256-SHA256:DHE-DSS-AES256-SHA256:AES256-SHA256:"
    "DHE-DSS-AES128-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA:"
    "DHE-RSA-AES256-SHA:AES256-SHA")


@dataclass
class Account:
    """A user who may log in.

    For SES, `user` is the access key id and `secret` the AWS secret access
    key, from which the password of the listener's region is derived.  For all
    others `password` is what the client has to send.
    """

    user: str
    secret: str = ""
    password: str = ""
    active: bool = True              # False: as if the key had been deleted
    subscribed: bool = True          # SES: False gives "not subscribed to SES"
    fails_first: int = 0             # a fresh key fails this many times
    allowed_from: Optional[set] = None        # SES IAM: None allows everything
    allowed_configuration_sets: Optional[set] = None


@dataclass
class Fault:
    """One scripted deviation.

    `reply` replaces the reply text (a str of one or more lines, CRLF added).
    A 2yz, 3yz or 4yz written here has its effect: a 250 to the final dot
    delivers the message, a 450 does not.  `garbage` is sent as it stands
    instead of a reply.  `extra` follows the reply in the same write.  `close`
    is "before" (no reply at all), "after" (reply, then close); with `truncate`
    the close comes after that many octets of the reply.  `reset` makes every
    close a TCP reset.  With `deliver` a message whose reply is lost was stored
    all the same.  In stage "body" the fault strikes once `after_octets` have
    been read; a delay there means that the server stops reading.  `until` is a
delay that ends once this function says True, however long that takes.

    `skip` lets that many matching occasions pass, `times` limits how often the
    fault strikes, `session` names the one session (counted from 1) and `match`
    asks for these octets in the command line or, at "body-end", in the message
    (it does not work at "body", where each fault strikes once in a message).
    A 421, scripted or not, always ends the session.
    """

    stage: str
    reply: Optional[str] = None
    garbage: Optional[bytes] = None
    extra: bytes = b""
    close: Optional[str] = None
    reset: bool = False
    delay: float = 0.0
    until: Optional[Callable] = None
    trickle: Optional[float] = None  # one octet at a time, this many seconds
    truncate: Optional[int] = None
    deliver: bool = False
    after_octets: int = 0
    skip: int = 0
    times: Optional[int] = None
    session: Optional[int] = None
    match: bytes = b""

    def __post_init__(self):
        if self.stage not in STAGES:
            raise ValueError(f"no such stage: {self.stage}")
        if self.close not in (None, "before", "after"):
            raise ValueError('close is None, "before" or "after"')
        if self.reset and not self.close and self.truncate is None:
            self.close = "before"

    def strikes(self, stage, session, subject):
        """Whether this occasion is the one; counts it when it is."""
        if (stage != self.stage or self.times == 0
                or self.session not in (None, session)
                or self.match not in subject):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Policy:
    """An SMTP server of no provider: takes everything unless told not to."""

    region: str = ""
    hostname: Optional[str] = None   # in greeting and EHLO; None: provider's
    accounts: list = field(default_factory=list)
    verified: set = field(default_factory=set)   # addresses, domains, @domains
    # EHLO
    mechanisms: tuple = ("PLAIN", "LOGIN")
    mechanisms_clear: tuple = ("PLAIN", "LOGIN")
    pipelining: bool = True
    eight_bit_mime: bool = True
    size_line: Union[int, None] = None   # value shown by EHLO; 0 is bare SIZE
    extra_ehlo: tuple = ()
    # TLS
    tls: str = "both"                # "1.2", "1.3" or "both"
    ciphers: Optional[str] = None    # OpenSSL names for TLS 1.2
    client_ca: Optional[str] = None  # ask for a client certificate of this CA
    require_tls: bool = False        # for AUTH and MAIL
    require_auth: bool = False
    # limits
    max_size: Optional[int] = None
    max_recipients: Optional[int] = None
    max_connections: Optional[int] = None
    messages_per_connection: Optional[int] = None
    drop_silently: bool = False      # how the connection ends after the last
    idle_seconds: float = 300.0
    strict_parameters: bool = True   # 555 for a parameter EHLO did not offer
    # `clock` is for the rate windows and the lock-out, in seconds
    clock: Callable = time.monotonic
    faults: list = field(default_factory=list)


@dataclass
class SesPolicy(Policy):
    """One SES account in one region; everything is judged at end of DATA."""

    region: str = "us-east-1"
    pipelining: bool = False
    require_tls: bool = True
    require_auth: bool = True
    max_size: Optional[int] = 40 * MEBIBYTE
    max_recipients: Optional[int] = 50
    idle_seconds: float = 10.0
    sandbox: bool = False
    rate: Optional[float] = None     # recipients per second; sandbox has 1
    burst: float = 1.0               # seconds of rate that may be used at once
    daily_quota: Optional[int] = None    # recipients in 24 h; sandbox has 200
    paused: bool = False
    mail_from_mx_missing: bool = False
    configuration_sets: set = field(default_factory=set)
    sigv2: str = "throttle"          # old passwords: throttle, accept, refuse
    more_single_headers: tuple = ()  # lower case, beyond the documented list
    single_label_domains: bool = False   # take root@host in a header


@dataclass
class OciPolicy(Policy):
    """One OCI tenancy in one region; `verified` are the approved senders."""

    region: str = "us-ashburn-1"
    mechanisms: tuple = ("PLAIN",)
    mechanisms_clear: tuple = ()
    ciphers: Optional[str] = OCI_CIPHERS
    require_tls: bool = True
    require_auth: bool = True
    max_size: Optional[int] = 2 * MEBIBYTE
    max_header: int = 256 * 1024
    idle_seconds: float = 60.0       # one exists, its length is not documented
    sender_stage: str = "mail"       # "mail" or "data-end"
    check_header_from: bool = True
    suppressed: set = field(default_factory=set)
    suppression_stage: str = "rcpt"  # "rcpt" or "data-end"
    per_minute: Optional[int] = None
    per_day: Optional[int] = None
    unit_octets: int = 2 * MEBIBYTE  # each started 2 MB counts once more
    max_auth_failures: int = 5
    lockout_seconds: float = 900.0
    count_sender_failures: bool = False


class FaultTable:
    """The faults that are armed; a running server may be given more."""

    def __init__(self, faults=()):
        self._faults = list(faults)

    def add(self, *faults):
        self._faults.extend(faults)

    def clear(self):
        self._faults.clear()

    def in_body(self):
        """The faults of stage "body"; the session knows when they are due."""
        return [fault for fault in self._faults if fault.stage == "body"]

    def take(self, stage, session, subject=b""):
        """The first fault that strikes on this occasion, or None."""
        for fault in list(self._faults):
            if fault.strikes(stage, session, subject):
                return fault
        return None
