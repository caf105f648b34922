-- Section "clocks: writing": what tracking costs a write, beside the
-- application that keeps the same rows itself.  :inserts single rows.
-- :updates of them are updated.
SELECT :inserts / 2 AS updates \gset

COPY (SELECT * FROM desk.ticket_new ORDER BY id) TO :'tickets';

-- Inserting
SELECT format('CALL bench.add_statement(''writing: many'', %L, %L, %s, ''SELECT desk.empty()'')', 'COPY, ' || label,
              format('DO $b$ BEGIN COPY desk.%s FROM %L; %s END $b$', tab, :'tickets', more), :rows)
FROM (VALUES ('ticket_none', 'untracked', ''),
             ('ticket_app', 'own clocks', format('CALL desk.add_clocks(1, %s);', :rows)),
             ('ticket', 'tracked', '')) x(tab, label, more) \gexec
SELECT format('CALL bench.add_statement(''writing'', %L, %L, %s, ''SELECT desk.empty()'')', 'INSERT of 1,000 rows, ' || label,
              format($q$DO $b$ BEGIN FOR i IN 0 .. %s LOOP
                        INSERT INTO desk.%s SELECT * FROM desk.ticket_new WHERE id > i * 1000 AND id <= i * 1000 + 1000;
                        %s
                     END LOOP; END $b$$q$, :inserts / 1000 - 1, tab, more), :inserts)
FROM (VALUES ('ticket_none', 'untracked', ''),
             ('ticket_app', 'own clocks', 'CALL desk.add_clocks(i * 1000 + 1, i * 1000 + 1000);'),
             ('ticket', 'tracked', '')) x(tab, label, more) \gexec
SELECT format('CALL bench.add_statement(''writing'', %L, %L, %s, ''SELECT desk.empty()'')', 'single INSERT, ' || label,
              format($q$DO $b$ DECLARE opened timestamptz; BEGIN FOR i IN 1 .. %s LOOP
                        opened := timestamptz '2024-05-06 07:08:09+02' + i * interval '1 minute';
                        INSERT INTO desk.%s (id, subject, body, priority, team, customer, opened_at, updated_at)
                        VALUES (i, 'printer on fire', 'please help', 1 + i %% 10, 'print', 'ACME', opened, opened);
                        %s
                     END LOOP; END $b$$q$, :inserts, tab, more), :inserts)
FROM (VALUES ('ticket_none', 'untracked', ''),
             ('ticket_app', 'own clocks',
              $q$INSERT INTO desk.clock (started_at, last_at, due_at, late_at, risk_at, budget, paused, revision, relation,
                                         metric_id, promise_id, cycle, levels, state, is_excepted, is_waived, item, per, labels)
                 SELECT opened, opened, opened + g.goal, opened + g.goal, opened + g.risk, g.budget, 0, g.revision,
                        'desk.ticket'::regclass, g.metric_id, g.promise_id, 1, 0, 'r', false, false, i::text, '',
                        jsonb_build_object('team', 'print')
                 FROM desk.goal g WHERE g.priority = 1 + i % 10;$q$),
             ('ticket', 'tracked', '')) x(tab, label, more) \gexec

-- Updating, always from the same tables.
SELECT desk.empty() \g /dev/null
CREATE TABLE desk.ticket_before AS
SELECT id, subject, body, status, priority, team, assignee, customer, at AS opened_at, replied_at, closed_at, at AS updated_at
FROM (SELECT *, timestamptz '2024-06-24 12:00:00+02' + id * interval '1 minute' AS at FROM desk.ticket_new) s
WHERE id <= :updates;
INSERT INTO desk.ticket      TABLE desk.ticket_before;
INSERT INTO desk.ticket_app  TABLE desk.ticket_before;
INSERT INTO desk.ticket_none TABLE desk.ticket_before;
CALL desk.add_clocks(1, :updates);
CREATE TABLE desk.clock_before AS SELECT * FROM desk.clock;
VACUUM (FREEZE, ANALYZE) desk.ticket, desk.ticket_app, desk.ticket_none, desk.clock, sla.clock_state, desk.clock_before;
CALL bench.check_equal('clocks of inserted tickets',
    'SELECT item::int8 * 10 + metric_id AS id, desk.shown(c) AS answer FROM desk.clock c',
    'SELECT item::int8 * 10 + metric_id AS id, desk.shown(c) AS answer FROM sla.clock_state c');

