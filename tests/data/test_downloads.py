"""Downloads that fail in every way a server, a network or a disk can think of."""

import os
import resource
import stat
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.data import downloads, fetch_file

from .archives_for_tests import sha256
from .server_for_tests import Server, gives, resets, says, stalls, trickles

pytestmark = pytest.mark.faults

CONTENT = np.random.default_rng(7).bytes(256_000)
OVERLAP = 1 << 16
PAGE = b"\n<!DOCTYPE html><html><title>Sign in</title>" + b"<p>" * 100
HALF = gives(CONTENT, first=len(CONTENT) // 2)
WHOLE = gives(CONTENT)
GO_ON = f"bytes={len(CONTENT) // 2 - OVERLAP}-"


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def pauses(monkeypatch):
    """Seconds that would have been waited."""
    pauses = []
    monkeypatch.setattr("unrolled.data.downloads.sleep", pauses.append)
    return pauses


def source_of(server, *paths, content=CONTENT, **more):
    return {
        "file": "raw.bin",
        "sha256": sha256(content),
        "home": "https://example.org/home",
        "fetch": {"kind": "http", "urls": [server.address(path) for path in paths]},
        **more,
    }


def fetch(source, folder, **more):
    """The file's bytes and where they came from."""
    more = {"pause_s": 0.0, **more}
    origin = fetch_file(source, folder / "raw.bin", downloads=folder / "kept", **more)
    assert not list((folder / "kept").glob("*.partial"))
    return (folder / "raw.bin").read_bytes(), origin


def refused(source, folder, **more):
    """What is said where no file comes; nothing is left that could be taken for it."""
    with pytest.raises(ValueError, match=r"raw\.bin could not be") as caught:
        fetch(source, folder, **more)
    assert not (folder / "raw.bin").exists()
    assert not (folder / "kept" / "raw.bin").exists()
    return str(caught.value)


def test_connection_closed(server, tmp_path):
    """The server closes the connection in the middle."""
    server.script(a=[HALF, WHOLE])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT
    assert server.ranges == [None, GO_ON]


def test_connection_reset(server, tmp_path):
    """The connection is reset in the middle."""
    server.script(a=[gives(CONTENT, first=200_000, then=resets), WHOLE])
    content, origin = fetch(source_of(server, "a"), tmp_path)
    assert content == CONTENT
    assert origin == {"from": server.address("a"), "tries": 2}


def test_killed_run(server, tmp_path):
    """A run ends in the middle of a download."""
    server.script(a=[HALF])
    refused(source_of(server, "a"), tmp_path, attempts=1)
    server.script(a=[WHOLE])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT
    assert server.ranges == [GO_ON]


def test_killed_before_the_move(server, tmp_path):
    """A run ends between the last byte and the move into place."""
    server.script(a=[says(404)])
    source = source_of(server, "a")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / f"raw.bin.{source['sha256'][:8]}.partial").write_bytes(CONTENT)
    assert fetch(source, tmp_path)[0] == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("damage", ["tail", "middle", "longer"])
def test_power_cut(server, tmp_path, damage):
    """A power cut leaves nonsense in a partial download."""
    server.script(a=[WHOLE])
    source = source_of(server, "a")
    there = bytearray(CONTENT[:200_000])
    if damage == "longer":
        there += bytes(100_000)
    else:
        at = 199_000 if damage == "tail" else 1000
        there[at : at + 500] = bytes(500)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / f"raw.bin.{source['sha256'][:8]}.partial").write_bytes(there)
    assert fetch(source, tmp_path)[0] == CONTENT
    assert server.ranges[-1] is None  # begun anew


def test_no_ranges(server, tmp_path):
    """The server cannot go on from the middle."""
    server.script(a=[HALF, gives(CONTENT, resumes=False)])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT


@pytest.mark.parametrize("part", ["bytes 0-1/2", "bytes */*", "bytes x", ""])
def test_wrong_part(server, tmp_path, part):
    """The server sends another part than the one asked for."""
    server.script(a=[HALF, gives(CONTENT, part=part), WHOLE])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT


