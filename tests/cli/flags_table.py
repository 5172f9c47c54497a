"""sendmail's command line, row by row: what postrider does, and how it shows.

test_flags.py runs every case; flags_page.py makes doc/SENDMAIL.md of the rows.
A row without cases names the tests that show it.
"""

import os
import pwd
import re
from dataclasses import dataclass, field
from typing import Optional

BOTH = ("sendmail", "postrider")
SENDMAIL = ("sendmail",)
OWN = ("postrider",)

MESSAGE = "Subject: s\n\nbody\n"
R = "r@example.net"
MANY = [f"person.number{n}@x.example" for n in range(400)]


@dataclass
class Case:
    """One call; with `each`, one call with each of these flags in front.

    `to` are the recipients of the one message that must arrive, None means
    that nobody connects.  `out` must match standard output as a whole, `err`
    any place in standard error; empty means that nothing is there.  Where
    something failed and `err` is not given, there is one line of it.
    {home} in arguments, settings and patterns is the user's directory.
    """

    args: str                         # blank-separated; {SP} is a blank
    to: Optional[list] = None
    stdin: str = MESSAGE
    code: int = 0
    out: str = ""
    err: Optional[str] = None
    names: tuple = BOTH
    each: tuple = ()
    # what arrived
    sender: str = "sender@example.com"
    mail: dict = field(default_factory=dict)    # DSN and BODY parameters
    rcpt: dict = field(default_factory=dict)
    header: dict = field(default_factory=dict)  # name -> values
    body: Optional[str] = None        # lines end in LF here
    # circumstances
    settings: dict = field(default_factory=dict)
    aliases: Optional[str] = None
    env: dict = field(default_factory=dict)
    dsn: bool = True                  # does the relay offer it?
    redirect: str = ""                # of the shell: ">&-"
    untouched: bool = False           # nothing of standard input is read
    absent: str = ""                  # a file that is not made
    signal: str = ""                  # in the middle of standard input
    ignores: str = ""                 # a signal the caller ignores


@dataclass
class Row:
    id: str
    flag: str                         # as the page has it
    does: str                         # what postrider does
    cases: list = field(default_factory=list)
    also: list = field(default_factory=list)    # "file::test"


def sends(args, **more):
    return Case(args, to=[R], **more)


def refuses(args, err=None, **more):
    return Case(args, code=64, err=err, **more)


def nothing(args, **more):
    """Ends well, before anything is read."""
    return Case(args, untouched=True, **more)


def own_name():
    """How a From that is added begins for whoever runs these tests."""
    user = pwd.getpwuid(os.getuid())
    name = user.pw_gecos.split(",")[0].strip().replace(
        "&", user.pw_name[:1].upper() + user.pw_name[1:])
    if not name:
        return "sender@example.com"
    if re.fullmatch(r"[A-Za-z0-9 ]+", name):
        return f"{name} <sender@example.com>"
    return None                       # quoted or encoded: not shown here


ALIASES = "root: admin@example.net\nweb: root, \\web\nloop: loop\n"
DIALOGUE = ("EHLO [127.0.0.1]\r\nMAIL FROM:<a@example.com>\r\n"
            f"RCPT TO:<{R}>\r\nDATA\r\nSubject: s\r\n\r\n...b\r\n.\r\n"
            "QUIT\r\n")
QUEUE = "Mail queue is empty\n"
RELAY = "deliverable: mailer relay, user"
VERSION = r"postrider \d.*(?:\n.*)+"

# ---- 1.1: how a command line is read ----

