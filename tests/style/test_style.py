"""Every house rule, on the project and on a text that breaks it.

A rule that finds nothing might look for nothing: `BROKEN` and `SOUND` hold
samples that must, and must not, be found.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from style import rules

ROOT = Path(__file__).resolve().parents[2]


def project_paths():
    """Tracked files and new ones, but nothing that git ignores."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-coz",
         "--exclude-standard"],
        cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted(path for path in listed.split("\0")
                  if path and (ROOT / path).is_file())


def read_texts(paths):
    """(path, text) of what is text."""
    for path in paths:
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8", "surrogateescape")


PATHS = project_paths()
FILES = list(read_texts(PATHS))
SOURCES = [(path, text) for path, text in FILES if path.startswith("src/")]
C_FILES = [(path, text) for path, text in FILES
           if path.endswith((".c", ".h"))]
floors = rules.make_floor_rule(
    PATHS + ["src/base/sample_low.h", "src/app/sample_high.h",
             "src/mail/sample_mail.h"])

# rule, the files it is for
PROJECT = [
    (rules.formatted, C_FILES),
    (rules.file_length, SOURCES),
    (rules.function_length, SOURCES),
    (rules.header_shape, SOURCES),
    (rules.no_typedef_struct, SOURCES),
    (rules.no_banned_function, SOURCES),
    (rules.no_bare_exit_code, SOURCES),
    (rules.foreign_headers, SOURCES),
    (floors, SOURCES),
    (rules.no_provider_name, SOURCES),
    (rules.no_machine_path, FILES),
    (rules.no_reminder, FILES),
    (rules.clean_line_ends, FILES),
    (rules.python_indentation, FILES),
]


def function_of(lines):
    """A function whose closing brace is `lines` below the opening one."""
    return "int f(void)\n{\n" + "\tx++;\n" * (lines - 1) + "}\n"


GUARD = "#ifndef BASE_X_H\n#define BASE_X_H\n\nint x;\n\n#endif\n"
OPENING = "/*\n * x: what it is.\n */\n"

