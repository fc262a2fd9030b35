-- pgbench 15.20, recorded on PostgreSQL 15.
-- Initialisation with rows made by the server, its TPC-B-like script simple and extended, without updates of branches, and prepared
-- selects.
--- connection {"application_name":"pgbench"}
--> allow - : Q
drop table if exists pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers
--> allow - : Q
create table pgbench_history(tid int,bid int,aid    int,delta int,mtime timestamp,filler char(22))
--> allow - : Q
create table pgbench_tellers(tid int not null,bid int,tbalance int,filler char(84)) with (fillfactor=100)
--> allow - : Q
create table pgbench_accounts(aid    int not null,bid int,abalance int,filler char(84)) with (fillfactor=100)
--> allow - : Q
create table pgbench_branches(bid int not null,bbalance int,filler char(88)) with (fillfactor=100)
--> allow - : Q
begin
--> allow - : Q
truncate table pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers
--> allow - : Q
insert into pgbench_branches(bid,bbalance) select bid, 0 from generate_series(1, 1) as bid
--> allow - : Q
insert into pgbench_tellers(tid,bid,tbalance) select tid, (tid - 1) / 10 + 1, 0 from generate_series(1, 10) as tid
--> allow - : Q
insert into pgbench_accounts(aid,bid,abalance,filler) select aid, (aid - 1) / 100000 + 1, 0, '' from generate_series(1, 100000) as aid
--> allow - : Q
commit
--> allow - : Q
alter table pgbench_branches add primary key (bid)
--> allow - : Q
alter table pgbench_tellers add primary key (tid)
--> allow - : Q
alter table pgbench_accounts add primary key (aid)
--> allow - : Q
alter table pgbench_tellers add constraint pgbench_tellers_bid_fkey foreign key (bid) references pgbench_branches
--> allow - : Q
alter table pgbench_accounts add constraint pgbench_accounts_bid_fkey foreign key (bid) references pgbench_branches
--> allow - : Q
alter table pgbench_history add constraint pgbench_history_bid_fkey foreign key (bid) references pgbench_branches
--> allow - : Q
alter table pgbench_history add constraint pgbench_history_tid_fkey foreign key (tid) references pgbench_tellers
--> allow - : Q
alter table pgbench_history add constraint pgbench_history_aid_fkey foreign key (aid) references pgbench_accounts
--- connection {"application_name":"pgbench"}
--> allow . : Q
select count(*) from pgbench_branches
--> allow ... : Q
select o.n, p.partstrat, pg_catalog.count(i.inhparent) from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on (n.oid = c.relnamespace) cross join lateral (select pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname)) as o(n) left join pg_catalog.pg_partitioned_table as p on (p.partrelid = c.oid) left join pg_catalog.pg_inherits as i on (c.oid = i.inhparent) where c.relname = 'pgbench_accounts' and o.n is not null group by 1, 2 order by 1 asc limit 1
--- connection {"application_name":"pgbench"}
--> allow - : Q
BEGIN;
--> allow - : Q
UPDATE pgbench_accounts SET abalance = abalance + 2450 WHERE aid = 334;
--> allow . : Q
SELECT abalance FROM pgbench_accounts WHERE aid = 334;
--> allow - : Q
UPDATE pgbench_tellers SET tbalance = tbalance + 2450 WHERE tid = 7;
--> allow - : Q
UPDATE pgbench_branches SET bbalance = bbalance + 2450 WHERE bid = 1;
--> allow - : Q
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (7, 1, 334, 2450, CURRENT_TIMESTAMP);
--> allow - : Q
END;
--> allow - : Q
BEGIN;
--> allow - : Q
UPDATE pgbench_accounts SET abalance = abalance + 42 WHERE aid = 35067;
--> allow . : Q
SELECT abalance FROM pgbench_accounts WHERE aid = 35067;
--> allow - : Q
UPDATE pgbench_tellers SET tbalance = tbalance + 42 WHERE tid = 10;
--> allow - : Q
UPDATE pgbench_branches SET bbalance = bbalance + 42 WHERE bid = 1;
--> allow - : Q
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (10, 1, 35067, 42, CURRENT_TIMESTAMP);
--> allow - : Q
END;
--- connection {"application_name":"pgbench"}
--- connection {"application_name":"pgbench"}
--> allow - : P B DP E S
BEGIN;
--> allow - : P B DP E S ["-1988","85596"]
UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2;
--> allow . : P B DP E S ["85596"]
SELECT abalance FROM pgbench_accounts WHERE aid = $1;
--> allow - : P B DP E S ["-1988","5"]
UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2;
--> allow - : P B DP E S ["-1988","1"]
UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2;
--> allow - : P B DP E S ["5","1","85596","-1988"]
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP);
--> allow - : P B DP E S
END;
--> allow - : P B DP E S
BEGIN;
--> allow - : P B DP E S ["3693","46307"]
UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2;
--> allow . : P B DP E S ["46307"]
SELECT abalance FROM pgbench_accounts WHERE aid = $1;
--> allow - : P B DP E S ["3693","3"]
UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2;
--> allow - : P B DP E S ["3693","1"]
UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2;
--> allow - : P B DP E S ["3","1","46307","3693"]
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP);
--> allow - : P B DP E S
END;
--- connection {"application_name":"pgbench"}
--- connection {"application_name":"pgbench"}
--> allow . : P:P_0 S B:P_0 DP E S ["4934"]
SELECT abalance FROM pgbench_accounts WHERE aid = $1;
--> allow . : B:P_0 DP E S ["95289"]
SELECT abalance FROM pgbench_accounts WHERE aid = $1;
--- connection {"application_name":"pgbench"}
--- connection {"application_name":"pgbench"}
--> allow - : Q
BEGIN;
--> allow - : Q
UPDATE pgbench_accounts SET abalance = abalance + 2429 WHERE aid = 37096;
--> allow . : Q
SELECT abalance FROM pgbench_accounts WHERE aid = 37096;
--> allow - : Q
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (7, 1, 37096, 2429, CURRENT_TIMESTAMP);
--> allow - : Q
END;
--> allow - : Q
BEGIN;
--> allow - : Q
UPDATE pgbench_accounts SET abalance = abalance + 3927 WHERE aid = 6649;
--> allow . : Q
SELECT abalance FROM pgbench_accounts WHERE aid = 6649;
--> allow - : Q
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (3, 1, 6649, 3927, CURRENT_TIMESTAMP);
--> allow - : Q
END;
