"""`monitor web`: the dashboard and the JSON, Atom and metrics doors, read-only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.app import DatabaseOption, app
from monitor.cli.listings import open_store
from monitor.cli.show import console
from monitor.model import MonitorError


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
        import uvicorn

        from monitor.settings import load_knowledge
        from monitor.web import create_app
    except ImportError as error:
        raise MonitorError("the dashboard needs the extra `web`: pip install 'stance-monitor[web]'") from error
    if host not in {"127.0.0.1", "::1", "localhost"} and not token:
        raise MonitorError(f"{host} can be reached by others: set a token (--token or MONITOR_WEB_TOKEN) first")
    policies = {name: topic.policy for name, topic in load_knowledge().topics.items()}
    with open_store(database) as store:
        console().print(f"dashboard on http://{host}:{port}/ (Ctrl-C stops it)")
        made = create_app(store, clock=lambda: datetime.now(UTC), token=token, policies=policies)
        uvicorn.run(made, host=host, port=port, log_level="warning")
