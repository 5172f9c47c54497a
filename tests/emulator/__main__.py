"""Entry for `/usr/bin/python3 tests/emulator ...`.

Run as a directory, Python puts this folder on the module path and knows no
package; the parent folder has to stand there for the relative imports.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from emulator.cli import main
    sys.exit(main())