PARSING = [
    Row("first-operand", "`-f a r`, `r -f a`",
        "`sendmail`: options end at the first recipient, and a dash behind it "
        "is refused; `postrider`: options and recipients may be mixed", [
            sends(f"-f a@example.com {R}", sender="a@example.com"),
            refuses(f"{R} -f a@example.com", "options come first",
                    names=SENDMAIL),
            refuses(f"{R} -i", "options come first", names=SENDMAIL),
            sends(f"{R} -f a@example.com", sender="a@example.com",
                  names=OWN),
        ]),
    Row("dashes", "`--`",
        "ends the options; a recipient behind it may begin with a dash", [
            sends(f"-i -- {R}"),
            Case("-- -x@example.net", to=["-x@example.net"]),
            Case("-- -t --help", to=["-t@example.com",
                                     "--help@example.com"]),
        ]),
    Row("cluster", "`-ti`, `-it`, `-tifA`", "letters may share a dash", [
        Case("", each=("-ti", "-it", "-tiF{SP}N"), to=[R],
             stdin=f"To: {R}\n\na\n.\nb\n", body="a\n.\nb\n"),
        Case("-tifa@example.com", to=[R], sender="a@example.com",
             stdin=f"To: {R}\n\na\n.\nb\n", body="a\n.\nb\n"),
        sends(f"-oifa@example.com {R}"),
    ]),
    Row("joined", "`-fA`, `-f A`", "a value stands in the same word or the "
        "next", [
            sends(R, each=("-fa@example.com", "-f a@example.com"),
                  sender="a@example.com"),
            sends(R, each=("-FJane", "-F Jane"),
                  header={"From": ["Jane <sender@example.com>"]}),
            sends(R, each=("-B8BITMIME", "-B 8BITMIME", "-oi", "-o i")),
        ]),
    Row("optional", "`-q -d -E -J -T`", "a value of these stands in the same "
        "word; the next word is never one", [
            sends(R, each=("-d", "-E", "-J", "-T", "-dx", "-Ex", "-Jx",
                           "-T3d"), names=SENDMAIL),
            sends(R, each=("-E", "-J", "-T", "-Ex", "-Jx", "-T3d"),
                  names=OWN),
            nothing("30m", each=("-q", "-q30m")),
        ]),
    Row("empty", "`-f ''`, `-F ''`", "an empty sender is the null sender, an "
        "empty name is no name", [
            sends(f"-f {{EMPTY}} {R}", sender=""),
            sends(f"-f <> {R}", sender=""),
            sends(f"-F {{EMPTY}} {R}", settings={"from_full_name": "Set"},
                  header={"From": ["sender@example.com"]}),
            sends(f"-f {{EMPTY}} {R}", settings={"null_sender": "off"}),
        ]),
    Row("repeated", "`-f a -f b`, `-f a -r b`", "the last one counts", [
        sends(R, each=("-f a@example.com -f b@example.com",
                       "-f a@example.com -rb@example.com",
                       "-r a@example.com -fb@example.com"),
              sender="b@example.com"),
        sends(f"-f a@example.com -f {{EMPTY}} {R}", sender=""),
        sends(f"-F A -F B {R}", header={"From": ["B <sender@example.com>"]}),
    ]),
    Row("operands", "`'a,b'`, `'a b'`, `'Name <a>'`",
        "an operand is a list of addresses, with commas or blanks between "
        "them; one that cannot be read is 64 and nothing is sent", [
            Case("", each=("a@x.example,b@y.example",
                           "a@x.example,{SP}b@y.example",
                           "a@x.example{SP}b@y.example",
                           "<a@x.example> Bea{SP}<b@y.example>",
                           "\"A,{SP}B\"{SP}<a@x.example>,b@y.example"),
                 to=["a@x.example", "b@y.example"]),
            Case(",".join(MANY), to=MANY),
            refuses("x" * 70000, "longer than 65536"),
            refuses("a@b@c"),
            refuses(f"{R} a@b@c", r"recipient a@b@c: "),
            refuses(f"{R} <a@x.example"),
        ]),
    Row("duplicates", "`a a`", "nobody gets a message twice; the case of a "
        "domain does not matter, that of a local part does", [
            Case("a@x.example a@X.example,a@x.example", to=["a@x.example"]),
            Case("a@x.example A@x.example",
                 to=["a@x.example", "A@x.example"]),
            Case("-t a@x.example", to=["a@x.example"],
                 stdin="To: a@X.EXAMPLE\n\n"),
        ]),
    Row("unqualified", "`root`", "a name is looked up in `aliases`, then gets "
        "`qualify_domain`; so do names at `localhost` and at this machine; "
        "behind a backslash it is not looked up", [
            Case("bob", to=["bob@example.com"]),
            Case("root", to=["admin@example.net"], aliases=ALIASES),
            Case("root@localhost", to=["admin@example.net"],
                 aliases=ALIASES),
            Case("{host}", to=["root@example.com"]),
            Case("bob@localhost", to=["bob@example.com"], aliases=ALIASES),
            Case("bob@LOCALHOST", to=["bob@example.com"]),
            Case("web", to=["admin@example.net", "web@example.com"],
                 aliases=ALIASES),
            Case("", each=("\\root", "\\root@localhost", "x{SP}<\\root>"),
                 to=["root@example.com"], aliases=ALIASES),
            Case("-t web,\\web,{SP}\\bob", aliases=ALIASES,
                 stdin="To: a@x.example\nCc: \\root\n\n",
                 header={"Cc": ["root@example.com"]},
                 to=["admin@example.net", "web@example.com",
                     "bob@example.com", "a@x.example", "root@example.com"]),
            Case("root", to=["admin@example.net"], aliases=ALIASES,
                 header={"To": ["root@example.com"]},
                 stdin="To: root\n\n"),
        ]),
    Row("descriptors", "0, 1, 2 closed", "are opened first, so that no file "
        "takes their place; a closed standard input is 66", [
            sends(R, redirect=">&-"),
            sends(R, redirect="2>&-"),
            sends(R, redirect=">&- 2>&-"),
            Case(R, code=66, redirect="<&-", err="standard input"),
            Case(R, code=66, redirect="<&- >&- 2>&-", err=""),
        ], also=["tests/real/test_start.py::test_closed_output"]),
]

