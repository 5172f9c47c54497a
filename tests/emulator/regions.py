"""Host names of OCI regions.

The realm's domain is a fact of the project's own table; without that table the
commercial realm is a fair guess, and Policy.hostname overrides both.
"""

import csv
from pathlib import Path

OCI_TABLE = (Path(__file__).resolve().parents[2]
             / "src" / "profile" / "data" / "oci-regions.tsv")


def oci_host(region):
    """The SMTP host name of an OCI region."""
    try:
        with OCI_TABLE.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                if row["region"] == region:
                    return row["smtp_host"]
    except (OSError, KeyError):
        pass
    return f"smtp.email.{region}.oci.oraclecloud.com"
