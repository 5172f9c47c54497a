"""What is said about one caller, and what was seen of it."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Caller:
    """A row of the tables in programs.py and replays.py.

    `script` is what a shell in the root runs as `user`; where there is none
    the program under test is called with `argv` and `stdin` as the caller
    would, which is a replay. What must arrive is said in the words of the
    caller: `author` is the From it wrote, or None when it wrote none.
    """

    name: str
    argv: tuple              # after the program's name; "*" fits any rest
    to: tuple                # recipients of the envelope, as they arrive
    subject: str = ""
    body: bytes = b""        # stands in what arrives; LF for a line end
    author: str = None
    reply_to: str = None     # None: the caller wrote none
    sender: str = None       # of the envelope, if the caller names one
    script: str = None
    stdin: bytes = None
    user: str = "alice"
    files: tuple = ()        # (name, text, mode, owner) to be written before
    messages: int = 1        # how many arrive
    waits: bool = False      # a daemon: runs until the mail was sent
    code: int = 0            # of the caller
    exit: int = 0            # of the program under test
    said: bytes = None       # stands in what the caller prints; None: silence
    logged: str = None       # stands in the system log
    calls: int = 1           # of the program under test
    mailq: bool = False      # called by that name

    @property
    def is_replay(self):
        return self.script is None

    @property
    def tag(self):
        """Stands in the mail of this caller and of no other."""
        words = re.findall("[a-z0-9]+", self.name.lower())
        return "-".join(["tag", *words])


@dataclasses.dataclass
class Seen:
    """One caller's run. `calls` holds what the recorder wrote."""

    code: int
    stdout: bytes
    stderr: bytes
    calls: list
    messages: list           # of the emulator
    refused: list            # replies to messages it did not take
    log: list
