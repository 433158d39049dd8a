import csv
import io
import tarfile

import numpy as np
import pytest

from unrolled.data import read_film, read_foods, read_imdb, read_sst, read_yelp

from .archives_for_tests import film_archive, foods_archive, tar_bytes, write, zip_bytes


def test_film_sentences_are_labelled_by_the_sign_of_a_clear_rating(tmp_path):
    path, source = film_archive(
        tmp_path,
        ["1\t2.5\tlovely &amp; warm", "2\t-1\tdire", "3\t0.9\tfine", "4\t0\tnothing", "5\t-3\tbad"],
    )
    texts = read_film(path, source, minimum_rating=1.0)
    assert texts.texts == ["lovely & warm", "dire", "bad"]
    assert texts.labels.tolist() == [1, 0, 0]
    assert texts.dropped == {"near_neutral": 2}


def test_a_rating_of_zero_has_no_label_even_without_a_threshold(tmp_path):
    path, source = film_archive(tmp_path, ["1\t0\tso so", "2\t0.1\tbetter"])
    assert read_film(path, source, minimum_rating=0.0).texts == ["better"]


def test_a_sentence_keeps_the_signs_that_python_takes_for_line_ends(tmp_path):
    path, source = film_archive(tmp_path, ["1\t2\tone\x85two\u2028three"])
    assert len(read_film(path, source, minimum_rating=1.0)) == 1


def test_a_missing_archive_is_named_with_the_command_that_fetches_it(tmp_path):
    _, source = film_archive(tmp_path, ["1\t2\tgood"])
    with pytest.raises(ValueError, match=r"gone\.tar\.gz is missing.*snakemake.*fetch"):
        read_film(tmp_path / "gone.tar.gz", source, minimum_rating=1.0)


def test_an_archive_with_one_byte_changed_is_refused_with_both_sums(tmp_path):
    path, source = film_archive(tmp_path, ["1\t2\tgood"])
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=source["sha256"]) as caught:
        read_film(path, source, minimum_rating=1.0)
    assert str(path) in str(caught.value)


def test_an_inner_file_with_another_sum_is_refused(tmp_path):
    path, source = film_archive(tmp_path, ["1\t2\tgood"])
    source["members"]["snippets"]["sha256"] = "0" * 64
    with pytest.raises(ValueError, match=r"film\.txt: the sha256 is"):
        read_film(path, source, minimum_rating=1.0)


def test_a_link_inside_an_archive_is_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("1\t2\tgood\n")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("film.txt")
        entry.type, entry.linkname = tarfile.SYMTYPE, str(secret)
        tar.addfile(entry)
    source = write(
        tmp_path / "a.tar",
        buffer.getvalue(),
        members={"snippets": {"path": ["film.txt"]}},
        rows={"snippets": 1},
    )
    with pytest.raises(ValueError, match="no plain file"):
        read_film(tmp_path / "a.tar", source, minimum_rating=1.0)


FOODS = {
    "training": [("B1", "great", "Yum.<br />So good"), ("B2", "other", "meh")],
    "testing": [("B1", "other", "stale")],
}


def test_food_tables_are_joined_in_order_with_their_products(tmp_path):
    texts = read_foods(*foods_archive(tmp_path, FOODS))
    assert texts.texts == ["Yum. So good", "meh", "stale"]
    assert texts.labels.tolist() == [1, 0, 0]
    assert texts.subjects == ["B1", "B2", "B1"]


def test_a_food_table_that_reads_otherwise_is_refused(tmp_path):
    path, source = foods_archive(tmp_path, FOODS)
    source["canonical"]["testing"] = "0" * 64
    with pytest.raises(ValueError, match="read otherwise than expected"):
        read_foods(path, source)


