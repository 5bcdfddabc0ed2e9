"""The payer's real-time door: a 270 is posted, its 271 is the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from libs.local.payer.coverage import Coverages, answer_enquiries, read_enquiries
from libs.local.payer.reading import UnreadableFileError

MEDIA_TYPE = "application/EDI-X12"


@contextmanager
def answering_at_once(coverages: Coverages, port: int, say: Callable[[str], None]) -> Iterator[int]:
    """Listen on 127.0.0.1 until the context ends; gives the port (0: a free one was taken)."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                asked = read_enquiries(content)
            except UnreadableFileError as error:
                self.send_error(400, str(error))
                return
            answer = answer_enquiries(asked, coverages)
            self.send_response(200)
            self.send_header("Content-Type", MEDIA_TYPE)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            say(f"{asked.receiver} was asked at once about {len(asked.patients)}")

        def log_message(self, format: str, *args: object) -> None:
            """Said by `say` instead."""

    with ThreadingHTTPServer(("127.0.0.1", port), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