# ---- 1.2: flags ----

FLAGS = [
    Row("-t", "`-t`", "adds the recipients of To, Cc, Bcc and Apparently-To", [
        Case("-t", to=["a@x.example", "b@x.example", "c@x.example",
                       "d@x.example"],
             stdin="To: a@x.example\nCc: b@x.example\nBcc: c@x.example\n"
                   "Apparently-To: d@x.example\n\n"),
    ]),
    Row("-i", "`-i`, `-oi`", "a line with a lone dot is text, and two dots at "
        "the start of one stay two; to `postrider` it always is", [
            sends(R, each=("-i", "-oi", "-o i", "-OIgnoreDots=true"),
                  stdin="\n..a\n.\nb\n", body="..a\n.\nb\n"),
            sends(R, stdin="\n..a\n.\nb\n", body="..a\n.\nb\n", names=OWN),
        ]),
    Row("-f", "`-f A`, `-r A`", "envelope sender; also in a From that is "
        "added", [
            sends(R, each=("-f a@example.com", "-r a@example.com"),
                  sender="a@example.com",
                  header={"From": ["a@example.com"],
                          "X-Authentication-Warning": []}),
            sends(f"-f a@example.com {R}", sender="a@example.com",
                  stdin="From: b@example.com\n\n",
                  header={"From": ["b@example.com"]}),
            refuses(f"-f a,b {R}", "not one address"),
        ]),
    Row("-F", "`-F N`", "name in a From that is added, quoted or encoded; not "
        "in one that is there", [
            sends(f"-F Jane{{SP}}Doe {R}",
                  header={"From": ["Jane Doe <sender@example.com>"]}),
            sends(f"-F Doe,{{SP}}J. {R}",
                  header={"From": ['"Doe, J." <sender@example.com>']}),
            sends(f"-F J\u00f6rg {R}", header={
                "From": ["=?UTF-8?b?SsO2cmc=?= <sender@example.com>"]}),
            sends(f"-F Jane {R}", stdin="From: b@example.com\n\n",
                  header={"From": ["b@example.com"]}),
            sends(f"-F Jane {R}", settings={"from_full_name": "Set"},
                  header={"From": ["Jane <sender@example.com>"]}),
        ]),
    Row("-bm", "`-bm`", "sends, which is the default", [sends(f"-bm {R}")]),
    Row("-bs", "`-bs`", "SMTP on standard input and output", [
        Case("-bs", stdin="QUIT\r\n", out=r"220 .*\r\n221 .*\r\n"),
        Case("", each=("-bs", "-bs -i", "-bs -odb -oem -om"), to=[R],
             sender="a@example.com", stdin=DIALOGUE, body="..b\n",
             out=r"220 .*\r\n(?:250.*\r\n)+354 .*\r\n250 .*\r\n"
                 r"221 .*\r\n"),
        refuses(f"-bs {R}", "no recipients"),
    ]),
    Row("-bp", "`-bp`", "lists the queue", [
        nothing("-bp", out=QUEUE),
    ]),
    Row("-bi", "`-bi`, `-I`", "there is nothing to build", [
        nothing("", each=("-bi", "-I")),
    ]),
    Row("-bv", "`-bv A`", "shows where mail for A would go, after aliases and "
        "with its domain; an address that is none is 64; nothing is read or "
        "sent", [
            nothing("-bv root", aliases=ALIASES,
                    out=f"root... {RELAY} admin@example.net\n"),
            nothing("-bv bob bob@localhost a@x.example", out=(
                f"bob... {RELAY} bob@example.com\n"
                f"bob@localhost... {RELAY} bob@example.com\n"
                f"a@x.example... {RELAY} a@x.example\n")),
            nothing("-bv web,loop", aliases=ALIASES, out=(
                f"web... {RELAY} admin@example.net\n"
                f"web... {RELAY} web@example.com\n"
                f"loop... {RELAY} loop@example.com\n")),
            nothing("-bv -n root \\root", aliases=ALIASES, out=(
                f"root... {RELAY} root@example.com\n"
                f"\\\\root... {RELAY} root@example.com\n")),
            nothing("-bv \\root,root", aliases=ALIASES, out=(
                f"\\\\root... {RELAY} root@example.com\n"
                f"root... {RELAY} admin@example.net\n")),
            nothing("-bv a@b@c bob", code=64, err="recipient a@b@c: ",
                    out=f"bob... {RELAY} bob@example.com\n"),
            nothing("-bv -t", code=64, err="name the recipients"),
        ]),
    Row("-bt", "`-bt`", "refused", [refuses("-bt", "mode t")]),
    Row("-bd", "`-bd -bD -bl`", "refused: no daemon",
        [refuses("", "not supported", each=("-bd", "-bD", "-bl"))]),
    Row("-bh", "`-bh -bH`", "nothing, 0", [nothing("", each=("-bh", "-bH"))]),
    Row("-ba", "`-ba -bC -bP`", "the first two refused; `-bP` counts the "
        "queue", [
        refuses("", "not supported", each=("-ba", "-bC")),
        nothing("-bP", out="0\n"),
    ]),
    Row("-bS", "`-bS`", "refused", [refuses("-bS", "mode S")]),
    Row("-bX", "`-bX` other", "refused", [
        refuses(R, "not supported", each=("-bz", "-b1", "-bmm")),
        refuses("-b", "a value is missing"),
    ]),
    Row("-oe", "`-oem -oep -oeq -oew`, `-e` the same", "`q`: nothing on "
        "standard error, the exit code stays; the others change nothing; no "
        "error is ever mailed", [
            sends(R, each=("-oem", "-oep", "-oeq", "-oew", "-em", "-ep",
                           "-eq", "-ew", "-e m", "-OErrorMode=m")),
            refuses("a@b@c", each=("-oem", "-oep", "-oew", "-em", "-ep",
                                   "-ew")),
            refuses("a@b@c", "", each=("-oeq", "-eq", "-e q", "-o eq",
                                       "-OErrorMode=q",
                                       "-OErrorMode=quiet")),
        ]),
    Row("-oee", "`-oee`, `-ee`", "accepted; a failure is not 0", [
        sends(R, each=("-oee", "-ee")),
        refuses("a@b@c", each=("-oee", "-ee")),
    ]),
    Row("-od", "`-odb -odi -odq -odd`", "accepted; sends at once all the "
        "same", [sends(R, each=("-odb", "-odi", "-odq", "-odd"))]),
    Row("-odf", "`-odf`", "accepted", [sends(f"-odf {R}")]),
    Row("-om", "`-om`, `-m`", "accepted", [sends(R, each=("-om", "-m"))]),
    Row("-oo", "`-oo`", "accepted", [sends(f"-oo {R}")]),
    Row("-o7", "`-o7 -o8`", "accepted; the message stays as it is", [
        sends(R, each=("-o7", "-o8"), stdin="\n\u00fc\n", body="\u00fc\n",
              mail={"BODY": "8BITMIME"}),
    ]),
    Row("-ox", "`-oA file -oQ d -or0s -oT -oX` and others", "accepted, "
        "ignored", [
            sends(R, each=("-oA{home}/x", "-oQ{home}", "-or0s", "-oT3d",
                           "-oX{home}/x", "-oz", "-oxyz"),
                  absent="{home}/x"),
        ]),
    Row("-O", "`-O Name=V`", "`IgnoreDots` and `ErrorMode` count, others are "
        "ignored", [
            sends(f"-O IgnoreDots=true {R}", stdin="\n.\nb\n", body=".\nb\n"),
            sends(f"-i -OIgnoreDots=false {R}", stdin="\na\n.\nb\n",
                  body="a\n", names=SENDMAIL),
            refuses("-O ErrorMode=q a@b@c", ""),
            sends(R, each=("-O DeliveryMode=q", "-OSuperSafe=True",
                           "-O AliasFile={home}/x", "-O nothing")),
        ]),
    Row("-B", "`-B type`", "7BIT or 8BITMIME in any case, others refused; the "
        "message itself decides what is declared", [
            sends(R, each=("-B7BIT", "-B 7bit", "-B8BITMIME", "-B 8bitmime")),
            sends(R, each=("-B8BITMIME", "-B7BIT"), stdin="\n\u00fc\n",
                  mail={"BODY": "8BITMIME"}),
            refuses(f"-B 9BIT {R}", "9BIT"),
            refuses(f"-B {{EMPTY}} {R}"),
        ]),
    Row("-N", "`-N list`", "NOTIFY if the relay offers DSN, nothing "
        "otherwise; a bad value is 64; goes before `dsn_notify`", [
            sends(R, each=("-N failure,delay", "-Nfailure,delay",
                           "-N FAILURE,delay"),
                  rcpt={"NOTIFY": "FAILURE,DELAY"}),
            sends(f"-N never {R}", rcpt={"NOTIFY": "NEVER"}),
            Case(f"-N success {R} s@x.example", to=[R, "s@x.example"],
                 rcpt={"NOTIFY": "SUCCESS"}),
            sends(f"-N failure {R}", dsn=False),
            sends(f"-N failure {R}", rcpt={"NOTIFY": "FAILURE"},
                  settings={"dsn_notify": "never"}),
            sends(R, rcpt={"NOTIFY": "NEVER"},
                  settings={"dsn_notify": "never"}),
            sends(R, dsn=False, settings={"dsn_notify": "never"}),
            refuses(R, "unknown value", each=(
                "-N never,delay", "-N delay,never", "-N sometimes",
                "-N delay,", "-N {EMPTY}", "-N delay{SP}failure")),
        ]),
    Row("-R", "`-R full`, `-R hdrs`", "RET, as `-N`; goes before "
        "`dsn_return`", [
            sends(f"-R full {R}", mail={"RET": "FULL"}),
            sends(R, each=("-R hdrs", "-Rhdrs", "-R HDRS", "-R headers"),
                  mail={"RET": "HDRS"}),
            sends(f"-R hdrs {R}", dsn=False),
            sends(R, settings={"dsn_return": "headers"},
                  mail={"RET": "HDRS"}),
            sends(f"-R full {R}", settings={"dsn_return": "headers"},
                  mail={"RET": "FULL"}),
            refuses(R, "unknown value", each=("-R half", "-R full,hdrs")),
        ]),
    Row("-V", "`-V id`", "ENVID as xtext, as `-N`; printable ASCII of at most "
        "100 characters", [
            sends(f"-V QQ314159 {R}", mail={"ENVID": "QQ314159"}),
            sends(f"-V a{{SP}}+=b {R}", mail={"ENVID": "a+20+2B+3Db"}),
            sends(f"-V {'x' * 100} {R}", mail={"ENVID": "x" * 100}),
            sends(f"-V id {R}", dsn=False),
            sends(f"-V {{EMPTY}} {R}"),
            refuses(R, "envelope id", each=("-V" + "x" * 101, "-V\u00fc",
                                            "-Va\nb")),
            refuses("-V", "a value is missing"),
        ]),
    Row("-U", "`-U`", "accepted", [sends(f"-U {R}")]),
    Row("-G", "`-G`", "accepted", [sends(f"-G {R}")]),
    Row("-A", "`-Ac -Am`", "accepted", [sends(R, each=("-Ac", "-Am"))]),
    Row("-C", "`-C file`", "`sendmail`: refused, the configuration is not the "
        "caller's choice; `postrider`: the configuration file", [
            refuses(f"-C {{home}}/.postriderrc {R}", "not taken under this",
                    names=SENDMAIL),
            sends(f"-C {{home}}/.postriderrc {R}", names=OWN),
            Case(f"-C {{home}}/none {R}", code=78, names=OWN),
        ]),
    Row("-d", "`-D file`, `-d x`", "`-D`: accepted, no file is made. `-d0.1`: "
        "shows the version, then `sendmail` goes on and `postrider` ends; any "
        "other level: nothing to `sendmail`, `-v` to `postrider`", [
            sends(f"-D {{home}}/x {R}", absent="{home}/x"),
            sends(R, each=("-d", "-d8", "-d8.20", "-dx", "-d00"),
                  names=SENDMAIL),
            sends(R, each=("-d0.1", "-d0", "-d0-99.1"), out=VERSION,
                  names=SENDMAIL),
            nothing(R, each=("-d0.1", "--debug=0.1"), out=VERSION, names=OWN),
            sends(R, each=("-d", "-d8", "-d0", "-d0.10", "-d0-99.1"),
                  err="--> MAIL FROM:", names=OWN),
        ]),
    Row("-h", "`-h n`", "accepted", [sends(R, each=("-h 3", "-h17"))]),
    Row("-L", "`-L tag`", "name of the program in the system's log",
        [sends(R, each=("-L tag", "-Ltag"))],
        also=["tests/unit/test_log.c::log_syslog_tag"]),
    Row("-n", "`-n`", "no aliases", [
        Case("-n root", to=["root@example.com"], aliases=ALIASES),
    ]),
    Row("-p", "`-p proto`", "accepted", [
        sends(R, each=("-p SMTP", "-pSMTP:host.example")),
    ]),
    Row("-X", "`-X file`", "`sendmail`: ignored with a warning; `postrider`: "
        "the log file", [
            sends(f"-X {{home}}/x {R}", names=SENDMAIL, absent="{home}/x",
                  err="warning: -X"),
            sends(f"-oeq -X {{home}}/x {R}", names=SENDMAIL,
                  absent="{home}/x"),
            sends(f"-X {{home}}/x {R}", names=OWN, absent="{home}/log"),
        ]),
    Row("-v", "`-v`", "the dialogue on standard error, without secrets", [
        sends(f"-v {R}", err=f"--> RCPT TO:<{R}>\n"),
    ], also=["tests/real/test_start.py::test_nothing_left_tells_the_secret"]),
    Row("-q", "`-q -q30m -qf -qp`", "tries what waits in the queue, once; 0 "
        "when nothing does", [
        nothing("", each=("-q", "-q30m", "-qf", "-qp", "-qp15m")),
    ]),
    Row("-qI", "`-qI -qR -qS -qG -qQ`", "as `-q`: no message is picked out", [
        nothing("", each=("-qIid", "-qR@example.net", "-qSa@example.com",
                          "-qGgroup", "-qQ", "-q!Iid")),
    ]),
    Row("-Q", "`-Q`", "refused", [refuses("", "-Q", each=("-Q", "-Qwhy"))]),
    Row("-M", "`-M x`", "accepted with a value", [
        sends(R, each=("-MRvalue", "-M {daemon_flags}CC{SP}f")),
    ]),
    Row("-s", "`-s`", "accepted", [
        sends(f"-s {R}", stdin="From a Mon Jan  1 00:00:00 2024\n" + MESSAGE,
              body="body\n"),
    ]),
    Row("-c", "`-c`", "accepted", [sends(f"-c {R}")]),
    Row("-T", "`-T`", "accepted, with or without a joined value",
        [sends(R, each=("-T", "-T3d"))]),
    Row("-x", "`-x`", "accepted", [sends(f"-x {R}")]),
    Row("-E", "`-E`, `-J`", "accepted, with or without a joined value",
        [sends(R, each=("-E", "-J", "-Ex", "-Jx"))]),
    Row("-a", "`-a ACCOUNT`", "the account, also under the name `sendmail`; no "
        "credentials", [
            sends(R, each=("-a default", "-adefault")),
            Case(R, code=78, each=("-a nobody", "-auuser", "-appassword")),
        ]),
    Row("own-long", "`--version`, `--help`", "the only long options of "
        "`sendmail`", [
            nothing("--version", out=VERSION),
            nothing("--help", out=r"usage: (?:sendmail|postrider) "
                                  r"(?:.*\n)+"),
            refuses("", names=SENDMAIL, each=(
                "--file={home}/x", "--host=h", "--logfile=x", "--pretend",
                "--passwordeval=id", "--dsn-notify=never")),
        ]),
    Row("unknown", "any other", "refused", [
        refuses(R, "unknown option", each=("-Z", "-k", "-iZ", "-1",
                                           "--nonsense")),
    ]),
]

