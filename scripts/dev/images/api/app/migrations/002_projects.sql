-- Projects, tasks, time spent, documents, and the views over them.

CREATE TYPE task_status AS ENUM ('TODO', 'IN_PROGRESS', 'IN_REVIEW', 'DONE', 'BLOCKED');
CREATE TYPE task_priority AS ENUM ('LOW', 'NORMAL', 'HIGH', 'CRITICAL');
CREATE TYPE raci AS ENUM ('R', 'A', 'C', 'I');

-- Belongs to no column: `PRJ-0101`, `PRJ-0102`, ….
CREATE SEQUENCE project_code START WITH 101 INCREMENT BY 1 CACHE 1;

CREATE FUNCTION next_project_code() RETURNS text LANGUAGE sql
    AS $body$ SELECT 'PRJ-' || lpad(nextval('public.project_code')::text, 4, '0') $body$;

CREATE TABLE projects (
    id          bigserial PRIMARY KEY,
    code        text NOT NULL UNIQUE DEFAULT next_project_code(),
    name        text NOT NULL,
    description text,
    settings    jsonb NOT NULL DEFAULT '{}',
    budget      numeric(12, 2),
    owner_id    bigint REFERENCES users,
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE projects IS E'What is worked on; the team''s "portefeuille"\nSecond line, with a \\ backslash';

CREATE TABLE epics (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    name       text NOT NULL
);

CREATE TABLE milestones (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    name       text NOT NULL,
    due_on     date
);

CREATE TABLE project_members (
    project_id bigint REFERENCES projects ON DELETE CASCADE,
    user_id    bigint REFERENCES users ON DELETE CASCADE,
    since      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, user_id)
);

CREATE TABLE tasks (
    id              bigserial PRIMARY KEY,
    project_id      bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    epic_id         bigint REFERENCES epics ON DELETE SET NULL,
    title           text NOT NULL,
    description     text,
    status          task_status NOT NULL DEFAULT 'TODO',
    priority        task_priority NOT NULL DEFAULT 'NORMAL',
    tags            text[] NOT NULL DEFAULT '{}',
    estimated_hours numeric(7, 2) NOT NULL DEFAULT 0,
    spent_hours     numeric(7, 2) NOT NULL DEFAULT 0,
    remaining_hours numeric(7, 2) GENERATED ALWAYS AS (greatest(estimated_hours - spent_hours, 0)) STORED,
    assignee_id     bigint REFERENCES users ON DELETE SET NULL,
    due_at          timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tasks_open ON tasks (project_id, priority DESC) WHERE status <> 'DONE';

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER tasks_touch BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE task_dependencies (
    task_id  bigint REFERENCES tasks ON DELETE CASCADE,
    needs_id bigint REFERENCES tasks ON DELETE CASCADE,
    PRIMARY KEY (task_id, needs_id),
    CHECK (task_id <> needs_id)
);

CREATE TABLE task_raci (
    task_id bigint REFERENCES tasks ON DELETE CASCADE,
    user_id bigint REFERENCES users ON DELETE CASCADE,
    part    raci NOT NULL,
    PRIMARY KEY (task_id, user_id, part)
);

CREATE TABLE comments (
    id        bigserial PRIMARY KEY,
    task_id   bigint NOT NULL REFERENCES tasks ON DELETE CASCADE,
    author_id bigint REFERENCES users ON DELETE SET NULL,
    body      text,
    at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE time_entries (
    id      bigserial,
    task_id bigint REFERENCES tasks ON DELETE CASCADE,
    user_id bigint REFERENCES users,
    day     date NOT NULL,
    spent   interval NOT NULL,
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE time_entries_2025 PARTITION OF time_entries FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE time_entries_other PARTITION OF time_entries DEFAULT;

CREATE TABLE documents (
    id          bigserial PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    sha256      char(64) NOT NULL,
    bytes       bigint NOT NULL,
    uploaded_by bigint REFERENCES users,
    uploaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE VIEW project_progress AS
    SELECT p.id, p.code, p.name, p.description, p.settings, p.created_at,
           count(t.id) AS tasks,
           count(t.id) FILTER (WHERE t.status = 'DONE') AS done,
           coalesce(sum(t.remaining_hours), 0)::float AS remaining_hours
    FROM projects p LEFT JOIN tasks t ON t.project_id = p.id
    GROUP BY p.id;

CREATE MATERIALIZED VIEW workload AS
    SELECT u.id, u.display_name, count(t.id) AS open_tasks, sum(t.remaining_hours) AS hours
    FROM users u JOIN tasks t ON t.assignee_id = u.id AND t.status <> 'DONE'
    GROUP BY u.id;
CREATE UNIQUE INDEX workload_user ON workload (id);

-- A role that may only read, for whoever draws the weekly figures. Roles belong
-- to the server and survive a database that is made again.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reporting') THEN
        CREATE ROLE reporting NOLOGIN;
    END IF;
    EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), 'Europe/Paris');
END $$;
GRANT USAGE ON SCHEMA public TO reporting;
GRANT SELECT ON projects, tasks, project_progress, workload TO reporting;
GRANT SELECT (id, display_name, role) ON users TO reporting;
