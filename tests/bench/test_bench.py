"""The parts of the benchmark: goals, tables, messages, logs, failures."""

import contextlib
import shutil
import subprocess
import types
from pathlib import Path

import pytest

import backlog
import bench
import budget
import letters
import meters
import peers
import report
import room
import sections
import servers
from figures import COUNT, MILLIONS, Column, Table

LIMIT = budget.Goal("M things", "t", "a", 2e6, MILLIONS)
RATIO = budget.Goal("times another", "t", "a", 1.5, COUNT, False, "other")


def table(**rows):
    made = Table("t", "A table", [Column("a", "things", MILLIONS)])
    for peer, figure in rows.items():
        made.put(peer, a=figure)
    return made


@pytest.mark.parametrize("goal, rows, words, fails", [
    (LIMIT, {"postrider": 2e6}, "met: 2.0 of", False),
    (LIMIT, {"postrider": 2.1e6}, "MISSED: 2.1 of", True),
    (LIMIT, {"postrider": None}, "not measured: - of", False),
    (LIMIT, {"other": 1e6}, "not measured: - of", False),
    (RATIO, {"postrider": 3, "other": 2}, "met: ", False),
    (RATIO, {"postrider": 4, "other": 2}, "MISSED: ", False),
    (RATIO, {"postrider": 3}, "not measured: ", False),
])
def test_goals(monkeypatch, goal, rows, words, fails):
    monkeypatch.setattr(budget, "GOALS", [goal])
    verdict, = verdicts = budget.judge([table(**rows)])
    assert str(verdict).startswith(words)
    assert bool(budget.missed(verdicts)) == fails


def test_every_goal_is_about_a_figure_that_is_measured(tmp_path, authority):
    """A key with a slip of the pen would be `not measured` for ever."""
    made = bench_of(tmp_path, authority, [])
    server = types.SimpleNamespace(name="Postfix")
    one = letters.SMALL
    tables = [
        sections.counted(made, server, bench.ONE, "counted-system",
                         [one, letters.LARGE]),
        sections.memory(made, server),
        sections.times(made, server, {one: 1}, "times"),
        *[sections.trips_table(name, 0.05) for name in ("Postfix", "Exim")],
        backlog.queue(made, server, 1, 0)]
    keys = {(table.key, column.key) for table in tables
            for column in table.columns}
    assert {(goal.table, goal.column) for goal in budget.GOALS} <= keys
    script = Path(__file__).with_name("run").read_text()
    assert '"counted-system"' in script and '"times" if' in script


def test_ours_must_not_be_missing():
    made = table(postrider=1)
    made.lack("other", "it is not there")
    made.lack(None, "there is no server")
    assert not made.has_failed
    made.lack("postrider", "exit 1")
    assert made.has_failed


def test_a_table_as_text_and_as_a_page():
    made = table(postrider=2e6, other=3e6)
    made.lack("third", "it is\nnot there")
    made.lack("third", "it is\nnot there")
    assert report.table_text(made) == (
        "A table\n"
        "                things\n"
        "postrider          2.0\n"
        "other      3.0 (1.50x)\n"
        "third: not measured: it is not there\n")
    assert report.table_markdown(made) == (
        "## A table\n\n"
        "|  | things |\n"
        "|---|---:|\n"
        "| postrider | 2.0 |\n"
        "| other | 3.0 (1.50x) |\n\n"
        "- third: not measured: it is not there\n")


@pytest.mark.parametrize("size", letters.NAMES)
def test_messages_have_their_size(size, tmp_path):
    made = letters.Letters(tmp_path)
    text = made.path(size).read_bytes()
    assert len(text) == size and text.endswith(b"\n")
    assert max(map(len, text.splitlines())) <= 76
    assert b"\r" not in text
    assert made.path(size, "crlf").read_bytes().split(b"\r\n") == \
        text.split(b"\n")
    assert made.path(size, "envelope").read_bytes() == (
        b"sender@example.com\nsomeone@example.net\n\n" + text)


