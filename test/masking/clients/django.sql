-- Django 3.2.25 over psycopg2 2.9.5, recorded on PostgreSQL 15.
-- inspectdb, migrate up and to zero (its own apps and one with constraints and many to many), the ORM with aggregates, windows,
-- subqueries, dates, bulk writes, transactions, users and permissions.
--- connection
--> allow .. : Q

            SELECT c.relname,
            CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        
--> allow ... : Q

            SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'patients' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid)
        
--> allow ..... : Q

            SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'patients' AND pg_catalog.pg_table_is_visible(cl.oid)
        
--> allow ........ : Q

            SELECT
                indexname, array_agg(attname ORDER BY arridx), indisunique, indisprimary,
                array_agg(ordering ORDER BY arridx), amname, exprdef, s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM pg_index i, unnest(i.indkey, i.indoption) WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'patients' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;
        
--> allow .... : Q

            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'patients'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        
--> allow ...MMMMM...MMM. : Q
SELECT * FROM "patients" LIMIT 1
--> allow ... : Q

            SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'visits' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid)
        
--> allow ..... : Q

            SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'visits' AND pg_catalog.pg_table_is_visible(cl.oid)
        
--> allow ........ : Q

            SELECT
                indexname, array_agg(attname ORDER BY arridx), indisunique, indisprimary,
                array_agg(ordering ORDER BY arridx), amname, exprdef, s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM pg_index i, unnest(i.indkey, i.indoption) WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'visits' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;
        
--> allow .... : Q

            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'visits'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        
--> allow ...MM. : Q
SELECT * FROM "visits" LIMIT 1
--> allow ... : Q

            SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'rooms' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid)
        
--> allow ..... : Q

            SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'rooms' AND pg_catalog.pg_table_is_visible(cl.oid)
        
--> allow ........ : Q

            SELECT
                indexname, array_agg(attname ORDER BY arridx), indisunique, indisprimary,
                array_agg(ordering ORDER BY arridx), amname, exprdef, s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM pg_index i, unnest(i.indkey, i.indoption) WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'rooms' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;
        
--> allow .... : Q

            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'rooms'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        
--> allow ... : Q
SELECT * FROM "rooms" LIMIT 1
--> allow ... : Q

            SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'billing' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid)
        
--> allow ..... : Q

            SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'billing' AND pg_catalog.pg_table_is_visible(cl.oid)
        
--> allow ........ : Q

            SELECT
                indexname, array_agg(attname ORDER BY arridx), indisunique, indisprimary,
                array_agg(ordering ORDER BY arridx), amname, exprdef, s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM pg_index i, unnest(i.indkey, i.indoption) WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'billing' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;
        
--> allow .... : Q

            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'billing'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)
        
