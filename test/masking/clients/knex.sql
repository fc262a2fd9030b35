-- Knex 3.3.0 over node-postgres 8.23.1, recorded on PostgreSQL 15.
-- Migrations up and down, columnInfo, CRUD of its own tables and of the clinic's, upserts, batches, nested transactions, JSON paths, unions,
-- windows, a cursor.
--- connection {"client_encoding":"UTF8"}
--> allow . : Q
select version();
--> allow ............ : P B DP E S ["knex_migrations"]
select * from information_schema.tables where table_name = $1 and table_schema = current_schema()
--> allow - : Q
create table "knex_migrations" ("id" serial primary key, "name" varchar(255), "batch" integer, "migration_time" timestamptz)
--> allow ............ : P B DP E S ["knex_migrations_lock"]
select * from information_schema.tables where table_name = $1 and table_schema = current_schema()
--> allow - : Q
create table "knex_migrations_lock" ("index" serial primary key, "is_locked" integer)
--> allow .. : Q
select * from "knex_migrations_lock"
--> allow - : P B DP E S ["0"]
insert into "knex_migrations_lock" ("is_locked") values ($1)
--> allow . : Q
select "name" from "knex_migrations" order by "id" asc
--> allow - : Q
BEGIN;
--> allow - : P B DP E S ["1","0"]
update "knex_migrations_lock" set "is_locked" = $1 where "is_locked" = $2
--> allow . : Q
select max("batch") as "max_batch" from "knex_migrations"
--> allow - : Q
create table "wards" ("id" serial primary key, "name" varchar(255) not null, "floor" integer, "equipment" jsonb, "created_at" timestamptz not null default CURRENT_TIMESTAMP, "updated_at" timestamptz not null default CURRENT_TIMESTAMP)
--> allow - : Q
alter table "wards" add constraint "wards_name_unique" unique ("name")
--> allow - : Q
create table "beds" ("id" serial primary key, "ward_id" integer, "label" varchar(20), "free" boolean default '1')
--> allow - : Q
alter table "beds" add constraint "beds_ward_id_foreign" foreign key ("ward_id") references "wards" ("id") on delete CASCADE
--> allow - : Q
create index "beds_ward_id_free_index" on "beds" ("ward_id", "free")
--> allow - : Q
alter table "wards" add column "remark" text
--> allow - : Q
alter table "wards" add constraint wards_floor_ok check(floor >= 0)
--> allow - : P B DP E S ["1","2026-11-25T21:00:46.965+00:00","1_wards.mjs"]
insert into "knex_migrations" ("batch", "migration_time", "name") values ($1, $2, $3)
--> allow - : P B DP E S ["0"]
update "knex_migrations_lock" set "is_locked" = $1
--> allow - : Q
COMMIT;
--> allow ............ : P B DP E S ["wards"]
select * from information_schema.tables where table_name = $1 and table_schema = current_schema()
--> allow ............................................ : P B DP E S ["wards","floor"]
select * from information_schema.columns where table_name = $1 and column_name = $2 and table_schema = current_schema()
--> allow ............................................ : P B DP E S ["rooms"]
select * from information_schema.columns where table_name = $1 and table_catalog = current_database() and table_schema = current_schema()
--> allow ............................................ : P B DP E S ["patients"]
select * from information_schema.columns where table_name = $1 and table_catalog = current_database() and table_schema = current_schema()
--> allow . : P B DP E S ["{\"xray\":true}","1","North"]
insert into "wards" ("equipment", "floor", "name") values ($1, $2, $3) returning "id"
--> allow - : P B DP E S ["2","South","3","West"]
insert into "wards" ("floor", "name") values ($1, $2), ($3, $4)
--> allow - : P B DP E S ["b1","1","b2","1","b3","1","b4","1"]
insert into "beds" ("label", "ward_id") values ($1, $2), ($3, $4), ($5, $6), ($7, $8)
--> allow - : Q
BEGIN;
--> allow - : P B DP E S ["c0","1","c1","1","c2","1"]
insert into "beds" ("label", "ward_id") values ($1, $2), ($3, $4), ($5, $6)
--> allow - : P B DP E S ["c3","1","c4","1","c5","1"]
insert into "beds" ("label", "ward_id") values ($1, $2), ($3, $4), ($5, $6)
--> allow - : Q
COMMIT;
--> allow - : P B DP E S ["4","North"]
insert into "wards" ("floor", "name") values ($1, $2) on conflict ("name") do update set "floor" = excluded."floor", "name" = excluded."name"
--> allow - : P B DP E S ["4","North"]
insert into "wards" ("floor", "name") values ($1, $2) on conflict ("name") do nothing
--> allow - : P B DP E S ["false","b1"]
update "beds" set "free" = $1 where "label" = $2
--> allow - : P B DP E S ["0","2"]
update "beds" set "ward_id" = "ward_id" + $1 where "id" = $2
--> allow .. : P B DP E S ["true","3","1"]
select "wards"."name", "beds"."label" from "beds" inner join "wards" on "wards"."id" = "beds"."ward_id" where "beds"."free" = $1 order by "beds"."id" asc limit $2 offset $3
--> allow . : P B DP E S ["1"]
select count(*) as "n" from "beds" limit $1
--> allow .. : P B DP E S ["1"]
select "ward_id", count(*) as "n" from "beds" group by "ward_id" having count(*) > $1
--> allow . : P B DP E S ["$.xray","true"]
select "id" from "wards" where jsonb_path_query_first("equipment", $1) #>> '{}' = $2
--> allow ....... : P B DP E S ["true"] {"varies":"the clock"}
select * from "wards" where "id" in (select "ward_id" from "beds" where "free" = $1)
--> allow ....... : Q {"varies":"the clock"}
select * from "wards" where exists (select * from "beds" where beds.ward_id = wards.id)
--> allow .... : P B DP E S ["false"]
with "busy" as (select * from "beds" where "free" = $1) select * from "busy"
--> allow ..... : Q
select *, row_number() over (partition by ward_id order by id) as n from "beds"
--> allow . : Q
select "name" from "wards" union select "name" from "rooms" order by "name" asc
--> allow . : P B DP E S ["n%","1","2"]
select "name" from "wards" where "name" ilike $1 or "floor" between $2 and $3
--> allow .. : Q
select distinct "floor", "floor" from "wards"
--> allow .... : Q
select max("floor") as "top", min("floor") as "bottom", avg("floor") as "mean", sum("floor") as "total" from "wards"
--> allow - : Q
BEGIN;
--> allow .... : P B DP E S ["1"]
select * from "beds" where "id" = $1 for update
--> allow - : P B DP E S ["true","1"]
update "beds" set "free" = $1 where "id" = $2
--> allow - : Q
SAVEPOINT trx5;
--> allow - : P B DP E S ["3"]
delete from "beds" where "id" = $1
--> allow - : Q
RELEASE SAVEPOINT trx5;
--> allow - : Q
COMMIT;
--> allow - : Q
BEGIN;
--> allow - : Q
delete from "beds"
--> allow - : Q
ROLLBACK
--> allow ...MMMMM...MMM. : P B DP E S ["3","1"]
select * from "patients" where "id" = $1 limit $2
--> allow ... : P B DP E S ["c1"]
select "id", "name", "city" from "patients" where "city" = $1 order by "id" asc
--> allow ..M : P B DP E S ["5"]
select "id", "name", "email" from "patients" limit $1
--> allow . lookup : P B DP E S ["u5@y.org"]
select "id" from "patients" where "email" = $1
--> allow .. : P B DP E S ["5"]
select "p"."name", sum("v"."cost") as "cost" from "patients" as "p" inner join "visits" as "v" on "v"."patient" = "p"."id" group by "p"."name" order by "cost" desc limit $1
--> allow ..M : P B DP E S ["6"]
select "id", "day", "diagnosis" from "visits" where "patient" = $1
--> allow - : P B DP E S ["c9","4"]
update "patients" set "city" = $1 where "id" = $2
--> allow - : P B DP E S ["new@x.io","4"]
update "patients" set "email" = $1 where "id" = $2
--> allow - constraint : P B DP E S ["c1","901","M901","Name 901"]
insert into "patients" ("city", "id", "mrn", "name") values ($1, $2, $3, $4)
--> hold - other : P B DP E S ["901"]
delete from "patients" where "id" = $1
--> allow . : Q
select version()
--> allow ... : P B/C_1 DP:C_1 H E/C_1#100 H CP:C_1 S
select * from "rooms"
--> allow .... : Q
select * from "knex_migrations" where "batch" = (select max("batch") from "knex_migrations") order by "id" desc
--> allow - : Q
BEGIN;
--> allow - : P B DP E S ["1","0"]
update "knex_migrations_lock" set "is_locked" = $1 where "is_locked" = $2
--> allow - : Q
COMMIT;
--> allow - : Q
BEGIN;
--> allow - : Q
drop table "beds"
--> allow - : Q
drop table "wards"
--> allow - : Q
COMMIT;
--> allow - : P B DP E S ["1_wards.mjs"]
delete from "knex_migrations" where "name" = $1
--> allow - : P B DP E S ["0"]
update "knex_migrations_lock" set "is_locked" = $1
