"""Fixtures for what is made to fail."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from box import Box             # noqa: E402


@pytest.fixture
def box(program):
    """A program, a relay that takes everything, an empty spool."""
    with Box(program) as made:
        yield made
