-- SQLAlchemy 1.4.46 with Alembic 1.8.1 over psycopg2 2.9.5, recorded on PostgreSQL 15.
-- Inspector and reflection, create_all and drop_all, the ORM with its ways of loading relations, upserts, bulk inserts, savepoints,
-- a server-side cursor, Alembic's operations.
--- connection
--> allow - : Q
BEGIN
--> allow .. : Q
SELECT t.oid, typarray
FROM pg_type t JOIN pg_namespace ns
    ON typnamespace = ns.oid
WHERE typname = 'hstore';

--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
select pg_catalog.version()
--> allow . : Q
select current_schema()
--> allow . : Q
show transaction isolation level
--> allow . : Q
show standard_conforming_strings
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY nspname
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'clinic' AND c.relkind in ('r', 'p')
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'clinic' AND c.relkind IN ('v', 'm')
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
SELECT relname FROM pg_class c join pg_namespace n on n.oid=c.relnamespace where relkind='S' and n.nspname='clinic'
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT c.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname = 'clinic')
            AND c.relname = 'patients' AND c.relkind in
            ('r', 'v', 'm', 'f', 'p')
        
--> allow ........ : Q

            SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (
                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                AND a.atthasdef
              ) AS DEFAULT,
              a.attnotnull,
              a.attrelid as table_oid,
              pgd.description as comment,
              a.attgenerated as generated,
                              (SELECT json_build_object(
                    'always', a.attidentity = 'a',
                    'start', s.seqstart,
                    'increment', s.seqincrement,
                    'minvalue', s.seqmin,
                    'maxvalue', s.seqmax,
                    'cache', s.seqcache,
                    'cycle', s.seqcycle)
                FROM pg_catalog.pg_sequence s
                JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
                WHERE c.relkind = 'S'
                AND a.attidentity != ''
                AND s.seqrelid = pg_catalog.pg_get_serial_sequence(
                    a.attrelid::regclass::text, a.attname
                )::regclass::oid
                ) as identity_options                
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_description pgd ON (
                pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
            WHERE a.attrelid = {relation clinic.patients}
            AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
        
--> allow ...... : Q

            SELECT t.typname as "name",
               pg_catalog.format_type(t.typbasetype, t.typtypmod) as "attype",
               not t.typnotnull as "nullable",
               t.typdefault as "default",
               pg_catalog.pg_type_is_visible(t.oid) as "visible",
               n.nspname as "schema"
            FROM pg_catalog.pg_type t
               LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE t.typtype = 'd'
        
--> allow .... : Q

            SELECT t.typname as "name",
               -- no enum defaults in 8.4 at least
               -- t.typdefault as "default",
               pg_catalog.pg_type_is_visible(t.oid) as "visible",
               n.nspname as "schema",
               e.enumlabel as "label"
            FROM pg_catalog.pg_type t
                 LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                 LEFT JOIN pg_catalog.pg_enum e ON t.oid = e.enumtypid
            WHERE t.typtype = 'e'
        ORDER BY "schema", "name", e.oid
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

                SELECT a.attname
                FROM pg_attribute a JOIN (
                    SELECT unnest(ix.indkey) attnum,
                           generate_subscripts(ix.indkey, 1) ord
                    FROM pg_index ix
                    WHERE ix.indrelid = {relation clinic.patients} AND ix.indisprimary
                    ) k ON a.attnum=k.attnum
                WHERE a.attrelid = {relation clinic.patients}
                ORDER BY k.ord
            
--> allow . : Q

        SELECT conname
           FROM  pg_catalog.pg_constraint r
           WHERE r.conrelid = {relation clinic.patients} AND r.contype = 'p'
           ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ... : Q

          SELECT r.conname,
                pg_catalog.pg_get_constraintdef(r.oid, true) as condef,
                n.nspname as conschema
          FROM  pg_catalog.pg_constraint r,
                pg_namespace n,
                pg_class c

          WHERE r.conrelid = {relation clinic.patients} AND
                r.contype = 'f' AND
                c.oid = confrelid AND
                n.oid = c.relnamespace
          ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ............ : Q

              SELECT
                  i.relname as relname,
                  ix.indisunique, ix.indexprs,
                  a.attname, a.attnum, c.conrelid, ix.indkey::varchar,
                  ix.indoption::varchar, i.reloptions, am.amname,
                  pg_get_expr(ix.indpred, ix.indrelid),
                  ix.indnkeyatts as indnkeyatts
              FROM
                  pg_class t
                        join pg_index ix on t.oid = ix.indrelid
                        join pg_class i on i.oid = ix.indexrelid
                        left outer join
                            pg_attribute a
                            on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
                        left outer join
                            pg_constraint c
                            on (ix.indrelid = c.conrelid and
                                ix.indexrelid = c.conindid and
                                c.contype in ('p', 'u', 'x'))
                        left outer join
                            pg_am am
                            on i.relam = am.oid
              WHERE
                  t.relkind IN ('r', 'v', 'f', 'm', 'p')
                  and t.oid = {relation clinic.patients}
                  and ix.indisprimary = 'f'
              ORDER BY
                  t.relname,
                  i.relname
            
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .... : Q

            SELECT
                cons.conname as name,
                cons.conkey as key,
                a.attnum as col_num,
                a.attname as col_name
            FROM
                pg_catalog.pg_constraint cons
                join pg_attribute a
                  on cons.conrelid = a.attrelid AND
                    a.attnum = ANY(cons.conkey)
            WHERE
                cons.conrelid = {relation clinic.patients} AND
                cons.contype = 'u'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .. : Q

            SELECT
                cons.conname as name,
                pg_get_constraintdef(cons.oid) as src
            FROM
                pg_catalog.pg_constraint cons
            WHERE
                cons.conrelid = {relation clinic.patients} AND
                cons.contype = 'c'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT
                pgd.description as table_comment
            FROM
                pg_catalog.pg_description pgd
            WHERE
                pgd.objsubid = 0 AND
                pgd.objoid = {relation clinic.patients}
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT c.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname = 'clinic')
            AND c.relname = 'visits' AND c.relkind in
            ('r', 'v', 'm', 'f', 'p')
        