def test_unavailable(server, tmp_path, pauses):
    """The server is unavailable for a while (503)."""
    server.script(a=[says(503), says(503), says(503), WHOLE])
    said = []
    source, say = source_of(server, "a"), said.append
    content, origin = fetch(source, tmp_path, attempts=4, pause_s=2.0, say=say)
    assert content == CONTENT
    assert origin["tries"] == 4
    assert pauses == [2.0, 4.0, 8.0]
    assert "503 Service Unavailable; again in 2 s" in said[0]


@pytest.mark.parametrize("status", [429, 503])
def test_asked_to_wait(server, tmp_path, pauses, status):
    """The server says how long to wait (Retry-After)."""
    server.script(a=[says(status, Retry_After="17"), WHOLE])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT
    assert pauses == [17.0]


def test_asked_to_wait_for_hours(server, tmp_path, pauses):
    """The server asks to wait for hours while a mirror has the file."""
    server.script(a=[says(503, Retry_After="7200")], b=[WHOLE])
    content, origin = fetch(source_of(server, "a", "b"), tmp_path)
    assert content == CONTENT
    assert origin == {"from": server.address("b"), "tries": 2}
    assert pauses == []


@given(st.binary(max_size=40) | st.integers(0, 10**30).map(lambda n: b"%d" % n))
@settings(max_examples=1000, derandomize=True, deadline=None, database=None)
def test_nonsense_pause(asked):
    """The server asks for a pause in words that mean nothing."""
    response = requests.Response()
    response.headers["Retry-After"] = asked.decode("latin-1")
    assert 0.0 <= downloads._asked_pause(response) < float("inf")


