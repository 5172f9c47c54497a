"""Passwords and the payloads of AUTH."""

import base64
import binascii
import hashlib
import hmac


class BadPayload(Exception):
    """The payload cannot be taken apart; the text is the provider's."""


class Replied(Exception):
    """A fault answered in the middle of the exchange; it is over."""


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def ses_password(secret, region):
    """The SMTP password of an AWS secret access key in one region."""
    key = ("AWS4" + secret).encode()
    for text in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        key = _hmac(key, text)
    return base64.b64encode(b"\x04" + key).decode()


def ses_password_v2(secret):
    """The password SES gave out before 2019: valid in every region."""
    return base64.b64encode(
        b"\x02" + _hmac(secret.encode(), "SendRawEmail")).decode()


def same(left, right):
    return hmac.compare_digest(left.encode(), right.encode())


def decode(text):
    """Base64 of an AUTH line to octets; "=" is the empty string (RFC 4954)."""
    if text == b"=":
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadPayload(
            "Invalid command argument, not a valid Base64 string") from None


def split_plain(payload):
    """RFC 4616: [authzid] NUL authcid NUL password."""
    parts = payload.split(b"\0")
    if len(parts) == 1:
        raise BadPayload("Invalid command argument, does not contain NUL")
    if len(parts) == 2:
        raise BadPayload(
            "Invalid command argument, does not contain the second NUL")
    return (parts[1].decode("utf-8", "replace"),
            b"\0".join(parts[2:]).decode("utf-8", "replace"))
