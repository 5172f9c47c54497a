"""The house rules as functions of (path, text).

Each yields the violations as (line number, words); `path` is relative to the
repository. check() applies one rule to many files.
"""

import io
import json
import re
import subprocess
import tempfile
import tokenize
from pathlib import Path

FILE_LINES = 510
FUNCTION_LINES = 60

# What a floor may include besides itself.
FLOORS = {
    "base": set(),
    "mail": {"base"},
    "net": {"base"},
    "profile": {"base"},
    "keyring": {"base"},
    "smtp": {"base", "mail", "net"},
    "spool": {"base", "mail"},
    "check": {"base", "mail", "net", "profile"},
    "app": {"base", "mail", "net", "profile", "smtp", "spool", "check"},
}

# One foreign library, one file (or one folder, with a slash at the end).
FOREIGN = [
    (r"gsasl.*", ("src/smtp/sasl.c",)),
    (r"gnutls/.*", ("src/net/tls_gnutls.c", "src/net/tls_setup.c",
                    "src/net/tls_setup.h", "src/net/tls_peer.c",
                    "src/net/tls_peer.h", "src/profile/derive.c")),
    (r"libsecret/.*", ("src/keyring/",)),
    (r"resolv\.h|arpa/nameser.*", ("src/net/dns.c",)),
    (r"idn2\.h", ("src/net/host.c",)),
]

LIBC = set("""
arpa/inet assert dirent dlfcn endian errno fcntl fnmatch getopt glob grp
ifaddrs inttypes langinfo libgen limits locale malloc math net/if netdb
netinet/in netinet/ip netinet/tcp paths poll pthread pty pwd regex sched search semaphore
signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
stdnoreturn string strings syslog termios threads time unistd utime
""".split())

BANNED = """
strcpy strcat sprintf vsprintf strtok strtok_r atoi atol atoll strtol strtoll
strtoul strtoull sscanf fscanf scanf gets system popen rand srand setjmp
longjmp alloca
""".split()

PROVIDERS = "ses amazonses amazon amazonaws aws oci oracle oraclecloud".split()

# Names that documentation and tests use for somebody's home.
EXAMPLE_HOMES = "u user alice".split()

# Here blanks at the end of a line, or a missing line end, are what is tested.
DATA = re.compile(r"\.dialog$|^tests/fuzz/corpus/|^tests/.*\.(eml|msg|mbox)$")


def check(rule, files):
    """The violations of all (path, text) as lines for people."""
    return [f"{path}:{line}: {words}"
            for path, text in files for line, words in rule(path, text)]


def numbered(text):
    return enumerate(text.split("\n"), 1)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def is_source(path):
    return path.startswith("src/") and path.endswith((".c", ".h"))


def blank_out(match):
    """Spaces of the same shape, so that line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group())


TOKENS = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def code_of(text, keep_strings=False):
    """C without comments, and without the contents of literals."""
    def replace(match):
        if keep_strings and match.group()[0] in "\"'":
            return match.group()
        return blank_out(match)
    return TOKENS.sub(replace, text)


def includes(text):
    """(line, '<' or '"', name) of each #include."""
    for number, line in numbered(code_of(text, keep_strings=True)):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


# ---------------------------------------------------------------- shape of C

def formatted(path, text):
    """clang-format leaves the file alone. Rows of .def files are exempt."""
    if not path.endswith((".c", ".h")):
        return
    result = subprocess.run(
        ["clang-format", f"--assume-filename={path}", "--style=file",
         "--dry-run", "-Werror"],
        input=text.encode(), stderr=subprocess.PIPE, check=False,
        cwd=Path(__file__).resolve().parents[2])
    lines = re.findall(rb":(\d+):\d+: error:", result.stderr)
    if lines:
        yield int(lines[0]), "not as clang-format writes it"
    elif result.returncode:
        yield 0, result.stderr.decode()


def file_length(path, text):
    lines = text.count("\n")
    if path.startswith("src/") and lines > FILE_LINES \
            and path.endswith((".c", ".h", ".def", ".py")):
        yield lines, f"more than {FILE_LINES} lines"


