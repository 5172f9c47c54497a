"""The figures as text or as a page in Markdown, piece by piece."""

INTRODUCTION = """\
# Benchmarks

What one message, and a queue of them, costs postrider and other programs that
hand mail to a relay, measured side by side in one go:

    scripts/setup bench
    tests/bench/run

`tests/bench/run --quick` takes a minute and ends with an error if a counted
goal is missed; `--only msmtp,curl` chooses peers, `--parts` kinds of figures.
This page is what `tests/bench/run --markdown` has printed.

All peers verify the server's certificate, log in with AUTH and send the same
message to the same servers on this machine, unless a note says otherwise; each
figure is followed by its ratio to postrider's. Instructions are valgrind's and
include loading the program, system calls and libraries are strace's, memory is
the peak the kernel saw. Round trips are counted on a wire between two network
namespaces by what waits for what, and beside it by the clock. Times are
medians of runs in turn, and good for the ratio only.
"""


def _aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join([row[0].ljust(widths[0]), *[
        cell.rjust(width) for cell, width in zip(row[1:], widths[1:])
    ]]).rstrip() for row in rows]


def _piped(rows):
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return [head, "|---" + "|---:" * (len(rows[0]) - 1) + "|", *body]


def _rows(table):
    yield ["", *[column.title for column in table.columns]]
    for peer, figures in table.rows.items():
        if figures:
            yield [peer, *[table.cell(peer, column)
                           for column in table.columns]]


def table_text(table):
    lines = [table.title]
    if any(table.rows.values()):
        lines += _aligned(list(_rows(table)))
    return "\n".join([*lines, *table.notes]) + "\n"


def table_markdown(table):
    lines = [f"## {table.title}", ""]
    if any(table.rows.values()):
        lines += [*_piped(list(_rows(table))), ""]
    lines += [f"- {note}" for note in table.notes]
    return "\n".join(lines).rstrip("\n") + "\n"


class Text:
    @staticmethod
    def head(facts):
        return "".join(f"{what}: {value}\n" for what, value in facts)

    table = staticmethod(table_text)

    @staticmethod
    def goals(verdicts):
        return "\n".join(["Goals", *map(str, verdicts)])


class Markdown:
    @staticmethod
    def head(facts):
        lines = [f"- {what}: {value}\n" for what, value in facts]
        return INTRODUCTION + "\n" + "".join(lines)

    table = staticmethod(table_markdown)

    @staticmethod
    def goals(verdicts):
        return "\n".join(["## Goals", "", *[
            f"- {verdict}" for verdict in verdicts]])
