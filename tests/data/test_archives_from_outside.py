"""Archives and texts that lie: each is refused by name, or read, and nothing else happens."""

import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from tests.damage import a_thousand, at_most, damaged, nothing_written, read_or_refuse

from unrolled.data import archives, read_film, read_foods, read_imdb, read_sst, read_yelp
from unrolled.data.archives import iterate_tar, read_member

from .archives_for_tests import foods_archive, tar_bytes, write, zip_bytes

pytestmark = pytest.mark.faults("archives from outside")

GOOD = b"good content\n"
MEGABYTE = 1 << 20


@pytest.fixture
def path(tmp_path):
    (tmp_path / "inside").mkdir()
    return tmp_path / "inside" / "an.archive"


@pytest.fixture
def small(monkeypatch):
    """Limits that a small bomb reaches."""
    monkeypatch.setattr(archives, "_MOST_BYTES", 2 * MEGABYTE)
    monkeypatch.setattr(archives, "_MOST_BYTES_OF_A_MEMBER", MEGABYTE)
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 50)


def everything_in(path):
    return [(name, file.read()) for name, file in iterate_tar(path)]


def tar_of(*entries, mode="w:gz"):
    """A tar of (name, changes to its header, content)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, header, content in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for key, value in header.items():
                setattr(entry, key, value)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(*entries):
    """A zip of (name, mode of the file, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mode, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def header_with(**changes):
    """One header of a tar with some fields overwritten, its sum made right again."""
    entry = tarfile.TarInfo("film.txt")
    block = bytearray(entry.tobuf(tarfile.GNU_FORMAT)[:512])
    places = {"size": slice(124, 136), "type": slice(156, 157)}
    for field, value in changes.items():
        block[places[field]] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    "name", ["../../escaped", "/tmp/escaped", "a/../../escaped", "..\\escaped"]
)
def test_a_name_that_leads_out_is_a_name_and_no_path(path, name):
    """A member's name leads out of the archive."""
    for content in (tar_bytes({name: GOOD}), zip_bytes({name: GOOD})):
        path.write_bytes(content)
        with nothing_written(path.parent):
            assert read_member(path, {"path": [name]}) == GOOD
    path.write_bytes(tar_bytes({name: GOOD}))
    assert everything_in(path) == [(name, GOOD)]


@pytest.mark.parametrize(
    "header",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.SYMTYPE, "linkname": "other.txt"},
        {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "other.txt"},
        {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5},
        {"type": tarfile.BLKTYPE},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.DIRTYPE},
    ],
    ids=[
        "link",
        "link inside",
        "hard link",
        "hard link inside",
        "device",
        "disk",
        "pipe",
        "folder",
    ],
)
def test_what_is_no_plain_file_of_a_tar_is_passed_over(path, header):
    """A member is a link, a device or a pipe."""
    path.write_bytes(tar_of(("film.txt", header, b""), ("other.txt", {}, GOOD)))
    with pytest.raises(ValueError, match=r"an\.archive has no plain file 'film\.txt'"):
        read_member(path, {"path": ["film.txt"]})
    assert everything_in(path) == [("other.txt", GOOD)]
    assert read_member(path, {"path": ["other.txt"]}) == GOOD


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFDIR])
def test_what_is_no_plain_file_of_a_zip_is_passed_over(path, kind):
    """A member of a zip is a link, a device or a pipe."""
    path.write_bytes(zip_of(("film.txt", kind | 0o644, b"/etc/passwd"), ("a", 0o100644, GOOD)))
    with pytest.raises(ValueError, match="no plain file"):
        read_member(path, {"path": ["film.txt"]})
    assert read_member(path, {"path": ["a"]}) == GOOD


def test_a_sparse_file_is_passed_over(path):
    """A member claims to be a file of many gigabytes with holes."""
    huge = b"\x80" + (1 << 40).to_bytes(11, "big")
    path.write_bytes(header_with(type=tarfile.GNUTYPE_SPARSE, size=huge) + bytes(1024))
    with at_most(MEGABYTE), pytest.raises(ValueError, match=r"an\.archive"):
        everything_in(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_for_two_files_is_refused(path):
    """Two members have one name."""
    twice = (("film.txt", {}, GOOD), ("film.txt", {}, b"bad"))
    for content in (tar_of(*twice), zip_of(*((name, 0, content) for name, _, content in twice))):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"an\.archive has more than one file 'film\.txt'"):
            read_member(path, {"path": ["film.txt"]})