def functions(text):
    """(name, first line of the body, last line) of each function."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.c"
        path.write_text(text)
        tags = subprocess.run(
            ["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f",
             "--languages=C", "-o", "-", str(path)],
            stdout=subprocess.PIPE, check=True).stdout.decode()
    lines = text.split("\n")
    for tag in map(json.loads, tags.splitlines()):
        body = tag["line"]
        while body < tag["end"] and not lines[body - 1].startswith("{"):
            body += 1
        yield tag["name"], body, tag["end"]


def function_length(path, text):
    if not path.endswith(".c") or not path.startswith("src/"):
        return
    for name, first, last in functions(text):
        if last - first > FUNCTION_LINES:
            yield first, f"{name}() has {last - first} lines"


def header_shape(path, text):
    """An opening comment that names the module, and a guard that is its path.
    """
    if not path.startswith("src/") or not path.endswith(".h"):
        return
    stem = Path(path).stem
    guard = re.sub(r"\W", "_", f"{Path(path).parent.name}_{stem}_H").upper()
    if not text.startswith(f"/*\n * {stem}:"):
        yield 1, f"does not open with a comment '{stem}: ...'"
    code = code_of(text).strip()
    if not code.startswith(f"#ifndef {guard}\n#define {guard}\n") \
            or not code.endswith("#endif"):
        yield 1, f"has no include guard {guard}"


def no_typedef_struct(path, text):
    if is_source(path):
        for match in re.finditer(r"\btypedef\s+(struct|union|enum)\b",
                                 code_of(text)):
            yield line_of(text, match.start()), match.group()


def no_banned_function(path, text):
    if not is_source(path):
        return
    for match in re.finditer(rf"\b({'|'.join(BANNED)})\s*\(", code_of(text)):
        yield line_of(text, match.start()), f"{match.group(1)}()"
    for number, _, name in includes(text):
        if name in ("ctype.h", "wctype.h", "setjmp.h"):
            yield number, f"<{name}>"


EXIT_CODE = r"(?:6[4-9]|7[0-8])"


def no_bare_exit_code(path, text):
    """fail.def alone knows the codes of sysexits."""
    if not is_source(path):
        return
    code = code_of(text)
    for match in re.finditer(r"\b(return|_?_?exit|_Exit)\b([^;]*);", code):
        word, value = match.groups()
        value = " ".join(value.split()).strip("( )")
        if re.search(rf"^{EXIT_CODE}$|[?:] ?{EXIT_CODE}(?= ?:|$)", value):
            yield line_of(text, match.start()), f"{word} {value}"
    for number, _, name in includes(text):
        if name == "sysexits.h":
            yield number, "<sysexits.h>"


# ------------------------------------------------------------------- borders

def foreign_headers(path, text):
    if not is_source(path):
        return
    for number, bracket, name in includes(text):
        if bracket != "<":
            continue
        owners = [files for pattern, files in FOREIGN
                  if re.fullmatch(pattern, name)]
        is_libc = name.removesuffix(".h") in LIBC or name.startswith("sys/")
        if owners and not any(
                path == owner or owner.endswith("/") and path.startswith(owner)
                for owner in owners[0]):
            yield number, f"<{name}> is for {', '.join(owners[0])} only"
        elif not owners and not is_libc:
            yield number, f"<{name}> belongs to no library of the house"


def make_floor_rule(paths):
    """`paths`: every file of src/, to know the floor of a header."""
    floor_of = {}
    for path in paths:
        parts = path.split("/")
        if parts[0] == "src" and path.endswith((".h", ".def")):
            floor_of.setdefault(parts[-1], set()).add(parts[1])

    def floors(path, text):
        if not path.startswith("src/") \
                or not path.endswith((".c", ".h", ".def")):
            return
        own = path.split("/")[1]
        if own not in FLOORS:
            yield 1, f"no floor is called {own}"
            return
        for number, bracket, name in includes(text):
            homes = floor_of.get(name, set())
            if bracket != '"':
                continue
            if len(homes) != 1:
                yield number, f'"{name}" is in {sorted(homes) or "no floor"}'
            elif not homes <= FLOORS[own] | {own}:
                yield number, f'"{name}" is of {min(homes)}, not below {own}'
    return floors


def no_provider_name(path, text):
    if not path.startswith("src/") \
            or path.startswith(("src/profile/", "src/check/")):
        return
    words = "|".join(PROVIDERS)
    for number, line in numbered(text):
        match = re.search(rf"(?<![a-z0-9])({words})(?![a-z0-9])", line, re.I)
        if match:
            yield number, f"names {match.group()}"


# ------------------------------------------------------------------- hygiene

def no_machine_path(path, text):
    """No folder of the machine on which it was written."""
    homes = "|".join(EXAMPLE_HOMES)
    pattern = (r"(?<![\w.~$}])/(?:wor[k]/|roo[t]/|hom[e]/"
               rf"(?!(?:{homes})\b)[\w.-]+)")
    for number, line in numbered(text):
        match = re.search(pattern, line)
        if match:
            yield number, f"a path of some machine: {match.group()}"


def no_reminder(path, text):
    for number, line in numbered(text):
        match = re.search(r"\b(TOD[O]|FIXM[E])\b|(?<!\")\bXX[X]\b", line)
        if match:
            yield number, f"a reminder: {match.group()}"


def clean_line_ends(path, text):
    if DATA.search(path):
        return
    for number, line in numbered(text):
        if line != line.rstrip(" \t\r\f\v"):
            yield number, "blanks at the end of the line"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no line end at the end"
    if text.endswith("\n\n"):
        yield text.count("\n"), "an empty line at the end"


def python_indentation(path, text):
    if not path.endswith(".py"):
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.INDENT \
                and token.string != " " * (len(token.string) // 4 * 4):
            yield token.start[0], "not indented by four spaces"


def executable_bit(path, text, is_executable):
    """Executable is what names its interpreter, and nothing else."""
    if is_executable and not text.startswith("#!"):
        yield 1, "executable, but no script"
    if text.startswith("#!") and not is_executable:
        yield 1, "a script that is not executable"
