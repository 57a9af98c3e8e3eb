"""A language model on loopback that answers, lies, hangs, breaks and limits, as its script says. Speaks real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = str | int | None
"""The model's words, a status without any, or None: the connection breaks off."""

Script = Callable[[Mapping[str, Any]], Reply]
"""From the question's payload (topic, actors, article) to what comes back."""


class ModelServer(ThreadingHTTPServer):
    """`received` holds the bodies it was sent; `most_at_once` how many it had in hand together."""

    daemon_threads = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.received: list[dict[str, Any]] = []
        self.most_at_once = 0
        self.closing = threading.Event()
        self._in_hand = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def took(self, body: dict[str, Any]) -> None:
        with self._lock:
            self.received.append(body)
            self._in_hand += 1
            self.most_at_once = max(self.most_at_once, self._in_hand)

    def gave(self) -> None:
        with self._lock:
            self._in_hand -= 1

    def hang(self, _: Mapping[str, Any]) -> Reply:
        """A script: no answer until the server closes."""
        self.closing.wait(60)
        return None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: whoever hangs up on a hanging server is meant to."""


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        assert self.path == "/v1/chat/completions"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.took(body)
        try:
            reply = self.server.script(json.loads(body["messages"][1]["content"]))
        finally:
            self.server.gave()
        if reply is None:
            self.close_connection = True
            return
        words = {"choices": [{"message": {"role": "assistant", "content": reply}}]}
        raw = json.dumps(words).encode() if isinstance(reply, str) else b"no"
        self.send_response(200 if isinstance(reply, str) else reply)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def model_server(script: Script) -> Iterator[ModelServer]:
    with ModelServer(script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


def event(quote: str, *, actor: str = "USA", stance: str = "oppose", **fields: Any) -> dict[str, Any]:
    plain = {
        "actor": actor,
        "institution": None,
        "speaker": None,
        "stance": stance,
        "kind": "statement",
        "quote": quote,
    }
    return {**plain, "conditions": [], "confidence": 0.9, "reason": "so it says", **fields}


def answer(*events: dict[str, Any], relevant: bool = True, **more: Any) -> str:
    return json.dumps({"relevant": relevant, "reason": "on the target", "events": list(events), **more})
