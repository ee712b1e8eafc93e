"""The files a model consists of: one, or a folder of them."""

import os
from typing import BinaryIO

from evaluators.contract import FileRef, Subject, SubjectError, Undeclared
from evaluators.security.formats import SAFE, UNKNOWN, Format, identify

MAX_FILES = 2_000
MAX_TEXT = 64 << 20
FOLDER = "model/"
WORDS = (".json", ".jsonl", ".txt", ".md", ".jinja", ".yaml", ".yml", ".sig", ".gitattributes", "license", "notice")
CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".ipynb", ".sh", ".exe", ".jar", ".whl", ".js")


def model_files(subject: Subject) -> dict[str, FileRef]:
    """The model's files by name, in order of name. Raises SubjectError if there are none, or far too many."""
    single = {subject.files["model"].name: subject.files["model"]} if "model" in subject.files else {}
    several = {role.removeprefix(FOLDER): ref for role, ref in subject.files.items() if role.startswith(FOLDER)}
    if single.keys() & several.keys():
        raise SubjectError(f"two of the model's files are called {next(iter(single))!r}")
    found = dict(sorted((single | several).items()))
    if not found:
        raise Undeclared("a model file is needed and none was given")
    if len(found) > MAX_FILES:
        raise SubjectError(f"the model has {len(found):,} files, more than the {MAX_FILES:,} allowed")
    return found


def identify_part(handle: BinaryIO, name: str, *, is_alone: bool) -> Format:
    """The format of a file. In a folder, settings and vocabularies may lie beside the weights as plain text."""
    size = os.fstat(handle.fileno()).st_size
    if name.lower().endswith(CODE):
        return Format("program", UNKNOWN, "a program lies among the model's files")
    found = identify(handle, size, name)
    if is_alone or found.serialisation != UNKNOWN or not name.lower().endswith(WORDS):
        return found
    return Format("text", SAFE, "settings or words as text, no code") if _is_text(handle, size) else found


def _is_text(handle: BinaryIO, size: int) -> bool:
    if size > MAX_TEXT:
        return False
    handle.seek(0)
    try:
        handle.read().decode("utf-8")
    except UnicodeDecodeError:
        return False
    finally:
        handle.seek(0)
    return True