def test_a_log_that_grows_is_counted_once(tmp_path):
    log = tmp_path / "log"
    lines = servers.Lines(log, one=rb"one", two=rb"two")
    assert lines.count("one") == 0
    log.write_bytes(b"one\ntwo\non")
    assert (lines.count("one"), lines.count("two")) == (1, 1)
    with open(log, "ab") as more:
        more.write(b"e\ntwo\n")
    assert (lines.count("one"), lines.count("two")) == (2, 2)


def bench_of(tmp_path, authority, chosen, **programs):
    """Of these peers, and no room."""
    return bench.Bench(tmp_path, room.NoRoom("no room"), authority, chosen,
                       programs, lambda line: None, True)


def measured(tmp_path, authority, call, taken=lambda: 0):
    """(what came of it, notes of the table) of a peer that is called so."""
    peer = peers.Peer("peer", "", call)
    made = bench_of(tmp_path, authority, [peer], peer="/bin/true")
    server = types.SimpleNamespace(
        taken=taken, wait_taken=lambda count: taken() >= count)
    found = table()
    sender, = made.senders(found, server)
    return made.measure(found, sender, sender.times,
                        letters.SMALL), found.notes


@pytest.mark.parametrize("call, words", [
    (lambda desk: peers.Call(["/bin/sh", "-c", "echo why >&2; exit 3"]),
     "exit 3: why"),
    (lambda desk: peers.Call(["/bin/cat"]), "its message did not arrive"),
    (lambda desk: desk.room.write("/etc/x", "y"), "no room"),
], ids=["fails", "loses", "wants a room"])
def test_a_peer_that_fails_is_told(tmp_path, authority, call, words):
    figure, notes = measured(tmp_path, authority, call)
    assert figure is None
    assert notes == [f"peer: not measured: {words}"]


def test_a_peer_that_delivers_has_figures(tmp_path, authority):
    mark = tmp_path / "mark"
    figure, notes = measured(
        tmp_path, authority,
        lambda desk: peers.Call(["/usr/bin/cp", "/dev/stdin", str(mark)]),
        lambda: int(mark.exists() and mark.read_bytes() == letters.of_size(
            letters.SMALL)))
    wall, cpu = figure
    assert wall > 0 and cpu >= 0 and not notes


def test_the_message_is_descriptor_three_beside_options(tmp_path, authority):
    mark = tmp_path / "mark"
    copy = 'cat >"$0"; cat <&3 >>"$0"'
    figure, _ = measured(
        tmp_path, authority,
        lambda desk: peers.Call(["/bin/sh", "-c", copy, str(mark)],
                                stdin=desk.write("options", "options\n")),
        lambda: int(mark.exists()))
    assert figure
    assert mark.read_bytes() == b"options\n" + letters.of_size(letters.SMALL)


def test_memory_and_calls(tmp_path, authority):
    if not all(map(shutil.which, meters.TOOLS)):
        pytest.skip(f"not installed: one of {', '.join(meters.TOOLS)}")
    peer = peers.Peer("peer", "", lambda desk: peers.Call(
        ["/bin/sh", "-c", "cat >/dev/null & wait; cat >/dev/null"]))
    made = bench_of(tmp_path, authority, [peer], peer="/bin/sh")
    sender, = made.senders(table(), None)
    sender.prepare()
    calls, opened = sender.calls(letters.SMALL)
    assert calls > 20 and opened == 1       # libc
    assert 500 < sender.memory(letters.SMALL) < 50_000
    assert sender.instructions(letters.SMALL) > 100_000


def test_a_package_that_cannot_be_had_is_told(tmp_path, authority):
    peer = peers.Peer("peer", "no/such/program-of-any-package", None)
    made = bench_of(tmp_path, authority, [peer])
    found = table()
    assert made.senders(found, None) == []
    assert found.notes == ["peer: not measured: no/such/program-of-any-package"
                           " is not installed"]


def test_a_room_hides_what_is_written():
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(room.Room())
        except room.Unavailable as reason:
            pytest.skip(str(reason))
        made.write("/etc/postrider-bench/file", "text", 0o600)
        shown = subprocess.run(
            made.command(["cat", "/etc/postrider-bench/file"]),
            capture_output=True, check=True).stdout
        assert shown == b"text"
        assert not Path("/etc/postrider-bench").exists()
        with pytest.raises(room.Unavailable):
            made.write("/etc/../usr/local/file", "text")
