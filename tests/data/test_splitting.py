import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.data import LabelledTexts, split_texts
from unrolled.data.splitting import balance_labels, limit_texts, stable_shares
from unrolled.data.texts import normal_form


def many(n=2000, **more):
    labels = (np.arange(n) % 3 > 0).astype(np.int8)
    return LabelledTexts([f"text number {index}" for index in range(n)], labels, **more)


def test_shares_of_the_splits_are_as_asked():
    _, splits = split_texts(many(), validation=0.1, test=0.2, seed=0)
    np.testing.assert_allclose(np.bincount(splits) / 2000, [0.7, 0.1, 0.2], atol=0.03)


def test_the_split_of_a_text_does_not_depend_on_the_others():
    texts = many()
    _, splits = split_texts(texts, validation=0.1, test=0.2, seed=0)
    order = np.random.default_rng(0).permutation(2000)[:700]
    _, fewer = split_texts(texts.take(order), validation=0.1, test=0.2, seed=0)
    np.testing.assert_array_equal(fewer, splits[order])


def test_a_larger_validation_share_moves_no_test_document():
    _, small = split_texts(many(), validation=0.1, test=0.2, seed=0)
    _, large = split_texts(many(), validation=0.3, test=0.2, seed=0)
    np.testing.assert_array_equal(small == 2, large == 2)


def test_another_seed_gives_another_split():
    _, one = split_texts(many(), validation=0.1, test=0.2, seed=0)
    _, other = split_texts(many(), validation=0.1, test=0.2, seed=1)
    assert 0.2 < (one == other).mean() < 0.8


words = st.lists(
    st.sampled_from(["a film", "A film!", "bad", "BAD ...", "so so", "ok"]), min_size=1
)


@settings(max_examples=50)
@given(words, st.integers(0, 100))
def test_copies_of_a_text_are_on_one_side(texts, seed):
    given = LabelledTexts(texts, np.zeros(len(texts), dtype=np.int8))
    _, splits = split_texts(given, validation=0.3, test=0.3, seed=seed)
    sides = {}
    for text, split in zip(texts, splits, strict=True):
        assert sides.setdefault(normal_form(text), split) == split


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), min_size=1), st.integers(0, 100))
def test_a_film_and_what_it_shares_texts_with_are_on_one_side(rows, seed):
    given = LabelledTexts(
        [f"text {'abcdefghi'[text]}" for _, text in rows],
        np.zeros(len(rows), dtype=np.int8),
        subjects=[f"film {film}" for film, _ in rows],
    )
    _, splits = split_texts(given, validation=0.3, test=0.3, seed=seed)
    film_side, text_side = {}, {}
    for (film, text), split in zip(rows, splits, strict=True):
        assert film_side.setdefault(film, split) == split
        assert text_side.setdefault(text, split) == split


def test_the_order_of_documents_does_not_move_a_film():
    rng = np.random.default_rng(0)
    subjects = [f"film {n}" for n in rng.integers(0, 50, 400)]
    texts = [f"review {n}" for n in rng.integers(0, 390, 400)]
    given = LabelledTexts(texts, np.zeros(400, dtype=np.int8), subjects=subjects)
    _, splits = split_texts(given, validation=0.2, test=0.2, seed=3)
    order = rng.permutation(400)
    _, shuffled = split_texts(given.take(order), validation=0.2, test=0.2, seed=3)
    np.testing.assert_array_equal(shuffled, splits[order])


def test_an_official_test_part_is_kept_and_its_copies_leave_training():
    texts = ["Good!", "bad", "good", "fine", "bad"]
    official = np.array([-1, -1, 2, 2, -1], dtype=np.int8)
    given = LabelledTexts(texts, np.zeros(5, dtype=np.int8), splits=official)
    left, splits = split_texts(given, validation=0.0, test=0.9, seed=0)
    assert left.texts == ["bad", "good", "fine", "bad"]
    assert splits.tolist() == [0, 2, 2, 0]
    assert left.dropped["copies_of_held_out"] == 1


def test_official_validation_and_test_parts_do_not_leak_into_each_other():
    given = LabelledTexts(
        ["a", "b", "c", "b", "c"],
        np.zeros(5, dtype=np.int8),
        splits=np.array([0, 0, 1, 1, 2], dtype=np.int8),
    )
    left, splits = split_texts(given, validation=0.5, seed=0)
    assert left.texts == ["a", "b", "c"]
    assert splits.tolist() == [0, 1, 2]


def test_shares_are_uniform_and_stable():
    shares = stable_shares([str(n) for n in range(4000)], seed=0, purpose="x")
    assert 0 <= shares.min() < 0.01
    assert 0.99 < shares.max() < 1
    assert abs(shares.mean() - 0.5) < 0.02
    other = stable_shares([str(n) for n in range(4000)], seed=0, purpose="y")
    assert abs(np.corrcoef(shares, other)[0, 1]) < 0.05


def test_balancing_keeps_every_document_of_the_rarer_label():
    texts = many()
    _, splits = split_texts(texts, validation=0.1, test=0.2, seed=0)
    kept = balance_labels(texts.labels, splits, texts.texts, seed=0)
    for split in range(3):
        labels = texts.labels[kept][splits[kept] == split]
        assert labels.mean() == 0.5
        assert (labels == 0).sum() == ((texts.labels == 0) & (splits == split)).sum()


@pytest.mark.parametrize("balance", [False, True])
def test_a_limit_keeps_the_shares_of_splits_and_labels(balance):
    texts = many()
    _, splits = split_texts(texts, validation=0.1, test=0.2, seed=0)
    fewer, left = limit_texts(texts, splits, limit=300, balance=balance, seed=0)
    assert 290 <= len(fewer) <= 300
    assert abs(fewer.labels.mean() - (0.5 if balance else 2 / 3)) < 0.01
    found = np.bincount(left) / len(left)
    np.testing.assert_allclose(found, np.bincount(splits) / 2000, atol=0.02)
