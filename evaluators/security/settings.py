"""Settings of a model that make a library fetch code, build what they name, or render a template."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluators.security.templates import template_findings

SETTINGS = ("auto_map", "trust_remote_code", "custom_pipelines", "_attn_implementation_autoset_from_hub")
KERNELS = ("attn_implementation", "_attn_implementation")
# Layers that bring a program, or load one from a file they name.
LAMBDAS = (
    *("Lambda", "TFOpLambda", "SlicingOpLambda", "__lambda__"),
    *("TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"),
)
# Modules of Keras that hold what models are made of; others hold functions that fetch, load and switch safety off.
PARTS = frozenset(
    [
        *("activations", "constraints", "dtype_policies", "initializers", "layers", "losses"),
        *("metrics", "models", "ops", "optimizers", "regularizers"),
    ]
)
WITH_LOADERS = frozenset(["layers", "models"])
# An escaped letter is written by nobody who means to be read.
LAYERS = re.compile(rb'"class_name"\s{0,100}:\s{0,100}"(?:%s)"|\\u00[4-7]' % "|".join(LAMBDAS).encode())


def setting_findings(content: Any) -> Iterator[str]:
    """Settings that make a library fetch code, and chat templates, at any depth."""
    pending = [content]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending += item
        elif isinstance(item, dict):
            yield from (f"asks for {key}" for key in SETTINGS if item.get(key))
            yield from _fetched(item)
            yield from _built(item)
            for text in _templates(item.get("chat_template")):
                yield from template_findings(text)
            pending += item.values()


def _fetched(item: Mapping[str, Any]) -> Iterator[str]:
    """Attention that is named as a repository is fetched from there as a program."""
    for key in KERNELS:
        if "/" in str(item.get(key) or ""):
            yield f"fetches attention from {str(item[key])[:80]!r}"


def _built(item: Mapping[str, Any]) -> Iterator[str]:
    """What Keras would build: a layer with code, or whatever a module has under a name."""
    if item.get("class_name") in LAMBDAS:
        yield "holds a layer with code"
    module = item.get("module")
    if "class_name" in item and isinstance(module, str) and not _is_part(module, _named(item)):
        yield f"builds something of the module {module[:80]!r}"
    if item.get("class_name") == "function" and module == "builtins":
        yield f"calls the function {str(item.get('config'))[:80]!r}"


def _named(item: Mapping[str, Any]) -> list[str]:
    """What is looked up in the module: the class, or of a function its name, and the name it was registered by."""
    kind, registered = item["class_name"], item.get("registered_name")
    name = item.get("config") if kind == "function" else kind
    return [str(name), *([] if registered is None else [str(registered)])]


def _is_part(module: str, names: Sequence[str]) -> bool:
    """Whether a module is one of Keras that holds parts of models, in its public or its inner name."""
    path = [name for name in module.split(".") if name != "src"]
    if path[0] != "keras":
        return path == ["builtins"]
    # A name with a dot leads into another module.
    if any("." in name for name in names):
        return False
    if len(path) > 1 and path[1] in PARTS - WITH_LOADERS:
        return True
    # Among the functions beside layers and models are those that load them; only classes begin large.
    return (len(path) == 1 or path[1] in WITH_LOADERS) and all(name[:1].isupper() for name in names)


def _templates(value: Any) -> list[str]:
    """One template, or several with names."""
    if isinstance(value, list):
        return [str(item.get("template", "")) for item in value if isinstance(item, dict)]
    if isinstance(value, dict):
        return [text for text in value.values() if isinstance(text, str)]
    return [value] if isinstance(value, str) else []
