"""What a power cut may leave of a spool.

The model. A run of the program is a sequence of steps on files, taken from
strace. A step is either of a name (mkdir, create, rename, link, unlink: atomic) or
of data: a write, cut into sectors of 512 octets, each of which reaches the
disk or not. A step is safe once an fsync that covers it came after it: of the
file for its data, of the directory for a name in it (of both directories for
a rename, of which either will do, since a journal keeps it whole). Of the
steps that are not safe at the moment of the cut any subset may have reached
the disk, in any order; a sector that did not is as it was before, or zeros in
a part of the file that is new.

That allows more than any usual file system does: ext4 keeps the order of
names, for example. Steps of two fsyncs that both are safe can never be undone.
When 2^n subsets are too many, all prefixes (an ordered journal), all that lack
one step or have just one, and random ones are taken.
"""

import dataclasses
import itertools
import random
import re
import subprocess
import tempfile

import inject

SECTOR = 512
EXHAUSTIVE = 10     # up to so many unsafe steps all subsets are built
RANDOM = 60         # else so many random ones at each cut


@dataclasses.dataclass
class Step:
    kind: str               # mkdir, create, rename, link, unlink, data, sync,
                            # dot
    path: str = ""
    to: str = ""
    at: int = 0
    data: bytes = b""
    safe_at: float = float("inf")   # index of the sync that makes it safe


def unescape(text):
    return re.sub(rb"\\x([0-9a-f]{2})",
                  lambda m: bytes([int(m[1], 16)]), text)


def record(command, stdin, env, cwd, always=""):
    """(exit code, strace's lines) of a run."""
    with tempfile.NamedTemporaryFile(prefix="trace-") as log:
        done = subprocess.run(
            ["strace", "-y", "-xx", "-s", "4000000", "-o", log.name, "-e",
             "trace=mkdirat,openat,pwrite64,write,sendto,sendmsg,fsync,"
             "fdatasync,renameat2,linkat,unlinkat,ftruncate",
             *inject.on_top(always), *map(str, command)],
            input=stdin, env=env, cwd=cwd, capture_output=True, check=False,
            timeout=inject.PATIENCE)
        return done.returncode, log.read().splitlines()


CALL = re.compile(rb"(\w+)\((.*)\) += (-?\d+)", re.S)


def path_of(descriptor):
    return unescape(re.search(rb"<(.*?)(?: \(deleted\))?>(?:\(deleted\))?$",
                              descriptor)[1]).decode()


def strings(arguments):
    return [unescape(s) for s in re.findall(rb'"([^"]*)"', arguments)]


def _steps_of(name, arguments, inside):
    parts = arguments.split(b", ")
    if name in (b"write", b"sendto", b"sendmsg"):
        said = strings(arguments)
        if b"<socket:" in unescape(parts[0]) and said and \
                b"\r\n.\r\n" in said[0]:
            yield Step("dot")
        return
    if name in (b"fsync", b"fdatasync"):
        yield Step("sync", inside(path_of(parts[0])))
        return
    if name == b"pwrite64":
        data, = strings(arguments)
        at = int(parts[-1])
        path = inside(path_of(parts[0]))
        while data:
            n = SECTOR - at % SECTOR
            yield Step("data", path, at=at, data=data[:n])
            data, at = data[n:], at + n
        return
    if name == b"openat" and b"O_CREAT" not in arguments:
        return
    said = [s.decode() for s in strings(arguments)]
    where = [path_of(part) for part in parts if re.search(rb"<.*>$", part)]
    paths = [inside(one if one.startswith("/") else f"{folder}/{one}")
             for folder, one in zip(where, said)]
    if name in (b"renameat2", b"linkat"):
        yield Step(name.removesuffix(b"at2").removesuffix(b"at").decode(),
                   *paths)
    else:
        yield Step({b"mkdirat": "mkdir", b"openat": "create",
                    b"unlinkat": "unlink"}[name], paths[0])


