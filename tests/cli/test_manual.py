"""The manual pages say what the program does, no more and no less.

The pages are made by the build; $BUILD_DIR (default: build) is where.
"""

import os
import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOC = Path(os.environ.get("BUILD_DIR") or ROOT / "build").absolute() / "doc"
PAGES = ["postrider.1", "postriderrc.5", "postrider-msmtp.7",
         "postrider-providers.7"]
EXAMPLES = sorted((ROOT / "doc/examples").glob("*.postriderrc"))


def source(page):
    path = DOC / page
    if not path.exists():
        pytest.fail(f"no {path}: build first, or set BUILD_DIR")
    return path.read_text(encoding="ascii")


def rendered(page):
    """The page as people read it, each run of blanks one blank."""
    done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=500",
                           DOC / page], capture_output=True, check=True)
    text = re.sub(".\b", "", done.stdout.decode())
    return re.sub(r"\s+", " ", text)


def table(name):
    """A .def file, with those that it includes in their places."""
    path = ROOT / "src" / name
    return re.sub(r'^#include "(\w+\.def)"$',
                  lambda m: table(path.with_name(m[1])),
                  path.read_text(encoding="ascii"), flags=re.MULTILINE)


def rows(name, pattern):
    text = table(name)
    found = re.findall(pattern, text, re.MULTILINE)
    assert found, name
    return found


def section(page, heading):
    """The lines of one section or subsection of a page's source."""
    text = source(page).split(f" {heading}\n", 1)[1]
    return re.split(r"^\.S[hs] ", text, maxsplit=1, flags=re.MULTILINE)[0]


def items(text):
    """The flags that head an entry of a list."""
    return {flag
            for line in re.findall(r"^\.It (.*)$", text, re.MULTILINE)
            for flag in re.findall(r"(?:^|[,] )Fl (-?[A-Za-z-]+)", line)}


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is missing")
@pytest.mark.parametrize("page", PAGES)
def test_mandoc_has_no_warning(page):
    source(page)
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                           DOC / page], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("page", PAGES)
def test_every_directive_was_replaced(page):
    assert not re.search(r"@[A-Z_]+( \S+)?@", source(page))


OPTIONS = rows("profile/options.def", r"^OPTION\(\s*(\w+),\s*(\w+),")


@pytest.mark.parametrize("key,kind", OPTIONS)
def test_every_setting_is_described(key, kind):
    page = source("postriderrc.5")
    assert len(re.findall(rf"^\.It Cm {key} ", page, re.MULTILINE)) == 1


def test_nothing_else_is_described_as_a_setting():
    text = source("postriderrc.5").split(".Sh SETTINGS\n", 1)[1].split(
        ".Ss Header fields", 1)[0]
    described = re.findall(r"^\.It Cm (\w+) ", text, re.MULTILINE)
    assert described == [key for key, _ in OPTIONS]


def test_flags_of_help_and_manual_are_the_same(program):
    """Both ways: nothing is missing here, nothing invented there."""
    result = program.run(["--help"])
    assert result.code == 0
    helped = {flag[1:]
              for line in result.out.decode().splitlines()
              if re.match(r"  -", line)
              for flag in re.findall(r"(?:^  |, )(--?[A-Za-z-]+)", line)}
    described = items(section("postrider.1", "Options")) | items(
        section("postrider.1", "Settings as options"))
    # --help shows the letter of a setting nowhere.
    assert described - {"X"} == helped


def accepted(program, tmp_path, name):
    """The letters that are not unknown; none of these runs sends."""
    link = tmp_path / name
    link.symlink_to(program.path)
    program.path = str(link)
    return {letter for letter in string.ascii_letters
            if b"unknown option" not in program.run(
                [f"-{letter}", "--help"]).err}


@pytest.mark.parametrize("name", ["postrider", "sendmail"])
def test_every_letter_is_described(program, tmp_path, name):
    text = section("postrider.1", "Options")
    entries, _, passive = text.partition("Accepted for sendmail's sake")
    # ".Fl A , B" is a list of flags up to the first word of text.
    runs = re.findall(r"^\.Fl ((?:[A-Za-z] ?(?:, |No and Fl )?)+)", passive,
                      re.MULTILINE)
    described = {letter for run in runs
                 for letter in re.findall(r"\b[A-Za-z]\b", run)}
    described |= {flag for flag in items(entries) if len(flag) == 1}
    described |= {flag for flag in items(
        section("postrider.1", "Settings as options")) if len(flag) == 1}
    only_own = set("PS") if name == "sendmail" else set()
    assert accepted(program, tmp_path, name) == described - only_own


FAILURES = rows("base/fail.def", r'^FAIL\((\w+), (\d+), "(\w+)", "([^"]*)"\)')


