-- The hardest case: half of each row is hexadecimal digits at random, which no
-- compressor makes much of. 8,500,000 rows make 0.9 GB of plain SQL.
--
--   psql --set=rows=8500000 -f hashes.sql
SELECT setseed(0.5) \g /dev/null
CREATE TABLE users (id bigint PRIMARY KEY, login text UNIQUE, email text, created timestamptz);
INSERT INTO users SELECT n, 'user' || n, 'user' || n || '@example.org', timestamptz '2024-01-01' + n * interval '7 min'
  FROM generate_series(1, :rows / 50) AS n;
CREATE TABLE events (id bigint PRIMARY KEY, user_id bigint REFERENCES users, at timestamptz, kind text, amount numeric(10, 2), note text);
INSERT INTO events
  SELECT n, 1 + (random() * (:rows / 50 - 1))::bigint, timestamptz '2025-01-01' + n * interval '5 s',
         (ARRAY['login', 'logout', 'task.created', 'task.updated', 'upload', 'comment'])[1 + (random() * 5)::int],
         (random() * 100000)::numeric(10, 2), md5(n::text) || ' ' || left(md5((n * 7)::text), (random() * 24)::int) || E'\tnote'
  FROM generate_series(1, :rows) AS n;
CREATE INDEX ON events (user_id);
CREATE INDEX ON events (at);
VACUUM (ANALYZE, FREEZE);