CREATE FUNCTION desk.refill(p_tickets regclass, p_clocks regclass) RETURNS void
LANGUAGE plpgsql SET session_replication_role = replica AS $$
BEGIN
    EXECUTE format('TRUNCATE %s', p_tickets);
    EXECUTE format('INSERT INTO %s TABLE desk.ticket_before', p_tickets);
    IF p_clocks IS NOT NULL THEN
        EXECUTE format('TRUNCATE %s', p_clocks);
        EXECUTE format('INSERT INTO %s TABLE desk.clock_before', p_clocks);
    END IF;
END $$;

-- %AT% is when: later than all that was before.
CREATE TABLE desk.change (name text, n int, clause text, clocks text);
INSERT INTO desk.change VALUES
    ('status to waiting', 1, $$status = 'waiting', updated_at = %AT%$$,
     $$state = 'p', levels = 2, last_at = %AT%, due_at = CASE WHEN c.due_at <= %AT% THEN c.due_at END,
       late_at = CASE WHEN c.late_at <= %AT% THEN c.late_at END, risk_at = CASE WHEN c.risk_at <= %AT% THEN c.risk_at END,
       pauses = c.pauses || ARRAY[%AT%, 'infinity'::timestamptz]$$),
    ('status to resolved', 2, $$status = 'resolved', closed_at = %AT%, updated_at = %AT%$$,
     $$state = 's', levels = 1, last_at = %AT%, turned_at = %AT%, ended_at = %AT%,
       elapsed = (business_seconds(c.started_at, %AT%, 'support') * 1000000)::int8 - c.paused$$),
    ('a column that nothing reads', 3, $$body = 'please help, the printer is on fire'$$, NULL);
SELECT id AS resolution FROM sla.metric WHERE name = 'resolution' \gset
SELECT format('CALL bench.add_statement(''writing: updates'', %L, %L, %s, %L)',
              format('UPDATE of %s, %s, %s', c.name, way.label, x.label),
              CASE way.n
                  WHEN 1 THEN format($q$DO $b$ DECLARE changed timestamptz; BEGIN FOR i IN 1 .. %s LOOP
                        changed := timestamptz '2024-07-01 07:08:09+02' + i * interval '1 minute';
                        UPDATE desk.%s AS t SET %s WHERE t.id = i;
                        %s
                     END LOOP; END $b$$q$, :updates, x.tab, replace(c.clause, '%AT%', 'changed'),
                     CASE WHEN x.tab = 'ticket_app' THEN
                         format($$UPDATE desk.clock c SET %s WHERE c.relation = 'desk.ticket'::regclass AND c.item = i::text
                                  AND c.metric_id = %s AND c.ended_at IS NULL;$$, replace(c.clocks, '%AT%', 'changed'), :resolution) END)
                  ELSE format($q$DO $b$ BEGIN FOR i IN 0 .. %s / 1000 - 1 LOOP
                        UPDATE desk.%s AS t SET %s WHERE t.id > i * 1000 AND t.id <= i * 1000 + 1000;
                        %s
                     END LOOP; END $b$$q$, :updates, x.tab,
                     replace(c.clause, '%AT%', $$timestamptz '2024-07-01 07:08:09+02' + t.id * interval '1 minute'$$),
                     CASE WHEN x.tab = 'ticket_app' THEN
                         format($$UPDATE desk.clock c SET %s FROM desk.ticket_app t
                                  WHERE t.id > i * 1000 AND t.id <= i * 1000 + 1000
                                  AND c.relation = 'desk.ticket'::regclass AND c.item = t.id::text
                                  AND c.metric_id = %s AND c.ended_at IS NULL;$$, replace(c.clocks, '%AT%', 't.updated_at'), :resolution) END)
              END,
              :updates, format('SELECT desk.refill(''desk.%s'', %L)', x.tab, x.clocks))
FROM desk.change c, (VALUES (1, 'single'), (2, '1,000 rows')) way(n, label),
     (VALUES (1, 'ticket_none', 'untracked', NULL), (2, 'ticket_app', 'own clocks', 'desk.clock'),
             (3, 'ticket', 'tracked', 'sla.clock_state')) x(n, tab, label, clocks)
