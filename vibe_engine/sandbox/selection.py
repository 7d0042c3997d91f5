"""The `fields` parameter: `total,items(item(uri,name)),owner.id`, `!` leaves out."""

import re
from typing import Any

_TOKEN = re.compile(r"[(),.!]|[^(),.!\s]+")
Tree = dict[str, "Tree"]


def select(value: Any, fields: str) -> Any:
    """Return the parts of the value that `fields` names; all where it is empty.

    Lists are searched element by element. Names that do not exist are ignored, and
    so is what does not read as a selection.
    """
    tokens = _TOKEN.findall(fields)
    if not tokens:
        return value
    wanted, unwanted = _read(tokens)
    kept = _keep(value, wanted) if wanted else value
    return _drop(kept, unwanted)


def _read(tokens: list[str]) -> tuple[Tree, Tree]:
    """Read one level of the selection up to its closing parenthesis."""
    wanted: Tree = {}
    unwanted: Tree = {}
    while tokens and tokens[0] != ")":
        first = tokens.pop(0)
        if first == "!":
            _read_name(tokens, unwanted)
        elif first not in "(),.":
            tokens.insert(0, first)
            _read_name(tokens, wanted)
    if tokens:
        tokens.pop(0)
    return wanted, unwanted


def _read_name(tokens: list[str], into: Tree) -> None:
    if not tokens:
        return
    branch = into.setdefault(tokens.pop(0), {})
    while tokens and tokens[0] == ".":
        del tokens[0]
        if tokens:
            branch = branch.setdefault(tokens.pop(0), {})
    if tokens and tokens[0] == "(":
        del tokens[0]
        branch.update(_read(tokens)[0])


def _keep(value: Any, tree: Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_keep(each, tree) for each in value]
    if isinstance(value, dict):
        return {
            name: _keep(value[name], branch)
            for name, branch in tree.items()
            if name in value
        }
    return value


def _drop(value: Any, tree: Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_drop(each, tree) for each in value]
    if isinstance(value, dict):
        return {
            name: _drop(part, tree.get(name, {}))
            for name, part in value.items()
            if tree.get(name) != {}
        }
    return value