def test_stall(server, tmp_path):
    """The server falls silent in the middle; a mirror goes on."""
    server.script(a=[gives(CONTENT, first=len(CONTENT) // 2, then=stalls)], b=[WHOLE])
    content, _ = fetch(source_of(server, "a", "b"), tmp_path, attempts=1, patience_s=0.4)
    assert content == CONTENT
    assert server.ranges == [None, GO_ON]


def test_trickle(server, tmp_path):
    """The server sends a byte now and then."""
    server.script(a=[gives(CONTENT, first=0, then=trickles)])
    assert "too slow: " in refused(source_of(server, "a"), tmp_path, attempts=1, patience_s=0.3)


def test_hiccups(server, tmp_path):
    """A long download breaks off more often than there are tries."""
    content = np.random.default_rng(8).bytes(5_000_000)
    server.script(a=[gives(content, first=1_500_000)])
    found, origin = fetch(source_of(server, "a", content=content), tmp_path, attempts=1)
    assert found == content
    assert origin["tries"] == 4


def test_a_little_each_time(server, tmp_path):
    """The server sends a little each time and hangs up."""
    server.script(a=[gives(CONTENT, first=OVERLAP + 10)])
    assert "(3 tries)" in refused(source_of(server, "a"), tmp_path)
    assert server.asked == ["a"] * 3


def test_redirect(server, tmp_path):
    """The file has moved."""
    server.script(a=[says(302, Location="/b")], b=[WHOLE])
    content, origin = fetch(source_of(server, "a"), tmp_path)
    assert content == CONTENT
    assert origin["from"] == server.address("a")


def test_redirect_while_going_on(server, tmp_path):
    """The file moves in the middle of a download."""
    server.script(a=[HALF, says(302, Location="/b")], b=[WHOLE])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT
    assert server.ranges[-1] == GO_ON


@pytest.mark.parametrize("target", ["/a", "file:///etc/passwd", "http://[", "http://"])
def test_bad_redirect(server, tmp_path, target):
    """The server redirects in circles, to a file of this machine, or nowhere."""
    server.script(a=[says(302, Location=target)])
    refused(source_of(server, "a"), tmp_path)
    assert len(server.asked) <= 11  # no second try


@pytest.mark.parametrize(
    ("old", "new", "followed"),
    [
        ("https://a.org/x", "http://a.org/x", False),
        ("https://a.org/x", "//b.org/x", True),
        ("https://a.org/x", "/y", True),
        ("http://a.org/x", "https://a.org/x", True),
    ],
)
def test_insecure_redirect(old, new, followed):
    """A secure address redirects to an open one."""
    response = requests.Response()
    response.status_code, response.url = 302, old
    response.headers["Location"] = new
    if followed:
        assert downloads._Session().get_redirect_target(response) == new
    else:
        with pytest.raises(ValueError, match="not secure"):
            downloads._Session().get_redirect_target(response)


def test_more_than_announced(server, tmp_path):
    """The server sends more than it announced."""
    server.script(a=[gives(CONTENT + b"more", announced=len(CONTENT))])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT


def test_endless(server, tmp_path):
    """The server announces nothing and does not end."""
    server.script(a=[gives(CONTENT * 10, announced=-1, then=stalls)])
    said = refused(source_of(server, "a", bytes=len(CONTENT)), tmp_path)
    assert f"more than {len(CONTENT)} bytes" in said
    assert server.asked == ["a"]


def test_less_than_the_file(server, tmp_path):
    """The server announces nothing and ends too early."""
    server.script(a=[gives(CONTENT, announced=-1, first=len(CONTENT) // 2), WHOLE])
    content, _ = fetch(source_of(server, "a", bytes=len(CONTENT)), tmp_path)
    assert content == CONTENT
    assert server.ranges == [None, GO_ON]


def test_called_compressed(server, tmp_path):
    """The server calls an archive a compressed page."""
    server.script(a=[gives(CONTENT, Content_Encoding="gzip")])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT


def test_wrong_sum(server, tmp_path):
    """The publisher's file has other bytes than the pinned one."""
    other = CONTENT[::-1]
    server.script(a=[gives(other)])
    said = refused(source_of(server, "a"), tmp_path)
    for part in (
        server.address("a"),
        sha256(other),
        sha256(CONTENT),
        f"{len(other)} bytes",
        "the publisher's file has changed",
        "workflow/sources.yaml",
    ):
        assert part in said
    (aside,) = (tmp_path / "kept").iterdir()
    assert aside.read_bytes() == other
    assert aside.name == f"raw.bin.{sha256(other)[:8]}.wrong"
    assert aside.name in said
    server.script(a=[WHOLE])
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT


def test_wrong_length(server, tmp_path):
    """The publisher's file has another length than the pinned one."""
    server.script(a=[gives(CONTENT + b"new")], b=[HALF])
    said = refused(source_of(server, "a", bytes=len(CONTENT)), tmp_path)
    assert f"{len(CONTENT) + 3} bytes in place of {len(CONTENT)}" in said
    assert "the publisher's file has changed" in said
    assert list((tmp_path / "kept").iterdir()) == []


def test_changed_in_the_middle(server, tmp_path):
    """The publisher's file changes in the middle of a download."""
    changed = bytes(len(CONTENT))
    server.script(a=[HALF, gives(changed)], b=[WHOLE])
    content, origin = fetch(source_of(server, "a", "b"), tmp_path)
    assert content == CONTENT
    assert origin["from"] == server.address("b")


def test_web_page(server, tmp_path):
    """A web page comes in place of the file."""
    server.script(a=[HALF, gives(PAGE, resumes=False, Content_Type="text/html")])
    said = refused(source_of(server, "a", bytes=len(CONTENT)), tmp_path)
    assert "it sends a web page in place of the file" in said
    server.script(a=[WHOLE])
    fetch(source_of(server, "a"), tmp_path)
    assert server.ranges == [GO_ON]  # nothing of what had come was lost


def test_mirrors_in_order(server, tmp_path):
    """Homes and mirrors are gone, forbidden or broken; the last one serves."""
    server.script(a=[says(404)], b=[says(403)], c=[says(500)], d=[WHOLE])
    content, origin = fetch(source_of(server, "a", "b", "c", "d"), tmp_path, attempts=2)
    assert content == CONTENT
    assert server.asked == ["a", "b", "c", "c", "d"]
    assert origin == {"from": server.address("d"), "tries": 5}


def test_several_jobs(server, tmp_path):
    """Several jobs want one file at once."""
    waiting, results = threading.Semaphore(0), []

    def once_they_wait(handler):
        assert all(waiting.acquire(timeout=30) for _ in range(2))
        handler.wfile.write(CONTENT[1000:])

    def job(number, say=lambda line: None):
        folder = tmp_path / str(number)
        fetch_file(source, folder / "raw.bin", downloads=tmp_path / "kept", say=say)
        results.append((folder / "raw.bin").read_bytes())

    server.script(a=[gives(CONTENT, first=1000, then=once_they_wait)])
    source = source_of(server, "a")
    jobs = [threading.Thread(target=job, args=(0,))]
    jobs[0].start()
    while not server.asked:
        assert jobs[0].is_alive()
    jobs += [threading.Thread(target=job, args=(n, lambda line: waiting.release())) for n in (1, 2)]
    for each in jobs[1:]:
        each.start()
    for each in jobs:
        each.join()
    assert results == [CONTENT] * 3
    assert server.asked == ["a"]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["raw.bin"]


@pytest.fixture
def unprivileged():
    """A folder of somebody to whom, unlike root, files can be read-only."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.geteuid() == 0
        if root:
            os.chown(folder, 65534, -1)
            os.seteuid(65534)
        yield Path(folder)
        if root:
            os.seteuid(0)
        for path in Path(folder).iterdir():
            path.chmod(0o700)


def test_read_only_folder(server, unprivileged):
    """The folder of downloads is read-only and the file is not there."""
    (unprivileged / "kept").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    server.script(a=[WHOLE])
    said = refused(source_of(server, "a", bytes=len(CONTENT)), unprivileged)
    assert "Permission denied" in said
    assert f"{len(CONTENT)} bytes in {unprivileged / 'kept'}" in said
    assert server.asked == []


def test_read_only_file(server, unprivileged):
    """The folder of downloads is read-only and the file is there."""
    (unprivileged / "kept").mkdir()
    (unprivileged / "kept" / "raw.bin").write_bytes(CONTENT)
    (unprivileged / "kept").chmod(stat.S_IRUSR | stat.S_IXUSR)
    server.script(a=[says(404)])
    content, origin = fetch(source_of(server, "a"), unprivileged)
    assert content == CONTENT
    assert origin == {"from": str(unprivileged / "kept" / "raw.bin"), "tries": 0}


@pytest.mark.parametrize("room", [100_000, len(CONTENT) - 10])
def test_full_disk(server, tmp_path, room):
    """The disk is full in the middle of a download."""
    server.script(a=[WHOLE])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        said = refused(source_of(server, "a", bytes=len(CONTENT)), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert f"It needs {len(CONTENT)} bytes in {tmp_path / 'kept'}" in said
    assert fetch(source_of(server, "a"), tmp_path)[0] == CONTENT
    assert server.ranges == [None, f"bytes={room - OVERLAP}-"]


NOWHERE = {
    "file": "raw.bin",
    "sha256": sha256(CONTENT),
    "bytes": len(CONTENT),
    "home": "https://example.org/home",
    # Nobody listens on the first, and names that end like the second are never given to anybody.
    "fetch": {"kind": "http", "urls": ["http://127.0.0.1:9/a", "https://nowhere.invalid/a"]},
}


def test_no_network(tmp_path):
    """There is no network at all, and a person puts the file in its place."""
    said = refused(NOWHERE, tmp_path)
    kept = tmp_path / "kept" / "raw.bin"
    home, urls = NOWHERE["home"], NOWHERE["fetch"]["urls"]
    for part in (*urls, home, NOWHERE["sha256"], f"put it at {kept}"):
        assert part in said
    assert "HTTPConnectionPool" not in said  # a reason, not the insides of a library
    kept.write_bytes(CONTENT)
    assert fetch(NOWHERE, tmp_path)[0] == CONTENT


def test_no_network_and_a_link(tmp_path):
    """There is no network, and a person puts a link in the file's place."""
    (tmp_path / "stick.bin").write_bytes(CONTENT)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "raw.bin").symlink_to(Path("..", "stick.bin"))
    assert fetch(NOWHERE, tmp_path)[0] == CONTENT


def test_no_network_and_a_wrong_file(tmp_path):
    """There is no network, and a person puts the wrong file in its place."""
    kept = tmp_path / "kept" / "raw.bin"
    kept.parent.mkdir()
    kept.write_bytes(PAGE)
    said = refused(NOWHERE, tmp_path)
    aside = kept.with_name(f"raw.bin.{sha256(PAGE)[:8]}.wrong")
    assert f"{kept}: the file that was there has {len(PAGE)} bytes" in said
    assert sha256(PAGE) in said
    assert aside.read_bytes() == PAGE
    kept.write_bytes(CONTENT)
    assert fetch(NOWHERE, tmp_path)[0] == CONTENT


ENDS = st.integers(0, len(CONTENT))
ANSWERS = st.one_of(
    st.sampled_from(
        [
            WHOLE,
            gives(CONTENT, resumes=False),
            gives(CONTENT, announced=-1),
            gives(CONTENT, part="bytes 5-9/10"),
            gives(CONTENT + b"more"),
            gives(CONTENT + b"more", announced=-1),
            gives(CONTENT[:-7]),
            gives(CONTENT[::-1]),
            gives(CONTENT[:150_000] + bytes(106_000)),
            gives(PAGE, resumes=False),
            says(404),
            says(416),
            says(429),
            says(503),
            says(204, b""),
        ]
    ),
    ENDS.map(lambda n: gives(CONTENT, first=n)),
    ENDS.map(lambda n: gives(CONTENT, first=n, then=resets)),
    ENDS.map(lambda n: gives(CONTENT, first=n, announced=-1)),
    ENDS.map(lambda n: gives(CONTENT, first=n, resumes=False)),
    ENDS.map(lambda n: gives(CONTENT[::-1], first=n)),
)
STARTS = st.one_of(
    st.just(b""),
    ENDS.map(lambda n: CONTENT[:n]),
    ENDS.map(lambda n: CONTENT[:n] + bytes(1000)),
    ENDS.map(lambda n: CONTENT[: n // 2] + bytes(1) + CONTENT[n // 2 + 1 : n]),
)


@given(
    st.lists(ANSWERS, min_size=1, max_size=5),
    st.lists(ANSWERS, min_size=1, max_size=5),
    STARTS,
    st.integers(1, 3),
    st.sampled_from([{}, {"bytes": len(CONTENT)}]),
)
@settings(max_examples=200, derandomize=True, deadline=None, database=None)
def test_any_sequence(server, a, b, start, attempts, known):
    """Servers answer in any sequence of failures, lies and halves."""
    server.script(a=a, b=b)
    source = source_of(server, "a", "b", **known)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "kept").mkdir()
        (folder / "kept" / f"raw.bin.{source['sha256'][:8]}.partial").write_bytes(start)
        failure = ""
        try:
            content, _ = fetch(source, folder, attempts=attempts)
        except ValueError as error:
            failure = str(error)
        if failure:
            assert "raw.bin could not be fetched" in failure
            assert not (folder / "raw.bin").exists()
            assert not (folder / "kept" / "raw.bin").exists()
            server.script(a=[WHOLE])  # the same command, once the server is well
            content, _ = fetch(source_of(server, "a"), folder)
        assert content == CONTENT
