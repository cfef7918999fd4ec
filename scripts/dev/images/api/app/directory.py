"""Who works here, and where: read only."""

from flask import Blueprint, jsonify

from . import stores
from .accounts import PUBLIC_FIELDS, authenticated

routes = Blueprint("directory", __name__)


@routes.get("/users")
@authenticated
def users():
    """Everybody, without their passwords."""
    return jsonify(stores.query(f"SELECT {PUBLIC_FIELDS} FROM users ORDER BY id"))


@routes.get("/departments")
@authenticated
def departments():
    """The departments, each with its services and its number of people."""
    return jsonify(
        stores.query(
            "SELECT d.id, d.code, d.name,"
            " (SELECT count(*) FROM users u WHERE u.department_id = d.id) AS people,"
            " array(SELECT s.name FROM services s WHERE s.department_id = d.id ORDER BY 1) AS services"
            " FROM departments d ORDER BY d.id"
        )
    )


@routes.get("/services")
@authenticated
def services():
    """The services of all departments."""
    return jsonify(stores.query("SELECT id, department_id, name, settings FROM services ORDER BY id"))


@routes.get("/skills")
@authenticated
def skills():
    """What people know how to do."""
    return jsonify(stores.query("SELECT id, name, aliases FROM skills ORDER BY id"))


@routes.get("/leaves")
@authenticated
def leaves():
    """Who is away, and when."""
    return jsonify(
        stores.query(
            "SELECT id, user_id, lower(period)::text AS starts, upper(period)::text AS ends, reason"
            " FROM leaves ORDER BY id"
        )
    )
