-- Prisma client 7.10 with @prisma/adapter-pg 7.10.1, and its schema engine 7.10.0 (introspection as `db pull`, `db push`, migration history)
-- over the same adapter and node-postgres 8.23.1, recorded on PostgreSQL 15.
-- Nested writes, filters, paging, aggregates, groups, upserts, raw queries, transactions.
--- connection {"client_encoding":"UTF8"}
--> allow ... : P B DP E S ["public"]
SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = $1), version(), current_setting('server_version_num')::integer as numeric_version;
--> allow . : P B DP E S ["{\"clinic\",\"public\"}"]
SELECT namespace.nspname as namespace_name
FROM pg_namespace as namespace
WHERE namespace.nspname = ANY ( $1 )
ORDER BY namespace_name;

--> allow ....... : P B DP E S ["{\"clinic\",\"public\"}"]
SELECT
  tbl.relname AS table_name,
  namespace.nspname as namespace,
  (tbl.relhassubclass and tbl.relkind = 'p') as is_partition,
  (tbl.relhassubclass and tbl.relkind = 'r') as has_subclass,
  tbl.relrowsecurity as has_row_level_security,
  reloptions,
  obj_description(tbl.oid, 'pg_class') as description
FROM pg_class AS tbl
INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace
WHERE
  ( -- (relkind = 'r' and relispartition = 't') matches partition table "duplicates"
    (tbl.relkind = 'r' AND tbl.relispartition = 'f')
      OR -- when it's a partition
    tbl.relkind = 'p'
  )
  AND namespace.nspname = ANY ( $1 )
ORDER BY namespace, table_name;

--> allow ....... : P B DP E S ["{\"clinic\",\"public\"}"]
SELECT
    schemainfo.nspname AS namespace,
    tableinfo.relname AS table_name,
	constr.conname AS constraint_name,
	constr.contype AS constraint_type,
	pg_get_constraintdef(constr.oid) AS constraint_definition,
	constr.condeferrable AS is_deferrable,
	constr.condeferred AS is_deferred
FROM pg_constraint constr
JOIN pg_class AS tableinfo
	ON tableinfo.oid = constr.conrelid
JOIN pg_namespace AS schemainfo
	ON schemainfo.oid = tableinfo.relnamespace
WHERE schemainfo.nspname = ANY ( $1 )
	AND contype NOT IN ('p', 'u', 'f')
ORDER BY namespace, table_name, constr.contype, constraint_name;

--> allow .... : P B DP E S ["{\"clinic\",\"public\"}"]
SELECT
    views.viewname AS view_name,
    views.definition AS view_sql,
    views.schemaname AS namespace,
    obj_description(class.oid, 'pg_class') AS description
FROM pg_catalog.pg_views views
INNER JOIN pg_catalog.pg_namespace ns ON views.schemaname = ns.nspname
INNER JOIN pg_catalog.pg_class class ON class.relnamespace = ns.oid AND class.relname = views.viewname
WHERE schemaname = ANY ( $1 )

--> allow .... : P B DP E S ["{\"clinic\",\"public\"}"]

            SELECT
                t.typname AS name,
                e.enumlabel AS value,
                n.nspname AS namespace,
                obj_description(t.oid, 'pg_type') AS description
            FROM pg_type t
            JOIN pg_enum e ON t.oid = e.enumtypid
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = ANY ( $1 )
            ORDER BY e.enumsortorder
--> allow .. : P B DP E S ["{\"clinic\",\"public\"}"]

            SELECT
                t.typname AS name,
                n.nspname AS namespace
            FROM pg_type t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = ANY ( $1 )
              AND t.typtype = 'b' -- only base types
              AND t.typinput::regproc::text <> 'array_in' -- exclude array types
        
