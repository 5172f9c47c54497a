"""The files of the system and those of a user, and which of them counts.

In a mount namespace the program sees a folder of the test in the place of its
system's folder.
"""

import os

import mounts
import pytest
from relay import password_relay

MESSAGE = b"Subject: x\n\nx\n"
OWN, FORMER = "postriderrc", "msmtprc"
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class System:
    """`where` the program sees it, and the folder it sees there."""

    def __init__(self, program, folder, *wrapper):
        self.program = program
        self.folder = folder
        self.where = mounts.empty_system(program, folder, *wrapper)

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)

    def write_home(self, name, text, mode=0o600):
        path = self.program.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def shown(self, *args, env=None):
        """The settings: keyword -> (value, origin)."""
        result = self.program.run(["-P", *args], env=env)
        assert result.code == 0, result.err
        found = {}
        for line in result.out.decode().splitlines():
            key, equals, rest = line.partition(" = ")
            if equals:
                value, _, origin = rest.partition("   # ")
                found[key] = value, origin
        return found

    def failure(self, *args):
        result = self.program.run(["-P", *args])
        assert result.code == 78
        return result.err.decode()


@pytest.fixture
def system(program, tmp_path):
    return System(program, tmp_path / "etc")


def test_nothing(system):
    said = system.failure()
    assert f"{system.where}/{OWN} is not there" in said
    assert f"{system.program.home}/.{OWN}" in said


# Which files are read


@pytest.mark.parametrize("there,counts", [
    (["/" + FORMER], "/" + FORMER),
    (["/" + OWN], "/" + OWN),
    (["/" + OWN, "/" + FORMER], "/" + OWN),
    # One file of our own, and msmtp's are not looked at, the user's neither.
    (["/" + OWN, ".msmtprc"], "/" + OWN),
    (["/" + FORMER, ".postriderrc"], ".postriderrc"),
    (["/" + FORMER, ".config/postrider/config"], ".config/postrider/config"),
    (["/" + FORMER, ".msmtprc"], ".msmtprc"),
    (["/" + FORMER, ".config/msmtp/config"], ".config/msmtp/config"),
    (["/" + FORMER, ".config/msmtp/config", ".msmtprc"], ".msmtprc"),
    (["/" + OWN, ".config/postrider/config", ".postriderrc"],
     ".postriderrc"),
])
def test_which_account_default(system, there, counts):
    for name in there:
        text = f"account default\nhost {name.strip('./').replace('/', '-')}\n"
        if name.startswith("/"):
            system.write(name[1:], text)
        else:
            system.write_home(name, text)
    value, origin = system.shown()["host"]
    assert value == counts.strip("./").replace("/", "-")
    assert origin == (f"{system.where}{counts}:2" if counts.startswith("/")
                      else f"{system.program.home}/{counts}:2")


@pytest.mark.parametrize("env,host", [
    ({"XDG_CONFIG_HOME": "{home}/other"}, "xdg"),
    ({"XDG_CONFIG_HOME": "relative"}, "system"),
    ({"XDG_CONFIG_HOME": ""}, "system"),
])
def test_xdg(system, env, host):
    env = {name: value.format(home=system.program.home)
           for name, value in env.items()}
    system.write(FORMER, "account default\nhost system\n")
    system.write_home("other/msmtp/config", "account default\nhost xdg\n")
    assert system.shown(env=env)["host"][0] == host


# Both at once


SYSTEM = """\
defaults
port 2525
account office
host office.example
from office@example.com
account shared
host shared-of-system.example
from any@example.com
tls on
account default : office
"""
USER = """\
defaults
timeout 7
account shared
host shared-of-user.example
from any@example.com
account private
host private.example
from private@example.com
"""


@pytest.fixture
def both(system):
    system.write(FORMER, SYSTEM)
    system.write_home(".msmtprc", USER)
    return system


@pytest.mark.parametrize("args,host,port,timeout", [
    ([], "office.example", "2525", "off"),
    (["-a", "office"], "office.example", "2525", "off"),
    (["-a", "private"], "private.example", "25", "7"),
    # As a whole: TLS of the system's account of this name does not count.
    (["-a", "shared"], "shared-of-user.example", "25", "7"),
    (["-f", "office@example.com"], "office.example", "2525", "off"),
    (["-f", "any@example.com"], "shared-of-user.example", "25", "7"),
    (["-f", "nobody@example.com"], "office.example", "2525", "off"),
])
def test_merged(both, args, host, port, timeout):
    shown = both.shown(*args)
    assert (shown["host"][0], shown["port"][0], shown["timeout"][0]) == (
        host, port, timeout)
    assert shown["tls"][0] == "off"


def test_the_system_goes_first(both):
    """As with msmtp, where both have an account with this sender."""
    both.write_home(".msmtprc", USER + "account late\nhost late.example\n"
                    "from OFFICE@example.com\n"
                    "account later\nhost later.example\n"
                    "from late@example.com\n"
                    "account last\nhost last.example\n"
                    "from *@example.com\n")
    for sender, host in (("office@example.com", "office.example"),
                         ("private@example.com", "private.example"),
                         ("late@example.com", "later.example"),
                         ("x@example.com", "last.example")):
        assert both.shown("-f", sender)["host"][0] == host


def test_no_parents_in_the_other_file(both):
    both.write_home(".msmtprc", "account x : office\n")
    assert (f"{both.program.home}/.msmtprc: line 1: account office not "
            in both.failure("-a", "x"))


