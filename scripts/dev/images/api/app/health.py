"""Whether the application can do its work."""

import time
from datetime import datetime, timezone

import psycopg2
import redis
from flask import Blueprint, jsonify

from . import stores

routes = Blueprint("health", __name__)
_started = time.monotonic()


@routes.get("/health")
def health():
    """200 when both stores answer, else 503. Counts nothing and writes nothing."""
    services = {"database": _answers(_database), "redis": _answers(stores.cache().ping)}
    healthy = all(answer == "ok" for answer in services.values())
    body = {
        "status": "ok" if healthy else "error",
        "timestamp": datetime.now(timezone.utc).isoformat(),
        "uptime": round(time.monotonic() - _started, 3),
        **services,
    }
    return jsonify(body), 200 if healthy else 503


def _database():
    stores.query("SELECT 1")


def _answers(probe):
    try:
        probe()
    except (psycopg2.Error, redis.RedisError) as error:
        return str(error).splitlines()[0]
    return "ok"