def test_names_that_differ_in_case_are_two_files(path):
    """Two names differ in upper and lower case only."""
    for content in (tar_bytes({"A": GOOD, "a": b"x"}), zip_bytes({"A": GOOD, "a": b"x"})):
        path.write_bytes(content)
        assert read_member(path, {"path": ["A"]}) == GOOD
        assert read_member(path, {"path": ["a"]}) == b"x"


def test_a_name_with_control_signs_does_not_reach_the_terminal(path):
    """A member's name holds signs that move the cursor."""
    name = "y\x1b[2J/train.csv"
    source = write(path, tar_bytes({name: b"9,bad\n"}))
    with pytest.raises(ValueError, match=r"train\.csv, row 1 is not") as caught:
        read_yelp(path, source)
    assert "\x1b" not in str(caught.value)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_that_unpacks_to_too_much_is_refused(path, mode):
    """A tar unpacks to far more than its size."""
    path.write_bytes(tar_of(("film.txt", {}, bytes(MEGABYTE + 1)), mode=mode))
    with at_most(MEGABYTE), pytest.raises(ValueError, match=r"an\.archive .* unpacks to"):
        read_member(path, {"path": ["film.txt"]})
    path.write_bytes(tar_of(("film.txt", {}, bytes(MEGABYTE)), mode=mode))
    assert len(read_member(path, {"path": ["film.txt"]})) == MEGABYTE


