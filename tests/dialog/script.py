"""Dialogue files as values.  README.md has the grammar."""

import dataclasses
import re
from pathlib import Path

from run import PATIENCE

from dialog import notation

MODES = ("plain", "pipelined", "bytes", "cut")
OUTCOMES = ("ACCEPTED", "SUPPRESSED", "NOT-SENT", "TEMP", "PERM", "UNKNOWN")

# Steps that take a text, and steps that are a word.
WITH_TEXT = {"S", "RAW", "C", "DATA", "take", "sleep", "drip", "endless"}
WORDS = {"tls", "tls-refused", "message", "garbage", "close", "rst", "bye",
         "hangup"}
# After these nothing else is played.
LAST = {"close", "rst", "bye", "hangup", "tls-refused", "drip", "endless"}

GARBAGE = r"\xff\xfe 404 this is not SMTP\x07\r\n"

# What is sent when a file has no stdin, and what `message` stands for.
STANDARD = ("From: sender@example.com", "To: one@example.net",
            "Subject: test", "", "Hello.")


class ScriptError(Exception):
    """A dialogue file is wrong; str() names file, line and reason."""


@dataclasses.dataclass(frozen=True)
class Step:
    kind: str
    text: str = ""
    line: int = 0

    @property
    def payload(self):
        """What an S or RAW step sends."""
        end = b"\r\n" if self.kind == "S" else b""
        return notation.expand(self.text) + end

    def __str__(self):
        where = f"line {self.line}: " if self.line else ""
        return where + (f"{self.kind}: {self.text}" if self.kind in WITH_TEXT
                        else self.kind)


@dataclasses.dataclass
class Dialogue:
    path: Path
    title: str = ""
    modes: tuple = ("plain", "bytes", "cut")
    connection: str = "one"     # one, optional, none
    limit: float = PATIENCE
    config: list = dataclasses.field(default_factory=list)
    args: str = ""
    stdin: object = None        # None: the standard message
    steps: list = dataclasses.field(default_factory=list)
    exits: list = dataclasses.field(default_factory=list)
    outcomes: list = dataclasses.field(default_factory=list)
    log: list = dataclasses.field(default_factory=list)
    stderr: list = dataclasses.field(default_factory=list)

    def input(self):
        """The bytes on the program's standard input."""
        if self.stdin is not None:
            return self.stdin
        return "".join(line + "\n" for line in STANDARD).encode()

    def settings(self, context):
        """(keyword, value) pairs of the configuration."""
        lines = (notation.expand(line, context).decode()
                 for line in self.config)
        return [tuple((line + " ").split(" ", 1)) for line in lines]

    def arguments(self, context):
        """argv, as bytes: split as a shell does, then escapes."""
        words = re.findall(r"'([^']*)'|(\S+)", self.args)
        return [notation.expand(quoted or plain, context)
                for quoted, plain in words]

    def secrets(self):
        """Passwords of the configuration, which must show up nowhere."""
        return [value.encode() for keyword, value in
                (line.split(" ", 1) for line in self.config if " " in line)
                if keyword == "password"]


def make_steps(kind, text, line=0):
    """One line of a script as steps; `message` is several."""
    if kind == "message":
        return [Step("DATA", t, line) for t in (*STANDARD, ".")]
    if times := re.fullmatch(r"DATA x([0-9]+)", kind):
        return int(times[1]) * make_steps("DATA", text, line)
    if kind == "garbage":
        return [Step("RAW", GARBAGE, line)]
    step = Step(kind, text, line)
    if kind in ("S", "RAW"):
        step.payload                    # is it readable?
    elif kind in ("C", "DATA"):
        notation.pattern(text)
    return [step]


def steps_of(lines):
    """Steps from lines of script, for tests that generate them."""
    steps = []
    for line in lines:
        kind, _, text = line.partition(":")
        steps += make_steps(kind, text.removeprefix(" "))
    return steps


def _add(dialogue, key, text, number):
    """Take one line `key: text` or `key` of a file."""
    if key in WITH_TEXT or key in WORDS or key.startswith("DATA x"):
        dialogue.steps += make_steps(key, text, number)
    elif key == "|":
        dialogue.stdin = ((dialogue.stdin or b"")
                          + notation.expand(text) + b"\n")
    elif key == "no-final-newline" and dialogue.stdin:
        dialogue.stdin = dialogue.stdin[:-1]
    elif key == "stdin" and text == "empty":
        dialogue.stdin = b""
    elif key == "config":
        dialogue.config.append(text)
    elif key == "args" and not dialogue.args:
        dialogue.args = text
    elif key == "exit":
        dialogue.exits = [int(word) for word in text.split()]
    elif key == "outcome":
        dialogue.outcomes = text.split()
    elif key == "modes":
        dialogue.modes = tuple(text.split())
    elif key == "connection" and text in ("optional", "none"):
        dialogue.connection = text
    elif key == "time-limit":
        dialogue.limit = float(text)
    elif key == "log" and "=" in text:
        dialogue.log.append(tuple(text.split("=", 1)))
    elif key == "stderr":
        dialogue.stderr.append(re.compile(text, re.MULTILINE))
    else:
        raise ValueError(f"unknown line '{key}: {text}'")


def _split(line):
    """(key, text) of a line that is neither empty nor a comment."""
    if line.startswith("|"):
        return "|", line[1:]
    key, _, text = line.partition(":")
    return key, text.removeprefix(" ")


def _check(dialogue):
    """What cannot be seen line by line."""
    steps = dialogue.steps
    if not dialogue.exits:
        raise ValueError("no exit: line")
    if not dialogue.title:
        raise ValueError("the first line must be a comment that says what "
                         "the file shows")
    if bad := set(dialogue.modes) - set(MODES):
        raise ValueError(f"unknown mode {bad.pop()}")
    if bad := set(dialogue.outcomes) - set(OUTCOMES):
        raise ValueError(f"unknown outcome {bad.pop()}")
    if bool(steps) == (dialogue.connection == "none"):
        raise ValueError("a script, or connection: none")
    for step in steps[:-1]:
        if step.kind in LAST:
            raise ValueError(f"nothing can follow {step.kind}")
    kinds = [step.kind for step in steps]
    dots = [s for s in steps if s.kind == "DATA" and s.text == "."]
    if "DATA" in kinds and (len(dots) != 1 or steps.index(dots[0]) != max(
            i for i, kind in enumerate(kinds) if kind == "DATA")):
        raise ValueError("DATA: . must end the message, once")


def load(path):
    """Read a dialogue file.  Fails with ScriptError."""
    path = Path(path)
    dialogue = Dialogue(path)
    number = 0
    try:
        for number, line in enumerate(path.read_text().split("\n"), 1):
            if number == 1 and line.startswith("# "):
                dialogue.title = line[2:]
            if line.strip() and not line.startswith("#"):
                _add(dialogue, *_split(line), number)
        number = 0
        _check(dialogue)
    except (ValueError, re.error, notation.NotationError) as error:
        raise ScriptError(f"{path.name}:{number or 'end'}: {error}") from None
    return dialogue