--> allow ........ : Q

            SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (
                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                AND a.atthasdef
              ) AS DEFAULT,
              a.attnotnull,
              a.attrelid as table_oid,
              pgd.description as comment,
              a.attgenerated as generated,
                              (SELECT json_build_object(
                    'always', a.attidentity = 'a',
                    'start', s.seqstart,
                    'increment', s.seqincrement,
                    'minvalue', s.seqmin,
                    'maxvalue', s.seqmax,
                    'cache', s.seqcache,
                    'cycle', s.seqcycle)
                FROM pg_catalog.pg_sequence s
                JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
                WHERE c.relkind = 'S'
                AND a.attidentity != ''
                AND s.seqrelid = pg_catalog.pg_get_serial_sequence(
                    a.attrelid::regclass::text, a.attname
                )::regclass::oid
                ) as identity_options                
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_description pgd ON (
                pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
            WHERE a.attrelid = {relation clinic.visits}
            AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

                SELECT a.attname
                FROM pg_attribute a JOIN (
                    SELECT unnest(ix.indkey) attnum,
                           generate_subscripts(ix.indkey, 1) ord
                    FROM pg_index ix
                    WHERE ix.indrelid = {relation clinic.visits} AND ix.indisprimary
                    ) k ON a.attnum=k.attnum
                WHERE a.attrelid = {relation clinic.visits}
                ORDER BY k.ord
            
--> allow . : Q

        SELECT conname
           FROM  pg_catalog.pg_constraint r
           WHERE r.conrelid = {relation clinic.visits} AND r.contype = 'p'
           ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ... : Q

          SELECT r.conname,
                pg_catalog.pg_get_constraintdef(r.oid, true) as condef,
                n.nspname as conschema
          FROM  pg_catalog.pg_constraint r,
                pg_namespace n,
                pg_class c

          WHERE r.conrelid = {relation clinic.visits} AND
                r.contype = 'f' AND
                c.oid = confrelid AND
                n.oid = c.relnamespace
          ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ............ : Q

              SELECT
                  i.relname as relname,
                  ix.indisunique, ix.indexprs,
                  a.attname, a.attnum, c.conrelid, ix.indkey::varchar,
                  ix.indoption::varchar, i.reloptions, am.amname,
                  pg_get_expr(ix.indpred, ix.indrelid),
                  ix.indnkeyatts as indnkeyatts
              FROM
                  pg_class t
                        join pg_index ix on t.oid = ix.indrelid
                        join pg_class i on i.oid = ix.indexrelid
                        left outer join
                            pg_attribute a
                            on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
                        left outer join
                            pg_constraint c
                            on (ix.indrelid = c.conrelid and
                                ix.indexrelid = c.conindid and
                                c.contype in ('p', 'u', 'x'))
                        left outer join
                            pg_am am
                            on i.relam = am.oid
              WHERE
                  t.relkind IN ('r', 'v', 'f', 'm', 'p')
                  and t.oid = {relation clinic.visits}
                  and ix.indisprimary = 'f'
              ORDER BY
                  t.relname,
                  i.relname
            
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .... : Q

            SELECT
                cons.conname as name,
                cons.conkey as key,
                a.attnum as col_num,
                a.attname as col_name
            FROM
                pg_catalog.pg_constraint cons
                join pg_attribute a
                  on cons.conrelid = a.attrelid AND
                    a.attnum = ANY(cons.conkey)
            WHERE
                cons.conrelid = {relation clinic.visits} AND
                cons.contype = 'u'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .. : Q

            SELECT
                cons.conname as name,
                pg_get_constraintdef(cons.oid) as src
            FROM
                pg_catalog.pg_constraint cons
            WHERE
                cons.conrelid = {relation clinic.visits} AND
                cons.contype = 'c'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT
                pgd.description as table_comment
            FROM
                pg_catalog.pg_description pgd
            WHERE
                pgd.objsubid = 0 AND
                pgd.objoid = {relation clinic.visits}
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT c.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname = 'clinic')
            AND c.relname = 'rooms' AND c.relkind in
            ('r', 'v', 'm', 'f', 'p')
        
