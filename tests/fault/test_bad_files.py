"""A spool in which somebody, or a disk, has left something else.

Nothing of it is ever sent, the program never crashes, it says one line for
each, and the sound message among them is sent all the same.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

import box
import inject
import procfs
import pytest
import spool
from run import PATIENCE

AT_ONCE = 40        # files of one run


@pytest.fixture
def sound(box):
    """(name, octets) of a queue file that was tried once."""
    box.configure(port=closed())
    assert box.send().code == 0
    path, = box.spool.files("new")
    box.spool.make_due()
    data = path.read_bytes()
    path.unlink()
    box.configure()
    return path.name, data


def closed():
    return box.closed_port()


def put(box, files, place="new"):
    for name, data in files.items():
        path = box.spool.path / place / name
        path.write_bytes(data)
        path.chmod(0o600)


def is_sound(data):
    """What the reader must believe, by the checks that this test knows."""
    try:
        return set(spool.check(data)) <= set("QDPU")
    except (spool.Damaged, UnicodeDecodeError):
        return False


def run_over(box, bad, data):
    """One run over the bad files and a sound one."""
    good = spool.new_name(31 ** 9)
    for path in box.spool.files():
        path.unlink()
    put(box, {**bad, good: spool.renamed(data, good)})
    mark = box.mark()
    ended = box.run()
    assert ended.code not in (70, 99) and ended.code >= 0, ended
    assert box.delivered(mark).of("one@example.net") == 1, ended.err
    assert {path.name for path in box.spool.files("failed")} == set(bad)
    assert not box.spool.files("new", "tmp", "hold")
    for name in bad:
        assert ended.err.count(f"queued message {name}: ".encode()) == 1
    return ended


def in_batches(box, changes, data):
    """Each change is one of a file; those that leave it sound are left out."""
    bad = {}
    count = 0
    for change in changes:
        name = spool.new_name(count)
        changed = change(bytearray(spool.renamed(data, name)))
        if is_sound(changed):
            continue
        bad[name] = changed
        count += 1
        if len(bad) == AT_ONCE:
            run_over(box, bad, data)
            bad = {}
    if bad:
        run_over(box, bad, data)
    return count


def test_cut_at_every_octet(box, sound):
    _, data = sound
    ends = range(len(data))
    assert in_batches(box, [lambda b, n=n: bytes(b[:n]) for n in ends],
                      data) == len(ends)


VERSION = len(b"postrider-spool ")


def flip(at, value):
    def change(data):
        data[at] ^= value
        return bytes(data)
    return change


def test_every_octet_changed(box, sound):
    """Slots and gaps aside, every octet of the file is under a checksum."""
    _, data = sound
    line = data.index(b"\n")
    places = [*range(VERSION), *range(VERSION + 1, line + 1),
              *range(spool.PAGE, len(data))]
    changes = [flip(at, 1 << bit) for at in places
               for bit in range(8)]
    assert in_batches(box, changes, data) == len(changes)


def newer(data, version=2):
    return bytes(data).replace(b"spool 1 ", b"spool %d " % version, 1)


def everything(box):
    return {path: path.read_bytes() for path in box.spool.files()}


@pytest.mark.parametrize("version", [2, 3, 10, 9999])
def test_newer_version(box, sound, version):
    """Left as it is, by whatever is done; one line tells of all of them."""
    _, data = sound
    names = [spool.new_name(number) for number in range(5)]
    put(box, {name: newer(spool.renamed(data, name), version)
              for name in names})
    put(box, {spool.new_name(7): newer(data, version)[:100]}, "hold")
    before = everything(box)
    for number in range(2):
        put(box, {spool.new_name(8): spool.renamed(data, spool.new_name(8))})
        mark = box.mark()
        ended = box.run()
        assert ended.code == 78 and ended.err.count(b"\n") == 1, ended
        assert b"newer version" in ended.err and b"4 more" in ended.err
        assert box.delivered(mark).of("one@example.net") == 1
        kept = everything(box)
        assert {p: kept.get(p) for p in before} == before
    listed = box.program.run(box.command("-bp")[1:])
    for name in names:
        assert name.encode() in listed.out
    assert listed.out.count(b"newer version") == 6
    assert b"in 6 Requests." in listed.out
    found = json.loads(box.program.run(box.command("--queue-json")[1:]).out)
    assert [one["id"] for one in found if "newer" in one["error"]] == \
        [*names, spool.new_name(7)]
    for verb in "show", "drop", "hold", "release", "retry":
        for name in (names[0], spool.new_name(7)):
            ended = box.program.run(
                box.command(f"--queue-{verb}={name}")[1:])
            refuses = not (verb, name) in (("release", names[0]),
                                           ("hold", spool.new_name(7)))
            assert (ended.code == 78) == refuses, (verb, ended)
            assert (b"newer version" in ended.err) == refuses
            assert ended.err.count(b"\n") == refuses
    # A send that goes well starts no run for their sake.
    assert box.send().code == 0
    box.spool.wait_for_runs()
    kept = everything(box)
    assert {p: kept.get(p) for p in before} == before


@pytest.mark.parametrize("value", [1 << bit for bit in range(8)])
def test_version_changed(box, sound, value):
    """A version that is damaged may look newer: then it is kept where it is."""
    name, data = sound
    put(box, {name: flip(VERSION, value)(bytearray(data))})
    is_newer = chr(ord("1") ^ value) in "23456789"
    ended = box.run()
    assert ended.code == (78 if is_newer else 65), ended
    assert len(box.spool.files("new")) == is_newer
    assert len(box.spool.files("failed")) == (not is_newer)


def test_letters_and_slots(box, sound):
    """A letter that is none, and no slot that counts."""
    _, data = sound

    def letter(value):
        def change(data):
            data[spool.LETTERS] = value
            return bytes(data)
        return change

    def slots(data):
        for at in spool.SLOTS:
            data[at] ^= 1
        return bytes(data)
    changes = [letter(v) for v in range(256) if v not in b"QDPU"][::4]
    assert in_batches(box, [*changes, slots], data) == len(changes) + 1


def test_lies(box, sound):
    """Checksums that are right over what cannot be."""
    _, data = sound

    def lie(old, new):
        return lambda data: spool.change_head(
            bytes(data), lambda head: head.replace(old, new))

    def sized(old, new):
        return lambda data: re.sub(old, new, bytes(data), count=1)
    changes = [
        lie(b"rcpt one@example.net\n", b""),
        lie(b"rcpt one@example.net\n", b"rcpt one@example.net"),
        lie(b"rcpt ", b"rcpt %0d%0aRCPT TO:<x@example.net>\nrcpt "),
        lie(b"rcpt one", b"rcpt %00one"),
        lie(b"rcpt one", b"rcpt \x00one"),
        lie(b"rcpt one", b"rcpt %zzone"),
        lie(b"account ", b"unknown "),
        lie(b"\nsender ", b"\nsender a\nsender "),
        lie(b"\ncreated ", b"\ncreated -"),
        lie(b"\nuid ", b"\nuid 99999999999"),
        sized(rb"spool 1", b"spool 0"),
        sized(rb"spool 1", b"spool 10000"),
        sized(rb"spool 1", b"spool  2"),
        sized(rb"spool 1", b"spool 2x"),
        sized(rb"rcpt=0001", b"rcpt=0000"),
        sized(rb"rcpt=0001", b"rcpt=0002"),
        sized(rb"rcpt=0001", b"rcpt=ffff"),
        sized(rb"head=[0-9a-f]{8}", b"head=ffffffff"),
        sized(rb"body=[0-9a-f]{16}", b"body=ffffffffffffffff"),
        sized(rb"body=[0-9a-f]{16}", b"body=7fffffffffffffff"),
        lambda data: b"",
        lambda data: bytes(len(data)),
    ]
    bad = {spool.new_name(i): change(bytearray(spool.renamed(data, spool.new_name(i))))
           for i, change in enumerate(changes)}
    bad[spool.new_name(99)] = spool.renamed(data, spool.new_name(98))     # of another id
    # These are sound as files; what they say must still not be sent.
    run_over(box, bad, data)


def test_what_is_no_file(box, sound, tmp_path):
    """Fifo, socket, links, directory: not opened, and the scan goes on."""
    name, data = sound
    outside = tmp_path / "outside"
    outside.write_bytes(spool.renamed(data, spool.new_name(1)))
    outside.chmod(0o600)
    new = box.spool.path / "new"
    os.symlink(outside, new / spool.new_name(1))
    os.link(outside, new / spool.new_name(2))
    os.mkfifo(new / spool.new_name(3))
    (new / spool.new_name(4)).mkdir()
    os.symlink("/nonexistent", new / spool.new_name(5))
    (new / "README").write_text("not an id\n")
    put(box, {name: data})
    mark = box.mark()
    ended = box.run()
    assert box.delivered(mark).of("one@example.net") == 1
    for number in range(1, 6):
        assert ended.err.count(spool.new_name(number).encode()) >= 1, number
    assert outside.read_bytes() == spool.renamed(data, spool.new_name(1))
    assert {p.name for p in box.spool.files("new")} <= {
        "README", *map(spool.new_name, range(1, 6))}
    # Nor are they ever sent.
    box.run()
    assert box.delivered(mark).of("one@example.net") == 1


def test_two_links(box, sound):
    """One message under two names could be sent twice."""
    name, data = sound
    put(box, {name: data})
    new = box.spool.path / "new"
    os.link(new / name, new / spool.new_name(5))
    mark = box.mark()
    ended = box.run()
    assert ended.code and ended.err
    assert box.delivered(mark).of("one@example.net") <= 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for another owner")
def test_of_another_user(box, sound):
    name, data = sound
    put(box, {name: data})
    os.chown(box.spool.path / "new" / name, 12345, 12345)
    mark = box.mark()
    ended = box.run()
    assert ended.code and name.encode() in ended.err
    assert not box.delivered(mark).counts


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_open_to_others(box, sound, mode):
    name, data = sound
    put(box, {name: data})
    box.spool.path.chmod(mode)
    mark = box.mark()
    ended = box.run()
    assert ended.code == 75 and b"0700" in ended.err
    assert not box.delivered(mark).counts


def test_swapped_between_open_and_lock(box, sound):
    """The name goes to another file before the lock is taken."""
    inject.need()
    name, data = sound
    other = spool.renamed(data, name).replace(b"one@", b"own@")
    path = box.spool.path / "new" / name
    spare = box.spool.path / "tmp" / "spare"
    put(box, {name: data})
    _, points = box.trace(("-q",))
    point = next(one for one in points if one.name == "openat"
                 and name in one.text and "O_RDWR" in one.text)
    put(box, {name: data})
    put(box, {"spare": spool.change_head(other, lambda head: head)}, "tmp")
    mark = box.mark()
    # It stops when it has the file open.
    process = subprocess.Popen(
        ["strace", "-o", "/dev/null", "-e", "trace=openat", "-e",
         f"inject=openat:signal=STOP:when={point.number}",
         *box.command("-q")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=box.program.environment(),
        cwd=box.program.home, start_new_session=True)
    try:
        wait_until(lambda: opened_by(process, path))
        spare.rename(path)
        # It may not have stopped yet, and would then for good.
        wait_until(lambda: go_on(process))
        process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    # Neither the old file, which has no name, nor half of each.
    assert not box.delivered(mark).counts
    assert path.read_bytes() == spool.change_head(other, lambda h: h)


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def opened_by(tracer, path):
    """Whether the process that it runs has the file open to write."""
    assert tracer.poll() is None
    for child in procfs.children(tracer.pid):
        with contextlib.suppress(OSError):
            for fd in os.listdir(f"/proc/{child}/fd"):
                if os.readlink(f"/proc/{child}/fd/{fd}") == str(path) and \
                        is_writable(child, fd):
                    return True
    return False


def is_writable(process, fd):
    """store_look() opens it to read only, before."""
    text = open(f"/proc/{process}/fdinfo/{fd}", encoding="ascii").read()
    return int(re.search(r"flags:\s+(\d+)", text)[1], 8) & os.O_RDWR


def go_on(tracer):
    """Whether it has come to its end."""
    for child in procfs.children(tracer.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)
    return tracer.poll() is not None


def test_locked_by_another(box, sound):
    """Somebody works on it: left alone without a word, the others go."""
    name, data = sound
    put(box, {name: data, spool.new_name(8): spool.renamed(data, spool.new_name(8))})
    path = box.spool.path / "new" / name
    holder = subprocess.Popen(["flock", str(path), "sleep", "3600"],
                              start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(["flock", "-n", str(path), "true"],
                             check=False).returncode == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        mark = box.mark()
        ended = box.run()
        assert (ended.code, ended.err) == (0, b"")
        assert box.delivered(mark).of("one@example.net") == 1
        assert [p.name for p in box.spool.files("new")] == [name]
    finally:
        os.killpg(holder.pid, 9)
        holder.wait()