# ---- 1.3: names ----


def name(*names):
    return tuple(names)


NAMES = [
    Row("sendmail", "`sendmail`, `send-mail`", "sends", [
        sends(R, names=name("sendmail", "send-mail")),
    ]),
    Row("mailq", "`mailq`", "as `-bp`", [
        nothing("", names=name("mailq"), each=("", "-v", "-Ac"), out=QUEUE),
    ]),
    Row("newaliases", "`newaliases`", "as `-bi`", [
        nothing("", names=name("newaliases"), each=("", "-v")),
    ]),
    Row("hoststat", "`hoststat`, `purgestat`", "as `-bh`, `-bH`", [
        nothing("", names=name("hoststat", "purgestat")),
    ]),
    Row("runq", "`runq`", "as `-q`", [nothing("", names=name("runq"))]),
    Row("smtpd", "`smtpd`", "refused", [
        refuses("", "no server", names=name("smtpd"), each=("", "-bm", R)),
    ]),
    Row("postrider", "`postrider`, `msmtp`, any other", "the grammar of "
        "msmtp, with sendmail's letters", [
            sends(f"--from=a@example.com {R} --timeout=400",
                  sender="a@example.com",
                  names=name("postrider", "msmtp", "mail")),
        ]),
]

# ---- 1.4: what callers notice ----

