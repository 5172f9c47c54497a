"""doc/CALLERS.md: which callers were tried, how they call, what came of it.

usage: python3 tests/real/callers/page.py --write

runs every caller, as root, and writes the page. A test compares the two.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
PATH = TOP / "doc/CALLERS.md"

if __name__ == "__main__":
    for folder in ("tests/real", "tests/cli", "tests/lib", "tests"):
        sys.path.insert(0, str(TOP / folder))

# These need the path set above.
from callers import programs, replays           # noqa: E402

USERS = {0: "root", 33: "www-data", 1000: "alice", 1001: "user",
         65534: "nobody"}

HEAD = """\
# Programs that call sendmail

Made by `tests/real/callers/page.py` from the runs of the test suite; do not edit.

Each program calls postrider as the machine's `/usr/sbin/sendmail`, installed as a Debian package, with one account of
Amazon SES (emulated, with its rules about headers and senders) that has a single approved address. *run* is the
program itself, from Debian 12; *replayed* is its command line and standard input without it. The recipient is
`to@example.net`. Of what is delivered, recipients, subject and text are those the caller meant, the author keeps its
name and gets the answers, and postrider printed nothing. Each such call was made with an account of OCI Email
Delivery, too, with the same end.

The exit codes are postrider's and the caller's own.
"""
NOTES = """
## Good to know

- Every program runs sendmail as its own user, who must be able to read the account. Here `/etc/postriderrc` is open to
  all and its `password_file` to the group `mailers`, in which the users are. sudo drops the user's groups before it
  calls sendmail, so it cannot read that file; its mail needs an account in the user's `~/.postriderrc`.
- A caller without `-i` or `-oi` means that a line with a single dot ends the message, as sendmail has it: what follows
  is not sent.
"""


def shown(caller, words):
    """A command line as a cell of a table."""
    text = shlex.join(words).replace(f"{caller.tag}@", "to@")
    return "`" + text.replace("|", "\\|") + "`" if words else ""


def row(caller, found):
    calls = [found.calls[0]] if found.calls else []
    how = "replayed" if caller.is_replay else "run"
    users = ", ".join(sorted({USERS.get(one["uid"], str(one["uid"]))
                              for one in calls}))
    argv = " ".join(shown(caller, one["argv"][1:]) for one in calls)
    exits = ", ".join(str(one["exit"]) for one in calls)
    sent = len(found.messages)
    delivered = "yes" if sent == 1 else f"{sent} mails" if sent else "no"
    if sent and caller.exit:
        delivered = "to the others"
    return (caller.name, how, users, argv, delivered, exits, str(found.code))


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def text(seen):
    heads = ("caller", "", "user", "arguments", "delivered", "exit",
             "caller's exit")
    callers = [*programs.CALLERS, *replays.CALLERS]
    groups = (
        ("Delivered", [one for one in callers if one.messages
                       and not one.exit]),
        ("Not delivered, or not to everybody",
         [one for one in callers if one.exit]),
    )
    parts = [HEAD]
    for title, members in groups:
        rows = [row(one, seen[one.name]) for one in members]
        parts.append(f"\n## {title}\n\n" + table(heads, rows))
    queue = [(one.name, seen[one.name].stdout.decode().split("|")[0].strip())
             for one in callers if one.mailq]
    parts.append("\n## mailq\n\n" + table(("caller", "says"), queue))
    parts.append(NOTES)
    return "".join(parts)


def main():
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    from callers.campaign import Campaign
    made = subprocess.run([TOP / "scripts/package"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()
    page = text(Campaign(made).run())
    part = PATH.with_suffix(".part")
    part.write_text(page, encoding="utf-8")
    os.replace(part, PATH)


if __name__ == "__main__":
    main()
