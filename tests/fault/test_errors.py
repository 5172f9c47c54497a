"""Every file system call of a submission and of a queue run fails once.

Exit 0 if and only if the message is in the spool or the relay has it; it is
never in the spool of a caller who was told that it failed; nobody gets it
twice but what the file calls unknown; and a disk that fails for a moment makes
no message a bad one.
"""

import box as boxes
import inject
import pytest
import scenario

ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EINTR", "ENOMEM", "EMFILE")

# Short form: these many errors at each call, by turns, and in the scenarios
# that differ little from others only at one call in so many.
AT_EACH = 1
STEP = 2
WHOLE = ("always", "always-one-refused", "always-never",
         "on-failure-nobody-listens", "run", "run-expired")

FILE_CALLS = set("""
open openat creat read pread64 readv write pwrite64 writev fsync fdatasync
rename renameat renameat2 unlink unlinkat mkdir mkdirat link linkat flock fstat
newfstatat stat lstat statx statfs fstatfs lseek ftruncate fallocate getdents64
close fcntl dup
""".split())


def points_of(stage):
    """The calls on files from the moment the spool is touched."""
    _, points = stage.trace()
    late = inject.since(points, str(stage.box.spool.path))
    step = 1 if str(stage.scenario) in WHOLE else STEP
    return inject.sample([
        point for point in late
        if point.name in FILE_CALLS and not point.is_of_socket
        and not point.first.startswith(("1<", "2<"))], step)


def errors_at(place):
    """Which errors strike the call at this place."""
    every = inject.sample(ERRORS, 1) if inject.IS_LONG else [
        ERRORS[(AT_EACH * place + i) % len(ERRORS)] for i in range(AT_EACH)]
    return every


def wrong_enqueue(stage, ended, waiting, early):
    """Of the call itself."""
    rcpts = [r for r in stage.scenario.rcpts if r != scenario.REFUSED]
    has = all(early.of(r) for r in rcpts)
    # Part of it may be with the relay, the rest in the file.
    kept = any(set(letters) & set("QU") for letters in waiting)
    is_refused = scenario.REFUSED in stage.scenario.rcpts
    if ended.code < 0:
        yield f"ended by signal {-ended.code}"
    if ended.code == 0 and not has and not kept:
        yield "exit 0 and it is nowhere"
    if ended.code and not is_refused and kept:
        yield f"exit {ended.code} and it is in the spool: {waiting}"
    if ended.code and not is_refused and has and \
            b"may have" not in ended.err:
        yield f"exit {ended.code} and the relay has it"
    if ended.code and not ended.err:
        yield f"exit {ended.code} without a word"


def wrong_later(stage, ended, waiting, early):
    """Of the runs that follow."""
    codes = stage.finish()
    late = stage.delivered()
    scene = stage.scenario
    for place, rcpt in enumerate(scene.rcpts):
        letter = waiting[0][place] if waiting else "-"
        copies = late.of(rcpt)
        if rcpt == scenario.REFUSED:
            if copies:
                yield f"{rcpt} got it"
            continue
        is_flagged = letter == "U" and early.of(rcpt) or scene.unknown
        if copies > 1 and not is_flagged:
            yield f"{rcpt}: {copies} copies, letter {letter}"
        if letter in "QU" and not copies and not (
                late.reports and (scene.age or "never" in scene.name)):
            yield f"{rcpt}: lost after all, letter {letter}"
        if scene.is_run and not copies and not late.reports:
            yield f"{rcpt}: neither delivered nor reported"
    if stage.box.spool.files("failed"):
        yield "a sound message was put into failed"
    if stage.box.spool.files("new"):
        yield f"the queue does not end: {codes}"


@pytest.mark.parametrize("scene", scenario.ENQUEUE + scenario.RUN, ids=str)
def test_error(box, scene, record_property):
    inject.need()
    stage = scenario.Stage(box, scene)
    wrong = []
    runs = 0
    for place, point in enumerate(points_of(stage)):
        for error in errors_at(place):
            ended = stage.play(point, f"error={error}")
            runs += 1
            early = stage.delivered()
            waiting = sorted(letters for name, letters
                             in box.spool.letters().items()
                             if len(letters) == len(scene.rcpts)
                             and not is_report(box, name))
            words = [] if scene.is_run else list(
                wrong_enqueue(stage, ended, waiting, early))
            if ended.code < 0:
                words.append(f"ended by signal {-ended.code}")
            words += wrong_later(stage, ended, waiting, early)
            wrong += [f"{error} at {point}: {one} ({ended.err!r})"
                      for one in words]
    record_property("runs", runs)
    print(f"{scene}: {runs} runs")
    assert runs > 10
    assert not wrong, "\n".join(wrong)


def is_report(made, name):
    return any(b"\nreport yes\n" in path.read_bytes()
               for path in made.spool.files("new", "hold")
               if path.name == name)


@pytest.mark.parametrize("error", ["EINVAL", "ENOSYS", "EOPNOTSUPP"])
@pytest.mark.parametrize("links", [True, False])
def test_rename_that_may_replace(box, error, links):
    """Without RENAME_NOREPLACE a link does it; without both, nothing is kept.

    What a file system says that knows neither is one clear refusal.
    """
    inject.need()
    box.configure(port=boxes.closed_port())
    calls = [f"renameat2:error={error}"]
    if not links:
        calls.append("linkat:error=EPERM")
    ended = box.run_always(("-t",), calls, boxes.message())
    assert ended.code == (0 if links else 75), ended
    assert len(box.spool.files()) == links
    assert len(ended.err.splitlines()) == (not links)
    box.configure()
    assert box.run_to_the_end() == [0] * links
    assert len(box.relay.messages) == links
