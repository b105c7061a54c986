"""A capability belongs to the organisation of its facility, and nobody's directory entry has capabilities."""

from django.db import migrations

SAME_ORGANISATION = """
ALTER TABLE companies_facility ADD CONSTRAINT facility_organisation UNIQUE (id, organisation_id);
ALTER TABLE companies_capability ADD CONSTRAINT capability_of_its_facility
    FOREIGN KEY (facility_id, organisation_id) REFERENCES companies_facility (id, organisation_id)
    DEFERRABLE INITIALLY DEFERRED;
"""
SAME_ORGANISATION_UNDO = """
ALTER TABLE companies_capability DROP CONSTRAINT capability_of_its_facility;
ALTER TABLE companies_facility DROP CONSTRAINT facility_organisation;
"""

CLAIMED = """
CREATE FUNCTION refuse_capability_of_unclaimed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM written w JOIN alliance_organisation o ON o.id = w.organisation_id WHERE NOT o.claimed) THEN
        RAISE EXCEPTION 'an unclaimed directory entry has no capabilities' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER capability_claimed_insert AFTER INSERT ON companies_capability
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_capability_of_unclaimed();
CREATE TRIGGER capability_claimed_update AFTER UPDATE ON companies_capability
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_capability_of_unclaimed();
CREATE FUNCTION refuse_unclaiming() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.claimed AND EXISTS (SELECT 1 FROM companies_capability c WHERE c.organisation_id = NEW.id) THEN
        RAISE EXCEPTION 'an organisation with capabilities is claimed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER organisation_claimed AFTER UPDATE OF claimed ON alliance_organisation
    FOR EACH ROW WHEN (OLD.claimed AND NOT NEW.claimed) EXECUTE FUNCTION refuse_unclaiming();
"""
CLAIMED_UNDO = """
DROP TRIGGER organisation_claimed ON alliance_organisation;
DROP FUNCTION refuse_unclaiming();
DROP TRIGGER capability_claimed_update ON companies_capability;
DROP TRIGGER capability_claimed_insert ON companies_capability;
DROP FUNCTION refuse_capability_of_unclaimed();
"""


class Migration(migrations.Migration):
    dependencies = [("companies", "0001_initial"), ("alliance", "0002_rules_in_the_database")]

    operations = [
        migrations.RunSQL(SAME_ORGANISATION, SAME_ORGANISATION_UNDO),
        migrations.RunSQL(CLAIMED, CLAIMED_UNDO),
    ]
