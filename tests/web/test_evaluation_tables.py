"""Which rows each table has to hold is said where it is asked for: the same place means other rows elsewhere."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import User
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("evaluator", "table", "second"),
    [
        (
            "privacy.membership",
            "rows that the model was trained on, the members",
            "was not trained on, the non-members",
        ),
        ("data.leakage", "Here: the rows held out", "Here: the rows that the model was trained on."),
        ("drift.joint", "Here: the rows of now", "Here: the rows of before"),
    ],
)
def test_what_both_tables_hold_is_said_for_the_evaluator(
    evaluator: str, table: str, second: str, cast: Cast, signed_in: SignedIn
) -> None:
    where = reverse("version-evaluate-freely", args=[make.model_version(cast).pk])
    page = signed_in(cast.ada).get(where, {"evaluator": evaluator}).content.decode()
    assert table in page.partition('name="reference_file"')[0]
    assert second in page
