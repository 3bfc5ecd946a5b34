"""Entries are never changed or lost; a thread's head only moves forward."""

from django.db import migrations

ENTRY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON timeline_entry
    FOR EACH ROW EXECUTE FUNCTION desk_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON timeline_entry
    FOR EACH STATEMENT EXECUTE FUNCTION desk_append_only();
CREATE TRIGGER append_only BEFORE DELETE ON timeline_thread
    FOR EACH ROW EXECUTE FUNCTION desk_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON timeline_thread
    FOR EACH STATEMENT EXECUTE FUNCTION desk_append_only();
CREATE TRIGGER only_forward BEFORE UPDATE ON timeline_thread
    FOR EACH ROW WHEN (NEW.key <> OLD.key OR NEW.last_seq < OLD.last_seq) EXECUTE FUNCTION desk_append_only();
"""

NO_ENTRY = """
DROP TRIGGER append_only ON timeline_entry;
DROP TRIGGER append_only_truncate ON timeline_entry;
DROP TRIGGER append_only ON timeline_thread;
DROP TRIGGER append_only_truncate ON timeline_thread;
DROP TRIGGER only_forward ON timeline_thread;
"""


class Migration(migrations.Migration):
    dependencies = [("timeline", "0001_initial"), ("accounts", "0002_append_only")]

    operations = [migrations.RunSQL(ENTRY, NO_ENTRY)]
