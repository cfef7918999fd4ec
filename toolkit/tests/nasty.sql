-- What dumps are known to break on.
CREATE SCHEMA "select";
CREATE TYPE "select"."mood;" AS ENUM ('it''s', 'back\slash', 'semi;colon');
CREATE TABLE "select"."from (stdin" (
    id bigserial PRIMARY KEY,
    "a, ""b""" text DEFAULT E'tab\t\\ quote''',
    mood "select"."mood;" DEFAULT 'back\slash',
    doubled text GENERATED ALWAYS AS ("a, ""b""" || '\') STORED
);
INSERT INTO "select"."from (stdin" ("a, ""b""")
SELECT CASE g % 7
    WHEN 0 THEN NULL
    WHEN 1 THEN '\.'
    WHEN 2 THEN E'line\n\\.\nline'
    WHEN 3 THEN E'\r\n'
    WHEN 4 THEN 'COPY x FROM stdin;'
    WHEN 5 THEN '-- PostgreSQL database dump complete'
    ELSE repeat('é', g)
END FROM generate_series(1, 5000) g;
COMMENT ON TABLE "select"."from (stdin" IS 'C:\';
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE empty (a int);
CREATE FUNCTION text_with_copy() RETURNS text LANGUAGE plpgsql AS $fn$
BEGIN
    -- \! id
    RETURN $q$
COPY x FROM stdin;
1
\.
\restrict abc
$q$ || 'it''s' || E'\'' || $$;$$;
END $fn$;
CREATE FUNCTION sql_body(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN a > 1 THEN 1 ELSE 2 END;
    SELECT 3;
END;
CREATE TABLE log (what text);
CREATE RULE both_of_them AS ON INSERT TO empty DO ALSO (
    INSERT INTO log VALUES ('a;b');
    INSERT INTO log VALUES ('\'));
CREATE TABLE parts (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
INSERT INTO parts SELECT g, 'v' || g FROM generate_series(0, 199) g;
CREATE MATERIALIZED VIEW totals AS SELECT count(*), '\' AS "\" FROM parts;
SELECT lo_from_bytea(0, '\x00ff5c2e0a');
