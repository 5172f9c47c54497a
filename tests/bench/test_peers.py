"""Every peer of the benchmark delivers to every server, or says why not."""

import contextlib

import pytest

import bench
import letters
import peers
import room
import servers
from certs import Authority
from figures import OURS, Table
from real.packages import Unavailable

PEERS = {peer.name: peer for peer in peers.PEERS}


@pytest.fixture(scope="module")
def place(binary, tmp_path_factory):
    """A Bench with all peers."""
    directory = tmp_path_factory.mktemp("bench")
    directory.chmod(0o755)
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(room.Room())
        except Unavailable as reason:
            made = room.NoRoom(str(reason))
        yield bench.Bench(directory, made, Authority(directory / "authority"),
                          peers.PEERS, {OURS: str(binary)}, print, False)


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request, place):
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(
                servers.open_server(request.param, place.certificate))
        except Unavailable as reason:
            pytest.skip(f"no {request.param}: {reason}")


@pytest.mark.parametrize("mode", servers.MODES)
@pytest.mark.parametrize("name", PEERS)
def test_it_delivers(place, server, name, mode):
    if name in place.lacking:
        pytest.skip(place.lacking[name])
    if name == peers.BARE and mode != "implicit":
        pytest.skip("it knows TLS from the start only")
    if isinstance(place.room, room.NoRoom) and name in (
            "dma", "opensmtpd", "s-nail"):
        pytest.skip("it needs a mount namespace")
    table = Table("t", "t", [])
    sender, = [one for one in place.senders(table, server, mode)
               if one.peer is PEERS[name]]
    taken, connections = server.taken(), server.connections()
    wall, cpu = place.measure(table, sender, sender.times,
                              letters.SMALL) or (None, None)
    assert table.notes == []
    assert wall > 0 and cpu > 0
    assert server.taken() == taken + 1
    assert server.connections() > connections
