"""msmtp's keywords, each a row: what it takes, what it refuses, what it does.

    keyword     as a file has it
    accepted    (value as written, setting that -P shows, its value or None
                for one that is not shown); `~` stands for the home
    refused     values that end in 78 with file and line (64 on the command
                line)
    option      how its long option takes a value: "=", "[=]" or None for
                those that have none
    effect      file::test where what it does is tested, from tests/
    more        lines in front of it, where it does not stand alone
"""

import dataclasses

HEX = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
SHA1 = HEX.replace(":", " ") + " 00 11 22 33"


@dataclasses.dataclass
class Row:
    keyword: str
    accepted: list
    refused: list
    option: str
    effect: str
    more: str = ""


def switch(name, setting=None, on="on", off="off"):
    setting = setting or name
    return [("on", setting, on), ("off", setting, off), ("", setting, on)]


NOT_A_SWITCH = ["yes", "ON", "1", "on off", "true"]
NUMBERS = ["0", "65536", "-1", "x", "25x", "0x", "1e3", " "]

EFFECTS = "cli/test_msmtp_effects.py::"

ROWS = [
    Row("account", [("other", "host", "h")],
        ["", ":", "a,b", "a : nobody", "a :", "other", "default"],
        None, "unit/test_config_parse.c::parents",
        more="account other\n"),
    Row("defaults", [("", "host", "h")], ["x"], None,
        "unit/test_config_parse.c::parents"),
    Row("eval", [("echo port 26", "port", "26"),
                 ('printf "port 27\\nport 28"', "port", "27")],
        ["", "true", "echo frob", "echo port x", "echo eval true"], None,
        "unit/test_config_parse.c::eval"),
    # the server
    Row("host", [("mail.example.com", "host", "mail.example.com"),
                 ("192.0.2.1", "host", "192.0.2.1"),
                 ('"quoted"', "host", "quoted")], [], "=",
        "cli/test_connection.py::test_account"),
    Row("port", [("587", "port", "587"), ("0x24b", "port", "587"),
                 ("010", "port", "8"), ("65535", "port", "65535")],
        NUMBERS, "=", "cli/test_connection.py::test_account"),
    Row("socket", [("/run/x", "socket", "/run/x"), ("", "socket", None)], [],
        "=", "real/test_ways.py::test_unix_socket"),
    Row("source_ip", [("192.0.2.1", "source_ip", "192.0.2.1"),
                      ("2001:db8::1", "source_ip", "2001:db8::1"),
                      ("", "source_ip", None)], ["name", "192.0.2.999"], "=",
        "real/test_ways.py::test_source_ip"),
    Row("proxy_host", [("localhost", "proxy_host", "localhost"),
                       ("", "proxy_host", None)], [], "=",
        "real/test_ways.py::test_proxy"),
    Row("proxy_port", [("9050", "proxy_port", "9050"),
                       ("", "proxy_port", "1080")],
        ["0", "65536", "x"], "=", "cli/test_connection.py::test_account"),
    Row("timeout", [("30", "timeout", "30"), ("off", "timeout", "off"),
                    ("010", "timeout", "8")],
        ["0", "-1", "on", "1s", " "], "=",
        "dialog/test_dialog.py::test_dialog"),
    Row("connect_timeout", [("25", "timeout", "25"),
                            ("off", "timeout", "off")],
        ["0", "on"], "=", "dialog/test_dialog.py::test_dialog"),
    Row("protocol", [("smtp", "protocol", "smtp"),
                     ("lmtp", "protocol", "lmtp")], ["SMTP", "esmtp"], "=",
        "dialog/test_dialog.py::test_dialog", more="port 24\n"),
    Row("domain", [("client.example.com", "domain", "client.example.com"),
                   ("# no comment", "domain", "# no comment"),
                   ("", "domain", "localhost")], [], "=",
        EFFECTS + "test_substitutions"),
    # TLS
    Row("tls", switch("tls"), NOT_A_SWITCH, "[=]",
        "real/test_certificates.py::test_good_name"),
    Row("tls_starttls", switch("tls_starttls"), NOT_A_SWITCH, "[=]",
        "real/test_delivery.py::test_postfix"),
    Row("tls_nostarttls", [("", "tls_starttls", "off")], ["on", "off"], None,
        "cli/test_connection.py::test_account"),
    Row("tls_trust_file", [("system", "tls_trust_file", "system"),
                           ("~/ca.pem", "tls_trust_file", "~/ca.pem"),
                           ("", "tls_trust_file", None)], [], "=",
        "real/test_certificates.py::test_good_name"),
    Row("tls_crl_file", [("~/crl", "tls_crl_file", "~/crl"),
                         ("", "tls_crl_file", None)], [], "=",
        "real/test_tls_settings.py::test_revoked"),
    Row("tls_fingerprint", [(f"{HEX}:{HEX}", "tls_fingerprint",
                             f"{HEX}:{HEX}"),
                            (SHA1, "tls_fingerprint", SHA1),
                            (HEX.lower(), "tls_fingerprint", HEX.lower()),
                            ("", "tls_fingerprint", None)],
        ["00", HEX + ":00", HEX + ":", "xy" + HEX[2:]], "=",
        "real/test_tls_settings.py::test_fingerprint"),
    Row("tls_key_file", [("~/me.key", "tls_key_file", "~/me.key"),
                         ("pkcs11:object=x", "tls_key_file",
                          "pkcs11:object=x")], [], "=",
        "real/test_tls_settings.py::test_client_certificate",
        more="tls_cert_file me.pem\n"),
    Row("tls_cert_file", [("~/me.pem", "tls_cert_file", "~/me.pem")], [], "=",
        "real/test_tls_settings.py::test_client_certificate",
        more="tls_key_file me.key\n"),
    Row("tls_certcheck", switch("tls_certcheck"), NOT_A_SWITCH, "[=]",
        "real/test_tls_settings.py::test_unchecked"),
    Row("tls_nocertcheck", [("", "tls_certcheck", "off")], ["on", "off"],
        None, "cli/test_connection.py::test_account"),
    Row("tls_priorities", [("NORMAL:-VERS-ALL", "tls_priorities",
                            "NORMAL:-VERS-ALL"),
                           ("", "tls_priorities", None)], [], "=",
        "real/test_tls_settings.py::test_priorities"),
    Row("tls_host_override", [("n.example", "tls_host_override", "n.example"),
                              ("", "tls_host_override", "h")], [], "=",
        "real/test_certificates.py::test_good_name"),
    Row("tls_min_dh_prime_bits", [("2048", "tls_min_dh_prime_bits", "2048"),
                                  ("", "tls_min_dh_prime_bits", None)],
        ["0", "x"], "=", "real/test_tls_settings.py::test_size_of_the_prime"),
    Row("tls_force_sslv3", [("on", "tls_force_sslv3", "on"),
                            ("whatever", "tls_force_sslv3", "whatever")], [],
        "[=]", "cli/test_connection.py::test_account"),
    # who is sending
    Row("auth", [("on", "auth", "on"), ("off", "auth", "off"),
                 ("", "auth", "on"), ("plain", "auth", "plain"),
                 ("scram-sha-256", "auth", "scram-sha-256"),
                 ("cram-md5", "auth", "cram-md5"),
                 ("external", "auth", "external"),
                 ("login", "auth", "login")],
        ["PLAIN", "pl ain", "ON"], "[=]",
        "dialog/test_dialog.py::test_dialog"),
    Row("user", [("a@b #c", "user", "a@b #c"), ("", "user", None),
                 ('un"balanced"', "user", 'un"balanced"')], [], "=",
        "dialog/test_dialog.py::test_dialog"),
    Row("password", [('s3cret pw#"', "password", "*"),
                     ('"', "password", "*"), ("", "password", None)], [],
        None, "unit/test_config_secret.c::password_may_hold_any_character"),
    Row("passwordeval", [("echo x", "passwordeval", "echo x"),
                         ("", "passwordeval", None)], [], "=",
        "unit/test_cred.c::sources"),
    Row("ntlmdomain", [("CORP", "ntlmdomain", "CORP")], [], "=",
        "unit/test_sasl.c::ntlm"),
    Row("from", [("a@d.example", "from", "a@d.example"),
                 ("*@d.example", "from", "*@d.example"),
                 ('"a b"@d.example', "from", '"a b"@d.example'),
                 ("%F", "from", "%F"), ("", "from", None)], [], None,
        EFFECTS + "test_substitutions"),
    Row("from_full_name", [("Renee R", "from_full_name", "Renee R"),
                           ('"Doe, J"', "from_full_name", "Doe, J"),
                           ("", "from_full_name", None)], [], "=",
        EFFECTS + "test_effects"),
    Row("allow_from_override", switch("allow_from_override"), NOT_A_SWITCH,
        "[=]", EFFECTS + "test_effects"),
    Row("auto_from", [("on", "auto_from", "on"), ("off", "auto_from", "off"),
                      ("", "auto_from", "on")],
        NOT_A_SWITCH, "[=]", EFFECTS + "test_auto_from"),
    Row("maildomain", [("d.example", "maildomain", "d.example"),
                       ("", "maildomain", None)], [], "=",
        EFFECTS + "test_auto_from"),
    # the message
    Row("set_from_header", [("auto", "set_from_header", "auto"),
                            ("on", "set_from_header", "on"),
                            ("off", "set_from_header", "off"),
                            ("", "set_from_header", "auto")],
        ["yes", "AUTO"], "[=]", EFFECTS + "test_effects"),
    Row("add_missing_from_header", switch(
        "add_missing_from_header", "set_from_header", "auto"), NOT_A_SWITCH,
        "[=]", EFFECTS + "test_effects"),
    Row("set_date_header", [("auto", "set_date_header", "auto"),
                            ("off", "set_date_header", "off"),
                            ("", "set_date_header", "auto")],
        ["on", "yes"], "[=]", EFFECTS + "test_effects"),
    Row("add_missing_date_header", switch(
        "add_missing_date_header", "set_date_header", "auto"), NOT_A_SWITCH,
        "[=]", EFFECTS + "test_effects"),
    Row("set_msgid_header", [("auto", "set_msgid_header", "auto"),
                             ("off", "set_msgid_header", "off"),
                             ("", "set_msgid_header", "auto")],
        ["on", "yes"], "[=]", EFFECTS + "test_effects"),
    Row("set_to_header", [
        ("on", "set_to_header", "on"), ("off", "set_to_header", "off"),
        ("undisclosed_recipients", "set_to_header", "undisclosed_recipients"),
        ("", "set_to_header", "on")], ["auto", "yes"], "[=]",
        EFFECTS + "test_effects"),
    Row("undisclosed_recipients", switch(
        "undisclosed_recipients", "set_to_header", "undisclosed_recipients"),
        NOT_A_SWITCH, "[=]", EFFECTS + "test_effects"),
    Row("remove_bcc_headers", switch("remove_bcc_headers"), NOT_A_SWITCH,
        "[=]", EFFECTS + "test_effects"),
    Row("keepbcc", switch("keepbcc", "remove_bcc_headers", "off", "on"),
        NOT_A_SWITCH, "[=]", EFFECTS + "test_effects"),
    Row("dsn_notify", [("off", "dsn_notify", "off"),
                       ("never", "dsn_notify", "never"),
                       ("failure,delay,success", "dsn_notify",
                        "failure,delay,success"),
                       ("success", "dsn_notify", "success")],
        ["SUCCESS", "never,failure", "failure,", "x"], "=",
        "dialog/test_dialog.py::test_dialog"),
    Row("dsn_return", [("off", "dsn_return", "off"),
                       ("headers", "dsn_return", "headers"),
                       ("full", "dsn_return", "full")],
        ["FULL", "half"], "=", "dialog/test_dialog.py::test_dialog"),
    Row("aliases", [("~/aliases", "aliases", "~/aliases"),
                    ("", "aliases", None)], [], "=",
        "cli/test_flags.py::test_flag"),
    # the log
    Row("logfile", [("~/log", "logfile", "~/log"), ("-", "logfile", "-"),
                    ('""', "logfile", None)], [], "=",
        EFFECTS + "test_log"),
    Row("logfile_time_format", [
        ("%Y-%m-%dT%H:%M:%S%z", "logfile_time_format", "%Y-%m-%dT%H:%M:%S%z"),
        ("none", "logfile_time_format", "none"),
        ("", "logfile_time_format", "%b %d %H:%M:%S")], [], "=",
        EFFECTS + "test_log"),
    Row("syslog", [("on", "syslog", "on"), ("off", "syslog", "off"),
                   ("", "syslog", "on"), ("LOG_USER", "syslog", "LOG_USER"),
                   ("LOG_MAIL", "syslog", "LOG_MAIL"),
                   ("LOG_LOCAL0", "syslog", "LOG_LOCAL0"),
                   ("LOG_LOCAL7", "syslog", "LOG_LOCAL7")],
        ["LOG_LOCAL8", "mail", "log_mail", "LOG_DAEMON"], "[=]",
        EFFECTS + "test_syslog"),
]
