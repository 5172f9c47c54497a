"""How bytes are written in a dialogue file: escapes and placeholders.

    \\r \\n \\t \\0 \\e \\xHH \\\\ \\{ \\}     one byte each
    {N*TEXT}                         TEXT, N times
    {b64:TEXT}                       TEXT in base64
    {cram-md5:USER:PASSWORD:TEXT}    the answer to the challenge TEXT (RFC 2195)
    {port} {ca} ...                  values of the run
and, in lines that the client is to send,
    {size}     the SIZE of the message that follows (RFC 1870), checked
    {number} {date} {msgid}          any number, RFC 5322 date, message id
"""

import base64
import functools
import hmac
import re

TOKEN = re.compile(r"\\x([0-9a-fA-F]{2})|\\(.)|\{((?:\\.|[^{}\\])*)\}",
                   re.DOTALL)
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "e": b"\x1b",
           "\\": b"\\", "{": b"{", "}": b"}"}

MATCHERS = {
    "size": rb"(?P<size>[0-9]+)",
    "number": rb"[0-9]+",
    "date": rb"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3]?[0-9] "
            rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
            rb"[0-2][0-9]:[0-5][0-9]:[0-6][0-9] [+-][0-9]{4}",
    "msgid": rb"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>",
}


class NotationError(Exception):
    """The text cannot be read; str() says why."""


def _value(word, context):
    """The bytes of a placeholder that stands for fixed bytes."""
    count, star, text = word.partition("*")
    if star and count.isdigit():
        return int(count) * expand(text, context)
    name, colon, rest = word.partition(":")
    if colon and name == "b64":
        return base64.b64encode(expand(rest, context))
    if colon and name == "cram-md5":
        user, password, challenge = rest.split(":", 2)
        digest = hmac.new(expand(password), expand(challenge), "md5")
        return base64.b64encode(
            expand(user) + b" " + digest.hexdigest().encode())
    if word in context:
        return str(context[word]).encode()
    raise NotationError(f"unknown placeholder {{{word}}}")


def _tokens(text, context, matchers):
    """Yield (bytes, None) for what is fixed and (None, regex) for matchers."""
    at = 0
    for token in TOKEN.finditer(text):
        yield text[at:token.start()].encode(), None
        at = token.end()
        code, escape, word = token.groups()
        if code:
            yield bytes([int(code, 16)]), None
        elif escape:
            if escape not in ESCAPES:
                raise NotationError(f"unknown escape \\{escape}")
            yield ESCAPES[escape], None
        elif word in matchers:
            yield None, matchers[word]
        else:
            yield _value(word, context), None
    yield text[at:].encode(), None


def expand(text, context=()):
    """The bytes that `text` stands for."""
    return b"".join(fixed for fixed, _ in _tokens(text, dict(context), {}))


@functools.cache
def pattern(text):
    """A compiled regular expression for the whole line `text` describes."""
    return re.compile(b"".join(
        re.escape(fixed) if regex is None else regex
        for fixed, regex in _tokens(text, {}, MATCHERS)), re.DOTALL)
