"""The demo's story from the first account to a version that only lacks signatures. Every step is taken at most once."""

from collections.abc import Callable

from registry.gates.verdict import Requirement
from registry.management.demo import facts, lending, marketing, people, texts, versions
from registry.management.demo.assessing import assess, walk_to_training
from registry.management.demo.data import Applications, read_applications
from registry.management.demo.figures import measured_figures
from registry.management.demo.versions import Walk
from registry.management.demo.waiting import wait_for
from registry.models.choices import Stage
from registry.services import verdicts

Say = Callable[[str], None]


def tell(say: Say) -> facts.Facts:
    """Seed the demo, or what is missing of it. The worker must run: it does the measuring."""
    told = facts.recall()
    if told:
        say("everything is there")
        names = {name: item["id"] for name, item in told["versions"].items()}
        again = facts.compose(names, token=told["token"])
        facts.keep(again)
        return again
    cast = people.gather()
    say("teams lending and marketing, their people")
    data = read_applications()
    say(describe(data))
    walks = walk_both(cast, data, say=say)
    other = marketing.register(cast)
    say(f"{other} belongs to another team")
    finish(walks, say=say)
    everything = [*(walk.version for walk in walks), other]
    for version in everything:
        facts.lay_out(version)
    names = {str(version): str(version.pk) for version in everything}
    whole = facts.compose(names, token=people.fresh_token(cast))
    facts.keep(whole)
    return whole


def walk_both(cast: people.Cast, data: Applications, *, say: Say) -> list[Walk]:
    """Both versions trained, registered, queued and at the stage training. The worker measures meanwhile."""
    project = lending.open_project(cast, texts.load("project"))
    revision = lending.adopt_policy(cast, project)
    say(f"{revision} is agreed by two and active for {project}")
    dataset = lending.register_data(cast, data)
    say(f"{dataset} with its datasheet")
    walks = []
    for label in ("1", "2"):
        walk = versions.begin(label, project=project, dataset=dataset, data=data, by=cast["ada"])
        versions.measure(walk, revision)
        say(f"{walk.version} trained and registered, {len(walk.runs)} evaluations asked for")
        walk_to_training(walk)
        walks.append(walk)
    return walks


def finish(walks: list[Walk], *, say: Say) -> None:
    """Once everything is measured: the cards, the risks as they stand then, and what the gate says."""
    wait_for([run for walk in walks for run in walk.runs], say=say)
    for walk in walks:
        walk.figures |= measured_figures(walk.runs)
        if walk.version.stage == Stage.TRAINING:
            assess(walk, Stage.TRAINING)
        versions.write_card(walk)
        reviewed = verdicts.review(walk.version, to_stage=Stage.INFERENCE)
        say(f"{walk.version} for inference: {reviewed.decision.outcome.value}")
        for requirement in reviewed.decision.unmet:
            say(f"  {line(requirement)}")


def describe(data: Applications) -> str:
    shares = " and ".join(f"{data.approval_rate(race):.3f} of {race}" for race in ("white", "non-white"))
    return f"{len(data.approved):,} real applications; lenders approved {shares} ones"


def line(requirement: Requirement) -> str:
    return f"{requirement.outcome.value:9} {requirement.asked}; {requirement.found_text}"