def steps(lines, root):
    """The steps below `root`, whose own paths begin there; and the dots."""
    def inside(path):
        return path.removeprefix(root).strip("/") if path.startswith(
            root) else None
    found = []
    for line in lines:
        call = CALL.match(line)
        if call and int(call[3]) >= 0:
            found += [s for s in _steps_of(call[1], call[2], inside)
                      if s.kind == "dot" or s.path is not None]
    _note_safety(found)
    return found


def folder(path):
    return path.rpartition("/")[0]


def _folders(step):
    """Of which each is enough, when it is synced."""
    if step.kind == "link":
        return {folder(step.to)}
    return {folder(step.path), folder(step.to or step.path)}


def _note_safety(found):
    names = {}      # a file's names change, its data stay with it
    for index, sync in enumerate(found):
        if sync.kind in ("rename", "link"):
            names[sync.to] = names.get(sync.path, sync.path)
        if sync.kind != "sync":
            continue
        same = {sync.path, names.get(sync.path, sync.path)}
        for step in found[:index]:
            covers = (step.path in same if step.kind == "data" else
                      sync.path in _folders(step))
            if step.kind not in ("sync", "dot") and covers:
                step.safe_at = min(step.safe_at, index)


class State:
    """Directories and files, as a disk has them."""

    def __init__(self, folders=(), files=(), inodes=()):
        self.folders = set(folders)
        self.files = dict(files)        # path -> bytes
        self.inodes = dict(inodes)      # path -> which file that is

    @property
    def key(self):
        return (frozenset(self.folders), frozenset(self.files.items()))


def build(before, chosen):
    """`before` and what of the steps has reached the disk, in their order."""
    folders = set(before.folders)
    entries = {path: before.inodes.get(path, path) for path in before.files}
    inodes = {entries[path]: bytearray(data)
              for path, data in before.files.items()}
    for step in chosen:
        if step.kind == "mkdir":
            folders.add(step.path)
        elif step.kind == "create":
            entries[step.path] = step.path
            inodes.setdefault(step.path, bytearray())
        elif step.kind == "unlink":
            entries.pop(step.path, None)
        elif step.kind == "rename":
            # The name reaches the disk with whatever of the file is there.
            inode = entries.pop(step.path, step.path)
            inodes.setdefault(inode, bytearray())
            entries[step.to] = inode
        elif step.kind == "link":
            entries[step.to] = entries.get(step.path, step.path)
            inodes.setdefault(entries[step.to], bytearray())
        elif step.kind == "data":
            # By the name it had when it was created.
            inode = entries.get(step.path, step.path)
            room = inodes.setdefault(inode, bytearray())
            end = step.at + len(step.data)
            room.extend(bytes(max(0, end - len(room))))
            room[step.at:end] = step.data
    files = {path: bytes(inodes[inode]) for path, inode in entries.items()
             if folder(path) in folders}
    return State({one for one in folders
                  if one == "" or folder(one) in folders}, files,
                 {path: entries[path] for path in files})


def subsets(unsafe, rng):
    n = len(unsafe)
    if n <= EXHAUSTIVE:
        for size in range(n + 1):
            yield from itertools.combinations(unsafe, size)
        return
    for size in range(n + 1):
        yield tuple(unsafe[:size])
    for one in unsafe:
        yield (one,)
        yield tuple(s for s in unsafe if s is not one)
    for _ in range(RANDOM):
        share = rng.random()
        yield tuple(s for s in unsafe if rng.random() < share)


def states(before, found, seed):
    """(index of the cut, State), each state once for each stretch of steps.

    A cut at `index` is one after the steps before it.
    """
    rng = random.Random(seed)
    seen = set()
    stretch = 0
    for index in range(len(found) + 1):
        if index and found[index - 1].kind in ("sync", "dot"):
            stretch += 1
        past = [s for s in found[:index] if s.kind not in ("sync", "dot")]
        unsafe = [s for s in past if s.safe_at >= index]
        for chosen in subsets(unsafe, rng):
            kept = {id(s) for s in chosen}
            state = build(before, [s for s in past if s.safe_at < index
                                   or id(s) in kept])
            if (stretch, state.key) not in seen:
                seen.add((stretch, state.key))
                yield index, state
