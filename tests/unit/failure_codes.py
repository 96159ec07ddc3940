"""Every failure code of the program, read from its syntax trees: a code that cannot be read is told, not passed over.

A code is what a *taker* gets as its ``code``: an error that inherits `BinderopsError.__init__`, that very call in an error
of its own, a class with a field ``code: str``, a function with a parameter ``code: str``. Takers are found by that name, so
a new one needs no entry here.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT_OF_ERRORS = "BinderopsError"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What was found: the codes, and the places (``file:line``) whose code is neither a literal nor handed on."""

    known: frozenset[str]
    unreadable: tuple[str, ...]


def read(modules: Mapping[Path, ast.Module]) -> Codes:
    """The codes of these modules."""
    places = {name: place for tree in modules.values() for name, place in _takers(tree)}
    known: set[str] = set()
    unreadable = []
    for path, tree in modules.items():
        for scope, given in _given(tree, places):
            found = _literals(given) | _from_table(given, tree)
            known |= found
            if not found and not _is_handed_on(given, scope):
                unreadable.append(f"{path}:{given.lineno}")
    return Codes(known=frozenset(known), unreadable=tuple(unreadable))


def _takers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Classes and functions with a ``code: str``, and its place among their arguments."""
    for node in ast.walk(tree):
        fields: list[ast.AnnAssign | ast.arg] = []
        if isinstance(node, ast.ClassDef):
            fields = [s for s in node.body if isinstance(s, ast.AnnAssign)]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            fields = [a for a in node.args.args if a.arg not in {"self", "cls"}]
        for place, each in enumerate(fields):
            name = each.arg if isinstance(each, ast.arg) else _name(each.target)
            if name == "code" and each.annotation and ast.unparse(each.annotation) == "str":
                yield _name(node), place


def _given(tree: ast.Module, places: Mapping[str, int]) -> Iterator[tuple[ast.AST, ast.expr]]:
    """What each taker is given as its code, and the function that the call stands in."""
    errors = _errors(tree)
    has_own = any(_name(b) in errors for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for b in c.bases)
    for scope, call in _calls(tree, tree):
        name = _name(call.func)
        is_error = name in errors or (name == "__init__" and has_own)
        if not is_error and (name == "__init__" or name not in places):
            continue
        named = [k.value for k in call.keywords if k.arg == "code"]
        placed = call.args[0 if is_error else places[name] :][:1]
        for given in (named or placed)[:1]:
            yield scope, given


def _errors(tree: ast.Module) -> set[str]:
    """The errors of `provisioning.errors` that this module knows and that take a code."""
    local = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    if ROOT_OF_ERRORS in local:
        return {name for name, node in local.items() if not _has_its_own_start(node)} | {ROOT_OF_ERRORS}
    imports = [
        n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "provisioning.errors"
    ]
    return {a.name for n in imports for a in n.names if a.name != "UnexpectedError"}


def _has_its_own_start(node: ast.ClassDef) -> bool:
    return any(isinstance(s, ast.FunctionDef) and s.name == "__init__" for s in node.body)


def _calls(node: ast.AST, scope: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and child.name == ROOT_OF_ERRORS:
            continue  # what it hands to Exception is a sentence
        if isinstance(child, ast.Call):
            yield scope, child
        yield from _calls(
            child, child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else scope
        )


def _literals(given: ast.expr) -> set[str]:
    if isinstance(given, ast.IfExp):
        return _literals(given.body) | _literals(given.orelse)
    return {given.value} if isinstance(given, ast.Constant) and isinstance(given.value, str) else set()


def _from_table(given: ast.expr, tree: ast.Module) -> set[str]:
    """``code, message = TABLE[key]``: the codes are what the table's values begin with."""
    tables = {
        _name(node.value.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)
        for target in node.targets
        if isinstance(target, ast.Tuple) and isinstance(given, ast.Name) and _name(target.elts[0]) == given.id
    }
    values = [
        value
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and _name(node.target) in tables
        and isinstance(node.value, ast.Dict)
        for value in node.value.values
    ]
    return {code for value in values if isinstance(value, ast.Tuple) for code in _literals(value.elts[0])}


def _is_handed_on(given: ast.expr, scope: ast.AST) -> bool:
    """A code that came from elsewhere: a parameter ``code``, another failure's own, a report's."""
    if isinstance(given, ast.Name) and isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        return given.id in {a.arg for a in scope.args.args} & {"code"}
    if isinstance(given, ast.Attribute):
        return given.attr == "code"
    return "code" in {part.value for part in ast.walk(given) if isinstance(part, ast.Constant)}


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
