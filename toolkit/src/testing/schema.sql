-- A database worth testing with: what dumps, counts and restores are known to
-- break on. For a superuser, in an empty UTF-8 database of PostgreSQL 15 or
-- later.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;

-- Roles belong to the whole server: another database may have brought them.
DO $$
DECLARE missing text;
BEGIN
    FOR missing IN
        SELECT r.name FROM (VALUES ('shop_owner'), ('shop_reader'), ('Reporting "Team"')) AS r(name)
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r.name)
    LOOP
        EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', missing, 'pw of ' || missing);
    END LOOP;
END $$;
GRANT shop_reader TO "Reporting ""Team""";
ALTER ROLE shop_reader SET statement_timeout = '5min';

-- What belongs to the database itself.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = shop, public', current_database());
    EXECUTE format('ALTER DATABASE %I SET work_mem = ''12MB''', current_database());
    EXECUTE format('ALTER ROLE shop_reader IN DATABASE %I SET timezone = ''Europe/Paris''', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO shop_reader', current_database());
    EXECUTE format('COMMENT ON DATABASE %I IS ''the shop''''s''', current_database());
END $$;

CREATE SCHEMA shop AUTHORIZATION shop_owner;
CREATE SCHEMA "select";
CREATE SCHEMA "Äpfel & ""Birnen""";
GRANT USAGE ON SCHEMA shop TO shop_reader;
CREATE SCHEMA ext;
CREATE EXTENSION hstore WITH SCHEMA ext;
CREATE EXTENSION pg_trgm WITH SCHEMA ext;

-- Types.
CREATE TYPE shop.mood AS ENUM ('it''s', 'back\slash', 'semi;colon');
CREATE DOMAIN shop.email AS text CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');
CREATE TYPE shop.money_amount AS (cents bigint, currency char(3));
CREATE TYPE shop.hours AS RANGE (subtype = numeric);

-- Identity, generated columns, a dropped column, values of many types.
CREATE TABLE shop.users (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000 INCREMENT BY 10) PRIMARY KEY,
    email shop.email NOT NULL UNIQUE,
    name text,
    gone text,
    mood shop.mood DEFAULT 'back\slash',
    tags text[],
    settings jsonb DEFAULT '{"a": null}',
    attributes ext.hstore,
    balance shop.money_amount,
    open shop.hours,
    avatar bytea,
    born date,
    seen timestamptz,
    score numeric,
    shouted text GENERATED ALWAYS AS (upper(name) || '\') STORED
);
ALTER TABLE shop.users DROP COLUMN gone;
INSERT INTO shop.users (email, name, mood, tags, attributes, balance, open, avatar, born, seen, score)
SELECT 'user' || g || '@example.org',
    CASE g % 9
        WHEN 0 THEN NULL
        WHEN 1 THEN ''
        WHEN 2 THEN '\.'
        WHEN 3 THEN E'line\n\\.\nline'
        WHEN 4 THEN E'tab\there\r\n\\N'
        WHEN 5 THEN 'COPY shop.users FROM stdin;'
        WHEN 6 THEN '-- PostgreSQL database dump complete'
        WHEN 7 THEN 'œuvre – 日本 – 🦀 – ' || repeat('é', g % 50)
        ELSE 'O''Brien "Bob" \ $$'
    END,
    (ARRAY['it''s', 'back\slash', 'semi;colon', NULL])[1 + g % 4]::shop.mood,
    ARRAY['a,b', '{c}', NULL, '"', '\'],
    ext.hstore('k' || g, NULL),
    ROW(g, 'EUR')::shop.money_amount,
    shop.hours(g, g + 1.5),
    decode(md5(g::text), 'hex'),
    '2026-02-28'::date - g,
    CASE WHEN g % 5 = 0 THEN 'infinity' ELSE '2026-03-29 01:30:00+00'::timestamptz + g * interval '1 hour' END,
    CASE WHEN g % 6 = 0 THEN 'NaN' ELSE g / 7.0 END
FROM generate_series(1, 500) AS g;

-- A table whose every name has to be quoted.
CREATE TABLE "select"."select" (
    "from" serial PRIMARY KEY,
    "a, ""b""" text DEFAULT E'tab\t\\ quote''',
    "Größe" double precision
);
INSERT INTO "select"."select" ("a, ""b""", "Größe") VALUES ('x', 'Infinity'), (NULL, 'NaN'), (DEFAULT, 1e-300);
CREATE TABLE "Äpfel & ""Birnen"""."from (stdin)" ("where" int REFERENCES "select"."select");
INSERT INTO "Äpfel & ""Birnen"""."from (stdin)" VALUES (1), (2), (NULL);
COMMENT ON TABLE "select"."select" IS E'C:\\ and\nmore';

-- Tables without columns, rows or a log.
CREATE TABLE public.nothing ();
INSERT INTO public.nothing DEFAULT VALUES;
CREATE TABLE public.empty (a int);
CREATE UNLOGGED TABLE public.unlogged AS SELECT generate_series(1, 7) AS n;

-- Partitions by range, below one another, and by the hash of an enum, whose
-- rows pg_dump writes as the root's.
CREATE TABLE shop.orders (id int, at date, total numeric) PARTITION BY RANGE (at);
CREATE TABLE shop.orders_2025 PARTITION OF shop.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.orders_2026 PARTITION OF shop.orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
    PARTITION BY LIST (id);
CREATE TABLE shop.orders_2026_rest PARTITION OF shop.orders_2026 DEFAULT;
CREATE TABLE shop.orders_other PARTITION OF shop.orders DEFAULT;
INSERT INTO shop.orders SELECT g, '2024-12-01'::date + g, g * 1.1 FROM generate_series(1, 600) AS g;
CREATE TABLE shop.moods (mood shop.mood, n int) PARTITION BY HASH (mood);
CREATE TABLE shop.moods_0 PARTITION OF shop.moods FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.moods_1 PARTITION OF shop.moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO shop.moods SELECT (enum_range(NULL::shop.mood))[1 + g % 3], g FROM generate_series(1, 90) AS g;

-- Inheritance: a parent's rows are its own.
CREATE TABLE shop.things (name text);
CREATE TABLE shop.books (pages int) INHERITS (shop.things);
INSERT INTO shop.things VALUES ('a thing');
INSERT INTO shop.books VALUES ('a book', 300), ('another', 200);

-- Keys that point at each other.
CREATE TABLE shop.teams (id int PRIMARY KEY, leader int);
CREATE TABLE shop.members (id int PRIMARY KEY, team int REFERENCES shop.teams);
ALTER TABLE shop.teams ADD FOREIGN KEY (leader) REFERENCES shop.members DEFERRABLE INITIALLY DEFERRED;
BEGIN;
INSERT INTO shop.teams VALUES (1, 10);
INSERT INTO shop.members VALUES (10, 1);
COMMIT;

-- Indexes and constraints that need what an extension brought.
CREATE INDEX users_name_trgm ON shop.users USING gin (name ext.gin_trgm_ops);
CREATE INDEX users_lower ON shop.users (lower(name)) WHERE mood IS NOT NULL;
ALTER TABLE shop.users ADD CONSTRAINT no_long_names CHECK (length(name) < 1000) NOT VALID;

-- Sequences: used, never used, downwards.
CREATE SEQUENCE shop.gate;
CREATE SEQUENCE shop.unused START 42;
CREATE SEQUENCE shop.down INCREMENT -3 MINVALUE -100 MAXVALUE 100 START 50 CYCLE;
SELECT nextval('shop.gate'), nextval('shop.down'), nextval('shop.down');

-- Large objects.
SELECT lo_from_bytea(424242, '\x00ff5c2e0a5c2e');
SELECT lo_from_bytea(424243, decode(repeat('00ff', 5000), 'hex'));
ALTER LARGE OBJECT 424243 OWNER TO shop_owner;
GRANT SELECT ON LARGE OBJECT 424243 TO shop_reader;
COMMENT ON LARGE OBJECT 424242 IS 'a scan';

-- Functions, triggers, rules, views.
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
    -- \! id
    NEW.seen := $q$
COPY x FROM stdin;
\.
\restrict abc
$q$ IS NOT NULL AND NEW.seen IS NULL;
    RETURN NEW;
END $fn$;
CREATE TABLE shop.log (what text, seen boolean);
CREATE TRIGGER touch BEFORE INSERT ON shop.log FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TRIGGER disabled AFTER DELETE ON shop.log FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.log DISABLE TRIGGER disabled;
INSERT INTO shop.log VALUES ('one'), ('two');
CREATE FUNCTION shop.double(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a * 2; END;
CREATE RULE both_of_them AS ON INSERT TO public.empty DO ALSO (
    INSERT INTO shop.log VALUES ('a;b');
    INSERT INTO shop.log VALUES ('\'));
CREATE VIEW shop.happy AS SELECT id, shop.double(id::int) AS "2×" FROM shop.users WHERE mood = 'it''s';

-- Materialized views: one that was filled, on another one, and one that was not.
CREATE MATERIALIZED VIEW shop.totals AS SELECT at, sum(total) AS total FROM shop.orders GROUP BY at;
CREATE UNIQUE INDEX ON shop.totals (at);
CREATE MATERIALIZED VIEW shop.best AS SELECT * FROM shop.totals ORDER BY total DESC LIMIT 10;
CREATE MATERIALIZED VIEW shop.later AS SELECT count(*) FROM shop.users WITH NO DATA;

-- Row security, which a dump must not fall for.
CREATE TABLE shop.notes (id int, owner name, body text);
ALTER TABLE shop.notes OWNER TO shop_owner;
ALTER TABLE shop.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.notes TO shop_reader USING (owner = current_user);
INSERT INTO shop.notes SELECT g, CASE WHEN g % 2 = 0 THEN 'shop_reader' ELSE 'other' END, 'note ' || g
FROM generate_series(1, 40) AS g;

-- Grants: on tables, on columns, to be passed on, by default.
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO shop_reader;
GRANT UPDATE (name) ON shop.users TO "Reporting ""Team""" WITH GRANT OPTION;
REVOKE ALL ON FUNCTION shop.double(int) FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO shop_reader;
