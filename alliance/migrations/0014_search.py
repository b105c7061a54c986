"""Searching names by any two characters in a row: functions for indexes of the rows themselves.

A trigram index does not help two Chinese characters. `search_text` is what is searched: names without spaces and
punctuation, pinyin in one piece, its initials. `search_grams` are its pairs of characters, for a GIN index.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

# Spaces, ASCII punctuation but the bar, and the usual Chinese punctuation.
APART = " \t\n\r\u00a0\u3000!\"#$%&''()*+,-./:;<=>?@[]^_`{}~\\（）《》「」、，。·：；－"
TEXT = f"""
CREATE FUNCTION search_text(names text, pinyin text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
    SELECT translate(lower(names), '{APART}', '')
        || CASE WHEN pinyin = '' THEN '' ELSE '|' || replace(pinyin, ' ', '')
        || '|' || regexp_replace(pinyin, '([^ ])[^ ]* *', '\\1', 'g') END
$$
"""
GRAMS = """
CREATE FUNCTION search_grams(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS $$
DECLARE
    letters text[] := string_to_array(words, NULL);
    grams text[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(letters) - 1 LOOP
        grams[i] := letters[i] || letters[i + 1];
    END LOOP;
    RETURN grams;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("alliance", "0013_merges")]
    operations = [
        migrations.RunSQL(TEXT, "DROP FUNCTION search_text(text, text)"),
        migrations.RunSQL(GRAMS, "DROP FUNCTION search_grams(text)"),
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
                        models.F("name_sort"),
                        function="search_text",
                        output_field=models.TextField(),
                    ),
                    function="search_grams",
                    output_field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                name="organisation_search",
            ),
        ),
    ]
