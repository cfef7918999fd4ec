"""A small project manager: people, projects, tasks and uploaded files.

PostgreSQL holds the data, Redis the log-ins and the counters, a folder the
uploads. It exists to be backed up, damaged and restored.
"""

import psycopg2
import redis
from flask import Flask, jsonify

from . import accounts, directory, health, projects, stores, uploads


def create_app():
    """Builds the application that gunicorn serves."""
    app = Flask(__name__)
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    app.teardown_appcontext(stores.close)
    for blueprint in (
        accounts.routes,
        directory.routes,
        health.routes,
        projects.routes,
        uploads.routes,
    ):
        app.register_blueprint(blueprint, url_prefix="/api")
    app.register_error_handler(psycopg2.errors.UniqueViolation, conflict)
    app.register_error_handler(psycopg2.IntegrityError, unprocessable)
    app.register_error_handler(psycopg2.DataError, unprocessable)
    app.register_error_handler(psycopg2.Error, broken)
    app.register_error_handler(redis.RedisError, broken)
    app.register_error_handler(400, refused)
    app.register_error_handler(401, refused)
    app.register_error_handler(404, refused)
    return app


def conflict(error):
    """409: what was sent exists already."""
    return jsonify(error=error.diag.message_detail), 409


def unprocessable(error):
    """422: PostgreSQL refuses the values."""
    return jsonify(error=str(error).splitlines()[0]), 422


def broken(error):
    """500: a store does not do what it should, in its own words."""
    return jsonify(error=str(error).splitlines()[0]), 500


def refused(error):
    """The client's own mistake, as JSON instead of Flask's page."""
    return jsonify(error=error.description), error.code
