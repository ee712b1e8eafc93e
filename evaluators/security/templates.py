"""Chat templates: text that a library runs. Parsed, never rendered."""

import re
from collections.abc import Iterator
from typing import Any

from evaluators.libraries import library
from evaluators.security.template_names import put_together, reads_by_computed_name

MAX_TEMPLATE = 1 << 20
# What templates of well-known models read and call; whatever else is asked of an object is a finding.
ATTRIBUTE_LINES = (
    "role content name tool_calls tool_call_id function arguments parameters type text thinking",
    "reasoning_content first last index index0 length revindex revindex0 previtem nextitem depth depth0",
    "changed cycle description properties items required enum default return id image image_url audio",
    "video input_audio url keys values get strip lstrip rstrip split rsplit splitlines startswith",
    "endswith upper lower title capitalize replace join append count find",
)
ATTRIBUTES = frozenset(word for line in ATTRIBUTE_LINES for word in line.split())
NAMESPACES = frozenset(["ns", "namespace", "state"])
# Formatting reads attributes that its text names.
FORMATTING = frozenset(["format", "format_map"])
# Objects through which a template engine's own functions, and by them the whole interpreter, are reached.
REACHING = frozenset(["cycler", "joiner", "lipsum", "self", "config", "request", "url_for", "get_flashed_messages"])


def template_findings(text: str) -> list[str]:
    """What a template asks for beyond plain reading. What can't be parsed is a finding too."""
    if len(text) > MAX_TEMPLATE:
        return ["a chat template too large to be inspected"]
    engine = library("jinja2")
    # Marks of the text that the model itself writes: a tag that only the library of the model knows.
    plain = re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", text)
    try:
        tree = engine.Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True).parse(plain)
        return sorted(set(_findings(tree, engine.nodes)))
    except (engine.TemplateError, RecursionError, ValueError, OverflowError) as error:
        return [f"a chat template that can't be parsed ({str(error)[:80]})"]


def _findings(tree: Any, nodes: Any) -> Iterator[str]:
    stored = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    names = put_together(tree, nodes)
    for node in tree.find_all((nodes.Getitem, nodes.Filter)):
        if reads_by_computed_name(node, nodes, names):
            yield "a chat template that reads by a name that it puts together"
    for node in tree.find_all(nodes.Keyword):
        if node.key.startswith("_"):
            yield f"a chat template that holds the name {node.key[:40]!r}"
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name, nodes.Filter, nodes.Const)):
        found = _odd(node, nodes, stored)
        if found:
            yield found
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield f"a chat template that loads another ({type(node).__name__.lower()})"


def _odd(node: Any, nodes: Any, stored: set[str]) -> str:
    if isinstance(node, nodes.Getattr):
        is_own = isinstance(node.node, nodes.Name) and (node.node.name in NAMESPACES or node.node.name in stored)
        if node.attr.startswith("_") or node.attr in FORMATTING or (node.attr not in ATTRIBUTES and not is_own):
            return f"a chat template that reads the attribute {node.attr[:40]!r}"
    elif isinstance(node, nodes.Filter) and (node.name == "attr" or _maps_attr(node, nodes)):
        return "a chat template that reads attributes by name"
    elif isinstance(node, nodes.Const) and isinstance(node.value, str) and "__" in node.value:
        return f"a chat template that holds the name {node.value.strip()[:40]!r}"
    elif isinstance(node, nodes.Name) and node.name in REACHING and node.name not in stored:
        return f"a chat template that uses {node.name!r}"
    return ""


def _maps_attr(node: Any, nodes: Any) -> bool:
    return any(isinstance(arg, nodes.Const) and arg.value == "attr" for arg in node.args)
