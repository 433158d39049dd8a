import re
from pathlib import Path

import yaml

TEXT = (Path(__file__).parents[2] / "workflow" / "sources.yaml").read_text(encoding="utf-8")
SOURCES = yaml.safe_load(TEXT)


def test_every_source_says_whose_it_is_and_what_its_bytes_must_be():
    for name, source in SOURCES.items():
        for key in ("title", "home", "licence", "citation", "file"):
            assert source[key], (name, key)
        assert re.fullmatch("[0-9a-f]{64}", source["sha256"]), name
        assert source["bytes"] > 0
        for member in source.get("members", {}).values():
            assert re.fullmatch("[0-9a-f]{64}", member.get("sha256", "0" * 64)), name


def test_every_file_has_a_name_of_its_own():
    files = [source["file"] for source in SOURCES.values()]
    assert len(set(files)) == len(files)


def test_packages_are_pinned_and_addresses_are_secure():
    for source in SOURCES.values():
        fetch = source["fetch"]
        if fetch["kind"] == "pip":
            assert str(fetch["version"]) in source["file"]
            assert fetch["archive"] in {"sdist", "wheel"}
        else:
            assert fetch["kind"] == "http"
            assert all(url.startswith("https://") for url in fetch["urls"])
