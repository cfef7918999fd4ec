"""Log-in, registration and the tokens that both give out.

A token is valid for seven days and only while Redis knows its log-in, so that
a lost Redis logs everybody out, as it would in production.
"""

import functools
import os
import time
import uuid

import jwt
from flask import Blueprint, abort, g, jsonify, request
from werkzeug.security import check_password_hash, generate_password_hash

from . import stores

routes = Blueprint("accounts", __name__)
TOKEN_SECONDS = 7 * 24 * 3600
PUBLIC_FIELDS = "id, login, email, first_name, last_name, role, created_at"


@routes.post("/auth/login")
def login():
    """`{login, password}` for `{access_token, user}`."""
    sent = fields("login", "password")
    rows = stores.query(
        f"SELECT {PUBLIC_FIELDS}, password_hash FROM users WHERE login = %s", (sent["login"],)
    )
    if not rows or not check_password_hash(rows[0].pop("password_hash"), sent["password"]):
        abort(401, "wrong login or password")
    return jsonify(access_token=_issue(rows[0]), user=rows[0])


@routes.post("/auth/register")
def register():
    """Makes a user of `{login, email, password, firstName, lastName}`; logs in."""
    sent = fields("login", "email", "password", "firstName", "lastName")
    user = stores.query(
        "INSERT INTO users (login, email, password_hash, first_name, last_name)"
        f" VALUES (%s, %s, %s, %s, %s) RETURNING {PUBLIC_FIELDS}",
        (
            sent["login"],
            sent["email"],
            generate_password_hash(sent["password"]),
            sent["firstName"],
            sent["lastName"],
        ),
    )[0]
    stores.commit()
    return jsonify(access_token=_issue(user), user=user), 201


def fields(*names):
    """The JSON object that was sent, which must have text for each of `names`."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        abort(400, "a JSON object is expected")
    for name in names:
        if not isinstance(sent.get(name), str) or not sent[name]:
            abort(400, f"`{name}` is missing")
    return sent


def authenticated(view):
    """Lets a request through that bears a token of a living log-in; counts it."""

    @functools.wraps(view)
    def guarded(*arguments, **named):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            abort(401, "a bearer token is expected")
        try:
            claims = jwt.decode(token, os.environ["JWT_SECRET"], algorithms=["HS256"])
        except jwt.InvalidTokenError as error:
            abort(401, f"the token is not valid: {error}")
        if not stores.cache().exists(f"login:{claims['jti']}"):
            abort(401, "the log-in is not known any more")
        g.user = int(claims["sub"])
        stores.cache().incr("requests:total")
        stores.cache().hincrby("requests:by-endpoint", f"{request.method} {request.path}", 1)
        return view(*arguments, **named)

    return guarded


def _issue(user):
    now = int(time.time())
    claims = {
        "sub": str(user["id"]),
        "role": user["role"],
        "jti": uuid.uuid4().hex,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    key = f"login:{claims['jti']}"
    pipeline = stores.cache().pipeline()
    pipeline.hset(key, mapping={"user": user["id"], "login": user["login"], "at": now})
    pipeline.expire(key, TOKEN_SECONDS)
    pipeline.zadd("users:last-seen", {user["login"]: now})
    pipeline.lpush("audit:log-ins", f"{now} {user['login']}")
    pipeline.execute()
    return jwt.encode(claims, os.environ["JWT_SECRET"], algorithm="HS256")
