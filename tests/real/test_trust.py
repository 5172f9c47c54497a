"""Of the trusted certificates only those that are needed are parsed; the
verdict is that of GnuTLS over all of them.

whole-store, a program of its own, loads the whole file as GnuTLS does it and
shakes hands with the same server. What it says and what the program says must
be the same, word by word.
"""

import os
import re
import subprocess
import warnings
from pathlib import Path

import pytest
from emulator.policy import Account, Policy
from emulator.thread import EmulatorThread
from run import PATIENCE

from real import stores
from real.accounts import assert_accepted, assert_refused, tls_lines
from real.stores import BEGIN, END

BUILD = Path(os.environ.get("BUILD_DIR")
             or Path(__file__).resolve().parents[2] / "build").resolve()
MESSAGE = b"Subject: x\n\nx\n"


@pytest.fixture(scope="module")
def odd_stores(tmp_path_factory):
    return stores.Stores(tmp_path_factory.mktemp("stores"))


class Server:
    """Shows the chain of a case to both programs."""

    def __init__(self, case, directory):
        self.files = directory / "chain.pem", directory / "key.pem"
        self.files[0].write_bytes(case.chain)
        self.files[1].write_bytes(case.key)
        self.trust_file = directory / "trust.pem"
        self.trust_file.write_bytes(case.trust)

    def __enter__(self):
        policy = Policy(ciphers="DEFAULT@SECLEVEL=0",
                        accounts=[Account("u", password="p")],
                        require_auth=True)
        self.emulator = EmulatorThread(policy, *map(str, self.files),
                                       mode="implicit").__enter__()
        return self

    def __exit__(self, *error):
        return self.emulator.__exit__(*error)

    def whole_store(self):
        """(what came of it, reason) by GnuTLS alone."""
        done = subprocess.run(
            [BUILD / "tests/real/whole-store", str(self.emulator.port),
             stores.HOST, self.trust_file], capture_output=True, text=True,
            check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        what, _, reason = done.stdout.strip().partition(": ")
        first = "The certificate is NOT trusted. "
        return what, reason.removeprefix(first).strip()

    def send(self, program):
        conf = program.configure({
            "port": self.emulator.port,
            **tls_lines("implicit", str(self.trust_file)),
            "tls_host_override": stores.HOST, "auth": "plain", "user": "u",
            "password": "p"})
        return program.run([f"--file={conf}", "someone@example.net"], MESSAGE)

    def compare(self, program):
        """What both say; returns (what came of it, reason)."""
        what, reason = self.whole_store()
        before = len(self.emulator.messages)
        result = self.send(program)
        if what == "trusted":
            assert_accepted(result)
        else:
            code, start = {
                "untrusted": (75, f"certificate of {stores.HOST} is not "
                              f"trusted: {reason}"),
                "handshake": (75, f"TLS handshake: {reason}"),
                "store": (78, f"trusted certificates in {self.trust_file}: "
                          f"{reason}"),
                "empty": (78, f"no trusted certificates in {self.trust_file}"),
            }[what]
            line = assert_refused(result, code, "NOT-SENT")
            # The log's quote.
            assert line["errormsg"].endswith(start.replace("'", "?")), reason
            assert len(self.emulator.messages) == before
        return what, reason


@pytest.mark.parametrize("around", ["alone", "in the bundle"])
@pytest.mark.parametrize("name", stores.kinds())
def test_same_verdict(program, odd_stores, tmp_path, name, around):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = odd_stores.make(name)
    if around != "alone":
        case.trust = stores.surround(case.trust)
        if not case.trust:
            pytest.skip(f"there is no {stores.BUNDLE}")
    with Server(case, tmp_path) as server:
        what, reason = server.compare(program)
    assert (what == "trusted") == (case.words is None), reason
    assert (case.words or "") in reason


def pem_lines(width):
    """Another length of the lines; 0: all in one."""
    def change(trust):
        def wrap(found):
            text = b"".join(found[1].split())
            step = width or len(text)
            return b"\n".join([BEGIN, *(text[i:i + step] for i in range(
                0, len(text), step)), END])
        return re.sub(BEGIN + b"(.*?)" + END, wrap, trust, flags=re.S)
    return change


def damaged(trust, change):
    """A second certificate in front, changed."""
    return change(trust) + trust


# what it is: (how the file is written, what comes of it)
FORMS = {
    "as it is": (lambda t: t, "trusted"),
    "CRLF": (lambda t: t.replace(b"\n", b"\r\n"), "trusted"),
    "CR": (lambda t: t.replace(b"\n", b"\r"), "trusted"),
    "CRs between": (lambda t: b"\r\r" + t + b"\r\r\n\r" + t, "trusted"),
    "no line end at the end": (lambda t: t[:-1], "trusted"),
    "text around": (lambda t: b"\xef\xbb\xbf# -- My CA --\n\n" + t
                    + b"\nthe end -", "trusted"),
    "openssl x509 -text": (lambda t: b"Certificate:\n    Data:\n        "
                           b"Version: 3 (0x2)\n" + t, "trusted"),
    "indented": (lambda t: re.sub(b"^(?!-)", b"  ", t, flags=re.M),
                 "trusted"),
    "blanks at the ends": (lambda t: t.replace(b"\n", b" \t\n"), "trusted"),
    "blanks in the lines": (lambda t: re.sub(
        b"^([A-Za-z0-9+/]{21})(?=[A-Za-z0-9])", rb"\1 ", t, flags=re.M),
        "trusted"),
    "empty lines": (lambda t: t.replace(b"\n", b"\n\n"), "trusted"),
    "lines of 76": (pem_lines(76), "trusted"),
    "lines of 50": (pem_lines(50), "trusted"),
    "one line": (pem_lines(0), "trusted"),
    "nothing between lines": (lambda t: t.replace(b"\n", b""), "trusted"),
    "old header": (lambda t: t.replace(b" CERT", b" X509 CERT"), "trusted"),
    "old header behind another": (lambda t: t + t.replace(
        b" CERT", b" X509 CERT"), "trusted"),
    "trusted certificate": (lambda t: t.replace(b" CERT", b" TRUSTED CERT"),
                            "empty"),
    "trusted certificate before": (lambda t: t.replace(
        b" CERT", b" TRUSTED CERT") + t, "trusted"),
    "a key before": (lambda t: b"-----BEGIN PRIVATE KEY-----\nMAAA\n"
                     b"-----END PRIVATE KEY-----\n" + t, "trusted"),
    "a header of mail": (lambda t: t.replace(
        BEGIN, BEGIN + b"\nProc-Type: 4,MIC-CLEAR\n"), "store"),
    "a request": (lambda t: t + t.replace(b"CERTIFICATE-",
                                          b"CERTIFICATE REQUEST-"),
                  "trusted"),
    "NUL between": (lambda t: b"\0\0\n" + t + b"\0", "trusted"),
    "cut off": (lambda t: t[:300], "store"),
    "cut off behind another": (lambda t: t + t[:300], "store"),
    "cut off before another": (lambda t: damaged(t, lambda u: u[:300]),
                               "store"),
    "no base64 before another": (lambda t: damaged(
        t, lambda u: u.replace(b"MII", b"!II")), "store"),
    "a line is missing before another": (lambda t: damaged(
        t, lambda u: b"\n".join(u.split(b"\n")[:5] + u.split(b"\n")[6:])),
        "store"),
    "no DER before another": (lambda t: damaged(
        t, lambda u: BEGIN + b"\nAAAA\n" + END + b"\n"), "store"),
    "empty block before another": (lambda t: damaged(
        t, lambda u: BEGIN + b"\n" + END + b"\n"), "store"),
    "no END before another": (lambda t: damaged(
        t, lambda u: u.replace(END, b"")), None),
    "text alone": (lambda t: b"no certificate at all\n", "empty"),
    "nothing": (lambda t: b"", "empty"),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_the_file(program, odd_stores, tmp_path, form):
    case = odd_stores.make("one root")
    change, expected = FORMS[form]
    case.trust = change(case.trust)
    with Server(case, tmp_path) as server:
        what, reason = server.compare(program)
    assert expected in (what, None), (what, reason)


def test_damage_behind_the_names(program, odd_stores, tmp_path):
    """Noticed where the certificate is needed, and nowhere else."""
    case = odd_stores.make("one root")
    other, trust = stores.pem([odd_stores.other()]), case.trust

    def spoil(text):
        at = text.index(END) - 20
        return text[:at] + b"!" + text[at + 1:]

    case.trust = spoil(other) + trust
    with Server(case, tmp_path) as server:
        assert server.whole_store()[0] == "store"
        assert_accepted(server.send(program))
        program.log_file.unlink()
        server.trust_file.write_bytes(spoil(trust))
        assert server.compare(program)[0] == "store"
        program.log_file.unlink()
        # Not needed, but the chain is not trusted without it.
        server.trust_file.write_bytes(spoil(other))
        assert server.compare(program)[0] == "store"
        assert len(server.emulator.messages) == 1


def test_a_file_that_is_too_large_to_look_through(program, odd_stores,
                                                   tmp_path):
    case = odd_stores.make("one root")
    case.trust = b"# comment\n" * 500_000 + case.trust
    with Server(case, tmp_path) as server:
        assert server.compare(program)[0] == "trusted"


@pytest.mark.parametrize("files, expected", [
    (("root.pem",), None),
    (("other.crt", "root.pem", "README"), None),
    (("other.crt", "README"), "issuer is unknown"),
    (("README", "cut.pem"), "no trusted certificates in "),
    ((), "no trusted certificates in "),
])
def test_a_directory_of_files(program, odd_stores, tmp_path, files, expected):
    case = odd_stores.make("one root")
    content = {"root.pem": case.trust, "README": b"certificates\n",
               "other.crt": stores.pem([odd_stores.other()]),
               "cut.pem": case.trust[:300]}
    directory = tmp_path / "store"
    directory.mkdir()
    for name in files:
        (directory / name).write_bytes(content[name])
    with Server(case, tmp_path) as server:
        server.trust_file = directory
        result = server.send(program)
        if expected:
            line = assert_refused(
                result, 75 if "issuer" in expected else 78, "NOT-SENT")
            assert expected in line["errormsg"]
        else:
            assert_accepted(result)
        assert len(server.emulator.messages) == (not expected)