--> allow .M.. : Q
SELECT * FROM "billing" LIMIT 1
--> allow - : Q
BEGIN
--> allow - : Q
CREATE TABLE "django_migrations" ("id" bigserial NOT NULL PRIMARY KEY, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" timestamp with time zone NOT NULL)
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
CREATE TABLE "app_ward" ("id" bigserial NOT NULL PRIMARY KEY, "name" varchar(50) NOT NULL UNIQUE, "floor" integer NULL, "equipment" jsonb NULL)
--> allow - : Q
CREATE TABLE "app_tag" ("id" bigserial NOT NULL PRIMARY KEY, "word" text NOT NULL)
--> allow - : Q
CREATE TABLE "app_tag_wards" ("id" bigserial NOT NULL PRIMARY KEY, "tag_id" bigint NOT NULL, "ward_id" bigint NOT NULL)
--> allow - : Q
CREATE TABLE "app_bed" ("id" bigserial NOT NULL PRIMARY KEY, "label" varchar(20) NOT NULL, "free" boolean NOT NULL, "since" date NULL, "ward_id" bigint NOT NULL)
--> allow - : Q
ALTER TABLE "app_bed" ADD CONSTRAINT "ward_label" UNIQUE ("ward_id", "label")
--> allow - : Q
ALTER TABLE "app_bed" ADD CONSTRAINT "label_ok" CHECK (NOT ("label" = ''))
--> allow - : Q
CREATE INDEX "app_ward_name_c71f3935_like" ON "app_ward" ("name" varchar_pattern_ops)
--> allow - : Q
CREATE INDEX "app_ward_floor_820f6c93" ON "app_ward" ("floor")
--> allow - : Q
ALTER TABLE "app_tag_wards" ADD CONSTRAINT "app_tag_wards_tag_id_ward_id_2b12666a_uniq" UNIQUE ("tag_id", "ward_id")
--> allow - : Q
ALTER TABLE "app_tag_wards" ADD CONSTRAINT "app_tag_wards_tag_id_fa88af7b_fk_app_tag_id" FOREIGN KEY ("tag_id") REFERENCES "app_tag" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
ALTER TABLE "app_tag_wards" ADD CONSTRAINT "app_tag_wards_ward_id_6ed48e36_fk_app_ward_id" FOREIGN KEY ("ward_id") REFERENCES "app_ward" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
CREATE INDEX "app_tag_wards_tag_id_fa88af7b" ON "app_tag_wards" ("tag_id")
--> allow - : Q
CREATE INDEX "app_tag_wards_ward_id_6ed48e36" ON "app_tag_wards" ("ward_id")
--> allow - : Q
ALTER TABLE "app_bed" ADD CONSTRAINT "app_bed_ward_id_88a092e6_fk_app_ward_id" FOREIGN KEY ("ward_id") REFERENCES "app_ward" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
CREATE INDEX "app_bed_ward_id_88a092e6" ON "app_bed" ("ward_id")
--> allow - : Q
COMMIT
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('app', '0001_initial', '2026-11-25T21:06:13.361664+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
BEGIN
--> allow - : Q
CREATE TABLE "django_content_type" ("id" serial NOT NULL PRIMARY KEY, "name" varchar(100) NOT NULL, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL)
--> allow - : Q
ALTER TABLE "django_content_type" ADD CONSTRAINT "django_content_type_app_label_model_76bd3d3b_uniq" UNIQUE ("app_label", "model")
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('contenttypes', '0001_initial', '2026-11-25T21:06:13.387735+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "django_content_type" ALTER COLUMN "name" DROP NOT NULL
--> allow - : Q
ALTER TABLE "django_content_type" DROP COLUMN "name" CASCADE
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('contenttypes', '0002_remove_content_type_name', '2026-11-25T21:06:13.393496+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
CREATE TABLE "auth_permission" ("id" serial NOT NULL PRIMARY KEY, "name" varchar(50) NOT NULL, "content_type_id" integer NOT NULL, "codename" varchar(100) NOT NULL)
--> allow - : Q
CREATE TABLE "auth_group" ("id" serial NOT NULL PRIMARY KEY, "name" varchar(80) NOT NULL UNIQUE)
--> allow - : Q
CREATE TABLE "auth_group_permissions" ("id" bigserial NOT NULL PRIMARY KEY, "group_id" integer NOT NULL, "permission_id" integer NOT NULL)
--> allow - : Q
CREATE TABLE "auth_user" ("id" serial NOT NULL PRIMARY KEY, "password" varchar(128) NOT NULL, "last_login" timestamp with time zone NOT NULL, "is_superuser" boolean NOT NULL, "username" varchar(30) NOT NULL UNIQUE, "first_name" varchar(30) NOT NULL, "last_name" varchar(30) NOT NULL, "email" varchar(75) NOT NULL, "is_staff" boolean NOT NULL, "is_active" boolean NOT NULL, "date_joined" timestamp with time zone NOT NULL)
--> allow - : Q
CREATE TABLE "auth_user_groups" ("id" bigserial NOT NULL PRIMARY KEY, "user_id" integer NOT NULL, "group_id" integer NOT NULL)
--> allow - : Q
CREATE TABLE "auth_user_user_permissions" ("id" bigserial NOT NULL PRIMARY KEY, "user_id" integer NOT NULL, "permission_id" integer NOT NULL)
--> allow - : Q
ALTER TABLE "auth_permission" ADD CONSTRAINT "auth_permission_content_type_id_codename_01ab375a_uniq" UNIQUE ("content_type_id", "codename")
--> allow - : Q
ALTER TABLE "auth_permission" ADD CONSTRAINT "auth_permission_content_type_id_2f476e4b_fk_django_co" FOREIGN KEY ("content_type_id") REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id")
--> allow - : Q
CREATE INDEX "auth_group_name_a6ea08ec_like" ON "auth_group" ("name" varchar_pattern_ops)
--> allow - : Q
ALTER TABLE "auth_group_permissions" ADD CONSTRAINT "auth_group_permissions_group_id_permission_id_0cd325b0_uniq" UNIQUE ("group_id", "permission_id")
--> allow - : Q
ALTER TABLE "auth_group_permissions" ADD CONSTRAINT "auth_group_permissions_group_id_b120cbf9_fk_auth_group_id" FOREIGN KEY ("group_id") REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
ALTER TABLE "auth_group_permissions" ADD CONSTRAINT "auth_group_permissio_permission_id_84c5c92e_fk_auth_perm" FOREIGN KEY ("permission_id") REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id")
--> allow - : Q
CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id")
--> allow - : Q
CREATE INDEX "auth_user_username_6821ab7c_like" ON "auth_user" ("username" varchar_pattern_ops)
--> allow - : Q
ALTER TABLE "auth_user_groups" ADD CONSTRAINT "auth_user_groups_user_id_group_id_94350c0c_uniq" UNIQUE ("user_id", "group_id")
--> allow - : Q
ALTER TABLE "auth_user_groups" ADD CONSTRAINT "auth_user_groups_user_id_6a12ed8b_fk_auth_user_id" FOREIGN KEY ("user_id") REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
ALTER TABLE "auth_user_groups" ADD CONSTRAINT "auth_user_groups_group_id_97559544_fk_auth_group_id" FOREIGN KEY ("group_id") REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
CREATE INDEX "auth_user_groups_user_id_6a12ed8b" ON "auth_user_groups" ("user_id")
--> allow - : Q
CREATE INDEX "auth_user_groups_group_id_97559544" ON "auth_user_groups" ("group_id")
--> allow - : Q
ALTER TABLE "auth_user_user_permissions" ADD CONSTRAINT "auth_user_user_permissions_user_id_permission_id_14a6b632_uniq" UNIQUE ("user_id", "permission_id")
--> allow - : Q
ALTER TABLE "auth_user_user_permissions" ADD CONSTRAINT "auth_user_user_permissions_user_id_a95ead1b_fk_auth_user_id" FOREIGN KEY ("user_id") REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
ALTER TABLE "auth_user_user_permissions" ADD CONSTRAINT "auth_user_user_permi_permission_id_1fbb5f2c_fk_auth_perm" FOREIGN KEY ("permission_id") REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED
--> allow - : Q
CREATE INDEX "auth_user_user_permissions_user_id_a95ead1b" ON "auth_user_user_permissions" ("user_id")
--> allow - : Q
CREATE INDEX "auth_user_user_permissions_permission_id_1fbb5f2c" ON "auth_user_user_permissions" ("permission_id")
--> allow - : Q
COMMIT
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0001_initial', '2026-11-25T21:06:13.447104+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "auth_permission" ALTER COLUMN "name" TYPE varchar(255)
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0002_alter_permission_name_max_length', '2026-11-25T21:06:13.452988+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "auth_user" ALTER COLUMN "email" TYPE varchar(254)
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0003_alter_user_email_max_length', '2026-11-25T21:06:13.461439+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0004_alter_user_username_opts', '2026-11-25T21:06:13.467091+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "auth_user" ALTER COLUMN "last_login" DROP NOT NULL
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0005_alter_user_last_login_null', '2026-11-25T21:06:13.472234+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0006_require_contenttypes_0002', '2026-11-25T21:06:13.473755+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0007_alter_validators_add_error_messages', '2026-11-25T21:06:13.477977+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "auth_user" ALTER COLUMN "username" TYPE varchar(150)
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0008_alter_user_username_max_length', '2026-11-25T21:06:13.487072+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "auth_user" ALTER COLUMN "last_name" TYPE varchar(150)
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0009_alter_user_last_name_max_length', '2026-11-25T21:06:13.491950+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "auth_group" ALTER COLUMN "name" TYPE varchar(150)
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0010_alter_group_name_max_length', '2026-11-25T21:06:13.496951+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0011_update_proxy_permissions', '2026-11-25T21:06:13.502188+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "auth_user" ALTER COLUMN "first_name" TYPE varchar(150)
--> allow . : Q
INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('auth', '0012_alter_user_first_name_max_length', '2026-11-25T21:06:13.506730+00:00'::timestamptz) RETURNING "django_migrations"."id"
--> allow - : Q
COMMIT
--> allow .... : Q
SELECT "django_migrations"."id", "django_migrations"."app", "django_migrations"."name", "django_migrations"."applied" FROM "django_migrations"
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE "django_content_type"."app_label" = 'contenttypes'
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "django_content_type" ("app_label", "model") VALUES ('contenttypes', 'contenttype') RETURNING "django_content_type"."id"
--> allow - : Q
COMMIT
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'contenttypes' AND "django_content_type"."model" = 'contenttype') LIMIT 21
--> allow .. : Q
SELECT "auth_permission"."content_type_id", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_permission"."content_type_id" IN (1) ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, "auth_permission"."codename" ASC
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "auth_permission" ("name", "content_type_id", "codename") VALUES ('Can add content type', 1, 'add_contenttype'), ('Can change content type', 1, 'change_contenttype'), ('Can delete content type', 1, 'delete_contenttype'), ('Can view content type', 1, 'view_contenttype') RETURNING "auth_permission"."id"
--> allow - : Q
COMMIT
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE "django_content_type"."app_label" = 'auth'
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "django_content_type" ("app_label", "model") VALUES ('auth', 'permission'), ('auth', 'group'), ('auth', 'user') RETURNING "django_content_type"."id"
--> allow - : Q
COMMIT
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'auth' AND "django_content_type"."model" = 'permission') LIMIT 21
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'auth' AND "django_content_type"."model" = 'group') LIMIT 21
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'auth' AND "django_content_type"."model" = 'user') LIMIT 21
--> allow .. : Q
SELECT "auth_permission"."content_type_id", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_permission"."content_type_id" IN (2, 3, 4) ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, "auth_permission"."codename" ASC
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "auth_permission" ("name", "content_type_id", "codename") VALUES ('Can add permission', 2, 'add_permission'), ('Can change permission', 2, 'change_permission'), ('Can delete permission', 2, 'delete_permission'), ('Can view permission', 2, 'view_permission'), ('Can add group', 3, 'add_group'), ('Can change group', 3, 'change_group'), ('Can delete group', 3, 'delete_group'), ('Can view group', 3, 'view_group'), ('Can add user', 4, 'add_user'), ('Can change user', 4, 'change_user'), ('Can delete user', 4, 'delete_user'), ('Can view user', 4, 'view_user') RETURNING "auth_permission"."id"
--> allow - : Q
COMMIT
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE "django_content_type"."app_label" = 'app'
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "django_content_type" ("app_label", "model") VALUES ('app', 'patient'), ('app', 'room'), ('app', 'visit'), ('app', 'ward'), ('app', 'tag'), ('app', 'bed') RETURNING "django_content_type"."id"
--> allow - : Q
COMMIT
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'app' AND "django_content_type"."model" = 'patient') LIMIT 21
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'app' AND "django_content_type"."model" = 'room') LIMIT 21
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'app' AND "django_content_type"."model" = 'visit') LIMIT 21
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'app' AND "django_content_type"."model" = 'ward') LIMIT 21
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'app' AND "django_content_type"."model" = 'tag') LIMIT 21
--> allow ... : Q
SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'app' AND "django_content_type"."model" = 'bed') LIMIT 21
--> allow .. : Q
SELECT "auth_permission"."content_type_id", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_permission"."content_type_id" IN (5, 6, 7, 8, 9, 10) ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, "auth_permission"."codename" ASC
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "auth_permission" ("name", "content_type_id", "codename") VALUES ('Can add patient', 5, 'add_patient'), ('Can change patient', 5, 'change_patient'), ('Can delete patient', 5, 'delete_patient'), ('Can view patient', 5, 'view_patient'), ('Can add room', 6, 'add_room'), ('Can change room', 6, 'change_room'), ('Can delete room', 6, 'delete_room'), ('Can view room', 6, 'view_room'), ('Can add visit', 7, 'add_visit'), ('Can change visit', 7, 'change_visit'), ('Can delete visit', 7, 'delete_visit'), ('Can view visit', 7, 'view_visit'), ('Can add ward', 8, 'add_ward'), ('Can change ward', 8, 'change_ward'), ('Can delete ward', 8, 'delete_ward'), ('Can view ward', 8, 'view_ward'), ('Can add tag', 9, 'add_tag'), ('Can change tag', 9, 'change_tag'), ('Can delete tag', 9, 'delete_tag'), ('Can view tag', 9, 'view_tag'), ('Can add bed', 10, 'add_bed'), ('Can change bed', 10, 'change_bed'), ('Can delete bed', 10, 'delete_bed'), ('Can view bed', 10, 'view_bed') RETURNING "auth_permission"."id"
--> allow - : Q
COMMIT
--> allow . : Q
INSERT INTO "app_ward" ("name", "floor", "equipment") VALUES ('North', 1, '{"xray": true}') RETURNING "app_ward"."id"
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "app_ward" ("name", "floor", "equipment") VALUES ('South', 2, NULL), ('West', 3, NULL) RETURNING "app_ward"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
INSERT INTO "app_ward" ("name", "floor", "equipment") VALUES ('South', 5, NULL) ON CONFLICT DO NOTHING
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "app_bed" ("ward_id", "label", "free", "since") VALUES (1, 'b0', true, '2026-01-01'::date), (1, 'b1', true, '2026-01-02'::date), (1, 'b2', true, '2026-01-03'::date) RETURNING "app_bed"."id"
--> allow - : Q
COMMIT
--> allow . : Q
INSERT INTO "app_tag" ("word") VALUES ('new') RETURNING "app_tag"."id"
--> allow - : Q
BEGIN
--> allow - : Q
INSERT INTO "app_tag_wards" ("tag_id", "ward_id") VALUES (1, 1) ON CONFLICT DO NOTHING
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
SELECT "app_ward"."id" FROM "app_ward" INNER JOIN "app_tag_wards" ON ("app_ward"."id" = "app_tag_wards"."ward_id") WHERE "app_tag_wards"."tag_id" = 1
--> allow - : Q
COMMIT
--> allow .. : Q
SELECT "app_tag"."id", "app_tag"."word" FROM "app_tag" INNER JOIN "app_tag_wards" ON ("app_tag"."id" = "app_tag_wards"."tag_id") WHERE "app_tag_wards"."ward_id" = 1
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" ORDER BY "app_ward"."id" ASC
--> allow ..... : Q
SELECT "app_bed"."id", "app_bed"."ward_id", "app_bed"."label", "app_bed"."free", "app_bed"."since" FROM "app_bed" WHERE "app_bed"."ward_id" IN (1, 2, 3)
--> allow ......... : Q
SELECT "app_bed"."id", "app_bed"."ward_id", "app_bed"."label", "app_bed"."free", "app_bed"."since", "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_bed" INNER JOIN "app_ward" ON ("app_bed"."ward_id" = "app_ward"."id") WHERE "app_ward"."name" = 'North' ORDER BY "app_bed"."id" ASC
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" WHERE "app_ward"."id" = 1 LIMIT 21
--> allow . : Q
SELECT COUNT(*) FROM (SELECT "app_ward"."id" AS Col1 FROM "app_ward" WHERE (UPPER("app_ward"."name"::text) LIKE UPPER('%o%') AND NOT ("app_ward"."floor" = 9 AND "app_ward"."floor" IS NOT NULL)) ORDER BY "app_ward"."floor" DESC LIMIT 2) subquery
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" WHERE "app_ward"."floor" IN (1, 2) LIMIT 2 OFFSET 1
--> allow . : Q
SELECT (1) AS "a" FROM "app_ward" WHERE "app_ward"."name" = 'North' LIMIT 1
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" ORDER BY "app_ward"."id" ASC LIMIT 1
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" ORDER BY "app_ward"."id" DESC LIMIT 1
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" WHERE "app_ward"."name" = 'East' LIMIT 21
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO "app_ward" ("name", "floor", "equipment") VALUES ('East', 4, NULL) RETURNING "app_ward"."id"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" WHERE "app_ward"."name" = 'East' LIMIT 21 FOR UPDATE
--> allow - : Q
UPDATE "app_ward" SET "name" = 'East', "floor" = 6, "equipment" = NULL WHERE "app_ward"."id" = 5
--> allow - : Q
COMMIT
--> allow - : Q
UPDATE "app_ward" SET "name" = 'North', "floor" = 7, "equipment" = '{"xray": true}' WHERE "app_ward"."id" = 1
--> allow - : Q
UPDATE "app_ward" SET "floor" = ("app_ward"."floor" + 1) WHERE "app_ward"."id" = 1
--> allow .. : Q
SELECT "app_ward"."name", COUNT("app_bed"."id") AS "n" FROM "app_ward" LEFT OUTER JOIN "app_bed" ON ("app_ward"."id" = "app_bed"."ward_id") GROUP BY "app_ward"."id" HAVING COUNT("app_bed"."id") > 0
--> allow ... : Q
SELECT MAX("app_ward"."floor") AS "floor__max", AVG("app_ward"."floor") AS "floor__avg", SUM("app_ward"."floor") AS "floor__sum" FROM "app_ward"
--> allow .. : Q
SELECT "app_bed"."ward_id", COUNT("app_bed"."id") AS "n" FROM "app_bed" GROUP BY "app_bed"."ward_id" ORDER BY "app_bed"."ward_id" ASC
--> allow .... : Q
SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" WHERE ("app_ward"."equipment" -> 'xray') = 'true'
--> allow .. : Q
SELECT "app_ward"."name", EXISTS(SELECT (1) AS "a" FROM "app_bed" U0 WHERE (U0."free" AND U0."ward_id" = "app_ward"."id") LIMIT 1) AS "has" FROM "app_ward"
--> allow .. : Q
SELECT "app_bed"."label", ROW_NUMBER() OVER (PARTITION BY "app_bed"."ward_id" ORDER BY "app_bed"."id" ASC) AS "r" FROM "app_bed"
--> allow .... : Q
SELECT CASE WHEN "app_ward"."floor" > 3 THEN 'high' ELSE 'low' END AS "k", UPPER("app_ward"."name") AS "u", LENGTH("app_ward"."name") AS "l", COALESCE("app_ward"."floor", 0) AS "c" FROM "app_ward"
--> allow . : Q
(SELECT "app_ward"."name" FROM "app_ward") UNION (SELECT "rooms"."name" FROM "rooms")
--> allow . : Q
SELECT DISTINCT DATE_TRUNC('month', "app_bed"."since") AS "datefield" FROM "app_bed" WHERE "app_bed"."since" IS NOT NULL ORDER BY "datefield" ASC
--> allow .... : Q
SELECT DISTINCT ON ("app_ward"."floor") "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward" ORDER BY "app_ward"."floor" ASC
--> allow ..... : Q
SELECT "app_bed"."id", "app_bed"."ward_id", "app_bed"."label", "app_bed"."free", "app_bed"."since" FROM "app_bed" WHERE "app_bed"."id" IN (1, 2)
--> allow - : Q
BEGIN
--> allow ..... : Q
SELECT "app_bed"."id", "app_bed"."ward_id", "app_bed"."label", "app_bed"."free", "app_bed"."since" FROM "app_bed" WHERE "app_bed"."label" = 'b1' LIMIT 21 FOR UPDATE
--> allow - : Q
UPDATE "app_bed" SET "free" = false WHERE "app_bed"."id" = 2
--> allow - : Q
SAVEPOINT "s140236155932736_x1"
--> allow - : Q
DELETE FROM "app_bed" WHERE "app_bed"."label" = 'b2'
--> allow - : Q
RELEASE SAVEPOINT "s140236155932736_x1"
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
DELETE FROM "app_bed"
--> allow - : Q
ROLLBACK
--> allow - : Q
DECLARE "_django_curs_140236155932736_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "app_ward"."id", "app_ward"."name", "app_ward"."floor", "app_ward"."equipment" FROM "app_ward"
--> allow .... : Q
FETCH FORWARD 2 FROM "_django_curs_140236155932736_sync_1"
--> allow .... : Q
FETCH FORWARD 2 FROM "_django_curs_140236155932736_sync_1"
--> allow .... : Q
FETCH FORWARD 2 FROM "_django_curs_140236155932736_sync_1"
--> allow - : Q
CLOSE "_django_curs_140236155932736_sync_1"
--> allow - : Q
BEGIN
--> allow - : Q
UPDATE "app_bed" SET "free" = CAST(CASE WHEN ("app_bed"."id" = 2) THEN false ELSE NULL END AS boolean) WHERE "app_bed"."id" IN (2)
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
DELETE FROM "app_tag_wards" WHERE "app_tag_wards"."ward_id" IN (1)
--> allow - : Q
DELETE FROM "app_bed" WHERE "app_bed"."ward_id" IN (1)
--> allow - : Q
DELETE FROM "app_ward" WHERE "app_ward"."id" IN (1)
--> allow - : Q
COMMIT
--> allow . : Q
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$Fcb5F7LqbvOgQeA8lp9xML$c581d270603c64bff3bb879ec920b9be', NULL, false, 'ann', '', '', 'ann@x.io', false, true, '2026-11-25T21:06:13.601652+00:00'::timestamptz) RETURNING "auth_user"."id"
--> allow . : Q
INSERT INTO "auth_group" ("name") VALUES ('nurses') RETURNING "auth_group"."id"
--> allow - : Q
BEGIN
--> allow - : Q
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (1, 1) ON CONFLICT DO NOTHING
--> allow - : Q
COMMIT
--> allow .. : Q
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 1
--> allow .. : Q
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 1
--> allow ...MMM.. : Q
SELECT "patients"."id", "patients"."mrn", "patients"."name", "patients"."ssn", "patients"."email", "patients"."dob", "patients"."city", "patients"."balance" FROM "patients" ORDER BY "patients"."id" ASC LIMIT 3
--> allow ...MMM.. : Q
SELECT "patients"."id", "patients"."mrn", "patients"."name", "patients"."ssn", "patients"."email", "patients"."dob", "patients"."city", "patients"."balance" FROM "patients" WHERE "patients"."id" = 3 LIMIT 21
--> allow ... : Q
SELECT "patients"."id", "patients"."name", "patients"."city" FROM "patients" WHERE "patients"."city" = 'c1' ORDER BY "patients"."id" ASC
--> allow .. : Q
SELECT "patients"."id", "patients"."name" FROM "patients" WHERE "patients"."id" < 4
--> allow ..... : Q
SELECT "patients"."id", "patients"."mrn", "patients"."name", "patients"."city", "patients"."balance" FROM "patients" WHERE "patients"."id" = 3
--> allow ...MMM.. : Q
SELECT "patients"."id", "patients"."mrn", "patients"."name", "patients"."ssn", "patients"."email", "patients"."dob", "patients"."city", "patients"."balance" FROM "patients" WHERE "patients"."id" < 3
--> allow ...M. : Q
SELECT "visits"."id", "visits"."patient", "visits"."day", "visits"."diagnosis", "visits"."cost" FROM "visits" WHERE "visits"."patient" IN (1, 2)
--> allow ...M....MMM.. : Q
SELECT "visits"."id", "visits"."patient", "visits"."day", "visits"."diagnosis", "visits"."cost", "patients"."id", "patients"."mrn", "patients"."name", "patients"."ssn", "patients"."email", "patients"."dob", "patients"."city", "patients"."balance" FROM "visits" INNER JOIN "patients" ON ("visits"."patient" = "patients"."id") WHERE "visits"."id" = 5
--> allow ...MMM.. lookup : Q
SELECT "patients"."id", "patients"."mrn", "patients"."name", "patients"."ssn", "patients"."email", "patients"."dob", "patients"."city", "patients"."balance" FROM "patients" WHERE "patients"."email" = 'u5@y.org' ORDER BY "patients"."id" ASC LIMIT 1
--> allow .. : Q
SELECT "patients"."city", SUM("patients"."balance") AS "total" FROM "patients" GROUP BY "patients"."city" ORDER BY "patients"."city" ASC
--> allow ... : Q
SELECT DATE_TRUNC('month', "visits"."day") AS "m", COUNT("visits"."id") AS "n", SUM("visits"."cost") AS "c" FROM "visits" GROUP BY DATE_TRUNC('month', "visits"."day") ORDER BY "m" ASC
--> allow .. : Q
SELECT "patients"."name", "visits"."cost" FROM "visits" INNER JOIN "patients" ON ("visits"."patient" = "patients"."id") WHERE "visits"."cost" > 40 ORDER BY "visits"."id" ASC
--> allow .. : Q
SELECT "rooms"."floor", COUNT("rooms"."id") AS "n" FROM "rooms" GROUP BY "rooms"."floor" ORDER BY "rooms"."floor" ASC
--> allow - : Q
UPDATE "patients" SET "city" = 'c3' WHERE "patients"."id" = 4
--> allow - : Q
UPDATE "patients" SET "email" = 'dj@x.io' WHERE "patients"."id" = 4
--> allow - constraint : Q
INSERT INTO "patients" ("id", "mrn", "name", "ssn", "email", "dob", "city", "balance") VALUES (905, 'M905', 'Name 905', NULL, NULL, NULL, 'c1', 0)
--> hold - other : Q
DELETE FROM "patients" WHERE "patients"."id" = 905
--> allow .. : Q
SELECT floor, count(*) FROM rooms WHERE floor > 1 GROUP BY floor
--> allow .. : Q

            SELECT s.relname as sequence_name, col.attname
            FROM pg_class s
                JOIN pg_namespace sn ON sn.oid = s.relnamespace
                JOIN pg_depend d ON d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass
                JOIN pg_attrdef ad ON ad.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
                JOIN pg_attribute col ON col.attrelid = ad.adrelid AND col.attnum = ad.adnum
                JOIN pg_class tbl ON tbl.oid = ad.adrelid
            WHERE s.relkind = 'S'
              AND d.deptype in ('a', 'n')
              AND pg_catalog.pg_table_is_visible(tbl.oid)
              AND tbl.relname = 'billing'
        
--> allow - : Q
BEGIN
--> allow - : Q
ALTER TABLE "app_bed" DROP CONSTRAINT "label_ok"
--> allow - : Q
ALTER TABLE "app_bed" DROP CONSTRAINT "ward_label"
--> allow - : Q
DROP TABLE "app_bed" CASCADE
--> allow - : Q
DROP TABLE "app_tag_wards" CASCADE
--> allow - : Q
DROP TABLE "app_tag" CASCADE
--> allow - : Q
DROP TABLE "app_ward" CASCADE
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - : Q
DELETE FROM "django_migrations" WHERE ("django_migrations"."app" = 'app' AND "django_migrations"."name" = '0001_initial')
--> allow - : Q
COMMIT
