DO ${tag}$
DECLARE
  item record;
  relation record;
  found bigint;
  differences text[];
BEGIN
  FOR item IN
    SELECT * FROM (VALUES {tables}) AS v(name, expected) WHERE name IS NOT NULL
  LOOP
    SELECT c.relkind, e.condition INTO relation
    FROM pg_catalog.pg_class AS c
    LEFT JOIN (
      SELECT t.oid, t.condition
      FROM pg_catalog.pg_extension AS x,
        unnest(x.extconfig, x.extcondition) AS t(oid, condition)
      WHERE x.oid >= 16384
    ) AS e ON e.oid = c.oid
    WHERE c.oid = pg_catalog.to_regclass(item.name);
    found := NULL;
    IF relation.relkind IS NOT NULL THEN
      EXECUTE pg_catalog.concat_ws(' ', 'SELECT pg_catalog.count(*) FROM',
        CASE WHEN relation.relkind <> 'p' THEN 'ONLY' END, item.name, relation.condition)
      INTO found;
    END IF;
    IF found IS DISTINCT FROM item.expected THEN
      differences := differences || pg_catalog.format('%s: %s expected, %s found',
        item.name, item.expected, coalesce(found::text, 'none'));
    END IF;
  END LOOP;
  SELECT pg_catalog.count(*) INTO found FROM pg_catalog.pg_largeobject_metadata;
  IF {objects} NOT IN (-1, found) THEN
    differences := differences || pg_catalog.format('large objects: %s expected, %s found', {objects}, found);
  END IF;
  IF differences IS NOT NULL THEN
    RAISE EXCEPTION '{word}: %', pg_catalog.array_to_string(differences[1:5], ', ');
  END IF;
END
${tag}$;
