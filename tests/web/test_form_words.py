"""What the form of an evaluation says: no program's names, nothing called optional that isn't, and what is open."""

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import ROLES
from registry.models import Evaluation, User
from registry.web.forms.choice_words import WORDS
from registry.web.forms.columns import EITHER, HELP, LABELS, OWN, undecided
from registry.web.forms.parameters import LongField, NumbersField, parameter_field
from registry.web.forms.tables import read_columns
from registry.web.submission import _sentence
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]
TABLE = b"truth,score,member,a,b\n" + b"1,0.9,1,3,4\n0,0.2,0,5,1\n" * 40
PEM = "-----BEGIN PUBLIC KEY-----\r\nMFkw\r\n-----END PUBLIC KEY-----"


def upload(name: str = "rows.csv", content: bytes = TABLE) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def address(cast: Cast) -> str:
    return reverse("version-evaluate-freely", args=[make.model_version(cast).pk])


def said_of(ada: Client, where: str, sent: dict[str, object]) -> dict[str, list[str]]:
    answer = ada.post(where, sent)
    assert answer.status_code == 400, answer
    return dict(answer.context["form"].errors)


def rules() -> dict[tuple[str, str], dict[str, object]]:
    return {(each, name): rule for each in EVALUATORS for name, rule in describe(each)["params"]["properties"].items()}


def test_every_column_and_every_choice_has_words_and_no_words_are_left_over() -> None:
    assert set(LABELS) == {"label", "prediction", "score", "group", *ROLES}
    assert set(HELP) <= set(LABELS)
    assert {role for own in OWN.values() for role in own} <= set(LABELS)
    chosen = {name: rule.get("enum") or rule.get("items", {}).get("enum", ()) for (_, name), rule in rules().items()}
    for name, words in WORDS.items():
        everything = {value for (_, each), rule in rules().items() if each == name for value in _choices(rule)}
        assert set(words) == everything, name
    coded = {v for values in chosen.values() for v in values if isinstance(v, str) and re.search(r"[_\d]", v)}
    assert coded <= {value for words in WORDS.values() for value in words}


def _choices(rule: dict[str, object]) -> tuple[object, ...]:
    return tuple(rule.get("enum") or rule.get("items", {}).get("enum", ()))


def test_what_an_evaluator_leaves_open_is_among_what_it_can_read() -> None:
    for evaluator, ways in EITHER.items():
        needs = describe(evaluator)["needs"]
        assert {role for way in ways for role in way} <= {*needs.get("columns", ()), *needs.get("optional", ())}
        assert undecided(evaluator, {role: "x" for role in ways[-1]}) == ((), "")
        assert undecided(evaluator, {})[1].startswith("Name the column")


@pytest.mark.parametrize(("evaluator", "name"), [pytest.param(*each, id=".".join(each)) for each in sorted(rules())])
def test_every_usual_value_comes_back_from_its_field_as_it_is(evaluator: str, name: str) -> None:
    rule = rules()[evaluator, name]
    field = parameter_field(name, rule)
    shown = field.prepare_value(field.initial)
    typed = [str(each) for each in shown] if "enum" in rule.get("items", {}) else shown if shown is True else str(shown)
    if shown is not False:
        assert field.clean(typed) == (list(rule["default"]) if rule["type"] == "array" else rule["default"])
    assert not re.search(r"\de[-+]?\d", str(shown)), shown


def test_a_file_is_asked_for_and_only_what_may_be_left_out_is_called_optional(cast: Cast, signed_in: SignedIn) -> None:
    ada, where = signed_in(cast.ada), address(cast)
    page = ada.get(f"{where}?evaluator=change.mean").content.decode()
    marked = re.findall(r"<label[^>]*>([^<]+) <span class=\"optional\">", page)
    assert marked == ["Column of the time"]
    marked = re.findall(
        r"<label[^>]*>([^<]+) <span class=\"optional\">", ada.get(f"{where}?evaluator=gen.format").content.decode()
    )
    assert "Table to upload" in marked