--> allow ........ : Q

            SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (
                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                AND a.atthasdef
              ) AS DEFAULT,
              a.attnotnull,
              a.attrelid as table_oid,
              pgd.description as comment,
              a.attgenerated as generated,
                              (SELECT json_build_object(
                    'always', a.attidentity = 'a',
                    'start', s.seqstart,
                    'increment', s.seqincrement,
                    'minvalue', s.seqmin,
                    'maxvalue', s.seqmax,
                    'cache', s.seqcache,
                    'cycle', s.seqcycle)
                FROM pg_catalog.pg_sequence s
                JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
                WHERE c.relkind = 'S'
                AND a.attidentity != ''
                AND s.seqrelid = pg_catalog.pg_get_serial_sequence(
                    a.attrelid::regclass::text, a.attname
                )::regclass::oid
                ) as identity_options                
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_description pgd ON (
                pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
            WHERE a.attrelid = {relation clinic.rooms}
            AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

                SELECT a.attname
                FROM pg_attribute a JOIN (
                    SELECT unnest(ix.indkey) attnum,
                           generate_subscripts(ix.indkey, 1) ord
                    FROM pg_index ix
                    WHERE ix.indrelid = {relation clinic.rooms} AND ix.indisprimary
                    ) k ON a.attnum=k.attnum
                WHERE a.attrelid = {relation clinic.rooms}
                ORDER BY k.ord
            
--> allow . : Q

        SELECT conname
           FROM  pg_catalog.pg_constraint r
           WHERE r.conrelid = {relation clinic.rooms} AND r.contype = 'p'
           ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ... : Q

          SELECT r.conname,
                pg_catalog.pg_get_constraintdef(r.oid, true) as condef,
                n.nspname as conschema
          FROM  pg_catalog.pg_constraint r,
                pg_namespace n,
                pg_class c

          WHERE r.conrelid = {relation clinic.rooms} AND
                r.contype = 'f' AND
                c.oid = confrelid AND
                n.oid = c.relnamespace
          ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ............ : Q

              SELECT
                  i.relname as relname,
                  ix.indisunique, ix.indexprs,
                  a.attname, a.attnum, c.conrelid, ix.indkey::varchar,
                  ix.indoption::varchar, i.reloptions, am.amname,
                  pg_get_expr(ix.indpred, ix.indrelid),
                  ix.indnkeyatts as indnkeyatts
              FROM
                  pg_class t
                        join pg_index ix on t.oid = ix.indrelid
                        join pg_class i on i.oid = ix.indexrelid
                        left outer join
                            pg_attribute a
                            on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
                        left outer join
                            pg_constraint c
                            on (ix.indrelid = c.conrelid and
                                ix.indexrelid = c.conindid and
                                c.contype in ('p', 'u', 'x'))
                        left outer join
                            pg_am am
                            on i.relam = am.oid
              WHERE
                  t.relkind IN ('r', 'v', 'f', 'm', 'p')
                  and t.oid = {relation clinic.rooms}
                  and ix.indisprimary = 'f'
              ORDER BY
                  t.relname,
                  i.relname
            
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .... : Q

            SELECT
                cons.conname as name,
                cons.conkey as key,
                a.attnum as col_num,
                a.attname as col_name
            FROM
                pg_catalog.pg_constraint cons
                join pg_attribute a
                  on cons.conrelid = a.attrelid AND
                    a.attnum = ANY(cons.conkey)
            WHERE
                cons.conrelid = {relation clinic.rooms} AND
                cons.contype = 'u'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .. : Q

            SELECT
                cons.conname as name,
                pg_get_constraintdef(cons.oid) as src
            FROM
                pg_catalog.pg_constraint cons
            WHERE
                cons.conrelid = {relation clinic.rooms} AND
                cons.contype = 'c'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT
                pgd.description as table_comment
            FROM
                pg_catalog.pg_description pgd
            WHERE
                pgd.objsubid = 0 AND
                pgd.objoid = {relation clinic.rooms}
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT c.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname = 'clinic')
            AND c.relname = 'billing' AND c.relkind in
            ('r', 'v', 'm', 'f', 'p')
        
