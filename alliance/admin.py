"""Reference data, bureaus and people in /admin/, for the platform admin. Every write goes through a service."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken

from alliance.choices import BUREAU_ROLES, CityRole, OrganisationKind
from alliance.models import (
    Alliance,
    AllianceCity,
    Certification,
    City,
    Membership,
    Organisation,
    TravelTime,
    User,
)
from alliance.services.people import join_organisation, random_password, suspend_person
from alliance.services.reference import delete_reference, leave_organisation, save_reference
from alliance.services.registration import NewPerson, new_person
from alliance.services.second_factor import reset_second_factor

for foreign in (Group, AuthToken):
    if admin.site.is_registered(foreign):
        admin.site.unregister(foreign)


class ServiceForm(forms.ModelForm):
    """Trees are checked here too, so that the form can say what is wrong."""

    def clean_parent(self) -> Any:
        above = self.cleaned_data["parent"]
        node = above
        while node is not None:
            if node.pk == self.instance.pk:
                raise forms.ValidationError(_("It would lie in itself."))
            node = node.parent
        return above


class ReferenceAdmin(admin.ModelAdmin):
    """Saves and deletes by `alliance.services.reference`; `kind` names the change."""

    kind = ""

    def object_id(self, row: Any) -> str:
        return str(row)

    def name_of(self, row: Any) -> tuple[str, str]:
        """(kind, id) of the change of a row of this model or of one of its inlines."""
        return self.kind, self.object_id(row)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        kind, name = self.name_of(obj)
        save_reference(obj, kind=kind, object_id=name)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        kind, name = self.name_of(obj)
        delete_reference(obj, kind=kind, object_id=name)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        rows: list[Model] = formset.save(commit=False)
        for row in formset.deleted_objects:
            kind, name = self.name_of(row)
            delete_reference(row, kind=kind, object_id=name)
        for row in rows:
            kind, name = self.name_of(row)
            save_reference(row, kind=kind, object_id=name)


class TypeAdmin(ReferenceAdmin):
    """A tree of types; the change of a type's parameter is a change of the type."""

    form = ServiceForm
    list_display = ["code", "name_zh", "name_en", "parent"]
    list_select_related = ["parent"]
    search_fields = ["code", "name_zh", "name_en"]
    autocomplete_fields = ["parent"]

    def name_of(self, row: Any) -> tuple[str, str]:
        return self.kind, str(getattr(row, "type", row).code)


class KeyAdmin(ReferenceAdmin):
    """Unit, kind and choices are fixed once a key exists: stored values are written in them."""

    list_display = ["key", "unit", "kind", "ordered"]
    search_fields = ["key"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["key", "unit", "kind", "choices", "ordered"] if obj is not None else []


@admin.register(City)
class CityAdmin(ReferenceAdmin):
    kind = "city"
    form = ServiceForm
    list_display = ["code", "name_zh", "name_en", "parent"]
    search_fields = ["code", "name_zh", "name_en"]
    autocomplete_fields = ["parent"]
    ordering = ["code"]

    def object_id(self, row: Any) -> str:
        return str(row.code)


@admin.register(TravelTime)
class TravelTimeAdmin(ReferenceAdmin):
    kind = "travel time"
    list_display = ["origin", "destination", "minutes", "km", "source"]
    autocomplete_fields = ["origin", "destination"]
    list_select_related = ["origin", "destination"]

    def object_id(self, row: Any) -> str:
        return f"{row.origin.code}/{row.destination.code}"


class CityRolesForm(forms.ModelForm):
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=CityRole.choices, widget=forms.CheckboxSelectMultiple
    )


class AllianceCityInline(admin.TabularInline):
    model = AllianceCity
    form = CityRolesForm
    autocomplete_fields = ["city"]
    extra = 0


@admin.register(Alliance)
class AllianceAdmin(ReferenceAdmin):
    kind = "alliance"
    list_display = ["slug", "name_zh", "name_en", "lead_city", "publishes_directory"]
    autocomplete_fields = ["lead_city"]
    inlines = [AllianceCityInline]
    exclude = ["as_of", "as_of_pinned"]

    def name_of(self, row: Any) -> tuple[str, str]:
        if isinstance(row, AllianceCity):
            return "membership", f"{row.alliance.slug}/{row.city.code}"
        return self.kind, str(row.slug)


@admin.register(Certification)
class CertificationAdmin(ReferenceAdmin):
    kind = "certification"
    list_display = ["code", "name_zh", "name_en"]
    search_fields = ["code", "name_zh", "name_en"]

    def object_id(self, row: Any) -> str:
        return str(row.code)


@admin.register(Organisation)
class BureauAdmin(ReferenceAdmin):
    """Bureaus only: firms are written by themselves and by their bureau."""

    kind = "organisation"
    list_display = ["external_id", "name_zh", "name_en", "city", "suspended"]
    list_select_related = ["city"]
    search_fields = ["external_id", "name_zh", "name_en"]
    autocomplete_fields = ["city"]
    fields = ["external_id", "name_zh", "name_en", "city", "source", "suspended"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(kind=OrganisationKind.BUREAU)

    def object_id(self, row: Any) -> str:
        return str(row.public_id)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.kind = OrganisationKind.BUREAU
        super().save_model(request, obj, form, change)


@admin.register(User)
class PersonAdmin(admin.ModelAdmin):
    """Makes people, who get a random password shown once, and shuts them out; nobody is deleted."""

    list_display = ["username", "display_name", "is_active", "is_superuser", "last_login"]
    search_fields = ["username", "display_name"]
    fields = ["username", "display_name", "email"]
    actions = ["suspend", "restore", "one_step"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and obj is None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        password = random_password()
        made = new_person(NewPerson(obj.username, password, obj.display_name, obj.email))
        obj.pk = made.pk
        obj._state.adding = False
        words = _("The password of %(name)s, shown this once: %(password)s")
        messages.warning(request, words % {"name": obj.username, "password": password})

    @admin.action(description=_("Shut out, tokens included"))
    def suspend(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for person in queryset.exclude(pk=request.user.pk):
            suspend_person(person)

    @admin.action(description=_("Let in again"))
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for person in queryset:
            suspend_person(person, suspended=False)

    @admin.action(description=_("Switch off two-step sign-in (app and recovery codes lost)"))
    def one_step(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for person in queryset.exclude(pk=request.user.pk).exclude(second_factor__confirmed_at=None):
            reset_second_factor(person, user=cast(User, request.user))


@admin.register(Membership)
class BureauSeatAdmin(admin.ModelAdmin):
    """People of the bureaus: officials and alliance admins. A firm's people are its owner's business."""

    list_display = ["user", "organisation", "role"]
    list_select_related = ["user", "organisation"]
    autocomplete_fields = ["user", "organisation"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(organisation__kind=OrganisationKind.BUREAU)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = [(role.value, role.label) for role in BUREAU_ROLES]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and obj is None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = join_organisation(obj.user, obj.organisation, obj.role)
        obj.pk = made.pk
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        leave_organisation(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for member in queryset:
            leave_organisation(member)


__all__ = ["KeyAdmin", "ReferenceAdmin", "TypeAdmin"]
