"""Amazon SES and OCI Email Delivery, as a submission client meets them.

Both providers refuse mail for reasons a plain test server never shows: SES
judges the whole message at the final dot, replaces Message-ID and Date and
hangs up on a silent client; OCI counts failed logins by address and answers
254 for a suppressed recipient.  This package plays both on loopback, records
all that a client does, and can be told to misbehave at any stage.

    policy = SesPolicy(region="eu-west-1", verified={"example.com"},
                       accounts=[Account("AKIAIOSFODNN7EXAMPLE", secret=...)])
    with EmulatorThread(policy, chain=chain, key=key) as emulator:
        ... connect to 127.0.0.1, emulator.port ...
        emulator.settle()
        assert emulator.messages[0].mail_from == "sender@example.com"
        assert emulator.sessions[0].violations == []

The modules: policy (what can be chosen), store (what is recorded), wire (bytes
and TLS), session and commands (SMTP), auth, headers and limits (the checks),
personality with ses and oci (what each provider says), server and thread
(running it), cli (by hand).
"""

from .auth import ses_password, ses_password_v2
from .policy import Account, Fault, OciPolicy, Policy, SesPolicy
from .server import Emulator
from .store import Message, SessionRecord
from .thread import EmulatorThread

__all__ = ["Account", "Emulator", "EmulatorThread", "Fault", "Message",
           "OciPolicy", "Policy", "SesPolicy", "SessionRecord",
           "ses_password", "ses_password_v2"]
