"""The program's log line as a dictionary.

One attempt leaves one line: a time, then blank-separated name=value fields;
values with blanks stand in single quotes, which cannot occur inside.  The
exit code is logged by its name in sysexits.h.
"""

import re

EXIT_NAMES = {
    0: "EX_OK",
    64: "EX_USAGE",
    65: "EX_DATAERR",
    66: "EX_NOINPUT",
    67: "EX_NOUSER",
    68: "EX_NOHOST",
    69: "EX_UNAVAILABLE",
    70: "EX_SOFTWARE",
    71: "EX_OSERR",
    74: "EX_IOERR",
    75: "EX_TEMPFAIL",
    76: "EX_PROTOCOL",
    77: "EX_NOPERM",
    78: "EX_CONFIG",
}

FIELD = re.compile(r"(?:^| )([a-z_]+)=(?:'([^']*)'|(\S*))")


def parse(line):
    """The fields of one log line, values as str without their quotes."""
    return {name: quoted or plain
            for name, quoted, plain in FIELD.findall(line)}


def read(path):
    """Every line of a log file, parsed; no file is an empty log."""
    try:
        with open(path, encoding="ascii", errors="surrogateescape") as lines:
            return [parse(line.rstrip("\n")) for line in lines]
    except FileNotFoundError:
        return []