BROKEN = [
    (rules.formatted, "src/base/x.c", "int  x;\n"),
    (rules.formatted, "tests/unit/x.c", "int f(void) {\n\treturn 1;\n}\n"),
    (rules.formatted, "src/base/x.c", "int f(void)\n{\n    return 1;\n}\n"),
    (rules.file_length, "src/base/x.c", "\n" * 511),
    (rules.file_length, "src/base/x.def", "\n" * 511),
    (rules.function_length, "src/base/x.c", function_of(61)),
    (rules.function_length, "src/base/x.c",
     function_of(3) + "static " + function_of(80)),
    (rules.header_shape, "src/base/x.h", GUARD),
    (rules.header_shape, "src/base/x.h", "/*\n * y: what.\n */\n" + GUARD),
    (rules.header_shape, "src/base/x.h", "/* x: what. */\n" + GUARD),
    (rules.header_shape, "src/mail/x.h", OPENING + GUARD),
    (rules.header_shape, "src/base/x.h", OPENING + "int x;\n"),
    (rules.header_shape, "src/base/x.h", OPENING + "#pragma once\nint x;\n"),
    (rules.header_shape, "src/base/x.h", OPENING + GUARD + "int y;\n"),
    (rules.no_typedef_struct, "src/base/x.c", "typedef struct a b;\n"),
    (rules.no_typedef_struct, "src/base/x.h", "typedef\n\tstruct { int a; } b;"),
    (rules.no_typedef_struct, "src/base/x.h", "typedef enum { A } b;\n"),
    *[(rules.no_banned_function, "src/base/x.c", f"\tn = {name}(p);\n")
      for name in "strcpy strcat sprintf strtok atoi atol strtol sscanf gets "
                  "system popen rand srand setjmp longjmp".split()],
    (rules.no_banned_function, "src/base/x.c", "\tatoi (p);\n"),
    (rules.no_banned_function, "src/base/x.c", "#include <ctype.h>\n"),
    (rules.no_banned_function, "src/base/x.h", "#  include <setjmp.h>\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "\treturn 64;\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "\treturn (78);\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "\texit(75);\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "\t_exit( 70 );\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "\treturn ok ? 0 : 69;\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "\treturn ok ? 65 : 0;\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "\texit(ok ? 0\n\t: 77);\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "#include <sysexits.h>\n"),
    (rules.foreign_headers, "src/smtp/session.c", "#include <gsasl.h>\n"),
    (rules.foreign_headers, "src/net/conn.c", "#include <gnutls/gnutls.h>\n"),
    (rules.foreign_headers, "src/smtp/sasl.c", "#include <gnutls/crypto.h>\n"),
    (rules.foreign_headers, "src/profile/cred.c",
     "#include <libsecret/secret.h>\n"),
    (rules.foreign_headers, "src/net/dial.c", "#include <resolv.h>\n"),
    (rules.foreign_headers, "src/net/dial.c", "#include <arpa/nameser.h>\n"),
    (rules.foreign_headers, "src/mail/addr.c", "#include <idn2.h>\n"),
    (rules.foreign_headers, "src/net/tls_gnutls.c",
     "#include <openssl/ssl.h>\n"),
    (floors, "src/base/x.c", '#include "sample_mail.h"\n'),
    (floors, "src/mail/x.h", '#include "sample_high.h"\n'),
    (floors, "src/net/x.c", '#include "sample_mail.h"\n'),
    (floors, "src/spool/x.c", '# include "sample_high.h"\n'),
    (floors, "src/base/x.c", '#include "not_in_the_house.h"\n'),
    (floors, "src/cellar/x.c", "int x;\n"),
    (rules.no_provider_name, "src/app/x.c", "/* for Amazon only */\n"),
    (rules.no_provider_name, "src/app/x.c", "\tif (is_ses(p))\n"),
    (rules.no_provider_name, "src/app/x.c", "\tprovider = PROVIDER_OCI;\n"),
    (rules.no_provider_name, "src/smtp/x.def", 'X("Oracle")\n'),
    (rules.no_provider_name, "src/net/x.c", '"email.eu.amazonaws.com"\n'),
    (rules.no_provider_name, "src/net/x.c", "/* an AWS host */\n"),
    (rules.no_machine_path, "doc/x.md", "see /wor" + "k/main/x\n"),
    (rules.no_machine_path, "x.py", 'open("/roo' + 't/x")\n'),
    (rules.no_machine_path, "x.c", '"/hom' + 'e/somebody/x"\n'),
    (rules.no_machine_path, "x.c", '"/hom' + 'e/users/x"\n'),
    (rules.no_reminder, "x.c", "/* TOD" + "O: later */\n"),
    (rules.no_reminder, "x.py", "# FIXM" + "E\n"),
    (rules.no_reminder, "x.md", "XX" + "X what about this\n"),
    (rules.clean_line_ends, "x.md", "a \nb\n"),
    (rules.clean_line_ends, "x.md", "a\t\n"),
    (rules.clean_line_ends, "x.md", "a\r\n"),
    (rules.clean_line_ends, "x.md", "a"),
    (rules.clean_line_ends, "x.md", "a\n\n"),
    (rules.python_indentation, "x.py", "if a:\n\tb()\n"),
    (rules.python_indentation, "x.py", "if a:\n  b()\n"),
    (rules.python_indentation, "x.py", "if a:\n    if b:\n       c()\n"),
]

