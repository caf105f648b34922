-- Section "clocks: moving ground": what happens to many clocks at once.

-- All clocks of a table anew, and nothing to do.
CREATE FUNCTION desk.before_sync() RETURNS void LANGUAGE sql SET session_replication_role = replica AS $$
    SELECT desk.empty();
    INSERT INTO desk.ticket     TABLE desk.ticket_new;
    INSERT INTO desk.ticket_app TABLE desk.ticket_new;
$$;
CALL bench.add_statement('moving: sync', 'sla.sync() of a new table', $$SELECT * FROM sla.sync('desk.ticket')$$, :rows,
                         'SELECT desk.before_sync()');
CALL bench.add_statement('moving: sync', 'sla.sync() again', $$SELECT * FROM sla.sync('desk.ticket')$$, :rows);
CALL bench.add_statement('moving: sync', 'INSERT of the clocks by hand', format('CALL desk.add_clocks(1, %s)', :rows), :rows);
CALL bench.measure('moving: sync', greatest(:rounds / 2, 1));
CALL bench.check_equal('clocks by sla.sync()',
    'SELECT item::int8 * 10 + metric_id AS id, desk.shown(c) AS answer FROM desk.clock c WHERE item::int8 % 20 = 0',
    'SELECT item::int8 * 10 + metric_id AS id, desk.shown(c) AS answer FROM sla.clock_state c WHERE item::int8 % 20 = 0');

-- A holiday more, under a third of a tenth of the rows as open tickets.
SELECT desk.empty() \g /dev/null
SELECT :rows / 30 AS tickets, now()::date + 7 - extract(isodow FROM now())::int + 3 AS holiday \gset
INSERT INTO desk.ticket SELECT id, subject, body, 'open', priority, team, NULL, customer, at, NULL, NULL, at
FROM (SELECT *, now() - id % 7200 * interval '1 minute' AS at FROM desk.ticket_new) s WHERE id <= :tickets;
INSERT INTO desk.clock SELECT * FROM sla.clock_state;
VACUUM (FREEZE, ANALYZE) desk.ticket, desk.clock, sla.clock_state;
CREATE FUNCTION desk.take_holiday_back() RETURNS void LANGUAGE sql AS $$
    DELETE FROM sla.holiday WHERE calendar = 'support' AND name = 'just declared';
    SELECT sla.refresh(10000000);
    UPDATE desk.clock SET due_at = late_at;
$$;
SELECT format('CALL bench.add_statement(''moving: holiday'', %L, %L, 1, %L)', name, replace(sql, '%DAY%', quote_literal(:'holiday')), before)
FROM (VALUES
    (1, 'holiday: INSERT', $$INSERT INTO sla.holiday (calendar, day, name) VALUES ('support', %DAY%, 'just declared')$$, 'SELECT desk.take_holiday_back()'),
    (2, 'holiday: first read of all open clocks', 'SELECT count(*), max(due_at), max(remaining_seconds) FROM sla.report_open', NULL),
    (3, 'holiday: sla.refresh()', 'SELECT sla.refresh(10000000)', NULL),
    (4, 'holiday: UPDATE of all open clocks by hand', $$UPDATE desk.clock c SET due_at = c.started_at + g.goal FROM desk.goal g
        WHERE g.promise_id = c.promise_id AND c.ended_at IS NULL$$, NULL)) x(n, name, sql, before)
ORDER BY n \gexec
CALL bench.measure('moving: holiday', :rounds);
CALL bench.check_equal('deadlines after a holiday',
    'SELECT item::int8 * 10 + metric_id AS id, due_at AS answer FROM desk.clock c',
    'SELECT item::int8 * 10 + metric_id AS id, due_at AS answer FROM sla.clock_state c');
SELECT desk.take_holiday_back() \g /dev/null

-- History under another promise.
SELECT desk.empty() \g /dev/null
CALL desk.make_history(:rows, 100);
VACUUM (FREEZE, ANALYZE) sla.clock_state;
SELECT format('CALL bench.add_statement(''moving: what if'', %L, %L, %s)', name, sql, :rows / 3)
FROM (VALUES
    (1, 'sla.what_if()', $$SELECT 1 AS id, (met_before, met_after)::text AS answer FROM sla.what_if('desk.ticket', 'resolution', '20 bh @support', '(,)')$$),
    (2, 'what if, by hand', $$SELECT 1 AS id, (count(*) FILTER (WHERE c.ended_at <= c.due_at),
            count(*) FILTER (WHERE c.ended_at <= c.started_at + business_interval '20 bh @support'))::text AS answer
        FROM sla.clock_state c JOIN sla.promise p ON p.id = c.promise_id AND p.metric = 'resolution' WHERE c.state = 's'$$)) x(n, name, sql)
ORDER BY n \gexec
CALL bench.measure('moving: what if', :rounds);
SELECT format('CALL bench.check_equal(%L, %L, %L)', o.name, h.sql, o.sql)
FROM bench.statement o, bench.statement h WHERE o.name = 'sla.what_if()' AND h.name = 'what if, by hand' \gexec

INSERT INTO bench.figure (section, label, value, unit, goal, times)
SELECT 'clocks: moving ground', 'sla.sync() of a new table', 1e9 / cpu, 'rows a second', 50000, true
FROM bench.median WHERE name = 'sla.sync() of a new table';
INSERT INTO bench.comparison (section, ours, base)
VALUES ('clocks: moving ground', 'sla.sync() of a new table', 'INSERT of the clocks by hand'),
       ('clocks: moving ground', 'sla.sync() again', 'INSERT of the clocks by hand');
INSERT INTO bench.figure (section, label, value, unit)
SELECT 'clocks: moving ground', name, cpu / 1e6, 'ms' FROM bench.median WHERE name LIKE 'holiday: %' AND name NOT LIKE '%by hand'
ORDER BY array_position(ARRAY['holiday: INSERT', 'holiday: first read of all open clocks', 'holiday: sla.refresh()'], name);
INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'clocks: moving ground', 'holiday: all of it, 100,000 clocks', o.ms * n.factor, 'ms', x.goal, x.against, CASE WHEN x.against IS NOT NULL THEN h.cpu / 1e6 * n.factor END
FROM (SELECT sum(cpu) / 1e6 AS ms FROM bench.median WHERE name LIKE 'holiday: %' AND name NOT LIKE '%by hand') o,
     (SELECT cpu FROM bench.median WHERE name = 'holiday: UPDATE of all open clocks by hand') h,
     (SELECT 100000.0 / (:tickets * 3) AS factor) n,
     (VALUES (1, 3000, NULL), (2, NULL, 'holiday: UPDATE of all open clocks by hand')) x(n, goal, against)
ORDER BY x.n;
INSERT INTO bench.figure (section, label, value, unit, goal)
SELECT 'clocks: moving ground', 'sla.what_if(), 1,000,000 clocks', cpu, 'ms', 2000 FROM bench.median WHERE name = 'sla.what_if()';
INSERT INTO bench.comparison (section, ours, base) VALUES ('clocks: moving ground', 'sla.what_if()', 'what if, by hand');
