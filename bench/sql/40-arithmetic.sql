-- Sections "constant calendar", "kinds of hours" and "calendar by column".

-- name, expression over t
CREATE TEMP TABLE expression (section text, name text, source text, sql text);
INSERT INTO expression VALUES
('constant', 'max(opened_at)',              't', $$max(opened_at)$$),
('constant', 'max(opened_at), max(closed_at)', 't', $$max(opened_at), max(closed_at)$$),
('constant', '+ interval ''4 hours''',      't', $$max(opened_at + interval '4 hours')$$),
('constant', '+ interval ''2 days''',       't', $$max(opened_at + interval '2 days')$$),
('constant', 'closed_at - opened_at',       't', $$max(closed_at - opened_at)$$),
('constant', '+ 8 bh',                      't', $$max(opened_at + business_interval '8 bh @support')$$),
('constant', '+ 4 bh',                      't', $$max(opened_at + business_interval '4 bh @support')$$),
('constant', '+ 40 bh',                     't', $$max(opened_at + business_interval '40 bh @support')$$),
('constant', '+ 80 bh',                     't', $$max(opened_at + business_interval '80 bh @support')$$),
('constant', '+ 400 bh',                    't', $$max(opened_at + business_interval '400 bh @support')$$),
('constant', '- 8 bh',                      't', $$max(opened_at - business_interval '8 bh @support')$$),
('constant', '+ 1 bd',                      't', $$max(opened_at + business_interval '1 bd @support')$$),
('constant', '+ 2 bd',                      't', $$max(opened_at + business_interval '2 bd @support')$$),
('constant', '+ 10 bd',                     't', $$max(opened_at + business_interval '10 bd @support')$$),
('constant', 'business_seconds',            't', $$max(business_seconds(opened_at, closed_at, 'support'))$$),
('constant', 'business_between',            't', $$max(business_between(opened_at, closed_at, 'support'))$$),
('constant', 'where closed_at > opened_at + interval ''4 hours''', 't',
 $$count(*) FROM t WHERE closed_at > opened_at + interval '4 hours'$$),
('constant', 'where closed_at > opened_at + 8 bh', 't',
 $$count(*) FROM t WHERE closed_at > opened_at + business_interval '8 bh @support'$$),
('constant', '+ 8 bh, lunch break',         't', $$max(opened_at + business_interval '8 bh @lunch')$$),
('constant', 'business_seconds, lunch break', 't', $$max(business_seconds(opened_at, closed_at, 'lunch'))$$),
('constant', '+ 8 bh, hours to the second', 't', $$max(opened_at + business_interval '8 bh @seconds')$$),
('constant', 'business_seconds, hours to the second', 't', $$max(business_seconds(opened_at, closed_at, 'seconds'))$$),
('constant', '+ 8 bh, 22:00-06:00',         't', $$max(opened_at + business_interval '8 bh @overnight')$$),
('constant', 'business_seconds, 22:00-06:00', 't', $$max(business_seconds(opened_at, closed_at, 'overnight'))$$),
('constant', '+ 8 bh, 24/7',                't', $$max(opened_at + business_interval '8 bh @24/7')$$),
('constant', 'business_seconds, 24/7',      't', $$max(business_seconds(opened_at, closed_at, '24/7'))$$),
('constant', '+ 8 bh, Mo-Su 00:00-24:00',   't', $$max(opened_at + business_interval '8 bh @allday')$$),
('constant', 'business_seconds, Mo-Su 00:00-24:00', 't', $$max(business_seconds(opened_at, closed_at, 'allday'))$$),
('constant', '+ 8 bh, Su 01:00-04:00',      't', $$max(opened_at + business_interval '8 bh @dstnight')$$),
('constant', 'business_seconds, Su 01:00-04:00', 't', $$max(business_seconds(opened_at, closed_at, 'dstnight'))$$);
INSERT INTO expression
SELECT 'column', x.name || ', ' || s.label, s.source, x.sql
FROM (VALUES ('tc10', '10 calendars'), ('tc1000', '1,000 calendars'), ('tctenant', '1,000 names of 10')) s(source, label),
     (VALUES ('+ interval ''2 days''',    $$max(opened_at + interval '2 days')$$),
             ('+ goal column',            $$max(opened_at + goal)$$),
             ('business_add by name',     $$max(business_add(opened_at, business_interval '8 bh', calendar))$$),
             ('business_seconds by name', $$max(business_seconds(opened_at, closed_at, calendar))$$)) x(name, sql);

