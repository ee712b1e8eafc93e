"""Whether a chat template reads a part by a name that it puts together itself, and so could reach any attribute."""

from typing import Any

# Filters that read attributes, by a name that stands first or is called so.
BY_NAME = frozenset(["map", "selectattr", "rejectattr", "groupby"])
ALSO_BY_NAME = frozenset(["sort", "sum", "unique", "min", "max", "join"])
COUNTING = frozenset(["length", "count", "int"])
ARITHMETIC = ("Add", "Sub", "Mul", "FloorDiv", "Mod", "Neg", "Pos")


def put_together(tree: Any, nodes: Any) -> set[str]:
    """Names that may hold a text made in the template: by joining, by a call, by a block, or from another such name."""
    names = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "param"}
    for block in tree.find_all(nodes.AssignBlock):
        names |= _targets(block.target, nodes)
    bound = [(node.target, node.node, True) for node in tree.find_all(nodes.Assign)]
    bound += [(node.target, node.iter, False) for node in tree.find_all(nodes.For)]
    while True:
        found = [_targets(target, nodes) for target, made, strict in bound if _makes(made, nodes, names, strict=strict)]
        more = set().union(*found) - names
        if not more:
            return names
        names |= more


def reads_by_computed_name(node: Any, nodes: Any, names: set[str]) -> bool:
    """Whether what a subscript or a filter is asked for is anything but a fixed name, a number or a loop's own."""
    if isinstance(node, nodes.Getitem):
        return not _is_index(node.arg, nodes, names)
    asked = [pair.value for pair in node.kwargs if pair.key == "attribute"]
    asked += node.args if node.name in BY_NAME else node.args[:2] if node.name in ALSO_BY_NAME else []
    return (node.name in BY_NAME | ALSO_BY_NAME) and (
        node.dyn_args is not None
        or node.dyn_kwargs is not None
        or any(_makes(value, nodes, names, strict=True) for value in asked)
    )


def _is_index(arg: Any, nodes: Any, names: set[str]) -> bool:
    if isinstance(arg, nodes.Name):
        return arg.name not in names
    if isinstance(arg, nodes.Getattr | nodes.Getitem):
        return _called(arg, nodes) not in names
    if type(arg).__name__ in ARITHMETIC:
        return all(_is_number(part, nodes, names) for part in arg.iter_child_nodes())
    return isinstance(arg, nodes.Const | nodes.Slice)


def _is_number(part: Any, nodes: Any, names: set[str]) -> bool:
    if isinstance(part, nodes.Const):
        return not isinstance(part.value, str)
    return (isinstance(part, nodes.Filter) and part.name in COUNTING) or _is_index(part, nodes, names)


def _makes(made: Any, nodes: Any, names: set[str], *, strict: bool) -> bool:
    """Whether an expression may hold a text that is made here. A loop may run over what calls and filters give."""
    parts = [made, *made.find_all(nodes.Expr)]
    return any(
        isinstance(part, nodes.Concat)
        or (isinstance(part, nodes.Const) and isinstance(part.value, str) and part.value.strip("_") != part.value)
        or (isinstance(part, nodes.Name | nodes.Getattr) and _called(part, nodes) in names)
        or (strict and _is_joining(part, nodes))
        for part in parts
    )


def _is_joining(part: Any, nodes: Any) -> bool:
    if isinstance(part, nodes.Filter):
        return part.name not in COUNTING
    if isinstance(part, nodes.Add | nodes.Mul | nodes.Mod):
        return any(isinstance(one, nodes.Const) and isinstance(one.value, str) for one in part.iter_child_nodes())
    return isinstance(part, nodes.Call) and not isinstance(part.node, nodes.Name)


def _targets(target: Any, nodes: Any) -> set[str]:
    return {_called(part, nodes) for part in (target, *target.find_all((nodes.Name, nodes.NSRef)))} - {""}


def _called(node: Any, nodes: Any) -> str:
    """A name, or a name and its attribute with a dot between; else nothing."""
    if isinstance(node, nodes.Name | nodes.NSRef):
        return node.name + (f".{node.attr}" if isinstance(node, nodes.NSRef) else "")
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    return ""
