"""A private realm of Kerberos: a key distribution centre (MIT) of one test.

    with Realm() as realm:
        keytab = realm.keytab("smtp/localhost")     # of a service
        realm.ticket("tester")                      # and of a person
        program.run([...], env=realm.environment)

Database, keys, tickets and configuration live below one temporary directory;
nothing of the machine's own Kerberos is read or written. The centre listens on
loopback, on a port the kernel picks, and is ended by its id.

Packages: krb5-kdc krb5-admin-server krb5-user.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from run import PATIENCE

from real.daemon import ATTEMPTS, Ports

REALM = "EXAMPLE.COM"
TOOLS = ["krb5kdc", "kadmin.local", "kdb5_util", "kinit"]
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

CLIENTS = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {realm}
  .example.com = {realm}
"""

CENTRE = """\
[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {base}/principal
    key_stash_file = {base}/stash
    acl_file = {base}/acl
    max_life = 1h
  }}
[logging]
  kdc = FILE:{base}/log
"""


def missing():
    """What a test needs and the machine has not, as words; or ""."""
    names = [name for name in TOOLS if not shutil.which(name, path=PATH)]
    return f"not installed: {', '.join(names)}" if names else ""


class Realm:
    def __enter__(self):
        self.base = Path(tempfile.mkdtemp(prefix="kerberos-"))
        self.base.chmod(0o755)
        self.centre = self._kept = None
        lost = self.base / "lost"
        lost.write_text("leak:libgssapi_krb5\nleak:libgssglue\n")
        self.environment = {
            "KRB5_CONFIG": str(self.base / "krb5.conf"),
            "KRB5CCNAME": f"FILE:{self.base / 'tickets'}",
            # What these libraries lose is not the program's.
            "LSAN_OPTIONS": ":".join(filter(None, (
                os.environ.get("LSAN_OPTIONS"), f"suppressions={lost}",
                "print_suppressions=0"))),
        }
        self._inside = {"PATH": PATH, "LC_ALL": "C", **self.environment,
                        "KRB5_KDC_PROFILE": str(self.base / "kdc.conf"),
                        "KRB5RCACHEDIR": str(self.base)}
        try:
            self._write(0)
            self._run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._stop()
        shutil.rmtree(self.base, ignore_errors=True)

    def keytab(self, principal):
        """A file with a new key of this principal, which is made."""
        path = self.base / f"{principal.replace('/', '-')}.keytab"
        self._run("kadmin.local", "-r", REALM, "addprinc", "-randkey",
                  principal)
        self._run("kadmin.local", "-r", REALM, "ktadd", "-k", str(path),
                  principal)
        return path

    def ticket(self, principal, *options):
        """Log this principal in; there is no password anywhere."""
        self._run("kinit", *options, "-k", "-t", str(self.keytab(principal)),
                  principal)

    def forget(self):
        """Log out."""
        (self.base / "tickets").unlink(missing_ok=True)

    def _write(self, port):
        for name, text in (("krb5.conf", CLIENTS), ("kdc.conf", CENTRE)):
            (self.base / name).write_text(
                text.format(realm=REALM, base=self.base, port=port))

    def _run(self, *command):
        subprocess.run(command, check=True, env=self._inside,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def _start(self):
        for _ in range(ATTEMPTS):       # the port for UDP may be another's
            self._kept = Ports("127.0.0.1", 1)
            port, = self._kept
            self._write(port)
            if self._answers(port):
                return
            self._stop()
        raise RuntimeError("the key distribution centre does not start")

    def _answers(self, port):
        self.centre = subprocess.Popen(
            ["krb5kdc", "-n", "-r", REALM, "-P", str(self.base / "pid")],
            env=self._inside, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.centre.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def _stop(self):
        if self.centre:
            self.centre.terminate()
            self.centre.wait(PATIENCE)
        if self._kept:
            self._kept.close()
        self.centre = self._kept = None