WHERE c.clocks IS NOT NULL OR x.tab <> 'ticket_app'
ORDER BY c.n, way.n, x.n \gexec

INSERT INTO bench.comparison (section, ours, base, goal)
SELECT 'clocks: writing', w.way || ', tracked', w.way || x.other, CASE WHEN x.n = 1 THEN w.goal ELSE w.untracked END
FROM (VALUES (1, 'COPY', 1.05, NULL), (2, 'INSERT of 1,000 rows', 1.05, NULL), (3, 'single INSERT', 0.90, NULL),
             (4, 'UPDATE of status to waiting, single', 1.15, NULL), (5, 'UPDATE of status to waiting, 1,000 rows', 1.15, NULL),
             (6, 'UPDATE of status to resolved, single', 1.15, NULL), (7, 'UPDATE of status to resolved, 1,000 rows', 1.15, NULL),
             (8, 'UPDATE of a column that nothing reads, single', NULL, 1.10),
             (9, 'UPDATE of a column that nothing reads, 1,000 rows', NULL, 1.10)) w(n, way, goal, untracked),
     (VALUES (1, ', own clocks'), (2, ', untracked')) x(n, other)
WHERE w.n < 8 OR x.n = 2
ORDER BY w.n, x.n;

CALL bench.measure('writing: updates', :rounds);
-- the last statements of a kind left their rows
SELECT desk.empty() \g /dev/null
CALL bench.measure('writing', :rounds);
CALL bench.measure('writing: many', greatest(:rounds / 2, 1));
SELECT desk.empty() \g /dev/null

-- The same rows come of updates, one by one and many at a time.
DO $$
DECLARE
    pair record;
BEGIN
    FOR pair IN
        SELECT o.name, o.sql AS ours, a.sql AS theirs
        FROM bench.statement o JOIN bench.statement a ON a.name = replace(o.name, ', tracked', ', own clocks')
        WHERE o.section = 'writing: updates' AND o.name LIKE '%, tracked'
    LOOP
        PERFORM desk.refill('desk.ticket_app', 'desk.clock'), desk.refill('desk.ticket', 'sla.clock_state');
        COMMIT;
        EXECUTE pair.theirs;
        EXECUTE pair.ours;
        CALL bench.check_equal('clocks after ' || pair.name,
            'SELECT item::int8 * 10 + metric_id AS id, desk.shown(c) AS answer FROM desk.clock c',
            'SELECT item::int8 * 10 + metric_id AS id, desk.shown(c) AS answer FROM sla.clock_state c');
        COMMIT;
    END LOOP;
END $$;

-- Disk: a clock beside its facts, which are what no promise, calendar or
-- exception tells: its number, item, metric, promise, cycle, levels, state,
-- start, end, times of the last facts, owner, party, labels and pauses.
SELECT desk.empty() \g /dev/null
INSERT INTO desk.ticket SELECT * FROM desk.ticket_new WHERE id <= :inserts;
CREATE TABLE desk.fact AS
SELECT clock_id, started_at, ended_at, last_at, turned_at, promised_at, relation, metric_id, promise_id, agreement_id,
       cycle, levels, state, item, per, owner, party, labels, pauses, pause_reasons, signal_reason
FROM sla.clock_state;
ALTER TABLE desk.fact ADD PRIMARY KEY (clock_id);
CREATE UNIQUE INDEX ON desk.fact (relation, item, metric_id, per, cycle);
VACUUM (FREEZE, ANALYZE) sla.clock_state, desk.fact;
INSERT INTO bench.figure (section, label, value, unit, against, base, goal)
SELECT 'clocks: writing', 'disk of an open clock, ' || x.label, x.ours, 'bytes', x.against, x.theirs, x.goal
FROM (SELECT count(*)::float8 AS n FROM sla.clock_state) s,
     LATERAL (VALUES
        ('table', pg_table_size('sla.clock_state') / n, 'its facts, table', pg_table_size('desk.fact') / n, NULL::float8),
        ('indexes', pg_indexes_size('sla.clock_state') / n, 'its facts, two indexes', pg_indexes_size('desk.fact') / n, NULL),
        ('all', pg_total_relation_size('sla.clock_state') / n, 'its facts, all', pg_total_relation_size('desk.fact') / n, 2))
     x(label, ours, against, theirs, goal);
DROP TABLE desk.fact;
SELECT desk.empty() \g /dev/null
