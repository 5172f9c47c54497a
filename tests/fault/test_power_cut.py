"""Every state that a power cut may leave, and what becomes of the mail.

The model stands in power_cut.py. Promised is what store_add() has answered
for: everything behind the sync of new/ after the rename. The final dot, when
the run got so far, is known to the relay and must be known to the file.
"""

import inject
import power_cut
import pytest
import scenario
import spool

SEED = 20241

SCENES = [scene for scene in scenario.ENQUEUE + scenario.RUN
          if scene.name in (
              "always", "always-one-refused", "always-nobody-listens",
              "on-failure-nobody-listens", "run", "run-one-refused",
              "run-busy", "run-lost-reply", "run-hold", "run-never",
              "run-expired", "always-plain",
              "on-failure-plain", "run-hold-plain", "run-expired-plain",
              "always-over", "run-over", "run-over-lost-reply")]


def read_state(path):
    """What is on the disk now, with paths from the spool's parent."""
    root = path.parent
    if not path.exists():
        return power_cut.State({""})
    return power_cut.State(
        {"", path.name, *(f"{path.name}/{place}" for place in spool.PLACES)},
        {str(one.relative_to(root)): one.read_bytes()
         for one in path.rglob("*") if one.is_file()})


def set_up(state, path):
    root = path.parent
    for one in sorted(state.folders - {""}):
        (root / one).mkdir(mode=0o700)
    made = {}
    for name, data in state.files.items():
        if (inode := state.inodes.get(name, name)) in made:
            (root / name).hardlink_to(made[inode])
            continue
        made[inode] = root / name
        (root / name).write_bytes(data)
        (root / name).chmod(0o600)


def promised_from(found):
    """Index of the first cut at which the message must survive."""
    for index, step in enumerate(found):
        if step.kind in ("rename", "link") and "/new/" in step.to:
            return int(step.safe_at) + 1
    return len(found) + 1


class Check:
    def __init__(self, stage, before, found):
        self.stage = stage
        self.scene = stage.scenario
        self.is_dotted = [i for i, s in enumerate(found) if s.kind == "dot"]
        self.is_told = "never" in stage.scenario.name \
            or stage.scenario.age > 0
        self.promised = 0 if self.scene.is_run else promised_from(found)
        self.reference = None
        self.before = before

    def letters(self, state):
        """Of the original message; None when it is not there."""
        for name, data in state.files.items():
            if "/new/" in name or "/hold/" in name:
                letters = spool.check(data)     # half a file: Damaged
                if b"\nreport yes\n" not in data:
                    return letters
        return None

    def wrong(self, index, state):
        try:
            letters = self.letters(state)
        except spool.Damaged as reason:
            # Its head and body never change once it has its name.
            yield f"a damaged file in new: {reason}"
            return
        scene = self.scene
        if not letters and ("queue_unknown", "hold") in scene.settings:
            yield "what somebody must decide on is gone"
        made = self.stage.box
        set_up(state, made.spool.path)
        mark = made.mark()
        codes = self.stage.finish()
        got = made.delivered(mark)
        has_dot = any(i < index for i in self.is_dotted) \
            and scene.name != "run-busy" and not self.is_told
        # The report is the last that the run has sent.
        is_told = self.is_told and index > self.is_dotted[-1]
        for place, rcpt in enumerate(scene.rcpts):
            letter = letters[place] if letters else "-"
            copies = got.of(rcpt) + (
                has_dot and rcpt != scenario.REFUSED)
            if rcpt == scenario.REFUSED:
                if got.of(rcpt):
                    yield "the refused one got it"
                continue
            if copies > 1 and letter != "U":
                yield f"{rcpt}: {copies} copies, letter {letter}"
            if index >= self.promised and not copies and \
                    not got.reports and not is_told and not made.spool.files("hold"):
                yield f"{rcpt}: lost, letter {letter}"
        if made.spool.files("failed"):
            yield "a sound message was put into failed"
        if made.spool.files("new"):
            yield f"the queue does not end: {codes}"
        yield from self.halves(mark)

    def halves(self, mark):
        for one in self.stage.box.relay.messages[mark:]:
            if b"multipart/report" in one.content:
                if not one.content.rstrip().endswith(b"--"):
                    yield "half a report was sent"
            elif not one.content.endswith(
                    self.scene.body.replace("\n", "\r\n").encode()):
                yield "half a message was sent"


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_power_cut(box, scene, record_property):
    inject.need()
    stage = scenario.Stage(box, scene)
    stage.set_up()
    path = box.spool.path
    before = read_state(path)
    _, lines = power_cut.record(
        box.command(*stage.args), stage.stdin, box.program.environment(),
        box.program.home, scene.always)
    found = power_cut.steps(lines, str(path.parent))
    assert any(step.kind == "sync" for step in found)
    check = Check(stage, before, found)
    wrong = []
    every = list(power_cut.states(before, found, SEED))
    for index, state in every:
        box.spool.wipe()
        wrong += [f"cut before {found[index:index + 1]}: {words}"[:400]
                  for words in check.wrong(index, state)]
    record_property("states", len(every))
    print(f"{scene}: {len(found)} steps, {len(every)} states, seed {SEED}")
    assert len(every) > 5
    assert not wrong, "\n".join(sorted(set(wrong)))