@pytest.mark.parametrize("kind,code,name,meaning", FAILURES)
def test_every_exit_code_is_described(kind, code, name, meaning):
    text = section("postrider.1", "EXIT STATUS")
    entry = re.search(rf"^\.It {code} Pq Dv {name}\n((?:[^.].*\n)+)", text,
                      re.MULTILINE)
    assert entry
    assert meaning.lower() in entry[1].replace("\n", " ").lower()


def regions(provider):
    lines = (ROOT / f"src/profile/data/{provider}-regions.tsv").read_text(
        encoding="ascii").splitlines()
    return [line.split("\t")[0] for line in lines[1:]]


@pytest.mark.parametrize("provider", ["ses", "oci"])
def test_every_region_is_listed(provider):
    listed = re.findall(r'^\.It "([a-z0-9-]+)" Ta ',
                        source("postrider-providers.7"), re.MULTILINE)
    assert set(regions(provider)) <= set(listed)
    assert len(listed) == len(set(listed)) == len(
        regions("ses") + regions("oci"))


def test_what_is_inferred_is_not_called_documented():
    page = source("postrider-providers.7")
    for region, word in [("ca-west-1", "by pattern"),
                         ("eu-south-1", "no, disputed"),
                         ("us-luke-1", "by pattern")]:
        line = re.search(rf'^\.It "{region}" Ta .*$', page, re.MULTILINE)[0]
        assert f'"{word}"' in line and "documented" not in line


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is missing")
def test_every_reply_rule_is_listed():
    """By what the program would advise; the wording of a pattern differs."""
    text = rendered("postrider-providers.7").lower()
    lines = (ROOT / "src/profile/data/smtp-errors.tsv").read_text(
        encoding="ascii").splitlines()
    for line in lines[1:]:
        fields = line.split("\t")
        if fields[0] in ("ses", "oci", "*"):
            advice = re.sub(r"\s+", " ", fields[7]).lower()
            assert advice in text, line


@pytest.mark.parametrize("name", ["ses", "oci"])
def test_what_a_provider_fills_in_is_described(program, name):
    """Each value with the origin "provider" stands in the page."""
    conf = program.home / "conf"
    shutil.copy(ROOT / f"doc/examples/{name}.postriderrc", conf)
    conf.chmod(0o600)
    result = program.run(["-P", f"--file={conf}"])
    filled = re.findall(rf"^(\w+) = (.*?)   # provider {name}$",
                        result.out.decode(), re.MULTILINE)
    assert ("port", "465") in filled
    heading = {"ses": "AMAZON SES", "oci": "OCI EMAIL DELIVERY"}[name]
    text = section("postrider-providers.7", heading).split("fill in\n")[1]
    for key, value in filled:
        shown = re.search(rf"^\.Cm {key}\b(.*)$", text, re.MULTILINE)
        assert shown, key
        if key not in ("host", "port", "domain"):
            assert value in shown[1].split(), (key, value)
    assert len(re.findall(r"^\.Cm ", text, re.MULTILINE)) == len(filled) + 1


def test_header_fields_of_ses_are_described():
    names = rows("profile/provider_ses.c", r'"(X-SES-[A-Z-]+)"')
    text = section("postrider-providers.7", "Header fields of SES")
    for name in names:
        assert f" Ta {name}" in text
    assert text.count(" Ta X-SES-") == len(names)


@pytest.mark.parametrize("page", PAGES)
def test_accounts_of_the_pages_are_accepted(program, page):
    """And the shortest ones have five lines, as the text says."""
    blocks = re.findall(
        r"^\.Bd -literal -offset indent\n(provider (?:.*\n)+?)\.Ed$",
        source(page), re.MULTILINE)
    assert blocks
    for block in blocks:
        conf = program.home / ".postriderrc"
        conf.write_text(block.replace("\\e", "\\"))
        conf.chmod(0o600)
        result = program.run(["-P"])
        assert (result.code, result.err) == (0, b""), block
        if "password " in block:
            assert [line.split()[0] for line in block.splitlines()] == [
                "provider", "region", "from", "user", "password"]


def test_there_are_examples():
    assert [path.name for path in EXAMPLES] == [
        "oci.postriderrc", "ses.postriderrc", "system.postriderrc",
        "two-providers.postriderrc"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_accepted(program, tmp_path, example):
    conf = tmp_path / "conf"
    shutil.copy(example, conf)
    conf.chmod(0o600)
    accounts = re.findall(r"^account (\S+)", conf.read_text(), re.MULTILINE)
    for account in accounts or ["default"]:
        result = program.run([f"--file={conf}", "--pretend", "-a", account])
        assert (result.code, result.err) == (0, b"")
        assert result.out.startswith(f"account {account}\n".encode())
