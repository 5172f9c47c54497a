"""SIGKILL at every system call of a submission and of a queue run.

Whatever the moment: what the caller was told is in the queue, or what a file
in new/ promises, is delivered by later runs; nobody gets it twice unless the
file said before that he may have got it; and nothing is left that the clean-up
does not find.
"""

import inject
import pytest
import scenario
import spool

# The calls before the spool is touched are those of a program that was never
# started, as far as mail is concerned.
BEFORE = 8
STEP = 3
WHOLE = ("always", "always-one-refused", "on-failure-nobody-listens", "run")


def points_of(stage):
    _, points = stage.trace()
    home = str(stage.box.spool.path)
    late = inject.since(points, home)
    assert late, "the spool was never touched"
    early = points[:len(points) - len(late)]
    step = 1 if str(stage.scenario) in WHOLE else STEP
    return ([p for p in inject.sample(early, len(early) // BEFORE or 1)
             if p.name != "execve"] + inject.sample(late, step))


class Verdict:
    """What was there when it died, and what came of it."""

    def __init__(self, stage, ended):
        self.ended = ended
        self.stage = stage
        self.rcpts = stage.scenario.rcpts
        self.early = stage.delivered()
        messages = stage.box.spool.letters()
        self.letters = dict(zip(self.rcpts, next(
            (v for k, v in messages.items() if not self.is_report(k)),
            "-" * len(self.rcpts))))
        self.is_committed = any(not self.is_report(k) for k in messages)
        self.codes = stage.finish()
        self.late = stage.delivered()
        self.held = stage.box.spool.files("hold")

    def is_report(self, name):
        return any(b"\nreport yes\n" in path.read_bytes()
                   for path in self.stage.box.spool.files()
                   if path.name == name)

    def may_fail(self):
        """Later runs have something to complain of."""
        return scenario.REFUSED in self.rcpts or self.stage.scenario.age

    def wrong(self):
        """Words for what must not be."""
        for rcpt in self.rcpts:
            yield from self.wrong_for(rcpt)
        if self.stage.box.spool.files("new", "failed"):
            yield "the queue did not run to its end"
        if any(self.codes) and not self.may_fail():
            yield f"a later run ended with {self.codes}"
        for path in self.stage.box.spool.files("tmp"):
            if not spool.ID.fullmatch(path.name) or not path.is_file():
                yield f"{path.name} would stay in tmp"

    def wrong_for(self, rcpt):
        before, after = self.early.of(rcpt), self.late.of(rcpt)
        letter = self.letters[rcpt]
        is_promised = self.ended.code == 0 or letter in "QU"
        scene = self.stage.scenario
        if rcpt == scenario.REFUSED:
            if after:
                yield f"{rcpt} got it"
            if letter in "QP" and not self.late.reports:
                yield f"nobody was told about {rcpt}"
            return
        if scene.age and not after:
            # Given up: the sender gets to know.
            if is_promised and not self.late.reports:
                yield "neither sent nor reported"
        elif is_promised and not after and not self.held and not (
                self.late.reports and scene.name == "run-never"):
            yield f"{rcpt}: lost, letter {letter}"
        known = 1 if scene.unknown else 0
        is_once = ("queue_unknown", "hold") in scene.settings
        if after > 1 and is_once:
            yield f"{rcpt}: {after} copies in spite of queue_unknown hold"
        if after > 1 and not (letter == "U" and (before or known)):
            yield f"{rcpt}: {after} copies, letter {letter}, {before} before"
        if before and letter == "Q":
            yield f"{rcpt} has it and the file does not say so"


@pytest.mark.parametrize("scene", scenario.ENQUEUE + scenario.RUN, ids=str)
def test_killed(box, scene, record_property):
    inject.need()
    stage = scenario.Stage(box, scene)
    wrong = []
    killed = 0
    points = points_of(stage)
    for point in points:
        ended = stage.play(point, inject.KILL)
        killed += ended.is_killed
        verdict = Verdict(stage, ended)
        wrong += [f"killed at {point}: {words}" for words in verdict.wrong()]
    record_property("points", len(points))
    print(f"{scene}: {len(points)} points, {killed} killed")
    assert not wrong, "\n".join(wrong)
    # Between two runs a few calls more or less are made on the network.
    assert killed > len(points) * 0.8
