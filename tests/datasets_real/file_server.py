"""A web server on this machine that serves files, in ranges, and fails when told to."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Files by path; ``failures`` are answered first, one for each request.

    A failure is a status code, or a number of bytes below 0: so many are sent before the connection ends.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.failures: list[int] = []
        self.ranges = True
        self.requests: list[tuple[str, str | None]] = []
        self.url = ""

    def handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *_) -> None:
                """Keep the test's output clean."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.requests.append((request.path, asked))
        failure = self.failures.pop(0) if self.failures else 0
        content = self.files.get(request.path)
        if failure > 0 or content is None:
            request.send_error(failure or 404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        if start >= len(content) and start:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        request.wfile.write(content[start : start - failure] if failure else content[start:])


@contextmanager
def serving(files: dict[str, bytes]):
    """Serve while the block runs; yields the FileServer."""
    files_server = FileServer(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), files_server.handler())
    files_server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield files_server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