--> allow ................ : P B DP E S ["{\"clinic\",\"public\"}"]

            SELECT
                oid.namespace,
                info.table_name,
                info.column_name,
                format_type(att.atttypid, att.atttypmod) as formatted_type,
                info.numeric_precision,
                info.numeric_scale,
                info.numeric_precision_radix,
                info.datetime_precision,
                info.data_type,
                info.udt_schema as type_schema_name,
                info.udt_name as full_data_type,
                pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default,
                info.is_nullable,
                info.is_identity,
                info.character_maximum_length,
                col_description(att.attrelid, ordinal_position) AS description
            FROM information_schema.columns info
            JOIN pg_attribute att ON att.attname = info.column_name
            JOIN (
                 SELECT pg_class.oid, relname, pg_namespace.nspname as namespace
                 FROM pg_class
                 JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace
                 AND pg_namespace.nspname = ANY ( $1 )
                 WHERE reltype > 0
                ) as oid on oid.oid = att.attrelid
                  AND relname = info.table_name
                  AND namespace = info.table_schema
            LEFT OUTER JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace
            WHERE table_schema = ANY ( $1 ) 
            ORDER BY namespace, table_name, ordinal_position;
        
--> allow .............. : P B DP E S ["{\"clinic\",\"public\"}"]

            SELECT
                con.oid         AS "con_id",
                att2.attname    AS "child_column",
                cl.relname      AS "parent_table",
                att.attname     AS "parent_column",
                con.confdeltype,
                con.confupdtype,
                rel_ns.nspname  AS "referenced_schema_name",
                conname         AS constraint_name,
                child,
                parent,
                table_name,
                namespace,
                condeferrable,
                condeferred
            FROM (SELECT
                        ns.nspname AS "namespace",
                        unnest(con1.conkey)                AS "parent",
                        unnest(con1.confkey)                AS "child",
                        cl.relname                          AS table_name,
                        ns.nspname                          AS schema_name,
                        generate_subscripts(con1.conkey, 1) AS colidx,
                        con1.oid,
                        con1.confrelid,
                        con1.conrelid,
                        con1.conname,
                        con1.confdeltype,
                        con1.confupdtype,
                        con1.condeferrable                  AS condeferrable,
                        con1.condeferred                    AS condeferred
                FROM pg_class cl
                        join pg_constraint con1 on con1.conrelid = cl.oid
                        join pg_namespace ns on cl.relnamespace = ns.oid
                WHERE
                    ns.nspname = ANY ( $1 )
                    and con1.contype = 'f'
                ORDER BY colidx
                ) con
                    JOIN pg_attribute att on att.attrelid = con.confrelid and att.attnum = con.child
                    JOIN pg_class cl on cl.oid = con.confrelid
                    JOIN pg_attribute att2 on att2.attrelid = con.conrelid and att2.attnum = con.parent
                    JOIN pg_class rel_cl on con.confrelid = rel_cl.oid
                    JOIN pg_namespace rel_ns on rel_cl.relnamespace = rel_ns.oid
            ORDER BY namespace, table_name, constraint_name, con_id, con.colidx;
        
--> allow ............... : P B DP E S ["{\"clinic\",\"public\"}"]
WITH rawindex AS (
    SELECT
        indrelid, 
        indexrelid,
        indisunique,
        indisprimary,
        indpred,
        unnest(indkey) AS indkeyid,
        generate_subscripts(indkey, 1) AS indkeyidx,
        unnest(indclass) AS indclass,
        unnest(indoption) AS indoption
    FROM pg_index -- https://www.postgresql.org/docs/current/catalog-pg-index.html
    WHERE
        NOT indisexclusion -- filter out exclusion constraints
)
SELECT
    schemainfo.nspname AS namespace,
    indexinfo.relname AS index_name,
    tableinfo.relname AS table_name,
    columninfo.attname AS column_name,
    rawindex.indisunique AS is_unique,
    rawindex.indisprimary AS is_primary_key,
    rawindex.indkeyidx AS column_index,
    opclass.opcname AS opclass,
    opclass.opcdefault AS opcdefault,
    indexaccess.amname AS index_algo,
    CASE rawindex.indoption & 1
        WHEN 1 THEN 'DESC'
        ELSE 'ASC' END
        AS column_order,
    CASE rawindex.indoption & 2
        WHEN 2 THEN true
        ELSE false END
        AS nulls_first,
    pc.condeferrable AS condeferrable,
    pc.condeferred AS condeferred,
    pg_get_expr(rawindex.indpred, rawindex.indrelid) AS predicate
