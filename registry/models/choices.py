"""The closed vocabularies. Their values are stored and signed: a wording may change, a value never."""

from django.db.models import TextChoices


class Stage(TextChoices):
    """Where a model version stands in its life."""

    SCOPING = "scoping", "Scoping"
    DATA = "data", "Data"
    PREPROCESSING = "preprocessing", "Preprocessing"
    TRAINING = "training", "Training"
    INFERENCE = "inference", "Inference"
    RETIRED = "retired", "Retired"


class Standing(TextChoices):
    """Whether what a version reached still holds."""

    GOOD = "good", "Good"
    SUSPENDED = "suspended", "Suspended"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Role(TextChoices):
    """What a person does in a team."""

    CONTRIBUTOR = "contributor", "Contributor"
    REVIEWER = "reviewer", "Reviewer"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class Expertise(TextChoices):
    """What a reviewer can sign for."""

    DOMAIN = "domain", "Domain"
    PRIVACY = "privacy", "Privacy"
    LEGAL = "legal", "Legal"
    FAIRNESS = "fairness", "Fairness"
    SECURITY = "security", "Security"


class Aspect(TextChoices):
    """An aspect of trust."""

    FAIRNESS = "fairness", "Fairness"
    EXPLAINABILITY = "explainability", "Explainability"
    PRIVACY = "privacy", "Privacy"
    ROBUSTNESS = "robustness", "Robustness"
    SECURITY = "security", "Security"
    PERFORMANCE = "performance", "Performance"


class NeedLevel(TextChoices):
    """How much of an aspect a project needs."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class ModelKind(TextChoices):
    """What a model works on; it says which evaluations are offered first, and opens or shuts no gate."""

    TABULAR = "tabular", "Rows of a table"
    TEXT = "text", "Texts that it sorts"
    IMAGE = "image", "Images"
    GENERATIVE = "generative", "Texts that it writes"


class Relation(TextChoices):
    """How a child rests on its parent."""

    TRAINED_ON = "trained_on", "trained on"
    EVALUATED_ON = "evaluated_on", "evaluated on"
    DERIVED_FROM = "derived_from", "derived from"


class Assurance(TextChoices):
    """Who ran a measurement."""

    SELF_REPORTED = "self-reported", "Self-reported"
    PLATFORM_RUN = "platform-run", "Run here"
    REPRODUCED = "reproduced", "Reproduced"


class RunState(TextChoices):
    """The state of an evaluation."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    CANCELLING = "cancelling", "Cancelling"
    CANCELLED = "cancelled", "Cancelled"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    FAILED_INFRA = "failed_infra", "Failed: infrastructure"


class Priority(TextChoices):
    """How much a risk matters."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class Treatment(TextChoices):
    """What is done about a risk."""

    REDUCE = "reduce", "Reduce"
    AVOID = "avoid", "Avoid"
    TRANSFER = "transfer", "Transfer"
    ACCEPT = "accept", "Accept"


class DocumentKind(TextChoices):
    """A document and the schema it follows."""

    DATASHEET = "datasheet", "Datasheet"
    MODEL_CARD = "model_card", "Model card"


class Meaning(TextChoices):
    """What a signature says."""

    APPROVE = "approve", "I approve the use of this version at this stage"
    REQUEST_CHANGES = "request_changes", "I ask for changes before this goes on"


class Direction(TextChoices):
    """Which bound a threshold judges."""

    AT_LEAST = "at_least", "at least"
    AT_MOST = "at_most", "at most"
    WITHIN = "within", "within"
