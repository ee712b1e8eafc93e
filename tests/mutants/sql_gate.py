"""Mutants of the database's judge: the text of its functions with one small change each."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOM = Path(__file__).resolve().parents[2] / "registry" / "migrations" / "sql"
FUNCTION = re.compile(r"create function (?P<name>\w+)\(.*?\$f\$(?P<body>.*?)\$f\$", re.DOTALL)
QUOTED = re.compile(r"'(?:[^']|'')*'")
# Locks change no answer; who waits for whom is tried by test_interleavings.
LOCK = re.compile(r"perform from [^;]* for share;")
COMPARISONS = {"<": ("<=", ">="), ">": (">=", "<="), "<=": ("<", ">"), ">=": (">", "<"), "=": ("<>",), "<>": ("=",)}
WORDS = {
    r"\band\b": "or",
    r"\bor\b": "and",
    r"\bnot\b(?! null| distinct)": "",
    r"\bis null\b": "is not null",
    r"\bis not null\b": "is null",
    r"\bis distinct from\b": "is not distinct from",
    r"\bis not distinct from\b": "is distinct from",
    r"\btrue\b": "false",
    r"\bfalse\b": "true",
    r"\bdesc\b": "asc",
    r"\bdistinct\b(?! from| on)": "",
    r"\bdistinct on \([^)]*\)": "",
    r"\bmax\(": "min(",
    r"\bmin\(": "max(",
    r"\bleast\(": "greatest(",
    r"\bbool_and\(": "bool_or(",
    r"\bcoalesce\((?=waived_)": "nullif(",
}
# Where a condition begins, and what ends it at its own depth.
BEGINS = re.compile(r"\b(where|(?<!distinct )on|if|and|or|having|when(?! '))\b")
ENDS = re.compile(
    r"\b(and|or|order by|group by|having|(?<!\x22)limit|union|then|(left |cross )?join|for no key update)\b|[;,]"
)


@dataclass(frozen=True)
class Mutant:
    """One changed function; `name` says where, `statement` puts it in place of the one that is there."""

    name: str
    function: str
    statement: str


@dataclass(frozen=True)
class Change:
    start: int
    end: int
    became: str


def mutants(file: str = "gate.sql") -> Iterator[Mutant]:
    """Every mutant of every function of a file, in the order of the text."""
    text = re.sub(r"--[^\n]*", "", (ROOM / file).read_text(encoding="utf-8"))
    for found in FUNCTION.finditer(text):
        head, body = text[found.start() : found.start("body")], found["body"]
        seen: dict[str, int] = {}
        for change in _changes(body):
            changed = body[: change.start] + change.became + body[change.end :]
            name = f"{found['name']}: {_told(body, change)}"
            seen[name] = seen.get(name, 0) + 1
            name = f"{name} #{seen[name]}" if seen[name] > 1 else name
            statement = f"{head.replace('create function', 'create or replace function', 1)}{changed}$f$"
            yield Mutant(name=name, function=found["name"], statement=_whole(text, found, statement))


def _whole(text: str, found: re.Match[str], statement: str) -> str:
    return statement + text[found.end() : text.index("\n", found.end())].partition(";")[0]


def _told(body: str, change: Change) -> str:
    before, after = body[max(change.start - 36, 0) : change.start], body[change.end : change.end + 36]
    was = body[change.start : change.end]
    told = f"{before}[{was if len(was) < 60 else was[:40] + '…' + was[-15:]} -> {change.became}]{after}"
    return " ".join(told.split())


def _changes(body: str) -> list[Change]:
    quoted = [(match.start(), match.end()) for match in QUOTED.finditer(body)]

    def plain(at: int) -> bool:
        return not any(start <= at < end for start, end in quoted)

    found = [*_comparisons(body), *_words(body), *_numbers(body), *_conditions(body, plain)]
    found = [change for change in found if plain(change.start)]
    found += [*_strings(body), *_statements(body)]
    found = [change for change in found if body[change.start : change.end].split() != change.became.split()]
    locks = [match.span() for match in LOCK.finditer(body)]
    found = [change for change in found if not any(start <= change.start < end for start, end in locks)]
    return sorted(set(found), key=lambda change: (change.start, change.end, change.became))


def _comparisons(body: str) -> Iterator[Change]:
    for match in re.finditer(r"(?<![<>=!:\-|@&])(<=|>=|<>|<|>|=)(?![<>=@])", body):
        for other in COMPARISONS[match[0]]:
            yield Change(match.start(), match.end(), other)


def _words(body: str) -> Iterator[Change]:
    for pattern, became in WORDS.items():
        for match in re.finditer(pattern, body):
            yield Change(match.start(), match.end(), became)


def _numbers(body: str) -> Iterator[Change]:
    for match in re.finditer(r"(?<![\w.'])\d+(?![\w'])", body):
        for other in (int(match[0]) + 1, int(match[0]) - 1):
            yield Change(match.start(), match.end(), str(other))


def _conditions(body: str, plain: Callable[[int], bool]) -> Iterator[Change]:
    """Each operand of a condition dropped, and each first one as if it never held."""
    for match in BEGINS.finditer(body):
        end = _end(body, match.end(), plain)
        if not body[match.end() : end].strip() or not plain(match.start()):
            continue
        is_whole = match[1] in {"where", "on", "if", "when", "having"}
        yield from (Change(match.end(), end, f" {truth} ") for truth in (("true", "false") if is_whole else ("true",)))


def _end(body: str, at: int, plain: Callable[[int], bool]) -> int:
    """Where the operand that begins at `at` ends: brackets and CASE … END are passed over whole."""
    depth = 0
    while at < len(body):
        if not plain(at):
            at += 1
            continue
        word = re.compile(r"\bcase\b|\bend\b|\(|\)").match(body, at)
        if word:
            depth += 1 if word[0] in ("case", "(") else -1
            if depth < 0:
                return at
            at = word.end()
        elif depth == 0 and ENDS.match(body, at):
            return at
        else:
            at += 1
    return at


def _strings(body: str) -> Iterator[Change]:
    """Another word where words are compared, another span where times are."""
    for match in re.finditer(r"(?:=|<>|>|in \(|, )\s*('[\w_]+')", body):
        yield Change(match.start(1), match.end(1), match[1][:-1] + "?'")
    for match in re.finditer(r"interval '(\d+) ", body):
        for other in (int(match[1]) + 1, int(match[1]) - 1):
            yield Change(match.start(1), match.end(1), str(other))


def _statements(body: str) -> Iterator[Change]:
    """A refusal that is not raised, a column that is not stamped, a step that is not taken."""
    for match in re.finditer(r"(raise exception|perform|update|insert into)\b[^;]*;", body):
        yield Change(match.start(), match.end(), "null;")
    for match in re.finditer(r"new\.\w+ := [^;]*;", body):
        yield Change(match.start(), match.end(), "")
