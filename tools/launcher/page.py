"""The status page on the loopback address: steps and processes, refreshed by itself, and the same as JSON."""

import html
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tools.launcher.board import Board

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:56rem;padding:0 1rem;color:#1c1c1c;background:#fff}
h1{font-size:1.4rem} h2{font-size:1.1rem;margin-top:1.6rem} table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
td:last-child{font:13px ui-monospace,monospace;color:#444;overflow-wrap:anywhere}
.ready,.done,.unchanged{color:#0a6b2d}.failed,.not-answering{color:#a40000;font-weight:600}.starting,.running{color:#8a5300}
a.big{display:inline-block;margin:.4rem .8rem .4rem 0;padding:.5rem 1rem;border:1px solid #0b5cad;border-radius:.4rem}
"""
SCRIPT = """
const main=document.querySelector('main')
async function refresh(){try{const r=await fetch('/fragment');if(r.ok)main.innerHTML=await r.text()}
catch(e){main.innerHTML='<p class="failed">Sahayak has stopped.</p>'}}
setInterval(refresh,1000)
"""


def fragment(picture: dict[str, Any]) -> str:
    """Return the changing part of the page."""
    links = "".join(
        f'<a class="big" href="{html.escape(url)}">{html.escape(title)}</a>' for title, url in picture["links"].items()
    )
    head = "<p>Everything is ready.</p>" if picture["ready"] else "<p>Starting …</p>"
    return head + f"<p>{links}</p>" + table("Processes", picture["processes"]) + table("Steps", picture["steps"])


def table(title: str, lines: list[dict[str, Any]]) -> str:
    """Return one table of the board."""
    rows = "".join(
        f"<tr><td>{html.escape(line['name'])}"
        + (f"<br><small>{html.escape(line['title'])}</small>" if line["title"] != line["name"] else "")
        + f'</td><td class="{line["state"].replace(" ", "-")}">{html.escape(line["state"])}'
        + (f"<br><small>restarts: {line['restarts']}</small>" if line["restarts"] else "")
        + f"</td><td>{html.escape(line['detail'])}</td></tr>"
        for line in lines
    )
    return f"<h2>{title}</h2><table>{rows or '<tr><td>not yet</td></tr>'}</table>"


class _Answer(BaseHTTPRequestHandler):
    board: ClassVar[Board]

    def do_GET(self) -> None:
        """Answer with the page, its changing part, or JSON; only to this machine by its own name."""
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        if host not in ("127.0.0.1", "localhost"):
            self._send(403, "text/plain", "Open this page as http://127.0.0.1.")
        elif self.path == "/":
            body = fragment(self.board.picture())
            page = f"<title>Sahayak</title><style>{STYLE}</style><h1>Sahayak on this machine</h1><main>{body}</main>"
            self._send(200, "text/html", f'<!doctype html><html lang="en">{page}<script>{SCRIPT}</script></html>')
        elif self.path == "/fragment":
            self._send(200, "text/html", fragment(self.board.picture()))
        elif self.path == "/status.json":
            self._send(200, "application/json", json.dumps(self.board.picture(), ensure_ascii=False))
        else:
            self._send(404, "text/plain", "Not here.")

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep the terminal for what matters."""


def serve(board: Board, host: str, port: int) -> ThreadingHTTPServer:
    """Serve the page from a thread; the caller shuts the returned server down."""
    answer = type("Answer", (_Answer,), {"board": board})
    server = ThreadingHTTPServer((host, port), answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="status page", daemon=True).start()
    return server
