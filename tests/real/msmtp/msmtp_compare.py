"""One run of msmtp and one of postrider, taken apart and compared.

DIFFERENCES is the list of all that may differ: each has the reason, the part
of a run it concerns and what makes the two alike when it is the only one.  A
case names those it shows; a part that differs without one, or alike without
all that are named, is a failure.
"""

import dataclasses
import re
import subprocess

PARTS = ("commands", "header", "body", "log", "ends", "said")
# Fields of msmtp's log line; postrider has more behind them.
LOG_FIELDS = ("host", "tls", "auth", "user", "from", "recipients", "mailsize",
              "smtpstatus", "smtpmsg", "errormsg", "exitcode")


@dataclasses.dataclass
class Seen:
    """What one program did."""

    commands: list      # lines of the dialogue, without the message
    header: list        # lines of the message up to the empty one
    body: bytes         # from the empty line on, as on the wire
    log: dict           # of the one line, {} when there was none
    ends: tuple         # (exit code, anything on stderr, on stdout)
    said: list          # the lines on stderr that others look for
    stderr: bytes = b""


def without(pattern, lines):
    return [line for line in lines if not re.match(pattern, line)]


def changed(pattern, text, lines):
    return [re.sub(pattern, text, line) for line in lines]


def drop_repeats(commands):
    return list(dict.fromkeys(commands))


def only_up_to(pattern):
    """Nothing behind the first command of that form."""
    def cut(commands):
        for i, line in enumerate(commands):
            if re.match(pattern, line):
                return commands[:i + 1]
        return commands
    return cut


# name: (part, why, what makes the two alike)
DIFFERENCES = {
    "ends:warning": (
        "ends", "a setting that gives the password away is warned about",
        lambda ends: (ends[0], True, ends[2])),
    "ends:code": (
        "ends", "temporary and permanent failures have codes of their own, "
        "see EXIT STATUS in postrider(1)",
        lambda ends: (bool(ends[0]), *ends[1:])),
    "log:code": (
        "log", "the same codes in the log", lambda log: {
            **log, "exitcode": log["exitcode"] == "EX_OK"}),
    "log:words": (
        "log", "what went wrong is said in other words", lambda log: {
            **log, "errormsg": bool(log.get("errormsg"))}),
    "log:early": (
        "log", "a run that fails before it connects leaves a line, too: cron "
        "reads no standard error", lambda log: {}),
    "log:size": (
        "log", "the size of a message that was refused is logged, too",
        lambda log: {k: v for k, v in log.items() if k != "mailsize"}),
    "log:recipients": (
        "log", "the recipients are those that were sent to",
        lambda log: {k: v for k, v in log.items() if k != "recipients"}),
    "log:sender": (
        "log", "the sender is the one that was sent: none for MAILER-DAEMON",
        lambda log: {k: v for k, v in log.items() if k != "from"}),
    "log:line end": (
        "log", "the size is that of the message as it came, without a last "
        "line end that was added", lambda log: {
            k: v for k, v in log.items() if k != "mailsize"}),
    "commands:parameters": (
        "commands", "SIZE and BODY are said where they are offered: what is "
        "too large is refused before it is sent",
        lambda commands: changed(r"^(MAIL FROM:\S+?)( (SIZE|BODY)=\S+)+",
                                 r"\1", commands)),
    "commands:once": (
        "commands", "nobody gets a message twice", drop_repeats),
    "commands:polite": (
        "commands", "a session that came to a refusal is ended by QUIT",
        lambda commands: without("QUIT|RSET", commands)),
    "commands:partial": (
        "commands", "the others get the message when one recipient is "
        "refused (partial_delivery)", only_up_to("RCPT TO:<b@")),
    "commands:second author": (
        "commands", "a second author is no recipient",
        lambda commands: without("RCPT TO:<second@", commands)),
    "header:Message-ID": (
        "header", "the left side of a Message-ID that is added tells nothing",
        lambda header: changed(r"^(Message-ID:) <[^@]+@", r"\1 <ID@",
                               header)),
    "header:name of the caller": (
        "header", "an added From has the full name of the calling user, as "
        "sendmail's (from_full_name)",
        lambda header: changed(r"^From: .*<(.*)>$", r"From: \1", header)),
    "header:label": (
        "header", "8-bit text without a label gets one (set_mime_headers)",
        lambda header: without(
            "(MIME-Version|Content-Type|Content-Transfer-Encoding): ",
            header)),
    "header:quotes": (
        "header", "a display name is quoted where it must be",
        lambda header: changed(r'^From: "?(.*?)"? <', r"From: \1 <", header)),
    "header:Resent-Bcc": (
        "header", "Resent-Bcc is as blind as Bcc",
        lambda header: without("Resent-Bcc:", header)),
    "header:Resent": (
        "header", "the newest block of Resent- fields has a date and an id",
        lambda header: without("Resent-(Date|Message-ID):", header)),
    "header:once": (
        "header", "a field that may stand once does (header_once)",
        lambda header: drop_repeats([
            line if not line.startswith("Subject") else "Subject"
            for line in header])),
    "header:to the reader": (
        "header", "Return-Path is for the delivering server to write",
        lambda header: without("Return-Path:", header)),
    "header:mbox": (
        "header", "the From line of a mailbox file is not part of a message",
        lambda header: without("From ", header)),
    "body:separator": (
        "body", "text without a header is a body",
        lambda body: body.replace(b"\r\n", b"").replace(b"hello", b"")),
    "header:separator": (
        "header", "text without a header is a body",
        lambda header: without("hello|$", header)),
}


