-- Section "alerts": :alerts fall due within one minute, and sla.tick() drains
-- them; beside it what a DBA would write over tables of his own.  Half of them are
-- the first threshold of a clock, half a breach of which the threshold was told.
CREATE SCHEMA IF NOT EXISTS desk;
-- (and nothing that another section has left: neither its clocks nor what is to be told of them)
SELECT sla.untrack(relation, keep_history => false) FROM sla.tracked \g /dev/null
SET session_replication_role = replica;
TRUNCATE sla.clock_state, sla.alert, sla.clock_due, sla.clock_due_new;
RESET session_replication_role;
CREATE TABLE desk.incident (
    id         int8 PRIMARY KEY,
    subject    text NOT NULL,
    status     text NOT NULL DEFAULT 'open',
    priority   int NOT NULL,
    team       text,
    assignee   text,
    opened_at  timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE SEQUENCE desk.incident_id START 10000001;
SELECT sla.track('desk.incident', at => 'updated_at', labels => $$jsonb_build_object('team', team)$$, owner => 'assignee') \g /dev/null
INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when) VALUES
    ('desk.incident', 'resolution', 'opened_at', $$status = 'resolved'$$, $$status = 'waiting'$$);
INSERT INTO sla.policy (relation, name, applies_when, rank)
SELECT 'desk.incident', 'priority ' || p, 'priority = ' || p, p FROM generate_series(1, 10) p;
INSERT INTO sla.target (relation, policy, metric, goal, alert_at)
SELECT 'desk.incident', 'priority ' || p, 'resolution', make_business_interval(hours => p * 4, calendar => 'support'), '{0.75,1}'
FROM generate_series(1, 10) p;

-- The minute: the even ones are at three quarters of their goal in it, the odd ones late.
SELECT timestamptz '2025-03-04 10:00:00+01' AS minute \gset
INSERT INTO desk.incident
SELECT i, 'incident number ' || i, 'open', 1 + i % 10, 'team ' || i % 7, 'agent ' || i % 50, opened, opened
FROM (SELECT i, timestamptz :'minute' + i * interval '1 minute' / :alerts -
                make_business_interval(secs => (1 + i % 10) * 4 * 3600 * (CASE WHEN i % 2 = 0 THEN 0.75 ELSE 1 END), calendar => 'support') AS opened
      FROM generate_series(0, :alerts - 1) i) s;
SELECT count(*) FROM generate_series(0, :alerts / 10000) i CROSS JOIN LATERAL sla.tick(:'minute', 10000 + i - i) \g /dev/null
CREATE TABLE desk.alert_before AS TABLE sla.alert;
CREATE TABLE desk.due_before AS TABLE sla.clock_due;

-- By hand: clocks, a queue of what is due when, and a row for each alert that no
-- retry doubles.  He trusts that the queue is true, and looks no clock up but
-- for what stands in the alert.
CREATE TABLE desk.watch (
    id        int8 PRIMARY KEY,
    item      text NOT NULL,
    metric    text NOT NULL,
    policy    text NOT NULL,
    due_at    timestamptz NOT NULL,
    ended_at  timestamptz,
    owner     text,
    labels    jsonb
);
INSERT INTO desk.watch
SELECT c.clock_id, c.item, 'resolution', 'priority ' || i.priority, i.opened_at + t.goal, NULL, i.assignee, jsonb_build_object('team', i.team)
FROM sla.clock_state c
JOIN desk.incident i ON c.relation = 'desk.incident'::regclass AND i.id = c.item::int8
JOIN sla.target t ON t.relation = 'desk.incident'::regclass AND t.policy = 'priority ' || i.priority;
CREATE TABLE desk.due (at timestamptz NOT NULL, id int8 NOT NULL, fraction numeric NOT NULL);
CREATE INDEX ON desk.due (at);
CREATE TABLE desk.event (
    id        int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL,
    at        timestamptz NOT NULL,
    raised_at timestamptz NOT NULL,
    clock_id  int8 NOT NULL,
    item      text NOT NULL,
    metric    text NOT NULL,
    policy    text NOT NULL,
    fraction  numeric NOT NULL,
    due_at    timestamptz,
    owner     text,
    labels    jsonb,
    UNIQUE (clock_id, fraction)
);
CREATE FUNCTION desk.tick(p_at timestamptz) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
    n int8;
