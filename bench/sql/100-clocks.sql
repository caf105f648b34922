-- The help desk of the sections about clocks: tickets of twelve columns, three
-- metrics, ten policies.  "ticket" is tracked; beside "ticket_app" an
-- application keeps the same rows in "clock" itself, a table just like
-- sla.clock_state; "ticket_none" has no clocks.
CREATE SCHEMA desk;
CREATE TABLE desk.ticket (
    id         int8 PRIMARY KEY,
    subject    text NOT NULL,
    body       text,
    status     text NOT NULL DEFAULT 'open',
    priority   int NOT NULL,
    team       text,
    assignee   text,
    customer   text,
    opened_at  timestamptz NOT NULL,
    replied_at timestamptz,
    closed_at  timestamptz,
    updated_at timestamptz NOT NULL
);
CREATE SEQUENCE desk.ticket_id;
CREATE TABLE desk.ticket_app  (LIKE desk.ticket INCLUDING ALL);
CREATE TABLE desk.ticket_none (LIKE desk.ticket INCLUDING ALL);
CREATE TABLE desk.ticket_new  (LIKE desk.ticket INCLUDING ALL);
CREATE TABLE desk.clock (LIKE sla.clock_state INCLUDING ALL) WITH (fillfactor = 80);

SELECT sla.track('desk.ticket', at => 'updated_at', labels => $$jsonb_build_object('team', team)$$,
                 owner => 'assignee', time_zone => 'Europe/Berlin') \g /dev/null
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when) VALUES
    ('desk.ticket', 'first response', 'opened_at', 'replied_at IS NOT NULL', 'replied_at', NULL),
    ('desk.ticket', 'assignment',     'opened_at', 'assignee IS NOT NULL',   NULL,         NULL),
    ('desk.ticket', 'resolution',     'opened_at', $$status IN ('resolved', 'closed')$$, 'closed_at', $$status = 'waiting'$$);
INSERT INTO sla.policy (relation, name, applies_when, rank)
SELECT 'desk.ticket', 'priority ' || p, 'priority = ' || p, p FROM generate_series(1, 10) p;
INSERT INTO sla.target (relation, policy, metric, goal)
SELECT 'desk.ticket', 'priority ' || p, m.name,
       make_business_interval(hours => p * m.hours, calendar => 'support')
FROM generate_series(1, 10) p, (VALUES ('first response', 2), ('assignment', 1), ('resolution', 8)) m(name, hours);

-- What the application knows: the goal of a metric by priority.
CREATE TABLE desk.goal (
    priority int, metric_id int, promise_id int, revision int8,
    goal business_interval, risk business_interval, budget int8,
    PRIMARY KEY (priority, metric_id)
);
INSERT INTO desk.goal
SELECT substring(policy FROM '\d+')::int, metric_id, id, revision, goal,
       make_business_interval(secs => business_seconds(goal) * 0.75, calendar => 'support'), business_seconds(goal) * 1000000
FROM sla.promise WHERE relation = 'desk.ticket'::regclass AND is_current;

INSERT INTO desk.ticket_new
SELECT id, 'ticket number ' || id, repeat('the printer is on fire ', 1 + (id % 8)::int), 'open', 1 + id % 10,
       'team ' || id % 7, NULL, 'customer ' || id % 100,
       opened_at, NULL, NULL, opened_at
FROM t;

-- Empty, without a word to the triggers; the application, too, knows of edits of
-- the calendar that another section has made.
CREATE FUNCTION desk.empty() RETURNS void LANGUAGE sql SET session_replication_role = replica AS $$
    TRUNCATE desk.ticket, desk.ticket_app, desk.ticket_none, desk.clock, sla.clock_state;
    UPDATE desk.goal g SET revision = p.revision FROM sla.promise p WHERE p.id = g.promise_id;
$$;

-- The clocks of the application's tickets from one to another.
CREATE PROCEDURE desk.add_clocks(p_from int8, p_to int8) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO desk.clock (started_at, last_at, due_at, late_at, risk_at, budget, paused, revision, relation,
                            metric_id, promise_id, cycle, levels, state, is_excepted, is_waived, item, per, owner, labels)
    SELECT t.opened_at, t.updated_at, t.opened_at + g.goal, t.opened_at + g.goal, t.opened_at + g.risk, g.budget, 0,
           g.revision, 'desk.ticket'::regclass, g.metric_id, g.promise_id, 1, 0, 'r', false, false, t.id::text, '',
           t.assignee, jsonb_build_object('team', t.team)
    FROM desk.ticket_app t JOIN desk.goal g USING (priority)
    WHERE t.id BETWEEN p_from AND p_to;
END $$;

-- History: p_clocks clocks that started over the ten years (or so many days) up to now, in order;
-- p_open of them are open, most of these among the last.  One of nine that
-- ended was late.
CREATE PROCEDURE desk.make_history(p_clocks int8, p_open int8, p_days int DEFAULT 3650) LANGUAGE plpgsql AS $$
DECLARE
    indexes text[] := ARRAY(SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
                            WHERE i.indrelid = 'sla.clock_state'::regclass AND NOT i.indisprimary);
    command text;
BEGIN
    FOR command IN SELECT format('DROP INDEX %s', i.indexrelid::regclass) FROM pg_index i
                   WHERE i.indrelid = 'sla.clock_state'::regclass AND NOT i.indisprimary LOOP
        EXECUTE command;
    END LOOP;
    PERFORM setseed(0.31);
    INSERT INTO sla.clock_state (clock_id, started_at, ended_at, last_at, turned_at, due_at, late_at, risk_at, budget, paused,
                                 elapsed, revision, relation, metric_id, promise_id, cycle, levels, state, is_excepted,
                                 is_waived, item, per, labels)
    SELECT i, started, ended, coalesce(ended, started), ended, due, due, started + risk, budget, 0,
           CASE WHEN NOT open THEN business_seconds(started, ended, 'support') * 1000000 END, revision, 'desk.ticket'::regclass,
           metric_id, promise_id, 1, CASE WHEN open THEN 0 ELSE 1 END, CASE WHEN open THEN 'r' ELSE 's' END::"char",
           false, false, (i / 3)::text, '', labels
    FROM (SELECT *, CASE WHEN NOT open THEN started + (due - started) * (0.2 + random() * 0.9) END AS ended
          FROM (SELECT i, g.*, started, started + g.goal AS due, jsonb_build_object('team', 'team ' || i % 7) AS labels,
                       i > p_clocks - p_open * 9 / 10 OR i % (p_clocks / (p_open / 10)) = 0 AS open
                FROM (SELECT i, now() - interval '10 days' - (1 - i::float8 / p_clocks) * p_days * interval '1 day' AS started
                      FROM generate_series(1, p_clocks) i) s
                JOIN desk.goal g ON g.priority = 1 + i / 3 % 10
                    AND g.metric_id = (ARRAY(SELECT id FROM sla.metric WHERE relation = 'desk.ticket'::regclass ORDER BY id))[1 + i % 3]
                OFFSET 0) s
          OFFSET 0) s
    WHERE open OR ended < now();
    FOREACH command IN ARRAY indexes LOOP
        EXECUTE command;
    END LOOP;
END $$;

-- All that is told of a clock.
CREATE FUNCTION desk.shown(clock anyelement) RETURNS jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(clock) - 'clock_id'
$$;

VACUUM (FREEZE, ANALYZE) desk.goal, desk.ticket_new, sla.promise, sla.target, sla.policy, sla.metric, sla.tracked;
