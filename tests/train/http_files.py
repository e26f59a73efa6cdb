"""A small web server on this machine: serves bytes by name, cuts connections, continues."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What it serves, and what was asked of it.

    Attributes:
        files: content by name.
        cuts: name -> bytes after which the connection is cut, each once.
        continues: whether it knows the Range header.
        asked: (name, Range header or None) of every request.
        base: its URL.
    """

    files: dict[str, bytes]
    cuts: dict[str, int] = field(default_factory=dict)
    continues: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    base: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve it, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, span = self.path.removeprefix("/"), self.headers.get("Range")
            site.asked.append((name, span))
            if name not in site.files:
                self.send_error(404)
                return
            content, first = site.files[name], 0
            if span and site.continues:
                first = int(span.removeprefix("bytes=").removesuffix("-"))
                if first >= len(content):
                    self.send_error(416)
                    return
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            self.wfile.write(content[first : site.cuts.pop(name, len(content))])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    site.base = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