SOUND = [
    (rules.formatted, "src/base/x.c", "int f(void)\n{\n\treturn 1;\n}\n"),
    (rules.formatted, "src/base/x.def", "X(a,   b)\n"),
    (rules.file_length, "src/base/x.c", "\n" * 510),
    (rules.file_length, "tests/unit/x.c", "\n" * 1000),
    (rules.function_length, "src/base/x.c", function_of(60) * 3),
    (rules.header_shape, "src/base/x.h", OPENING + GUARD),
    (rules.header_shape, "src/smtp/a_b.h", "/*\n * a_b: it.\n */\n" +
     GUARD.replace("BASE_X_H", "SMTP_A_B_H")),
    (rules.no_typedef_struct, "src/base/x.h", "/* typedef struct */\n"),
    (rules.no_banned_function, "src/base/x.c",
     "/* not strcpy() */ x = \"atoi(\"; my_system(p); p->rand = 1;\n"),
    (rules.no_bare_exit_code, "src/app/x.c",
     "\treturn 6;\n\treturn 641;\n\treturn n > 76;\n\treturn f(64);\n"),
    (rules.no_bare_exit_code, "src/app/x.c", "/* return 64; */\n"),
    (rules.foreign_headers, "src/smtp/sasl.c",
     "#include <gsasl.h>\n#include <stdio.h>\n#include <sys/socket.h>\n"),
    (rules.foreign_headers, "src/keyring/x.c",
     "#include <libsecret/secret.h>\n"),
    (rules.foreign_headers, "src/base/x.c", "/* #include <gsasl.h> */\n"),
    (floors, "src/mail/x.c",
     '#include "sample_low.h"\n#include "sample_mail.h"\n'),
    (floors, "src/app/x.c",
     '#include "sample_mail.h"\n#include "sample_high.h"\n'),
    (rules.no_provider_name, "src/app/x.c",
     "/* session, processes, social, laws, assess */\n"),
    (rules.no_provider_name, "src/profile/x.c", '"Amazon SES"\n'),
    (rules.no_machine_path, "x.md",
     "/home/user/x, ~/work/x, /usr/share/work/x, net" + "work/x\n"),
    (rules.no_reminder, "x.c", 'mkstemp("/tmp/x.XXXXXX"); METHODTODOS\n'),
    (rules.clean_line_ends, "x.md", "a\n\nb\n"),
    (rules.clean_line_ends, "x.md", ""),
    (rules.clean_line_ends, "tests/dialog/x.dialog", "S: 250 \n"),
    (rules.python_indentation, "x.py",
     "if a:\n    b(c,\n      d)\n\n    text = '''\n\t  x'''\n"),
]


def names(rows):
    return [row[0].__name__ for row in rows]


@pytest.mark.parametrize("rule, files", PROJECT, ids=names(PROJECT))
def test_project(rule, files):
    assert files
    violations = rules.check(rule, files)
    assert not violations, "\n" + "\n".join(violations)


@pytest.mark.parametrize("rule, path, text", BROKEN, ids=names(BROKEN))
def test_rule_finds_violation(rule, path, text):
    assert rules.check(rule, [(path, text)])


@pytest.mark.parametrize("rule, path, text", SOUND, ids=names(SOUND))
def test_rule_is_content(rule, path, text):
    assert not rules.check(rule, [(path, text)])


def test_every_rule_has_samples():
    for rule, _ in PROJECT:
        assert any(rule is sample[0] for sample in BROKEN), rule
        assert any(rule is sample[0] for sample in SOUND), rule


def test_executable_bits():
    violations = [
        f"{path}: {words}" for path, text in FILES
        for _, words in rules.executable_bit(
            path, text, os.access(ROOT / path, os.X_OK))]
    assert not violations, "\n" + "\n".join(violations)


@pytest.mark.parametrize("text, is_executable, is_sound", [
    ("#!/bin/sh\n", True, True),
    ("#!/bin/sh\n", False, False),
    ("text\n", False, True),
    ("text\n", True, False),
])
def test_executable_bit_rule(text, is_executable, is_sound):
    found = list(rules.executable_bit("x", text, is_executable))
    assert bool(found) != is_sound


def test_tools():
    """clang-format 14 is what the files are formatted with."""
    assert shutil.which("ctags"), "universal-ctags is missing"
    version = subprocess.run(["clang-format", "--version"], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    assert " 14." in version, version


def test_files_were_found():
    """An empty list would satisfy every rule."""
    assert len(SOURCES) > 50 and len(C_FILES) > 60
    assert {"src/base/fail.def", "meson.build"} <= set(PATHS)
