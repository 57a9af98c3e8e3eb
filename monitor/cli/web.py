"""`monitor web`: the dashboard and the JSON, Atom and metrics doors, read-only."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import DatabaseOption, app
from monitor.cli.listings import open_store
from monitor.cli.show import console
from monitor.model import MonitorError

if TYPE_CHECKING:
    from fastapi import FastAPI


@app.command()
def web(
    database: DatabaseOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks one.")] = 8350,
    token: Annotated[
        str | None, typer.Option(envvar="MONITOR_WEB_TOKEN", help="What readers must present; needed beyond loopback.")
    ] = None,
) -> None:
    """Serve the dashboard, read-only."""
    try:
        from monitor.settings import load_knowledge
        from monitor.web import create_app
    except ImportError as error:
        raise MonitorError("the dashboard needs the extra `web`: pip install 'stance-monitor[web]'") from error
    if host not in {"127.0.0.1", "::1", "localhost"} and not token:
        raise MonitorError(f"{host} can be reached by others: set a token (--token or MONITOR_WEB_TOKEN) first")
    policies = {name: topic.policy for name, topic in load_knowledge().topics.items()}
    with open_store(database) as store:
        made = create_app(store, clock=lambda: datetime.now(UTC), token=token, policies=policies)
        serve(made, bound(host, port), ends="Ctrl-C stops it")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises MonitorError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except (OSError, OverflowError) as error:
        made.close()
        why = getattr(error, "strerror", None) or error
        raise MonitorError(f"cannot listen on {host}:{port} ({why}); choose another with --host and --port") from error
    return made


def serve(made: FastAPI, listening: socket.socket, *, ends: str) -> None:
    """Serves until it is told to end; says where, since port 0 lets the system pick."""
    import uvicorn

    host, port = listening.getsockname()[:2]
    console().print(f"dashboard on http://{f'[{host}]' if ':' in host else host}:{port}/ ({ends})")
    with listening:
        uvicorn.Server(uvicorn.Config(made, log_level="warning")).run(sockets=[listening])