def imdb_archive(folder, *, films=True):
    files = {
        "aclImdb/train/pos/0_9.txt": b"Great!<br /><br />Really.",
        "aclImdb/train/pos/1_8.txt": b"Nice",
        "aclImdb/train/neg/0_1.txt": b"Awful",
        "aclImdb/train/unsup/0_0.txt": b"no label",
        "aclImdb/test/neg/0_2.txt": b"Poor",
        "aclImdb/test/pos/0_10.txt": b"Superb",
        "aclImdb/README": b"read me",
    }
    if films:
        address = b"http://www.imdb.com/title/tt%d/usercomments"
        files["aclImdb/train/urls_pos.txt"] = b"\n".join([address % 1, address % 2, b""])
        files["aclImdb/train/urls_neg.txt"] = address % 1 + b"\n"
        files["aclImdb/test/urls_neg.txt"] = address % 3 + b"\n"
        files["aclImdb/test/urls_pos.txt"] = address % 3 + b"\n"
    path = folder / "imdb.tar.gz"
    return path, write(path, tar_bytes(files))


def test_imdb_keeps_its_test_half_and_knows_the_films(tmp_path):
    texts = read_imdb(*imdb_archive(tmp_path))
    assert texts.texts == ["Awful", "Great! Really.", "Nice", "Poor", "Superb"]
    assert texts.labels.tolist() == [0, 1, 1, 0, 1]
    assert texts.splits.tolist() == [-1, -1, -1, 2, 2]
    assert texts.subjects == ["tt1", "tt1", "tt2", "tt3", "tt3"]


def test_imdb_without_lists_of_films_has_no_subjects(tmp_path):
    assert read_imdb(*imdb_archive(tmp_path, films=False)).subjects is None


def test_an_archive_without_reviews_is_refused(tmp_path):
    source = write(tmp_path / "x.tgz", tar_bytes({"README": b"nothing"}))
    with pytest.raises(ValueError, match="holds no labelled reviews"):
        read_imdb(tmp_path / "x.tgz", source)


def yelp_csv(rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue().encode()


def test_yelp_drops_three_stars_and_keeps_its_test_file(tmp_path):
    train = [(1, "bad\\n\\nplace"), (3, "so so"), (5, 'said ""wow""'), (2, "poor"), (4, "good")]
    source = write(
        tmp_path / "y.tgz",
        tar_bytes({"y/test.csv": yelp_csv([(5, "ok"), (3, "hm")]), "y/train.csv": yelp_csv(train)}),
    )
    texts = read_yelp(tmp_path / "y.tgz", source)
    assert texts.texts == ["bad place", 'said ""wow""', "poor", "good", "ok"]
    assert texts.labels.tolist() == [0, 1, 0, 1, 1]
    assert texts.splits.tolist() == [-1, -1, -1, -1, 2]
    assert texts.dropped == {"three_stars": 2}


def test_a_yelp_row_without_stars_is_named(tmp_path):
    source = write(tmp_path / "y.tgz", tar_bytes({"train.csv": yelp_csv([(5, "ok"), ("x", "y")])}))
    with pytest.raises(ValueError, match=r"train\.csv, row 2 is not `stars,text`"):
        read_yelp(tmp_path / "y.tgz", source)


def test_sst_keeps_its_splits_and_reads_whole_sentences(tmp_path):
    trees = {
        "trees/train.txt": b"(4 (2 A) (3 (3 fine) (2 film)))\n(2 (2 A) (2 film))\n",
        "trees/dev.txt": b"(1 (2 -LRB-) (1 (1 dull) (2 -RRB-)))\n",
        "trees/test.txt": b"(0 (0 Awful) (2 .))\n",
    }
    members = {name: {"path": [f"trees/{name}.txt"]} for name in ("train", "dev", "test")}
    source = write(tmp_path / "s.zip", zip_bytes(trees), members=members)
    texts = read_sst(tmp_path / "s.zip", source)
    assert texts.texts == ["A fine film", "( dull )", "Awful ."]
    assert texts.labels.tolist() == [1, 0, 0]
    np.testing.assert_array_equal(texts.splits, [0, 1, 2])
    assert texts.dropped == {"neutral": 1}
