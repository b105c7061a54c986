"""Which demands of a city or a lab asked everywhere, without a look at the demands."""

from django.db import migrations, models


def indexes(*include: str) -> list[migrations.operations.base.Operation]:
    return [
        operation
        for place, name in (("lab_city", "demand_of_city"), ("owner", "demand_of_owner"))
        for operation in (
            migrations.RemoveIndex("demand", name),
            migrations.AddIndex(
                "demand",
                models.Index(fields=[place, "alliance", "published"], include=list(include), name=name),
            ),
        )
    ]


class Migration(migrations.Migration):
    dependencies = [("matching", "0027_near_misses_and_sites_as_arrays")]

    operations = indexes("id", "scope")
