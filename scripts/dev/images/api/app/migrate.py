"""Brings the database up to date: each file of `migrations/` once, in order.

The table of what was done is Prisma's, because that is what such applications
are found with.
"""

import hashlib
from pathlib import Path

from . import stores

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as every instance takes the same one.
LOCK = 20251120

TABLE = """
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    migration_name      text NOT NULL UNIQUE,
    checksum            text NOT NULL,
    finished_at         timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 1
)"""


def run():
    """Applies what is missing; instances that start together wait for each other."""
    connection = stores.connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            cursor.execute(TABLE)
            for path in sorted(MIGRATIONS.glob("*.sql")):
                _apply(cursor, path)
    finally:
        connection.close()


def _apply(cursor, path):
    sql = path.read_text(encoding="utf-8")
    cursor.execute("SELECT 1 FROM _prisma_migrations WHERE migration_name = %s", (path.stem,))
    if cursor.fetchone():
        return
    cursor.execute(sql)
    cursor.execute(
        "INSERT INTO _prisma_migrations (migration_name, checksum) VALUES (%s, %s)",
        (path.stem, hashlib.sha256(sql.encode()).hexdigest()),
    )
