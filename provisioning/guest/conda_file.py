"""environment.yml as far as the reduced way needs it: the pip part, and the names that are left out. Pure.

The standard library has no YAML; this reads the plain block form that conda's documentation uses and everybody writes.
"""

from __future__ import annotations

import re
from typing import List, Tuple

_ITEM = re.compile(r"^(?P<indent>\s*)-\s*(?P<value>.*)$")


def parse(text: str) -> Tuple[List[str], List[str]]:
    """The requirements of the pip part, and conda's own dependencies."""
    pip: List[str] = []
    conda: List[str] = []
    is_inside = False
    pip_indent = -1
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).rstrip()
        if not line.strip():
            continue
        item = _ITEM.match(line)
        if not item:
            if not line[0].isspace():
                is_inside = line.startswith("dependencies:")
                pip_indent = -1
            continue
        if not is_inside:
            continue
        indent, value = len(item["indent"]), item["value"].strip()
        if value == "pip:":
            pip_indent = indent
        elif pip_indent >= 0 and indent > pip_indent:
            pip.append(_unquoted(value))
        else:
            pip_indent = -1
            conda.append(_unquoted(value))
    return pip, conda


def name_of(dependency: str) -> str:
    """The bare name of a conda dependency: ``conda-forge::numpy>=1`` is numpy."""
    return re.split(r"[\s<>=!~\[]", dependency.rpartition("::")[2])[0]


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
