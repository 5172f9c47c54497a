"""Every row of msmtp_table.py: in a file, on the command line, and tested."""

import re
from pathlib import Path

import pytest
from msmtp_table import ROWS

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TABLES = "".join((ROOT / "src/profile" / name).read_text(encoding="ascii")
                 for name in ("options.def", "options_alias.c",
                              "config_parse.c"))
NOT_BUILT = {row.keyword for row in ROWS
             if not re.search(rf'OPTION\({row.keyword},|"{row.keyword}"',
                              TABLES)}
# Words of the grammar, which -P does not show and the command line has not.
WORDS = ("account", "defaults", "eval")


def built(row):
    if row.keyword in NOT_BUILT:
        pytest.skip(f"{row.keyword} is not built yet")


def pretend(program, text, *args):
    conf = program.home / "msmtprc"
    conf.write_text(text)
    conf.chmod(0o600)
    return program.run(["-P", f"--file={conf}", *args]), conf


def write(row, value):
    head = "" if row.keyword == "host" else "host h\n"
    return f"account default\n{head}{row.more}{row.keyword} {value}\n"


def shown(result):
    """{setting: (value, where it was set)} of -P."""
    return {name: (value, origin) for name, value, origin in re.findall(
        r"^(\w+) = (.*?)   # (.*)$", result.out.decode(), re.MULTILINE)}


def expected(program, value):
    if value and value.startswith("~/"):
        return str(program.home) + value[1:]
    return value


ACCEPTED = [pytest.param(row, *one, id=f"{row.keyword}-{i}")
            for row in ROWS for i, one in enumerate(row.accepted)]
REFUSED = [pytest.param(row, value, id=f"{row.keyword}-{i}")
           for row in ROWS for i, value in enumerate(row.refused)]
OPTIONS = [row for row in ROWS if row.option]


def test_the_table_has_all():
    names = [row.keyword for row in ROWS]
    assert len(names) == len(set(names)) == 52


@pytest.mark.parametrize("row,value,setting,result", ACCEPTED)
def test_accepted(program, row, value, setting, result):
    built(row)
    if row.keyword == "account":
        text = f"{row.more}host h\naccount another : {value}\n"
        done, conf = pretend(program, text, "--account=another")
    elif row.keyword == "defaults":
        done, conf = pretend(program, f"defaults {value}\nhost h\n"
                             "account default\n")
    else:
        done, conf = pretend(program, write(row, value))
    assert done.code == 0, done.err
    where = shown(done).get(setting)
    if result is None:
        assert where is None
    else:
        assert where[0] == expected(program, result)
        assert where[1].startswith(f"{conf}:") or value == "" or \
            value == '""'


@pytest.mark.parametrize("row,value", REFUSED)
def test_refused(program, row, value):
    built(row)
    text = write(row, value)
    done, conf = pretend(program, text)
    line = text.count("\n")
    assert done.code == 78
    assert done.out == b""
    assert done.err.count(b"\n") == 1
    assert done.err.startswith(
        f"postrider: {conf}: line {line}: ".encode()), done.err


@pytest.mark.parametrize("row", [row for row in ROWS
                                 if row.keyword not in WORDS],
                         ids=lambda row: row.keyword)
def test_in_defaults_and_inherited(program, row):
    """Where a setting stands makes no difference."""
    built(row)
    value, setting, result = row.accepted[0]
    more = row.more + ("" if row.keyword == "host" else "host h\n")
    line = f"{row.keyword} {value}\n"
    for text in (f"defaults\n{more}{line}account default\n",
                 f"account a\n{more}{line}account default : a\n",
                 f"account a\n{more}account b\n{line}account c\n"
                 "account default : a, b,c\n",
                 f"\t{more}  {line.strip()} \r\n"):
        done, _ = pretend(program, text)
        assert done.code == 0, (text, done.err)
        assert shown(done)[setting][0] == expected(program, result)


@pytest.mark.parametrize("row", OPTIONS, ids=lambda row: row.keyword)
def test_long_option(program, row):
    built(row)
    name = "--" + row.keyword.replace("_", "-")
    account = [] if row.keyword == "host" else ["--host=h"]
    for line in row.more.splitlines():
        key, value = line.split()
        account.append(f"--{key.replace('_', '-')}={value}")
    for value, setting, result in row.accepted:
        if value == '""':
            continue            # quotes are the shell's here
        text = value.strip('"') if value[0:1] == '"' and len(value) > 1 \
            else value
        done = program.run(["-P", *account, f"{name}={text}"])
        assert done.code == 0, (value, done.err)
        where = shown(done).get(setting)
        if result is None:
            assert where is None
        else:
            assert where[0] == expected(program, result)
            assert where[1] == "command line" or value == ""
        if value == "" and row.option == "[=]":
            bare = program.run(["-P", *account, name])
            assert bare.out == done.out and bare.code == 0
    for value in row.refused:
        done = program.run(["-P", *account, f"{name}={value}"])
        assert done.code in (64, 78) and done.out == b"", (value, done.err)
        assert value == "" or row.keyword in (
            "source_ip", "tls_fingerprint", "auth") or done.code == 64


@pytest.mark.parametrize("row", [row for row in ROWS if not row.option
                                 and row.keyword != "from"],
                         ids=lambda row: row.keyword)
def test_no_long_option(program, row):
    name = "--" + row.keyword.replace("_", "-")
    done = program.run(["-P", "--host=h", f"{name}=on"])
    if row.keyword == "account":
        assert b"exclude each other" in done.err
    else:
        assert done.code == 64 and b"unknown option" in done.err


@pytest.mark.parametrize("row", [row for row in ROWS if row.effect],
                         ids=lambda row: row.keyword)
def test_what_it_does_is_tested(row):
    built(row)
    name, test = row.effect.split("::")
    text = (TESTS / name).read_text(encoding="utf-8")
    assert re.search(rf"^(?:def {test}\(|TEST\({test}\))", text,
                     re.MULTILINE), row.effect


@pytest.mark.parametrize("row", [row for row in ROWS
                                 if row.keyword not in WORDS],
                         ids=lambda row: row.keyword)
def test_the_manual_names_it(row):
    built(row)
    page = (ROOT / "src/profile/options.def").read_text(encoding="ascii")
    assert re.search(rf"\b{row.keyword}\b", page)


# The long options of msmtp, with a value for those that take one; three keywords
# are options only here.
LONG = {"version": "", "help": "", "configure": "a@b.example", "pretend": "",
        "debug": "", "serverinfo": "", "rmqs": "host", "file": "f",
        "account": "a", "from": "a@b.example", "read-recipients": "",
        "read-envelope-from": "", "connect-timeout": "9",
        **{row.keyword.replace("_", "-"): "on" if row.option == "[=]" else "9"
           for row in OPTIONS if row.keyword not in
           ("allow_from_override", "from_full_name", "ntlmdomain")}}


def enough(name):
    """What of a name is enough for msmtp."""
    starts = [name[:n] for n in range(1, len(name) + 1)]
    # It would run what is likely to be a password.
    return [start for start in starts if start != "password" and
            (start == name or start not in LONG and
             [name] == [one for one in LONG if one.startswith(start)])]


@pytest.mark.parametrize("name", LONG)
def test_abbreviations(program, name):
    value = f"={LONG[name]}" if LONG[name] else ""
    for start in enough(name):
        result = program.run([f"--{start}{value}", "--version"])
        assert result.code == 0, (start, result.err)


def test_no_abbreviation_runs_a_password(program):
    result = program.run(["--password=hush", "--pretend", "--host=h"])
    assert result.code == 64
    assert b"hush" not in result.err