def test_a_named_file_takes_the_place_of_the_users(both):
    named = both.program.home / "named"
    named.write_text("account named\nhost named.example\n")
    named.chmod(0o600)
    assert both.shown(f"--file={named}")["host"][0] == "office.example"
    assert both.shown(f"--file={named}", "-a", "named")["port"][0] == "25"
    assert "private" in both.failure(f"--file={named}", "-a", "private")


def test_a_host_reads_no_file(both):
    both.write(FORMER, "nonsense\n")
    shown = both.shown("--host=mail.example.net")
    assert shown["host"] == ("mail.example.net", "command line")
    assert shown["port"][0] == "25"


@pytest.mark.parametrize("name", ["system", "user"])
def test_a_broken_one_stops(both, name):
    if name == "system":
        both.write(FORMER, SYSTEM + "frobnicate on\n")
        path = f"{both.where}/{FORMER}: line 11: "
    else:
        both.write_home(".msmtprc", USER + "frobnicate on\n")
        path = f"{both.program.home}/.msmtprc: line 9: "
    assert path in both.failure("-a", "private")


# Who may read what


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can try")


@pytest.fixture
def as_nobody(program, tmp_path):
    program.home.chmod(0o777)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder != folder.parent and folder.stat().st_uid == os.getuid():
            folder.chmod(folder.stat().st_mode | 0o011)
    return System(program, tmp_path / "etc", *AS_NOBODY)


@needs_root
def test_one_that_may_not_be_read(as_nobody):
    as_nobody.write(FORMER, "host secret.example\n", 0o600)
    said = as_nobody.failure()
    assert f"{as_nobody.where}/{FORMER} may not be read by this user" in said
    as_nobody.write_home(".msmtprc", "host own.example\n", 0o600)
    own = as_nobody.program.home / ".msmtprc"
    assert (f"{as_nobody.where}/{FORMER} may not be read by this user, {own} "
            "may not be read by this user;" in as_nobody.failure())
    as_nobody.write_home(".msmtprc", "host own.example\n", 0o644)
    assert as_nobody.shown()["host"][0] == "own.example"


@needs_root
@pytest.mark.parametrize("mode,code", [
    (0o600, 0), (0o400, 0), (0o640, 78), (0o604, 78), (0o700, 78)])
def test_password_of_a_user(as_nobody, mode, code):
    """The system's is not looked at; a user's must be closed."""
    as_nobody.write(FORMER, "account other\nhost h\npassword x\n", 0o644)
    as_nobody.write_home(".msmtprc", "host h\npassword s3cret\n", mode)
    os.chown(as_nobody.program.home / ".msmtprc", 65534, 65534)
    result = as_nobody.program.run(["-P"])
    assert result.code == code, result.err
    assert b"s3cret" not in result.out + result.err


# End to end


SECRET = "s3cret pw#"


@pytest.fixture(scope="module")
def relay(authority):
    with password_relay(authority, SECRET) as emulator:
        yield emulator


def account(relay, authority, *more):
    return "\n".join((
        "account default", "host 127.0.0.1", f"port {relay.port}", "tls on",
        "tls_starttls off", f"tls_trust_file {authority.ca_file}",
        "auth plain", "user u", "from cron@%M", *more)) + "\n"


@pytest.mark.parametrize("name", [OWN, FORMER])
@pytest.mark.parametrize("source", [
    "file", "netrc", "home netrc first", "password_file"])
def test_sent(system, relay, authority, name, source):
    """Mail name, password and aliases, all of the system."""
    netrc = f"machine 127.0.0.1 login u password '{SECRET}'\n"
    more = [f"aliases {system.where}/aliases"]
    if source == "file":
        more.append(f"password {SECRET}")
    elif source == "password_file":
        system.write("secret", SECRET + "\n", 0o600)
        more.append(f"password_file {system.where}/secret")
    elif source == "netrc":
        system.write("netrc", netrc, 0o600)
    else:
        system.write("netrc", netrc.replace(SECRET, "wrong"), 0o600)
        system.write_home(".netrc", netrc)
    system.write("mailname", "host.example.org\n")
    system.write("aliases", "root: admin@example.org\n")
    system.write(name, account(relay, authority, *more))
    result = system.program.run(["root"], MESSAGE)
    assert (result.code, result.out, result.err) == (0, b"", b"")
    assert relay.messages[-1].mail_from == "cron@host.example.org"
    assert relay.messages[-1].rcpt_to == ["admin@example.org"]


@pytest.mark.parametrize("mailname,words", [
    (None, "from: %M: {}/mailname: No such file or directory"),
    ("", "from: the mail name (%M) is not known"),
    ("\nb.example.org", "from: the mail name (%M) is not known"),
    ("a.example.org", ""), ("a.example.org\nb.example.org\n", "")])
def test_mailname(system, relay, authority, mailname, words):
    if mailname is not None:
        system.write("mailname", mailname)
    system.write(FORMER, account(relay, authority, f"password {SECRET}"))
    result = system.program.run(["a@example.net"], MESSAGE)
    assert result.code == (78 if words else 0), result.err
    if words:
        words = words.format(system.where)
        assert f"{system.where}/{FORMER}: line 9: {words}" in (
            result.err.decode())
    else:
        assert relay.messages[-1].mail_from == "cron@a.example.org"
