"""What is made once for a test run, whatever the number of workers."""

import fcntl
import os
import pickle


def once(factory, name, make):
    """What make() returns, made by the first worker that asks for it.

    `factory` is tmp_path_factory; what is returned goes through a file.
    """
    folder = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent      # of all workers
    kept = folder / f"{name}.pickle"
    with open(folder / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
        return pickle.loads(kept.read_bytes())
