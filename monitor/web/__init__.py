"""Read-only pages, JSON, Atom and metrics over one store. `create_app` makes the application; nothing is global."""

from monitor.web.app import create_app

__all__ = ["create_app"]
