"""What whoever calls the tests leaves to them, and what they do not want.

nohup and shells that start something behind ignore signals, which what is
tested would inherit; a mask of files, a time zone, a language or the bus of a
desktop are those of a person.
"""

import locale
import os
import re
import resource
import signal
import time

# Python ignores these by itself, and gives its children the default.
OURS = (signal.SIGPIPE, signal.SIGXFSZ)
PERSONAL = re.compile(
    r"LANG(UAGE)?|LC_.*|XDG_.*|DBUS_.*|(WAYLAND_)?DISPLAY|KRB5.*|GNUTLS_.*|"
    r"SSL_CERT_.*|MAIL|MAILRC|MBOX|EMAIL|REPLYTO|NAME|HOSTNAME|HOSTALIASES|"
    r"POSIXLY_CORRECT|BASH_ENV|ENV|CDPATH|MALLOC_.*")
DESCRIPTORS = 4096      # some programs close as many as there may be


def forget():
    """From here on this process, and what it starts, is as any other."""
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - set(OURS):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler
                          if number == signal.SIGINT else signal.SIG_DFL)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(
        hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    for name in list(filter(PERSONAL.fullmatch, os.environ)):
        del os.environ[name]
    os.environ.update(LC_ALL="C.UTF-8", TZ="UTC")
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    time.tzset()