def test_those_columns_or_these_have_to_be_named(cast: Cast, signed_in: SignedIn) -> None:
    ada, where = signed_in(cast.ada), address(cast)
    said = "Name the column of the score, or the column of the feature."
    assert said_of(ada, where, {"evaluator": "change.mean", "table_file": upload()}) == {"score": [said]}
    ways = (
        "the column of membership and the column of the score, or the column of the output and the column of the text"
    )
    sent = {"evaluator": "privacy.memorisation", "column-member": "member", "table_file": upload()}
    assert said_of(ada, where, sent) == {"score": [f"Name {ways}."]}
    assert said_of(ada, where, {"evaluator": "data.proxy", "group": "a", "table_file": upload()}) == {
        "column-feature": ["This field is required."]
    }
    assert not Evaluation.objects.exists()


def test_above_a_form_that_came_back_stands_what_to_look_at(cast: Cast, signed_in: SignedIn) -> None:
    sent = {"evaluator": "change.mean", "score": "score", "level": "2", "table_file": upload()}
    page = signed_in(cast.ada).post(address(cast), sent).content.decode()
    assert '<a href="#id_level">Confidence level of the intervals</a>' in page
    assert "It can be at most 0.9999." in page


def test_a_choice_of_numbers_is_sent_as_a_number(cast: Cast, signed_in: SignedIn) -> None:
    sent = {"evaluator": "privacy.membership", "column-member": "member", "score": "score", "score_kind": "probability"}
    more = {"parameter-fpr": "0.01", "table_file": upload()}
    assert signed_in(cast.ada).post(address(cast), sent | more).status_code == 302
    assert Evaluation.objects.get().parameters == {"fpr": 0.01}


def test_lines_of_a_key_stay_lines_and_a_schema_is_read() -> None:
    key = parameter_field("public_key", describe("security.provenance")["params"]["properties"]["public_key"])
    assert isinstance(key, LongField)
    assert key.clean(PEM) == PEM.replace("\r\n", "\n")
    schema = parameter_field("schema", describe("gen.format")["params"]["properties"]["schema"])
    with pytest.raises(Exception, match="Line 1, column 2"):
        schema.clean("{no")
    assert (schema.clean(""), schema.clean('{"type": "object"}')) == ("", '{"type": "object"}')


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0, 1, 2", "At most 2 numbers are taken here; these are 3."),
        ("0, inf", "“inf” is not a number."),
        ("1, 0", "A lower and a higher number are needed here."),
        ("1", "A lower and a higher number are needed here."),
    ],
)
def test_two_ends_are_a_lower_and_a_higher_number(typed: str, said: str) -> None:
    field = parameter_field("box", describe("robust.adversarial")["params"]["properties"]["box"])
    assert isinstance(field, NumbersField)
    with pytest.raises(Exception, match=re.escape(said)):
        field.clean(typed)
    assert (field.clean(""), field.clean("0, 255")) == ([], [0, 255])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is neither Parquet nor text in UTF-8"),
        (b"caf\xe9,b\n1,2\n", "is neither Parquet nor text in UTF-8"),
        (b"a,b\n", "names its columns and has no rows"),
        (b"a,b", "names its columns and has no rows"),
        (b"%PDF-1.4", "rows.csv is a PDF, not"),
    ],
)
def test_what_is_no_table_is_said_of_the_file(content: bytes, said: str) -> None:
    with pytest.raises(Exception, match=said):
        read_columns(upload(content=content).file, "rows.csv")


def test_a_column_of_a_model_is_not_named_where_the_table_says_what_was_predicted(
    cast: Cast, signed_in: SignedIn
) -> None:
    sent = {"evaluator": "performance.accuracy", "label": "truth", "prediction": "member", "features": "a, b"}
    found = said_of(signed_in(cast.ada), address(cast), sent | {"table_file": upload()})
    assert list(found) == ["features"]
    assert "“member” says what it predicted" in found["features"][0]


def test_what_a_verb_says_of_a_field_is_a_sentence() -> None:
    assert _sentence("it is taken") == "It is taken."
    assert _sentence("lending/cars@1 has the same files") == "lending/cars@1 has the same files."
    assert _sentence("Say why.") == "Say why."
