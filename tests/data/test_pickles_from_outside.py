"""Pickles that lie: columns of text come out, or a message, and nothing is run."""

import builtins
import os
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.damage import a_thousand, at_most, damaged

from unrolled.data import read_inert, string_columns

from .archives_for_tests import table_pickle

pytestmark = pytest.mark.faults("pickles from outside")

COLUMNS = {"product": ["B1", "B2"], "score": ["great", "other"], "review": ["Yum", "é"]}
GOOD = table_pickle(COLUMNS)
MEGABYTE = 1 << 20


@pytest.fixture
def nothing_run(monkeypatch):
    """Any deed of a pickle fails the test."""

    def run(*arguments, **named):
        raise AssertionError(f"something was run: {arguments} {named}")

    monkeypatch.setattr(os, "system", run)
    monkeypatch.setattr(builtins, "eval", run)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04r" + struct.pack("<I", 2**32 - 1) + b".",
        b"\x80\x04Nr" + struct.pack("<I", 2**32 - 1) + b".",
        b"\x80\x04Np4000000000\n.",
        b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"few.",
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"few.",
        b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"few.",
        b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.",
        b"\x80\x04T" + struct.pack("<i", -1) + b"few.",
    ],
)
def test_a_pickle_that_asks_for_gigabytes_takes_no_memory(content):
    """A pickle asks for gigabytes of memory."""
    with at_most(MEGABYTE), pytest.raises(ValueError, match="not a pickle of plain tables"):
        read_inert(content)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"Pfile:///etc/passwd\n.", "PERSID"),
        (b"\x80\x02X\x01\x00\x00\x00aQ.", "BINPERSID"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"(ios\nsystem\n.", "INST"),
        (b"(cos\nsystem\nX\x04\x00\x00\x00trueo.", "OBJ"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
    ],
)
def test_instructions_that_no_table_needs_are_refused_by_name(nothing_run, content, name):
    """A pickle looks beyond itself, or calls by an older way."""
    with pytest.raises(ValueError, match=f"not a pickle of plain tables.*{name}"):
        read_inert(content)


def test_a_pickle_that_calls_what_it_made_calls_nothing(nothing_run):
    """A pickle asks for functions that run commands."""
    for content in (
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cbuiltins\ngetattr\n(cos\nS'system'\ntR(S'true'\ntR.",
    ):
        with pytest.raises(ValueError, match="not a pickle"):
            string_columns(content)


def test_tables_within_one_another_take_no_time():
    """A pickle holds a list of itself, and lists of lists to a great depth."""
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="no column names"):
        string_columns(pickle.dumps(endless))
    doubled = "x"
    for _ in range(200):  # 2 ** 200 of them, were they not the same
        doubled = [doubled, doubled]
    with pytest.raises(ValueError, match="no column names"):
        string_columns(pickle.dumps(doubled))
    with pytest.raises(ValueError, match="no column names"):
        string_columns(b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".")


def block_pickle(shape, entries, places=(1, 3, 1), header=("rownames", "a", "b")):
    """A table of one block with any shape, entries and place."""

    class Array:
        def __init__(self, shape, entries):
            self.state = 1, shape, "O", False, entries

        def __reduce__(self):
            return Array, (), self.state

    class Block:
        def __reduce__(self):
            return _unpickle_block, (Array(shape, entries), slice(*places), 2)

    named = Array((len(header),), list(header))
    globals().update(Array=Array)
    Array.__qualname__ = "Array"
    return pickle.dumps([Block(), named], protocol=4)


def _unpickle_block(*_):
    raise AssertionError("a reader must not call what a pickle names")


WHOLE = {"shape": (2, 2), "entries": ["1", "2", "3", "4"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (10**18, 0), "entries": []},
        {"shape": (10**18, 4)},
        {"shape": (-2, -2)},
        {"shape": (4,)},
        {"shape": (2, 2, 1)},
        {"shape": ("2", 2)},
        {"entries": ["1", "2", "3"]},
        {"entries": ["1", "2", "3", 4]},
        {"places": (0, 10**18, 1)},
        {"places": (1, 3, 0)},
        {"places": ("a", "b")},
        {"header": ("a",)},
        {"header": ("rownames", ["a"], "b")},
        {"header": ("rownames", 1, "b")},
    ],
    ids=str,
)
def test_a_table_whose_parts_do_not_fit_is_refused(changes):
    """The shape, the entries and the columns of a table do not fit together."""
    assert string_columns(block_pickle(**WHOLE)) == {"a": ["1", "2"], "b": ["3", "4"]}
    with pytest.raises(ValueError, match="not a pickled pandas table"):
        string_columns(block_pickle(**WHOLE | changes))


def columns_or_message(content):
    try:
        return string_columns(content)
    except ValueError as error:
        message = error
    assert "not a pickle" in str(message)
    return message


@a_thousand
@given(content=damaged(GOOD, block_pickle(**WHOLE)))
def test_a_thousand_damaged_pickles_are_read_or_refused(nothing_run, content):
    """A pickled table is damaged in a thousand ways."""
    found = columns_or_message(content)
    if isinstance(found, dict):
        assert all(isinstance(each, str) for column in found.values() for each in column)


INSTRUCTIONS = [
    b"N", b"K\x01", b"J\xff\xff\xff\xff", b"\x88", b"]", b")", b"}", b"(", b"0", b"1", b"a", b"e",
    b"l", b"d", b"t", b"s", b"u", b"\x85", b"\x86", b"\x87", b"\x94", b"h\x00", b"q\x00", b"R",
    b"b", b"\x81", b"\x92", b"\x93", b"\x8f", b"\x90", b"\x91", b"\x8c\x01a", b"cos\nsystem\n",
    b"cbuiltins\neval\n", b"X\x01\x00\x00\x00a", b"C\x01a", b"G" + bytes(8), b"\x8a\x01\x7f",
]  # fmt: skip


@a_thousand
@given(instructions=st.lists(st.sampled_from(INSTRUCTIONS), max_size=30))
def test_a_thousand_programs_of_instructions_run_nothing(nothing_run, instructions):
    """A pickle is any sequence of instructions."""
    columns_or_message(b"\x80\x04" + b"".join(instructions) + b".")