FROM
    rawindex
    INNER JOIN pg_class AS tableinfo ON tableinfo.oid = rawindex.indrelid
    INNER JOIN pg_class AS indexinfo ON indexinfo.oid = rawindex.indexrelid
    INNER JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
    LEFT JOIN pg_attribute AS columninfo
        ON columninfo.attrelid = tableinfo.oid AND columninfo.attnum = rawindex.indkeyid
    INNER JOIN pg_am AS indexaccess ON indexaccess.oid = indexinfo.relam
    LEFT JOIN pg_opclass AS opclass -- left join because crdb has no opclasses
        ON opclass.oid = rawindex.indclass
    LEFT JOIN pg_constraint pc ON rawindex.indexrelid = pc.conindid AND pc.contype <> 'f'
WHERE schemainfo.nspname = ANY ( $1 )
ORDER BY namespace, table_name, index_name, column_index;

--> allow ... : P B DP E S ["{\"clinic\",\"public\"}"]

            SELECT p.proname AS name, n.nspname as namespace,
                CASE WHEN l.lanname = 'internal' THEN p.prosrc
                     ELSE pg_get_functiondef(p.oid)
                     END as definition
            FROM pg_proc p
            LEFT JOIN pg_namespace n ON p.pronamespace = n.oid
            LEFT JOIN pg_language l ON p.prolang = l.oid
            WHERE n.nspname = ANY ( $1 )
        
--> allow .... : Q
SELECT
    ext.extname AS extension_name,
    ext.extversion AS extension_version,
    ext.extrelocatable AS extension_relocatable,
    pn.nspname AS extension_schema
FROM pg_extension ext
INNER JOIN pg_namespace pn ON ext.extnamespace = pn.oid
ORDER BY ext.extname ASC

--> allow ........ : P B DP E S ["{\"clinic\",\"public\"}"]

              SELECT
                  sequence_name,
                  sequence_schema AS namespace,
                  start_value::INT8,
                  minimum_value::INT8 AS min_value,
                  maximum_value::INT8 AS max_value,
                  increment::INT8 AS increment_by,
                  (CASE cycle_option WHEN 'yes' THEN TRUE ELSE FALSE END) AS cycle,
                  0::INT8 AS cache_size
              FROM information_schema.sequences
              WHERE sequence_schema = ANY ( $1 )
              ORDER BY sequence_name
            
--> allow . : P B DP E S ["{\"public\"}"]
SELECT namespace.nspname as namespace_name
FROM pg_namespace as namespace
WHERE namespace.nspname = ANY ( $1 )
ORDER BY namespace_name;

--> allow ....... : P B DP E S ["{\"public\"}"]
SELECT
  tbl.relname AS table_name,
  namespace.nspname as namespace,
  (tbl.relhassubclass and tbl.relkind = 'p') as is_partition,
  (tbl.relhassubclass and tbl.relkind = 'r') as has_subclass,
  tbl.relrowsecurity as has_row_level_security,
  reloptions,
  obj_description(tbl.oid, 'pg_class') as description
FROM pg_class AS tbl
INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace
WHERE
  ( -- (relkind = 'r' and relispartition = 't') matches partition table "duplicates"
    (tbl.relkind = 'r' AND tbl.relispartition = 'f')
      OR -- when it's a partition
    tbl.relkind = 'p'
  )
  AND namespace.nspname = ANY ( $1 )
ORDER BY namespace, table_name;

--> allow ....... : P B DP E S ["{\"public\"}"]
SELECT
    schemainfo.nspname AS namespace,
    tableinfo.relname AS table_name,
	constr.conname AS constraint_name,
	constr.contype AS constraint_type,
	pg_get_constraintdef(constr.oid) AS constraint_definition,
	constr.condeferrable AS is_deferrable,
	constr.condeferred AS is_deferred
FROM pg_constraint constr
JOIN pg_class AS tableinfo
	ON tableinfo.oid = constr.conrelid
JOIN pg_namespace AS schemainfo
	ON schemainfo.oid = tableinfo.relnamespace
WHERE schemainfo.nspname = ANY ( $1 )
	AND contype NOT IN ('p', 'u', 'f')
ORDER BY namespace, table_name, constr.contype, constraint_name;

--> allow .... : P B DP E S ["{\"public\"}"]
SELECT
    views.viewname AS view_name,
    views.definition AS view_sql,
    views.schemaname AS namespace,
    obj_description(class.oid, 'pg_class') AS description
