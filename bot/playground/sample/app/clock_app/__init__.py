"""A clock in a web page, which JupyterLab starts when somebody opens it."""

import sys


def server() -> dict[str, object]:
    """What jupyter-server-proxy runs; it chooses the port."""
    return {
        "command": [sys.executable, "-m", "clock_app", "{port}"],
        "launcher_entry": {"title": "Clock"},
        "timeout": 20,
    }
