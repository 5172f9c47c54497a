"""Every stage of a dialogue times everything that can go wrong there.

TABLE is the only place that says what must come out: exit code and outcome.
"""

from pathlib import Path

import pytest

from dialog import script
from dialog.play import explain, judge, run_dialogue
from run import PATIENCE

EVENTS = ("421", "4yz", "5yz", "garbage", "close", "timeout")

TABLE = """
# stage     421      4yz      5yz          garbage      close        timeout
greeting    75 TEMP  75 TEMP  69 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
ehlo        75 TEMP  75 TEMP  69 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
helo        75 TEMP  75 TEMP  69 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
starttls    75 TEMP  75 TEMP  75 NOT-SENT  76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
ehlo2       75 TEMP  75 TEMP  69 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
auth        75 TEMP  75 TEMP  77 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
mail        75 TEMP  75 TEMP  69 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
rcpt        75 TEMP  75 TEMP  67 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
data        75 TEMP  75 TEMP  69 PERM      76 NOT-SENT  75 NOT-SENT  75 NOT-SENT
dot         75 TEMP  75 TEMP  69 PERM      75 UNKNOWN   75 UNKNOWN   75 UNKNOWN
quit        0 ACCEPTED  0 ACCEPTED  0 ACCEPTED  0 ACCEPTED  0 ACCEPTED  0 ACCEPTED
"""

# What a server answers at each stage for now and for good.
REFUSALS = {
    "greeting": ("450 4.3.2 Busy", "554 5.3.2 No service for you"),
    "ehlo": ("451 4.3.0 Not now", "554 5.3.2 Not here"),
    "helo": ("451 4.3.0 Not now", "502 5.5.1 Not here"),
    "starttls": ("454 4.7.0 TLS not available now", "502 5.5.1 No TLS"),
    "ehlo2": ("451 4.3.0 Not now", "502 5.5.1 Not here"),
    "auth": ("454 4.7.0 Temporary authentication failure",
             "535 5.7.8 Authentication credentials invalid"),
    "mail": ("451 4.3.0 Not now", "550 5.3.0 No"),
    "rcpt": ("450 4.2.1 Mailbox busy", "550 5.1.1 No such user"),
    "data": ("451 4.3.0 Not now", "554 5.5.0 No"),
    "dot": ("451 4.3.0 Not now", "554 5.6.0 No"),
    "quit": ("451 4.3.0 Not now", "502 5.5.1 No"),
}

ENVELOPE = {
    "mail": ["C: MAIL FROM:<sender@example.com>", "S: 250 2.1.0 Ok"],
    "rcpt": ["C: RCPT TO:<one@example.net>", "S: 250 2.1.5 Ok"],
    "data": ["C: DATA", "S: 354 Go ahead"],
    "dot": ["message", "S: 250 2.0.0 Ok"],
    "quit": ["C: QUIT", "S: 221 2.0.0 Bye"],
}

GREETING = {"greeting": ["S: 220 mail.example.org ESMTP"]}
EHLO = ["C: EHLO client.example.com", "S: 250-mail.example.org"]

SERVERS = {
    "clear": {**GREETING, "ehlo": [*EHLO, "S: 250 HELP"], **ENVELOPE},
    "old": {
        **GREETING,
        "ehlo": ["C: EHLO client.example.com", "S: 502 5.5.1 Not known"],
        "helo": ["C: HELO client.example.com", "S: 250 mail.example.org"],
        **ENVELOPE},
    "starttls": {
        **GREETING,
        "ehlo": [*EHLO, "S: 250 STARTTLS"],
        "starttls": ["C: STARTTLS", "S: 220 2.0.0 Ready to start TLS"],
        "ehlo2": ["tls", *EHLO, "S: 250 AUTH PLAIN LOGIN"],
        "auth": [r"C: AUTH PLAIN {b64:\0tester\0a secret pw}",
                 "S: 235 2.7.0 Ok"],
        **ENVELOPE},
}

CONFIG = {
    "clear": [],
    "old": [],
    "starttls": ["tls on", "tls_trust_file {ca}",
                 "tls_host_override mail.example.org", "auth plain",
                 "user tester", "password a secret pw"],
}


def expectations():
    """{(stage, event): (exit code, outcome)} of TABLE."""
    expected = {}
    for row in TABLE.strip().splitlines():
        if row.startswith("#"):
            continue
        stage, *cells = row.split()
        for event, code, outcome in zip(EVENTS, cells[::2], cells[1::2],
                                        strict=True):
            expected[stage, event] = int(code), outcome
    return expected


def event_lines(stage, event):
    """What the server does instead of the good reply of the stage."""
    temporary, permanent = REFUSALS[stage]
    return {"421": ["S: 421 4.3.2 Closing the channel", "close"],
            "4yz": ["S: " + temporary, "bye"],
            "5yz": ["S: " + permanent, "bye"],
            "garbage": ["garbage", "hangup"],
            "close": ["close"],
            "timeout": ["hangup"]}[event]


def script_lines(server, stage, event):
    """The good dialogue up to the stage, then the event."""
    lines = []
    for name, part in SERVERS[server].items():
        if name == stage:
            kept = [line for line in part if not line.startswith("S: ")]
            return lines + kept + event_lines(stage, event)
        lines += part
    raise ValueError(stage)


def cases():
    for (stage, event), (code, outcome) in expectations().items():
        for server, stages in SERVERS.items():
            if stage in stages:
                yield pytest.param(server, stage, event, code, outcome,
                                   id=f"{server}-{stage}-{event}")


# Seconds. A machine may be too slow for the first ones, and a play that ends
# at another stage than it should says nothing; not for all of them.
TIMEOUTS = (1, 5, 30)


def play(server, stage, event, expected, timeout, program, authority):
    """(problems, their text)"""
    code, outcome = expected
    config = list(CONFIG[server])
    if timeout:
        config.append(f"timeout {timeout}")
    dialogue = script.Dialogue(
        Path(f"{stage}-{event}"), config=config, args="one@example.net",
        steps=script.steps_of(script_lines(server, stage, event)),
        exits=[code], outcomes=[outcome])
    result, report = run_dialogue(dialogue, dialogue.steps, program,
                                  authority)
    problems = judge(dialogue, result, report)
    soonest = 0 if stage == "quit" else 0.9    # nobody must wait for 221
    if timeout and not soonest < result.seconds < PATIENCE:
        problems.append(f"a timeout took {result.seconds:.1f} seconds")
    return problems, explain(problems, result, report)


@pytest.mark.parametrize("server, stage, event, code, outcome", cases())
def test_matrix(server, stage, event, code, outcome, program, authority):
    for timeout in TIMEOUTS if event == "timeout" else (None,):
        program.log_file.unlink(missing_ok=True)
        problems, text = play(server, stage, event, (code, outcome), timeout,
                              program, authority)
        if not problems:
            return
    pytest.fail(text)
