"""Nothing is written that was not meant to be written: every shape that is read refuses every key beside its own."""

import pytest
from django.apps import apps
from rest_framework import serializers

from registry.api import urls
from registry.api.strict import StrictSerializer

assert urls.urlpatterns, "the addresses bring every shape along"


def every_shape(shape: type = StrictSerializer) -> list[type]:
    below = [found for child in shape.__subclasses__() for found in every_shape(child)]
    return [child for child in shape.__subclasses__() if child.__module__.startswith("registry.")] + below


SHAPES = sorted(set(every_shape()), key=lambda shape: shape.__name__)
COLUMNS = sorted(
    {name for model in apps.get_app_config("registry").get_models() for field in model._meta.get_fields()
     for name in (field.name, getattr(field, "attname", field.name))}
)  # fmt: skip
OWNED = {"stage", "standing", "evidence_rev", "root_digest", "assurance", "registered_by", "created_by", "is_superuser"}


def complaints(shape: type, data: dict[str, object]) -> dict[str, object]:
    """What the shape says of some data, whatever else is missing."""
    reading = shape(data=data, partial=True)
    try:
        reading.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        return error.detail
    return {}


def test_the_shapes_and_the_columns_are_really_looked_at() -> None:
    assert len(SHAPES) >= 20
    assert len(COLUMNS) >= 100
    assert set(COLUMNS) >= OWNED


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_shape_takes_no_column_that_it_does_not_name(shape: type) -> None:
    foreign = [column for column in COLUMNS if column not in shape().fields]
    said = complaints(shape, dict.fromkeys(foreign, "1"))
    assert {column for column in foreign if said.get(column) != ["unknown field"]} == set()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_no_shape_names_what_the_database_or_the_session_decides(shape: type) -> None:
    # A signature names the evidence revision that was shown, which is compared and never stored from there.
    decided = OWNED - {"evidence_rev"} | {"signed_at", "signed_by", "moved_by", "team_id", "seq", "is_service"}
    assert set(shape().fields) & decided == set()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_shape_is_an_object(shape: type) -> None:
    for data in ([], "x", 1, None, [{}]):
        assert not shape(data=data).is_valid()
