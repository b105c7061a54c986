import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two Latin letters in a name: in pinyin they stand everywhere."""

    dependencies = [
        ("alliance", "0023_firms_of_a_city"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="organisation",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    models.Func(
                        django.db.models.functions.text.Concat(
                            django.db.models.functions.comparison.Coalesce(
                                models.F("name_zh"), models.Value("")
                            ),
                            models.Value("|"),
                            django.db.models.functions.comparison.Coalesce(
                                models.F("name_en"), models.Value("")
                            ),
                            models.Value("|"),
                            django.db.models.functions.comparison.Coalesce(
                                models.F("uscc"), models.Value("")
                            ),
                            models.Value("|"),
                            output_field=models.TextField(),
                        ),
                        models.Value(""),
                        function="search_text",
                        output_field=models.TextField(),
                    ),
                    function="search_grams",
                    output_field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                name="organisation_written",
            ),
        ),
    ]
