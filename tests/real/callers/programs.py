"""The callers that run here, from their Debian packages."""

from callers.case import Caller

TO = "{tag}@example.net"
REFUSAL = b"550 5.1.1 no such mailbox"

# --------------------------------------------------------------- schedulers

CRONTAB = """\
MAILTO={tag}@example.net
@reboot echo 'Gr\u00fc\u00dfe'; echo .; echo end
"""
CRON_ROOT = "@reboot root echo {tag}\n"
CRON_REFUSED = "MAILTO=refused-{tag}@example.net\n@reboot user echo no\n"
CRON = "cron -f -L 15"

SYSTEMCTL = """\
#!/bin/sh
# systemctl as systemd-cron asks it, where no systemd runs.
case $*:$4 in
show*User*) echo User=alice ;;
show*Environment*) echo Environment=MAILTO={tag}@example.net ;;
status*) echo "job failed"; exit 3 ;;
esac
"""

SCHEDULERS = [
    Caller("cron", ("-FCronDaemon", "-i", "-B8BITMIME", "-oem", TO), (TO,),
           "Cron <alice@*> echo 'Gr\u00fc\u00dfe'; echo .; echo end",
           "Gr\u00fc\u00dfe\n.\nend\n".encode(),
           "root@example.com (Cron Daemon)",
           script=CRON, user="root", waits=True, files=(
               ("/var/spool/cron/crontabs/alice", CRONTAB, 0o600,
                "alice:crontab"),)),
    Caller("cron, root's job",
           ("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"),
           ("admin@example.net",), "Cron <root@*> echo *",
           b"{tag}\n", "root@example.com (Cron Daemon)",
           script="sleep 90", user="root", waits=True,
           files=(("/etc/cron.d/a", CRON_ROOT, 0o644, "root:root"),)),
    Caller("cron, refused",
           ("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "refused-" + TO), (),
           script="sleep 90", user="root", waits=True, messages=0, exit=67,
           logged="but got status 0x0043 from MTA",
           files=(("/etc/cron.d/b", CRON_REFUSED, 0o644, "root:root"),)),
    Caller("at", ("-i", "alice"), ("alice@example.com",),
           "Output from your job *", b"{tag}\n", None,
           script="runuser -u alice -- sh -c 'cd; echo echo {tag} | at now';"
                  " exec atd -d", user="root", waits=True),
    Caller("anacron", ("-FAnacron", "-odi", "root"), ("admin@example.net",),
           "Anacron job 'job' on *", b"{tag}\n",
           "Anacron <root@example.com>",
           script="mkdir -p /tmp/spool && anacron -f -n -d -q -t /etc/ana"
                  " -S /tmp/spool", user="root",
           files=(("/etc/ana", "1 0 job echo {tag}\n", 0o644, "root:root"),)),
    Caller("systemd-cron", ("-i", "-B8BITMIME", TO), (TO,),
           "[*] job cron-x.service failed", b"job failed\n",
           "root@example.com (systemd-cron)",
           script="/opt/systemd-cron/lib/systemd-cron/mail_on_failure"
                  " cron-x.service",
           files=(("/usr/local/bin/systemctl", SYSTEMCTL, 0o755,
                   "root:root"),)),
]

# ---------------------------------------------------------------------- PHP


def php(code):
    return "php -d display_errors=stderr -r '" + code + "'"


HEADERS = '"From: Shop <shop@example.com>\\r\\nBcc: hidden@example.net"'
PHP_MAIL = ('exit(mail("{tag}@example.net", "subject", "body\\n.\\nend\\n"'
            ', %s) ? 0 : 1);')
MAILER = ('require "/usr/share/php/libphp-phpmailer/autoload.php";'
          '$m = new PHPMailer\\PHPMailer\\PHPMailer(true);'
          '%s$m->setFrom("shop@example.com", "Shop");'
          '$m->addAddress("{tag}@example.net");'
          '$m->addBCC("hidden@example.net");'
          '$m->Subject = "subject"; $m->Body = "body\\n.\\nend\\n";'
          '$m->send();')
SYMFONY = ('require "/usr/share/php/Symfony/Component/Mailer/autoload.php";'
           'use Symfony\\Component\\Mailer\\Transport;'
           '$t = Transport::fromDsn("%s");'
           'for ($i = 0; $i < %d; $i++) $t->send('
           '(new Symfony\\Component\\Mime\\Email())->from("shop@example.com")'
           '->to("{tag}@example.net")->bcc("hidden@example.net")'
           '->subject("subject")->text("body\\n.\\nend\\n"));')
SWIFT = ('require "/usr/share/php/Egulias/EmailValidator/autoload.php";'
         'require "/usr/share/php/Swift/swift_required.php";'
         '$m = new Swift_Mailer(new Swift_SendmailTransport('
         '"/usr/sbin/sendmail %s"));'
         'exit($m->send((new Swift_Message("subject"))'
         '->setFrom(["shop@example.com" => "Shop"])'
         '->setTo(["{tag}@example.net"])->setBody("body\\n.\\nend\\n"))'
         ' === 1 ? 0 : 1);')
PEAR = ('require "Mail.php";'
        '$m = Mail::factory("sendmail");'
        '$r = $m->send("{tag}@example.net", ["From" => "shop@example.com",'
        '"To" => "{tag}@example.net", "Subject" => "subject"],'
        '"body\\n.\\nend\\n"); exit($r === true ? 0 : 1);')

BODY = b"body\n.\nend\n"
SHOP = "Shop <shop@example.com>"
BOTH = (TO, "hidden@example.net")
FROM_SHOP = "shop@example.com"

PHP = [
    Caller("PHP mail()", ("-t", "-i"), BOTH, "subject", BODY, SHOP,
           script=php(PHP_MAIL % HEADERS), user="www-data"),
    Caller("PHP mail(), -f", ("-t", "-i", "-fbounce@example.com"), (TO,),
           "subject", BODY, None, user="www-data",
           sender="bounce@example.com",
           script=php(PHP_MAIL % '"", "-fbounce@example.com"')),
    Caller("PHP mail(), empty environment", ("-t", "-i"), BOTH, "subject",
           BODY, SHOP, user="www-data",
           script="env -i /usr/bin/" + php(PHP_MAIL % HEADERS)),
    Caller("PHP mb_send_mail()", ("-t", "-i"), (TO,), "subject", b"Ym9keQo=",
           None, user="www-data", script=php(
               'exit(mb_send_mail("{tag}@example.net", "subject",'
               '"body\\n") ? 0 : 1);')),
    Caller("PHP mail(), refused", ("-t", "-i"), (), user="www-data",
           script=php('exit(mail("refused-{tag}@example.net", "s", "b")'
                      ' === false ? 3 : 0);'),
           messages=0, code=3, exit=67, said=REFUSAL),
    Caller("PHPMailer, mail()", ("-t", "-i", "-fshop@example.com"), BOTH,
           "subject", BODY, SHOP, user="www-data",
           script=php(MAILER % "$m->isMail();"), sender=FROM_SHOP),
    Caller("PHPMailer, isSendmail()",
           ("-t", "-i", "-oi", "-fshop@example.com", "-t"), BOTH, "subject",
           BODY, SHOP, user="www-data",
           script=php(MAILER % "$m->isSendmail();"), sender=FROM_SHOP),
    Caller("Symfony Mailer", ("-bs",), BOTH, "subject", BODY,
           "shop@example.com", user="www-data", messages=2,
           script=php(SYMFONY % ("sendmail://default", 2)), sender=FROM_SHOP),
    Caller("Laravel, its setting of Symfony Mailer", ("-bs", "-i"), BOTH,
           "subject", BODY, "shop@example.com", user="www-data",
           script=php(SYMFONY % ("sendmail://default?command="
                                 "/usr/sbin/sendmail%20-bs%20-i", 1)),
           sender=FROM_SHOP),
    Caller("Symfony Mailer, -t",
           ("-fshop@example.com", "--", TO, "hidden@example.net"), BOTH,
           "subject", BODY, "shop@example.com", user="www-data",
           script=php(SYMFONY % ("sendmail://default?command="
                                 "/usr/sbin/sendmail%20-t", 1)),
           sender=FROM_SHOP),
    Caller("Symfony Mailer, native",
           ("-i", "-fshop@example.com", "--", TO, "hidden@example.net"), BOTH,
           "subject", BODY, "shop@example.com", user="www-data",
           script=php(SYMFONY % ("native://default", 1)), sender=FROM_SHOP),
    Caller("SwiftMailer, -bs", ("-bs",), (TO,), "subject", BODY, SHOP,
           user="www-data", script=php(SWIFT % "-bs"), sender=FROM_SHOP),
    Caller("SwiftMailer, -t", ("-t", "-fshop@example.com"), (TO,), "subject",
           BODY, SHOP, user="www-data", script=php(SWIFT % "-t"),
           sender=FROM_SHOP),
    Caller("PEAR Mail", ("-i", "-fshop@example.com", "--", TO), (TO,),
           "subject", BODY, "shop@example.com", user="www-data",
           script=php(PEAR), sender=FROM_SHOP),
]

# -------------------------------------------------- libraries of other kinds

EMAIL_SENDER = (
    "perl -MEmail::Sender::Simple=sendmail -MEmail::Simple "
    "-MEmail::Sender::Transport::Sendmail -e '"
    'my $to = "%s\\@example.net"; sendmail(Email::Simple->create('
    'header => [From => "Shop <shop\\@example.com>", To => $to, '
    'Bcc => "hidden\\@example.net", Subject => "subject"], '
    'body => "body\\n.\\nend\\n"), {to => [$to], from => '
    '"shop\\@example.com", transport => '
    "Email::Sender::Transport::Sendmail->new});'")
MIME_LITE = (
    "perl -MMIME::Lite -e '"
    'MIME::Lite->new(From => "Shop <shop\\@example.com>", '
    'To => "{tag}\\@example.net", Bcc => "hidden\\@example.net", '
    'Subject => "subject", Data => "body\\n.\\nend\\n")->send or exit 1;\'')
MAIL_MAILER = (
    "perl -MMail::Mailer -e '"
    'my $m = Mail::Mailer->new("sendmail"); $m->open({'
    'From => "shop\\@example.com", To => "{tag}\\@example.net", '
    'Subject => "subject"}); print $m "body\\n.\\nend\\n"; '
    "$m->close or exit 1;'")
RUBY = (
    "ruby -rmail -e '"
    'Mail.defaults { delivery_method :sendmail }; '
    'Mail.deliver { from "Shop <shop@example.com>"; '
    'to "{tag}@example.net"; bcc "hidden@example.net"; subject "subject"; '
    'body "body\\n.\\nend\\n" }\'')
NODE = (
    "node -e '"
    'require("/usr/share/nodejs/nodemailer").createTransport('
    '{sendmail: true%s}).sendMail({from: "Shop <shop@example.com>", '
    'to: "%s@example.net", bcc: "hidden@example.net", '
    'subject: "subject", text: "body\\n.\\nend\\n"}, '
    "error => process.exit(error ? 3 : 0))'")
PYTHON = (
    "python3 -c '"
    "import email.message, subprocess\n"
    "m = email.message.EmailMessage()\n"
    'm["From"] = "Shop <shop@example.com>"\n'
    'm["To"] = "{tag}@example.net"\n'
    'm["Subject"] = "Gr\u00fc\u00dfe"\n'
    'm.set_content("Gr\u00fc\u00dfe\\n.\\nend\\n", cte="8bit")\n'
    'subprocess.run(["/usr/sbin/sendmail", "-t", "-oi"], '
    "input=m.as_bytes(), check=True)'")

LIBRARIES = [
    Caller("Perl Email::Sender", ("-i", "-f", "shop@example.com", "--", TO),
           (TO,), "subject", BODY, SHOP, script=EMAIL_SENDER % "{tag}",
           sender=FROM_SHOP),
    Caller("Perl Email::Sender, refused",
           ("-i", "-f", "shop@example.com", "--", "refused-" + TO), (),
           script=EMAIL_SENDER % "refused-{tag}", messages=0, code=67,
           exit=67, said=REFUSAL),
    Caller("Perl MIME::Lite",
           ("-t", "-oi", "-oem", "-fshop@example.com"), BOTH, "subject", BODY,
           SHOP, script=MIME_LITE, sender=FROM_SHOP),
    Caller("Perl Mail::Mailer", ("-t",), (TO,), "subject", b"body\n",
           "shop@example.com", script=MAIL_MAILER),
    Caller("Ruby Mail", ("-i", "-f", "shop@example.com", "--", TO,
                         "hidden@example.net"), BOTH, "subject", BODY, SHOP,
           script=RUBY, sender=FROM_SHOP),
    Caller("nodemailer", ("-i", "-f", "shop@example.com", TO,
                          "hidden@example.net"), BOTH, "subject", BODY, SHOP,
           script=NODE % ("", "{tag}"), sender=FROM_SHOP),
    Caller("nodemailer, CRLF", ("-i", "-f", "shop@example.com", TO,
                                "hidden@example.net"), BOTH, "subject", BODY,
           SHOP, script=NODE % (', newline: "windows"', "{tag}"),
           sender=FROM_SHOP),
    Caller("nodemailer, refused",
           ("-i", "-f", "shop@example.com", "refused-" + TO,
            "hidden@example.net"), ("hidden@example.net",), "subject", BODY,
           SHOP, script=NODE % ("", "refused-{tag}"), code=3, exit=67,
           said=b"", sender=FROM_SHOP),
    Caller("Python subprocess", ("-t", "-oi"), (TO,), "Gr\u00fc\u00dfe",
           "Gr\u00fc\u00dfe\n.\nend\n".encode(), SHOP, script=PYTHON),
]

# --------------------------------------------------------- programs of users

TEXT = "printf 'body\\n.\\nend\\n' | "
PATCH = """\
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Alice <alice@example.com>
Date: Mon, 2 Jan 2023 03:04:05 +0000
Subject: [PATCH] subject

body
.
end
---
 a | 1 +
"""
GIT = ("git -c user.name=Alice -c user.email=alice@example.com "
       "send-email --quiet --confirm=never --from=alice@example.com "
       "--to=%s@example.net --suppress-cc=all p.patch")
MTS = "mts: %s\nsendmail: /usr/sbin/sendmail\n"
NMH = ("mkdir -p Mail; printf 'Path: Mail\\n' >.mh_profile; "
       "printf 'From: alice@example.com\\nTo: {tag}@example.net\\n"
       "Subject: subject\\n--------\\nbody\\n.\\nend\\n' >draft; "
       "/usr/bin/mh/send -mts %s ./draft")

USER_PROGRAMS = [
    Caller("bsd-mailx", ("-i", "-t"), (TO,), "subject", BODY, None,
           script=TEXT + "bsd-mailx -s subject {tag}@example.net"),
    Caller("bsd-mailx, refused", ("-i", "-t"), (), messages=0, exit=67,
           code=1, script=TEXT + "bsd-mailx -s s refused-{tag}@example.net",
           said=REFUSAL),
    Caller("s-nail", ("-i", "--", TO), (TO,), "subject", BODY, None,
           script=TEXT + "s-nail -s subject {tag}@example.net"),
    Caller("s-nail, refused", ("-i", "--", "refused-" + TO), (), messages=0,
           exit=67, code=4, said=REFUSAL,
           script=TEXT + "s-nail -s subject refused-{tag}@example.net"),
    Caller("GNU mailutils mail", ("-oi", "-f", "alice@host.example.com", "-t"),
           (TO,), "subject", b"body\n", None,
           script=TEXT + "mail.mailutils -s subject {tag}@example.net"),
    Caller("mutt", ("-oem", "-oi", "--", TO), (TO,), "subject", BODY, None,
           reply_to="alice@host.example.com",
           script=TEXT + "mutt -s subject {tag}@example.net"),
    Caller("mutt, refused", ("-oem", "-oi", "--", "refused-" + TO), (),
           messages=0, exit=67, code=1, said=b"(User unknown.)",
           script=TEXT + "mutt -s subject refused-{tag}@example.net"),
    Caller("neomutt", ("-oem", "-oi", "--", TO), (TO,), "subject", BODY, None,
           reply_to="alice@host.example.com",
           script=TEXT + "neomutt -s subject {tag}@example.net"),
    Caller("git send-email", ("-i", TO), (TO,), "[PATCH] subject", BODY,
           "alice@example.com", script=GIT % "{tag}",
           said=b"Sent [PATCH] subject\n",
           files=(("/home/alice/p.patch", PATCH, 0o644, "alice:alice"),)),
    Caller("git send-email, refused", ("-i", "refused-" + TO), (),
           messages=0, exit=67, code=67, said=REFUSAL,
           script=GIT % "refused-{tag}"),
    Caller("Mercurial patchbomb",
           ("-f", "alice@example.com", TO), (TO,), "[PATCH] subject",
           b"subject\nbody\nend\n", "alice@example.com",
           script="hg init r && cd r && echo a >a && hg add -q a && "
                  "printf 'subject\\nbody\\nend\\n' >m && hg commit -q "
                  "-u alice@example.com -l m && hg --config "
                  "extensions.patchbomb= --config email.method="
                  "/usr/sbin/sendmail email -q -r tip "
                  "--from alice@example.com --to {tag}@example.net",
           said=b"this patch series consists of 1 patches.\n",
           sender="alice@example.com"),
    Caller("nmh, sendmail/pipe", ("-t", "-i"), (TO,), "subject", BODY,
           "alice@example.com", script=NMH % "sendmail/pipe"),
    Caller("nmh, sendmail/smtp", ("-bs", "-odb", "-oem", "-om"), (TO,),
           "subject", BODY, "alice@example.com",
           script=NMH % "sendmail/smtp", sender="alice@example.com"),
]

# ------------------------------------------------------- programs of a server

SUDOERS = """\
Defaults mail_always
Defaults mailsub="{tag}"
alice, user ALL = NOPASSWD: ALL
"""
UNATTENDED = (
    "python3 -c '"
    "import importlib.machinery, importlib.util\n"
    "l = importlib.machinery.SourceFileLoader("
    '"u", "/usr/bin/unattended-upgrade")\n'
    "m = importlib.util.module_from_spec("
    'importlib.util.spec_from_loader("u", l))\n'
    "l.exec_module(m)\n"
    'raise SystemExit(m._send_mail_using_sendmail("root", '
    '"{tag}@example.net", "subject", "Gr\u00fc\u00dfe\\nbody\\n"))\'')
MDADM = ("mdadm --monitor --test --oneshot --mail={tag}@example.net "
         "/dev/md127")
AUTH_LOG = ("Nov 20 10:00:00 host sshd[1]: Accepted publickey for alice "
            "from 192.0.2.1 port 1 ssh2\n")
LISTCHANGES = (
    "python3 -c '"
    'import sys; sys.path.insert(0, "/usr/share/apt-listchanges")\n'
    "import apt_listchanges\n"
    'class C: email_address = "{tag}@example.net"; email_format = "text"\n'
    'apt_listchanges.mail_changes(C, "body\\n.\\nend\\n", "subject")\'')
FAIL2BAN = (
    "python3 -c '"
    "from fail2ban.client.actionreader import ActionReader\n"
    "from fail2ban.server.action import CommandAction\n"
    'r = ActionReader("sendmail", "jail", '
    '{"dest": "{tag}@example.net"}, basedir="/etc/fail2ban")\n'
    "r.read()\n"
    "r.getOptions({})\n"
    'a = CommandAction(None, "sendmail")\n'
    "for name, value in r.getCombined().items():\n"
    "    setattr(a, name, value)\n"
    "a.start()'")
POPCON = """\
PARTICIPATE=yes
MY_HOSTID=0123456789abcdef0123456789abcdef
MAILTO={tag}@example.net
USEHTTP=no
ENCRYPT=no
DAY=
"""

SERVER_PROGRAMS = [
    # sudo drops the groups of the user: the password of the system's account
    # is out of reach. An account of the user's own is not.
    Caller("sudo, for a user", ("-t",), (), script="sudo -n true",
           messages=0, calls=2, exit=78, logged="password: Permission denied",
           files=(("/etc/sudoers.d/mail", SUDOERS, 0o440, "root:root"),)),
    Caller("sudo, for a user with an account", ("-t",),
           ("admin@example.net",), "{tag}", b" ; COMMAND=/usr/bin/true",
           "user@example.com", script="sudo -n true", user="user", calls=2,
           messages=2, files=(
               ("/home/user/.postriderrc", "{account}", 0o600, "user:user"),
               ("/etc/sudoers.d/mail", SUDOERS, 0o440, "root:root"))),
    Caller("logwatch", ("-t",), (TO,), "Logwatch for *", b"Logwatch",
           "root@example.com", user="root",
           script="logwatch --output mail --mailto {tag}@example.net "
                  "--range all --service sshd",
           files=(("/var/log/auth.log", AUTH_LOG, 0o640, "root:adm"),)),
    Caller("mdadm --monitor", ("-t",), (TO,), "TestMessage event on *",
           b"mdadm", "mdadm monitoring <root@host.example.com>", user="root",
           script=f"unshare -u sh -c 'hostname host.example.com; {MDADM}'"),
    # The host has a name without a domain, as Debian installs it.
    Caller("mdadm --monitor, root@host", ("-t",), (TO,),
           "TestMessage event on *", b"mdadm",
           "mdadm monitoring <root@example.com>", user="root", script=MDADM),
    Caller("mutt, alice@bare", ("-oem", "-oi", "--", TO), (TO,), "subject",
           BODY, "alice@example.com", user="root",
           script="printf 'body\\n.\\nend\\n' >m; unshare -u sh -c 'hostname "
                  "bare; runuser -u alice -- mutt -s subject "
                  "{tag}@example.net' <m"),
    Caller("smartd, by mail(1)", ("-i", "-t"), (TO,), "subject", BODY, None,
           user="root", script="printf 'body\\n.\\nend\\n' >m; "
           "/etc/smartmontools/run.d/10mail m -s subject {tag}@example.net"),
    Caller("fail2ban", ("-f", "fail2ban", TO), (TO,),
           "[Fail2Ban] jail: started on *", b"Fail2Ban",
           "Fail2Ban <fail2ban@example.com>", user="root",
           script=FAIL2BAN, sender="fail2ban@example.com"),
    Caller("unattended-upgrades", ("-oi", "-t"), (TO,), "subject",
           b"Gr=C3=BC=C3=9Fe\nbody\n", "root@example.com", user="root",
           script=UNATTENDED),
    Caller("apt-listchanges", ("-oi", "-t"), (TO,), "subject", BODY, None,
           user="root", script=LISTCHANGES,
           said=b"Mailing {tag}@example.net: subject\n"),
    Caller("popularity-contest", ("-oi", TO), (TO,),
           "popularity-contest submission", b"POPULARITY-CONTEST-0", None,
           user="root", script="/etc/cron.daily/popularity-contest --crond",
           files=(("/etc/popularity-contest.conf", POPCON, 0o644,
                   "root:root"),)),
]

QUEUE = [
    Caller(f"check_mailq -M {kind}", (), (), messages=0, mailq=True,
           user="nobody", said=said,
           script=f"/usr/lib/nagios/plugins/check_mailq -M {kind} -w 1 -c 2")
    for kind, said in (("sendmail", b"OK: "), ("postfix", b"OK: "),
                       ("exim", b"OK: "), ("nullmailer", b"OK: "))
]

CALLERS = [*SCHEDULERS, *PHP, *LIBRARIES, *USER_PROGRAMS, *SERVER_PROGRAMS,
           *QUEUE]
