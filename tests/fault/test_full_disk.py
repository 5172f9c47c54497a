"""A disk that is full at every point: so many pages are free, and no more."""

import box
import pytest
from emulator.policy import Fault
from small_disk import ProgramOn, SmallDisk
from spool import Spool

PAGES = 512
# 5 pages of message, one for the first page of the file.
BODY = "0123456789\n" * 1800
ENOUGH = 9


@pytest.fixture
def disk(home):
    with SmallDisk(home / "disk", PAGES) as made:
        yield made


@pytest.fixture
def full(program, disk):
    """A box whose spool is on the disk."""
    with box.Box(ProgramOn(program, disk)) as made:
        made.program.home = program.home
        made.spool = Spool(disk.seen / "spool")
        made.where = disk.point / "spool"
        yield made


def configure(full, **settings):
    full.configure(**{"spool": full.where, **settings})


@pytest.mark.parametrize("when, listens", [
    ("always", True), ("always", False), ("on_failure", False)])
def test_submission(full, disk, when, listens):
    """Either it is kept, or the caller is told: never both, never neither."""
    closed = box.closed_port()
    taken = refused = 0
    for pages in range(ENOUGH + 1):
        configure(full, queue=when,
                  port=full.relay.port if listens else closed)
        full.spool.wipe()
        mark = full.mark()
        assert disk.fill(pages)
        ended = full.send(box.message(body=BODY))
        waiting = full.spool.waiting()
        now = full.delivered(mark).of(box.RCPTS[0])
        assert not full.spool.files("tmp", "failed"), pages
        if ended.code == 0:
            taken += 1
            assert len(waiting) + now == 1, pages
        else:
            refused += 1
            assert ended.err and not waiting and not now, pages
        disk.free()
        configure(full, queue=when)
        full.run_to_the_end()
        assert full.delivered(mark).of(box.RCPTS[0]) == \
            (1 if ended.code == 0 else 0), pages
    assert taken and refused


def test_large_message(full, disk):
    """The temporary file of a message is on the full disk, too."""
    text = box.message(body="0123456789\n" * 130000)     # 1.4 MiB
    seen = set()
    for pages in range(0, PAGES - 1, 37):
        configure(full, port=box.closed_port())
        full.spool.wipe()
        disk.fill(pages)
        ended = full.program.run(full.command("-t")[1:], text,
                                 env={"TMPDIR": str(disk.point)})
        assert len(full.spool.waiting()) == (ended.code == 0), pages
        assert not full.spool.files("tmp"), pages
        seen.add(ended.code)
        disk.free()
    assert 0 in seen and len(seen) > 1


@pytest.mark.parametrize("cause", ["expired", "refused"])
def test_report(full, disk, cause):
    """No room for the report: the message stays, and is reported later."""
    configure(full, port=box.closed_port())
    assert full.send(box.message(body=BODY)).code == 0
    late = 0
    original = full.spool.files("new")[0].read_bytes()
    for pages in range(ENOUGH):
        full.spool.wipe()
        configure(full, port=box.closed_port())
        assert full.send(box.message(body=BODY)).code == 0
        name, = full.spool.letters()
        mark = full.mark()
        if cause == "expired":
            full.spool.make_older(10 ** 7)
        else:
            configure(full)
            full.relay.faults.add(Fault(
                "body-end", reply="554 5.6.0 no", times=1))
        full.spool.make_due()
        assert disk.fill(pages)
        full.run()
        left = full.spool.letters()
        reports = [one for one in left if one != name]
        assert name in left or reports or full.delivered(mark).reports, pages
        assert not full.spool.files("tmp", "failed"), pages
        late += name in left
        disk.free()
        configure(full)
        full.run_to_the_end()
        got = full.delivered(mark)
        assert got.reports == 1 and not got.of(box.RCPTS[0]), pages
    assert original and 0 < late < ENOUGH


def test_no_more_inodes(full, disk):
    """Every name that the program makes may be one too many."""
    configure(full, port=box.closed_port())
    outcomes = []
    for left in range(8):
        full.spool.wipe()
        for path in disk.seen.glob("name*"):
            path.unlink()
        count = 0
        try:
            while True:
                (disk.seen / f"name{count}").touch()
                count += 1
        except OSError:
            pass
        for number in range(min(left, count)):
            (disk.seen / f"name{number}").unlink()
        ended = full.send()
        assert len(full.spool.waiting()) == (ended.code == 0), left
        assert not full.spool.files("tmp", "failed"), left
        outcomes.append(ended.code == 0)
    assert outcomes == sorted(outcomes) and len(set(outcomes)) == 2
