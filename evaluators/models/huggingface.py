"""Open a Hugging Face text classifier or encoder: safetensors only, known architectures only, nothing downloaded."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import FileRef, Json, SubjectError
from evaluators.libraries import library
from evaluators.models.heads import HEAD, Head, open_head
from evaluators.models.layout import check_local, check_names, laid_out, read_bytes, read_json
from evaluators.models.model import TEXTS, VALUE, Model, NotOffered
from evaluators.models.texts import TextNetwork

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"
MAX_TOKENIZER = 64 << 20
# Architectures whose code ships with transformers and that encode texts, with the attention each of them has.
ARCHITECTURES = {
    "albert": "sdpa",
    "bert": "sdpa",
    "camembert": "sdpa",
    "deberta": "eager",
    "deberta-v2": "eager",
    "distilbert": "sdpa",
    "electra": "sdpa",
    "modernbert": "sdpa",
    "mpnet": "eager",
    "roberta": "sdpa",
    "xlm-roberta": "sdpa",
}
# Their positions begin after the padding token.
OFFSET_POSITIONS = ("camembert", "mpnet", "roberta", "xlm-roberta")
CLASSIFIER = "ForSequenceClassification"
# What may be missing from the weights, because mean and first-token pooling don't read it.
UNREAD = ("pooler.",)


def open_huggingface(files: Mapping[str, FileRef], *, device: str) -> Model:
    """The model in these files. Raises SubjectError saying which file can't be used and why."""
    check_names(files)
    missing = [name for name in (CONFIG, WEIGHTS, TOKENIZER) if name not in files]
    if missing:
        raise SubjectError(f"a text model needs {CONFIG}, {WEIGHTS} and {TOKENIZER}; there is no {missing[0]}")
    config = read_json(files[CONFIG])
    check_local(config, CONFIG)
    is_classifier = _check_architecture(config)
    head = open_head(files) if HEAD in files else Head()
    if is_classifier and head.classes:
        raise SubjectError(f"{HEAD}: names classes, and {CONFIG} describes a model with a head of its own")
    module, facts = _load(files, config["model_type"], is_classifier)
    if head.weight is not None and head.weight.shape[1] != module.config.hidden_size:
        width = head.weight.shape[1]
        raise SubjectError(
            f"{HEAD}: its weights take embeddings of {width} numbers, and the encoder gives {module.config.hidden_size}"
        )
    network = _network(module.to(device).eval(), files, config, head, device, facts)
    return _classifier(network, module) if is_classifier else _encoder(network, head)


def _check_architecture(config: Json) -> bool:
    """Whether the model classifies by itself. Raises SubjectError for an architecture that isn't known here."""
    kind, names = config.get("model_type"), config.get("architectures") or [""]
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise SubjectError(f"{CONFIG}: the architecture {kind!r} isn't among those opened here: {known}")
    if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
        raise SubjectError(f"{CONFIG}: names {names!r} as architectures; one is expected")
    if config.get("problem_type") == "multi_label_classification":
        raise SubjectError(f"{CONFIG}: is a model of several labels per text, which isn't measured here")
    return names[0].endswith(CLASSIFIER)


def _load(files: Mapping[str, FileRef], kind: str, is_classifier: bool) -> tuple[Any, Json]:
    transformers, torch = library("transformers"), library("torch")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    family = transformers.AutoModelForSequenceClassification if is_classifier else transformers.AutoModel
    with laid_out({name: files[name] for name in (CONFIG, WEIGHTS)}) as folder:
        try:
            module, info = family.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=ARCHITECTURES[kind],
                dtype=torch.float32,
                # Reported below by name, and refused there.
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
        except _refusals() as error:
            raise SubjectError(f"{WEIGHTS}: can't be loaded ({type(error).__name__}: {str(error)[:160]})") from error
    absent = sorted(str(key) for key in info["missing_keys"] if not str(key).startswith(UNREAD))
    wrong = sorted(str(item[0] if isinstance(item, tuple) else item) for item in info["mismatched_keys"])
    if absent or wrong:
        # transformers would fill these with random numbers and go on.
        raise SubjectError(
            f"{WEIGHTS}: lacks {(absent or wrong)[0]}, which {CONFIG} asks for, or has it in another shape"
        )
    return module, {"architecture": kind, "weights_unread": len(info["unexpected_keys"])}


def _refusals() -> tuple[type[Exception], ...]:
    """What the libraries raise for a configuration or weights they can't use."""
    strict = library("huggingface_hub.errors").StrictDataclassError
    spoiled = library("safetensors").SafetensorError
    odd = (ArithmeticError, AssertionError, AttributeError, KeyError, TypeError, ValueError)
    return (*odd, OSError, RuntimeError, strict, spoiled)


def _network(
    module: Any, files: Mapping[str, FileRef], config: Json, head: Head, device: str, facts: Json
) -> TextNetwork:
    tokenizer = _tokenizer(files[TOKENIZER])
    pad = config.get("pad_token_id") or 0
    positions = int(module.config.max_position_embeddings) - (
        pad + 1 if config["model_type"] in OFFSET_POSITIONS else 0
    )
    longest = min(positions, head.max_tokens or (tokenizer.truncation or {}).get("max_length") or positions)
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    if tokenizer.get_vocab_size() > module.get_input_embeddings().weight.shape[0]:
        raise SubjectError(f"{TOKENIZER}: has more word pieces than {WEIGHTS} has embeddings")
    return TextNetwork(
        module=module,
        tokenizer=tokenizer,
        max_tokens=longest,
        device=device,
        pad=pad,
        pooling=head.pooling,
        is_normalised=head.is_normalised,
        facts=facts | {"max_tokens": longest, "texts_cut": 0},
    )


def _tokenizer(ref: FileRef) -> Any:
    tokenizers = library("tokenizers")
    data = read_bytes(ref, limit=MAX_TOKENIZER)
    try:
        return tokenizers.Tokenizer.from_buffer(data)
    except ValueError as error:
        raise SubjectError(f"{ref.name}: isn't a tokenizer ({str(error)[:120]})") from error


def _classifier(network: TextNetwork, module: Any) -> Model:
    labels = {int(key): str(value) for key, value in (module.config.id2label or {}).items()}
    classes = tuple(labels[i] for i in sorted(labels))
    if sorted(labels) != list(range(module.config.num_labels)) or len(set(classes)) != len(classes):
        raise SubjectError(f"{CONFIG}: id2label doesn't name each of the {module.config.num_labels} classes once")
    is_value = module.config.num_labels == 1
    return Model(
        inputs=TEXTS,
        score_kind=VALUE if is_value else "logit",
        ask=network.classify,
        classes=() if is_value else classes,
        device=network.device,
        tokenizer=network.tokenizer,
        word_vectors=network.word_vectors,
        facts=network.facts,
    )


def _encoder(network: TextNetwork, head: Head) -> Model:
    def ask(texts: list[str]) -> FloatArray:
        if head.weight is None or head.bias is None:
            raise NotOffered(f"the encoder has no head: {HEAD} and its weights make a classifier of it")
        return np.asarray(network.embed(texts) @ head.weight.T + head.bias)

    return Model(
        inputs=TEXTS,
        score_kind="logit",
        ask=ask,
        classes=head.classes,
        device=network.device,
        encode=network.embed,
        tokenizer=network.tokenizer,
        word_vectors=network.word_vectors,
        facts=network.facts,
    )
