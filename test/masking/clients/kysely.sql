-- Kysely 0.28.19 over node-postgres 8.23.1, recorded on PostgreSQL 15.
-- Introspection, migrations up and down, inserts and upserts, joins, JSON of related rows, CTEs, transactions, CASE and windows.
--- connection {"client_encoding":"UTF8"}
--> allow . : Q
select "nspname" from "pg_catalog"."pg_namespace"
--> allow .......... : P B DP E S ["r","v","p","^pg_","information_schema","crdb_internal","0","true"]
select "a"."attname" as "column", "a"."attnotnull" as "not_null", "a"."atthasdef" as "has_default", "c"."relname" as "table", "c"."relkind" as "table_type", "ns"."nspname" as "schema", "typ"."typname" as "type", "dtns"."nspname" as "type_schema", col_description(a.attrelid, a.attnum) as "column_description", pg_get_serial_sequence(quote_ident(ns.nspname) || '.' || quote_ident(c.relname), a.attname) as "auto_incrementing" from "pg_catalog"."pg_attribute" as "a" inner join "pg_catalog"."pg_class" as "c" on "a"."attrelid" = "c"."oid" inner join "pg_catalog"."pg_namespace" as "ns" on "c"."relnamespace" = "ns"."oid" inner join "pg_catalog"."pg_type" as "typ" on "a"."atttypid" = "typ"."oid" inner join "pg_catalog"."pg_namespace" as "dtns" on "typ"."typnamespace" = "dtns"."oid" where "c"."relkind" in ($1, $2, $3) and "ns"."nspname" !~ $4 and "ns"."nspname" != $5 and "ns"."nspname" != $6 and has_schema_privilege(ns.nspname, 'USAGE') and "a"."attnum" >= $7 and "a"."attisdropped" != $8 order by "ns"."nspname", "c"."relname", "a"."attnum"
--> allow - : Q
create table if not exists "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null)
--> allow - : Q
create table if not exists "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null)
--> allow . : P B DP E S ["migration_lock"]
select "id" from "kysely_migration_lock" where "id" = $1
--> allow - : P B DP E S ["migration_lock","0"]
insert into "kysely_migration_lock" ("id", "is_locked") values ($1, $2)
--> allow . : Q

    with set_timeout as (
      select set_config('lock_timeout', '3600000', true) as config_val
    )
    select pg_advisory_lock(3853314791062309107)
    from set_timeout
