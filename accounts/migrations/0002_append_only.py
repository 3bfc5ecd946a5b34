"""The access log lets rows in and never changes or loses one, whoever asks.

`desk_append_only()` is made here, on the lowest floor, and used by the timeline too.
"""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION desk_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'The record is never changed. Write a new row that corrects the old one.';
END $$
"""

TRIGGERS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_accesslog
    FOR EACH ROW EXECUTE FUNCTION desk_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON accounts_accesslog
    FOR EACH STATEMENT EXECUTE FUNCTION desk_append_only();
"""

NO_TRIGGERS = """
DROP TRIGGER append_only ON accounts_accesslog;
DROP TRIGGER append_only_truncate ON accounts_accesslog;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION desk_append_only()"),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
