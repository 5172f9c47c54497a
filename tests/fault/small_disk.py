"""A small file system of its own, that can be filled to the last page.

It is a tmpfs in a mount namespace that one waiting process holds open: nothing
of it is seen outside, and it is gone when that process ends.
"""

import os
import subprocess
from pathlib import Path

import pytest
from run import PATIENCE, Program

PAGE = 4096


class SmallDisk:
    def __init__(self, point, pages):
        self.point = point
        point.mkdir()
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.enter = ["-m"] if not as_root else ["-m", "-U"]
        # The waiting process ends when its standard input does.
        self.holder = subprocess.Popen(
            ["unshare", "--mount", *as_root, "sh", "-c",
             'mount -t tmpfs -o "nr_blocks=$1,nr_inodes=64,mode=0700" none "$2" && '
             'echo ready && read -r wait', "sh", str(pages), str(point)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != b"ready\n":
            reason = self.holder.communicate()[1].decode().strip()
            pytest.skip(f"no mount namespace here: {reason[-200:]}")

    def close(self):
        self.holder.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def seen(self):
        """Where this process finds what is on it."""
        return Path(f"/proc/{self.holder.pid}/root{self.point}")

    def make_read_only(self):
        subprocess.run(
            ["nsenter", "-t", str(self.holder.pid), *self.enter, "mount", "-o",
             "remount,ro", str(self.point)], check=True)

    @property
    def filler(self):
        return self.seen / "filler"

    def free(self):
        self.filler.unlink(missing_ok=True)

    def fill(self, pages):
        """Leaves so many pages free."""
        self.free()
        block = b"x" * PAGE
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while file.write(block) == PAGE:
                    pass
            except OSError:
                pass
            size = file.seek(0, os.SEEK_CUR) // PAGE
            file.truncate(max(size - pages, 0) * PAGE)
        return size >= pages


class ProgramOn(Program):
    """The program, seeing the disk."""

    def __init__(self, program, disk):
        super().__init__("/usr/bin/nsenter", program.home)
        self.prefix = ["-t", str(disk.holder.pid), *disk.enter, program.path]

    def run(self, args, stdin=b"", env=None, limit=PATIENCE):
        return super().run([*self.prefix, *args], stdin, env, limit)