--> allow ........ : Q

            SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (
                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                AND a.atthasdef
              ) AS DEFAULT,
              a.attnotnull,
              a.attrelid as table_oid,
              pgd.description as comment,
              a.attgenerated as generated,
                              (SELECT json_build_object(
                    'always', a.attidentity = 'a',
                    'start', s.seqstart,
                    'increment', s.seqincrement,
                    'minvalue', s.seqmin,
                    'maxvalue', s.seqmax,
                    'cache', s.seqcache,
                    'cycle', s.seqcycle)
                FROM pg_catalog.pg_sequence s
                JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
                WHERE c.relkind = 'S'
                AND a.attidentity != ''
                AND s.seqrelid = pg_catalog.pg_get_serial_sequence(
                    a.attrelid::regclass::text, a.attname
                )::regclass::oid
                ) as identity_options                
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_description pgd ON (
                pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
            WHERE a.attrelid = {relation clinic.billing}
            AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

                SELECT a.attname
                FROM pg_attribute a JOIN (
                    SELECT unnest(ix.indkey) attnum,
                           generate_subscripts(ix.indkey, 1) ord
                    FROM pg_index ix
                    WHERE ix.indrelid = {relation clinic.billing} AND ix.indisprimary
                    ) k ON a.attnum=k.attnum
                WHERE a.attrelid = {relation clinic.billing}
                ORDER BY k.ord
            
--> allow . : Q

        SELECT conname
           FROM  pg_catalog.pg_constraint r
           WHERE r.conrelid = {relation clinic.billing} AND r.contype = 'p'
           ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ... : Q

          SELECT r.conname,
                pg_catalog.pg_get_constraintdef(r.oid, true) as condef,
                n.nspname as conschema
          FROM  pg_catalog.pg_constraint r,
                pg_namespace n,
                pg_class c

          WHERE r.conrelid = {relation clinic.billing} AND
                r.contype = 'f' AND
                c.oid = confrelid AND
                n.oid = c.relnamespace
          ORDER BY 1
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ............ : Q

              SELECT
                  i.relname as relname,
                  ix.indisunique, ix.indexprs,
                  a.attname, a.attnum, c.conrelid, ix.indkey::varchar,
                  ix.indoption::varchar, i.reloptions, am.amname,
                  pg_get_expr(ix.indpred, ix.indrelid),
                  ix.indnkeyatts as indnkeyatts
              FROM
                  pg_class t
                        join pg_index ix on t.oid = ix.indrelid
                        join pg_class i on i.oid = ix.indexrelid
                        left outer join
                            pg_attribute a
                            on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
                        left outer join
                            pg_constraint c
                            on (ix.indrelid = c.conrelid and
                                ix.indexrelid = c.conindid and
                                c.contype in ('p', 'u', 'x'))
                        left outer join
                            pg_am am
                            on i.relam = am.oid
              WHERE
                  t.relkind IN ('r', 'v', 'f', 'm', 'p')
                  and t.oid = {relation clinic.billing}
                  and ix.indisprimary = 'f'
              ORDER BY
                  t.relname,
                  i.relname
            
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .... : Q

            SELECT
                cons.conname as name,
                cons.conkey as key,
                a.attnum as col_num,
                a.attname as col_name
            FROM
                pg_catalog.pg_constraint cons
                join pg_attribute a
                  on cons.conrelid = a.attrelid AND
                    a.attnum = ANY(cons.conkey)
            WHERE
                cons.conrelid = {relation clinic.billing} AND
                cons.contype = 'u'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .. : Q

            SELECT
                cons.conname as name,
                pg_get_constraintdef(cons.oid) as src
            FROM
                pg_catalog.pg_constraint cons
            WHERE
                cons.conrelid = {relation clinic.billing} AND
                cons.contype = 'c'
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT
                pgd.description as table_comment
            FROM
                pg_catalog.pg_description pgd
            WHERE
                pgd.objsubid = 0 AND
                pgd.objoid = {relation clinic.billing}
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
SELECT pg_get_viewdef(c.oid) view_def FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'clinic' AND c.relname = 'v_rooms' AND c.relkind IN ('v', 'm')
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow .... : Q

            SELECT t.typname as "name",
               -- no enum defaults in 8.4 at least
               -- t.typdefault as "default",
               pg_catalog.pg_type_is_visible(t.oid) as "visible",
               n.nspname as "schema",
               e.enumlabel as "label"
            FROM pg_catalog.pg_type t
                 LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                 LEFT JOIN pg_catalog.pg_enum e ON t.oid = e.enumtypid
            WHERE t.typtype = 'e'
        AND n.nspname = 'clinic' ORDER BY "schema", "name", e.oid
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where n.nspname='clinic' and relname='rooms'
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q

            SELECT c.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname = 'clinic')
            AND c.relname = 'codes' AND c.relkind in
            ('r', 'v', 'm', 'f', 'p')
        
