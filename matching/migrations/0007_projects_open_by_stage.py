"""What introductions opened before, said of their projects too (`matching/services/introductions/disclosing.py`)."""

from typing import ClassVar

from django.db import migrations

OPEN = """
    INSERT INTO alliance_disclosure (kind, object_id, organisation_id, stage, opened_at)
    SELECT 'project', p.public_id, side.organisation_id,
           max(CASE i.state WHEN 'proposed' THEN 0 WHEN 'declined' THEN 0 WHEN 'accepted' THEN 1 ELSE 2 END), now()
    FROM matching_introduction i JOIN matching_project p ON p.id = i.project_id
    CROSS JOIN LATERAL (VALUES (i.lab_id), (i.lab_bureau_id), (i.supplier_bureau_id)) side (organisation_id)
    GROUP BY p.public_id, side.organisation_id
    ON CONFLICT DO NOTHING
"""
CLOSE = "DELETE FROM alliance_disclosure WHERE kind = 'project'"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("matching", "0006_bills_of_materials"), ("alliance", "0005_joining")]
    operations: ClassVar = [migrations.RunSQL(OPEN, CLOSE)]
