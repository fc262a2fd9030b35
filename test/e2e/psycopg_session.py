"""What a Python program does with psycopg 2 and 3, both on libpq: prints one JSON object of what it saw.

Run by clients.test.ts with PGHOST, PGPORT, PGUSER and PGDATABASE set.
"""
import io
import json
import threading
import time

import psycopg
import psycopg2
import psycopg2.extras

seen = {}

with psycopg2.connect("") as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TEMP TABLE py2 (n int, t text)")
    psycopg2.extras.execute_values(cursor, "INSERT INTO py2 VALUES %s", [(n, f"row {n}") for n in range(100)])
    cursor.copy_expert("COPY py2 FROM STDIN", io.StringIO("100\tcopied\n"))
    cursor.execute("SELECT count(*), max(n) FROM py2 WHERE t LIKE %s", ("%o%",))
    seen["psycopg2 rows"] = cursor.fetchone()
    cursor.execute("DO $$ BEGIN RAISE NOTICE 'from psycopg2'; END $$")
    seen["psycopg2 notice"] = connection.notices[-1].strip()
    with connection.cursor("server_side") as named:
        named.itersize = 10
        named.execute("SELECT n FROM py2 ORDER BY n")
        seen["psycopg2 server-side cursor"] = sum(n for (n,) in named)
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT * FROM py2 ORDER BY n LIMIT 2) TO STDOUT WITH CSV", out)
    seen["psycopg2 copy out"] = out.getvalue()
    try:
        cursor.execute("SELECT 1 / 0")
    except psycopg2.Error as error:
        seen["psycopg2 error"] = error.pgcode

with psycopg.connect("", autocommit=True) as connection:
    seen["psycopg 3 prepared"] = [connection.execute("SELECT %s::int + 1", (n,), prepare=True).fetchone()[0] for n in range(5)]
    seen["psycopg 3 binary"] = str(connection.execute("SELECT %b::numeric, %b::date", ("1.50", "2024-02-29"), binary=True).fetchone())
    with connection.pipeline(), connection.cursor() as cursor:
        cursor.executemany("SELECT %s::int * 2", [(n,) for n in range(50)], returning=True)
        total = 0
        while True:
            total += cursor.fetchone()[0]
            if not cursor.nextset():
                break
    seen["psycopg 3 pipeline"] = total
    connection.execute("CREATE TEMP TABLE py3 (n int, t text)")
    with connection.cursor() as cursor:
        with cursor.copy("COPY py3 FROM STDIN WITH (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            for n in range(1000):
                copy.write_row((n, f"row {n}"))
        cursor.execute("SELECT count(*), sum(n) FROM py3")
        seen["psycopg 3 binary copy"] = cursor.fetchone()
    try:
        with connection.transaction():
            connection.execute("INSERT INTO py3 VALUES (-1, 'gone')")
            raise psycopg.Rollback()
    finally:
        seen["psycopg 3 rolled back"] = connection.execute("SELECT count(*) FROM py3 WHERE n < 0").fetchone()[0]

    began = time.monotonic()
    threading.Timer(0.3, connection.cancel).start()
    try:
        connection.execute("SELECT pg_sleep(30)")
    except psycopg.errors.QueryCanceled as error:
        seen["psycopg 3 cancelled"] = [error.sqlstate, time.monotonic() - began < 10]

print(json.dumps(seen))
