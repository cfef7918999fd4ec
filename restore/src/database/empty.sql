DO $empty$
DECLARE
  kinds text[];
  names text[];
  item record;
BEGIN
  -- What stands in no schema.
  FOR item IN
    SELECT o.kind, o.name
    FROM (
      SELECT 'EVENT TRIGGER', 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, oid, evtname, evtowner
      FROM pg_catalog.pg_event_trigger
      UNION ALL
      SELECT 'PUBLICATION', 'pg_catalog.pg_publication'::pg_catalog.regclass, oid, pubname, pubowner
      FROM pg_catalog.pg_publication
      UNION ALL
      SELECT 'SERVER', 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, oid, srvname, srvowner
      FROM pg_catalog.pg_foreign_server
      UNION ALL
      SELECT 'FOREIGN DATA WRAPPER', 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, oid, fdwname, fdwowner
      FROM pg_catalog.pg_foreign_data_wrapper
      UNION ALL
      SELECT 'SCHEMA', 'pg_catalog.pg_namespace'::pg_catalog.regclass, oid, nspname, nspowner
      FROM pg_catalog.pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
    ) AS o(kind, class, oid, name, owner)
    WHERE pg_catalog.pg_has_role(o.owner, 'USAGE')
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS e
        WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e'
      )
  LOOP
    EXECUTE pg_catalog.format('DROP %s IF EXISTS %I CASCADE', item.kind, item.name);
  END LOOP;

  -- What stands in schema public; tables first, for they hold sequences. The
  -- names are read before the first of them goes.
  SELECT pg_catalog.array_agg(o.kind ORDER BY o.kind <> 'TABLE'),
    pg_catalog.array_agg(i.identity ORDER BY o.kind <> 'TABLE')
  INTO kinds, names
  FROM pg_catalog.pg_depend AS d,
    pg_catalog.pg_identify_object(d.classid, d.objid, 0) AS i,
    (VALUES ('table', 'TABLE'), ('foreign table', 'FOREIGN TABLE'), ('view', 'VIEW'),
      ('materialized view', 'MATERIALIZED VIEW'), ('sequence', 'SEQUENCE'), ('type', 'TYPE'),
      ('composite type', 'TYPE'), ('domain', 'DOMAIN'), ('function', 'FUNCTION'),
      ('procedure', 'PROCEDURE'), ('aggregate', 'AGGREGATE'), ('operator', 'OPERATOR'),
      ('operator class', 'OPERATOR CLASS'), ('operator family', 'OPERATOR FAMILY'),
      ('collation', 'COLLATION'), ('conversion', 'CONVERSION'),
      ('statistics object', 'STATISTICS'), ('text search configuration', 'TEXT SEARCH CONFIGURATION'),
      ('text search dictionary', 'TEXT SEARCH DICTIONARY'), ('text search parser', 'TEXT SEARCH PARSER'),
      ('text search template', 'TEXT SEARCH TEMPLATE')) AS o(type, kind)
  WHERE o.type = i.type AND d.deptype = 'n'
    AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    AND d.refobjid = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public')
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend AS e
      WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'
    );
  FOR i IN 1 .. coalesce(pg_catalog.array_length(kinds, 1), 0) LOOP
    BEGIN
      EXECUTE pg_catalog.format('DROP %s IF EXISTS %s CASCADE', kinds[i], names[i]);
    EXCEPTION WHEN insufficient_privilege THEN
      NULL;
    END;
  END LOOP;

  -- What users wrote into tables of extensions.
  FOR item IN
    SELECT n.nspname, c.relname, t.condition
    FROM pg_catalog.pg_extension AS x,
      unnest(x.extconfig, x.extcondition) AS t(oid, condition)
    JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind = 'r'
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE x.oid >= 16384
  LOOP
    BEGIN
      EXECUTE pg_catalog.format('DELETE FROM ONLY %I.%I %s', item.nspname, item.relname, item.condition);
    EXCEPTION WHEN insufficient_privilege THEN
      NULL;
    END;
  END LOOP;

  PERFORM pg_catalog.lo_unlink(oid)
  FROM pg_catalog.pg_largeobject_metadata
  WHERE pg_catalog.pg_has_role(lomowner, 'USAGE');
END
$empty$
