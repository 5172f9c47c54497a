"""check_mailq of Debian's monitoring plugins, over a spool with mail in it.

The plugin is the package's own; where it looks for mailq is all that is
changed.
"""

import re
import subprocess

import pytest

from mailqueue import MESSAGE, Queue
from relay import SENDER
from real.packages import Unavailable, unpacked

PLUGINS = "usr/lib/nagios/plugins"
# Those of its kinds that read a listing as Postfix makes it.
KINDS = ["sendmail", "postfix"]
OK, WARNING, CRITICAL, UNKNOWN = range(4)


@pytest.fixture
def plugin(program, tmp_path):
    """check_mailq as a command."""
    try:
        trees = [unpacked(f"monitoring-plugins-{name}")
                 for name in ("standard", "common")]
    except Unavailable as reason:
        pytest.skip(str(reason))
    if subprocess.run(["perl", "-MFindBin", "-e", "1"], check=False,
                      capture_output=True).returncode:
        pytest.skip("no perl with its modules here")
    mailq = tmp_path / "mailq"
    mailq.symlink_to(program.path)
    check = tmp_path / "check_mailq"
    check.write_bytes((trees[0] / PLUGINS / "check_mailq").read_bytes())
    text = (trees[1] / PLUGINS / "utils.pm").read_text(encoding="utf-8")
    text, n = re.subn(r'(\$PATH_TO_MAILQ\s*=) "[^"]*"', rf'\1 "{mailq}"', text)
    assert n == 1
    (tmp_path / "utils.pm").write_text(text, encoding="utf-8")
    return ["perl", str(check)]


def ask(queue, plugin, kind, warning, critical):
    done = subprocess.run(
        [*plugin, "-M", kind, "-w", str(warning), "-c", str(critical)],
        env=queue.program.environment(), capture_output=True, check=False)
    return done.returncode, done.stdout.decode()


def check(queue, plugin, kind, count):
    """It sees so many, by the thresholds and by its words."""
    for limits, status in [((count + 1, count + 2), OK),
                           ((count, count + 1), WARNING)]:
        code, text = ask(queue, plugin, kind, *limits)
        assert code == status, (kind, limits, text)
        found = re.search(r"unsent=(\d+)", text)
        assert found and int(found[1]) == count, text
    if count > 1:
        assert ask(queue, plugin, kind, count - 1, count)[0] == CRITICAL


@pytest.mark.parametrize("kind", KINDS)
def test_check_mailq(program, authority, plugin, kind):
    with Queue(program, authority) as queue:
        code, text = ask(queue, plugin, kind, 1, 2)
        assert code == OK, text
        name, = queue.keep(args=["-t", "two@example.net", '"a b"@example.net'])
        check(queue, plugin, kind, 1)
        names = [name, *queue.keep(*[MESSAGE] * 24)]
        # On hold, delivered to some, not to be read.
        assert queue.call("--queue-hold", *names[1:4]).code == 0
        queue.set_letters(name, b"D")
        (queue.spool / "new" / names[5]).write_bytes(b"postrider-spool 2 ")
        (queue.spool / "new" / names[6]).write_bytes(b"nonsense\n")
        check(queue, plugin, kind, 25)
        for number in range(5):
            queue.keep(MESSAGE, args=["-f", SENDER, f"{number}@example.net"])
        check(queue, plugin, kind, 30)
        # A listing that fails is no empty queue.
        queue.spool.chmod(0o755)
        code, text = ask(queue, plugin, kind, 1, 2)
        assert code in (CRITICAL, UNKNOWN), text
