"""The damage that tests of input from outside rely on is done, and a silent reader shows."""

import pytest
from hypothesis import given
from tests.damage import a_thousand, at_most, damaged, nothing_written, read_or_refuse

GOOD = b"0123456789" * 20


def test_a_thousand_damaged_files_are_all_kinds_of_things():
    seen = set()

    @a_thousand
    @given(content=damaged(GOOD))
    def each(content):
        seen.add(content)

    each()
    assert len(seen) > 600
    assert {len(content) < len(GOOD) for content in seen} == {True, False}
    assert any(len(content) > len(GOOD) for content in seen)


def test_a_message_that_names_no_file_is_found(tmp_path):
    def read():
        raise ValueError("something is wrong")

    with pytest.raises(AssertionError, match="does not name"):
        read_or_refuse(read, tmp_path / "a.csv")


def test_an_error_of_another_kind_is_found(tmp_path):
    with pytest.raises(ZeroDivisionError):
        read_or_refuse(lambda: 1 // 0, tmp_path / "a.csv")


def test_a_file_that_is_written_is_found(tmp_path):
    with pytest.raises(AssertionError), nothing_written(tmp_path):
        (tmp_path / "escaped").touch()


def test_memory_that_is_taken_is_found():
    with pytest.raises(AssertionError), at_most(1 << 20):
        bytes(1 << 21)
