"""A server on this machine that answers as it is told, well or badly."""

import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Each path has a list of answers, of which the last is repeated."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.over = threading.Event()
        self.script()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def script(self, **answers: list[Answer]):
        """Other answers from now on; who still waits for one of the old ones waits no more."""
        self.over.set()
        self.over, self.answers = threading.Event(), answers
        self.asked: list[str] = []
        self.ranges: list[str | None] = []
        return self

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def handle_error(self, request, client_address):
        """A client that hangs up is what the tests are about."""

    def close(self):
        self.over.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.lstrip("/")
        self.server.asked.append(name)
        self.server.ranges.append(self.headers.get("Range"))
        waiting = self.server.answers[name]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        answer(self)

    def log_message(self, *arguments):
        pass


def gives(
    body: bytes,
    *,
    announced: int | None = None,
    first: int | None = None,
    then: Answer = lambda handler: None,
    resumes: bool = True,
    part: str = "bytes {start}-{last}/{total}",
    **headers: str,
) -> Answer:
    """A file, or its end where that is asked for.

    `announced` is the length that it says, -1 for none; of what it should send it sends the
    `first` bytes, and does something `then`. `part` is the form of Content-Range.
    """

    def answer(handler: Handler) -> None:
        asked = handler.headers.get("Range") if resumes else None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        total = len(body) if announced is None else announced
        if start >= len(body) > 0:
            return says(416)(handler)
        handler.send_response(206 if asked else 200)
        if asked:
            said = part.format(start=start, last=total - 1, total=total)
            handler.send_header("Content-Range", said)
        if announced != -1:
            handler.send_header("Content-Length", str(total - start))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body[start:][:first])
        then(handler)

    return answer


def says(status: int, body: bytes = b"busy", **headers: str) -> Answer:
    """A status with a few words."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def resets(handler: Handler) -> None:
    """The connection is not closed but thrown away."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.rfile.close()
    handler.connection.close()


def stalls(handler: Handler) -> None:
    """Nothing more comes, and the connection stays."""
    handler.server.over.wait(60)


def trickles(handler: Handler) -> None:
    """A byte now and then."""
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"\0")
