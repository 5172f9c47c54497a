"""Runs of msmtp that postrider repeats.

lines are those of the account behind host, port and from; `file` takes the
place of all of them, with {port} and {home} filled in.  `differs` are rows of
msmtp_compare.DIFFERENCES.
"""

import dataclasses

from emulator.policy import Account, Fault

FROM = "env@acct.example"
HEAD = "From: a@acct.example\nTo: x@x.example\n" \
       "Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <i@a.example>\n"
PLAIN = HEAD + "Subject: s\n\nbody\n"
USER, PASSWORD = "u@x", 's3cret pw#"'


@dataclasses.dataclass
class Case:
    name: str
    args: list
    stdin: str = PLAIN
    lines: list = dataclasses.field(default_factory=list)
    differs: list = dataclasses.field(default_factory=list)
    policy: dict = dataclasses.field(default_factory=dict)
    mode: str = "plain"
    place: str = ""     # of the file in the home; otherwise --file names it
    file: str = ""
    files: dict = dataclasses.field(default_factory=dict)
    env: dict = dataclasses.field(default_factory=dict)
    ours: list = dataclasses.field(default_factory=list)    # see OPPOSITES


CODE = ["ends:code", "log:code"]
WORDS = ["log:words", "log:size"]
QUIT = ["commands:polite"]
FAILS = [*CODE, *WORDS, *QUIT]


def sends(*to, sender=FROM):
    """The commands of postrider when it sends."""
    return ["EHLO localhost", f"MAIL FROM:<{sender}>",
            *(f"RCPT TO:<{one}>" for one in to), "DATA", "QUIT"]


def refused(name, stage, reply, differs=(), ours=()):
    """A server that refuses."""
    return Case(name, ["r@x.example"], policy={"faults": [
        Fault(stage, reply=reply)]}, differs=list(differs), ours=list(ours))


ACCOUNTS = """\
defaults
host 127.0.0.1
port {port}
logfile {home}/log
account one
from one@d.example
domain one.example
account wild
from *@wild.example
domain wild.example
account default : one
domain default.example
"""

GRAMMAR = """\
# CRLF, tabs, quotes, several parents\r
\tdefaults\r
host "127.0.0.1"\r
port   {port}\r
defaults\r
domain d2\r
account\ta\r
from a@a.example\r
account b : a\r
  from\tb@b.example\r
account c\r
from c@c.example\r
account default : a,b\r
logfile {home}/log"""

# What only `defaults` gave to a parent does not go on to its heirs.
HEIRS = """\
defaults
host 127.0.0.1
port {port}
logfile {home}/log
from d@d.example
domain d.example
account "a b"
domain a.example
account b
from b@b.example
account "both of" : "a b", b
defaults
domain late.example
account default : b
eval test -n "" && echo domain never.example || echo
"""

TLS = [("tls", "on"), ("tls_trust_file", "{ca}")]
AUTH = [*TLS, ("auth", "on"), ("user", USER), ("password", PASSWORD)]
LOGIN = {"accounts": [Account(USER, password=PASSWORD)]}
ALIASES = "# people\nroot: admin@ex.example\nweb: root\ndefault: catch@ex.example\n"

