"""The runs in which something is made to fail.

A scenario is what stands in the spool before, the call, and how the relay
behaves during it. Afterwards the relay takes everything but what is for
refused@.
"""

import dataclasses
import shutil

import box
from emulator.policy import Fault

ONE = box.RCPTS[:1]
ALL = box.RCPTS
REFUSED = box.RCPTS[2]

REFUSAL = dict(stage="rcpt", reply="550 5.1.1 no such user",
               match=REFUSED.encode())


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    rcpts: tuple = ONE
    is_run: bool = False        # of the queue, with one message that waits
    settings: tuple = ()
    faults: tuple = ()          # during the call
    listens: bool = True        # somebody does
    is_over: bool = False       # at the account that takes over
    age: int = 0                # seconds that the message has waited longer
    unknown: bool = False       # the message that waits may have arrived
    body: str = "body\n"
    always: str = ""            # a call that always fails, as strace has it

    def __str__(self):
        return self.name


BUSY = dict(stage="body-end", reply="451 4.3.0 try again")
LOST = dict(stage="body-end", close="before", deliver=True)
# The report about it is taken.
NEVER = dict(stage="body-end", reply="554 5.6.0 no", times=1)

# A file system that moves no name without replacing one, such as NFS.
PLAIN = "renameat2:error=EINVAL"

ENQUEUE = [
    Scenario("always"),
    Scenario("always-one-refused", ALL),
    Scenario("always-large", body="0123456789\n" * 20000),
    Scenario("always-busy", faults=(BUSY,)),
    Scenario("always-lost-reply", faults=(LOST,)),
    Scenario("always-never", faults=(NEVER,)),
    Scenario("always-nobody-listens", listens=False),
    Scenario("on-failure-nobody-listens", listens=False,
             settings=(("queue", "on_failure"),)),
    Scenario("on-failure-one-busy", ALL, settings=(("queue", "on_failure"),),
             faults=(dict(stage="rcpt", reply="451 4.3.0 later",
                          match=b"two@"),)),
    Scenario("always-over", listens=False, is_over=True),
    Scenario("always-plain", always=PLAIN),
    Scenario("on-failure-plain", listens=False, always=PLAIN,
             settings=(("queue", "on_failure"),)),
]

RUN = [
    Scenario("run", is_run=True),
    Scenario("run-one-refused", ALL, is_run=True),
    Scenario("run-again-unknown", is_run=True, unknown=True),
    Scenario("run-busy", is_run=True, faults=(BUSY,)),
    Scenario("run-lost-reply", is_run=True, faults=(LOST,)),
    Scenario("run-hold", is_run=True, faults=(LOST,),
             settings=(("queue_unknown", "hold"),)),
    Scenario("run-never", is_run=True, faults=(NEVER,)),
    Scenario("run-expired", is_run=True, age=10 ** 7),
    Scenario("run-nobody-listens", is_run=True, listens=False),
    Scenario("run-over", ALL, is_run=True, listens=False, is_over=True),
    Scenario("run-over-lost-reply", is_run=True, listens=False, is_over=True,
             faults=(LOST,)),
    Scenario("run-hold-plain", is_run=True, faults=(LOST,), always=PLAIN,
             settings=(("queue_unknown", "hold"),)),
    Scenario("run-expired-plain", is_run=True, age=10 ** 7, always=PLAIN),
]


class Stage:
    """A scenario that can be played again and again."""

    def __init__(self, made, scenario):
        self.box = made
        self.scenario = scenario
        self.text = box.message(scenario.rcpts, scenario.body)
        self.args = ("-q",) if scenario.is_run else ("-t",)
        self.template = made.program.home / "template"
        self.closed = box.closed_port()
        self.mark = 0
        if scenario.is_run:
            self._prepare()

    def _settings(self, listens, is_over=False):
        port = self.box.relay.port if listens else self.closed
        self.box.configure(**{"port": port, **dict(self.scenario.settings)})
        if is_over:
            self.box.configure_over(port, self.box.relay.port,
                                    **dict(self.scenario.settings))

    def _prepare(self):
        """One message waits; it has been tried once."""
        made = self.box
        shutil.rmtree(self.template, ignore_errors=True)
        self._settings(self.scenario.unknown)
        if self.scenario.unknown:
            made.relay.faults.add(Fault(**LOST, times=1))
        ended = made.send(self.text)
        assert ended.code == 0, ended
        assert len(made.spool.waiting()) == 1
        made.spool.make_due()
        if self.scenario.age:
            made.spool.make_older(self.scenario.age)
        shutil.copytree(made.spool.path, self.template)

    def set_up(self):
        """As it is before the call."""
        made = self.box
        made.relay.faults.clear()
        for fault in (*self.scenario.faults, REFUSAL):
            made.relay.faults.add(Fault(**fault))
        self._settings(self.scenario.listens, self.scenario.is_over)
        if self.scenario.is_run:
            made.spool.fill_from(self.template)
        else:
            made.spool.wipe()
        self.mark = made.mark()

    @property
    def stdin(self):
        return b"" if self.scenario.is_run else self.text

    def trace(self):
        self.set_up()
        ended, points = self.box.trace(self.args, self.stdin,
                                       always=self.scenario.always)
        assert points, ended
        return ended, points

    def play(self, point, what, on=""):
        self.set_up()
        return self.box.run_with(self.args, point, what, self.stdin, on=on,
                                 always=self.scenario.always)

    def delivered(self):
        return self.box.delivered(self.mark)

    def finish(self):
        """The relay is well again and the queue runs to its end."""
        made = self.box
        made.relay.faults.clear()
        made.relay.faults.add(Fault(**REFUSAL))
        self._settings(True, self.scenario.is_over)
        return made.run_to_the_end()
