#!/usr/bin/env python3
"""Compile the tables of data/*.tsv into one C file.

    generate.py OUTPUT ses-regions.tsv oci-regions.tsv smtp-errors.tsv

Only what the program uses goes in; sources and confidence stay behind.  A
table that breaks a rule stops the build with its file and line.
"""

import re
import sys

PROVIDERS = ("ses", "oci", "*")     # whose reply rules are compiled in

REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
STAGES = {"any", "resolve", "connect", "greeting", "starttls", "auth",
          "mail", "rcpt", "data", "data-end", "dsn"}
CLASSES = {"transient", "permanent", "config", "auth", "suppressed"}
RETRIES = {"no", "yes", "backoff", "later", "hold", "once"}

SES_COLUMNS = ("region name partition smtp_status smtp_host pattern_host "
               "smtp_fips_host fips_confidence vpce_service "
               "vpce_host_pattern mail_from_mx mx_confidence "
               "easy_dkim_domain msgid_domain confidence source").split()
OCI_COLUMNS = ("region airport city realm realm_domain smtp_host "
               "legacy_smtp_host control_api_host https_submit_host "
               "spf_include spf_confidence platform_dkim_domain "
               "return_path_mx smtp_host_confidence observed").split()
RULE_COLUMNS = ("provider stage code text_pattern class retry sysexits "
                "advice source confidence").split()

SES_STATUS = {"yes": "YES", "none": "NONE", "unknown": "UNKNOWN"}
OCI_STATUS = {"documented": "YES", "pattern": "YES",
              "inferred-realm": "UNKNOWN"}


class Row(dict):
    """A row by column names, which knows where it stands."""

    def __init__(self, where, names, values):
        super().__init__(zip(names, values))
        self.where = where

    def stop(self, text):
        sys.exit(f"{self.where}: {text}")

    def text(self, column, pattern=None):
        """The value, None for "-"; it must fit the pattern."""
        value = self[column]
        if value == "-":
            return None
        if not value or not value.isascii() or not value.isprintable():
            self.stop(f"{column}: empty, or not printable ASCII")
        if pattern and not pattern.fullmatch(value):
            self.stop(f"{column}: {value!r} does not fit")
        return value

    def word(self, column, words):
        if self[column] not in words:
            self.stop(f"{column}: {self[column]!r} is not known")
        return self[column]


def read(path, columns):
    with open(path, encoding="ascii") as file:
        lines = file.read().split("\n")
    if lines.pop() != "":
        sys.exit(f"{path}: the last line has no end")
    if lines[0].split("\t") != columns:
        sys.exit(f"{path}:1: other columns than {' '.join(columns)}")
    for number, line in enumerate(lines[1:], start=2):
        values = line.split("\t")
        if len(values) != len(columns):
            sys.exit(f"{path}:{number}: {len(values)} columns, "
                     f"not {len(columns)}")
        yield Row(f"{path}:{number}", columns, values)


def quoted(text):
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("??", '?\\?') + '"'


def entry(**fields):
    inside = "".join(f"\t  .{name} = {value},\n"
                     for name, value in fields.items() if value != "NULL")
    return "\t{\n" + inside + "\t},\n"


def region_entry(row, seen, **fields):
    name = row.text("region", REGION)
    if name is None or name in seen:
        row.stop("no region, or one that was already there")
    seen.add(name)
    return entry(id=quoted(name), **fields)


def ses_region(row, seen):
    status = SES_STATUS[row.word("smtp_status", SES_STATUS)]
    host = row.text("smtp_host", HOST)
    if (host is None) != (status == "NONE"):
        row.stop("smtp_host and smtp_status do not agree")
    return region_entry(
        row, seen, place=quoted(row.text("name")),
        host=quoted(host or row.text("pattern_host", HOST)),
        fips_host=quoted(row.text("smtp_fips_host", HOST)),
        smtp="REGION_SMTP_" + status)


def oci_region(row, seen):
    status = OCI_STATUS[row.word("smtp_host_confidence", OCI_STATUS)]
    return region_entry(
        row, seen, airport=quoted(row.text("airport", re.compile("[A-Z]{3}"))),
        place=quoted(row.text("city")),
        host=quoted(row.text("smtp_host", HOST)),
        legacy_host=quoted(row.text("legacy_smtp_host", HOST)),
        smtp="REGION_SMTP_" + status)


def codes(row):
    """The range of reply codes; (0, 0) when there is no reply."""
    code = row["code"]
    if code == "-":
        return 0, 0
    if re.fullmatch("[2-5][0-9]{2}", code):
        return int(code), int(code)
    if re.fullmatch(r"[2-5]\[0-9\]\[0-9\]", code):
        return int(code[0]) * 100, int(code[0]) * 100 + 99
    return row.stop(f"code: {code!r} is not known")


def rule(row):
    for stage in row["stage"].split("|"):
        if stage not in STAGES:
            row.stop(f"stage: {stage!r} is not known")
    exit_code = re.fullmatch(r"([0-9]+) EX_[A-Z]+", row["sysexits"])
    if not exit_code:
        row.stop(f"sysexits: {row['sysexits']!r} does not fit")
    low, high = codes(row)
    return entry(
        provider=quoted(row["provider"]),
        stages=quoted(row["stage"]),
        code_min=str(low), code_max=str(high),
        pattern=quoted(row.text("text_pattern")),
        **{"class": "RULE_" + row.word("class", CLASSES).upper()},
        retry=quoted(row.word("retry", RETRIES)),
        exit_code=exit_code[1],
        advice=quoted(row.text("advice")))


def regions(provider, path, columns, convert):
    seen = set()
    rows = "".join(convert(row, seen) for row in read(path, columns))
    return (f"static const struct region {provider}[] = {{\n{rows}}};\n\n"
            f"const struct region_table region_table_{provider} = {{\n"
            f"\t{provider},\n"
            f"\tsizeof({provider}) / sizeof({provider}[0]),\n}};\n\n")


def rules(path):
    rows = "".join(rule(row) for row in read(path, RULE_COLUMNS)
                   if row["provider"] in PROVIDERS)
    return (f"const struct reply_rule provider_rules[] = {{\n{rows}}};\n\n"
            "const size_t provider_rules_n =\n"
            "    sizeof(provider_rules) / sizeof(provider_rules[0]);\n")


def main(output, ses, oci, errors):
    text = ("/* Generated by generate.py from data/. */\n"
            '#include "provider_private.h"\n\n'
            + regions("ses", ses, SES_COLUMNS, ses_region)
            + regions("oci", oci, OCI_COLUMNS, oci_region)
            + rules(errors))
    with open(output, "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
