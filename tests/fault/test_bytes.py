"""What waited arrives as it would have without waiting, octet for octet."""

import box as boxes
import pytest

HEAD = b"From: sender@example.com\nTo: one@example.net\nSubject: s\n"

TEXTS = {
    "usual": HEAD + b"\nbody\n",
    "crlf": HEAD.replace(b"\n", b"\r\n") + b"\r\nbody\r\n",
    "mixed": HEAD + b"\nbody\r\nmore\nand\r\r\nso on\n",
    "dots": HEAD + b"\n.\n..\n.a\n\n.\n",
    "no end": HEAD + b"\nbody",
    "no end but dot": HEAD + b"\n.",
    "no body": HEAD,
    "empty body": HEAD + b"\n",
    "bare cr": HEAD + b"\na\rb\r\n\r.\r\n",
    "nul": HEAD + b"\na\0b\n",
    "8 bit": HEAD + b"\n\xc3\xa9\xff\xfe\n",
    "8 bit header": HEAD + b"X-A: \xc3\xa9\n\nbody\n",
    "folded": HEAD + b"X-A: b\n\tc\n  d\n\nbody\n",
    "from line": b"From a@b Mon Jan 1\n" + HEAD + b"\nbody\n",
    "two from lines": b"From a@b Mon\n>From c@d Tue\n" + HEAD + b"\nbody\n",
    "from in body": HEAD + b"\nFrom a@b Mon Jan 1\n>From x\n",
    "no header": b"just text\n\nmore\n",
    "no header but from": HEAD + b"not a field\n\nmore\n",
    "long line": HEAD + b"\n" + b"x" * 5000 + b"\n",
    "long field": HEAD + b"X-A: " + b"y " * 4000 + b"\n\nbody\n",
    "bcc": HEAD + b"Bcc: two@example.net\n\nbody\n",
    "empty lines": HEAD + b"\n\n\n\nbody\n\n\n",
    "large": HEAD + b"\n" + b"0123456789\n" * 150000,
    "field with empty value": HEAD + b"X-A:\nX-B: \n\nbody\n",
    "cr at the end": HEAD + b"\nbody\r",
}


def received(box, mark):
    box.relay.settle()
    return [(one.mail_from, sorted(one.rcpt_to), one.mail_parameters,
             one.content) for one in box.relay.messages[mark:]]


@pytest.mark.parametrize("name", TEXTS)
def test_same_octets(box, name):
    text = TEXTS[name]
    settings = {"set_msgid_header": "off"}
    args = ("one@example.net",)
    box.configure(queue="off", **settings)
    mark = box.mark()
    assert box.send(text, *args).code == 0
    direct = received(box, mark)
    box.configure(port=boxes.closed_port(), queue="on_failure", **settings)
    assert box.send(text, *args).code == 0
    box.configure(queue="on_failure", **settings)
    mark = box.mark()
    assert box.run_to_the_end() == [0]
    assert received(box, mark) == direct
    box.configure(queue="always", **settings)
    mark = box.mark()
    assert box.send(text, *args).code == 0
    assert received(box, mark) == direct


def test_largest_header(box):
    """As many lines as may be handed in, and then fields are added."""
    box.configure(port=boxes.closed_port())
    text = b"To: one@example.net\n" + b"X-A: b\n" * 9999 + b"\nbody\n"
    assert box.send(text, "one@example.net").code == 0
    box.configure()
    assert box.run_to_the_end() == [0]
    assert len(box.relay.messages) == 1
    assert not box.spool.files("failed")


def test_header_that_would_grow_too_large(box):
    """Refused at once, and not when nobody is there to be told."""
    box.configure(port=boxes.closed_port())
    text = b"To: one@example.net\n" + b"".join(
        b"X-A: " + b"y" * 60000 + b"\n" for _ in range(17))
    text += b"X-B: " + b"z" * (1024 * 1024 - len(text) - 6) + b"\n"
    ended = box.send(text + b"\nbody\n", "one@example.net")
    assert ended.code == 65 and ended.err
    assert not box.spool.files()
