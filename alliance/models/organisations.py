"""Bureaus and firms, what they hold and what they delivered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from alliance.access import Row
from alliance.choices import OrganisationKind, OrganisationRole
from alliance.models.base import GuardedManager, HeldCertificate, Named, Published
from alliance.models.places import City
from alliance.models.searching import Searched


class Certification(Named):
    """A certificate that firms name, with the other ways it is written."""

    access = Row("reference")
    code = models.CharField(max_length=64, unique=True)
    synonyms = ArrayField(models.CharField(max_length=200), default=list, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]


FIRM_NAMES = Searched(("name_zh", "name_en", "uscc"), pinyin="name_sort", alike=True)
#: The same without pinyin, in which two Latin letters stand everywhere: what filters of lists look for.
FIRM_WRITTEN = Searched(("name_zh", "name_en", "uscc"))


class Organisation(Named, Published):
    """A bureau or a firm. An unclaimed entry is a real organisation that nobody has claimed: no code, no capabilities.

    `merged_into`: the entry that took over everything of this one, which nobody sees any more but as a way there.
    `listed` is false for what a firm registered itself until its bureau has verified it.
    """

    access = Row("directory", owner="id", cities=("city",), reach="city", published=("listed",))
    external_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=OrganisationKind)
    uscc = models.CharField(max_length=18, null=True, blank=True, unique=True)
    name_sort = models.CharField(
        max_length=600, blank=True, db_index=True, help_text="pinyin of the Chinese name"
    )
    city = models.ForeignKey(City, models.PROTECT, related_name="organisations", db_index=False)
    roles = ArrayField(models.CharField(max_length=14, choices=OrganisationRole), default=list, blank=True)
    verified = models.BooleanField(default=False)
    claimed = models.BooleanField(default=True)
    suspended = models.BooleanField(default=False)
    fictitious = models.BooleanField(default=False)
    listed = models.BooleanField(default=True)
    source = models.CharField(max_length=1000, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")

    objects = GuardedManager()

    class Meta:
        indexes = [
            FIRM_NAMES.index("organisation_search"),
            FIRM_WRITTEN.index("organisation_written"),
            # Which firms are in a city, without a look at the firms: a rule asks it for their demands.
            models.Index(fields=["city"], include=["id"], name="organisation_of_city"),
        ]
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=OrganisationKind.values), name="organisation_kind"),
            models.CheckConstraint(
                condition=Q(roles__contained_by=OrganisationRole.values), name="organisation_roles_known"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | (~Q(merged_into=F("id")) & Q(listed=False)),
                name="organisation_merged_unlisted",
            ),
            models.CheckConstraint(
                condition=Q(claimed=True) | Q(uscc=None), name="organisation_unclaimed_no_code"
            ),
        ]


class OrganisationContact(models.Model):
    """How to reach an organisation: opened to others only by an introduction."""

    access = Row("contact", owner="organisation", cities=("organisation__city",))
    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="contact"
    )
    person = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    address = models.CharField(max_length=300, blank=True)

    objects = GuardedManager()


class OrganisationCertificate(HeldCertificate):
    """A certificate that a whole organisation holds."""

    access = Row(
        "premises",
        owner="organisation",
        cities=("organisation__city",),
        reach="organisation__city",
        published=("organisation__listed",),
    )
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="certificates")

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "code"], name="organisation_certificate_once")
        ]


class DeliveryRecord(models.Model):
    """What an organisation delivered, in all: `trust` is computed from it."""

    access = Row(
        "delivery record",
        owner="organisation",
        cities=("organisation__city",),
        reach="organisation__city",
        published=("organisation__listed",),
    )
    organisation = models.OneToOneField(
        Organisation, models.CASCADE, primary_key=True, related_name="deliveries"
    )
    completed = models.PositiveIntegerField(default=0)
    on_time = models.PositiveIntegerField(default=0)

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(on_time__lte=F("completed")), name="deliveries_on_time_of_completed"
            )
        ]


class Exclusion(models.Model):
    """An organisation does not want to be matched with another: known to itself and its bureau only."""

    access = Row("own", owner="organisation", cities=("organisation__city",))
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="exclusions")
    excluded = models.ForeignKey(Organisation, models.CASCADE, related_name="excluded_by")

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["organisation", "excluded"], name="exclusion_once")]
