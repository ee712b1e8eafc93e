"""The one Django app."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Registers the app; system checks that need the models are loaded here."""

    name = "registry"
    verbose_name = "Assay"
    default_auto_field = "django.db.models.BigAutoField"
