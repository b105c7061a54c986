"""What a person keeps of lists: filters by name, which columns, which filter a list opens with."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.models.base import GuardedManager, Published
from alliance.models.organisations import Organisation


class SavedFilter(Published):
    """A list's filter by name: its maker's alone, or shared with one of the maker's organisations.

    `query` is the address's query string without page and format, as the list's own filter set has read it.
    """

    access = Row("saved filter", owner="organisation")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="saved_filters"
    )
    list_name = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)

    objects = GuardedManager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "list_name", "name"], name="saved_filter_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_filter_named"),
        ]

    def __str__(self) -> str:
        return self.name


class ListSetting(models.Model):
    """How one person looks at one list: the columns chosen (none: as the list proposes), the filter it opens with."""

    access = Row("person", owner="person")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="list_settings")
    list_name = models.SlugField(max_length=40)
    columns = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    opens_with = models.ForeignKey(
        SavedFilter, models.SET_NULL, null=True, blank=True, related_name="opens_for"
    )

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["person", "list_name"], name="list_setting_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.list_name}"
