import numpy as np
import pytest

from unrolled.baselines.documents import count_bigrams, frequent_bigrams, lay_out

ROWS = [[3, 5, 3, 5, 2], [5], [2, 3, 5]]


def test_words_places_and_lengths_of_rows_laid_end_to_end():
    documents = lay_out([[3, 4, 0], [0, 2, 0], [1, 1, 5]])
    assert documents.words.tolist() == [3, 4, 2, 1, 1, 5]
    assert documents.lengths.tolist() == [2, 1, 3]
    assert documents.starts.tolist() == [0, 2, 3]
    assert documents.from_begin.tolist() == [0, 1, 0, 0, 1, 2]
    assert documents.to_end.tolist() == [1, 0, 0, 2, 1, 0]


def test_hits_are_those_of_a_slow_search():
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, 6, n) for n in (1, 12, 3, 8)]
    modifiers, reach = np.array([5, 2]), 3
    documents, expected, begin = lay_out(rows), set(), 0
    for row in rows:
        for t in range(len(row)):
            for k in range(1, reach + 1):
                for number, modifier in enumerate(modifiers):
                    if t - k >= 0 and row[t - k] == modifier:
                        expected.add((begin + t, number, k - 1))
        begin += len(row)
    found = list(zip(*(part.tolist() for part in documents.hits(modifiers, reach)), strict=True))
    assert set(found) == expected
    assert len(found) == len(expected)


def test_bigrams_are_counted_within_documents_and_by_direction():
    documents = lay_out(ROWS)
    assert frequent_bigrams(documents, 1).tolist() == [[2, 3], [3, 5], [5, 2], [5, 3]]
    often = frequent_bigrams(documents, 2)
    assert often.tolist() == [[3, 5]]
    assert count_bigrams(documents, often).toarray().tolist() == [[2], [0], [1]]


def test_unknown_words_are_in_no_bigram():
    documents = lay_out([[3, 9, 5], [3, 5]]).within(6)
    assert documents.words.tolist() == [3, 0, 5, 3, 5]
    counts = count_bigrams(documents, np.array([[3, 5], [5, 3]]))
    assert counts.toarray().tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no documents"),
        (np.zeros((0, 4), dtype=int), "0 sample"),
        ([[1], [], [2]], "1 of 3 documents have no words, the first is number 1"),
        (np.array([[1, 2], [0, 0]]), "the first is number 1"),
        ([[1.0, 2.0]], "whole numbers"),
        (np.array([[1.0, 2.0]]), "whole numbers"),
        ([["good"]], "whole numbers"),
        ([[1, -2]], "word -2"),
        ([3, 4, 5], "goes into a list"),
        ([[[1], [2]]], "2 dimensions"),
    ],
)
def test_what_is_no_document_is_named(rows, message):
    with pytest.raises(ValueError, match=message):
        lay_out(rows)
