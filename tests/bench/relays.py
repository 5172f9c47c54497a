"""A private Postfix with mail on hold, which it hands to a relay when told.

    client = Client(certificate, relay, reuse=True)
    with client:
        client.fill(200)
        subprocess.Popen(client.command, **client.surroundings)
"""

import smtplib
import subprocess

from queues import RCPT, SENDER, TEXT
from real import postfix

# Let nobody but postqueue(1) begin.
SETTINGS = """\
myhostname = client.example.com
relayhost = [{host}]:{port}
default_transport = smtp
queue_run_delay = 3000s
minimal_backoff_time = 3000s
smtp_host_lookup = native
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = static:{user}:{password}
smtp_sasl_security_options = noanonymous
smtp_tls_security_level = verify
smtp_tls_verify_cert_match = hostname
smtp_tls_wrappermode = yes
smtp_tls_CAfile = {trust}
smtp_tls_connection_reuse = {reuse}
smtp_tls_loglevel = 1
"""
MASTER = """\
smtp unix - - n - - smtp
tlsproxy unix - - n - 0 tlsproxy
scache unix - - n - 1 scache
"""
HOLD = {"hold": {"smtpd_relay_restrictions":
                 "check_client_access static:hold, permit_mynetworks, reject"}}


class Client(postfix.Postfix):
    def __init__(self, certificate, relay, reuse):
        super().__init__(certificate, HOLD)
        # Names only are looked for in certificates.
        self.main_text += SETTINGS.format(
            host="localhost", port=relay.port, user=relay.user,
            password=relay.password, trust=relay.trust,
            reuse="yes" if reuse else "no")
        self.master_text += MASTER
        self._environment = {
            "PATH": "/usr/bin:/bin", "LC_ALL": "C",
            "LD_LIBRARY_PATH": f"{self.tree}/usr/lib/postfix"}

    def _tool(self, name, *arguments):
        return [f"{self.tree}/usr/sbin/{name}", "-c",
                str(self.base / "config"), *arguments]

    def fill(self, count):
        with smtplib.SMTP("127.0.0.1", self.ports["hold"]) as client:
            for _ in range(count):
                client.sendmail(SENDER, [RCPT], TEXT)
        subprocess.run(self._tool("postsuper", "-H", "ALL"), check=True,
                       capture_output=True, env=self._environment)

    @property
    def command(self):
        return self._tool("postqueue", "-f")

    @property
    def surroundings(self):
        return {"env": self._environment, "cwd": self.base}