BEGIN
    WITH taken AS (
        DELETE FROM desk.due
        WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM desk.due d WHERE d.at < p_at ORDER BY d.at LIMIT 1000 FOR UPDATE SKIP LOCKED))
        RETURNING at, id, fraction
    ), raised AS (
        INSERT INTO desk.event (kind, at, raised_at, clock_id, item, metric, policy, fraction, due_at, owner, labels)
        SELECT CASE WHEN t.fraction = 1 THEN 'breach' ELSE 'threshold' END, t.at, p_at, w.id, w.item, w.metric, w.policy, t.fraction,
               w.due_at, w.owner, w.labels
        FROM taken t JOIN desk.watch w USING (id)
        WHERE w.ended_at IS NULL
        ON CONFLICT DO NOTHING
    ), queued AS (
        INSERT INTO desk.due SELECT w.due_at, w.id, 1 FROM taken t JOIN desk.watch w USING (id) WHERE t.fraction < 1
    )
    SELECT count(*) INTO n FROM taken;
    RETURN n;
END $$;

-- As it was before the minute, for us or for him.
CREATE FUNCTION desk.before_the_minute(p_by_hand bool) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_by_hand THEN
        TRUNCATE desk.due, desk.event;
        INSERT INTO desk.event (kind, at, raised_at, clock_id, item, metric, policy, fraction, due_at, owner, labels)
        SELECT kind, at, raised_at, clock_id, item, metric, policy, at_fraction, due_at, owner, labels FROM desk.alert_before;
        INSERT INTO desk.due
        SELECT at, clock_id, CASE WHEN EXISTS (SELECT FROM desk.alert_before a WHERE a.clock_id = d.clock_id) THEN 1 ELSE 0.75 END
        FROM desk.due_before d;
    ELSE
        TRUNCATE sla.alert, sla.clock_due, sla.clock_due_new;
        INSERT INTO sla.alert TABLE desk.alert_before;
        INSERT INTO sla.clock_due TABLE desk.due_before;
    END IF;
END $$;

-- What one session took to drain its part: on a CPU, waiting for one because other
-- processes had it, and in all.
CREATE TABLE bench.drain (
    round int NOT NULL, way text NOT NULL, alerts int8 NOT NULL, cpu float8 NOT NULL, waiting float8 NOT NULL, wall float8 NOT NULL
);
CREATE FUNCTION bench.schedule() RETURNS float8[] LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_sleep(0.0001);
    RETURN (string_to_array(pg_read_file('/proc/self/schedstat'), ' ')::float8[])[1:2] || (extract(epoch FROM clock_timestamp()) * 1e9)::float8;
