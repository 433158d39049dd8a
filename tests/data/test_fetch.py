import pytest

from unrolled.data import fetch_file

from .archives_for_tests import sha256, tar_bytes, zip_bytes
from .server_for_tests import Server, gives, says

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def serve():
    server = Server()
    yield server.script
    server.close()


def source_of(server, *paths):
    return {
        "file": "raw.bin",
        "sha256": sha256(CONTENT),
        "home": "https://example.org/home",
        "fetch": {"kind": "http", "urls": [server.address(path) for path in paths]},
    }


def fetch(source, folder, **more):
    fetch_file(source, folder / "raw.bin", downloads=folder / "kept", pause_s=0.01, **more)
    return (folder / "raw.bin").read_bytes()


def test_a_file_arrives_whole_and_tells_its_progress(serve, tmp_path):
    said = []

    class Bar:
        def update(self, done):
            said.append(done)

    def progress(total, label):
        said.append((total, label))
        return Bar()

    server = serve(a=[gives(CONTENT)])
    assert fetch(source_of(server, "a"), tmp_path, progress=progress) == CONTENT
    assert said[0] == (1, "fetch raw.bin (MB)")
    assert said[-1] == 1


def test_what_is_there_already_is_not_counted_again(serve, tmp_path):
    content = bytes(3_000_000)
    said = []
    server = serve(a=[gives(content, first=1_500_000), gives(content)])
    source = source_of(server, "a") | {"sha256": sha256(content)}

    class Bar:
        def update(self, done):
            said.append(done)

    def progress(total, label):
        said.append((total, label))
        return Bar()

    assert fetch(source, tmp_path, progress=progress) == content
    begun = said.index((2, "fetch raw.bin (MB after the first 1)"))
    assert said[0] == (3, "fetch raw.bin (MB)")
    assert (said[begun + 1], said[-1]) == (0, 2)


def test_a_file_put_in_its_place_by_hand_needs_no_network(serve, tmp_path):
    server = serve(a=[says(404)])
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "raw.bin").write_bytes(CONTENT)
    assert fetch(source_of(server, "a"), tmp_path) == CONTENT
    assert server.asked == []


def test_a_damaged_download_is_replaced(serve, tmp_path):
    server = serve(a=[gives(CONTENT)])
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "raw.bin").write_bytes(CONTENT[:-5])
    assert fetch(source_of(server, "a"), tmp_path) == CONTENT


SETUP = """
from pathlib import Path
Path({trace!r}).write_text("ran")
from setuptools import setup
setup(name="unrolled-toy-data", version="1.0", py_modules=[])
"""
INFO = b"Metadata-Version: 2.1\nName: unrolled-toy-data\nVersion: 1.0\n"


@pytest.fixture
def offline_index(tmp_path, monkeypatch):
    """pip looks into one folder and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def package(file, content, archive):
    fetch = {"kind": "pip", "package": "unrolled-toy-data", "version": "1.0", "archive": archive}
    return {"file": file, "sha256": sha256(content), "fetch": fetch}


def test_a_wheel_comes_by_pip_and_is_not_installed(tmp_path, offline_index):
    info = "unrolled_toy_data-1.0.dist-info"
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = zip_bytes(
        {
            f"{info}/METADATA": INFO,
            f"{info}/WHEEL": wheel.encode(),
            f"{info}/RECORD": b"",
        }
    )
    name = "unrolled_toy_data-1.0-py3-none-any.whl"
    (offline_index / name).write_bytes(content)
    fetch_file(package(name, content, "wheel"), tmp_path / name, downloads=tmp_path / "kept")
    assert (tmp_path / name).read_bytes() == content
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [name]


def test_nothing_of_a_source_archive_with_another_sum_is_run(tmp_path, offline_index):
    trace = tmp_path / "trace"
    content = tar_bytes(
        {
            "unrolled_toy_data-1.0/setup.py": SETUP.format(trace=str(trace)).encode(),
            "unrolled_toy_data-1.0/PKG-INFO": INFO,
        }
    )
    name = "unrolled_toy_data-1.0.tar.gz"
    (offline_index / name).write_bytes(content)
    source = package(name, b"another archive", "sdist")
    with pytest.raises(ValueError, match="could not be fetched") as caught:
        fetch_file(source, tmp_path / name, downloads=tmp_path / "kept")
    assert not trace.exists()
    assert sha256(content) in str(caught.value)
    assert str(tmp_path / "kept" / name) in str(caught.value)
    source = package(name, content, "sdist")
    fetch_file(source, tmp_path / name, downloads=tmp_path / "kept")
    assert trace.exists()  # so the check above could have failed
    assert (tmp_path / name).read_bytes() == content
