"""Let the application have the planner learn what an import brought; ANALYZE belongs to a table's owner."""

from django.db import migrations

SQL = """
CREATE FUNCTION tillit_analyze_people() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE people_person, people_identity, people_traits, people_subscription, consent_choice;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0003_person_flags")]
    operations = [migrations.RunSQL(SQL, "DROP FUNCTION tillit_analyze_people()")]
