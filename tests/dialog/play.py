"""Run the program against one variant of a dialogue and judge what came."""

import base64
import re

import logline
from dialog.server import ScriptServer

NAME = "mail.example.org"       # the name in the server's certificate
UNSURE = b"may have been delivered"
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f-\xff]")
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def run_dialogue(dialogue, steps, program, authority, slow=False, cut=None):
    """(result, report) of the program in front of a server playing `steps`."""
    wants_tls = any("{ca}" in line for line in dialogue.config)
    tls = authority.leaf("good", names=[NAME]) if wants_tls else None
    with ScriptServer(steps, tls, slow, cut) as server:
        context = {"port": server.port, "home": program.home,
                   "ca": authority.ca_file}
        conf = program.configure(
            [("port", server.port), *dialogue.settings(context)])
        result = program.run([f"--file={conf}", *dialogue.arguments(context)],
                             dialogue.input(), limit=dialogue.limit)
    return result, server.report


def _judge_wire(dialogue, report):
    stayed_away = dialogue.connection == "optional" and not report.received
    if not stayed_away:
        yield from report.problems
    if report.connected and dialogue.connection == "none":
        yield "there must be no connection"
    if not report.connected and dialogue.connection == "one":
        yield "the client did not connect"
    if bare := BARE.search(report.received):
        around = report.received[max(0, bare.start() - 20):bare.end() + 20]
        yield f"a bare CR or LF on the wire: {bytes(around)!r}"


def _judge_exit(result, exits):
    if result.timed_out:
        yield f"killed after {result.seconds:.1f} seconds"
    elif result.code not in exits:
        yield f"exit {result.code}, expected {exits}"
    if result.out:
        yield f"standard output is not empty: {result.out!r}"
    if result.code != 0 and not result.err:
        yield "a failure, and nothing on standard error"
    for name, text in (("standard error", result.err),
                       ("the log", result.log_bytes)):
        if odd := CONTROL.search(text):
            yield f"byte {odd[0]!r} in {name}"


def _judge_log(result, outcomes):
    if len(result.log) > 1 or (outcomes and not result.log):
        yield f"{len(result.log)} log lines, expected one"
    for line in result.log:
        name = logline.EXIT_NAMES.get(result.code)
        if line.get("exitcode") != name:
            yield f"log says {line.get('exitcode')}, the exit code is {name}"
        if outcomes and line.get("outcome") not in outcomes:
            yield f"outcome {line.get('outcome')}, expected {outcomes}"
        unsure = line.get("outcome") == "UNKNOWN"
        if unsure != (UNSURE in result.err):
            yield f"outcome {line.get('outcome')}, but stderr {result.err!r}"


def _judge_secrets(dialogue, result):
    shown = result.out + result.err + result.log_bytes
    for secret in dialogue.secrets():
        forms = [secret] + [base64.b64encode(b"x" * i + secret)[2:-2]
                            for i in range(3)]
        for form in forms:
            if form in shown:
                yield "the password shows up in the output or in the log"
                return


def _judge_texts(dialogue, result):
    """The log: and stderr: lines of the file."""
    line = result.log[-1] if result.log else {}
    for name, value in dialogue.log:
        negative = name.endswith("!")
        name = name.rstrip("!")
        if negative == (line.get(name) == value):
            yield f"log {name} is {line.get(name)!r}, expected {value!r}"
    text = result.err.decode("utf-8", "replace")
    for wanted in dialogue.stderr:
        if not wanted.search(text):
            yield f"stderr does not match {wanted.pattern!r}"
    if result.code == 0 and text and not dialogue.stderr:
        yield f"success, but stderr has {text!r}"


def judge(dialogue, result, report, exits=None, outcomes=None):
    """Everything that is not as it must be.  `exits` and `outcomes` stand in
    for those of the file, whose other expectations then do not hold."""
    as_written = exits is None
    exits = dialogue.exits if as_written else exits
    outcomes = dialogue.outcomes if as_written else outcomes
    problems = [*_judge_wire(dialogue, report), *_judge_exit(result, exits),
                *_judge_log(result, outcomes),
                *_judge_secrets(dialogue, result)]
    if as_written:
        problems += _judge_texts(dialogue, result)
    if report.said_bye and set(outcomes) & {"NOT-SENT", "UNKNOWN"}:
        problems.append("a TLS bye after an error could push out a queued dot")
    return problems


def explain(problems, result, report):
    """The text of a failed test."""
    return "\n".join([
        *problems, "", f"exit {result.code} in {result.seconds:.2f} s",
        "stderr: " + result.err.decode("utf-8", "replace").rstrip(),
        "log:    " + result.log_bytes.decode("utf-8", "replace").rstrip(),
        "dialogue:", str(report)])
