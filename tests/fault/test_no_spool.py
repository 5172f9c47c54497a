"""A spool that cannot be written, or not be used at all.

`queue always` refuses with one line and 75, and nothing is sent; `on_failure`
sends, and when that fails says that nothing was kept; whoever looks into the
spool, or runs it, gets the same code and a line.
"""

import os

import box as boxes
import inject
import pytest
from emulator.policy import Fault
from small_disk import ProgramOn, SmallDisk

LOOKS = (["-q"], ["-bp"], ["-bP"], ["--queue-json"],
         ["--queue-show=70000000000000000000"],
         ["--queue-drop=70000000000000000000"])


def not_a_directory(path):
    path.write_text("a file\n")


def no_parent(path):
    path.parent.rmdir()


def link(path):
    other = path.parent / "other"
    other.mkdir(mode=0o700)
    path.symlink_to(other)


def open_to_others(path):
    path.mkdir()
    path.chmod(0o750)


def of_another(path):
    path.mkdir(mode=0o700)
    os.chown(path, 12345, 12345)


def place_is_a_file(path):
    path.mkdir(mode=0o700)
    (path / "new").write_text("")


CAUSES = {
    "not a directory": (not_a_directory, b"Not a directory"),
    "no parent": (no_parent, b"No such file or directory"),
    "a link": (link, b"Not a directory"),
    "open to others": (open_to_others, b"mode 0700"),
    "a file in it": (place_is_a_file, b"Not a directory"),
}
if os.geteuid() == 0:
    CAUSES["of another"] = (of_another, b"must belong to the user")


def check_refused(box, ended, words):
    """Nothing is sent and nothing kept; one line says why."""
    assert ended.code == 75, ended
    assert ended.err.count(b"\n") == 1 and words in ended.err, ended
    assert str(box.where).encode() in ended.err
    assert not box.relay.messages


def check_both_ways(box, words, send):
    """Of `always` and `on_failure`; send() makes a call that meets trouble."""
    closed = boxes.closed_port()
    box.configure(spool=box.where)
    check_refused(box, send(), words)
    box.configure(spool=box.where, queue="on_failure", port=closed)
    ended = send()
    assert ended.code == 75, ended
    assert ended.err.count(b"\n") == 2
    assert ended.err.count(b"nothing is kept for later: the spool") == 1
    assert words in ended.err and b"Connection refused" in ended.err
    box.configure(spool=box.where, queue="on_failure")
    ended = send()
    assert (ended.code, ended.err) == (0, b"")
    assert len(box.relay.messages) == 1
    # What is refused for good would not have been kept anyway.
    box.relay.faults.add(Fault("mail", reply="550 5.6.0 no", times=1))
    ended = send()
    assert ended.code == 69 and b"kept" not in ended.err
    # The kind of failure is that of the try.
    box.relay.faults.add(Fault("mail", reply="530 5.7.1 log in", times=1))
    ended = send()
    assert ended.code == 77 and b"nothing is kept" in ended.err


@pytest.mark.parametrize("cause", CAUSES)
def test_spool_of_no_use(box, cause):
    make, words = CAUSES[cause]
    folder = box.program.home / "folder"
    folder.mkdir(mode=0o700)
    box.where = folder / "spool"
    make(box.where)
    check_both_ways(box, words, box.send)
    for args in LOOKS:
        ended = box.program.run(box.command(*args)[1:])
        if cause == "no parent":
            # Nothing was ever queued.
            assert ended.code == (66 if "=" in args[0] else 0), args
            continue
        assert ended.code == 75, (args, ended)
        assert ended.err.count(b"\n") == 1 and words in ended.err
        assert not ended.out


@pytest.mark.parametrize("error, words", [
    ("EROFS", b"Read-only file system"), ("EACCES", b"Permission denied"),
    ("ENOSPC", b"No space left"), ("EDQUOT", b"Disk quota exceeded"),
    ("EIO", b"Input/output error")])
@pytest.mark.parametrize("call", ["mkdirat", "openat", "pwrite64", "fsync",
                                  "renameat2"])
def test_what_the_disk_says(box, call, error, words):
    """From the first call that changes something to the last."""
    inject.need()
    box.where = box.spool.path
    box.configure(port=boxes.closed_port())
    if call != "mkdirat":
        assert box.send().code == 0     # the directories are there
        box.spool.files("new")[0].unlink()
    _, points = box.trace(("-t",), boxes.message())
    point = next(p for p in inject.since(points, str(box.where))
                 if p.name == call and (call != "openat" or "O_CREAT" in p.text))
    for path in box.spool.files("new"):
        path.unlink()
    if call == "mkdirat":
        box.spool.wipe()
    check_both_ways(box, words, lambda: box.run_with(
        ("-t",), point, f"error={error}", boxes.message(),
        on="" if call == "openat" else "+"))     # the log is opened later
    assert not box.spool.files("tmp", "new", "failed")


def test_read_only_file_system(program, home):
    """Mounted anew while mail waits on it: it is listed all the same."""
    with SmallDisk(home / "disk", 512) as disk, \
            boxes.Box(ProgramOn(program, disk)) as box:
        box.program.home = program.home
        box.where = disk.point / "spool"
        box.configure(spool=box.where, port=boxes.closed_port())
        assert box.send().code == 0
        waiting, = (disk.seen / "spool" / "new").iterdir()
        disk.make_read_only()
        check_both_ways(box, b"Read-only file system", box.send)
        box.configure(spool=box.where)
        mark = box.mark()
        ended = box.run()
        assert ended.code == 75 and ended.err.count(b"\n") == 1, ended
        assert not box.delivered(mark).counts
        listed = box.program.run(box.command("-bp")[1:])
        assert listed.code == 0 and waiting.name.encode() in listed.out
