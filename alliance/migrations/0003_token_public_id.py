"""A token has an address of its own; its digest is nobody's business."""

import uuid

from django.db import migrations, models

FILL = "UPDATE alliance_apitoken SET public_id = gen_random_uuid() WHERE public_id IS NULL"
FIELD = {"default": uuid.uuid4, "editable": False}


class Migration(migrations.Migration):
    dependencies = [("alliance", "0002_rules_in_the_database")]

    operations = [
        migrations.AlterModelOptions("apitoken", {"ordering": ["-created"]}),
        migrations.AddField("apitoken", "public_id", models.UUIDField(null=True, **FIELD)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("apitoken", "public_id", models.UUIDField(unique=True, **FIELD)),
    ]