FROM pg_catalog.pg_views views
INNER JOIN pg_catalog.pg_namespace ns ON views.schemaname = ns.nspname
INNER JOIN pg_catalog.pg_class class ON class.relnamespace = ns.oid AND class.relname = views.viewname
WHERE schemaname = ANY ( $1 )

--> allow .... : P B DP E S ["{\"public\"}"]

            SELECT
                t.typname AS name,
                e.enumlabel AS value,
                n.nspname AS namespace,
                obj_description(t.oid, 'pg_type') AS description
            FROM pg_type t
            JOIN pg_enum e ON t.oid = e.enumtypid
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = ANY ( $1 )
            ORDER BY e.enumsortorder
--> allow .. : P B DP E S ["{\"public\"}"]

            SELECT
                t.typname AS name,
                n.nspname AS namespace
            FROM pg_type t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = ANY ( $1 )
              AND t.typtype = 'b' -- only base types
              AND t.typinput::regproc::text <> 'array_in' -- exclude array types
        
--> allow ................ : P B DP E S ["{\"public\"}"]

            SELECT
                oid.namespace,
                info.table_name,
                info.column_name,
                format_type(att.atttypid, att.atttypmod) as formatted_type,
                info.numeric_precision,
                info.numeric_scale,
                info.numeric_precision_radix,
                info.datetime_precision,
                info.data_type,
                info.udt_schema as type_schema_name,
                info.udt_name as full_data_type,
                pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default,
                info.is_nullable,
                info.is_identity,
                info.character_maximum_length,
                col_description(att.attrelid, ordinal_position) AS description
            FROM information_schema.columns info
            JOIN pg_attribute att ON att.attname = info.column_name
            JOIN (
                 SELECT pg_class.oid, relname, pg_namespace.nspname as namespace
                 FROM pg_class
                 JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace
                 AND pg_namespace.nspname = ANY ( $1 )
                 WHERE reltype > 0
                ) as oid on oid.oid = att.attrelid
                  AND relname = info.table_name
                  AND namespace = info.table_schema
            LEFT OUTER JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace
            WHERE table_schema = ANY ( $1 ) 
            ORDER BY namespace, table_name, ordinal_position;
        
--> allow .............. : P B DP E S ["{\"public\"}"]

            SELECT
                con.oid         AS "con_id",
                att2.attname    AS "child_column",
                cl.relname      AS "parent_table",
                att.attname     AS "parent_column",
                con.confdeltype,
                con.confupdtype,
                rel_ns.nspname  AS "referenced_schema_name",
                conname         AS constraint_name,
                child,
                parent,
                table_name,
                namespace,
                condeferrable,
                condeferred
            FROM (SELECT
                        ns.nspname AS "namespace",
                        unnest(con1.conkey)                AS "parent",
                        unnest(con1.confkey)                AS "child",
                        cl.relname                          AS table_name,
                        ns.nspname                          AS schema_name,
                        generate_subscripts(con1.conkey, 1) AS colidx,
                        con1.oid,
                        con1.confrelid,
                        con1.conrelid,
                        con1.conname,
                        con1.confdeltype,
                        con1.confupdtype,
                        con1.condeferrable                  AS condeferrable,
                        con1.condeferred                    AS condeferred
                FROM pg_class cl
                        join pg_constraint con1 on con1.conrelid = cl.oid
                        join pg_namespace ns on cl.relnamespace = ns.oid
                WHERE
                    ns.nspname = ANY ( $1 )
                    and con1.contype = 'f'
                ORDER BY colidx
                ) con
                    JOIN pg_attribute att on att.attrelid = con.confrelid and att.attnum = con.child
                    JOIN pg_class cl on cl.oid = con.confrelid
                    JOIN pg_attribute att2 on att2.attrelid = con.conrelid and att2.attnum = con.parent
                    JOIN pg_class rel_cl on con.confrelid = rel_cl.oid
                    JOIN pg_namespace rel_ns on rel_cl.relnamespace = rel_ns.oid
            ORDER BY namespace, table_name, constraint_name, con_id, con.colidx;
        
