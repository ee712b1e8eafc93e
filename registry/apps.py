"""The one Django app."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Registers the app; whoever publishes work, the web included, knows the Celery application and its tasks."""

    name = "registry"
    verbose_name = "Assay"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load what needs the models to be there."""
        from registry import celery, tasks  # noqa: F401, PLC0415 - tasks import models, which exist only from here on