INSERT INTO bench.statement (section, name, rows, sql)
SELECT section, name, :rows,
       'SELECT ' || sql || CASE WHEN sql LIKE '% FROM %' THEN '' ELSE ' FROM ' || source END
FROM expression;

INSERT INTO bench.comparison (section, ours, base, goal) VALUES
('constant calendar', 'max(opened_at), max(closed_at)', 'max(opened_at)', NULL),
('constant calendar', '+ interval ''4 hours''', 'max(opened_at)', NULL),
('constant calendar', '+ interval ''2 days''', 'max(opened_at)', NULL),
('constant calendar', 'closed_at - opened_at', 'max(opened_at)', NULL),
('constant calendar', '+ 8 bh', '+ interval ''4 hours''', 1.20),
('constant calendar', '+ 4 bh', '+ interval ''2 days''', 0.36),
('constant calendar', '+ 8 bh', '+ interval ''2 days''', 0.36),
('constant calendar', '+ 40 bh', '+ interval ''2 days''', 0.36),
('constant calendar', '+ 80 bh', '+ interval ''2 days''', 0.36),
('constant calendar', '+ 400 bh', '+ interval ''2 days''', 0.36),
('constant calendar', 'business_seconds', 'closed_at - opened_at', 0.75),
('constant calendar', 'business_seconds', 'max(opened_at), max(closed_at)', 1.10),
('constant calendar', 'business_between', 'closed_at - opened_at', NULL),
('constant calendar', 'where closed_at > opened_at + 8 bh', 'where closed_at > opened_at + interval ''4 hours''', 1.15),
('constant calendar', '+ 1 bd', '+ interval ''2 days''', NULL),
('constant calendar', '+ 2 bd', '+ interval ''2 days''', NULL),
('constant calendar', '+ 10 bd', '+ interval ''2 days''', NULL),
('kinds of hours', '+ 8 bh, lunch break', '+ 8 bh', 1.4),
('kinds of hours', 'business_seconds, lunch break', 'business_seconds', 1.4),
('kinds of hours', '- 8 bh', '+ 8 bh', 1.5);
INSERT INTO bench.comparison (section, ours, base, goal)
SELECT 'kinds of hours', x.name || ', ' || h.label, x.name, 1.5
FROM unnest(ARRAY['hours to the second', '22:00-06:00', '24/7', 'Mo-Su 00:00-24:00', 'Su 01:00-04:00'])
     WITH ORDINALITY h(label, n),
     (VALUES ('+ 8 bh'), ('business_seconds')) x(name)
ORDER BY h.n, x.name;
INSERT INTO bench.comparison (section, ours, base, goal)
SELECT 'calendar by column', x.name || ', ' || s.label, s.base || s.label, s.goal
FROM (VALUES (1, '10 calendars', '+ interval ''2 days'', ', 0.5), (2, '1,000 calendars', '+ interval ''2 days'', ', 1.5))
     s(n, label, base, goal),
     unnest(ARRAY['+ goal column', 'business_add by name', 'business_seconds by name']) x(name)
ORDER BY s.n, x.name;
INSERT INTO bench.comparison (section, ours, base, goal)
SELECT 'calendar by column', name || ', 1,000 names of 10', name || ', 10 calendars', 1.15
FROM unnest(ARRAY['+ goal column', 'business_add by name', 'business_seconds by name']) name;

CALL bench.measure('constant', :rounds);
CALL bench.measure('column', :rounds);

-- Are they the same instants?  Ours against the span arithmetic of the peers.
CALL bench.check_equal('a goal column and its calendar by name',
    'SELECT id, opened_at + goal AS answer FROM tc1000',
    $$SELECT id, business_add(opened_at, business_interval '8 bh', calendar) AS answer FROM tc1000$$);
CALL bench.check_equal('between(t, t + 8 bh) = 8 bh, 1,000 calendars',
    'SELECT id, 28800::float8 AS answer FROM tc1000',
    'SELECT id, business_seconds(opened_at, opened_at + goal, calendar) AS answer FROM tc1000');
CALL bench.check_equal('tenants and the calendars whose hours they share',
    $$SELECT id, business_add(opened_at, business_interval '8 bh', 'cal_000' || right(calendar, 1)) AS answer FROM tctenant$$,
    'SELECT id, opened_at + goal AS answer FROM tctenant');
