"""A page shows first what matters: the rest is folded and listed at its top, and paper shows no buttons."""

import re
from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, User
from tests import make
from tests.people import Cast
from tests.reports.test_print import printed

SignedIn = Callable[[User], Client]


def evidence_of(client: Client, version: ModelVersion) -> str:
    return client.get(reverse("version-evidence", args=[version.pk])).content.decode()


def measured_of_groups(version: ModelVersion, cast: Cast) -> None:
    rates = [make.reading(metric="fairness.selection_rate", slice=f"race={name}") for name in ("a", "b")]
    overall = make.reading(metric="fairness.selection_rate", slice="overall")
    make.measured(version, by=cast.ada, readings=[make.reading(), overall, *rates])


def test_what_no_limit_judges_is_folded_and_the_page_lists_its_parts(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    measured_of_groups(version, cast)
    page = evidence_of(signed_in(cast.ada), version)
    assert page.count('<details class="after"><summary>') == 2
    linked = re.findall(r'href="#([\w-]+)"', page.partition("page-contents")[2].partition("</nav>")[0])
    assert linked == ["measured-1", "group-by-group", "runs"]
    assert all(f'id="{name}"' in page for name in linked)


def test_where_nothing_is_judged_the_first_table_is_open(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    measured_of_groups(version, cast)
    rule = make.a_policy()["stages"][make.INFERENCE]
    unlimited = [evaluation | {"thresholds": []} for evaluation in rule["evaluations"]]
    body = make.a_policy(evaluations=unlimited)
    make.active_policy(cast, on=version.model.project, body=body, slug="unlimited")
    page = evidence_of(signed_in(cast.ada), version)
    assert page.count('<details class="after" open><summary>') == 1


def test_a_form_that_is_loaded_anew_begins_anew(cast: Cast, signed_in: SignedIn) -> None:
    version = make.model_version(cast)
    answer = signed_in(cast.ada).get(reverse("version-evaluate-table", args=[version.pk]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("version-evaluate-freely", args=[version.pk]))


def test_paper_has_no_buttons(cast: Cast, signed_in: SignedIn) -> None:
    version = make.ready_version(cast)
    page = signed_in(cast.ada).get(reverse("version", args=[version.pk])).content.decode()
    assert "Evaluate</a>" in page
    alone = re.sub(r"<link[^>]*>|<script.*?</script>|<img[^>]*>", "", page, flags=re.DOTALL)
    words = " ".join(sheet.extract_text() for sheet in printed(alone).pages)
    assert "May it enter inference?" in words
    assert [button for button in ("Evaluate", "Move to inference", "What you can do") if button in words] == []
