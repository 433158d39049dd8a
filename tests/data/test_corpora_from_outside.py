"""Corpora that lie are refused by name before anything is computed from them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.damage import a_thousand, damaged, read_or_refuse

from unrolled.data import Corpus, load_corpus, save_corpus
from unrolled.files import load_table, save_table

pytestmark = pytest.mark.faults("corpora from outside")

GOOD = Corpus(
    tokens=np.array([2, 3, 2, 1], dtype=np.int32),
    starts=np.array([0, 3], dtype=np.int32),
    lengths=np.array([3, 1], dtype=np.int32),
    labels=np.array([1, 0], dtype=np.int8),
    splits=np.array([0, 2], dtype=np.int8),
    words=["pad", "unknown", "good", "bad"],
    counts=np.array([0, 0, 2, 1]),
    groups=["pad", "unknown", "word", "word"],
    valences=np.array([0.0, 0.0, 1.0, -1.0]),
    gains={"good": [2.0]},
)


@pytest.fixture
def paths(tmp_path):
    return tmp_path / "corpus.nc", tmp_path / "vocabulary.csv"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tokens": [2, 3, 9, 1]}, "tokens run from 1 to 9.*do not belong together"),
        ({"tokens": [2, 3, 0, 1]}, "tokens run from 0"),
        ({"tokens": [2.0, np.nan, 2.0, 1.0]}, "tokens are float64"),
        ({"starts": [0, 5]}, "document 1 does not lie within the 4 tokens"),
        ({"starts": [-1, 3]}, "document 0 does not lie"),
        ({"lengths": [2**31 - 1, 1]}, "document 0 does not lie"),
        ({"lengths": [3, -1]}, "document 1 does not lie"),
        ({"labels": [1, 2]}, "labels run from 1 to 2"),
        ({"splits": [0, 3]}, "splits run from 0 to 3"),
        ({"labels": [1.0, np.nan]}, "labels are float64"),
        ({"valences": [0.0, 0.0, np.inf, 1.0]}, "a valence is not a finite number"),
    ],
    ids=str,
)
def test_numbers_that_cannot_be_are_named(paths, changes, said):
    """A corpus has labels, places or words that cannot be."""
    save_corpus(GOOD, *paths)
    assert load_corpus(*paths).words == GOOD.words
    save_corpus(replace(GOOD, **{key: np.array(value) for key, value in changes.items()}), *paths)
    with pytest.raises(ValueError, match=rf"(?s)corpus\.nc and .*vocabulary\.csv .*{said}"):
        load_corpus(*paths)


@pytest.mark.parametrize("column", ["word", "count", "valence", "group"])
def test_a_vocabulary_without_a_column_is_named(paths, column):
    """A vocabulary lacks a column."""
    save_corpus(GOOD, *paths)
    rows = [{key: row[key] for key in row if key != column} for row in load_table(paths[1])]
    save_table(rows, paths[1], list(rows[0]))
    with pytest.raises(ValueError, match=rf"vocabulary\.csv .*'{column}'"):
        load_corpus(*paths)


@pytest.mark.parametrize("value", ["many", "1e3", "", str(2**70)])
def test_a_count_that_is_no_number_is_named(paths, value):
    """A count of a vocabulary is no number."""
    save_corpus(GOOD, *paths)
    rows = load_table(paths[1])
    rows[2]["count"] = value
    save_table(rows, paths[1], list(rows[0]))
    with pytest.raises(ValueError, match=r"vocabulary\.csv"):
        load_corpus(*paths)


@pytest.fixture
def saved(paths):
    """What the two files of a good corpus hold."""
    save_corpus(GOOD, *paths)
    return [path.read_bytes() for path in paths]


@a_thousand
@given(which=st.integers(0, 1), data=st.data())
@pytest.mark.filterwarnings("ignore")
def test_a_thousand_damaged_corpora_are_read_or_named(paths, saved, which, data):
    """A corpus is damaged in a thousand ways."""
    for path, content in zip(paths, saved, strict=True):
        path.write_bytes(content)
    paths[which].write_bytes(data.draw(damaged(saved[which])))
    corpus = read_or_refuse(lambda: load_corpus(*paths), paths[which])
    if isinstance(corpus, Corpus):
        for split in range(3):
            documents = corpus.documents(split)
            assert all(0 < token < len(corpus.words) for each in documents for token in each)