--> allow - : Q
begin
--> allow .. : Q
select "name", "timestamp" from "kysely_migration"
--> allow - : Q
create table "wards" ("id" serial primary key, "name" varchar(50) not null unique, "floor" integer, "equipment" jsonb)
--> allow - : Q
create table "beds" ("id" serial primary key, "ward_id" integer references "wards" ("id") on delete cascade, "label" text, "free" boolean default true)
--> allow - : Q
create index "beds_ward" on "beds" ("ward_id", "free")
--> allow - : P B DP E S ["m1","2026-11-25T21:00:47.671Z"]
insert into "kysely_migration" ("name", "timestamp") values ($1, $2)
--> allow - : Q
commit
--> allow . : Q
select pg_advisory_unlock(3853314791062309107)
--> allow . : P B DP E S ["{\"xray\":true}","North","1",null,"South","2"]
insert into "wards" ("equipment", "name", "floor") values ($1, $2, $3), ($4, $5, $6) returning "id"
--> allow - : P B DP E S ["North","9"]
insert into "wards" ("name", "floor") values ($1, $2) on conflict ("name") do update set "floor" = "excluded"."floor"
--> allow - : P B DP E S ["1","b1","1","b2","1","b3"]
insert into "beds" ("ward_id", "label") values ($1, $2), ($3, $4), ($5, $6)
--> allow .. : P B DP E S ["true","2","1"]
select "wards"."name", "beds"."label" from "beds" inner join "wards" on "wards"."id" = "beds"."ward_id" where "beds"."free" = $1 order by "beds"."id" limit $2 offset $3
--> allow .. : P B DP E S ["1"]
select "ward_id", count(*) as "n" from "beds" group by "ward_id" having count(*) > $1
--> allow ... : Q
select "id", "name", (select coalesce(json_agg(agg), '[]') from (select "beds"."id", "beds"."label" from "beds" where "beds"."ward_id" = "wards"."id" order by "beds"."id") as agg) as "beds" from "wards"
--> allow .. : Q
select "label", (select to_json(obj) from (select "name" from "wards" where "wards"."id" = "beds"."ward_id") as obj) as "ward" from "beds"
--> allow .... : P B DP E S ["false"]
with "busy" as (select * from "beds" where "free" = $1) select * from "busy"
--> allow .... : P B DP E S ["false","b1"]
update "beds" set "free" = $1 where "label" = $2 returning *
--> allow . : P B DP E S ["b3"]
delete from "beds" using "wards" where "wards"."id" = "beds"."ward_id" and "label" = $1 returning "beds"."id"
--> allow - : Q
begin
--> allow .... : Q
select * from "beds" for update
--> allow - : P B DP E S ["true"]
update "beds" set "free" = $1
--> allow - : Q
commit
--> allow - : Q
start transaction isolation level serializable
--> allow - : Q
delete from "beds"
--> allow - : Q
rollback
--> allow ... : P B DP E S ["3","high","low"]
select case when "floor" > $1 then $2 else $3 end as "where", row_number() over (order by id) as "n", "equipment"->>'xray' as "x" from "wards"
--> allow . : Q
select "name" from "wards" union select "name" from "rooms"
--> allow ... : P B DP E S ["1","2"]
select * from "rooms" where "floor" in ($1, $2)
--> allow ... : Q
select avg("floor") as "a", max("floor") as "m", count(distinct "id") as "d" from "rooms"
--> allow ...MMMMM...MMM. : P B DP E S ["3"]
select * from "clinic"."patients" where "id" = $1
--> allow ... : P B DP E S ["c1"]
select "p"."id", "p"."name", "p"."city" from "clinic"."patients" as "p" where "p"."city" = $1 order by "p"."id"
--> allow ..MM : P B DP E S ["5"]
select "id", "name", "ssn", "email" from "clinic"."patients" order by "id" limit $1
--> allow .. : P B DP E S ["4"]
select "p"."id", (select coalesce(json_agg(agg), '[]') from (select "v"."id", "v"."day", "v"."cost" from "clinic"."visits" as "v" where "v"."patient" = "p"."id" order by "v"."id") as agg) as "visits" from "clinic"."patients" as "p" where "p"."id" < $1
--> allow . lookup : P B DP E S ["u5@y.org"]
select "id" from "clinic"."patients" where "email" = $1
--> allow .. : Q
select "p"."city", sum("v"."cost") as "cost" from "clinic"."patients" as "p" inner join "clinic"."visits" as "v" on "v"."patient" = "p"."id" group by "p"."city" order by "p"."city"
--> allow - : P B DP E S ["c8","4"]
update "clinic"."patients" set "city" = $1 where "id" = $2
--> allow . : P B DP E S ["seen"]
insert into "clinic"."audit" ("what") values ($1) returning "id"
--> allow .. : P B DP E S ["1"]
select $1::int as one, current_database() as db
--> allow . : Q

    with set_timeout as (
      select set_config('lock_timeout', '3600000', true) as config_val
    )
    select pg_advisory_lock(3853314791062309107)
    from set_timeout
--> allow - : Q
begin
--> allow - : Q
drop table "beds"
--> allow - : Q
drop table "wards"
--> allow - : P B DP E S ["m1"]
delete from "kysely_migration" where "name" = $1
--> allow - : Q
commit
--> allow . : Q
select pg_advisory_unlock(3853314791062309107)
