#!/usr/bin/env python3
"""Make a manual page from its template and the tables of the program.

    generate.py OUTPUT TEMPLATE TABLES SES OCI RULES NAME=VALUE...

TABLES is what tables.c prints; SES, OCI and RULES are the provider tables of
src/profile/data.  A line "@NAME ARGUMENT@" of the template is replaced by what
the function of that name in PARTS yields; @NAME@ inside a line by the VALUE.
"""

import json
import re
import sys
import textwrap

# ---- mdoc ----


def text(sentences):
    """Free text as lines that no macro or escape is hidden in; a sentence
    begins a new one, as mdoc wants it."""
    lines = [line for one in re.split(r"(?<=[.?!]) +(?=[A-Z])", sentences)
             for line in textwrap.wrap(one, 78, break_long_words=False,
                                       break_on_hyphens=False)]
    return "".join(("\\&" if line[0] in ".'" else "") + line + "\n"
                   for line in (one.replace("\\", "\\e") for one in lines))


def quoted(words):
    """One argument of a macro, whatever stands in it."""
    return '"' + words.replace("\\", "\\e").replace('"', '""') + '"'


def capital(sentence):
    return sentence[:1].upper() + sentence[1:]


def full_stop(sentence):
    return sentence if sentence.endswith(".") else sentence + "."


def tagged(tag, body):
    return f".It {tag}\n{body}"


# ---- settings ----


def has_long_option(row):
    """cmdline.c: no secret in the arguments of a process, and --from is a
    flag of its own."""
    return row["type"] != "SECRET" and row["key"] != "from"


def long_option(row):
    return "Fl -" + row["key"].replace("_", "-")


def takes_nothing(row):
    """May the value be left out?"""
    return row["type"] in ("BOOL", "CHOICE") or (
        row["type"] == "TEXT" and row["choices"])


def argument(row):
    """What --help writes NAME=VALUE,..., with the capitals as arguments."""
    words = []
    glue = False
    for token in re.findall(r"[A-Z]+|\||\s+|[^A-Z|\s]+", row["argument"]):
        if token.isspace() or token == "|":
            words += [token.strip()] if token == "|" else []
            glue = False
            continue
        if glue:
            words.append("Ns")
        words.append(f"Ar {token.lower()}" if token.isupper()
                     else "Cm " + re.sub(r"^(?=\W+$)", r"\\&", token))
        glue = True
    return " ".join(words)


def facts(row):
    """Default and command line, in one line."""
    line = []
    if row["preset"] is not None:
        line.append("Default:\n.Ql " + quoted(row["preset"]) + " .\n")
    if has_long_option(row):
        letter = f" , Fl {chr(row['letter'])}" if row["letter"] else ""
        line.append(f"Option:\n.{long_option(row)}{letter} .\n")
    return ".br\n" + "".join(line) if line else ""


def options(tables, first):
    """The settings from this one to the next that heads a part."""
    rows = tables["options"]
    keys = [row["key"] for row in rows]
    heads = tables["heads"]
    if first not in keys or keys[0] not in heads:
        sys.exit(f"options.def begins with {keys[0]} and "
                 f"{'has' if first in keys else 'lacks'} {first}: "
                 "every option must stand in a part of the template")
    start = keys.index(first)
    end = next((i for i in range(start + 1, len(keys)) if keys[i] in heads),
               len(keys))
    return "".join(
        tagged(f"Cm {row['key']} {argument(row)}", row["manual"] + facts(row))
        for row in rows[start:end])


def long_options(tables):
    rows = []
    for row in tables["options"]:
        if has_long_option(row):
            # "off" and the like may follow; the bare option means "on".
            value = ("Ns Oo Ns = Ns " + argument(row) + " Oc"
                     if takes_nothing(row) else "Ns = Ns " + argument(row))
            letter = (f"Fl {chr(row['letter'])} {argument(row)} , "
                      if row["letter"] else "")
            rows.append(tagged(f"{letter}{long_option(row)} {value}",
                               text(row["help"])))
    return "".join(rows)


# ---- failures and header fields ----


def exit_codes(tables):
    codes = {}
    for row in tables["failures"]:
        codes.setdefault((row["code"], row["name"]), []).append(row["meaning"])
    return "".join(
        tagged(f"{code} Pq Dv {name}",
               text(full_stop(capital("; ".join(meanings)))))
        for (code, name), meanings in sorted(codes.items()))


def fields(tables, flag):
    """The names of the header fields with this flag, in one sentence."""
    names = [row["name"] for row in tables["fields"]
             if flag in row["flags"].replace("|", " ").split()]
    if not names:
        sys.exit(f"hdr.def has no field with {flag}")
    return text(", ".join(names) + ".")


# ---- deadlines ----


def deadlines(tables):
    return "".join(
        tagged(capital(row["phrase"]), f"{row['seconds']} seconds\n")
        for row in tables["states"])


# ---- regions ----

# What the tables call how well a fact is known.
KNOWN = {
    "documented": "documented",
    "documented (second hand)": "second hand",
    "documented+conflict": "disputed",
    "observed": "observed",
    "inferred": "by pattern",
    "pattern": "by pattern",
    "inferred-realm": "by pattern",
    "-": "",
}


