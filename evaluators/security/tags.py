"""YAML among a model's files: tags that have a loader build an object. Parsed, and nothing is built."""

from collections.abc import Iterator
from typing import Any

from evaluators.libraries import library

# The parser is slow, and settings are short.
MAX_YAML = 1 << 20
PLAIN = "tag:yaml.org,2002:"
KNOWN = frozenset(
    [
        *("binary", "bool", "float", "int", "null", "str", "timestamp"),
        *("map", "merge", "omap", "pairs", "seq", "set", "value"),
    ]
)


def tag_findings(content: bytes) -> Iterator[str]:
    """Tags beyond those of plain values, however they are written; what can't be parsed is a finding too."""
    if len(content) > MAX_YAML:
        yield "is YAML too large to be inspected"
        return
    yaml = library("yaml")
    try:
        tags = {event.tag for event in yaml.parse(content.decode("utf-8"), Loader=yaml.SafeLoader) if _is_tagged(event)}
    except (UnicodeDecodeError, RecursionError, ValueError, yaml.YAMLError):
        yield "is called YAML and isn't"
        return
    for tag in sorted(tags):
        if not (tag.startswith(PLAIN) and tag.removeprefix(PLAIN) in KNOWN):
            yield f"has a loader of YAML build {tag[:80]!r}"


def _is_tagged(event: Any) -> bool:
    # A lone mark of exclamation says that a value is what it looks like.
    return getattr(event, "tag", None) not in (None, "!")
