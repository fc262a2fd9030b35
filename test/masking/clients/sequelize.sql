-- Sequelize 6.37.8 over node-postgres 8.23.1, recorded on PostgreSQL 15.
-- Descriptions of tables, indexes and keys, sync and sync with alter, models with relations, JSON, arrays, enums and soft deletion,
-- upserts, bulk inserts, transactions and their levels, DDL by the query interface.
--- connection {"client_encoding":"UTF8"}
--> allow - ; allow - : Q
SET client_min_messages TO warning;SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE;
--> allow ....... : Q
WITH ranges AS (  SELECT pg_range.rngtypid, pg_type.typname AS rngtypname,         pg_type.typarray AS rngtyparray, pg_range.rngsubtype    FROM pg_range LEFT OUTER JOIN pg_type ON pg_type.oid = pg_range.rngtypid)SELECT pg_type.typname, pg_type.typtype, pg_type.oid, pg_type.typarray,       ranges.rngtypname, ranges.rngtypid, ranges.rngtyparray  FROM pg_type LEFT OUTER JOIN ranges ON pg_type.oid = ranges.rngsubtype WHERE (pg_type.typtype IN('b', 'e'));
--- connection {"client_encoding":"UTF8"}
--> allow - ; allow - : Q
SET client_min_messages TO warning;SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE;
--> allow . : Q
SELECT 1+1 AS result
--> allow . : Q
SHOW SERVER_VERSION
--> allow . : Q
SELECT schema_name FROM information_schema.schemata WHERE schema_name <> 'information_schema' AND schema_name != 'public' AND schema_name !~ E'^pg_';
--> allow . : Q
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type LIKE '%TABLE' AND table_name != 'spatial_ref_sys';
--> allow ....... : Q
SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'patients' AND c.table_schema = 'clinic'
--> allow ....... : Q
SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a, pg_namespace s WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'patients' AND s.oid = t.relnamespace AND s.nspname = 'clinic' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;
--> allow ............. : Q
SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'patients' AND tc.table_catalog = 'clinic' AND tc.table_schema = 'clinic'
--> allow ......... : Q
SELECT constraint_catalog AS "constraintCatalog", constraint_schema AS "constraintSchema", constraint_name AS "constraintName", table_catalog AS "tableCatalog", table_schema AS "tableSchema", table_name AS "tableName", constraint_type AS "constraintType", is_deferrable AS "isDeferrable", initially_deferred AS "initiallyDeferred" from INFORMATION_SCHEMA.table_constraints WHERE table_name='[object Object]';
--> allow ....... : Q
SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'visits' AND c.table_schema = 'clinic'
--> allow ....... : Q
SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a, pg_namespace s WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'visits' AND s.oid = t.relnamespace AND s.nspname = 'clinic' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;
--> allow ............. : Q
SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'visits' AND tc.table_catalog = 'clinic' AND tc.table_schema = 'clinic'
--> allow ....... : Q
SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'rooms' AND c.table_schema = 'clinic'
--> allow ....... : Q
SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a, pg_namespace s WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'rooms' AND s.oid = t.relnamespace AND s.nspname = 'clinic' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;
--> allow ............. : Q
SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'rooms' AND tc.table_catalog = 'clinic' AND tc.table_schema = 'clinic'
--> allow ....... : Q
SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'billing' AND c.table_schema = 'clinic'
--> allow ....... : Q
SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a, pg_namespace s WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'billing' AND s.oid = t.relnamespace AND s.nspname = 'clinic' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;
--> allow ............. : Q
SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'billing' AND tc.table_catalog = 'clinic' AND tc.table_schema = 'clinic'
--> allow . : Q
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'wards'
--> allow - : Q
CREATE TABLE IF NOT EXISTS "wards" ("id"   SERIAL , "name" VARCHAR(255) UNIQUE, "floor" INTEGER, "equipment" JSONB, "tags" VARCHAR(255)[], "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY ("id"));
--> allow ....... : Q
SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'wards' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;
--> allow . : Q
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'beds'
--> allow .. : Q
SELECT t.typname enum_name, array_agg(e.enumlabel ORDER BY enumsortorder) enum_value FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = 'public' AND t.typname='enum_beds_kind' GROUP BY 1
--> hold - opaque : Q
DO 'BEGIN CREATE TYPE "public"."enum_beds_kind" AS ENUM(''single'', ''double''); EXCEPTION WHEN duplicate_object THEN null; END';
--> allow - : Q
CREATE TABLE IF NOT EXISTS "beds" ("id"   SERIAL , "label" VARCHAR(255), "free" BOOLEAN DEFAULT true, "kind" "public"."enum_beds_kind", "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, "deletedAt" TIMESTAMP WITH TIME ZONE, "wardId" INTEGER REFERENCES "wards" ("id") ON DELETE SET NULL ON UPDATE CASCADE, PRIMARY KEY ("id"));
--> allow ....... : Q
SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'beds' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;
--> allow ....... : Q
SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'wards' AND c.table_schema = 'public'
--> allow ............. : Q
SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'wards' AND tc.table_catalog = 'clinic'
--> allow - ; allow - ; allow - ; allow - : Q
ALTER TABLE "wards" ALTER COLUMN "name" DROP NOT NULL;ALTER TABLE "wards" ALTER COLUMN "name" DROP DEFAULT;ALTER TABLE "wards"  ADD UNIQUE ("name");ALTER TABLE "wards" ALTER COLUMN "name" TYPE VARCHAR(255) ;
--> allow - ; allow - ; allow - : Q
ALTER TABLE "wards" ALTER COLUMN "floor" DROP NOT NULL;ALTER TABLE "wards" ALTER COLUMN "floor" DROP DEFAULT;ALTER TABLE "wards" ALTER COLUMN "floor" TYPE INTEGER;
--> allow - ; allow - ; allow - : Q
ALTER TABLE "wards" ALTER COLUMN "equipment" DROP NOT NULL;ALTER TABLE "wards" ALTER COLUMN "equipment" DROP DEFAULT;ALTER TABLE "wards" ALTER COLUMN "equipment" TYPE JSONB;
--> allow - ; allow - ; allow - : Q
ALTER TABLE "wards" ALTER COLUMN "tags" DROP NOT NULL;ALTER TABLE "wards" ALTER COLUMN "tags" DROP DEFAULT;ALTER TABLE "wards" ALTER COLUMN "tags" TYPE VARCHAR(255)[];
--> allow - ; allow - ; allow - : Q
ALTER TABLE "wards" ALTER COLUMN "createdAt" SET NOT NULL;ALTER TABLE "wards" ALTER COLUMN "createdAt" DROP DEFAULT;ALTER TABLE "wards" ALTER COLUMN "createdAt" TYPE TIMESTAMP WITH TIME ZONE;
--> allow - ; allow - ; allow - : Q
ALTER TABLE "wards" ALTER COLUMN "updatedAt" SET NOT NULL;ALTER TABLE "wards" ALTER COLUMN "updatedAt" DROP DEFAULT;ALTER TABLE "wards" ALTER COLUMN "updatedAt" TYPE TIMESTAMP WITH TIME ZONE;
--> allow ....... : Q
SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'beds' AND c.table_schema = 'public'
--> allow ............. : Q
SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'beds' AND tc.table_catalog = 'clinic'
--> allow - ; allow - ; allow - : Q
ALTER TABLE "beds" ALTER COLUMN "label" DROP NOT NULL;ALTER TABLE "beds" ALTER COLUMN "label" DROP DEFAULT;ALTER TABLE "beds" ALTER COLUMN "label" TYPE VARCHAR(255);
--> allow - ; allow - ; allow - : Q
ALTER TABLE "beds" ALTER COLUMN "free" DROP NOT NULL;ALTER TABLE "beds" ALTER COLUMN "free" SET DEFAULT true;ALTER TABLE "beds" ALTER COLUMN "free" TYPE BOOLEAN;
--> allow - ; allow - ; hold - opaque ; allow - : Q
ALTER TABLE "beds" ALTER COLUMN "kind" DROP NOT NULL;ALTER TABLE "beds" ALTER COLUMN "kind" DROP DEFAULT;DO 'BEGIN CREATE TYPE "public"."enum_beds_kind" AS ENUM(''single'', ''double''); EXCEPTION WHEN duplicate_object THEN null; END';ALTER TABLE "beds" ALTER COLUMN "kind" TYPE "public"."enum_beds_kind" USING ("kind"::"public"."enum_beds_kind");
--> allow - ; allow - ; allow - : Q
ALTER TABLE "beds" ALTER COLUMN "createdAt" SET NOT NULL;ALTER TABLE "beds" ALTER COLUMN "createdAt" DROP DEFAULT;ALTER TABLE "beds" ALTER COLUMN "createdAt" TYPE TIMESTAMP WITH TIME ZONE;
--> allow - ; allow - ; allow - : Q
ALTER TABLE "beds" ALTER COLUMN "updatedAt" SET NOT NULL;ALTER TABLE "beds" ALTER COLUMN "updatedAt" DROP DEFAULT;ALTER TABLE "beds" ALTER COLUMN "updatedAt" TYPE TIMESTAMP WITH TIME ZONE;
--> allow - ; allow - ; allow - : Q
ALTER TABLE "beds" ALTER COLUMN "deletedAt" DROP NOT NULL;ALTER TABLE "beds" ALTER COLUMN "deletedAt" DROP DEFAULT;ALTER TABLE "beds" ALTER COLUMN "deletedAt" TYPE TIMESTAMP WITH TIME ZONE;
--> allow - : Q
ALTER TABLE "beds" DROP CONSTRAINT "beds_wardId_fkey"
--> allow - : Q
ALTER TABLE "beds"  ADD FOREIGN KEY ("wardId") REFERENCES "wards" ("id") ON DELETE SET NULL ON UPDATE CASCADE;
--> allow ....... : P B DP E S ["North","1","{\"xray\":true}","{\"a\",\"b\"}","2026-11-25 21:02:27.973 +00:00","2026-11-25 21:02:27.973 +00:00"]
INSERT INTO "wards" ("id","name","floor","equipment","tags","createdAt","updatedAt") VALUES (DEFAULT,$1,$2,$3,$4,$5,$6) RETURNING "id","name","floor","equipment","tags","createdAt","updatedAt";
--> allow ....... : Q
INSERT INTO "wards" ("id","name","floor","createdAt","updatedAt") VALUES (DEFAULT,'South',2,'2026-11-25 21:02:27.979 +00:00','2026-11-25 21:02:27.979 +00:00'),(DEFAULT,'West',3,'2026-11-25 21:02:27.979 +00:00','2026-11-25 21:02:27.979 +00:00') ON CONFLICT ("name") DO UPDATE SET "floor"=EXCLUDED."floor","updatedAt"=EXCLUDED."updatedAt" RETURNING "id","name","floor","equipment","tags","createdAt","updatedAt";
--> allow ........ : P B DP E S ["b1","true","single","2026-11-25 21:02:27.982 +00:00","2026-11-25 21:02:27.982 +00:00","1"]
INSERT INTO "beds" ("id","label","free","kind","createdAt","updatedAt","wardId") VALUES (DEFAULT,$1,$2,$3,$4,$5,$6) RETURNING "id","label","free","kind","createdAt","updatedAt","deletedAt","wardId";
--> allow ........ : Q
INSERT INTO "beds" ("id","label","free","createdAt","updatedAt","wardId") VALUES (DEFAULT,'b2',true,'2026-11-25 21:02:27.983 +00:00','2026-11-25 21:02:27.983 +00:00',1),(DEFAULT,'b3',true,'2026-11-25 21:02:27.983 +00:00','2026-11-25 21:02:27.983 +00:00',1),(DEFAULT,'b4',true,'2026-11-25 21:02:27.983 +00:00','2026-11-25 21:02:27.983 +00:00',1) RETURNING "id","label","free","kind","createdAt","updatedAt","deletedAt","wardId";
--> allow ............... : Q
SELECT "ward"."id", "ward"."name", "ward"."floor", "ward"."equipment", "ward"."tags", "ward"."createdAt", "ward"."updatedAt", "beds"."id" AS "beds.id", "beds"."label" AS "beds.label", "beds"."free" AS "beds.free", "beds"."kind" AS "beds.kind", "beds"."createdAt" AS "beds.createdAt", "beds"."updatedAt" AS "beds.updatedAt", "beds"."deletedAt" AS "beds.deletedAt", "beds"."wardId" AS "beds.wardId" FROM "wards" AS "ward" LEFT OUTER JOIN "beds" AS "beds" ON "ward"."id" = "beds"."wardId" AND ("beds"."deletedAt" IS NULL) ORDER BY "ward"."id" ASC, "beds"."id" ASC;
--> allow ............... : Q
SELECT "ward".*, "beds"."id" AS "beds.id", "beds"."label" AS "beds.label", "beds"."free" AS "beds.free", "beds"."kind" AS "beds.kind", "beds"."createdAt" AS "beds.createdAt", "beds"."updatedAt" AS "beds.updatedAt", "beds"."deletedAt" AS "beds.deletedAt", "beds"."wardId" AS "beds.wardId" FROM (SELECT "ward"."id", "ward"."name", "ward"."floor", "ward"."equipment", "ward"."tags", "ward"."createdAt", "ward"."updatedAt" FROM "wards" AS "ward" WHERE ( SELECT "wardId" FROM "beds" AS "beds" WHERE (("beds"."deletedAt" IS NULL AND "beds"."free" = true) AND "beds"."wardId" = "ward"."id") LIMIT 1 ) IS NOT NULL ORDER BY "ward"."id" LIMIT 2 OFFSET 0) AS "ward" INNER JOIN "beds" AS "beds" ON "ward"."id" = "beds"."wardId" AND ("beds"."deletedAt" IS NULL AND "beds"."free" = true) ORDER BY "ward"."id";
--> allow . : Q
SELECT count(*) AS "count" FROM "wards" AS "ward" WHERE "ward"."floor" >= 1 AND "ward"."name" ILIKE '%o%';
--> allow ....... : Q
SELECT "id", "name", "floor", "equipment", "tags", "createdAt", "updatedAt" FROM "wards" AS "ward" WHERE "ward"."floor" >= 1 AND "ward"."name" ILIKE '%o%' LIMIT 2;
--> allow ....... : Q
SELECT "id", "name", "floor", "equipment", "tags", "createdAt", "updatedAt" FROM "wards" AS "ward" WHERE CAST(("ward"."equipment"#>>'{xray}') AS BOOLEAN) = true LIMIT 1;
--> allow ....... : Q
SELECT "id", "name", "floor", "equipment", "tags", "createdAt", "updatedAt" FROM "wards" AS "ward" WHERE "ward"."tags" @> ARRAY['a']::VARCHAR(255)[] LIMIT 1;
--> allow ....... : Q
SELECT "id", "name", "floor", "equipment", "tags", "createdAt", "updatedAt" FROM "wards" AS "ward" WHERE "ward"."id" = 1;
--> allow - : Q
START TRANSACTION;
--> allow ....... : Q
SELECT "id", "name", "floor", "equipment", "tags", "createdAt", "updatedAt" FROM "wards" AS "ward" WHERE "ward"."name" = 'East';
--> hold - opaque ; hold RRRRRRRR opaque ; allow - : Q
CREATE OR REPLACE FUNCTION pg_temp.testfunc(OUT response "wards", OUT sequelize_caught_exception text) RETURNS RECORD AS $func_0d9613e3ade04e3ebd413d1081f54684$ BEGIN INSERT INTO "wards" ("id","name","floor","createdAt","updatedAt") VALUES (DEFAULT,'East',4,'2026-11-25 21:02:28.005 +00:00','2026-11-25 21:02:28.005 +00:00') RETURNING * INTO response; EXCEPTION WHEN unique_violation THEN GET STACKED DIAGNOSTICS sequelize_caught_exception = PG_EXCEPTION_DETAIL; END $func_0d9613e3ade04e3ebd413d1081f54684$ LANGUAGE plpgsql; SELECT (testfunc.response)."id", (testfunc.response)."name", (testfunc.response)."floor", (testfunc.response)."equipment", (testfunc.response)."tags", (testfunc.response)."createdAt", (testfunc.response)."updatedAt", testfunc.sequelize_caught_exception FROM pg_temp.testfunc(); DROP FUNCTION IF EXISTS pg_temp.testfunc();
--> allow - : Q
COMMIT;
--> allow ....... : P B DP E S ["East","5","2026-11-25 21:02:28.007 +00:00","2026-11-25 21:02:28.007 +00:00"]
INSERT INTO "wards" ("name","floor","createdAt","updatedAt") VALUES ($1,$2,$3,$4) ON CONFLICT ("name") DO UPDATE SET "name"=EXCLUDED."name","floor"=EXCLUDED."floor","updatedAt"=EXCLUDED."updatedAt" RETURNING "id","name","floor","equipment","tags","createdAt","updatedAt";
--> allow - : P B DP E S ["7","2026-11-25 21:02:28.009 +00:00","1"]
UPDATE "wards" SET "floor"=$1,"updatedAt"=$2 WHERE "id" = $3
--> allow ....... : Q
UPDATE "wards" SET "floor"="floor"+ 2,"updatedAt"='2026-11-25 21:02:28.011 +00:00' WHERE "id" = 1 RETURNING *
--> allow . : Q
SELECT count(*) AS "count" FROM "wards" AS "ward";
--> allow . : Q
SELECT max("floor") AS "max" FROM "wards" AS "ward";
--> allow . : Q
SELECT sum("floor") AS "sum" FROM "wards" AS "ward";
--> allow . : Q
SELECT count(*) AS "count" FROM "beds" AS "bed" WHERE ("bed"."deletedAt" IS NULL) GROUP BY "wardId";
--> allow .. : Q
SELECT "wardId", COUNT("id") AS "n" FROM "beds" AS "bed" WHERE ("bed"."deletedAt" IS NULL) GROUP BY "wardId" HAVING COUNT("id") > 0;
--> allow - : P B DP E S ["2026-11-25 21:02:28.016 +00:00","b4"]
UPDATE "beds" SET "deletedAt"=$1 WHERE "deletedAt" IS NULL AND "label" = $2
--> allow - : P B DP E S [null,"b4"]
UPDATE "beds" SET "deletedAt"=$1 WHERE "label" = $2
--> allow - : Q
DELETE FROM "beds" WHERE "label" = 'b4'
--> allow - : Q
START TRANSACTION;
--> allow ........ : Q
SELECT "id", "label", "free", "kind", "createdAt", "updatedAt", "deletedAt", "wardId" FROM "beds" AS "bed" WHERE ("bed"."deletedAt" IS NULL AND "bed"."label" = 'b1') LIMIT 1 FOR UPDATE;
--> allow - : P B DP E S ["false","2026-11-25 21:02:28.021 +00:00","1"]
UPDATE "beds" SET "free"=$1,"updatedAt"=$2 WHERE "id" = $3
--> allow - : Q
COMMIT;
--> allow - : Q
START TRANSACTION;
--> allow - : Q
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
--> allow . : Q
SELECT count(*) AS "count" FROM "beds" AS "bed" WHERE ("bed"."deletedAt" IS NULL);
--> allow - : Q
ROLLBACK;
--> allow ... : Q
SELECT "id", "name", "floor" FROM "clinic"."rooms" AS "room";
--> allow .. : Q
SELECT "floor", count('*') AS "n" FROM "clinic"."rooms" AS "room" GROUP BY "floor" ORDER BY "room"."floor";
--> allow ...MMM.. : Q
SELECT "id", "mrn", "name", "ssn", "email", "dob", "city", "balance" FROM "clinic"."patients" AS "patient" ORDER BY "patient"."id" LIMIT 3;
--> allow ...MMM.. : Q
SELECT "id", "mrn", "name", "ssn", "email", "dob", "city", "balance" FROM "clinic"."patients" AS "patient" WHERE "patient"."id" = 3;
--> allow ... : Q
SELECT "id", "name", "city" FROM "clinic"."patients" AS "patient" WHERE "patient"."city" IN ('c1', 'c2');
--> allow ...MMM.....M. : Q
SELECT "patient"."id", "patient"."mrn", "patient"."name", "patient"."ssn", "patient"."email", "patient"."dob", "patient"."city", "patient"."balance", "visits"."id" AS "visits.id", "visits"."patient" AS "visits.patientId", "visits"."day" AS "visits.day", "visits"."diagnosis" AS "visits.diagnosis", "visits"."cost" AS "visits.cost" FROM "clinic"."patients" AS "patient" LEFT OUTER JOIN "clinic"."visits" AS "visits" ON "patient"."id" = "visits"."patient" WHERE "patient"."id" = 3;
--> allow ...MMM.. lookup : Q
SELECT "id", "mrn", "name", "ssn", "email", "dob", "city", "balance" FROM "clinic"."patients" AS "patient" WHERE "patient"."email" = 'u5@y.org' LIMIT 1;
--> allow .. : Q
SELECT "city", SUM("balance") AS "total" FROM "clinic"."patients" AS "patient" GROUP BY "city" ORDER BY "patient"."city";
--> allow ... : Q
SELECT "id", "day", "cost" FROM "clinic"."visits" AS "visit" WHERE "visit"."day" BETWEEN '2025-10-01' AND '2025-12-31';
--> allow - : P B DP E S ["c7","4"]
UPDATE "clinic"."patients" SET "city"=$1 WHERE "id" = $2
--> allow - : P B DP E S ["seq@x.io","4"]
UPDATE "clinic"."patients" SET "email"=$1 WHERE "id" = $2
--> allow ...MMM.. constraint : P B DP E S ["902","M902","Name 902","c2","1"]
INSERT INTO "clinic"."patients" ("id","mrn","name","city","balance") VALUES ($1,$2,$3,$4,$5) RETURNING "id","mrn","name","ssn","email","dob","city","balance";
--> hold - other : Q
DELETE FROM "clinic"."patients" WHERE "id" = 902
--> allow . : Q
SELECT count(*) FROM clinic.visits WHERE cost > 10
--> allow . : P B DP E S ["3"]
SELECT name FROM clinic.rooms WHERE id = $1
--> allow - : Q
ALTER TABLE "public"."wards" ADD COLUMN "remark" TEXT;
--> allow - : Q
ALTER TABLE "wards" RENAME COLUMN "remark" TO "note";
--> allow - ; allow - ; allow - : Q
ALTER TABLE "wards" ALTER COLUMN "note" DROP NOT NULL;ALTER TABLE "wards" ALTER COLUMN "note" DROP DEFAULT;ALTER TABLE "wards" ALTER COLUMN "note" TYPE VARCHAR(50);
--> allow - : Q
CREATE INDEX "wards_floor" ON "wards" ("floor")
--> allow - : Q
ALTER TABLE "public"."wards" DROP COLUMN "note";
--> allow - : Q
DROP TABLE IF EXISTS "beds";
--> allow - : Q
DROP TYPE IF EXISTS "public"."enum_beds_kind";
--> allow - : Q
DROP TABLE IF EXISTS "wards";