# name: why one of the two sends and the other does not. The case says what
# postrider does.
OPPOSITES = {
    "all:domain": "addresses without a domain get that of the account "
                  "(qualify_domain)",
    "all:partial": "the others get the message when one recipient is refused "
                   "(partial_delivery)",
    "all:success": "every reply that begins with 2 accepts",
    "all:aliases": "every recipient is looked up in the aliases, also the one "
                   "behind one that was found",
    "all:no DSN": "a server without DSN is not asked for it, and gets the "
                  "message",
    "all:no clear password": "no password is sent without TLS, whatever the "
                             "mechanism",
    "all:late option": "an option behind a recipient is never taken for one: "
                       "-- goes before such an address",
    "all:safe sender": "a sender with a line end in it is refused before the "
                       "server is connected",
}


def apply(names, part, value):
    for name in names:
        where, _, same = DIFFERENCES[name]
        if where == part:
            value = same(value)
    return value


def verdict(case, theirs, ours):
    """Sentences on what is not as the case says; none when all is."""
    said = []
    if any(name in OPPOSITES for name in case.differs):
        if ours.commands != case.ours:
            said.append(f"commands: {ours.commands!r}\n   not {case.ours!r}")
        if theirs.commands == ours.commands or theirs.ends == ours.ends:
            said.append("there is no such difference")
        return said
    if any(name.startswith(("header:", "body:")) for name in case.differs):
        # Then the messages have sizes of their own.
        theirs.log.pop("mailsize", None), ours.log.pop("mailsize", None)
    for part in PARTS:
        names = [name for name in case.differs
                 if DIFFERENCES[name][0] == part]
        pair = getattr(theirs, part), getattr(ours, part)

        def alike(some):
            one, other = (apply(some, part, value) for value in pair)
            return one == other

        if not alike(names):
            said.append(f"{part}: {apply(names, part, pair[0])!r}\n"
                        f"   not {apply(names, part, pair[1])!r}")
            continue
        said += [f"{name}: there is no such difference" for name in names
                 if alike([one for one in names if one != name])]
    return said


# ---- taking a run apart ----

DATE = re.compile(r"^(Date:) \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d "
                  r"[+-]\d{4}$")


def text_of(octets):
    return octets.decode("latin-1")


def commands_of(session):
    """The client's lines outside of DATA, the address of the server left
    out of none: both speak to the same."""
    return [text_of(line) for side, line, _ in session.transcript
            if side == "C"]


def message_of(emulator):
    stored = emulator.messages + emulator.refused
    if not stored:
        return [], b""
    head, empty, body = stored[-1].wire.partition(b"\r\n\r\n")
    header = [DATE.sub(r"\1 NOW", line)
              for line in text_of(head).split("\r\n")]
    return header, empty + body


def log_of(result):
    if not result.log:
        return {}
    if len(result.log) != 1:
        return {"lines": str(len(result.log))}
    line = result.log[0]
    return {name: line[name] for name in LOG_FIELDS if name in line}


def said_of(result, home):
    """What is said in the same words: the server's, and the last line."""
    return [line.replace(str(home), "HOME") for line in
            result.err.decode(errors="replace").splitlines()
            if re.match("msmtp: (server message|could not send mail)", line)]


def seen(result, emulator, home):
    commands = []
    for session in emulator.sessions:
        commands += commands_of(session)
    header, body = message_of(emulator)
    return Seen(commands, header, body, log_of(result),
                (result.code, bool(result.err), bool(result.out)),
                said_of(result, home), result.err)


def version(path):
    said = subprocess.run([path, "--version"], capture_output=True,
                          check=True).stdout
    return said.split()[2].decode()
