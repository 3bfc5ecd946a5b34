from datetime import date

from django.db import connection, models


class DailyCounter(models.Model):
    """The last case number given out on one day. Its row lock is what keeps the sequence free of gaps."""

    prefix = models.CharField(max_length=4)
    day = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "day"], name="cases_counter_per_day")]

    @classmethod
    def next(cls, prefix: str, day: date) -> int:
        """One statement: whoever comes second waits for the first to commit or to give its number back."""
        table = cls._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (prefix, day, last) VALUES (%s, %s, 1) "  # noqa: S608 -- the table's own name
                f"ON CONFLICT (prefix, day) DO UPDATE SET last = {table}.last + 1 RETURNING last",
                [prefix, day],
            )
            (last,) = cursor.fetchone()
        return int(last)
