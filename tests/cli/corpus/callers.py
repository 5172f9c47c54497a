"""What programs write that send complete messages, in their own layouts."""

from .message import Message, lines_of

CRON = """\
From: root@example.com (Cron Daemon)
To: user@example.net
Subject: Cron <root@host> test -x /usr/sbin/job || exit 0
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
X-Cron-Env: <SHELL=/bin/sh>
X-Cron-Env: <HOME=/root>
X-Cron-Env: <PATH=/usr/bin:/bin>
X-Cron-Env: <LOGNAME=root>
Message-Id: <E1abcde-0000Xy-2Z@host.example.com>
Date: Mon, 02 Sep 2024 10:11:12 +0200

Größe: 7
.
done
"""

PHP = """\
To: user@example.net
Subject: =?UTF-8?B?R3LDvMOfZQ==?=
X-PHP-Originating-Script: 0:mail.php
Date: Mon, 2 Sep 2024 10:11:12 +0200
From: Site <www@example.com>
Reply-To: Visitor <visitor@example.org>
Message-ID: <b1_4711@example.com>
X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)
MIME-Version: 1.0
Content-Type: text/plain; charset=iso-8859-1

Hello,
.it is a test
"""

GIT = """\
From: Author <author@example.com>
To: user@example.net
Cc: Author <author@example.com>,
\tSecond <second@example.net>
Subject: [PATCH v2 1/3] mail: do not "fix" what is right
Date: Mon,  2 Sep 2024 10:11:12 +0200
Message-ID: <20240902081112.1234-2-author@example.com>
X-Mailer: git-send-email 2.39.2
In-Reply-To: <20240902081112.1234-1-author@example.com>
References: <20240902081112.1234-1-author@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

From: Jürgen <juergen@example.com>

Trailing blanks stay. \t

---
 a.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/a.c b/a.c
--- a/a.c
+++ b/a.c
@@ -1,3 +1,3 @@
 context
-old\x0c
+new \t
\x20
--\x20
2.39.2

"""

MUTT = """\
Date: Mon, 2 Sep 2024 10:11:12 +0200
From: Sender <sender@example.com>
To: user@example.net
Subject: Re: question
Message-ID: <ZtVwIJ2hQ1X3@example.com>
References: <a@example.net>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Disposition: inline
In-Reply-To: <a@example.net>

On Mon, Sep 02, 2024, User wrote:
> From here to there
> .

yes
"""

LOGWATCH = """\
To: user@example.net
From: root@example.com
Subject: Logwatch for host (Linux)
Auto-Submitted: auto-generated
Precedence: bulk
MIME-Version: 1.0
Content-Transfer-Encoding: 7bit
Content-Type: text/plain; charset="iso-8859-1"
Date: Mon, 2 Sep 2024 10:11:12 +0200
Message-ID: <1725264672.0@host.example.com>


 ################### Logwatch 7.5.6 (07/22/22) ####################
        Processing Initiated: Mon Sep  2 10:11:12 2024

 --------------------- sendmail Begin ------------------------

 From root: 1
 ...

 ###################### Logwatch End #########################


"""

JAVA = """\
Date: Mon, 2 Sep 2024 10:11:12 +0200 (CEST)
From: app@example.com
To: user@example.net
Message-ID: <1270328459.0.1725264672000@host>
Subject: JavaMail
MIME-Version: 1.0
Content-Type: multipart/mixed;\x20
\tboundary="----=_Part_0_1837543557.1725264672000"

------=_Part_0_1837543557.1725264672000
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

text
------=_Part_0_1837543557.1725264672000--
"""

EMPTY_BODY = """\
From: sender@example.com
Date: Mon, 2 Sep 2024 10:11:12 +0200
Message-ID: <1@example.com>
To: user@example.net

"""

MINIMAL = """\
From:sender@example.com
Date:2 Sep 2024 10:11 +0200
Message-ID:<1@example.com>

"""


def _message(name, text, people, ends="lf"):
    header, body = text.split("\n\n", 1)
    return Message(name, lines_of(header), lines_of(body) if body else (),
                   tuple(people), ends)


USER = ["user@example.net"]

ROWS = [
    _message("caller: cron", CRON, USER),
    _message("caller: PHP", PHP, USER),
    _message("caller: PHP with CRLF in the header", PHP, USER, "crlf-header"),
    _message("caller: git", GIT, [*USER, "author@example.com",
                                  "second@example.net"]),
    _message("caller: mutt", MUTT, USER),
    _message("caller: logwatch", LOGWATCH, USER),
    _message("caller: Java", JAVA, USER, "crlf"),
    _message("caller: empty body", EMPTY_BODY, USER),
    _message("caller: as little as is legal", MINIMAL, ()),
]
