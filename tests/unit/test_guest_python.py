"""The agent runs on its image's own Python: 3.12 on Ubuntu 24.04, 3.13 on Debian 13, and 3.9 and newer elsewhere."""

import ast
from pathlib import Path

import pytest

OLDEST = (3, 9)
GUEST = Path(__file__).parents[2] / "provisioning" / "guest"
MODULES = {str(file.relative_to(GUEST)): ast.parse(file.read_text()) for file in sorted(GUEST.rglob("*.py"))}
# What the standard library has had only since 3.10 and later, as somebody used to newer ones would write it.
TOO_NEW = frozenset({
    "datetime.UTC", "enum.StrEnum", "contextlib.chdir", "contextlib.aclosing", "hashlib.file_digest", "asyncio.TaskGroup",
    "asyncio.timeout", "itertools.pairwise", "itertools.batched", "typing.Self", "typing.TypeAlias", "typing.ParamSpec",
    "typing.assert_never", "typing.override", "types.NoneType", "tomllib",
})  # fmt: skip


def names(module: ast.Module) -> set[str]:
    """Every ``a.b`` that is read or imported, and every module."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("name", MODULES)
def test_given_a_module_of_the_agent_when_read_as_the_oldest_python_does_then_it_is_understood(
    name: str,
) -> None:
    assert ast.parse((GUEST / name).read_text(), feature_version=OLDEST)


@pytest.mark.parametrize("name", MODULES)
def test_given_a_module_of_the_agent_then_it_uses_nothing_that_the_oldest_python_lacks(name: str) -> None:
    slots = [
        keyword.arg
        for node in ast.walk(MODULES[name])
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("dataclass")
        for keyword in node.keywords
        if keyword.arg in {"slots", "kw_only"}  # since 3.10
    ]

    assert (names(MODULES[name]) & TOO_NEW, slots) == (set(), [])


@pytest.mark.parametrize("name", MODULES)
def test_given_a_module_of_the_agent_with_unions_in_annotations_then_they_are_not_evaluated(
    name: str,
) -> None:
    annotations = [
        annotation
        for node in ast.walk(MODULES[name])
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if isinstance(annotation, ast.expr)
    ]
    has_union = any(
        isinstance(part, ast.BitOr) for annotation in annotations for part in ast.walk(annotation)
    )

    assert not has_union or "__future__.annotations" in names(MODULES[name])


@pytest.mark.parametrize("text", ["match a:\n    case 1: pass", "try: pass\nexcept* OSError: pass"])
def test_given_newer_syntax_when_read_as_the_oldest_python_does_then_it_is_told(text: str) -> None:
    with pytest.raises(SyntaxError):
        ast.parse(text, feature_version=OLDEST)
