-- Reports on the same tables, as Metabase and Grafana send theirs: prepared without a name, or as a Query. Written, not recorded.
-- Most keep to unprotected columns; the last part touches protected ones.
--- connection
--> allow . : Q
SELECT 1
--> allow . : Q
SELECT count(*) AS "count" FROM "clinic"."patients"
--> allow .. : P B DP E S
SELECT "clinic"."patients"."city" AS "city", count(*) AS "count" FROM "clinic"."patients" GROUP BY "clinic"."patients"."city" ORDER BY "clinic"."patients"."city" ASC
--> allow ... : P B DP E S
SELECT (CAST(DATE_TRUNC('month', CAST("clinic"."visits"."day" AS date)) AS date)) AS "day", COUNT(*) AS "count", SUM("clinic"."visits"."cost") AS "sum" FROM "clinic"."visits" GROUP BY CAST(DATE_TRUNC('month', CAST("clinic"."visits"."day" AS date)) AS date) ORDER BY 1 ASC
--> allow . : P B DP E S ["2025-10-01","2025-12-31"]
SELECT COUNT(*) AS "count" FROM "clinic"."visits" WHERE "clinic"."visits"."day" >= $1::date AND "clinic"."visits"."day" < $2::date
--> allow .. : P B DP E S
SELECT "source"."floor" AS "floor", AVG("source"."n") AS "avg" FROM (SELECT floor, name, length(name) AS n FROM clinic.rooms) AS "source" GROUP BY "source"."floor" ORDER BY "source"."floor" ASC LIMIT 1048575
--> allow .. : P B DP E S
SELECT "Patients"."city" AS "Patients__city", SUM("clinic"."visits"."cost") AS "sum" FROM "clinic"."visits" LEFT JOIN "clinic"."patients" AS "Patients" ON "clinic"."visits"."patient" = "Patients"."id" GROUP BY "Patients"."city" ORDER BY "Patients"."city" ASC
--> allow .. : Q
SELECT extract(epoch FROM date_trunc('week', day)) AS time, avg(cost) AS cost FROM clinic.visits WHERE day BETWEEN '2025-09-01' AND '2026-03-01' GROUP BY 1 ORDER BY 1
--> allow ... : Q
SELECT floor(extract(epoch FROM day) / 604800) * 604800 AS time, count(*) AS value, 'visits' AS metric FROM clinic.visits GROUP BY 1 ORDER BY 1
--> allow . : Q
SELECT percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY cost) FROM clinic.visits
--> allow ... : Q
SELECT mode() WITHIN GROUP (ORDER BY floor), stddev(floor), variance(floor) FROM clinic.rooms
--> allow .. : Q
SELECT corr(cost, patient), regr_slope(cost, patient) FROM clinic.visits
--> allow ... : Q
SELECT city, sum(balance) AS total, round(100.0 * sum(balance) / sum(sum(balance)) OVER (), 2) AS share FROM clinic.patients GROUP BY city ORDER BY total DESC, city
--> allow .... : Q
SELECT id, day, cost, sum(cost) OVER (ORDER BY day, id ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS running FROM clinic.visits ORDER BY day, id
--> allow ..... : Q
SELECT patient, day, cost, lag(cost) OVER w AS before, cost - lag(cost) OVER w AS change FROM clinic.visits WINDOW w AS (PARTITION BY patient ORDER BY day) ORDER BY patient, day
--> allow ...... : Q
SELECT id, name, balance, rank() OVER (ORDER BY balance DESC), ntile(4) OVER (ORDER BY balance, id), percent_rank() OVER (ORDER BY balance) FROM clinic.patients ORDER BY id
--> allow ... : Q
SELECT DISTINCT ON (patient) patient, day, cost FROM clinic.visits ORDER BY patient, day DESC
--> allow ... : Q
WITH monthly AS (SELECT date_trunc('month', day) AS month, sum(cost) AS cost FROM clinic.visits GROUP BY 1) SELECT month, cost, cost - lag(cost) OVER (ORDER BY month) AS change FROM monthly ORDER BY month
--> allow .. : Q
WITH months AS (SELECT generate_series(date '2025-09-01', date '2026-08-01', interval '1 month')::date AS month) SELECT m.month, count(v.id) AS visits FROM months m LEFT JOIN clinic.visits v ON date_trunc('month', v.day) = m.month GROUP BY m.month ORDER BY m.month
--> allow .. : Q
WITH first_visit AS (SELECT patient, min(day) AS first FROM clinic.visits GROUP BY patient) SELECT date_trunc('quarter', f.first)::date AS cohort, count(DISTINCT v.patient) AS patients FROM first_visit f JOIN clinic.visits v USING (patient) GROUP BY 1 ORDER BY 1
--> allow .. : Q
WITH RECURSIVE days(day) AS (SELECT date '2025-10-01' UNION ALL SELECT day + 7 FROM days WHERE day < date '2025-12-31') SELECT d.day, (SELECT count(*) FROM clinic.visits v WHERE v.day BETWEEN d.day AND d.day + 6) FROM days d ORDER BY d.day
--> allow .... : Q
SELECT coalesce(city, 'all') AS city, sex, count(*), sum(balance) FROM clinic.patients GROUP BY ROLLUP (city, sex) ORDER BY 1, 2
--> allow .... : Q
SELECT grouping(city, sex) AS level, city, sex, avg(balance)::numeric(10,2) FROM clinic.patients GROUP BY CUBE (city, sex) ORDER BY 1, 2, 3
--> allow ... : Q
SELECT city, count(*) FILTER (WHERE sex = 'f') AS women, count(*) FILTER (WHERE sex = 'm') AS men FROM clinic.patients GROUP BY city HAVING count(*) > 2 ORDER BY city
--> allow .. : Q
SELECT CASE WHEN balance < 20 THEN 'low' WHEN balance < 50 THEN 'middle' ELSE 'high' END AS band, count(*) FROM clinic.patients GROUP BY 1 ORDER BY 1
--> allow .... : Q
SELECT width_bucket(cost, 0, 50, 5) AS bucket, count(*), min(cost), max(cost) FROM clinic.visits GROUP BY 1 ORDER BY 1
--> allow .. : Q
SELECT to_char(day, 'YYYY-MM') AS month, to_char(sum(cost), 'FM999G999') AS cost FROM clinic.visits GROUP BY 1 ORDER BY 1
--> allow ... : Q
SELECT to_char(day, 'Dy') AS weekday, extract(isodow FROM day) AS n, count(*) FROM clinic.visits GROUP BY 1, 2 ORDER BY 2
--> allow .... : Q
SELECT p.id, p.name, v.visits, v.cost FROM clinic.patients p JOIN LATERAL (SELECT count(*) AS visits, sum(cost) AS cost FROM clinic.visits WHERE patient = p.id) v ON true WHERE v.cost > 60 ORDER BY v.cost DESC, p.id LIMIT 10
--> allow .. : Q
SELECT p.city, count(DISTINCT v.patient)::float / count(DISTINCT p.id) AS seen FROM clinic.patients p LEFT JOIN clinic.visits v ON v.patient = p.id GROUP BY p.city ORDER BY p.city
--> allow . : Q
SELECT name FROM clinic.patients p WHERE NOT EXISTS (SELECT FROM clinic.visits v WHERE v.patient = p.id) ORDER BY name
--> allow .. : Q
SELECT id, name FROM clinic.patients WHERE id IN (SELECT patient FROM clinic.visits GROUP BY patient HAVING sum(cost) > 60) ORDER BY id
--> allow . : Q
SELECT name AS label FROM clinic.rooms UNION ALL SELECT city FROM clinic.patients ORDER BY 1 LIMIT 20
--> allow . : Q
SELECT id FROM clinic.rooms INTERSECT SELECT patient FROM clinic.visits ORDER BY 1
--> allow ... : Q
SELECT floor, string_agg(name, ', ' ORDER BY name) AS rooms, array_agg(id ORDER BY id) FROM clinic.rooms GROUP BY floor ORDER BY floor
--> allow . : Q
SELECT json_build_object('city', city, 'patients', json_agg(json_build_object('id', id, 'name', name) ORDER BY id)) FROM clinic.patients GROUP BY city ORDER BY city
--> allow . : Q
SELECT row_to_json(t) FROM (SELECT city, count(*) AS n FROM clinic.patients GROUP BY city ORDER BY city) t
--> allow . : Q
SELECT jsonb_object_agg(k, v ORDER BY k) FROM public.kv
--> allow .. : Q
SELECT * FROM clinic.v_cities ORDER BY city
--> allow ... : Q
SELECT * FROM clinic.v_rooms ORDER BY id LIMIT 5
--> allow .. : Q
SELECT floor, n FROM reporting.m_rooms ORDER BY floor
--> allow .. : Q
SELECT sex, count(*) FROM reporting.m_patients GROUP BY sex ORDER BY sex
--> allow .. : Q
SELECT amount, note FROM clinic.billing WHERE amount > 30 ORDER BY id
--> allow .. : Q
SELECT kind, count(*) FROM clinic.notes GROUP BY kind ORDER BY kind
--> allow . : P B DP E S ["%1%"]
SELECT name FROM clinic.rooms WHERE lower(name) LIKE $1 ORDER BY id
--> allow .. : P B DP E S ["{c1,c2}"]
SELECT city, count(*) FROM clinic.patients WHERE city = ANY ($1) GROUP BY city ORDER BY city
--> allow ... : P B DP E S ["5","10"]
SELECT id, name, city FROM clinic.patients ORDER BY id LIMIT $1 OFFSET $2
--> allow .. : Q
SELECT c.title, r.name FROM clinic.codes c CROSS JOIN clinic.rooms r ORDER BY 1, 2 LIMIT 5
--> allow .. : Q
SELECT clinic.add_one(floor) AS above, clinic.room_name(id) FROM clinic.rooms ORDER BY id
--> allow .. : Q
SELECT * FROM clinic.room_table(3) ORDER BY room_id
--> allow . : Q
EXPLAIN (COSTS OFF) SELECT city, count(*) FROM clinic.patients GROUP BY city
--> allow ..MM. : Q
SELECT "clinic"."patients"."id" AS "id", "clinic"."patients"."name" AS "name", "clinic"."patients"."ssn" AS "ssn", "clinic"."patients"."dob" AS "dob", "clinic"."patients"."city" AS "city" FROM "clinic"."patients" LIMIT 2000
--> allow R : Q
SELECT substring("email" FROM 1 FOR 1234) AS "substring" FROM "clinic"."patients" LIMIT 10000
--> allow ... null : Q
SELECT p.city, count(p.email) AS reachable, count(*) AS all FROM clinic.patients p GROUP BY p.city ORDER BY p.city
--> hold ..M. other : Q
SELECT v.day, p.name, v.diagnosis, c.title FROM clinic.visits v JOIN clinic.patients p ON p.id = v.patient LEFT JOIN clinic.codes c ON c.code = v.diagnosis ORDER BY v.id
--> allow ..R : Q
SELECT id, name, extract(year FROM dob) AS year FROM clinic.patients ORDER BY id
--> allow .R : Q
SELECT city, max(dob) AS youngest FROM clinic.patients GROUP BY city ORDER BY city
--> allow .M. : Q
SELECT id, number, city FROM clinic.v_patients WHERE city = 'c1' ORDER BY id
--> allow .. lookup : P B DP E S ["u5@y.org"]
SELECT id, name FROM clinic.patients WHERE email = $1
--> hold M. group : Q
SELECT diagnosis, count(*) AS visits FROM clinic.visits GROUP BY diagnosis ORDER BY 2 DESC
--> allow R : Q
SELECT count(DISTINCT diagnosis) FROM clinic.visits
--> hold . other : Q
SELECT id FROM clinic.patients WHERE dob < date '1955-01-01' ORDER BY id