MEANING = [
    Row("lone-dot", "a line `.`", "ends the message without `-i`, also with "
        "CR LF behind it; to `postrider` it never does", [
            sends(R, names=SENDMAIL, stdin="\na\n.\nb\n", body="a\n"),
            sends(R, names=SENDMAIL, stdin="\r\na\r\n.\r\nb\r\n", body="a\n"),
            sends(R, names=SENDMAIL, stdin="\n.x\n. \n", body=".x\n. \n"),
            sends(R, names=OWN, stdin="\na\n.\nb\n", body="a\n.\nb\n"),
        ]),
    Row("unstuffing", "a line `..x`", "loses a dot without `-i`; `.x` stays", [
        sends(R, names=SENDMAIL, stdin="\n..x\n.y\n..\n",
              body=".x\n.y\n.\n"),
        sends(R, names=OWN, stdin="\n..x\n.y\n", body="..x\n.y\n"),
    ]),
    Row("t-operands", "`-t r`", "the recipients of both, each once", [
        Case(f"-t {R} a@x.example", to=[R, "a@x.example", "b@x.example"],
             stdin="To: a@x.example, b@x.example\n\n"),
    ]),
    Row("no-recipients", "neither `-t` nor recipients", "64", [
        refuses("", "no recipients", stdin=f"To: {R}\n\n"),
        refuses("-i -f a@example.com", "no recipients"),
    ]),
    Row("t-nobody", "`-t` and nobody in the header", "64", [
        refuses("-t", "To, Cc and Bcc name nobody", stdin=stdin)
        for stdin in ("Subject: s\n\n", "To:\n\n", "", "\nTo: r@x.example\n",
                      "To: undisclosed-recipients:;\n\n")
    ]),
    Row("resent", "Resent- fields", "if there is Resent-To, -Cc or -Bcc, only "
        "those of the newest block count; Resent-Bcc is removed, Resent-Date "
        "and Resent-Message-ID are made", [
            Case("-t", to=["a@x.example", "b@x.example"],
                 stdin="Resent-To: a@x.example\nResent-Bcc: b@x.example\n"
                       "To: c@x.example\nBcc: d@x.example\n\n",
                 header={"Resent-Bcc": [], "To": ["c@x.example"]}),
            Case("-t", to=["a@x.example"],
                 stdin="Resent-From: b@x.example\nResent-To: a@x.example\n"
                       "Resent-To: c@x.example\nTo: d@x.example\n\n"),
        ]),
    Row("bcc", "Bcc", "is removed, with `-t` and without", [
        Case("-t", to=["b@x.example"], stdin="Bcc: b@x.example\n\n",
             header={"Bcc": []}),
        sends(R, stdin="To: a@x.example\nBcc: b@x.example\n\n",
              header={"Bcc": [], "To": ["a@x.example"]}),
    ]),
    Row("bcc-only", "nothing but Bcc", "no To is added", [
        Case("-t", to=["b@x.example"], stdin="Bcc: b@x.example\n\n",
             header={"To": [], "Cc": [], "Bcc": []}),
    ]),
    Row("default-sender", "no `-f`", "`from` of the account, else the login "
        "name at `qualify_domain`, never the environment", [
            sends(R),
            sends(R, settings={"from": "", "qualify_domain": "x.example"},
                  sender=pwd.getpwuid(os.getuid()).pw_name + "@x.example",
                  env={"USER": "u", "LOGNAME": "l", "EMAIL": "e@x.example",
                       "MAILUSER": "m"}),
        ]),
    Row("full-name", "no `-F`", "a From that is added has the full name of "
        "the caller from the password database, but not with `-f`, and not "
        "when `from_full_name` is set; never that of NAME", [
            *([sends(R, settings={"from_full_name": None},
                     env={"NAME": "Evil"}, header={"From": [own_name()]})]
              if own_name() else []),
            sends(f"-f a@example.com {R}", sender="a@example.com",
                  settings={"from_full_name": None},
                  header={"From": ["a@example.com"]}),
            sends(R, settings={"from_full_name": "Set"},
                  header={"From": ["Set <sender@example.com>"]}),
            sends(R, settings={"from_full_name": ""}, env={"NAME": "Evil"},
                  header={"From": ["sender@example.com"]}),
        ], also=["tests/unit/test_caller.c::gecos"]),
    Row("warning-field", "X-Authentication-Warning", "is not added", [
        sends(f"-f a@example.com {R}", sender="a@example.com",
              header={"X-Authentication-Warning": []}),
    ]),
    Row("silence", "success", "prints nothing", [
        sends(R, out="", err=""),
        Case("root", to=["admin@example.net"], names=SENDMAIL, out="", err="",
             aliases=ALIASES + 'list: "|/bin/x", :include:/x\nbad: a@b@c\n'),
    ]),
    Row("diagnostics", "failure", "one line on standard error, none on "
        "standard output, and the log", [
            refuses("a@b@c", r"\A[a-z]+: .*recipient a@b@c: .*\n\Z"),
        ], also=["tests/cli/test_program.py::test_early_failures_are_logged",
                 "tests/unit/test_log.c::log_syslog"]),
    Row("signals", "HUP, INT, TERM, KILL before the end of the input",
        "end the program; nothing was connected and no file is left. PIPE "
        "does not end it, nor does what its caller ignores (nohup)", [
            Case(R, signal=one, code=-1, err="")
            for one in ("HUP", "INT", "TERM", "KILL")
        ] + [
            sends(R, signal="PIPE"),
            sends(R, signal="HUP", ignores="HUP"),
            sends(R, signal="INT", ignores="INT"),
        ], also=["tests/real/test_start.py::"
                 "test_slow_input_keeps_the_network_idle"]),
    Row("queue-modes", "`-bp -bi -q -bh -bH -bP`", "never read standard "
        "input", [
            nothing("", each=("-bi", "-q", "-bh", "-bH")),
            nothing("-bp", out=QUEUE),
            nothing("-bP", out="0\n"),
        ]),
]

