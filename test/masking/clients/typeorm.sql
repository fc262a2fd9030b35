-- TypeORM 1.1.1 over node-postgres 8.23.1, recorded on PostgreSQL 15.
-- Reading of tables, two synchronizations, a migration and back, entities with relations, many to many, soft deletion, upserts, paging,
-- query builders, transactions with locks.
--- connection {"client_encoding":"UTF8"}
--> allow . : Q
SELECT version()
--> allow . : Q
SELECT * FROM current_schema()
--> allow ............ : P B DP E S ["public","typeorm_metadata"]
SELECT * FROM "information_schema"."tables" WHERE "table_schema" = $1 AND "table_name" = $2
--> allow - : Q
CREATE TABLE "typeorm_metadata" ("type" varchar, "database" varchar, "schema" varchar, "table" varchar, "name" varchar, "value" varchar)
--> allow . : Q
SELECT * FROM current_database()
--> allow ... : Q
SELECT "table_schema", "table_name", obj_description((quote_ident("table_schema") || '.' || quote_ident("table_name"))::regclass, 'pg_class') AS table_comment FROM "information_schema"."tables" WHERE ("table_schema" = 'clinic' AND "table_name" = 'patients') OR ("table_schema" = 'clinic' AND "table_name" = 'visits') OR ("table_schema" = 'clinic' AND "table_name" = 'rooms') OR ("table_schema" = 'clinic' AND "table_name" = 'billing')
--> allow . : Q
SELECT TRUE FROM information_schema.columns WHERE table_name = 'pg_class' and column_name = 'relispartition'
--> allow ............................................... : Q
SELECT columns.*, pg_catalog.col_description((quote_ident(table_catalog) || '.' || quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass::oid, ordinal_position) AS description, ('"' || "udt_schema" || '"."' || "udt_name" || '"')::"regtype"::text AS "regtype", pg_catalog.format_type("col_attr"."atttypid", "col_attr"."atttypmod") AS "format_type" FROM "information_schema"."columns" LEFT JOIN "pg_catalog"."pg_attribute" AS "col_attr" ON "col_attr"."attname" = "columns"."column_name" AND "col_attr"."attrelid" = ( SELECT "cls"."oid" FROM "pg_catalog"."pg_class" AS "cls" LEFT JOIN "pg_catalog"."pg_namespace" AS "ns" ON "ns"."oid" = "cls"."relnamespace" WHERE "cls"."relname" = "columns"."table_name" AND "ns"."nspname" = "columns"."table_schema" ) WHERE ("table_schema" = 'clinic' AND "table_name" = 'patients') OR ("table_schema" = 'clinic' AND "table_name" = 'visits') OR ("table_schema" = 'clinic' AND "table_name" = 'billing') OR ("table_schema" = 'clinic' AND "table_name" = 'rooms')
--> allow ...... : Q
SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND (("ns"."nspname" = 'clinic' AND "t"."relname" = 'patients') OR ("ns"."nspname" = 'clinic' AND "t"."relname" = 'visits') OR ("ns"."nspname" = 'clinic' AND "t"."relname" = 'billing') OR ("ns"."nspname" = 'clinic' AND "t"."relname" = 'rooms'))
--> allow ........ : Q
SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "i"."relname" AS "constraint_name", "a"."attname" AS "column_name", CASE "ix"."indisunique" WHEN 't' THEN 'TRUE' ELSE'FALSE' END AS "is_unique", pg_get_expr("ix"."indpred", "ix"."indrelid") AS "condition", "types"."typname" AS "type_name", "am"."amname" AS "index_type" FROM "pg_class" "t" INNER JOIN "pg_index" "ix" ON "ix"."indrelid" = "t"."oid" INNER JOIN "pg_attribute" "a" ON "a"."attrelid" = "t"."oid"  AND "a"."attnum" = ANY ("ix"."indkey") INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "t"."relnamespace" INNER JOIN "pg_class" "i" ON "i"."oid" = "ix"."indexrelid" INNER JOIN "pg_type" "types" ON "types"."oid" = "a"."atttypid" INNER JOIN "pg_am" "am" ON "i"."relam" = "am"."oid" LEFT JOIN "pg_constraint" "cnst" ON "cnst"."conname" = "i"."relname" WHERE "t"."relkind" IN ('r', 'p') AND "cnst"."contype" IS NULL AND (("ns"."nspname" = 'clinic' AND "t"."relname" = 'patients') OR ("ns"."nspname" = 'clinic' AND "t"."relname" = 'visits') OR ("ns"."nspname" = 'clinic' AND "t"."relname" = 'billing') OR ("ns"."nspname" = 'clinic' AND "t"."relname" = 'rooms'))
--> allow ........... : Q
SELECT "con"."conname" AS "constraint_name", "con"."nspname" AS "table_schema", "con"."relname" AS "table_name", "att2"."attname" AS "column_name", "ns"."nspname" AS "referenced_table_schema", "cl"."relname" AS "referenced_table_name", "att"."attname" AS "referenced_column_name", "con"."confdeltype" AS "on_delete", "con"."confupdtype" AS "on_update", "con"."condeferrable" AS "deferrable", "con"."condeferred" AS "deferred" FROM ( SELECT UNNEST ("con1"."conkey") AS "parent", UNNEST ("con1"."confkey") AS "child", "con1"."confrelid", "con1"."conrelid", "con1"."conname", "con1"."contype", "ns"."nspname", "cl"."relname", "con1"."condeferrable", CASE WHEN "con1"."condeferred" THEN 'INITIALLY DEFERRED' ELSE 'INITIALLY IMMEDIATE' END as condeferred, CASE "con1"."confdeltype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confdeltype", CASE "con1"."confupdtype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confupdtype" FROM "pg_class" "cl" INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_constraint" "con1" ON "con1"."conrelid" = "cl"."oid" WHERE "con1"."contype" = 'f' AND (("ns"."nspname" = 'clinic' AND "cl"."relname" = 'patients') OR ("ns"."nspname" = 'clinic' AND "cl"."relname" = 'visits') OR ("ns"."nspname" = 'clinic' AND "cl"."relname" = 'billing') OR ("ns"."nspname" = 'clinic' AND "cl"."relname" = 'rooms')) ) "con" INNER JOIN "pg_attribute" "att" ON "att"."attrelid" = "con"."confrelid" AND "att"."attnum" = "con"."child" INNER JOIN "pg_class" "cl" ON "cl"."oid" = "con"."confrelid"  AND "cl"."relispartition" = 'f'INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_attribute" "att2" ON "att2"."attrelid" = "con"."conrelid" AND "att2"."attnum" = "con"."parent"
--> allow ...... : P B DP E S ["GENERATED_COLUMN","ssn_last4","clinic","clinic","patients"]
SELECT * FROM "typeorm_metadata" "t" WHERE "type" = $1 AND "name" = $2 AND "database" = $3 AND "schema" = $4 AND "table" = $5
--> allow .. : Q
SELECT "udt_schema", "udt_name" FROM "information_schema"."columns" WHERE "table_schema" = 'clinic' AND "table_name" = 'patients' AND "column_name"='sex'
--> allow .. : Q
SELECT "udt_schema", "udt_name" FROM "information_schema"."columns" WHERE "table_schema" = 'clinic' AND "table_name" = 'patients' AND "column_name"='aliases'
--> allow .. : Q
SELECT "udt_schema", "udt_name" FROM "information_schema"."columns" WHERE "table_schema" = 'clinic' AND "table_name" = 'patients' AND "column_name"='home'
--> allow ...... : P B DP E S ["GENERATED_COLUMN","dx_tsv","clinic","clinic","visits"]
SELECT * FROM "typeorm_metadata" "t" WHERE "type" = $1 AND "name" = $2 AND "database" = $3 AND "schema" = $4 AND "table" = $5
--> allow . : Q
SELECT "e"."enumlabel" AS "value" FROM "pg_enum" "e" INNER JOIN "pg_type" "t" ON "t"."oid" = "e"."enumtypid" INNER JOIN "pg_namespace" "n" ON "n"."oid" = "t"."typnamespace" WHERE "n"."nspname" = 'clinic' AND "t"."typname" = 'sex' ORDER BY "e"."enumsortorder"
--> allow . : Q
SELECT "e"."enumlabel" AS "value" FROM "pg_enum" "e" INNER JOIN "pg_type" "t" ON "t"."oid" = "e"."enumtypid" INNER JOIN "pg_namespace" "n" ON "n"."oid" = "t"."typnamespace" WHERE "n"."nspname" = 'clinic' AND "t"."typname" = 'text' ORDER BY "e"."enumsortorder"
--> allow . : Q
SELECT "e"."enumlabel" AS "value" FROM "pg_enum" "e" INNER JOIN "pg_type" "t" ON "t"."oid" = "e"."enumtypid" INNER JOIN "pg_namespace" "n" ON "n"."oid" = "t"."typnamespace" WHERE "n"."nspname" = 'clinic' AND "t"."typname" = 'address' ORDER BY "e"."enumsortorder"
--> allow ...... : Q
SELECT "t".* FROM "typeorm_metadata" "t" INNER JOIN "pg_catalog"."pg_class" "c" ON "c"."relname" = "t"."name" INNER JOIN "pg_namespace" "n" ON "n"."oid" = "c"."relnamespace" AND "n"."nspname" = "t"."schema" WHERE "t"."type" IN ('VIEW', 'MATERIALIZED_VIEW') AND (1=1)
--> allow ........ : Q
SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "i"."relname" AS "constraint_name", "a"."attname" AS "column_name", CASE "ix"."indisunique" WHEN 't' THEN 'TRUE' ELSE'FALSE' END AS "is_unique", pg_get_expr("ix"."indpred", "ix"."indrelid") AS "condition", "types"."typname" AS "type_name", "am"."amname" AS "index_type" FROM "pg_class" "t" INNER JOIN "pg_index" "ix" ON "ix"."indrelid" = "t"."oid" INNER JOIN "pg_attribute" "a" ON "a"."attrelid" = "t"."oid"  AND "a"."attnum" = ANY ("ix"."indkey") INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "t"."relnamespace" INNER JOIN "pg_class" "i" ON "i"."oid" = "ix"."indexrelid" INNER JOIN "pg_type" "types" ON "types"."oid" = "a"."atttypid" INNER JOIN "pg_am" "am" ON "i"."relam" = "am"."oid" LEFT JOIN "pg_constraint" "cnst" ON "cnst"."conname" = "i"."relname" WHERE "t"."relkind" IN ('m') AND "cnst"."contype" IS NULL AND (1=1)
--> allow ............ : P B DP E S ["clinic","rooms"]
SELECT * FROM "information_schema"."tables" WHERE "table_schema" = $1 AND "table_name" = $2
--> allow ............................................ : P B DP E S ["clinic","rooms","floor"]
SELECT * FROM "information_schema"."columns" WHERE "table_schema" = $1 AND "table_name" = $2 AND "column_name" = $3
--> allow - : Q
START TRANSACTION
--> allow ... : Q
SELECT "table_schema", "table_name", obj_description((quote_ident("table_schema") || '.' || quote_ident("table_name"))::regclass, 'pg_class') AS table_comment FROM "information_schema"."tables" WHERE ("table_schema" = 'public' AND "table_name" = 'wards') OR ("table_schema" = 'public' AND "table_name" = 'beds') OR ("table_schema" = 'public' AND "table_name" = 'tags') OR ("table_schema" = 'public' AND "table_name" = 'wards_tags_tags')
--> allow - : Q
CREATE TABLE "wards" ("id" SERIAL NOT NULL, "name" character varying NOT NULL, "floor" integer, "equipment" jsonb, "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), CONSTRAINT "UQ_5a722ad2f076304832fa3d80af5" UNIQUE ("name"), CONSTRAINT "PK_f67afa72e02ac056570c0dde279" PRIMARY KEY ("id"))
--> allow .. : Q
SELECT "n"."nspname", "t"."typname" FROM "pg_type" "t" INNER JOIN "pg_namespace" "n" ON "n"."oid" = "t"."typnamespace" WHERE "n"."nspname" = 'public' AND "t"."typname" = 'beds_kind_enum'
--> allow - : Q
CREATE TYPE "public"."beds_kind_enum" AS ENUM('single', 'double')
--> allow - : Q
CREATE TABLE "beds" ("id" uuid NOT NULL DEFAULT gen_random_uuid(), "label" character varying NOT NULL, "kind" "public"."beds_kind_enum" NOT NULL DEFAULT 'single', "free" boolean NOT NULL DEFAULT true, "deletedAt" TIMESTAMP WITH TIME ZONE, "wardId" integer, CONSTRAINT "PK_2212ae7113d85a70dc65983e742" PRIMARY KEY ("id"))
--> allow - : Q
CREATE INDEX "IDX_64c74be6af9ecff2da26652b38" ON "beds"  ("label") 
--> allow - : Q
CREATE TABLE "tags" ("id" SERIAL NOT NULL, "word" character varying NOT NULL, CONSTRAINT "PK_e7dc17249a1148a1970748eda99" PRIMARY KEY ("id"))
--> allow - : Q
CREATE TABLE "wards_tags_tags" ("wardsId" integer NOT NULL, "tagsId" integer NOT NULL, CONSTRAINT "PK_93b26cc9fdf904b0acd82e332d4" PRIMARY KEY ("wardsId", "tagsId"))
--> allow - : Q
CREATE INDEX "IDX_8c9b3d22104dd9f840716225bb" ON "wards_tags_tags"  ("wardsId") 
--> allow - : Q
CREATE INDEX "IDX_eb9a210a01a64bcbc3826e58c5" ON "wards_tags_tags"  ("tagsId") 
--> allow - : Q
ALTER TABLE "beds" ADD CONSTRAINT "FK_12c4b045ef8d740bb4fe8051429" FOREIGN KEY ("wardId") REFERENCES "wards"("id") ON DELETE CASCADE ON UPDATE NO ACTION
--> allow - : Q
ALTER TABLE "wards_tags_tags" ADD CONSTRAINT "FK_8c9b3d22104dd9f840716225bb7" FOREIGN KEY ("wardsId") REFERENCES "wards"("id") ON DELETE CASCADE ON UPDATE CASCADE
--> allow - : Q
ALTER TABLE "wards_tags_tags" ADD CONSTRAINT "FK_eb9a210a01a64bcbc3826e58c5a" FOREIGN KEY ("tagsId") REFERENCES "tags"("id") ON DELETE CASCADE ON UPDATE CASCADE
--> allow - : Q
COMMIT
--> allow - : Q
START TRANSACTION
--> allow ............................................... : Q
SELECT columns.*, pg_catalog.col_description((quote_ident(table_catalog) || '.' || quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass::oid, ordinal_position) AS description, ('"' || "udt_schema" || '"."' || "udt_name" || '"')::"regtype"::text AS "regtype", pg_catalog.format_type("col_attr"."atttypid", "col_attr"."atttypmod") AS "format_type" FROM "information_schema"."columns" LEFT JOIN "pg_catalog"."pg_attribute" AS "col_attr" ON "col_attr"."attname" = "columns"."column_name" AND "col_attr"."attrelid" = ( SELECT "cls"."oid" FROM "pg_catalog"."pg_class" AS "cls" LEFT JOIN "pg_catalog"."pg_namespace" AS "ns" ON "ns"."oid" = "cls"."relnamespace" WHERE "cls"."relname" = "columns"."table_name" AND "ns"."nspname" = "columns"."table_schema" ) WHERE ("table_schema" = 'public' AND "table_name" = 'wards') OR ("table_schema" = 'public' AND "table_name" = 'beds') OR ("table_schema" = 'public' AND "table_name" = 'tags') OR ("table_schema" = 'public' AND "table_name" = 'wards_tags_tags')
--> allow ...... : Q
SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND (("ns"."nspname" = 'public' AND "t"."relname" = 'wards') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'beds') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'tags') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'wards_tags_tags'))
--> allow ........ : Q
SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "i"."relname" AS "constraint_name", "a"."attname" AS "column_name", CASE "ix"."indisunique" WHEN 't' THEN 'TRUE' ELSE'FALSE' END AS "is_unique", pg_get_expr("ix"."indpred", "ix"."indrelid") AS "condition", "types"."typname" AS "type_name", "am"."amname" AS "index_type" FROM "pg_class" "t" INNER JOIN "pg_index" "ix" ON "ix"."indrelid" = "t"."oid" INNER JOIN "pg_attribute" "a" ON "a"."attrelid" = "t"."oid"  AND "a"."attnum" = ANY ("ix"."indkey") INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "t"."relnamespace" INNER JOIN "pg_class" "i" ON "i"."oid" = "ix"."indexrelid" INNER JOIN "pg_type" "types" ON "types"."oid" = "a"."atttypid" INNER JOIN "pg_am" "am" ON "i"."relam" = "am"."oid" LEFT JOIN "pg_constraint" "cnst" ON "cnst"."conname" = "i"."relname" WHERE "t"."relkind" IN ('r', 'p') AND "cnst"."contype" IS NULL AND (("ns"."nspname" = 'public' AND "t"."relname" = 'wards') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'beds') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'tags') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'wards_tags_tags'))
--> allow ........... : Q
SELECT "con"."conname" AS "constraint_name", "con"."nspname" AS "table_schema", "con"."relname" AS "table_name", "att2"."attname" AS "column_name", "ns"."nspname" AS "referenced_table_schema", "cl"."relname" AS "referenced_table_name", "att"."attname" AS "referenced_column_name", "con"."confdeltype" AS "on_delete", "con"."confupdtype" AS "on_update", "con"."condeferrable" AS "deferrable", "con"."condeferred" AS "deferred" FROM ( SELECT UNNEST ("con1"."conkey") AS "parent", UNNEST ("con1"."confkey") AS "child", "con1"."confrelid", "con1"."conrelid", "con1"."conname", "con1"."contype", "ns"."nspname", "cl"."relname", "con1"."condeferrable", CASE WHEN "con1"."condeferred" THEN 'INITIALLY DEFERRED' ELSE 'INITIALLY IMMEDIATE' END as condeferred, CASE "con1"."confdeltype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confdeltype", CASE "con1"."confupdtype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confupdtype" FROM "pg_class" "cl" INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_constraint" "con1" ON "con1"."conrelid" = "cl"."oid" WHERE "con1"."contype" = 'f' AND (("ns"."nspname" = 'public' AND "cl"."relname" = 'wards') OR ("ns"."nspname" = 'public' AND "cl"."relname" = 'beds') OR ("ns"."nspname" = 'public' AND "cl"."relname" = 'tags') OR ("ns"."nspname" = 'public' AND "cl"."relname" = 'wards_tags_tags')) ) "con" INNER JOIN "pg_attribute" "att" ON "att"."attrelid" = "con"."confrelid" AND "att"."attnum" = "con"."child" INNER JOIN "pg_class" "cl" ON "cl"."oid" = "con"."confrelid"  AND "cl"."relispartition" = 'f'INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_attribute" "att2" ON "att2"."attrelid" = "con"."conrelid" AND "att2"."attnum" = "con"."parent"
--> allow .. : Q
SELECT "udt_schema", "udt_name" FROM "information_schema"."columns" WHERE "table_schema" = 'public' AND "table_name" = 'beds' AND "column_name"='kind'
--> allow . : Q
SELECT "e"."enumlabel" AS "value" FROM "pg_enum" "e" INNER JOIN "pg_type" "t" ON "t"."oid" = "e"."enumtypid" INNER JOIN "pg_namespace" "n" ON "n"."oid" = "t"."typnamespace" WHERE "n"."nspname" = 'public' AND "t"."typname" = 'beds_kind_enum' ORDER BY "e"."enumsortorder"
--> allow - : Q
COMMIT
--> allow ............ : P B DP E S ["public","migrations"]
SELECT * FROM "information_schema"."tables" WHERE "table_schema" = $1 AND "table_name" = $2
--> allow - : Q
CREATE TABLE "migrations" ("id" SERIAL NOT NULL, "timestamp" bigint NOT NULL, "name" character varying NOT NULL, CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY ("id"))
--> allow ... : Q
SELECT * FROM "migrations" "migrations" ORDER BY "id" DESC
--> allow - : Q
START TRANSACTION
--> allow - : Q
CREATE TABLE "shifts" ("id" SERIAL NOT NULL, "name" character varying NOT NULL, CONSTRAINT "pk_shifts" PRIMARY KEY ("id"))
--> allow - : Q
ALTER TABLE "shifts" ADD "starts" time
--> allow - : P B DP E S ["1700000000000","M1700000000000"]
INSERT INTO "migrations"("timestamp", "name") VALUES ($1, $2)
--> allow - : Q
COMMIT
--> allow - : Q
START TRANSACTION
--> allow . : P B DP E S ["new"]
INSERT INTO "tags"("word") VALUES ($1) RETURNING "id"
--> allow - : Q
COMMIT
--> allow - : Q
START TRANSACTION
--> allow .. : P B DP E S ["North","1","{\"xray\":true}"] {"varies":"the clock"}
INSERT INTO "wards"("name", "floor", "equipment", "createdAt") VALUES ($1, $2, $3, DEFAULT) RETURNING "id", "createdAt"
--> allow - : P B DP E S ["1","1"]
INSERT INTO "wards_tags_tags"("wardsId", "tagsId") VALUES ($1, $2)
--> allow - : Q
COMMIT
--> allow ...... : P B DP E S ["00000000-0000-4000-8000-000000000001","00000000-0000-4000-8000-000000000002","00000000-0000-4000-8000-000000000003"]
SELECT "Bed"."id" AS "Bed_id", "Bed"."label" AS "Bed_label", "Bed"."kind" AS "Bed_kind", "Bed"."free" AS "Bed_free", "Bed"."deletedAt" AS "Bed_deletedAt", "Bed"."wardId" AS "Bed_wardId" FROM "beds" "Bed" WHERE "Bed"."id" IN ($1, $2, $3)
--> allow - : Q
START TRANSACTION
--> allow .... : P B DP E S ["00000000-0000-4000-8000-000000000001","b1","1","00000000-0000-4000-8000-000000000002","b2","1","00000000-0000-4000-8000-000000000003","b3","1"]
INSERT INTO "beds"("id", "label", "kind", "free", "deletedAt", "wardId") VALUES ($1, $2, DEFAULT, DEFAULT, DEFAULT, $3), ($4, $5, DEFAULT, DEFAULT, DEFAULT, $6), ($7, $8, DEFAULT, DEFAULT, DEFAULT, $9) RETURNING "id", "kind", "free", "deletedAt"
--> allow - : Q
COMMIT
--> allow .. : P B DP E S ["South","2","West","3"] {"varies":"the clock"}
INSERT INTO "wards"("name", "floor", "equipment", "createdAt") VALUES ($1, $2, DEFAULT, DEFAULT), ($3, $4, DEFAULT, DEFAULT) RETURNING "id", "createdAt"
--> allow .. : P B DP E S ["South","5"] {"varies":"the clock"}
INSERT INTO "wards"("name", "floor", "equipment", "createdAt") VALUES ($1, $2, DEFAULT, DEFAULT) ON CONFLICT ( "name" ) DO UPDATE SET "name" = EXCLUDED."name", "floor" = EXCLUDED."floor" RETURNING "id", "createdAt"
--> allow ............. : P B DP E S ["n%"] {"varies":"the clock"}
SELECT "Ward"."id" AS "Ward_id", "Ward"."name" AS "Ward_name", "Ward"."floor" AS "Ward_floor", "Ward"."equipment" AS "Ward_equipment", "Ward"."createdAt" AS "Ward_createdAt", "Ward__Ward_beds"."id" AS "Ward__Ward_beds_id", "Ward__Ward_beds"."label" AS "Ward__Ward_beds_label", "Ward__Ward_beds"."kind" AS "Ward__Ward_beds_kind", "Ward__Ward_beds"."free" AS "Ward__Ward_beds_free", "Ward__Ward_beds"."deletedAt" AS "Ward__Ward_beds_deletedAt", "Ward__Ward_beds"."wardId" AS "Ward__Ward_beds_wardId", "Ward__Ward_tags"."id" AS "Ward__Ward_tags_id", "Ward__Ward_tags"."word" AS "Ward__Ward_tags_word" FROM "wards" "Ward" LEFT JOIN "beds" "Ward__Ward_beds" ON "Ward__Ward_beds"."wardId"="Ward"."id" AND ("Ward__Ward_beds"."deletedAt" IS NULL)  LEFT JOIN "wards_tags_tags" "Ward_Ward__Ward_tags" ON "Ward_Ward__Ward_tags"."wardsId"="Ward"."id" LEFT JOIN "tags" "Ward__Ward_tags" ON "Ward__Ward_tags"."id"="Ward_Ward__Ward_tags"."tagsId" WHERE (("Ward"."name" ILIKE $1)) ORDER BY "Ward"."id" ASC
--> allow ..... : Q {"varies":"the clock"}
SELECT "Ward"."id" AS "Ward_id", "Ward"."name" AS "Ward_name", "Ward"."floor" AS "Ward_floor", "Ward"."equipment" AS "Ward_equipment", "Ward"."createdAt" AS "Ward_createdAt" FROM "wards" "Ward" ORDER BY "Ward"."floor" DESC LIMIT 2 OFFSET 0
--> allow . : Q
SELECT COUNT(1) AS "cnt" FROM "wards" "Ward"
--> allow .. : Q
SELECT DISTINCT "distinctAlias"."Ward_id" AS "ids_Ward_id", "distinctAlias"."Ward_id" FROM (SELECT "Ward"."id" AS "Ward_id", "Ward"."name" AS "Ward_name", "Ward"."floor" AS "Ward_floor", "Ward"."equipment" AS "Ward_equipment", "Ward"."createdAt" AS "Ward_createdAt", "Ward__Ward_beds"."id" AS "Ward__Ward_beds_id", "Ward__Ward_beds"."label" AS "Ward__Ward_beds_label", "Ward__Ward_beds"."kind" AS "Ward__Ward_beds_kind", "Ward__Ward_beds"."free" AS "Ward__Ward_beds_free", "Ward__Ward_beds"."deletedAt" AS "Ward__Ward_beds_deletedAt", "Ward__Ward_beds"."wardId" AS "Ward__Ward_beds_wardId" FROM "wards" "Ward" LEFT JOIN "beds" "Ward__Ward_beds" ON "Ward__Ward_beds"."wardId"="Ward"."id" AND ("Ward__Ward_beds"."deletedAt" IS NULL)) "distinctAlias" ORDER BY "distinctAlias"."Ward_id" ASC, "Ward_id" ASC LIMIT 2
--> allow ........... : Q {"varies":"the clock"}
SELECT "Ward"."id" AS "Ward_id", "Ward"."name" AS "Ward_name", "Ward"."floor" AS "Ward_floor", "Ward"."equipment" AS "Ward_equipment", "Ward"."createdAt" AS "Ward_createdAt", "Ward__Ward_beds"."id" AS "Ward__Ward_beds_id", "Ward__Ward_beds"."label" AS "Ward__Ward_beds_label", "Ward__Ward_beds"."kind" AS "Ward__Ward_beds_kind", "Ward__Ward_beds"."free" AS "Ward__Ward_beds_free", "Ward__Ward_beds"."deletedAt" AS "Ward__Ward_beds_deletedAt", "Ward__Ward_beds"."wardId" AS "Ward__Ward_beds_wardId" FROM "wards" "Ward" LEFT JOIN "beds" "Ward__Ward_beds" ON "Ward__Ward_beds"."wardId"="Ward"."id" AND ("Ward__Ward_beds"."deletedAt" IS NULL) WHERE "Ward"."id" IN (1, 2) ORDER BY "Ward"."id" ASC
--> allow ..... : P B DP E S ["1"] {"varies":"the clock"}
SELECT "Ward"."id" AS "Ward_id", "Ward"."name" AS "Ward_name", "Ward"."floor" AS "Ward_floor", "Ward"."equipment" AS "Ward_equipment", "Ward"."createdAt" AS "Ward_createdAt" FROM "wards" "Ward" WHERE (("Ward"."id" = $1)) LIMIT 1
--> allow ..... : P B DP E S ["1","2"] {"varies":"the clock"}
SELECT "Ward"."id" AS "Ward_id", "Ward"."name" AS "Ward_name", "Ward"."floor" AS "Ward_floor", "Ward"."equipment" AS "Ward_equipment", "Ward"."createdAt" AS "Ward_createdAt" FROM "wards" "Ward" WHERE (("Ward"."floor" IN ($1, $2)))
--> allow . : P B DP E S ["North"]
SELECT 1 AS "row_exists" FROM (SELECT 1 AS dummy_column) "dummy_table" WHERE EXISTS (SELECT 1 FROM "wards" "Ward" WHERE (("Ward"."name" = $1))) LIMIT 1
--> allow . : Q
SELECT SUM("Ward"."floor") AS "SUM" FROM "wards" "Ward"
--> allow . : P B DP E S ["1","3"]
SELECT COUNT(1) AS "cnt" FROM "wards" "Ward" WHERE (("Ward"."floor" BETWEEN $1 AND $2))
--> allow .. : P B DP E S ["0"]
SELECT "w"."name" AS "name", COUNT("b"."id") AS "n" FROM "wards" "w" LEFT JOIN "beds" "b" ON "b"."wardId"="w"."id" AND ("b"."deletedAt" IS NULL) GROUP BY "w"."id" HAVING COUNT("b"."id") > $1
--> allow ...... : P B DP E S ["0","b1"]
UPDATE "beds" SET "free" = $1 WHERE "label" = $2 RETURNING *
--> allow - : P B DP E S ["1"]
UPDATE "wards" SET "floor" = "floor" + 1 WHERE "id" = $1
--> allow - : P B DP E S ["b3"]
UPDATE "beds" SET "deletedAt" = CURRENT_TIMESTAMP WHERE "label" = $1 AND "deletedAt" IS NULL
--> allow - : P B DP E S ["b3"]
UPDATE "beds" SET "deletedAt" = NULL WHERE "label" = $1 AND "deletedAt" IS NOT NULL
--> allow - : P B DP E S ["b3"]
DELETE FROM "beds" WHERE "label" = $1
--> allow - : Q
START TRANSACTION
--> allow ...... : P B DP E S ["b1"]
SELECT "Bed"."id" AS "Bed_id", "Bed"."label" AS "Bed_label", "Bed"."kind" AS "Bed_kind", "Bed"."free" AS "Bed_free", "Bed"."deletedAt" AS "Bed_deletedAt", "Bed"."wardId" AS "Bed_wardId" FROM "beds" "Bed" WHERE ( (("Bed"."label" = $1)) ) AND ( "Bed"."deletedAt" IS NULL ) LIMIT 1 FOR UPDATE
--> allow ...... : P B DP E S ["00000000-0000-4000-8000-000000000001"]
SELECT "Bed"."id" AS "Bed_id", "Bed"."label" AS "Bed_label", "Bed"."kind" AS "Bed_kind", "Bed"."free" AS "Bed_free", "Bed"."deletedAt" AS "Bed_deletedAt", "Bed"."wardId" AS "Bed_wardId" FROM "beds" "Bed" WHERE "Bed"."id" = $1
--> allow - : P B DP E S ["1","00000000-0000-4000-8000-000000000001"]
UPDATE "beds" SET "free" = $1 WHERE "id" = $2
--> allow - : Q
COMMIT
--> allow - : Q
START TRANSACTION
--> allow - : Q
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE
--> allow - : P B DP E S ["b2"]
DELETE FROM "beds" WHERE "label" = $1
--> allow - : Q
ROLLBACK
--> allow ...MMM.. : Q
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."name" AS "Patient_name", "Patient"."ssn" AS "Patient_ssn", "Patient"."email" AS "Patient_email", "Patient"."dob" AS "Patient_dob", "Patient"."city" AS "Patient_city", "Patient"."balance" AS "Patient_balance" FROM "clinic"."patients" "Patient" ORDER BY "Patient"."id" ASC LIMIT 3
--> allow ...MMM.. : P B DP E S ["3"]
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."name" AS "Patient_name", "Patient"."ssn" AS "Patient_ssn", "Patient"."email" AS "Patient_email", "Patient"."dob" AS "Patient_dob", "Patient"."city" AS "Patient_city", "Patient"."balance" AS "Patient_balance" FROM "clinic"."patients" "Patient" WHERE (("Patient"."id" = $1)) LIMIT 1
--> allow ... : P B DP E S ["c1"]
SELECT "Patient"."id" AS "Patient_id", "Patient"."name" AS "Patient_name", "Patient"."city" AS "Patient_city" FROM "clinic"."patients" "Patient" WHERE (("Patient"."city" = $1)) ORDER BY "Patient_id" ASC
--> allow ...MMM....M.. : P B DP E S ["3"]
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."name" AS "Patient_name", "Patient"."ssn" AS "Patient_ssn", "Patient"."email" AS "Patient_email", "Patient"."dob" AS "Patient_dob", "Patient"."city" AS "Patient_city", "Patient"."balance" AS "Patient_balance", "Patient__Patient_visits"."id" AS "Patient__Patient_visits_id", "Patient__Patient_visits"."day" AS "Patient__Patient_visits_day", "Patient__Patient_visits"."diagnosis" AS "Patient__Patient_visits_diagnosis", "Patient__Patient_visits"."cost" AS "Patient__Patient_visits_cost", "Patient__Patient_visits"."patient" AS "Patient__Patient_visits_patient" FROM "clinic"."patients" "Patient" LEFT JOIN "clinic"."visits" "Patient__Patient_visits" ON "Patient__Patient_visits"."patient"="Patient"."id" WHERE (("Patient"."id" = $1))
--> allow ...MMM.. lookup : P B DP E S ["u5@y.org"]
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."name" AS "Patient_name", "Patient"."ssn" AS "Patient_ssn", "Patient"."email" AS "Patient_email", "Patient"."dob" AS "Patient_dob", "Patient"."city" AS "Patient_city", "Patient"."balance" AS "Patient_balance" FROM "clinic"."patients" "Patient" WHERE (("Patient"."email" = $1)) LIMIT 1
--> allow .. : Q
SELECT "p"."city" AS "city", SUM("p"."balance") AS "total" FROM "clinic"."patients" "p" GROUP BY "p"."city" ORDER BY "p"."city" ASC
--> allow .... : P B DP E S ["40"]
SELECT "v"."id" AS "v_id", "v"."day" AS "v_day", "p"."id" AS "p_id", "p"."name" AS "p_name" FROM "clinic"."visits" "v" INNER JOIN "clinic"."patients" "p" ON "p"."id"="v"."patient" WHERE "v"."cost" > $1 ORDER BY "v_id" ASC
--> allow - : P B DP E S ["c6","4"]
UPDATE "clinic"."patients" SET "city" = $1 WHERE "id" = $2
--> allow ...MMM.. : P B DP E S ["5"]
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."name" AS "Patient_name", "Patient"."ssn" AS "Patient_ssn", "Patient"."email" AS "Patient_email", "Patient"."dob" AS "Patient_dob", "Patient"."city" AS "Patient_city", "Patient"."balance" AS "Patient_balance" FROM "clinic"."patients" "Patient" WHERE "Patient"."id" = $1
--> allow - : Q
START TRANSACTION
--> allow - : P B DP E S ["c6","5"]
UPDATE "clinic"."patients" SET "city" = $1 WHERE "id" = $2
--> allow - : Q
COMMIT
--> allow ...MMM.. : P B DP E S ["903"]
SELECT "Patient"."id" AS "Patient_id", "Patient"."mrn" AS "Patient_mrn", "Patient"."name" AS "Patient_name", "Patient"."ssn" AS "Patient_ssn", "Patient"."email" AS "Patient_email", "Patient"."dob" AS "Patient_dob", "Patient"."city" AS "Patient_city", "Patient"."balance" AS "Patient_balance" FROM "clinic"."patients" "Patient" WHERE "Patient"."id" = $1
--> allow - : Q
START TRANSACTION
--> allow - constraint : P B DP E S ["903","M903","Name 903","c1","0"]
INSERT INTO "clinic"."patients"("id", "mrn", "name", "ssn", "email", "dob", "city", "balance") VALUES ($1, $2, $3, DEFAULT, DEFAULT, DEFAULT, $4, $5)
--> allow - : Q
COMMIT
--> hold - other : P B DP E S ["903"]
DELETE FROM "clinic"."patients" WHERE "id" = $1
--> allow .. : Q
SELECT floor, count(*) FROM clinic.rooms GROUP BY floor ORDER BY floor
--> allow - : Q
START TRANSACTION
--> allow - : Q
DROP TABLE "shifts"
--> allow - : P B DP E S ["1700000000000","M1700000000000"]
DELETE FROM "migrations" WHERE "timestamp" = $1 AND "name" = $2
--> allow - : Q
COMMIT