def known(row, column):
    if row[column] not in KNOWN:
        sys.exit(f"{column} {row[column]!r}: no word for it in the manual")
    return KNOWN[row[column]]


def table_row(*cells):
    return ".It " + " Ta ".join(quoted(cell) for cell in cells) + "\n"


def must_follow(row, host):
    """The page gives hosts by a pattern, so every host must follow it."""
    if row["smtp_host"] not in ("-", host):
        sys.exit(f"{row['region']}: {row['smtp_host']} is not {host}")


def ses_smtp(row):
    """Has the region SMTP?  What is documented needs no other word."""
    source = known(row, "confidence")
    if row["smtp_status"] == "unknown":
        return source
    answer = {"yes": "yes", "none": "no"}[row["smtp_status"]]
    return answer if source == "documented" else f"{answer}, {source}"


def ses_regions(tables):
    lines = []
    for row in tables["ses"]:
        domain = ("amazonaws.eu" if row["partition"] == "aws-eusc"
                  else "amazonaws.com")
        must_follow(row, f"email-smtp.{row['region']}.{domain}")
        lines.append(table_row(row["region"], ses_smtp(row),
                               known(row, "fips_confidence"), row["name"]))
    return "".join(lines)


def oci_regions(tables):
    lines = []
    for row in tables["oci"]:
        must_follow(
            row, f"smtp.email.{row['region']}.oci.{row['realm_domain']}")
        lines.append(table_row(row["region"], row["realm_domain"],
                               known(row, "smtp_host_confidence"),
                               f"{row['city']} ({row['airport']})"))
    return "".join(lines)


# ---- reply rules ----

STAGES = {
    "any": "at any time",
    "resolve": "looking up the server",
    "connect": "connecting",
    "greeting": "in the greeting",
    "starttls": "in the TLS handshake",
    "auth": "at AUTH",
    "mail": "at MAIL",
    "rcpt": "at RCPT",
    "data": "at DATA",
    "data-end": "after the message",
}
CLASSES = {
    "transient": "Temporary",
    "permanent": "Refused",
    "config": "Configuration",
    "auth": "Credentials",
    "suppressed": "Suppressed",
}


def readable(pattern):
    """A simple extended regular expression as people would quote it."""
    if pattern == ".*":
        return "any other text"
    words = re.sub(r"\(([^()|?]*)\)\?", r"[\1]", pattern)
    words = words.replace(".?", "").replace(" .*", " ... ")
    words = re.sub(r"\(([^()|]*(?:\|[^()|]*)+)\)", r"\1", words)
    words = re.sub(r"\[([A-Z])([a-z])\]", r"\1", words)
    words = re.sub(r"\\([.\[\]()])", r"\1", words)
    return re.sub(r" +", " ", words).strip()


def reply(row):
    code = re.sub(r"\[0-9\]\[0-9\]", "yz", row["code"])
    return f"{'' if code == '-' else code} {readable(row['text_pattern'])}"


def rule_source(row):
    """Documented ones need no word."""
    if row["confidence"].startswith("documented"):
        return " (wording by pattern)" if "inferred" in row["confidence"] \
            else ""
    return " (by pattern)" if "inferred" in row["confidence"] \
        else " (observed)"


def reply_rules(tables, provider):
    rows = [row for row in tables["rules"] if row["provider"] == provider]
    if not rows:
        sys.exit(f"no reply rules for {provider}")
    lines = []
    for row in rows:
        when = " or ".join(STAGES[one] for one in row["stage"].split("|"))
        lines.append(tagged(quoted(reply(row).strip()),
                            text(f"{CLASSES[row['class']]}, {when}"
                                 f"{rule_source(row)}.") +
                            text(full_stop(capital(row["advice"])))))
    return "".join(lines)


# ---- the page ----

PARTS = {
    "OPTIONS": options,
    "LONG_OPTIONS": long_options,
    "EXIT_CODES": exit_codes,
    "DEADLINES": deadlines,
    "FIELDS": fields,
    "SES_REGIONS": ses_regions,
    "OCI_REGIONS": oci_regions,
    "REPLY_RULES": reply_rules,
}
PART = re.compile(r"@([A-Z_]+)(?: (\S+))?@")


def read_tsv(path):
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


def page(template, tables, values):
    lines = []
    for line in template.splitlines():
        whole = PART.fullmatch(line)
        if whole and whole[1] in PARTS:
            arguments = [whole[2]] if whole[2] else []
            lines.append(PARTS[whole[1]](tables, *arguments).rstrip("\n"))
        else:
            lines.append(PART.sub(lambda m: values[m[1]], line))
    return "\n".join(lines) + "\n"


def main(output, template, tables, ses, oci, rules, *pairs):
    with open(template, encoding="ascii") as file:
        source = file.read()
    with open(tables, encoding="ascii") as file:
        data = json.load(file)
    data["ses"], data["oci"], data["rules"] = map(read_tsv, (ses, oci, rules))
    data["heads"] = re.findall(r"^@OPTIONS (\S+)@$", source, re.MULTILINE)
    made = page(source, data, dict(pair.split("=", 1) for pair in pairs))
    with open(output, "w", encoding="ascii") as file:
        file.write(made)


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