# ---- 2.1: exit codes ----

DIALOG = "tests/dialog/"
MATRIX = DIALOG + "test_matrix.py::test_matrix"

EXITS = [
    Row("exit-64", "bad option or value, no recipients, bad recipient",
        "64, nothing is sent",
        [refuses("-B x a"), refuses(""), refuses(f"{R} a@b@c")]),
    Row("exit-header", "bad recipient in the header", "65", [
        Case("-t", code=65, stdin=f"To: {R}, a@b@c\n\n",
             err="To: .*@c"),
    ]),
    Row("exit-size", "larger than `max_message_size`", "65", [
        Case(R, code=65, stdin="\n" + 99 * "larger\n",
             settings={"max_message_size": "100"}, err="larger than"),
    ]),
    Row("exit-input", "standard input cannot be read", "66", [
        Case(R, code=66, redirect="<&-", err="standard input"),
        Case(R, code=66, redirect="</", err="standard input"),
    ]),
    Row("exit-rcpt", "550, 551, 553 to RCPT", "67; other recipients get the "
        "message", also=[DIALOG + "rcpt-all-refused.dialog",
                         DIALOG + "rcpt-one-refused.dialog"]),
    Row("exit-rcpt-other", "another 5yz to RCPT", "69",
        also=[DIALOG + "rcpt-one-refused-554.dialog"]),
    Row("exit-mail", "501, 553 to MAIL", "65",
        also=[DIALOG + "mail-501.dialog", DIALOG + "mail-553.dialog"]),
    Row("exit-mail-other", "another 5yz to MAIL", "69; 77 when it is about "
        "who may send", also=[DIALOG + "mail-552.dialog",
                              DIALOG + "mail-550-571.dialog"]),
    Row("exit-data", "5yz to DATA or to the message", "69",
        also=[DIALOG + "data-554.dialog", DIALOG + "dot-554.dialog"]),
    Row("exit-later", "4yz, 421, a lost connection", "75", also=[MATRIX]),
    Row("exit-connect", "no connection", "75, or `tempfail_exit`", [
        Case(R, code=75, settings={"port": "1"}),
        Case(R, code=69, settings={"port": "1", "tempfail_exit": "69"}),
    ]),
    Row("exit-host", "no such name", "68, and 75 when it could not be looked "
        "up", also=["tests/unit/test_dial.c::names"]),
    Row("exit-tls", "no STARTTLS, no trustworthy certificate", "75",
        also=[MATRIX, "tests/real/test_certificates.py::test_bad_certificate"]),
    Row("exit-garbage", "replies that are none", "76", also=[MATRIX]),
    Row("exit-auth", "535 to AUTH; 454", "77; 75",
        also=[DIALOG + "auth-535.dialog", DIALOG + "auth-454.dialog"]),
    Row("exit-config", "wrong or missing configuration", "78", [
        Case(R, code=78, settings={"nonsense": "x"}, err="line"),
        Case(R, code=78, settings={"host": ""}, err="host"),
        Case(R, code=78, env={"HOME": "/nonexistent"},
             err="no configuration"),
    ]),
    Row("exit-output", "standard output cannot be written", "71",
        [Case("-bp", code=71, redirect=">/dev/full", err="standard output",
              untouched=True)]),
]

PARTS = [
    ("How a command line is read", PARSING),
    ("Flags", FLAGS),
    ("Names", NAMES),
    ("What callers notice", MEANING),
    ("Exit codes", EXITS),
]

ROWS = [row for _, rows in PARTS for row in rows]
