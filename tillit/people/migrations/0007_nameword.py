"""Keep the words of people's names in a table of their own, so that a name is found through an index.

Triggers for each statement write them; those of people who are there already are written here, 6 seconds a million.
The table has one ordinary index. By person the rows lie in the order in which people came, so the smallest index there
is (BRIN) finds what an erasure deletes.
"""

from django.db import migrations, models

WORDS = r"""
CREATE FUNCTION tillit_name_words(text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT ROWS 3 AS $$
    SELECT left(word, 40) FROM string_to_table(translate(
        CASE WHEN octet_length($1) = char_length($1) THEN lower($1)
             ELSE translate(lower(regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g')),
                            'øłđðþæœßıς', 'olddtaosiσ') END,
        E'\t\n\r-–’''`.,;:/\\()[]"&+_@*|', repeat(' ', 25)), ' ') AS word
    WHERE word <> ''
$$;
"""
# Whoever may write what is known of a person may write the words of it, and nothing but the triggers does.
TABLE = """
CREATE TABLE people_nameword (
    workspace_id integer NOT NULL, word varchar(40) COLLATE "C" NOT NULL, person_id uuid NOT NULL);
CREATE FUNCTION tillit_add_names() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO people_nameword (workspace_id, word, person_id)
    SELECT t.workspace_id, word, t.person_id
    FROM added t, jsonb_each_text(t."values") said, tillit_name_words(said.value) word
    WHERE t.category = 'identity' ORDER BY word;
    RETURN NULL;
END $$;
CREATE FUNCTION tillit_remove_names() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM people_nameword n USING (
        SELECT DISTINCT t.workspace_id, word, t.person_id
        FROM removed t, jsonb_each_text(t."values") said, tillit_name_words(said.value) word
        WHERE t.category = 'identity') gone
    WHERE n.workspace_id = gone.workspace_id AND n.word = gone.word::varchar AND n.person_id = gone.person_id;
    RETURN NULL;
END $$;
CREATE FUNCTION tillit_change_names() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    WITH changed AS (
        SELECT o.workspace_id, o.person_id, o."values" AS old, n."values" AS new
        FROM removed o JOIN added n USING (person_id, category)
        WHERE o.category = 'identity' AND o."values" IS DISTINCT FROM n."values"
    ), gone AS (
        DELETE FROM people_nameword n USING (
            SELECT DISTINCT c.workspace_id, word, c.person_id
            FROM changed c, jsonb_each_text(c.old) said, tillit_name_words(said.value) word) gone
        WHERE n.workspace_id = gone.workspace_id AND n.word = gone.word::varchar AND n.person_id = gone.person_id
    )
    INSERT INTO people_nameword (workspace_id, word, person_id)
    SELECT c.workspace_id, word, c.person_id
    FROM changed c, jsonb_each_text(c.new) said, tillit_name_words(said.value) word;
    RETURN NULL;
END $$;
CREATE TRIGGER tillit_add_names AFTER INSERT ON people_traits REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tillit_add_names();
CREATE TRIGGER tillit_change_names AFTER UPDATE ON people_traits
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tillit_change_names();
CREATE TRIGGER tillit_remove_names AFTER DELETE ON people_traits REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION tillit_remove_names();
INSERT INTO people_nameword (workspace_id, word, person_id)
SELECT t.workspace_id, word, t.person_id
FROM people_traits t, jsonb_each_text(t."values") said, tillit_name_words(said.value) word
WHERE t.category = 'identity';
CREATE INDEX nameword_word ON people_nameword (workspace_id, word, person_id) WITH (deduplicate_items = off);
CREATE INDEX nameword_person ON people_nameword USING brin (person_id) WITH (autosummarize = on);
"""
ANALYZE = """
CREATE OR REPLACE FUNCTION tillit_analyze_people() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE people_person, people_identity, people_traits, people_nameword, people_subscription, consent_choice;
END $$;
"""
AWAY = """
DROP TRIGGER tillit_add_names ON people_traits;
DROP TRIGGER tillit_change_names ON people_traits;
DROP TRIGGER tillit_remove_names ON people_traits;
DROP FUNCTION tillit_add_names(), tillit_change_names(), tillit_remove_names();
DROP TABLE people_nameword;
CREATE OR REPLACE FUNCTION tillit_analyze_people() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE people_person, people_identity, people_traits, people_subscription, consent_choice;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0006_field_kinds")]
    operations = [
        migrations.RunSQL(WORDS, "DROP FUNCTION tillit_name_words(text)"),
        migrations.RunSQL(
            TABLE + ANALYZE,
            AWAY,
            state_operations=[
                migrations.CreateModel(
                    name="NameWord",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "workspace_id",
                                "word",
                                "person_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("workspace_id", models.IntegerField()),
                        ("word", models.CharField(db_collation="C", max_length=40)),
                        ("person_id", models.UUIDField()),
                    ],
                )
            ],
        ),
    ]
