"""What a Python program sees of protected columns with psycopg 3: prints one JSON object.

Run by masking.test.ts with PGHOST, PGPORT, PGUSER and PGDATABASE set.
"""
import json

import psycopg

seen = {}

with psycopg.connect("") as connection:
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            cursor.execute("SELECT id, name, ssn, email, dob FROM patients WHERE id = %s", (1,))
            seen["binary" if binary else "text"] = [str(value) for value in cursor.fetchone()]
    with connection.cursor(name="server_side") as cursor:
        cursor.execute("SELECT id, ssn FROM patients ORDER BY id")
        seen["cursor"] = cursor.fetchmany(2)
    with connection.cursor() as cursor:
        with cursor.copy("COPY patients (id, ssn, city) TO STDOUT") as copy:
            seen["copy"] = list(map(list, copy.rows()))[:1]
    with connection.pipeline(), connection.cursor() as cursor:
        cursor.executemany("SELECT ssn FROM patients WHERE id = %s", [(1,), (2,)], returning=True)
        seen["pipeline"] = cursor.fetchone()
    try:
        connection.execute("SELECT id FROM patients WHERE ssn LIKE %s", ("9%",))
    except psycopg.Error as error:
        seen["refused"] = error.sqlstate

print(json.dumps(seen))
