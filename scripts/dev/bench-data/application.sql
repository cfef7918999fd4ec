-- What an application keeps: people, projects, tasks with prose, an activity
-- log in JSON; ids are random UUIDs. 975,000 tasks make 0.9 GB of plain SQL.
--
--   psql --set=rows=975000 -f application.sql
SELECT setseed(0.5) \g /dev/null

-- 4000 words; the n-th is drawn in proportion to 1/n, as in any language.
CREATE FUNCTION pg_temp.word() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT string_agg((ARRAY['b', 'c', 'd', 'f', 'g', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'pl', 'tr', 'ch'])[1 + floor(random() * 16)]
    || (ARRAY['a', 'e', 'i', 'o', 'u', 'é', 'ou', 'ai'])[1 + floor(random() * 8)]
    || (ARRAY['', 'n', 'r', 's'])[1 + floor(random() * 4)], '')
  FROM generate_series(1, 1 + floor(random() * 3.5)::int)
$$;
CREATE TEMP TABLE vocabulary AS SELECT array_agg(pg_temp.word()) AS words FROM generate_series(1, 4000);
CREATE FUNCTION pg_temp.prose(shortest int, longest int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  known text[] := (SELECT words FROM vocabulary);
  said text := '';
BEGIN
  FOR i IN 1 .. shortest + (random() * (longest - shortest))::int LOOP
    said := said || known[floor(4000 ^ random())::int] || ' ';
  END LOOP;
  RETURN said;
END $$;

CREATE TABLE users (id uuid PRIMARY KEY, login text UNIQUE, email text UNIQUE, password text, role text, created timestamptz);
CREATE TABLE projects (id uuid PRIMARY KEY, name text, description text, status text, starts date, budget numeric(12, 2));
CREATE TABLE tasks (
  id uuid PRIMARY KEY, project uuid REFERENCES projects, assignee uuid REFERENCES users, title text, description text,
  status text, priority text, hours numeric(6, 2), due date, created timestamptz, updated timestamptz
);
CREATE TABLE activity (id bigint PRIMARY KEY, author uuid REFERENCES users, at timestamptz, kind text, detail jsonb);

INSERT INTO users
  SELECT gen_random_uuid(), 'user' || n, 'user' || n || '@example.org',
         '$2b$12$' || left(encode(sha256(n::text::bytea), 'base64'), 53), 'CONTRIBUTEUR', timestamptz '2024-01-01' + n * interval '7 min'
  FROM generate_series(1, 2000) AS n;
INSERT INTO projects
  SELECT gen_random_uuid(), pg_temp.prose(2, 5), pg_temp.prose(20, 80), 'ACTIVE', date '2024-01-01' + n, random() * 100000
  FROM generate_series(1, 500) AS n;
CREATE TEMP TABLE ids AS SELECT (SELECT array_agg(id) FROM users) AS users, (SELECT array_agg(id) FROM projects) AS projects;
INSERT INTO tasks
  SELECT gen_random_uuid(), projects[1 + floor(random() * 500)], users[1 + floor(2000 ^ random())], pg_temp.prose(3, 9), pg_temp.prose(5, 60),
         (ARRAY['TODO', 'IN_PROGRESS', 'IN_REVIEW', 'DONE', 'BLOCKED'])[1 + floor(random() * 5)],
         (ARRAY['LOW', 'NORMAL', 'HIGH', 'CRITICAL'])[1 + floor(random() * 4)],
         random() * 40, date '2025-01-01' + (random() * 500)::int,
         timestamptz '2025-01-01' + n * interval '31.4 s', timestamptz '2025-01-02' + n * interval '31.7 s'
  FROM ids, generate_series(1, :rows) AS n;
INSERT INTO activity
  SELECT n, users[1 + floor(2000 ^ random())], timestamptz '2025-01-01' + n * interval '7.31 s',
         (ARRAY['login', 'logout', 'task.created', 'task.updated', 'upload', 'comment'])[1 + floor(random() * 6)],
         jsonb_build_object('ip', '10.0.' || floor(random() * 4) || '.' || floor(random() * 256), 'path', '/api/tasks/' || (random() * 1000000)::int,
                            'ms', (random() * 300)::int, 'text', pg_temp.prose(1, 12))
  FROM ids, generate_series(1, :rows * 2) AS n;
CREATE INDEX ON tasks (project);
CREATE INDEX ON activity (at);
VACUUM (ANALYZE, FREEZE);