--> allow ........ : Q

            SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (
                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                AND a.atthasdef
              ) AS DEFAULT,
              a.attnotnull,
              a.attrelid as table_oid,
              pgd.description as comment,
              a.attgenerated as generated,
                              (SELECT json_build_object(
                    'always', a.attidentity = 'a',
                    'start', s.seqstart,
                    'increment', s.seqincrement,
                    'minvalue', s.seqmin,
                    'maxvalue', s.seqmax,
                    'cache', s.seqcache,
                    'cycle', s.seqcycle)
                FROM pg_catalog.pg_sequence s
                JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
                WHERE c.relkind = 'S'
                AND a.attidentity != ''
                AND s.seqrelid = pg_catalog.pg_get_serial_sequence(
                    a.attrelid::regclass::text, a.attname
                )::regclass::oid
                ) as identity_options                
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_description pgd ON (
                pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
            WHERE a.attrelid = {relation clinic.codes}
            AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
        
--> allow . : Q

                SELECT a.attname
                FROM pg_attribute a JOIN (
                    SELECT unnest(ix.indkey) attnum,
                           generate_subscripts(ix.indkey, 1) ord
                    FROM pg_index ix
                    WHERE ix.indrelid = {relation clinic.codes} AND ix.indisprimary
                    ) k ON a.attnum=k.attnum
                WHERE a.attrelid = {relation clinic.codes}
                ORDER BY k.ord
            
--> allow . : Q

        SELECT conname
           FROM  pg_catalog.pg_constraint r
           WHERE r.conrelid = {relation clinic.codes} AND r.contype = 'p'
           ORDER BY 1
        
--> allow ... : Q

          SELECT r.conname,
                pg_catalog.pg_get_constraintdef(r.oid, true) as condef,
                n.nspname as conschema
          FROM  pg_catalog.pg_constraint r,
                pg_namespace n,
                pg_class c

          WHERE r.conrelid = {relation clinic.codes} AND
                r.contype = 'f' AND
                c.oid = confrelid AND
                n.oid = c.relnamespace
          ORDER BY 1
        
--> allow ............ : Q

              SELECT
                  i.relname as relname,
                  ix.indisunique, ix.indexprs,
                  a.attname, a.attnum, c.conrelid, ix.indkey::varchar,
                  ix.indoption::varchar, i.reloptions, am.amname,
                  pg_get_expr(ix.indpred, ix.indrelid),
                  ix.indnkeyatts as indnkeyatts
              FROM
                  pg_class t
                        join pg_index ix on t.oid = ix.indrelid
                        join pg_class i on i.oid = ix.indexrelid
                        left outer join
                            pg_attribute a
                            on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
                        left outer join
                            pg_constraint c
                            on (ix.indrelid = c.conrelid and
                                ix.indexrelid = c.conindid and
                                c.contype in ('p', 'u', 'x'))
                        left outer join
                            pg_am am
                            on i.relam = am.oid
              WHERE
                  t.relkind IN ('r', 'v', 'f', 'm', 'p')
                  and t.oid = {relation clinic.codes}
                  and ix.indisprimary = 'f'
              ORDER BY
                  t.relname,
                  i.relname
            
--> allow .... : Q

            SELECT
                cons.conname as name,
                cons.conkey as key,
                a.attnum as col_num,
                a.attname as col_name
            FROM
                pg_catalog.pg_constraint cons
                join pg_attribute a
                  on cons.conrelid = a.attrelid AND
                    a.attnum = ANY(cons.conkey)
            WHERE
                cons.conrelid = {relation clinic.codes} AND
                cons.contype = 'u'
        
--> allow .. : Q

            SELECT
                cons.conname as name,
                pg_get_constraintdef(cons.oid) as src
            FROM
                pg_catalog.pg_constraint cons
            WHERE
                cons.conrelid = {relation clinic.codes} AND
                cons.contype = 'c'
        
--> allow . : Q

            SELECT
                pgd.description as table_comment
            FROM
                pg_catalog.pg_description pgd
            WHERE
                pgd.objsubid = 0 AND
                pgd.objoid = {relation clinic.codes}
        
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow . : Q
select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where pg_catalog.pg_table_is_visible(c.oid) and relname='wards'
--> allow . : Q
select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where pg_catalog.pg_table_is_visible(c.oid) and relname='beds'
--> allow . : Q

            SELECT EXISTS (
                SELECT * FROM pg_catalog.pg_type t
                WHERE t.typname = 'bed_kind'
                AND pg_type_is_visible(t.oid)
                )
                
--> allow - : Q
CREATE TYPE bed_kind AS ENUM ('single', 'double')
--> allow - : Q

CREATE TABLE wards (
	id SERIAL NOT NULL, 
	name VARCHAR(50) NOT NULL, 
	floor INTEGER, 
	equipment JSONB, 
	tags TEXT[], 
	PRIMARY KEY (id), 
	UNIQUE (name)
)


--> allow - : Q

CREATE TABLE beds (
	id SERIAL NOT NULL, 
	ward_id INTEGER, 
	label TEXT, 
	kind bed_kind, 
	free BOOLEAN, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ward_id) REFERENCES wards (id) ON DELETE CASCADE
)


