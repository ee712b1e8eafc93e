"""Mutants of the gate in Python: its source with one small change each, made on the syntax tree.

Words for people are left alone; what is compared, counted, yielded and looked up is not.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOM = Path(__file__).resolve().parents[2] / "registry" / "gates"
FILES = ("decide.py", "thresholds.py", "values.py", "verdict.py")
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
OUTCOMES = {"PASSED": "UNDECIDED", "FAILED": "UNDECIDED", "UNDECIDED": "PASSED"}


@dataclass(frozen=True)
class Mutant:
    """One changed source; `name` is the file, the function, the code as it stands and as it became."""

    name: str
    module: str
    source: str


def mutants() -> Iterator[Mutant]:
    """Every mutant of every file, in the order of the source; two of one text count once."""
    for file in FILES:
        tree = ast.parse((ROOM / file).read_text(encoding="utf-8"))
        seen: set[str] = set()
        for where, path in _places(tree):
            for was, became, source in _changed(tree, path):
                name = f"{file}:{where}: {was} -> {became}"
                number = sum(1 for other in seen if other.partition(" #")[0] == name)
                name = f"{name} #{number + 1}" if number else name
                seen.add(name)
                yield Mutant(name=name, module=f"registry.gates.{file.removesuffix('.py')}", source=source)


Step = tuple[str, int | None]


def _places(tree: ast.Module) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Each node that may be changed: the names of what it stands in, and the way to it from the root."""
    yield from _inside(tree, "", ())


def _inside(node: ast.AST, where: str, path: tuple[Step, ...]) -> Iterator[tuple[str, tuple[Step, ...]]]:
    for field, value in ast.iter_fields(node):
        if field in {"decorator_list", "annotation", "returns"} or isinstance(value, str):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr | ast.Import | ast.ImportFrom):
                continue
            named = f"{where}.{child.name}".strip(".") if isinstance(child, ast.FunctionDef | ast.ClassDef) else where
            step = (*path, (field, index))
            yield named or "module", step
            yield from _inside(child, named, step)


def _at(tree: ast.AST, path: tuple[Step, ...]) -> ast.AST:
    for field, index in path:
        value = getattr(tree, field)
        tree = value if index is None else value[index]
    return tree


def _changed(tree: ast.Module, path: tuple[Step, ...]) -> Iterator[tuple[str, str, str]]:
    parent, (field, index) = _at(tree, path[:-1]), path[-1]
    node = _at(tree, path)
    for replacement in _replacements(node, parent, field):
        changed = copy.deepcopy(tree)
        holder = _at(changed, path[:-1])
        if index is None:
            setattr(holder, field, replacement)
        else:
            getattr(holder, field)[index] = replacement
        yield _short(node), _short(replacement), ast.unparse(ast.fix_missing_locations(changed))


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:60]}…{text[-25:]}"


def _replacements(node: ast.AST, parent: ast.AST, field: str) -> Iterator[ast.AST]:
    yield from _conditions(node, parent, field)
    yield from _operators(node)
    yield from _values(node, parent)
    yield from _statements(node)


def _conditions(node: ast.AST, parent: ast.AST, field: str) -> Iterator[ast.AST]:
    """A condition that always or never holds, and one operand of it less."""
    is_test = field == "test" and isinstance(parent, ast.If | ast.IfExp) or field == "ifs"
    if is_test:
        yield from (ast.Constant(True), ast.Constant(False))
    if isinstance(node, ast.BoolOp):
        other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield ast.BoolOp(op=other, values=node.values)
        for left_out in range(len(node.values)):
            kept = [value for index, value in enumerate(node.values) if index != left_out]
            yield kept[0] if len(kept) == 1 else ast.BoolOp(op=node.op, values=kept)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _operators(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in COMPARISONS.get(type(operator), ()):
                ops = [other() if index == place else op for index, op in enumerate(node.ops)]
                yield ast.Compare(left=node.left, ops=ops, comparators=node.comparators)
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield ast.BinOp(left=node.left, op=ARITHMETIC[type(node.op)](), right=node.right)


def _values(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """Another number, another word where words are compared, another outcome, the other of two opposite calls."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and isinstance(parent, ast.Compare | ast.Set):
        yield ast.Constant(f"{node.value}?")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Outcome":
        yield ast.Attribute(value=node.value, attr=OUTCOMES[node.attr], ctx=ast.Load())
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield ast.Call(func=ast.Name(CALLS[node.func.id], ast.Load()), args=node.args, keywords=node.keywords)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """A requirement that is not yielded, a step that is not taken."""
    is_step = isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom)
    )
    if is_step:
        yield ast.Pass()
