"""Rules that must always hold and that Django's constraints cannot say."""

from django.db import migrations

# GB 32100-2015: weights 3**i mod 31 over the first 17 characters, check = (31 - sum mod 31) mod 31.
# The first four-figure region is checked by its province, as GB/T 2260 numbers them (plus 10: the
# registration authority of the centre).
CREDIT_CODE = """
CREATE FUNCTION credit_code_is_valid(code text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT code ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'
       AND substr(code, 3, 2) ~ '^(10|1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])$'
       AND (
            SELECT sum((position(substr(code, i, 1) in '0123456789ABCDEFGHJKLMNPQRTUWXY') - 1)
                       * (ARRAY[1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28])[i])
            FROM generate_series(1, 17) AS i
           ) % 31
         = (31 - (position(substr(code, 18, 1) in '0123456789ABCDEFGHJKLMNPQRTUWXY') - 1)) % 31
$$;
ALTER TABLE alliance_organisation
    ADD CONSTRAINT organisation_credit_code CHECK (uscc IS NULL OR credit_code_is_valid(uscc));
"""

CREDIT_CODE_UNDO = """
ALTER TABLE alliance_organisation DROP CONSTRAINT organisation_credit_code;
DROP FUNCTION credit_code_is_valid(text);
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER change_append_only BEFORE UPDATE OR DELETE ON alliance_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER change_no_truncate BEFORE TRUNCATE ON alliance_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
"""

APPEND_ONLY_UNDO = """
DROP TRIGGER change_no_truncate ON alliance_change;
DROP TRIGGER change_append_only ON alliance_change;
DROP FUNCTION refuse_change_of_history();
"""


class Migration(migrations.Migration):
    dependencies = [("alliance", "0001_initial")]

    operations = [
        migrations.RunSQL(CREDIT_CODE, CREDIT_CODE_UNDO),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_UNDO),
    ]