--> allow ............... : P B DP E S ["{\"public\"}"]
WITH rawindex AS (
    SELECT
        indrelid, 
        indexrelid,
        indisunique,
        indisprimary,
        indpred,
        unnest(indkey) AS indkeyid,
        generate_subscripts(indkey, 1) AS indkeyidx,
        unnest(indclass) AS indclass,
        unnest(indoption) AS indoption
    FROM pg_index -- https://www.postgresql.org/docs/current/catalog-pg-index.html
    WHERE
        NOT indisexclusion -- filter out exclusion constraints
)
SELECT
    schemainfo.nspname AS namespace,
    indexinfo.relname AS index_name,
    tableinfo.relname AS table_name,
    columninfo.attname AS column_name,
    rawindex.indisunique AS is_unique,
    rawindex.indisprimary AS is_primary_key,
    rawindex.indkeyidx AS column_index,
    opclass.opcname AS opclass,
    opclass.opcdefault AS opcdefault,
    indexaccess.amname AS index_algo,
    CASE rawindex.indoption & 1
        WHEN 1 THEN 'DESC'
        ELSE 'ASC' END
        AS column_order,
    CASE rawindex.indoption & 2
        WHEN 2 THEN true
        ELSE false END
        AS nulls_first,
    pc.condeferrable AS condeferrable,
    pc.condeferred AS condeferred,
    pg_get_expr(rawindex.indpred, rawindex.indrelid) AS predicate
FROM
    rawindex
    INNER JOIN pg_class AS tableinfo ON tableinfo.oid = rawindex.indrelid
    INNER JOIN pg_class AS indexinfo ON indexinfo.oid = rawindex.indexrelid
    INNER JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
    LEFT JOIN pg_attribute AS columninfo
        ON columninfo.attrelid = tableinfo.oid AND columninfo.attnum = rawindex.indkeyid
    INNER JOIN pg_am AS indexaccess ON indexaccess.oid = indexinfo.relam
    LEFT JOIN pg_opclass AS opclass -- left join because crdb has no opclasses
        ON opclass.oid = rawindex.indclass
    LEFT JOIN pg_constraint pc ON rawindex.indexrelid = pc.conindid AND pc.contype <> 'f'
WHERE schemainfo.nspname = ANY ( $1 )
ORDER BY namespace, table_name, index_name, column_index;

--> allow ... : P B DP E S ["{\"public\"}"]

            SELECT p.proname AS name, n.nspname as namespace,
                CASE WHEN l.lanname = 'internal' THEN p.prosrc
                     ELSE pg_get_functiondef(p.oid)
                     END as definition
            FROM pg_proc p
            LEFT JOIN pg_namespace n ON p.pronamespace = n.oid
            LEFT JOIN pg_language l ON p.prolang = l.oid
            WHERE n.nspname = ANY ( $1 )
        
--> allow ........ : P B DP E S ["{\"public\"}"]

              SELECT
                  sequence_name,
                  sequence_schema AS namespace,
                  start_value::INT8,
                  minimum_value::INT8 AS min_value,
                  maximum_value::INT8 AS max_value,
                  increment::INT8 AS increment_by,
                  (CASE cycle_option WHEN 'yes' THEN TRUE ELSE FALSE END) AS cycle,
                  0::INT8 AS cache_size
              FROM information_schema.sequences
              WHERE sequence_schema = ANY ( $1 )
              ORDER BY sequence_name
            
