"""The operator's site: accounts can be made and deactivated; everything governed can only be looked at."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from registry.models import User
from registry.services import audit

# What a row's name is written from. Following every foreign key would join two dozen tables for one list.
OF_TEAM, OF_MODEL, OF_VERSION, OF_REVISION = ("team",), ("model__team",), ("version__model__team",), ("policy__team",)
NAMED_BY: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("project", "dataset", "registeredmodel", "policy"), OF_TEAM),
    **dict.fromkeys(("membership", "reviewerexpertise"), ("team", "person")),
    **dict.fromkeys(("authorship", "reauthentication"), ("person",)),
    "datasetversion": ("dataset__team",),
    "modelversion": OF_MODEL,
    **dict.fromkeys(("evaluation", "evidencesnapshot", "waiver", "riskassessment"), OF_VERSION),
    **dict.fromkeys(("verdict", "transition", "attestation"), OF_VERSION),
    "document": ("model_version__model__team", "dataset_version__dataset__team"),
    "documentrevision": ("document__model_version__model__team", "document__dataset_version__dataset__team"),
    "lineageedge": tuple(
        path for end in ("child", "parent") for path in (f"{end}_model__model__team", f"{end}_dataset__dataset__team")
    ),
    "signoffwithdrawal": ("sign_off",),
    "waivergrant": ("granted_by", "waiver__version__model__team"),
    "policyrevision": OF_REVISION,
    "stagerule": ("revision__policy__team",),
    "policypublication": ("agreed_by", "revision__policy__team"),
    "policyactivation": ("project__team", "revision__policy__team"),
}


class OperatorSite(admin.AdminSite):
    """For superusers, who thereby gain no right in any team."""

    site_title = site_header = "Assay, operator's site"
    index_title = "Accounts, and everything else to look at"

    def has_permission(self, request: HttpRequest) -> bool:
        """Active superusers."""
        return bool(request.user.is_active and request.user.is_superuser)


class ReadOnly(admin.ModelAdmin):
    """Looked at, never written: only the verbs write, and the database would refuse anything else."""

    list_display = ("__str__",)
    show_full_result_count = False

    def get_list_select_related(self, request: HttpRequest) -> tuple[str, ...]:
        """What a row's name is written from, and nothing else."""
        return NAMED_BY.get(str(self.opts.model_name), ())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class PersonAdmin(UserAdmin):
    """Accounts. They are deactivated, never deleted: what a person signed stays."""

    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_service", "last_login")
    list_filter = ("is_active", "is_service", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Account", {"fields": ("is_active", "is_service", "is_staff", "is_superuser")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email", "is_service", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """The account, and who changed what about it; never the values."""
        super().save_model(request, obj, form, change)
        verb = "person.changed" if change else "person.created"
        audit.record(verb, subject=obj, actor=request.user, detail={"fields": sorted(form.changed_data)})

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """A password that was set here is an event too."""
        if not isinstance(message, list):
            audit.record("person.password_set", subject=obj, actor=request.user)
        return super().log_change(request, obj, message)


site = OperatorSite(name="admin")
site.login = secure_admin_login(site.login)  # type: ignore[method-assign]
site.register(User, PersonAdmin)
for model in apps.get_app_config("registry").get_models():
    if model is not User:
        site.register(model, ReadOnly)