--> allow - : Q
CREATE INDEX ix_beds_ward_id ON beds (ward_id)
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
INSERT INTO wards (name, floor, equipment, tags) VALUES ('North', 1, '{"xray": true}', ARRAY['a']::TEXT[]) RETURNING wards.id
--> allow . : Q
INSERT INTO wards (name, floor, tags) VALUES ('South', 2, NULL::TEXT[]),('West', 3, NULL::TEXT[]) RETURNING wards.id
--> allow . : Q
INSERT INTO beds (ward_id, label, kind, free) VALUES (1, 'b0', 'single', true),(1, 'b1', 'single', true),(1, 'b2', 'single', true) RETURNING beds.id
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow ..... : Q
SELECT wards.id, wards.name, wards.floor, wards.equipment, wards.tags 
FROM wards 
WHERE wards.id = 1
--> allow ..... : Q
SELECT beds.id AS beds_id, beds.ward_id AS beds_ward_id, beds.label AS beds_label, beds.kind AS beds_kind, beds.free AS beds_free 
FROM beds 
WHERE 1 = beds.ward_id
--> allow .......... : Q
SELECT wards.id AS wards_id, wards.name AS wards_name, wards.floor AS wards_floor, wards.equipment AS wards_equipment, wards.tags AS wards_tags, beds_1.id AS beds_1_id, beds_1.ward_id AS beds_1_ward_id, beds_1.label AS beds_1_label, beds_1.kind AS beds_1_kind, beds_1.free AS beds_1_free 
FROM wards LEFT OUTER JOIN beds AS beds_1 ON wards.id = beds_1.ward_id ORDER BY wards.id
--> allow ..... : Q
SELECT wards.id AS wards_id, wards.name AS wards_name, wards.floor AS wards_floor, wards.equipment AS wards_equipment, wards.tags AS wards_tags 
FROM wards
--> allow ..... : Q
SELECT beds.ward_id AS beds_ward_id, beds.id AS beds_id, beds.label AS beds_label, beds.kind AS beds_kind, beds.free AS beds_free 
FROM beds 
WHERE beds.ward_id IN (1, 2, 3)
--> allow ..... : Q
SELECT wards.id AS wards_id, wards.name AS wards_name, wards.floor AS wards_floor, wards.equipment AS wards_equipment, wards.tags AS wards_tags 
FROM wards ORDER BY wards.id 
 LIMIT 2
--> allow ...... : Q
SELECT beds.id AS beds_id, beds.ward_id AS beds_ward_id, beds.label AS beds_label, beds.kind AS beds_kind, beds.free AS beds_free, anon_1.wards_id AS anon_1_wards_id 
FROM (SELECT wards.id AS wards_id 
FROM wards ORDER BY wards.id 
 LIMIT 2) AS anon_1 JOIN beds ON anon_1.wards_id = beds.ward_id
--> allow ..... : Q
SELECT wards.id AS wards_id, wards.name AS wards_name, wards.floor AS wards_floor, wards.equipment AS wards_equipment, wards.tags AS wards_tags 
FROM wards 
WHERE wards.name ILIKE 'n%' AND wards.floor BETWEEN 0 AND 4 ORDER BY wards.floor DESC 
 LIMIT 2 OFFSET 0
