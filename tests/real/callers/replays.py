"""Callers that are not run: their command line and standard input are given.

They are not in Debian 12, or need a service, a network or a screen. What they
hand over was read in their sources.
"""

from callers.case import Caller

TO = "{tag}@example.net"
BODY = b"body\n.\nend\n"
SHOP = "shop@example.com"


def message(*fields, body=BODY, to=True, end=b"\n"):
    head = [b"To: {tag}@example.net"] if to else []
    return end.join([*head, *fields, b"", b""]) + body


def dialogue(greeting, *more):
    return b"\r\n".join([
        greeting, *more, b"MAIL FROM:<" + SHOP.encode() + b">",
        b"RCPT TO:<{tag}@example.net>", b"DATA",
        b"From: Shop <shop@example.com>", b"To: {tag}@example.net",
        b"Subject: subject", b"", b"body", b"..", b"end", b".", b"QUIT", b""])


SUBJECT = b"Subject: subject"
FROM = b"From: Shop <shop@example.com>"
AUTHOR = "Shop <shop@example.com>"

CALLERS = [
    Caller("cronie", ("-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f",
                      "alice"), (TO,), "Cron <alice@host> job", BODY,
           '"(Cron Daemon)" <alice@example.com>', sender="alice@example.com",
           stdin=b'From: "(Cron Daemon)" <alice>\n' + message(
               b"Subject: Cron <alice@host> job", b"MIME-Version: 1.0",
               b"Content-Type: text/plain; charset=UTF-8",
               b"Content-Transfer-Encoding: 8bit",
               b"Auto-Submitted: auto-generated", b"Precedence: bulk",
               b"X-Cron-Env: <LANG=C.UTF-8>", b"X-Cron-Env: <USER=alice>")),
    Caller("vixie cron 4", ("-FCronDaemon", "-odi", "-oem", "-oi", "-t"),
           (TO,), "Cron <alice@host> job", BODY,
           "Cron Daemon <alice@example.com>",
           stdin=b"From: alice (Cron Daemon)\n" + message(
               b"Subject: Cron <alice@host> job",
               b"X-Cron-Env: <USER=alice>")),
    Caller("bcron", ("-FCronDaemon", "-i", "-odi", "-oem", "-t"), (TO,),
           "bcron <alice@host> job", BODY, "Cron Daemon <root@example.com>",
           stdin=b"From: Cron Daemon <root@example.com>\n" + message(
               b"Subject: bcron <alice@host> job")),
    Caller("cron-apt", ("-t", "-oi"), (TO,), "subject", BODY, None,
           user="root", stdin=message(SUBJECT)),
    Caller("debsecan", ("-t",), (TO,), "subject", b"body\n", None,
           stdin=b"Subject: subject\n" + message(
               b"Content-Type: text/plain; charset=utf-8", body=b"body\n")),
    Caller("rkhunter", (TO,), (TO,), "subject", b"body\n", None, user="root",
           stdin=SUBJECT + b"\nTo: {tag}@example.net\n\nbody\n"),
    Caller("fail2ban, X-ARF", (TO,), (TO,), "subject", b"body\n", None,
           user="root", stdin=message(
               SUBJECT, b"MIME-Version: 1.0",
               b"Auto-Submitted: auto-generated", b"X-XARF: PLAIN",
               b"Content-Transfer-Encoding: 7bit",
               b'Content-Type: multipart/mixed; boundary="Abuse"', to=False,
               body=b"--Abuse\nContent-Type: text/plain\n\nbody\n"
                    b"--Abuse--\n")),
    Caller("mdadm 4.3", ("-t", "-fmdadm@example.com"), (TO,),
           "TestMessage event on /dev/md0:host", b"body\n",
           "mdadm monitoring <mdadm@example.com>", user="root",
           sender="mdadm@example.com",
           stdin=b"From: mdadm monitoring <mdadm@example.com>\n" + message(
               b"Subject: TestMessage event on /dev/md0:host",
               body=b"body\n")),
    Caller("Laminas Mail, Magento", ("-t", "-i", "-fshop@example.com"), (TO,),
           "subject", BODY, AUTHOR, user="www-data", sender=SHOP,
           stdin=message(SUBJECT, FROM, b"X-Mailer: x", end=b"\r\n")),
    Caller("WordPress", ("-t", "-i", "-fshop@example.com"), (TO,), "subject",
           BODY, AUTHOR, user="www-data", sender=SHOP, stdin=message(
               SUBJECT, b"Date: Mon, 2 Jan 2023 03:04:05 +0000", FROM,
               b"Message-ID: <a@example.com>", b"MIME-Version: 1.0",
               b"Content-Type: text/plain; charset=UTF-8", end=b"\r\n",
               body=BODY.replace(b"\n", b"\r\n"))),
    Caller("Ruby Mail 2.8, Rails", ("-i", "-f", SHOP, "--", TO), (TO,),
           "subject", BODY, AUTHOR, user="www-data", sender=SHOP,
           stdin=message(FROM, SUBJECT, b"Mime-Version: 1.0",
                         b"Content-Type: text/plain;\n charset=UTF-8")),
    Caller("Emacs, sendmail.el", ("-oi", "-f", "alice@example.com", "-oem",
                                  "-odb", "-t"), (TO,), "subject", BODY,
           "alice <alice@example.com>", sender="alice@example.com",
           stdin=b"From: alice <alice@example.com>\n" + message(
               SUBJECT, b"Bcc: ")),
    Caller("Emacs, interactive", ("-oi", "-f", "alice@example.com", "-oep",
                                  "-odi", "-t", "-N", "success,failure"),
           (TO,), "subject", BODY, "alice <alice@example.com>",
           sender="alice@example.com",
           stdin=b"From: alice <alice@example.com>\n" + message(SUBJECT)),
    Caller("mblaze", ("-t",), (TO,), "subject", b"body\n",
           "alice@example.com", stdin=message(
               b"From: alice@example.com", SUBJECT, b"User-Agent: mblaze/1.1",
               body=b"body\n")),
    Caller("reportbug", ("-t", "-oi"), (TO,), "bash: subject", BODY,
           "alice <alice@example.com>", stdin=message(
               b"Content-Type: text/plain; charset=\"us-ascii\"",
               b"MIME-Version: 1.0", b"Content-Transfer-Encoding: 7bit",
               b"From: alice <alice@example.com>",
               b"Subject: bash: subject", b"X-Mailer: reportbug 12.0.0",
               b"Date: Mon, 02 Jan 2023 03:04:05 +0000")),
    Caller("devscripts bts", ("-t",), (TO,), "subject", b"body\n",
           "alice <alice@example.com>", stdin=message(
               b"From: alice <alice@example.com>", b"Bcc: ", SUBJECT,
               b"Date: Mon, 02 Jan 2023 03:04:05 +0000", body=b"body\n")),
    Caller("Sympa", ("-oi", "-odi", "-oem", "-N", "success,delay,failure",
                     "-V", "id-1", "-R", "hdrs", "-f",
                     "list-owner@example.com", TO), (TO,), "subject", BODY,
           AUTHOR, user="root", sender="list-owner@example.com",
           stdin=message(
               FROM, SUBJECT, b"Message-ID: <a@example.com>",
               b"List-Id: <list.example.com>",
               b"X-Loop: list@example.com", b"Precedence: list")),
    Caller("Dovecot Pigeonhole", ("-i", "-f", "alice@example.com", "--", TO),
           (TO,), "subject", BODY, AUTHOR, sender="alice@example.com",
           stdin=message(b"X-Sieve: Pigeonhole Sieve 0.5", FROM, SUBJECT,
                         b"Message-ID: <a@example.com>")),
    Caller("Dovecot Pigeonhole, vacation",
           ("-i", "-f", "<>", "--", TO), (TO,), "Auto: subject", BODY,
           "alice@example.com", stdin=message(
               b"From: alice@example.com", b"Subject: Auto: subject",
               b"Auto-Submitted: auto-replied (vacation)",
               b"Precedence: bulk")),
    Caller("Alpine", ("-bs", "-odb", "-oem"), (TO,), "subject", BODY, AUTHOR,
           sender=SHOP, said=b"\r\n221 ",
           stdin=dialogue(b"EHLO host.example.com")),
    Caller("SwiftMailer, two mails", ("-bs",), (TO,), "subject", BODY, AUTHOR,
           user="www-data", sender=SHOP, messages=2, said=b"\r\n221 ",
           stdin=dialogue(b"EHLO [127.0.0.1]").replace(b"QUIT\r\n", b"")
           + dialogue(b"NOOP", b"RSET")),
]