@pytest.mark.usefixtures("small")
def test_many_files_that_are_too_much_together_are_refused(path):
    """Many members are too large together."""
    path.write_bytes(tar_of(*((f"{n}", {}, bytes(MEGABYTE // 2)) for n in range(6))))
    with pytest.raises(ValueError, match="unpacks to more than"):
        everything_in(path)


@pytest.mark.usefixtures("small")
def test_too_many_files_are_refused(path):
    """An archive has too many members."""
    path.write_bytes(tar_of(*((f"{n}", {}, b"") for n in range(51))))
    with pytest.raises(ValueError, match="more than 50 members"):
        everything_in(path)
    path.write_bytes(tar_of(*((f"{n}", {}, b"") for n in range(49))))
    assert len(everything_in(path)) == 49


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_announces_gigabytes_takes_no_memory(path, kind):
    """A header announces gigabytes of names."""
    path.write_bytes(gzip.compress(header_with(type=kind, size=b"77777777777\0") + bytes(1 << 24)))
    with at_most(MEGABYTE), pytest.raises(ValueError, match=r"an\.archive .* bytes of names"):
        everything_in(path)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, b"Z"])
def test_a_negative_size_does_not_turn_the_reader_in_circles(path, kind):
    """A header announces a negative size."""
    back = header_with(type=kind, size=b"\xff" * 10 + b"\xfe\x00")  # -512
    path.write_bytes(header_with(type=b"0") + back + bytes(1024))
    with pytest.raises(ValueError, match=r"an\.archive cannot be read"):
        everything_in(path)


@pytest.mark.usefixtures("small")
def test_a_zip_that_says_that_it_unpacks_to_too_much_is_refused(path):
    """A zip unpacks to far more than its size."""
    path.write_bytes(zip_of(("film.txt", 0, bytes(MEGABYTE + 1))))
    with at_most(MEGABYTE), pytest.raises(ValueError, match=r"an\.archive .* unpacks to"):
        read_member(path, {"path": ["film.txt"]})


def test_a_zip_that_lies_about_its_size_is_refused(path):
    """A zip says that a bomb is small."""
    true, told = (struct.pack("<I", size) for size in (16 * MEGABYTE + 77, 100))
    content = zip_of(("film.txt", 0, bytes(16 * MEGABYTE + 77)))
    assert content.count(true) == 2
    path.write_bytes(content.replace(true, told))
    with at_most(MEGABYTE), pytest.raises(ValueError, match=r"an\.archive cannot be read"):
        read_member(path, {"path": ["film.txt"]})


def test_ways_of_packing_that_nobody_needs_are_refused(path):
    """A zip is packed in an unusual way."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("film.txt", GOOD)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match="packed by method 12"):
        read_member(path, {"path": ["film.txt"]})


@pytest.mark.usefixtures("small")
def test_an_xz_bomb_is_refused(path):
    """A file in xz unpacks to far more than its size."""
    member = {"path": ["film.txt"], "compression": "xz"}
    path.write_bytes(zip_bytes({"film.txt": lzma.compress(bytes(32 * MEGABYTE), preset=0)}))
    with at_most(8 * MEGABYTE), pytest.raises(ValueError, match=r"film\.txt cannot .*more than"):
        read_member(path, member)
    path.write_bytes(zip_bytes({"film.txt": lzma.compress(GOOD)}))
    assert read_member(path, member) == GOOD


@pytest.mark.usefixtures("small")
def test_a_bomb_inside_an_archive_is_refused(path):
    """A bomb lies inside an archive inside an archive."""
    inner = tar_bytes({"film.txt": bytes(MEGABYTE + 1)})
    path.write_bytes(tar_bytes({"inner.tgz": inner}))
    with pytest.raises(ValueError, match=r"an\.archive > inner\.tgz .* unpacks to"):
        read_member(path, {"path": ["inner.tgz", "film.txt"]})


def kinds():
    noise = bytes(range(256)) * 8
    inner = tar_bytes({"film.txt": noise})
    return {
        "tar": (tar_bytes({"film.txt": noise}, mode="w"), {"path": ["film.txt"]}),
        "tar.gz": (tar_bytes({"film.txt": noise}), {"path": ["film.txt"]}),
        "zip": (zip_bytes({"film.txt": noise}), {"path": ["film.txt"]}),
        "xz": (
            zip_bytes({"film.txt": lzma.compress(noise)}),
            {"path": ["film.txt"], "compression": "xz"},
        ),
        "nested": (tar_bytes({"i.tgz": inner}), {"path": ["i.tgz", "film.txt"]}),
    }


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip", "xz", "nested"])
def test_an_archive_that_was_cut_short_is_named_wherever_it_ends(path, kind):
    """An archive was cut short."""
    content, member = kinds()[kind]
    path.write_bytes(content)
    assert read_member(path, member) == bytes(range(256)) * 8
    # A tar is filled up with zeros at its end; the last of them may be missing.
    end = len(content.rstrip(b"\0")) if kind == "tar" else len(content)
    for kept in range(0, end, max(1, end // 60)):
        path.write_bytes(content[:kept])
        with pytest.raises(ValueError, match=r"an\.archive"):
            read_member(path, member)


@pytest.mark.parametrize("cut", [lambda inner: inner[:-40], lambda inner: inner + b"more"])
def test_a_compressed_file_that_was_cut_short_is_named(path, cut):
    """A compressed file inside an archive was cut short, or goes on after its end."""
    path.write_bytes(zip_bytes({"film.txt": cut(lzma.compress(bytes(1000)))}))
    with pytest.raises(ValueError, match=r"an\.archive > film\.txt cannot be read"):
        read_member(path, {"path": ["film.txt"], "compression": "xz"})


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK", b"\x1f\x8b", bytes(5000)])
def test_what_is_no_archive_is_named(path, content):
    """A file of another kind stands in the place of an archive."""
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"an\.archive"):
        read_member(path, {"path": ["film.txt"]})


def test_an_encrypted_zip_is_named(path):
    """A zip is encrypted."""
    content = bytearray(zip_bytes({"film.txt": GOOD}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"an\.archive .*encrypted"):
        read_member(path, {"path": ["film.txt"]})


LATIN = "caf\xe9".encode("latin-1")


def sst_of(train):
    trees = {"train": train, "dev": b"(1 (1 dull) (2 .))\n", "test": b"(3 (3 fine) (2 .))\n"}
    members = {name: {"path": [f"{name}.txt"]} for name in trees}
    return zip_bytes({f"{name}.txt": text for name, text in trees.items()}), {"members": members}


def film_of(text):
    members = {"snippets": {"path": ["film.txt"]}}
    rows = {"snippets": len(text.split(b"\n")) - (1 if text.endswith(b"\n") else 0)}
    return tar_bytes({"film.txt": text}), {"members": members, "rows": rows}


READERS = {
    "imdb": (read_imdb, lambda text: (tar_bytes({"train/pos/0_9.txt": text}), {}), b"Nice"),
    "yelp": (
        read_yelp,
        lambda text: (tar_bytes({"train.csv": text}), {}),
        b'"1","bad"\n"5","a ""b"""\n',
    ),
    "sst": (read_sst, sst_of, b"(3 (2 A) (3 (3 fine) (2 film)))\n(2 (2 A) (2 film))\n"),
    "film": (
        lambda path, source: read_film(path, source, minimum_rating=1.0),
        film_of,
        b"1\t2.5\tlovely &amp; warm\n2\t-1\tdire\n",
    ),
}  # fmt: skip


def reading(name, path, text):
    """Write an archive with this text, pinned as it is; return how to read it."""
    read, pack, _ = READERS[name]
    content, entry = pack(text)
    source = write(path, content, **entry)
    return lambda: read(path, source)


@pytest.mark.parametrize("name", READERS)
def test_a_text_in_another_encoding_is_named(path, name):
    """A text is not in UTF-8."""
    good = READERS[name][2]
    assert len(reading(name, path, good)()) >= 1
    bad = good.replace(b"i", LATIN).replace(b"a", LATIN)
    with pytest.raises(ValueError, match=r"an\.archive"):
        reading(name, path, bad)()


@pytest.mark.parametrize("rating", [b"nan", b"inf", b"-1e999", b"5", b"", b"one"])
def test_a_rating_that_is_none_is_named(path, rating):
    """A rating is not a number between -4 and 4."""
    with pytest.raises(ValueError, match=r"an\.archive, line 1 .*from -4 to 4"):
        reading("film", path, b"1\t" + rating + b"\tfine\n")()


def test_a_field_without_end_is_named(path):
    """A quotation mark opens a field that never ends."""
    with pytest.raises(ValueError, match=r"an\.archive > train\.csv is not CSV"):
        reading("yelp", path, b'"1","' + b"x" * (17 * MEGABYTE))()


def test_a_food_table_without_its_columns_is_named(tmp_path, path):
    """A table lacks a column, or has a score that is none."""
    tables = {"training": [("B1", "great", "Yum")], "testing": [("B1", "best", "stale")]}
    path, source = foods_archive(tmp_path, tables)
    with pytest.raises(ValueError, match=r"foods\.whl > data/testing\.pkl: a score is 'best'"):
        read_foods(path, source)
    source["members"]["testing"] = {"path": ["data/training.pkl"]}  # still in xz
    with pytest.raises(ValueError, match=r"foods\.whl > data/training\.pkl is not the table"):
        read_foods(path, source)


@a_thousand
@given(content=damaged(*(content for content, _ in kinds().values())))
def test_a_thousand_damaged_archives_are_read_or_named(path, content):
    """An archive is damaged in a thousand ways."""
    path.write_bytes(content)
    names = ["film.txt"]
    with nothing_written(path.parent):
        read_or_refuse(lambda: read_member(path, {"path": names}), path)
        read_or_refuse(lambda: everything_in(path), path)


@a_thousand
@given(content=damaged(tar_of(
    ("a", {}, GOOD), ("x" * 200, {"pax_headers": {"comment": "é"}}, bytes(600)),
    ("l", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, b""), mode="w",
)))  # fmt: skip
def test_a_thousand_damaged_tars_are_read_or_named(path, content):
    """The headers of a tar are damaged in a thousand ways."""
    path.write_bytes(content)
    with nothing_written(path.parent):
        found = read_or_refuse(lambda: everything_in(path), path)
        if isinstance(found, list):
            assert sum(len(content) for _, content in found) <= len(content)


@pytest.mark.parametrize("name", READERS)
def test_a_thousand_damaged_texts_are_read_or_named(path, name):
    """A text of reviews is damaged in a thousand ways."""

    @a_thousand
    @given(text=damaged(READERS[name][2]))
    def each(text):
        texts = read_or_refuse(reading(name, path, text), path)
        if not isinstance(texts, ValueError):
            assert len(texts.texts) == len(texts.labels)
            assert set(texts.labels.tolist()) <= {0, 1}

    each()