--> allow ..... : Q
SELECT wards.id AS wards_id, wards.name AS wards_name, wards.floor AS wards_floor, wards.equipment AS wards_equipment, wards.tags AS wards_tags 
FROM wards 
WHERE CAST(wards.equipment ->> 'xray' AS BOOLEAN)
--> allow . : Q
SELECT count(*) AS count_1 
FROM (SELECT wards.id AS wards_id, wards.name AS wards_name, wards.floor AS wards_floor, wards.equipment AS wards_equipment, wards.tags AS wards_tags 
FROM wards 
WHERE 'a' = ANY (wards.tags)) AS anon_1
--> allow .. : Q
SELECT beds.ward_id AS beds_ward_id, count(beds.id) AS count_1 
FROM beds GROUP BY beds.ward_id 
HAVING count(beds.id) > 1
--> allow ..... : Q
SELECT wards.id AS wards_id, wards.name AS wards_name, wards.floor AS wards_floor, wards.equipment AS wards_equipment, wards.tags AS wards_tags 
FROM wards 
WHERE EXISTS (SELECT 1 
FROM beds 
WHERE wards.id = beds.ward_id AND beds.free)
--> allow . : Q
SELECT EXISTS (SELECT * 
FROM beds 
WHERE beds.label = 'b1') AS anon_1
--> allow . : Q
INSERT INTO wards (name, floor) VALUES ('South', 9) ON CONFLICT (name) DO UPDATE SET floor = 9 RETURNING wards.id
--> allow . : Q
INSERT INTO wards (name) VALUES ('South') ON CONFLICT DO NOTHING RETURNING wards.id
--> allow - : Q
INSERT INTO beds (ward_id, label, kind, free) VALUES (1, 'x0', 'single', true),(1, 'x1', 'single', true),(1, 'x2', 'single', true),(1, 'x3', 'single', true)
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow .... : Q
SELECT wards.id AS wards_id, wards.name AS wards_name, wards.equipment AS wards_equipment, wards.tags AS wards_tags 
FROM wards 
WHERE wards.id = 1
--> allow - : Q
UPDATE wards SET floor=8 WHERE wards.id = 1
--> allow - : Q
DELETE FROM beds WHERE beds.id = 1
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow . : Q
UPDATE beds SET free=false WHERE beds.label = 'x1' RETURNING beds.id
--> allow - : Q
DELETE FROM beds WHERE beds.label = 'x2'
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN
--> allow ..... : Q
SELECT beds.id AS beds_id, beds.ward_id AS beds_ward_id, beds.label AS beds_label, beds.kind AS beds_kind, beds.free AS beds_free 
FROM beds 
WHERE beds.label = 'x1' 
 LIMIT 1 FOR UPDATE
--> allow - : Q
SAVEPOINT sa_savepoint_1
--> allow . : Q
INSERT INTO wards (name, floor, tags) VALUES ('East', 4, NULL::TEXT[]) RETURNING wards.id
--> allow - : Q
RELEASE SAVEPOINT sa_savepoint_1
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow .. : Q
SELECT wards.name, row_number() OVER (PARTITION BY wards.floor ORDER BY wards.id) AS anon_1 
FROM wards
--> allow ..... : Q
WITH busy AS 
(SELECT beds.id AS id, beds.ward_id AS ward_id, beds.label AS label, beds.kind AS kind, beds.free AS free 
FROM beds 
WHERE beds.free IS false)
 SELECT busy.id, busy.ward_id, busy.label, busy.kind, busy.free 
FROM busy
--> allow . : Q
SELECT wards.name 
FROM wards UNION SELECT name FROM clinic.rooms
--> allow .... : Q
SELECT lower(wards.name) AS lower_1, coalesce(wards.floor, 0) AS coalesce_1, CASE WHEN (wards.floor > 3) THEN 'high' ELSE 'low' END AS anon_1, CAST(wards.floor AS VARCHAR) AS floor 
FROM wards
--> allow ...MMM.. : Q
SELECT clinic.patients.id AS clinic_patients_id, clinic.patients.mrn AS clinic_patients_mrn, clinic.patients.name AS clinic_patients_name, clinic.patients.ssn AS clinic_patients_ssn, clinic.patients.email AS clinic_patients_email, clinic.patients.dob AS clinic_patients_dob, clinic.patients.city AS clinic_patients_city, clinic.patients.balance AS clinic_patients_balance 
FROM clinic.patients ORDER BY clinic.patients.id 
 LIMIT 3
--> allow ...MMM.. : Q
SELECT clinic.patients.id AS clinic_patients_id, clinic.patients.mrn AS clinic_patients_mrn, clinic.patients.name AS clinic_patients_name, clinic.patients.ssn AS clinic_patients_ssn, clinic.patients.email AS clinic_patients_email, clinic.patients.dob AS clinic_patients_dob, clinic.patients.city AS clinic_patients_city, clinic.patients.balance AS clinic_patients_balance 
FROM clinic.patients 
WHERE clinic.patients.id = 5
--> allow ... : Q
SELECT clinic.patients.id AS clinic_patients_id, clinic.patients.name AS clinic_patients_name, clinic.patients.city AS clinic_patients_city 
FROM clinic.patients 
WHERE clinic.patients.city = 'c1' ORDER BY clinic.patients.id
--> allow ...MMM.....M. : Q
SELECT clinic.patients.id AS clinic_patients_id, clinic.patients.mrn AS clinic_patients_mrn, clinic.patients.name AS clinic_patients_name, clinic.patients.ssn AS clinic_patients_ssn, clinic.patients.email AS clinic_patients_email, clinic.patients.dob AS clinic_patients_dob, clinic.patients.city AS clinic_patients_city, clinic.patients.balance AS clinic_patients_balance, visits_1.id AS visits_1_id, visits_1.day AS visits_1_day, visits_1.patient AS visits_1_patient, visits_1.diagnosis AS visits_1_diagnosis, visits_1.cost AS visits_1_cost 
FROM clinic.patients LEFT OUTER JOIN clinic.visits AS visits_1 ON clinic.patients.id = visits_1.patient 
WHERE clinic.patients.id = 3
--> allow ...MMM.. lookup : Q
SELECT clinic.patients.id AS clinic_patients_id, clinic.patients.mrn AS clinic_patients_mrn, clinic.patients.name AS clinic_patients_name, clinic.patients.ssn AS clinic_patients_ssn, clinic.patients.email AS clinic_patients_email, clinic.patients.dob AS clinic_patients_dob, clinic.patients.city AS clinic_patients_city, clinic.patients.balance AS clinic_patients_balance 
FROM clinic.patients 
WHERE clinic.patients.email = 'u5@y.org' 
 LIMIT 1