CASES = [
    # messages
    Case("nothing to do", ["x@x.example"]),
    Case("-t, folded and hidden", ["-t", "-oi", "-i"],
         "From: a@acct.example\nTo: x@a.example, \"Q, R\" <y@a.example>\n"
         "Cc: z@c.example\nBcc: hid@b.example,\n hid2@b.example\n"
         "Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <i@a.example>\n"
         "\nbody\n"),
    Case("-t and arguments, Resent-",
         ["-t", "cmd@x.example", "Foo <foo@x.example>, bar@x.example"],
         HEAD + "Resent-To: r1@x.example\nResent-Cc: r2@x.example\nX: 1\n"
         "Resent-To: r3@x.example\n\nbody\n", differs=["header:Resent"]),
    Case("a comment and a group", ["-t"],
         "From: a@acct.example\nTo: (who) x@x.example, "
         "grp: y@x.example, z@x.example;\nDate: x\nMessage-ID: <i@x>\n\nb\n"),
    Case("dots and line ends", ["r@x.example"],
         HEAD + "\n.\n..x\na\r\n\nlast", differs=["log:line end"]),
    Case("empty body", ["r@x.example"], HEAD + "\n"),
    Case("a NUL and a long line", ["r@x.example"],
         HEAD + "\n" + "x" * 900 + "\n\n"),
    Case("all that is missing is added", ["r@x.example"],
         "Subject: s\n\nbody\n", differs=[
             "header:Message-ID", "header:name of the caller"]),
    Case("without a full name", ["r@x.example"], "Subject: s\n\nbody\n",
         [("from_full_name", "")], ["header:Message-ID"]),
    Case("nothing is added", ["r@x.example"], "Subject: s\n\nbody\n",
         [("set_from_header", "off"), ("set_date_header", "off"),
          ("set_msgid_header", "off")]),
    Case("From replaced", ["-F", "Full Name", "r@x.example"],
         HEAD.replace("From: ", "From:\n ") + "\nbody\n",
         [("set_from_header", "on")]),
    Case("a name with a comma", ["-F", "Doe, John", "r@x.example"],
         "Date: x\nMessage-ID: <i@x>\n\nb\n",
         differs=["header:quotes"]),
    Case("Bcc stays", ["-t"], HEAD + "Bcc: b@x.example\n\nb\n",
         [("remove_bcc_headers", "off")]),
    Case("8-bit text with a label", ["r@x.example"], HEAD +
         "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
         "Content-Transfer-Encoding: 8bit\n\n\u00e9\n",
         differs=["commands:parameters"]),
    Case("8-bit text without one", ["r@x.example"], HEAD + "\n\u00e9\n",
         differs=["commands:parameters", "header:label"]),
    Case("without one, switched off", ["r@x.example"], HEAD + "\n\u00e9\n",
         [("set_mime_headers", "off")], ["commands:parameters"]),
    Case("a domain is added", ["root"], HEAD.replace("x@x.example", "root") +
         "\nb\n", differs=["all:domain"],
         ours=sends("root@acct.example")),
    Case("no domain is added", ["root"], HEAD.replace("x@x.example", "root") +
         "\nb\n", [("qualify_domain", "")], FAILS),
    Case("the same recipient twice", ["r@x.example", "r@x.example"],
         differs=["commands:once", "log:recipients"]),
    Case("a subject twice", ["r@x.example"], HEAD +
         "Subject: a\nSubject: b\n\nb\n", differs=["header:once"]),
    Case("a subject twice, left alone", ["r@x.example"], HEAD +
         "Subject: a\nSubject: b\n\nb\n", [("header_once", "off")]),
    Case("Return-Path", ["r@x.example"],
         "Return-Path: <a@x.example>\n" + PLAIN,
         differs=["header:to the reader"]),
    # what msmtp does and should not
    Case("Resent-Bcc", ["-t"], HEAD + "Resent-To: a@x.example\n"
         "Resent-Bcc: h@x.example\n\nb\n",
         differs=["header:Resent-Bcc", "header:Resent"]),
    Case("two authors", ["-t"], PLAIN.replace(
        "a@acct.example", "a@acct.example, second@acct.example"),
         differs=["commands:second author", "log:recipients"]),
    Case("text alone", ["r@x.example"], "hello\n",
         [("from_full_name", "")],
         ["header:Message-ID", "header:separator", "body:separator"]),
    Case("a line of a mailbox", ["r@x.example"],
         "From a@x.example Sat Nov 21 10:00:00 2026\n" + PLAIN,
         differs=["header:mbox"]),
    # senders and accounts
    Case("-f", ["-f", "other@o.example", "r@x.example"]),
    Case("-f null", ["-f", "<>", "r@x.example"]),
    Case("-f MAILER-DAEMON", ["-f", "mailer-daemon", "r@x.example"],
         differs=["log:sender"]),
    Case("from null", ["r@x.example"], lines=[("from", "")]),
    Case("from MAILER-DAEMON", ["r@x.example"],
         lines=[("from", "MAILER-DAEMON")], differs=["log:sender"]),
    Case("from null, -f", ["-f", "other@o.example", "r@x.example"],
         lines=[("from", "")]),
    Case("-f with a line end",
         ["-f", "a@b>\r\nRCPT TO:<evil@x.example", "r@x.example"],
         differs=["all:safe sender"]),
    Case("override off", ["-f", "other@o.example", "r@x.example"],
         lines=[("allow_from_override", "off")]),
    Case("auto_from", ["-f", "other@o.example", "r@x.example"],
         lines=[("auto_from", "on"), ("maildomain", "m.example")],
         env={"USER": "root"}),
    Case("from the header", ["--read-envelope-from", "r@x.example"]),
    Case("no From to read", ["--read-envelope-from", "r@x.example"], "\nb\n",
         differs=["ends:code", "log:early"]),
    Case("both senders", ["--read-envelope-from", "-f", "a@b.example",
                          "r@x.example"]),
    Case("substitutions", ["r@x.example"], lines=[
        ("from", "a@%H"), ("domain", "%H.example")],
         env={"HOSTNAME": "box.example"}),
    *(Case(f"account by {i}", [*args, "r@x.example"], file=ACCOUNTS) for i, args in enumerate([
               ["-f", "ONE@D.example"], ["-f", "one+tag@d.example"],
               ["-f", "any@wild.example"], ["-f", "zzz@other.example"],
               ["-a", "one", "-f", "any@wild.example"], ["-a", "one"],
               ["--acc=one"], []])),
    Case("account by the header", ["-t", "--read-envelope-from"],
         PLAIN.replace("a@acct.example", "me@wild.example"), file=ACCOUNTS),
    Case("~/.msmtprc", ["r@x.example"], place=".msmtprc"),
    Case("~/.config/msmtp/config", ["r@x.example"],
         place=".config/msmtp/config"),
    Case("XDG_CONFIG_HOME", ["r@x.example"], place="x y/msmtp/config",
         env={"XDG_CONFIG_HOME": "{home}/x y"}),
    Case("~ in the name of a file", ["web"], place=".msmtprc",
         lines=[("aliases", "~/aliases"), ("logfile", "~/log")],
         files={"aliases": ALIASES}),
    Case("no file at all", ["r@x.example"], place="elsewhere"),
    Case("unknown account", ["-a", "nope", "r@x.example"], file=ACCOUNTS),
    Case("grammar", ["r@x.example"], file=GRAMMAR),
    Case("grammar, c", ["-a", "c", "r@x.example"], file=GRAMMAR),
    Case("defaults and heirs", ["r@x.example"], file=HEIRS),
    Case("defaults and two parents", ["-a", "both of", "r@x.example"],
         file=HEIRS),
    Case("implied account", ["r@x.example"],
         file="host 127.0.0.1\nport {port}\nfrom i@i.example\n"),
    Case("no sender", ["r@x.example"], file="host 127.0.0.1\nport {port}\n"),
    *(Case(f"bad file {i}", ["r@x.example"], file=text, differs=differs)
      for i, (text, differs) in enumerate([
          ("account a\nhost h\nfrob on\n", []),
          ("account a\nhost h\ntls yes\n", []),
          ("account a\nport 0\n", []),
          ("account a\nport 65536\n", []),
          ("account a\nauth PLAIN\n", []),
          ("tls on\naccount default\n", []),
          ("account a : b\naccount b\n", []),
          ("account a\neval true\n", ["ends:code"]),
          ("account a\neval\n", []),
          ("account default\nhost h\nfrom a@b.example\ntls_key_file k\n", []),
          ("account default\nhost h\nfrom a@b.example\ntls on\n"
           "tls_trust_file\n", []),
          ("account default\nhost h\nfrom a@b.example\nsyslog LOG_X\n", []),
          ("account default\nfrom a@b.example\n", []),
          ("account default\ntls_nostarttls on\n", []),
          ("account default\nkeepbcc maybe\n", []),
          ("account default\ndsn_notify SUCCESS\n", []),
          ("account default\nset_date_header on\n", []),
          ("account default\ntimeout 0\n", []),
          ("account default\ndefaults x\n", []),
      ])),
    Case("no file", ["-C", "/nonexistent/rc", "r@x.example"],
         differs=["ends:code"]),
    Case("host on the command line",
         ["--host=127.0.0.1", "--port={port}", "--from=h@h.example",
          "r@x.example"], file="nonsense\n"),
    Case("host and account", ["--host=h", "--account=a", "r@x.example"]),
    Case("empty values", ["--logfile=", "--auth=", "--user=x",
                          "--passwordeval=", "--auth=off", "r@x.example"]),
    Case("options behind a recipient", ["r@x.example", "-f",
                                        "late@x.example"]),
    Case("POSIXLY_CORRECT", ["-f", "first@x.example", "r@x.example", "-t"],
         env={"POSIXLY_CORRECT": "1"}, differs=["all:late option"]),
    Case("a recipient with a dash", ["--", "-dash@x.example"]),
    Case("sendmail's flags",
         ["r@x.example", "-B8BITMIME", "-Am", "-L", "t", "-h", "3", "-G",
          "-m", "-n", "-O", "x=y", "-odb", "-bm", "-oi"]),
    *(Case(f"wrong option {one}", [*one.split(), "r@x.example"])
      for one in ("--nonsense", "-Z", "--keepbcc=x", "-N x", "-bd",
                  "--no-such=x")),
    *(Case(f"wrong value {one}", [one, "r@x.example"], differs=["log:early"])
      for one in ("--port=x", "--tls=yes", "--timeout=0",
                  "--set-date-header=on")),
    Case("no recipient", [], differs=["log:early"]),
    Case("no recipient in the header", ["-t"], "Subject: x\n\n",
         differs=["log:early"]),
    # replies
    Case("two lines", ["r@x.example"], policy={"faults": [
        Fault("rcpt", reply="550-5.1.1 can't\n550 5.1.1 two")]},
         differs=FAILS),
    refused("MAIL 550", "mail", "550 5.1.0 no", FAILS),
    refused("MAIL 450", "mail", "450 4.1.0 later", FAILS),
    refused("RCPT 450", "rcpt", "450 4.1.0 later", FAILS),
    refused("DATA 554", "data", "554 5.1.0 no", FAILS),
    refused("dot 554", "body-end", "554 5.1.0 no", [*WORDS, *QUIT]),
    refused("dot 451", "body-end", "451 4.1.0 later", FAILS),
    refused("greeting 554", "greeting", "554 no",
            [*CODE, "log:words", *QUIT]),
    refused("RCPT 252", "rcpt", "252 cannot verify", ["all:success"],
            ours=sends("r@x.example")),
    refused("RCPT 251", "rcpt", "251 elsewhere"),
    Case("one of three", ["a@x.example", "b@x.example", "c@x.example"],
         policy={"faults": [Fault("rcpt", reply="550 5.1.1 no",
                                  match=b"b@x")], "pipelining": False},
         differs=["all:partial"],
         ours=sends("a@x.example", "b@x.example", "c@x.example")),
    Case("one of three, all or nothing",
         ["a@x.example", "b@x.example", "c@x.example"],
         lines=[("partial_delivery", "off")],
         policy={"faults": [Fault("rcpt", reply="550 5.1.1 no",
                                  match=b"b@x")], "pipelining": False},
         differs=["commands:partial", *CODE, *WORDS]),
    # secrets
    Case("auth plain over TLS", ["r@x.example"], lines=AUTH, mode="starttls",
         policy=LOGIN),
    Case("auth over TLS from the first byte", ["r@x.example"],
         lines=[*AUTH, ("tls_starttls", "off")], mode="implicit",
         policy=LOGIN),
    Case("auth login", ["r@x.example"], lines=[*AUTH, ("auth", "login")],
         mode="starttls", policy=LOGIN),
    Case("a wrong password", ["r@x.example"],
         lines=[*AUTH, ("password", "wrong")], mode="starttls", policy=LOGIN,
         differs=["log:words", *QUIT]),
    Case("passwordeval, its first line", ["r@x.example"], lines=[
        *TLS, ("auth", "plain"), ("user", USER),
        ("passwordeval", "printf 's3cret pw#\"\\r\\nsecond\\n'")],
         mode="starttls", policy=LOGIN),
    Case("passwordeval without output", ["r@x.example"], lines=[
        *TLS, ("auth", "plain"), ("user", USER), ("passwordeval", "true")],
         mode="starttls", policy=LOGIN, differs=["log:early"]),
    Case("a netrc file", ["r@x.example"], lines=[
        *TLS, ("auth", "plain"), ("user", USER)],
         files={".netrc": "machine other login u@x password no\n"
                "machine 127.0.0.1 login u@x password 's3cret pw#\"'\n"
                "default login x password y\n"},
         mode="starttls", policy=LOGIN),
    Case("no password in clear", ["r@x.example"], lines=[
        ("auth", "plain"), ("user", USER), ("password", PASSWORD)],
         policy=LOGIN,
         differs=["all:no clear password"]),
    Case("auth on in clear", ["r@x.example"], lines=[
        ("auth", "on"), ("user", USER), ("password", PASSWORD)],
         policy=LOGIN, differs=["all:no clear password"]),
    # TLS
    Case("TLS", ["r@x.example"], lines=TLS, mode="starttls"),
    Case("another name", ["r@x.example"],
         lines=[*TLS, ("tls_host_override", "other.example")],
         mode="starttls", differs=[*CODE, "log:words"]),
    Case("any certificate", ["r@x.example"],
         lines=[("tls", "on"), ("tls_certcheck", "off")], mode="starttls",
         differs=["ends:warning"]),
    Case("STARTTLS is not there", ["r@x.example"], lines=TLS,
         differs=[*CODE, "log:words"]),
    # aliases, DSN
    Case("aliases", ["web", "keep@y.example", "other"],
         lines=[("aliases", "{home}/aliases")], files={"aliases": ALIASES}),
    Case("two aliases in a row", ["root", "web"],
         lines=[("aliases", "{home}/aliases")], files={
             "aliases": "root: admin@ex.example\nweb: www@ex.example\n"},
         differs=["all:aliases"],
         ours=sends("admin@ex.example", "www@ex.example")),
    Case("DSN", ["-N", "failure,delay", "-R", "hdrs", "r@x.example"],
         policy={"extra_ehlo": ("DSN",)}),
    Case("DSN in the account", ["r@x.example"], lines=[
        ("dsn_notify", "never"), ("dsn_return", "full")],
         policy={"extra_ehlo": ("DSN",)}),
    Case("DSN is not there", ["-N", "failure", "r@x.example"],
         differs=["all:no DSN"], ours=sends("r@x.example")),
    # the log
    Case("log with TLS and a user", ["r@x.example", "s@x.example"],
         lines=[*AUTH, ("logfile_time_format", "X")], mode="starttls",
         policy=LOGIN),
]
