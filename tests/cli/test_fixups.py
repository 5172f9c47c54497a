"""Each row of fixups_table: sent, received, compared, read and sent again."""

import re

import pytest
from fixups_table import ROWS

from desk import KINDS, Desk
from mended import Meaning, broken_rules, split

# What a change of the message would show on its second way.
COMPARED = [row for row in ROWS if not row.messages > 1 and not row.code]


@pytest.fixture(scope="module")
def desks(binary, authority, tmp_path_factory):
    """A server of each kind; it serves all rows."""
    made = {}
    for kind in KINDS:
        home = tmp_path_factory.mktemp(kind)
        made[kind] = Desk(binary, home, authority, kind).__enter__()
    yield made
    for one in made.values():
        one.__exit__()


def rows(table):
    return [pytest.param(row, id=row.name, marks=[pytest.mark.xfail(
        strict=True, reason="known to fail")] if row.pending else [])
        for row in table]


def as_text(octets):
    return octets.decode("utf-8", "backslashreplace")


def fits(expected, found):
    """Whether octets are what was expected, or fit its pattern."""
    if isinstance(expected, re.Pattern):
        return expected.fullmatch(found)
    return expected == found


def check_fields(row, content):
    """Every field is there, in its order; those that are made, once each."""
    fields, _ = split(content)
    kept = []
    for name, field in fields:
        pattern = row.made.get(name) or row.may.get(name)
        if pattern is None:
            kept.append(field)
        else:
            value = as_text(field.split(b":", 1)[1].strip())
            assert re.fullmatch(pattern, value, re.S | re.I), field
    names = [name for name, _ in fields]
    for name in row.made:
        assert names.count(name) == 1, (name, content[:2000])
    for name in row.may:
        assert names.count(name) <= 1, (name, content[:2000])
    assert len(kept) == len(row.header), (kept, row.header)
    for expected, found in zip(row.header, kept):
        assert fits(expected, found), (expected, found)


def check_body(row, content):
    _, body = split(content)
    if row.body is not None:
        assert body == row.body
    found = [leaf.replace(b"\r\n", b"\n")
             for leaf in Meaning(content).leaves()]
    if row.leaves is not None:
        assert len(found) == len(row.leaves), found
        for expected, leaf in zip(row.leaves, found):
            assert fits(expected, leaf), (expected, leaf)


def check_meaning(row, content):
    """What a mail program reads: no defect, addresses whole, values right."""
    meaning = Meaning(content)
    if not row.odd:
        assert meaning.defects() == []
        assert row.bare or meaning.bare_names() == []
    for kind, charset, encoding in meaning.labels():
        if encoding == "quoted-printable" and row.body is None:
            longest = max(map(len, meaning.raw_body.split(b"\r\n")))
            assert longest <= 998, (kind, charset, longest)
    for name, expected in row.means.items():
        found = (meaning.people(name) if isinstance(expected, list)
                 else meaning.values(name)[0])
        assert found == expected
    if "date" in row.made:
        assert meaning.date().utcoffset() is not None


def check(row, desk, result, arrived):
    assert result.code == row.code, result.err
    assert row.err in result.err
    assert len(arrived) == row.messages, result.err
    told = [one for each in arrived for one in each.rcpt_to]
    if row.messages:
        assert sorted(told) == sorted(row.people)
    for message in arrived:
        assert message.mail_from == row.sender
        if row.parameters is not None:
            assert message.mail_parameters == row.parameters
        assert broken_rules(message.content) == []
        check_fields(row, message.content)
        check_body(row, message.content)
        check_meaning(row, message.content)
        assert not (desk.name == "generic" and message.facts.eight_bit
                    and not message.mail_parameters.get("BODY"))


def run(desks, row, octets):
    desk = desks[row.desk]
    desk.account(**row.settings)
    return desk, *desk.send(list(row.args), octets)


def test_names_of_rows_differ():
    assert len({row.name for row in ROWS}) == len(ROWS) > 250


@pytest.mark.parametrize("row", rows(ROWS))
def test_is_mended(desks, row):
    desk, result, arrived = run(desks, row, row.given)
    check(row, desk, result, arrived)


@pytest.mark.parametrize("row", rows([row for row in COMPARED
                                      if not row.pending]))
def test_is_mended_once(desks, row):
    """What arrived needs nothing more: sent again, it stays as it is."""
    _, _, arrived = run(desks, row, row.given)
    first = arrived[0].content
    desk = desks[row.desk]
    _, again = desk.send(["-i", "-f", "sender@example.com", "x@example.net"],
                         first)
    assert [one.content for one in again] == [first]
