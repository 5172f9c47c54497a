"""A header parser as strict as the one behind SES.

split() finds the fields; complaint() returns the text the provider puts after
"554 Transaction failed: ", or None.  Texts that were never seen at a provider
are kept out as far as possible: only the ones for a missing bracket or a
doubled dot, which the same kind of parser uses, were added.
"""

import re
from dataclasses import dataclass, field

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`{|}~0-9A-Za-z-]+")

# A.7 of the fact base: SES takes each of these once.
SINGLE = frozenset(name.lower() for name in """
    Accept-Language acceptLanguage Archived-At Auto-Submitted Bounces-to
    Comments Content-Alternative Content-Base Content-Class Content-Description
    Content-Disposition Content-Duration Content-ID Content-Language
    Content-Length Content-Location Content-MD5 Content-Transfer-Encoding
    Content-Type Date Delivered-To Disposition-Notification-Options
    Disposition-Notification-To DKIM-Signature DomainKey-Signature Errors-To
    From Importance In-Reply-To Keywords List-Archive List-Help List-Id
    List-Owner List-Post List-Subscribe List-Unsubscribe Message-Context
    Message-ID MIME-Version Organization Original-From Original-Message-ID
    Original-Recipient Original-Subject Precedence Priority References Reply-To
    Return-Path Return-Receipt-To Sender Solicitation Sensitivity Subject
    Thread-Index Thread-Topic User-Agent VBR-Info""".split())

ADDRESS_FIELDS = ("from", "sender", "reply-to", "to", "cc", "bcc",
                  "return-path")


class Complaint(Exception):
    """What is wrong, in the provider's words."""


@dataclass
class Field:
    name: str
    raw: bytearray                   # with its line ends

    @property
    def value(self):
        text = self.raw.split(b":", 1)[1].decode("latin-1")
        return re.sub(r"\r?\n(?=[ \t])", "", text).strip()


@dataclass
class HeaderBlock:
    fields: list = field(default_factory=list)
    size: int = 0                    # octets of the header section
    body_offset: int = 0

    def values(self, name):
        return [one.value for one in self.fields
                if one.name.lower() == name.lower()]


def split(content):
    """Take the header section off; it ends at the first line that is none."""
    block = HeaderBlock()
    at = 0
    while at < len(content):
        end = content.find(b"\n", at) + 1 or len(content)
        line = content[at:end]
        if line in (b"\r\n", b"\n"):
            block.size, block.body_offset = at, end
            return block
        if line[:1] in (b" ", b"\t") and block.fields:
            block.fields[-1].raw += line
        elif found := _FIELD.match(line):
            block.fields.append(Field(found[1].decode("ascii"),
                                      bytearray(line)))
        else:
            break
        at = end
    block.size = block.body_offset = at
    return block


def complaint(block, content, single=SINGLE, single_label=False):
    """The first thing a strict parser refuses, or None."""
    try:
        _check_duplicates(block, single)
        for one in block.fields:
            if one.name.lower() in ADDRESS_FIELDS:
                for address in addresses(one.value):
                    check_address(address, single_label)
        check_mime(block, content)
    except Complaint as found:
        return str(found)
    return None


def _check_duplicates(block, single):
    seen = set()
    for one in block.fields:
        name = one.name.lower()
        if name in single and name in seen:
            raise Complaint(f"Duplicate header '{one.name}'.")
        seen.add(name)


class _Scanner:
    """Cuts an address list at its commas, groups and brackets."""

    def __init__(self, text):
        self.text = text
        self.at = 0

    def next(self):
        """The next token: a quoted string, a <...>, a comment or one char."""
        start = self.text[self.at]
        if start == '"':
            return self._until('"', "Missing '\"'")
        if start == "<":
            return self._until(">", "Missing '>'")
        if start == "(":
            return self._comment()
        self.at += 1
        return start

    def _until(self, closing, missing):
        begin = self.at
        quoted = False
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == "\\":
                self.at += 1
            elif char == closing and not quoted:
                return self.text[begin:self.at]
            elif char == '"' and closing == ">":
                quoted = not quoted
        raise Complaint(missing)

    def _comment(self):
        depth = 0
        begin = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == "\\":
                self.at += 1
            elif char in "()":
                depth += 1 if char == "(" else -1
                if depth == 0:
                    return self.text[begin:self.at]
        raise Complaint("Missing ')'")


def addresses(text):
    """The bare addresses of a header value, unchecked; Complaint on syntax."""
    scanner = _Scanner(text)
    found = []
    plain, route, in_group = "", None, False

    def finish():
        nonlocal plain, route
        if route is not None or plain.strip():
            found.append(plain.strip() if route is None else route)
        plain, route = "", None

    while scanner.at < len(text):
        token = scanner.next()
        if token.startswith("("):
            continue
        if token.startswith("<"):
            route = token[1:-1].strip()
        elif token == ",":
            finish()
        elif token == ":" and "@" not in plain:
            plain, in_group = "", True
        elif token == ";":
            if not in_group:
                raise Complaint("Illegal semicolon, not in group")
            finish()
            in_group = False
        else:
            plain += token
    finish()
    return found


def addresses_or_empty(text):
    """The addresses of a value that complaint() has judged already."""
    try:
        return addresses(text)
    except Complaint:
        return []


def check_address(address, single_label=False):
    """Complaint when this is not local@domain as a strict parser wants it."""
    if not address:
        return                       # Return-Path: <>
    local, domain = split_address(address)
    if local.startswith('"'):
        if re.search("[:@]", local):
            raise Complaint("Address contains illegal characters in user name")
    elif re.search(r'[()<>,;:\\"\[\]]', local):
        raise Complaint("Local address contains illegal character")
    elif not _DOT_ATOM.fullmatch(local):
        raise Complaint("Local address contains control or whitespace")
    elif local.startswith(".") or local.endswith(".") or ".." in local:
        raise Complaint("Local address contains dot-dot")
    if domain is None:
        raise Complaint("Missing final '@domain'")
    check_domain(domain, single_label)


def split_address(address):
    """(local part, domain or None); a quoted local part may contain an @."""
    if address.startswith('"'):
        quoted = re.match(r'"(?:[^"\\]|\\.)*"', address)
        if quoted and address[quoted.end():quoted.end() + 1] in ("", "@"):
            local, domain = quoted[0], address[quoted.end() + 1:]
            return local, domain if len(address) > len(local) else None
    local, at, domain = address.rpartition("@")
    return (local, domain) if at else (address, None)


def check_domain(domain, single_label=False):
    """Complaint unless this is a host name in A-labels or a literal."""
    if re.fullmatch(r"\[[0-9A-Fa-f.:IPv]+\]", domain):
        return
    if re.search(r"[^\w.\-]", domain):
        raise Complaint("Domain contains illegal character")
    labels = domain.split(".")
    if (not all(_LABEL.fullmatch(label) for label in labels)
            or labels[-1].isdigit()
            or (len(labels) == 1 and not single_label)):
        raise Complaint(f"Invalid domain name: '{domain}'.")


def check_mime(block, content):
    """The complaints about Content-Type and Content-Disposition."""
    for value in block.values("content-disposition"):
        if not _TOKEN.match(value):
            raise Complaint(f"Expected disposition, got {value[:1] or 'null'}")
    for value in block.values("content-type"):
        start = _TOKEN.match(value)
        rest = value[start.end():].lstrip() if start else value
        if not rest.startswith("/"):
            raise Complaint(f"Expected '/', got {rest[:1] or 'null'}")
        if value.lower().startswith("multipart/"):
            _check_boundary(value, block, content)


def _check_boundary(value, block, content):
    """The first boundary has a line of its own; without a name, any line."""
    found = re.search(r'boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))', value, re.I)
    name = re.escape(found[1] or found[2] or "") if found else "[^\r\n]*"
    line = re.compile(rf"^--{name}[ \t]*\r?$".encode("latin-1"), re.M)
    if not line.search(content, block.body_offset):
        raise Complaint("Missing start boundary")
