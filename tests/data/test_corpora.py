from dataclasses import replace

import numpy as np
import pytest

from unrolled.data import (
    LabelledTexts,
    build_corpus,
    describe_corpus,
    generated_corpus,
    load_corpus,
    pad,
    save_corpus,
)
from unrolled.tasks import generate_reviews, review_vocabulary

SETTINGS = {
    "name": "toy",
    "tokeniser": "words",
    "vocabulary": 50,
    "minimum_count": 1,
    "longest": 6,
    "validation": 0.2,
    "test": 0.3,
}


def reviews(n=200, seed=0):
    """Texts whose label is the sign of their only telling word."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < 0.7).astype(np.int8)
    filler = rng.choice(["the", "film", "was", "plot"], (n, 3))
    serial = ["".join("abcdefghij"[int(digit)] for digit in str(index)) for index in range(n)]
    texts = [
        f"{' '.join(words)} {'good' if label else 'bad'} {name}"
        for words, label, name in zip(filler, labels, serial, strict=True)
    ]
    return LabelledTexts(texts, labels)


@pytest.fixture
def paths(tmp_path):
    return tmp_path / "corpus.nc", tmp_path / "vocabulary.csv"


def test_a_saved_corpus_loads_as_it_was_with_the_same_bytes_each_time(paths):
    corpus = build_corpus(reviews(), **SETTINGS, attrs={"title": "toy"})
    save_corpus(corpus, *paths)
    first = [path.read_bytes() for path in paths]
    save_corpus(build_corpus(reviews(), **SETTINGS, attrs={"title": "toy"}), *paths)
    assert [path.read_bytes() for path in paths] == first
    loaded = load_corpus(*paths)
    for name in ("tokens", "starts", "lengths", "labels", "splits", "counts"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(corpus, name))
    assert loaded.tokens.dtype == np.int32
    assert loaded.labels.dtype == np.int8
    assert loaded.words == corpus.words
    assert loaded.groups == corpus.groups
    assert loaded.valences is None
    assert loaded.attrs["title"] == "toy"


def test_words_that_spreadsheets_would_spoil_survive(paths):
    texts = reviews()
    odd = ["nan", "null", "na", "true", "inf", '"', ","]
    texts.texts[:] = [f"{text} {odd[i % 5]}" for i, text in enumerate(texts.texts)]
    corpus = build_corpus(texts, **SETTINGS)
    save_corpus(corpus, *paths)
    assert load_corpus(*paths).words == corpus.words
    assert {"nan", "null", "na"} <= set(corpus.words)


def test_documents_are_views_with_their_labels():
    corpus = build_corpus(reviews(), **SETTINGS)
    good = corpus.words.index("good")
    for split in ("train", "validation", "test"):
        documents, labels = corpus.documents(split), corpus.labels_of(split)
        assert len(documents) == len(labels) > 0
        assert [good in document for document in documents] == (labels == 1).tolist()
        assert all(document.base is not None for document in documents)
    assert len(corpus.documents(2)) == len(corpus.documents("test"))


@pytest.mark.parametrize("split", ["training", 3, -1, None])
def test_a_split_that_does_not_exist_is_refused(split):
    with pytest.raises(ValueError, match="train, validation, test"):
        build_corpus(reviews(), **SETTINGS).documents(split)


def test_long_and_empty_documents_are_dropped_and_counted():
    texts = reviews()
    texts.texts[0] = "far too long a text to be kept in this corpus"
    texts.texts[1] = "123"
    corpus = build_corpus(texts, **SETTINGS)
    assert len(corpus) == 198
    assert corpus.attrs["dropped_too_long"] == 1
    assert corpus.attrs["dropped_empty"] == 1
    assert "too_long 1" in describe_corpus(corpus)
    assert corpus.lengths.max() <= 6


def test_a_document_as_long_as_allowed_is_kept():
    texts = reviews()
    texts.texts[0] = "a b c d e f"
    assert build_corpus(texts, **SETTINGS).lengths.max() == 6


def test_balancing_makes_guessing_worth_a_half_in_each_split():
    corpus = build_corpus(reviews(), **SETTINGS, balance=True)
    for split in ("train", "validation", "test"):
        assert corpus.labels_of(split).mean() == 0.5
    assert corpus.attrs["dropped_for_balance"] == 200 - len(corpus)


def test_a_limit_is_kept_and_counted():
    corpus = build_corpus(reviews(), **SETTINGS, limit=60)
    assert 50 < len(corpus) <= 60
    assert corpus.attrs["dropped_beyond_limit"] == 200 - len(corpus)


def test_word_pieces_make_a_corpus_as_well():
    corpus = build_corpus(reviews(), **{**SETTINGS, "tokeniser": "wordpiece", "longest": 20})
    assert corpus.words[:2] == ["<pad>", "<unk>"]
    assert len(corpus.words) <= 50
    assert corpus.counts.sum() == sum(map(len, corpus.documents("train")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"longest": 2}, r"corpora\.toy .*no documents left for train.*too_long 200"),
        ({"limit": 3}, r"corpora\.toy"),
        ({"tokeniser": "letters"}, r"corpora\.toy\.tokeniser is 'letters'.*words and wordpiece"),
    ],
)
def test_settings_that_leave_nothing_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        build_corpus(reviews(), **{**SETTINGS, **change})


def test_a_corpus_of_one_class_is_refused():
    texts = reviews()
    texts.labels[:] = 1
    with pytest.raises(ValueError, match=r"corpora\.toy.*all \d+ train documents have the label 1"):
        build_corpus(texts, **SETTINGS)


def test_a_corpus_without_texts_is_refused():
    with pytest.raises(ValueError, match="no documents left"):
        build_corpus(LabelledTexts([], np.zeros(0, dtype=np.int8)), **SETTINGS)


def test_a_vocabulary_of_another_corpus_is_refused(paths):
    corpus = build_corpus(reviews(), **SETTINGS)
    save_corpus(corpus, *paths)
    lines = paths[1].read_text().splitlines(keepends=True)
    paths[1].write_text("".join(lines[:5]))
    with pytest.raises(ValueError, match="do not belong together"):
        load_corpus(*paths)


def test_a_corpus_cut_short_is_refused(paths):
    save_corpus(build_corpus(reviews(), **SETTINGS), *paths)
    paths[0].write_bytes(paths[0].read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"corpus\.nc.*run `snakemake"):
        load_corpus(*paths)


def test_padding_fills_the_ends_and_cuts_nothing():
    documents = [np.array([5, 3], dtype=np.int32), np.array([4], dtype=np.int32)]
    assert pad(documents).tolist() == [[5, 3], [4, 0]]
    assert pad(documents, 3).tolist() == [[5, 3, 0], [4, 0, 0]]
    assert pad(documents).dtype == np.int32
    assert pad([]).shape == (0, 0)
    with pytest.raises(ValueError, match="does not fit"):
        pad(documents, 1)


def test_a_generated_corpus_keeps_its_truth(paths):
    rng = np.random.default_rng(0)
    rules = {
        "length": [5, 9],
        "valence_share": 0.3,
        "modifier_share": 0.05,
        "begin_weight": 1.0,
        "position_time": 3.0,
    }
    parts = {
        split: generate_reviews(n, rng, **rules)
        for split, n in {"train": 300, "validation": 40, "test": 50}.items()
    }
    corpus = generated_corpus(parts, name="toy", settings=rules)
    save_corpus(corpus, *paths)
    loaded = load_corpus(*paths)
    assert [len(loaded.documents(split)) for split in (0, 1, 2)] == [300, 40, 50]
    first = parts["test"]
    np.testing.assert_array_equal(loaded.documents("test")[0], first.tokens[0, : first.lengths[0]])
    np.testing.assert_array_equal(loaded.labels, (loaded.scores > 0).astype(np.int8))
    np.testing.assert_array_equal(loaded.valences, review_vocabulary().valences)
    assert loaded.gains["not2_1"] == [-1.0, -1.0, 1.0, 1.0]
    assert loaded.groups[:3] == ["pad", "unknown", "valence"]
    assert loaded.attrs["valence_share"] == 0.3
    train = np.concatenate(loaded.documents("train"))
    np.testing.assert_array_equal(loaded.counts, np.bincount(train, minlength=134))
    assert len(replace(loaded, splits=loaded.splits * 0).documents("train")) == 390
    # From the parts that are stored, every document's score follows.
    for number in (0, 17, 389):
        own = slice(loaded.starts[number], loaded.starts[number] + loaded.lengths[number])
        weights = loaded.position_weights[loaded.lengths[number]][: loaded.lengths[number]]
        terms = loaded.valences[loaded.tokens[own]] * loaded.token_gains[own] * weights
        assert terms.sum() == pytest.approx(loaded.scores[number])
    assert loaded.position_weights[9][3] == pytest.approx(1 + np.exp(-1))
