"""A script in its other orders and with its cuts.

What must come out of a script that is cut is decided here, by one rule, and
not file by file: before the final dot the message was not sent; from the dot
to its complete reply nobody knows; after that nothing changes.
"""

import dataclasses

from dialog.script import LAST, Step

HELLO = ("EHLO", "LHLO")

LOST_BEFORE_DOT = ((75,), ("NOT-SENT",))
LOST_AFTER_DOT = ((75,), ("UNKNOWN",))

# How a reply line is cut: how the connection ends, and how much of the line
# is sent before.
CUTS = (("close", "nothing"), ("rst", "nothing"),
        ("close", "half"), ("rst", "all but LF"))


@dataclasses.dataclass(frozen=True)
class Cut:
    step: int        # index of the S step
    how: str
    part: str

    def __str__(self):
        return f"{self.how} after {self.part}"

    def sent(self, payload):
        """What of the line still goes out."""
        return payload[:{"nothing": 0, "half": len(payload) // 2,
                         "all but LF": len(payload) - 1}[self.part]]


def is_last_line(step):
    """Does this S step end a reply?"""
    return step.payload[3:4] != b"-"


def _offer_pipelining(steps):
    """The same script, PIPELINING added to every reply to EHLO."""
    out, first = [], None
    for step in steps:
        if step.kind == "C":
            first = len(out) + 1 if step.text.startswith(HELLO) else None
        if step.kind == "S" and first is not None and is_last_line(step):
            if len(out) > first or not step.text.startswith("250"):
                more = Step("S", "250-PIPELINING", step.line)
                out += [more, step] if step.text[:3] == "250" else [step]
            else:
                out += [Step("S", "250-" + step.text[4:], step.line),
                        Step("S", "250 PIPELINING", step.line)]
            first = None
            continue
        out.append(step)
    return out


def pipelined(steps):
    """The script as it goes with a server that offers PIPELINING: MAIL, RCPT
    and DATA come in one flight, and then their replies go out in order.

    A script may stop at a refusal.  The client could not know, so the rest
    of its flight is taken by `flight-rest` and answered by `flight-replies`.
    """
    steps = _offer_pipelining(steps)
    start = next((i for i, s in enumerate(steps)
                  if s.kind == "C" and s.text.startswith("MAIL ")), None)
    if start is None:
        return steps
    end, sends, replies = start, [], []
    for step in steps[start:]:
        verb = step.text.partition(" ")[0]
        if step.kind == "C" and verb in ("MAIL", "RCPT", "DATA"):
            sends.append(step)
        elif step.kind == "S":
            replies.append(step)
        else:
            break
        end += 1
    if sends[-1].text != "DATA":
        sends.append(Step("flight-rest"))
        if end == len(steps) or steps[end].kind not in ("close", "rst"):
            replies.append(Step("flight-replies"))
    return steps[:start] + sends + replies + steps[end:]


def _answered(steps, dot):
    """The S step that ends the replies to the dot; LMTP has several."""
    replies = 1
    if any(s.kind == "C" and s.text.startswith("LHLO") for s in steps):
        after = steps[dot + 1:]
        run = next((i for i, s in enumerate(after) if s.kind != "S"),
                   len(after))
        replies = sum(map(is_last_line, after[:run]))
    ends = [i for i in range(dot, len(steps))
            if steps[i].kind == "S" and is_last_line(steps[i])]
    return ends[replies - 1] if 0 < replies <= len(ends) else len(steps)


def cuts(steps):
    """(cut, expected exits, expected outcomes) for every reply line; None for
    both when the cut must not change what comes out."""
    dot = next((i for i, s in enumerate(steps)
                if s.kind == "DATA" and s.text == "."), None)
    answered = len(steps)
    if dot is not None:
        answered = _answered(steps, dot)
    for index, step in enumerate(steps):
        if step.kind != "S":
            continue
        if index > answered:
            expected = (None, None)
        elif dot is not None and index > dot:
            expected = LOST_AFTER_DOT
        else:
            expected = LOST_BEFORE_DOT
        for how, part in CUTS:
            yield (Cut(index, how, part), *expected)


def ends_itself(steps):
    """Does the script say how the connection ends?"""
    return bool(steps) and steps[-1].kind in LAST
