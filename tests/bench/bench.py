"""Everything a measurement needs, and how peers take turns."""

import dataclasses
import os
import shutil
from pathlib import Path

import peers as programs
from letters import Letters
from meters import Failed, Sender
from peers import Desk
from real import stores
from real.packages import Unavailable
from real.wire import Wire

# Which certificates a peer is told to trust.
ONE, SYSTEM = "one", "system"


def without_bits(program, directory):
    """Valgrind runs no program that has set-id bits: a copy has none."""
    if not os.stat(program).st_mode & 0o6000:
        return program
    copy = directory / Path(program).name
    if not copy.exists():
        shutil.copyfile(program, copy)
        copy.chmod(0o755)
    return str(copy)


@dataclasses.dataclass
class Bench:
    """Peers with their programs, a room, a directory, and what is trusted."""

    directory: Path
    room: object
    authority: object
    peers: list
    given: dict             # name of a peer: path of its program
    say: object             # called with a line for whoever waits
    is_partial: bool        # peers were left out

    def __post_init__(self):
        letters = self.directory / "letters"
        letters.mkdir()
        self.letters = Letters(letters)
        self._told = ""
        self.programs = {}
        self.lacking = {}       # name of a peer: why it is not there
        self.certificate = self.authority.leaf("good", names=[
            "localhost", programs.LOOPBACK, Wire.server, programs.HOST])
        self.trust = {ONE: Path(self.authority.ca_file)}
        if stores.BUNDLE.exists():
            bundle = self.directory / "bundle.pem"
            bundle.write_bytes(stores.BUNDLE.read_bytes()
                               + self.trust[ONE].read_bytes())
            self.trust[SYSTEM] = bundle
        for peer in self.peers:
            self._find(peer)

    def _find(self, peer):
        own = self.directory / peer.name.replace(" ", "-")
        own.mkdir()
        try:
            program = self.given.get(peer.name) or peer.program(own)
        except Unavailable as reason:
            self.lacking[peer.name] = str(reason)
        else:
            self.programs[peer.name] = without_bits(program, own)

    def senders(self, table, server, mode="implicit", trust=ONE):
        """A Sender for each peer that is there; the others are told."""
        if trust not in self.trust:
            table.lack(None, f"there is no {stores.BUNDLE}")
            return []
        found = []
        for peer in self.peers:
            if peer.name in self.lacking:
                table.lack(peer.name, self.lacking[peer.name])
                continue
            own = self.directory / peer.name.replace(" ", "-")
            desk = Desk(self.programs[peer.name], own, self.room, server,
                        mode, self.trust[trust])
            found.append(Sender(peer, desk, self.letters))
        return found

    def measure(self, table, sender, meter, *arguments):
        """What the meter gives, or None when the peer has failed it: then the
        table says so."""
        server, sent = sender.desk.server, sender.sent
        taken = server.taken()
        self._tell(f"{table.key}: {sender.peer.name}")
        try:
            sender.prepare()
            found = meter(*arguments)
            if not server.wait_taken(taken + sender.sent - sent):
                raise Failed("its message did not arrive")
        except (Failed, Unavailable) as reason:
            table.lack(sender.peer.name, reason)
            return None
        return found

    def _tell(self, line):
        if line != self._told:
            self.say(line)
        self._told = line

    def about(self):
        """(peer, what is to be known of it) pairs."""
        for peer in self.peers:
            program = self.programs.get(peer.name)
            known = "; ".join(filter(None, [
                program and peer.version(program), peer.note]))
            if known:
                yield peer.name, known
