"""Readers of the papers' own review corpora: IMDB, Yelp and the Stanford Sentiment Treebank."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from unrolled.data.archives import (
    check_archive,
    decode_text,
    iterate_tar,
    read_member,
    split_lines,
)
from unrolled.data.texts import SPLITS, UNASSIGNED, LabelledTexts, clean_text

_TEST = SPLITS.index("test")
_IMDB_NAME = re.compile(r"(?:.*/)?(train|test)/(pos|neg)/(\d{1,9})_(\d+)\.txt")
_IMDB_FILMS = re.compile(r"(?:.*/)?(train|test)/urls_(pos|neg)\.txt")
_IMDB_FILM = re.compile(r"/title/(tt\d+)")
_YELP_NAME = re.compile(r"(?:.*/)?(train|test)\.csv")
_YELP_NEUTRAL = 3
_SST_NEUTRAL = 2
_SST_FILES = {"train": "train", "validation": "dev", "test": "test"}
# A word of a tree is what follows a blank and precedes a closing bracket.
_SST_WORD = re.compile(r" ([^\s()]+)\)")
_SST_BRACKETS = {"-LRB-": "(", "-RRB-": ")"}


def read_imdb(archive: str | Path, source: Mapping[str, Any]) -> LabelledTexts:
    """Film reviews with clear ratings, the official test half kept for testing.

    Parameters
    ----------
    archive : str or pathlib.Path
        ``aclImdb_v1.tar.gz``.
    source : dict
        Its entry in ``workflow/sources.yaml``.

    Returns
    -------
    LabelledTexts
        In the order of split, label and number: no archive's order matters. The film is the
        subject; no film is in both halves by construction.

    Raises
    ------
    ValueError
        If the archive is missing, another one, or holds no labelled reviews.

    References
    ----------
    .. [1] Maas et al., "Learning word vectors for sentiment analysis", ACL, 2011.
    """
    check_archive(archive, source["sha256"])
    found = []
    films: dict[tuple[bool, bool], list[str]] = {}
    for name, file in iterate_tar(archive):
        if match := _IMDB_NAME.fullmatch(name):
            part, label, number, _ = match.groups()
            place = f"{archive} > {part}/{label}, review {number}"
            text = clean_text(decode_text(file.read(), place))
            found.append((part == "test", label == "pos", int(number), text))
        elif match := _IMDB_FILMS.fullmatch(name):
            # Line n, counted from 0, is the address of the film of review n.
            addresses = split_lines(file.read(), f"{archive} > {match[1]}/urls_{match[2]}.txt")
            films[match[1] == "test", match[2] == "pos"] = [
                title[1] if (title := _IMDB_FILM.search(address)) else address
                for address in addresses
            ]
    found.sort()
    texts = _assemble(found, archive)
    if not films:
        return texts
    try:
        subjects = [films[test, positive][number] for test, positive, number, _ in found]
    except (KeyError, IndexError) as error:
        raise ValueError(
            f"{archive}: the lists of films (urls_pos.txt, urls_neg.txt) do not cover every "
            "review. Compare the archive with its entry in workflow/sources.yaml."
        ) from error
    return replace(texts, subjects=subjects)


def read_yelp(archive: str | Path, source: Mapping[str, Any]) -> LabelledTexts:
    """Reviews of businesses: one or two stars 0, four or five 1, three dropped.

    Parameters
    ----------
    archive : str or pathlib.Path
        ``yelp_review_full_csv.tgz``.
    source : dict
        Its entry in ``workflow/sources.yaml``.

    Returns
    -------
    LabelledTexts
        Training rows first, each part in the file's order; the official test file for testing.

    Raises
    ------
    ValueError
        If the archive is missing, another one, holds no reviews, or a row has no stars.

    References
    ----------
    .. [1] Zhang, Zhao and LeCun, "Character-level convolutional networks for text
       classification", NeurIPS, 2015.
    """
    check_archive(archive, source["sha256"])
    parts: dict[str, list[tuple[bool, bool, int, str]]] = {"train": [], "test": []}
    neutral = 0
    for name, file in iterate_tar(archive):
        match = _YELP_NAME.fullmatch(name)
        if not match:
            continue
        part = match.group(1)
        for number, (stars, text) in enumerate(_yelp_rows(file, f"{archive} > {part}.csv")):
            if stars == _YELP_NEUTRAL:
                neutral += 1
            else:
                positive = stars > _YELP_NEUTRAL
                parts[part].append((part == "test", positive, number, text))
    texts = _assemble(parts["train"] + parts["test"], archive)
    texts.dropped["three_stars"] = neutral
    return texts


def read_sst(archive: str | Path, source: Mapping[str, Any]) -> LabelledTexts:
    """Whole sentences of the treebank: very negative and negative 0, the upper two 1.

    Parameters
    ----------
    archive : str or pathlib.Path
        ``trainDevTestTrees_PTB.zip``.
    source : dict
        Its entry in ``workflow/sources.yaml``; ``members`` are train, dev and test.

    Returns
    -------
    LabelledTexts
        With the treebank's own train, validation (its dev) and test sentences; neutral ones are
        dropped, phrases inside sentences are not used.

    Raises
    ------
    ValueError
        If the archive is missing or another one, or a line is no tree.

    References
    ----------
    .. [1] Socher et al., "Recursive deep models for semantic compositionality over a sentiment
       treebank", EMNLP, 2013.
    """
    check_archive(archive, source["sha256"])
    texts, labels, splits = [], [], []
    neutral = 0
    for split, name in _SST_FILES.items():
        place = f"{archive} > {name}.txt"
        lines = split_lines(read_member(archive, source["members"][name]), place)
        for number, line in enumerate(lines, start=1):
            grade, text = _sst_sentence(line, f"{place}, line {number}")
            if grade == _SST_NEUTRAL:
                neutral += 1
                continue
            texts.append(text)
            labels.append(grade > _SST_NEUTRAL)
            splits.append(SPLITS.index(split))
    return LabelledTexts(
        texts,
        np.array(labels, dtype=np.int8),
        splits=np.array(splits, dtype=np.int8),
        dropped={"neutral": neutral},
    )


def _assemble(found: list[tuple[bool, bool, int, str]], archive: str | Path) -> LabelledTexts:
    """Texts of (is test, is positive, number, text) rows."""
    if not found:
        raise ValueError(
            f"{archive} holds no labelled reviews of the known form. Compare it with its entry in "
            "workflow/sources.yaml."
        )
    return LabelledTexts(
        texts=[text for *_, text in found],
        labels=np.array([positive for _, positive, *_ in found], dtype=np.int8),
        splits=np.where([test for test, *_ in found], _TEST, UNASSIGNED).astype(np.int8),
    )


def _yelp_rows(file: IO[bytes], place: str) -> Iterator[tuple[int, str]]:
    r"""Stars and text of each row; line breaks are written as ``\n`` inside the fields."""
    for number, row in enumerate(_csv_rows(file, place), start=1):
        if len(row) != 2 or row[0] not in {"1", "2", "3", "4", "5"}:
            raise ValueError(f"{place}, row {number} is not `stars,text`: {str(row)[:80]}")
        yield int(row[0]), clean_text(row[1].replace("\\n", " ").replace('\\"', '"'))


def _csv_rows(file: IO[bytes], place: str) -> Iterator[list[str]]:
    # csv refuses fields beyond 128 KiB by itself; a few reviews come near.
    csv.field_size_limit(1 << 24)
    try:
        yield from csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f"{place} is not CSV in UTF-8: {error}. Compare the archive with its entry in "
            "workflow/sources.yaml."
        ) from error


def _sst_sentence(line: str, place: str) -> tuple[int, str]:
    """Grade (0 to 4) of the root and the words of the leaves."""
    words = _SST_WORD.findall(line)
    if not re.match(r"\([0-4] ", line) or not words:
        raise ValueError(f"{place} is not a tree with a grade from 0 to 4: {line[:80]!r}")
    words = [_SST_BRACKETS.get(word, word.replace("\\/", "/")) for word in words]
    return int(line[1]), clean_text(" ".join(words))
