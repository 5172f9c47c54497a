"""Messages that need no mending, made by rule and the same on every run.

Each has its required fields, qualified addresses, once-only fields once, no
line above 998 octets, no NUL and no bare CR.  So whatever else it holds, it
arrives as it was written but for line ends, which become CRLF.

    for message in messages():
        message.given()      # octets for standard input
        message.wire()       # octets that must arrive
        message.people       # what -t has to find in the header
"""

from .addresses import ROWS as ADDRESSES
from .bodies import ROWS as BODIES
from .callers import ROWS as CALLERS
from .ends import ROWS as ENDS
from .fields import ROWS as FIELDS
from .folding import ROWS as FOLDING
from .message import Message
from .mime import ROWS as MIME

__all__ = ["Message", "messages"]


def messages():
    """All of them; every name occurs once."""
    rows = [*FOLDING, *ADDRESSES, *FIELDS, *BODIES, *MIME, *ENDS, *CALLERS]
    assert len({one.name for one in rows}) == len(rows)
    return rows
