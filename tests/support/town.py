"""A municipality's page with the widget, a strict content policy and style rules of its own.

By hand: `VELKOMMEN_EMBED_ORIGINS=http://127.0.0.1:8090 make run`, and beside it `python -m tests.support.town`.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
PORT = 8090


@contextmanager
def town(chat: str, port: int) -> Iterator[str]:
    """The page's address, for as long as this lasts. It allows scripts and frames from the chat, and its own style."""

    class TownPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, kind = ("town.css", "text/css") if self.path == "/town.css" else ("town.html", "text/html")
            policy = f"default-src 'none'; style-src 'self'; img-src data:; script-src {chat}; frame-src {chat}"
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write((HERE / name).read_text(encoding="utf-8").replace("{chat}", chat).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), TownPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    with town(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000", PORT) as address:
        print(f"{address}/ shows the widget. Ctrl-C ends it.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()