--> allow .. : Q
SELECT clinic.patients.city AS clinic_patients_city, sum(clinic.patients.balance) AS sum_1 
FROM clinic.patients GROUP BY clinic.patients.city ORDER BY clinic.patients.city
--> allow ... : Q
SELECT clinic.visits.id AS clinic_visits_id, clinic.visits.day AS clinic_visits_day, clinic.patients.name AS clinic_patients_name 
FROM clinic.visits JOIN clinic.patients ON clinic.patients.id = clinic.visits.patient 
WHERE clinic.visits.cost > 40 ORDER BY clinic.visits.id
--> allow ... : Q
SELECT date_trunc('month', clinic.visits.day) AS date_trunc_1, count(*) AS count_1, sum(clinic.visits.cost) AS sum_1 
FROM clinic.visits GROUP BY date_trunc('month', clinic.visits.day) ORDER BY date_trunc('month', clinic.visits.day)
--> allow ...MMM.. : Q
SELECT clinic.patients.id AS clinic_patients_id, clinic.patients.mrn AS clinic_patients_mrn, clinic.patients.name AS clinic_patients_name, clinic.patients.ssn AS clinic_patients_ssn, clinic.patients.email AS clinic_patients_email, clinic.patients.dob AS clinic_patients_dob, clinic.patients.city AS clinic_patients_city, clinic.patients.balance AS clinic_patients_balance 
FROM clinic.patients 
WHERE clinic.patients.id = 4
--> allow - : Q
UPDATE clinic.patients SET city='c5' WHERE clinic.patients.id = 4
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow ...MM.. : Q
SELECT clinic.patients.id AS clinic_patients_id, clinic.patients.mrn AS clinic_patients_mrn, clinic.patients.name AS clinic_patients_name, clinic.patients.ssn AS clinic_patients_ssn, clinic.patients.dob AS clinic_patients_dob, clinic.patients.city AS clinic_patients_city, clinic.patients.balance AS clinic_patients_balance 
FROM clinic.patients 
WHERE clinic.patients.id = 4
--> allow - : Q
UPDATE clinic.patients SET email='sa@x.io' WHERE clinic.patients.id = 4
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow - constraint : Q
INSERT INTO clinic.patients (id, mrn, name, ssn, email, dob, city, balance) VALUES (904, 'M904', 'Name 904', NULL, NULL, NULL, 'c1', 0)
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> hold - other : Q
DELETE FROM clinic.patients WHERE clinic.patients.id = 904
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN
--> allow .. : Q
SELECT floor, count(*) FROM clinic.rooms GROUP BY floor ORDER BY floor
--> allow ..... : Q
SELECT wards.id, wards.name, wards.floor, wards.equipment, wards.tags 
FROM wards
--> allow - : Q
ROLLBACK
--> allow - : Q
BEGIN ISOLATION LEVEL SERIALIZABLE
--> allow . : Q
SELECT 1
--> allow - : Q
ROLLBACK
--> allow . : Q
SELECT 2
--> allow - : Q
SET default_transaction_isolation TO DEFAULT
--> allow - : Q
BEGIN ISOLATION LEVEL READ COMMITTED
--> allow . : Q
select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where n.nspname='public' and relname='alembic_version'
--> allow - : Q

CREATE TABLE public.alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)


--> allow - : Q
ALTER TABLE wards ADD COLUMN remark TEXT
--> allow - : Q
ALTER TABLE wards RENAME remark TO note
--> allow - : Q
CREATE INDEX wards_floor ON wards (floor)
--> allow - : Q
ALTER TABLE wards ADD CONSTRAINT floor_ok CHECK (floor >= 0)
--> allow - : Q
ALTER TABLE wards DROP COLUMN note
--> allow - : Q
INSERT INTO public.alembic_version (version_num) VALUES ('abc')
--> allow . : Q
SELECT public.alembic_version.version_num 
FROM public.alembic_version
--> allow - : Q
COMMIT
--> allow - : Q
BEGIN ISOLATION LEVEL READ COMMITTED
--> allow - : Q

DROP TABLE beds
--> allow - : Q

DROP TABLE wards
--> allow - : Q
DROP TYPE bed_kind
--> allow - : Q
COMMIT
