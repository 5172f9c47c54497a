"""What the header parser behind SES refuses, and what it lets pass."""

import pytest

BASE = "From: sender@example.com\r\n"


@pytest.mark.parametrize("header, complaint", [
    ("To: user@example.net\r\n", "Missing required header 'From'."),
    ("From:\r\n", "Missing required header 'From'."),
    (BASE + "Subject: a\r\nsubject: b\r\n", "Duplicate header 'subject'."),
    (BASE + BASE, "Duplicate header 'From'."),
    (BASE + "Content-Type: text/plain\r\nContent-Type: text/html\r\n",
     "Duplicate header 'Content-Type'."),
    (BASE + "DKIM-Signature: a\r\nDKIM-Signature: b\r\n",
     "Duplicate header 'DKIM-Signature'."),
    (BASE + "To: a@example.net\r\nTo: b@example.net\r\n", None),
    (BASE + "Received: a\r\nReceived: b\r\n", None),
    ("From: root (Cron Daemon)\r\n", "Missing final '@domain'"),
    (BASE + "To: root\r\n", "Missing final '@domain'"),
    (BASE + "Cc: a@example.net, root\r\n", "Missing final '@domain'"),
    (BASE + "Reply-To: Name <root>\r\n", "Missing final '@domain'"),
    ("From: Name, Inc. <sender@example.com>\r\n", "Missing final '@domain'"),
    (BASE + 'To: "a:b"@example.net\r\n',
     "Address contains illegal characters in user name"),
    (BASE + 'To: "a@b"@example.net\r\n',
     "Address contains illegal characters in user name"),
    (BASE + 'To: "a b"@example.net\r\n', None),
    (BASE + "To: a b@example.net\r\n",
     "Local address contains control or whitespace"),
    (BASE + "To: us\u00e9r@example.net\r\n",
     "Local address contains control or whitespace"),
    (BASE + "Return-Path: =?utf-8?q?a?=@=?utf-8?q?example.net?=\r\n",
     "Domain contains illegal character"),
    (BASE + "To: a@-bad.example\r\n", "Invalid domain name"),
    (BASE + "To: a@ex\u00e4mple.net\r\n", "Invalid domain name"),
    (BASE + "To: root@localhost\r\n", "Invalid domain name"),
    (BASE + "To: a@example.net; b@example.net\r\n",
     "Illegal semicolon, not in group"),
    (BASE + "To: undisclosed-recipients:;\r\n", None),
    (BASE + "To: Friends: a@example.net, b@example.net;\r\n", None),
    (BASE + 'To: "Open <a@example.net>\r\n', "Missing '\"'"),
    (BASE + "Content-Type: text\r\n", "Expected '/', got null"),
    (BASE + "Content-Type: text; charset=utf-8\r\n", "Expected '/', got ;"),
    (BASE + "Content-Disposition: ;x\r\n", "Expected disposition, got ;"),
    (BASE + "Content-Type: multipart/mixed; boundary=b1\r\n",
     "Missing start boundary"),
    (BASE + 'To: "Doe, J." <a@example.net>,\r\n b@example.net (B)\r\n', None),
    (BASE + "Return-Path: <>\r\n", None),
])
def test_header_parser(ses, header, complaint):
    _, client = ses()
    reply = client.mail(header + "\r\nbody\r\n")
    if complaint is None:
        assert reply.startswith("250 Ok ")
    elif "From'." in complaint and "Missing" in complaint:
        assert reply == "554 " + complaint
    else:
        assert reply.startswith("554 Transaction failed: " + complaint)


def test_multipart_with_boundary(ses):
    _, client = ses()
    text = (BASE + 'Content-Type: multipart/mixed; boundary="b 1"\r\n\r\n'
            "--b 1\r\n\r\ntext\r\n--b 1--\r\n")
    assert client.mail(text).startswith("250 Ok ")


def test_deviations_of_the_parser(ses):
    _, client = ses(more_single_headers=("to",), single_label_domains=True)
    twice = "To: a@example.net\r\nTo: b@example.net\r\n\r\n"
    assert "Duplicate header 'To'" in client.mail(BASE + twice)
    assert client.mail(BASE + "To: root@localhost\r\n\r\n").startswith("250")


def test_envelope_recipient_is_parsed_at_the_end(ses):
    _, client = ses()
    reply = client.mail(recipients=['"a:b"@example.net'])
    assert reply.startswith("554 Transaction failed: Address contains illegal")