--> allow . : Q
SELECT COUNT(*) FROM "public"."kv"
--> allow - : Q
CREATE TYPE "BedKind" AS ENUM ('single', 'double')
--> allow - : Q
DROP TABLE "kv"
--> allow - : Q
CREATE TABLE "wards" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "floor" INTEGER,
    "equipment" JSONB,
    "tags" TEXT[],

    CONSTRAINT "wards_pkey" PRIMARY KEY ("id")
)
--> allow - : Q
CREATE TABLE "beds" (
    "id" TEXT NOT NULL,
    "wardId" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "kind" "BedKind" NOT NULL DEFAULT 'single',
    "free" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "beds_pkey" PRIMARY KEY ("id")
)
--> allow - : Q
CREATE UNIQUE INDEX "wards_name_key" ON "wards"("name")
--> allow - : Q
CREATE INDEX "beds_wardId_idx" ON "beds"("wardId")
--> allow - : Q
ALTER TABLE "beds" ADD CONSTRAINT "beds_wardId_fkey" FOREIGN KEY ("wardId") REFERENCES "wards"("id") ON DELETE CASCADE ON UPDATE CASCADE
--> hold RRRRRRRR opaque : Q {"fails":"42P01"}
SELECT "id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count" FROM "_prisma_migrations" ORDER BY "started_at" ASC
--- connection {"client_encoding":"UTF8"}
--> allow - : Q
BEGIN
--> allow . : P B DP E S ["North","1","{\"xray\":true}","{\"a\"}"]
INSERT INTO "public"."wards" ("name","floor","equipment","tags") VALUES ($1,$2,$3,$4) RETURNING "public"."wards"."id"
--> allow - : P B DP E S ["00000001-0000-4000-8000-000000000000","1","b1","single","true","00000002-0000-4000-8000-000000000000","1","b2","single","true","00000003-0000-4000-8000-000000000000","1","b3","single","true"]
INSERT INTO "public"."beds" ("id","wardId","label","kind","free") VALUES ($1,$2,$3,CAST($4::text AS "public"."BedKind"),$5), ($6,$7,$8,CAST($9::text AS "public"."BedKind"),$10), ($11,$12,$13,CAST($14::text AS "public"."BedKind"),$15)
--> allow ..... : P B DP E S ["1","1","0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE "public"."wards"."id" = $1 LIMIT $2 OFFSET $3
--> allow ..... : P B DP E S ["1","0"]
SELECT "public"."beds"."id", "public"."beds"."wardId", "public"."beds"."label", "public"."beds"."kind"::text, "public"."beds"."free" FROM "public"."beds" WHERE "public"."beds"."wardId" = $1 OFFSET $2
--> allow - : Q
COMMIT
--> allow - : P B DP E S ["South","2","West","3"]
INSERT INTO "public"."wards" ("name","floor") VALUES ($1,$2), ($3,$4) ON CONFLICT DO NOTHING
--> allow ..... : P B DP E S ["East"]
INSERT INTO "public"."wards" ("name") VALUES ($1) RETURNING "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags"
--> allow ..... : P B DP E S ["0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE 1=1 ORDER BY "public"."wards"."id" ASC OFFSET $1
--> allow ..... : P B DP E S ["1","2","3","4","0"]
SELECT "public"."beds"."id", "public"."beds"."wardId", "public"."beds"."label", "public"."beds"."kind"::text, "public"."beds"."free" FROM "public"."beds" WHERE "public"."beds"."wardId" IN ($1,$2,$3,$4) OFFSET $5
--> allow ..... : P B DP E S ["o","1","2","0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE ("public"."wards"."name" ILIKE ('%' || $1 || '%') AND "public"."wards"."floor" >= $2) ORDER BY "public"."wards"."floor" DESC LIMIT $3 OFFSET $4
--> allow ..... : P B DP E S ["1","2","0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE "public"."wards"."id" >= (SELECT "public"."wards"."id" FROM "public"."wards" WHERE ("public"."wards"."id") = ($1)) ORDER BY "public"."wards"."id" ASC LIMIT $2 OFFSET $3
--> allow ..... : P B DP E S ["North","1","0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE ("public"."wards"."name" = $1 AND 1=1) LIMIT $2 OFFSET $3
--> allow ..... : P B DP E S ["true","1","0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE EXISTS(SELECT "t0"."wardId" FROM "public"."beds" AS "t0" WHERE ("t0"."free" = $1 AND ("public"."wards"."id") = ("t0"."wardId") AND "t0"."wardId" IS NOT NULL)) LIMIT $2 OFFSET $3
--> allow ..... : P B DP E S ["{\"a\"}","0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE "public"."wards"."tags" @> $1 OFFSET $2
--> allow ..... : P B DP E S ["xray","true","0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE ("public"."wards"."equipment"#>ARRAY[$1]::text[])::jsonb::jsonb = $2 OFFSET $3
--> allow ... : P B DP E S ["0"]
SELECT "public"."wards"."id", "public"."wards"."name", COALESCE("aggr_selection_0_Bed"."_aggr_count_beds", 0) AS "_aggr_count_beds" FROM "public"."wards" LEFT JOIN (SELECT "public"."beds"."wardId", COUNT(*) AS "_aggr_count_beds" FROM "public"."beds" WHERE 1=1 GROUP BY "public"."beds"."wardId") AS "aggr_selection_0_Bed" ON ("public"."wards"."id" = "aggr_selection_0_Bed"."wardId") WHERE 1=1 ORDER BY "public"."wards"."id" ASC OFFSET $1
--> allow ..... : P B DP E S ["South","5","South"]
INSERT INTO "public"."wards" ("name") VALUES ($1) ON CONFLICT ("name") DO UPDATE SET "floor" = $2 WHERE ("public"."wards"."name" = $3 AND 1=1) RETURNING "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags"
--> allow - : Q
BEGIN
--> allow ..... : P B DP E S ["1","1"]
UPDATE "public"."wards" SET "floor" = ("public"."wards"."floor" + $1) WHERE ("public"."wards"."id" = $2 AND 1=1) RETURNING "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags"
--> allow .. : P B DP E S ["00000001-0000-4000-8000-000000000000","1","0"]
SELECT "public"."beds"."id", "public"."beds"."wardId" FROM "public"."beds" WHERE (("public"."beds"."id" = $1 AND 1=1) AND "public"."beds"."wardId" IN ($2)) OFFSET $3
--> allow . : P B DP E S ["false","00000001-0000-4000-8000-000000000000","00000001-0000-4000-8000-000000000000"]
UPDATE "public"."beds" SET "free" = $1 WHERE ("public"."beds"."id" IN ($2) AND ("public"."beds"."id" = $3 AND 1=1)) RETURNING "public"."beds"."id"
--> allow - : Q
COMMIT
--> allow - : P B DP E S ["double","false"]
UPDATE "public"."beds" SET "kind" = CAST($1::text AS "public"."BedKind") WHERE "public"."beds"."free" = $2
--> allow - : P B DP E S ["b3"]
DELETE FROM "public"."beds" WHERE "public"."beds"."label" = $1
--> allow . : P B DP E S ["0"]
SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."wards"."id" FROM "public"."wards" WHERE 1=1 OFFSET $1) AS "sub"
--> allow ... : P B DP E S ["0"]
SELECT AVG("floor") AS "_avg$floor", MAX("floor") AS "_max$floor", COUNT(*) AS "_count$_all" FROM (SELECT "public"."wards"."floor", "public"."wards"."id" FROM "public"."wards" WHERE 1=1 OFFSET $1) AS "sub"
--> allow .. : P B DP E S ["0","0"]
SELECT COUNT(*) AS "_count$_all", "public"."beds"."wardId" FROM "public"."beds" WHERE 1=1 GROUP BY "public"."beds"."wardId" HAVING "public"."beds"."wardId" > $1 ORDER BY "public"."beds"."wardId" ASC OFFSET $2
--> allow ..... : P B DP E S ["0"]
SELECT "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags" FROM "public"."wards" WHERE 1=1 OFFSET $1
--> allow - : Q
BEGIN
--> allow . : P B DP E S ["0"]
SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."beds"."id" FROM "public"."beds" WHERE 1=1 OFFSET $1) AS "sub"
--> allow . : P B DP E S ["0"]
SELECT "public"."beds"."id" FROM "public"."beds" WHERE 1=1 OFFSET $1
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE
--> allow ..... : P B DP E S ["true","00000002-0000-4000-8000-000000000000"]
UPDATE "public"."beds" SET "free" = $1 WHERE ("public"."beds"."id" = $2 AND 1=1) RETURNING "public"."beds"."id", "public"."beds"."wardId", "public"."beds"."label", "public"."beds"."kind"::text, "public"."beds"."free"
--> allow - : Q
ROLLBACK
--> allow ...MMM.. : P B DP E S ["3","0"]
SELECT "clinic"."patients"."id", "clinic"."patients"."mrn", "clinic"."patients"."name", "clinic"."patients"."ssn", "clinic"."patients"."email", "clinic"."patients"."dob", "clinic"."patients"."city", "clinic"."patients"."balance" FROM "clinic"."patients" WHERE 1=1 ORDER BY "clinic"."patients"."id" ASC LIMIT $1 OFFSET $2
--> allow ...MMM.. : P B DP E S ["3","1","0"]
SELECT "clinic"."patients"."id", "clinic"."patients"."mrn", "clinic"."patients"."name", "clinic"."patients"."ssn", "clinic"."patients"."email", "clinic"."patients"."dob", "clinic"."patients"."city", "clinic"."patients"."balance" FROM "clinic"."patients" WHERE ("clinic"."patients"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3
--> allow ... : P B DP E S ["c1","0"]
SELECT "clinic"."patients"."id", "clinic"."patients"."name", "clinic"."patients"."city" FROM "clinic"."patients" WHERE "clinic"."patients"."city" = $1 ORDER BY "clinic"."patients"."id" ASC OFFSET $2
--> allow ...M. : P B DP E S ["3","0"]
SELECT "clinic"."visits"."id", "clinic"."visits"."day", "clinic"."visits"."patient", "clinic"."visits"."diagnosis", "clinic"."visits"."cost" FROM "clinic"."visits" WHERE "clinic"."visits"."patient" = $1 OFFSET $2
--> allow .. : P B DP E S ["3","1","0"]
SELECT "clinic"."patients"."id", "clinic"."patients"."name" FROM "clinic"."patients" WHERE ("clinic"."patients"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3
--> allow .... : P B DP E S ["3","0"]
SELECT "clinic"."visits"."id", "clinic"."visits"."day", "clinic"."visits"."cost", "clinic"."visits"."patient" FROM "clinic"."visits" WHERE "clinic"."visits"."patient" = $1 OFFSET $2
--> allow . lookup : P B DP E S ["u5@y.org","1","0"]
SELECT "clinic"."patients"."id" FROM "clinic"."patients" WHERE "clinic"."patients"."email" = $1 LIMIT $2 OFFSET $3
--> allow .. : P B DP E S ["0"]
SELECT SUM("clinic"."patients"."balance") AS "_sum$balance", "clinic"."patients"."city" FROM "clinic"."patients" WHERE 1=1 GROUP BY "clinic"."patients"."city" ORDER BY "clinic"."patients"."city" ASC OFFSET $1
--> allow .... : P B DP E S ["40","0"]
SELECT "clinic"."visits"."id", "clinic"."visits"."day", "clinic"."visits"."cost", "clinic"."visits"."patient" FROM "clinic"."visits" WHERE "clinic"."visits"."cost" > $1 ORDER BY "clinic"."visits"."id" ASC OFFSET $2
--> allow .. : P B DP E S ["14","19","24","5","10","15","20","1","0"]
SELECT "clinic"."patients"."id", "clinic"."patients"."name" FROM "clinic"."patients" WHERE "clinic"."patients"."id" IN ($1,$2,$3,$4,$5,$6,$7,$8) OFFSET $9
--> allow ...MMM.. : P B DP E S ["c2","4"]
UPDATE "clinic"."patients" SET "city" = $1 WHERE ("clinic"."patients"."id" = $2 AND 1=1) RETURNING "clinic"."patients"."id", "clinic"."patients"."mrn", "clinic"."patients"."name", "clinic"."patients"."ssn", "clinic"."patients"."email", "clinic"."patients"."dob", "clinic"."patients"."city", "clinic"."patients"."balance"
--> allow - : P B DP E S ["pr@x.io","4"]
UPDATE "clinic"."patients" SET "email" = $1 WHERE "clinic"."patients"."id" = $2
--> allow .. : P B DP E S ["0"]
SELECT COUNT(*) AS "_count$_all", "clinic"."rooms"."floor" FROM "clinic"."rooms" WHERE 1=1 GROUP BY "clinic"."rooms"."floor" ORDER BY "clinic"."rooms"."floor" ASC OFFSET $1
--> allow .. : P B DP E S ["1"]
SELECT floor, count(*) FROM clinic.rooms WHERE floor > $1 GROUP BY floor ORDER BY floor
--> allow - : P B DP E S ["2","West"]
UPDATE wards SET floor = $1 WHERE name = $2
--> allow ..... : P B DP E S ["1"]
DELETE FROM "public"."wards" WHERE ("public"."wards"."id" = $1 AND 1=1) RETURNING "public"."wards"."id", "public"."wards"."name", "public"."wards"."floor", "public"."wards"."equipment", "public"."wards"."tags"
