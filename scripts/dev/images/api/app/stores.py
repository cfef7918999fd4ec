"""Connections to PostgreSQL and Redis, one a request.

No pool: a restored database ends the connections of the one it replaces, and
the next request must simply reach the new one.
"""

import os

import psycopg2
import psycopg2.extras
import redis
from flask import g

_cache = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True, socket_timeout=5)


def connect():
    """A connection to PostgreSQL; rows come as dictionaries."""
    return psycopg2.connect(
        os.environ["DATABASE_URL"],
        connect_timeout=5,
        application_name="api",
        cursor_factory=psycopg2.extras.RealDictCursor,
    )


def query(sql, parameters=()):
    """Runs one statement in this request's transaction; returns its rows."""
    if "database" not in g:
        g.database = connect()
    with g.database.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def cache():
    """The client of Redis; it connects again by itself."""
    return _cache


def commit():
    """Makes what this request wrote permanent."""
    g.database.commit()


def close(_error=None):
    """Ends this request's connection; what was not committed is undone."""
    database = g.pop("database", None)
    if database is not None:
        database.close()
