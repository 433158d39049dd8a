import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from unrolled.data import fetch_file

from .archives_for_tests import sha256, tar_bytes, zip_bytes

CONTENT = bytes(range(256)) * 1000


class Server(ThreadingHTTPServer):
    """Answers on this machine only: path -> list of (status, body), the last one repeated."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []
        super().__init__(("127.0.0.1", 0), Handler)

    def address(self, path):
        return f"http://127.0.0.1:{self.server_port}/{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.lstrip("/")
        self.server.asked.append(name)
        waiting = self.server.answers[name]
        status, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        self.send_response(status)
        # A server that stops in the middle promises more than it sends.
        self.send_header("Content-Length", str(len(CONTENT) if status == 200 else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(**answers):
        server = Server({name.replace("_", "."): list(value) for name, value in answers.items()})
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


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

    server = serve(a=[(200, CONTENT)])
    assert fetch(source_of(server, "a"), tmp_path, progress=progress) == CONTENT
    assert said[0] == (1, "fetch raw.bin (MB)")
    assert said[-1] == 1


def test_a_mirror_serves_when_the_home_does_not(serve, tmp_path):
    server = serve(a=[(404, b"gone")], b=[(200, CONTENT)])
    assert fetch(source_of(server, "a", "b"), tmp_path) == CONTENT
    assert server.asked == ["a", "b"]  # what is not there is not asked for again


def test_a_passing_failure_is_tried_again(serve, tmp_path):
    server = serve(a=[(503, b"busy"), (200, CONTENT[:1000]), (200, CONTENT)])
    assert fetch(source_of(server, "a"), tmp_path) == CONTENT
    assert server.asked == ["a", "a", "a"]


def test_wrong_bytes_are_refused_with_both_sums_and_the_place_for_a_good_file(serve, tmp_path):
    wrong = CONTENT[::-1]
    server = serve(a=[(200, wrong)])
    with pytest.raises(ValueError, match="could not be fetched") as caught:
        fetch(source_of(server, "a"), tmp_path)
    message = str(caught.value)
    for part in (sha256(wrong), sha256(CONTENT), str(tmp_path / "kept" / "raw.bin"), "example.org"):
        assert part in message
    assert not (tmp_path / "raw.bin").exists()
    assert server.asked == ["a"]


def test_a_file_put_in_its_place_by_hand_needs_no_network(serve, tmp_path):
    server = serve(a=[(404, b"")])
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "raw.bin").write_bytes(CONTENT)
    assert fetch(source_of(server, "a"), tmp_path) == CONTENT
    assert server.asked == []


def test_a_damaged_download_is_replaced(serve, tmp_path):
    server = serve(a=[(200, CONTENT)])
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
