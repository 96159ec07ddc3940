"""What the command line prints for programs to read."""

import json


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))  # noqa: T201  this is its output
