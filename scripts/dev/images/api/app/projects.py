"""Projects, their milestones and their tasks."""

from flask import Blueprint, g, jsonify, request
from psycopg2.extras import Json

from . import stores
from .accounts import authenticated, fields

routes = Blueprint("projects", __name__)


@routes.get("/projects")
@authenticated
def projects():
    """All projects with their progress."""
    return jsonify(stores.query("SELECT * FROM project_progress ORDER BY id"))


@routes.post("/projects")
@authenticated
def create_project():
    """Makes a project of `{name}`, `description` and `settings` if given."""
    sent = fields("name")
    project = stores.query(
        "INSERT INTO projects (name, description, settings, owner_id)"
        " VALUES (%s, %s, %s, %s) RETURNING id, code, name, description, settings, created_at",
        (sent["name"], sent.get("description"), Json(sent.get("settings") or {}), g.user),
    )[0]
    stores.query("REFRESH MATERIALIZED VIEW workload")
    stores.commit()
    return jsonify(project), 201


@routes.get("/tasks")
@authenticated
def tasks():
    """All tasks, or those of `?project=ID`."""
    return jsonify(
        stores.query(
            "SELECT id, project_id, title, description, status, priority, tags,"
            " estimated_hours::float, spent_hours::float, remaining_hours::float,"
            " assignee_id, due_at FROM tasks"
            " WHERE %(project)s::bigint IS NULL OR project_id = %(project)s::bigint ORDER BY id",
            {"project": request.args.get("project")},
        )
    )


@routes.post("/tasks")
@authenticated
def create_task():
    """Makes a task of `{title, project_id}`; the other columns if given."""
    sent = fields("title")
    task = stores.query(
        "INSERT INTO tasks (project_id, title, description, priority, tags, estimated_hours, assignee_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " RETURNING id, project_id, title, description, status, priority, tags",
        (
            sent.get("project_id"),
            sent["title"],
            sent.get("description"),
            sent.get("priority", "NORMAL"),
            sent.get("tags", []),
            sent.get("estimated_hours", 0),
            g.user,
        ),
    )[0]
    stores.query("REFRESH MATERIALIZED VIEW workload")
    stores.commit()
    return jsonify(task), 201


@routes.get("/milestones")
@authenticated
def milestones():
    """The milestones of all projects."""
    return jsonify(stores.query("SELECT id, project_id, name, due_on::text FROM milestones ORDER BY id"))
