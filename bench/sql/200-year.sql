-- The help desk of bench/year.  A ticket waits an hour, is worked at after two and
-- done after ten; one in a hundred takes four weeks.  One in ten is urgent, and is
-- late by then.  The application deletes tickets after eight weeks.
CREATE SCHEMA year;
INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00; PH off');
CREATE TABLE ticket (
    id bigint PRIMARY KEY, team text, status text NOT NULL, priority int NOT NULL, created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL
) WITH (fillfactor = 80);
SELECT sla.track('ticket', at => 'changed_at', labels => 'jsonb_build_object(''team'', team)', owner => 'team') \g /dev/null
INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when) VALUES
    ('ticket', 'response', 'created_at', 'status <> ''new''', NULL),
    ('ticket', 'resolution', 'created_at', 'status = ''done''', 'status = ''waiting''');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES ('ticket', 'urgent', 'priority = 1', 1), ('ticket', 'normal', 'true', 2);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
    ('ticket', 'urgent', 'response', '4 bh @desk'), ('ticket', 'urgent', 'resolution', '8 bh @desk'),
    ('ticket', 'normal', 'response', '4 bh @desk'), ('ticket', 'normal', 'resolution', '2 bd @desk');
INSERT INTO sla.objective (name, kind, relation, metric, target_percent) VALUES ('resolution', 'clock', 'ticket', 'resolution', 90);
INSERT INTO sla.escalation (relation, metric, notify) VALUES ('ticket', 'resolution', 'the desk');
INSERT INTO sla.retention (kind, keep) VALUES ('clock', '3 months'), ('change', '3 months'), ('alert', '3 months'), ('error', '3 months');

-- What each thing took, and for how many tickets.
CREATE TABLE year.step (day date NOT NULL, what text NOT NULL, cpu float8 NOT NULL, tickets float8 NOT NULL);
CREATE FUNCTION year.cpu() RETURNS float8 LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_sleep(0.0001);
    RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1);
END $$;

CREATE PROCEDURE year.tick() LANGUAGE plpgsql AS $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM sla.tick() WHERE problem IS NOT NULL LOOP
        RAISE EXCEPTION 'step % of a tick failed: %', t.step, t.problem;
    END LOOP;
    COMMIT;
    -- (as a consumer does)
    UPDATE sla.alert SET delivered_at = clock_timestamp() WHERE delivered_at IS NULL;
    COMMIT;
END $$;

-- The business hour number p_hour, at the end of it: p_n tickets come, and those of earlier hours change.
CREATE PROCEDURE year.hour(p_hour int8, p_n int8) LANGUAGE plpgsql AS $$
DECLARE
    since float8 := year.cpu();
    upto  float8;
BEGIN
    FOR i IN p_hour * p_n .. p_hour * p_n + p_n - 1 LOOP
        INSERT INTO ticket VALUES (i, 'team ' || i % 20, 'new', CASE WHEN i % 10 = 0 THEN 1 ELSE 3 END, now() - interval '1 minute', now());
        COMMIT;
    END LOOP;
    upto := year.cpu();
    INSERT INTO year.step VALUES (now(), 'tickets come', upto - since, p_n);
    since := upto;
    FOR i IN (p_hour - 1) * p_n .. p_hour * p_n - 1 LOOP
        IF i % 3 = 0 THEN
            UPDATE ticket SET status = 'waiting', changed_at = now() WHERE id = i;
            COMMIT;
        END IF;
        UPDATE ticket SET status = 'work', changed_at = now() WHERE id = i - p_n;
        COMMIT;
        IF i % 10 = 1 THEN
            UPDATE ticket SET team = 'team 20', changed_at = now() WHERE id = i - p_n * 2;
            COMMIT;
        ELSIF i % 50 = 2 THEN
            UPDATE ticket SET priority = 1, changed_at = now() WHERE id = i - p_n * 2;
            COMMIT;
        END IF;
        UPDATE ticket SET status = 'done', changed_at = now() WHERE id = i - p_n * CASE WHEN i % 100 = 5 THEN 159 ELSE 9 END AND id % 100 <> CASE WHEN i % 100 = 5 THEN -1 ELSE 5 END;
        COMMIT;
    END LOOP;
    upto := year.cpu();
    INSERT INTO year.step VALUES (now(), 'tickets change', upto - since, p_n);
    since := upto;
    DELETE FROM ticket WHERE id BETWEEN (p_hour - 320) * p_n AND (p_hour - 319) * p_n - 1;
    COMMIT;
    upto := year.cpu();
    INSERT INTO year.step VALUES (now(), 'tickets go', upto - since, p_n);
    since := upto;
    CALL year.tick();
    upto := year.cpu();
    INSERT INTO year.step VALUES (now(), 'ticks', upto - since, p_n);
END $$;

-- In the evening, of a day of p_n tickets.
CREATE PROCEDURE year.evening(p_n int8) LANGUAGE plpgsql AS $$
DECLARE
    since float8 := year.cpu();
    upto  float8;
BEGIN
    FOR i IN 1 .. 4 LOOP
        CALL year.tick();
    END LOOP;
    upto := year.cpu();
    INSERT INTO year.step VALUES (now(), 'ticks', upto - since, 0);
    since := upto;
    PERFORM * FROM sla.report_open ORDER BY due_at LIMIT 20;
    PERFORM * FROM sla.report_attainment WHERE period_start >= date_trunc('month', now() - interval '1 month')::date;
    PERFORM * FROM sla.report_slo_status;
    PERFORM * FROM sla.status();
    COMMIT;
    upto := year.cpu();
    INSERT INTO year.step VALUES (now(), 'reports', upto - since, p_n);
END $$;

-- Once in four weeks the goal changes, and a holiday is declared.
CREATE PROCEDURE year.edit(p_week int) LANGUAGE sql AS $$
    INSERT INTO sla.target (relation, policy, metric, goal, valid_from)
    VALUES ('ticket', 'normal', 'resolution', CASE WHEN p_week % 8 = 0 THEN '18 bh @desk' ELSE '2 bd @desk' END::business_interval, now());
    INSERT INTO sla.holiday (calendar, day, name) VALUES ('desk', now()::date + 9, 'a holiday');
$$;

-- What autovacuum would vacuum by now.
CREATE VIEW year.to_vacuum AS
SELECT format('VACUUM (ANALYZE) %s', c.oid::regclass) AS command
FROM pg_stat_all_tables s
JOIN pg_class c ON c.oid = s.relid AND c.relkind = 'r'
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT option_value::float8 FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_vacuum_scale_factor'), 0.2)
) o (factor)
WHERE s.n_dead_tup > 50 + o.factor * greatest(c.reltuples, 0) OR s.n_ins_since_vacuum > 1000 + 0.2 * greatest(c.reltuples, 0);

CREATE VIEW year.size AS
SELECT c.oid::regclass::text AS "table", pg_table_size(c.oid) AS heap, pg_indexes_size(c.oid) AS indexes
FROM pg_class c
WHERE (c.relnamespace = 'sla'::regnamespace OR c.oid = 'ticket'::regclass) AND c.relkind = 'r';