END $$;
-- One transaction after another, until there is no more.
CREATE PROCEDURE desk.drain(p_way text, p_round int, p_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    since float8[] := bench.schedule();
    total int8 := 0;
    n     int8;
    upto  float8[];
BEGIN
    LOOP
        IF p_way LIKE '%by hand' THEN
            n := desk.tick(p_at);
        ELSE
            n := (SELECT done FROM sla.tick(p_at) WHERE step = 'clocks');
        END IF;
        COMMIT;
        total := total + n;
        EXIT WHEN n = 0;
    END LOOP;
    upto := bench.schedule();
    INSERT INTO bench.drain VALUES (p_round, p_way, total, upto[1] - since[1], upto[2] - since[2], upto[3] - since[3]);
    COMMIT;
END $$;

-- All that is told of what fell due, each once.
CREATE PROCEDURE desk.check_drained(p_what text) LANGUAGE sql AS $$
    CALL bench.check_equal(p_what, $q$
        SELECT i.id, jsonb_build_array(CASE WHEN i.id % 2 = 0 THEN 'threshold' ELSE 'breach' END,
            i.opened_at + t.goal * (CASE WHEN i.id % 2 = 0 THEN 0.75 ELSE 1 END)::float8, CASE WHEN i.id % 2 = 0 THEN 0.75 ELSE 1 END::numeric,
            i.opened_at + t.goal, 'priority ' || i.priority, jsonb_build_object('team', i.team), 1) AS answer
        FROM desk.incident i JOIN sla.target t ON t.relation = 'desk.incident'::regclass AND t.policy = 'priority ' || i.priority
        WHERE i.id < 10000000$q$, $q$
        SELECT item::int8 AS id, jsonb_build_array(min(kind), min(at), min(at_fraction), min(due_at), min(policy), (array_agg(labels))[1], count(*)) AS answer
        FROM sla.alert
        WHERE relation = 'desk.incident'::regclass AND raised_at > '2025-03-04 10:00:00+01' AND at < '2025-03-04 10:01:00+01'
        GROUP BY item$q$)
$$;
CREATE PROCEDURE desk.check_by_hand(p_what text) LANGUAGE sql AS $$
    CALL bench.check_equal(p_what, $q$
        SELECT clock_id AS id, (jsonb_agg(to_jsonb(e) - 'id' ORDER BY fraction))::text AS answer FROM desk.event e GROUP BY clock_id$q$, $q$
        SELECT clock_id AS id, (jsonb_agg(to_jsonb(a) ORDER BY fraction))::text AS answer
        FROM (SELECT kind, at, raised_at, clock_id, item, metric, policy, at_fraction AS fraction, due_at, owner, labels FROM sla.alert
              WHERE relation = 'desk.incident'::regclass) a GROUP BY clock_id$q$)
$$;

-- Writers beside the drain.  Ticks are taken in turn with as many alerts by hand, and
-- with as long a time of nothing, and of a busy loop that touches no table: what a
-- writer loses beside that is not the drain's fault, for it has a CPU less either way.
CREATE TABLE bench.beside (
    round int NOT NULL, turn int NOT NULL, way text NOT NULL, wall float8 NOT NULL, transactions float8 NOT NULL, cpu float8 NOT NULL,
    waiting float8 NOT NULL, alerts int8
);
CREATE FUNCTION bench.writers(p_pids int[]) RETURNS float8[] LANGUAGE sql VOLATILE AS $$
    SELECT ARRAY[extract(epoch FROM clock_timestamp()) * 1e9, (SELECT last_value FROM desk.incident_id),
                 (SELECT sum(split_part(pg_read_file('/proc/' || p || '/schedstat'), ' ', 1)::float8) FROM unnest(p_pids) p)]
$$;
CREATE PROCEDURE desk.drain_beside(p_round int, p_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    pids  int[] := ARRAY(SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench');
    since float8[];
    upto  float8[];
    mine  float8[];
    took  interval;
    until timestamptz;
    ways  text[];
    way   text;
    turns int := 0;
    n     int8;
BEGIN
    LOOP
        ways := CASE WHEN turns % 2 = 0 THEN '{drain,loop,by hand,nothing}' ELSE '{drain,nothing,by hand,loop}' END;
        FOREACH way IN ARRAY ways LOOP
            mine := bench.schedule();
            since := bench.writers(pids);
            until := clock_timestamp() + took;
            CASE way
                WHEN 'drain' THEN
                    until := clock_timestamp();
                    n := (SELECT done FROM sla.tick(p_at) WHERE step = 'clocks');
                    COMMIT;
                    took := clock_timestamp() - until;
                WHEN 'by hand' THEN
                    FOR i IN 1 .. 10 LOOP
                        PERFORM desk.tick(p_at);
                        COMMIT;
                    END LOOP;
                WHEN 'loop' THEN
                    WHILE clock_timestamp() < until LOOP
                        PERFORM sqrt(i) FROM generate_series(1, 100) i;
                    END LOOP;
                ELSE
                    PERFORM pg_sleep_until(until);
            END CASE;
            EXIT WHEN n = 0;
            upto := bench.writers(pids);
            INSERT INTO bench.beside
            VALUES (p_round, turns, way, upto[1] - since[1], upto[2] - since[2], upto[3] - since[3], (bench.schedule())[2] - mine[2],
                    CASE WHEN way = 'drain' THEN n END);
            COMMIT;
        END LOOP;
        EXIT WHEN n = 0;
        turns := turns + 1;
    END LOOP;
END $$;
VACUUM (FREEZE, ANALYZE) sla.clock_state, desk.incident, desk.watch, desk.alert_before, desk.due_before;
VACUUM (FREEZE, ANALYZE) sla.promise, sla.target, sla.policy, sla.metric, sla.tracked;
