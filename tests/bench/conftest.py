"""For box.py, a spool that can be filled."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "fault"))
