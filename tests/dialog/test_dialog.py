"""Every *.dialog file, in every order and cut at every line."""

from pathlib import Path

import pytest

from dialog import script, variants
from dialog.play import explain, judge, run_dialogue

FILES = sorted(Path(__file__).parent.glob("*.dialog"))


def orders(dialogue):
    """(name, steps) of the orders in which the file is played."""
    yield "plain", dialogue.steps
    if "pipelined" in dialogue.modes:
        yield "pipelined", variants.pipelined(dialogue.steps)


def cases():
    for path in FILES:
        dialogue = script.load(path)
        for name, steps in orders(dialogue):
            yield pytest.param(dialogue, steps, {}, None, None,
                               id=f"{path.stem}:{name}")
            if "bytes" in dialogue.modes:
                yield pytest.param(dialogue, steps, {"slow": True}, None,
                                   None, id=f"{path.stem}:{name}-bytes")
            if "cut" not in dialogue.modes:
                continue
            for number, (cut, exits, outcomes) in enumerate(
                    variants.cuts(steps)):
                line = number // len(variants.CUTS) + 1
                how = str(cut).replace(" ", "-")
                yield pytest.param(
                    dialogue, steps, {"cut": cut}, exits, outcomes,
                    id=f"{path.stem}:{name}-line{line}-{how}")


@pytest.mark.parametrize("dialogue, steps, how, exits, outcomes", cases())
def test_dialog(dialogue, steps, how, exits, outcomes, program, authority):
    result, report = run_dialogue(dialogue, steps, program, authority, **how)
    problems = judge(dialogue, result, report, exits, outcomes)
    assert not problems, explain(problems, result, report)
