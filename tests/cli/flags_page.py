#!/usr/bin/env python3
"""Make doc/SENDMAIL.md of the rows in flags_table.py."""

from pathlib import Path

import flags_table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "doc/SENDMAIL.md"

HEAD = """\
# sendmail's command line

What postrider does with each flag of sendmail, and with what callers of
`/usr/sbin/sendmail` rely on. Where the names differ, `sendmail` stands for the
program under that name (and `mailq`, `newaliases` and the like), `postrider`
for its own. 64 and the like are exit codes; "refused" is 64, and nothing was
sent.

Each row is a test: `pytest tests/cli/test_flags.py -k ROW`. The page is made by
`tests/cli/flags_page.py` from the table of that test, `flags_table.py`.
"""


def cell(text):
    return text.replace("|", "\\|")


def shown_by(row):
    """The row's own cases by its name, and the tests that show more."""
    own = [row.id] if row.cases else []
    return "; ".join(own + [f"[{Path(path.split('::')[0]).name}](../"
                            f"{path.split('::')[0]})" for path in row.also])


def page():
    lines = [HEAD]
    for title, rows in flags_table.PARTS:
        lines.append(f"## {title}\n")
        lines.append("| flag | what postrider does | row |")
        lines.append("|---|---|---|")
        lines += [f"| {cell(row.flag)} | {cell(row.does)} | {shown_by(row)} |"
                  for row in rows]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="ascii")
