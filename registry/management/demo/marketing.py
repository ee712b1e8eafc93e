"""Another team with a model of its own, so that it can be seen that teams don't see one another."""

import importlib

from registry.management.demo.data import read_survey, source_file
from registry.management.demo.lending import dataset_version
from registry.management.demo.people import Cast
from registry.management.demo.versions import TRAINING, hold
from registry.models import ModelVersion, Project, RegisteredModel
from registry.models.choices import ModelKind, Relation
from registry.services import catalog

PROJECT, MODEL = "campaigns", "eco-label-demand"


def register(cast: Cast) -> ModelVersion:
    """eve's model: who would buy eco-labelled apples, from a survey of 660 households."""
    eve, team = cast["eve"], cast.marketing
    known = ModelVersion.objects.filter(team=team, model__slug=MODEL, label="1").first()
    if known:
        return known
    project = Project.objects.filter(team=team, slug=PROJECT).first() or catalog.create_project(
        team, slug=PROJECT, name="Campaigns", purpose="Whom to tell about eco-labelled fruit.", by=eve
    )
    file = ("apple.csv.bz2", source_file("apple").read_bytes())
    survey = dataset_version(team, slug="apple-survey", description="Telephone survey, 1998.", file=file, by=eve)
    features, labels = read_survey()
    trained = importlib.import_module(TRAINING).train_survey_model(features, labels)
    model = RegisteredModel.objects.filter(team=team, slug=MODEL).first() or catalog.create_model(
        project, slug=MODEL, kind=ModelKind.TABULAR, description="Who would buy eco-labelled apples.", by=eve
    )
    files = hold(project, ("model.skops", trained), by=eve)
    parent = catalog.Parent(relation=Relation.TRAINED_ON, version=survey)
    return catalog.register_model_version(model, label="1", artifact=files, parents=[parent], by=eve)
