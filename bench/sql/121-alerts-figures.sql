-- Figures of the section "alerts".  A rate is by the time that a session was on a CPU
-- or asleep: that for which other processes had the CPU is not its own.
CREATE VIEW bench.drained AS
SELECT way, percentile_cont(0.5) WITHIN GROUP (ORDER BY rate) AS rate, percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY asleep) AS asleep, percentile_cont(0.5) WITHIN GROUP (ORDER BY least) AS least
FROM (SELECT way, round, 1e9 * sum(alerts) / max(wall - waiting) AS rate, sum(cpu) / sum(alerts) AS cpu, max((wall - waiting - cpu) / wall) AS asleep,
             min(alerts) / sum(alerts) * count(*) AS least
      FROM bench.drain WHERE round > 0 GROUP BY way, round) r
GROUP BY way;
INSERT INTO bench.figure (section, label, value, unit, goal, against, base, times)
SELECT 'alerts', 'one tick after another', o.rate, 'a second', CASE WHEN n = 1 THEN 20000 END,
       CASE WHEN n = 2 THEN 'a drain by hand' END, CASE WHEN n = 2 THEN h.rate END, true
FROM generate_series(1, 2) n, bench.drained o, bench.drained h WHERE o.way = 'tick' AND h.way = 'by hand' ORDER BY n;
INSERT INTO bench.figure (section, label, value, unit, against, base)
SELECT 'alerts', 'an alert, on a CPU', o.cpu / 1e3, 'us', 'a drain by hand', h.cpu / 1e3
FROM bench.drained o, bench.drained h WHERE o.way = 'tick' AND h.way = 'by hand';
INSERT INTO bench.figure (section, label, value, unit, goal, against, base, times)
SELECT 'alerts', x.label, o.rate, 'a second', x.goal, x.against, h.rate, true
FROM (VALUES ('two ticks at once', 'two ticks', 1.2, 'one tick after another', 'tick'),
             ('two drains by hand at once', 'two by hand', NULL, 'one by hand', 'by hand')) x (label, way, goal, against, base)
JOIN bench.drained o USING (way) JOIN bench.drained h ON h.way = x.base;
INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'alerts', 'two ticks at once, waiting for each other', 100 * o.asleep, '%', n.goal, n.against, CASE WHEN n.against IS NOT NULL THEN 100 * h.asleep END
FROM (VALUES (10, NULL), (NULL, 'two drains by hand')) n (goal, against), bench.drained o, bench.drained h
WHERE o.way = 'two ticks' AND h.way = 'two by hand';
INSERT INTO bench.figure (section, label, value, unit, goal, times)
SELECT 'alerts', 'two ticks at once, the lesser share', 100 * least / 2, '%', 25, true FROM bench.drained WHERE way = 'two ticks';

-- turn by turn
CREATE VIEW bench.beside_turns AS
SELECT round, turn, way, 1e9 * transactions / wall AS tps, cpu / nullif(transactions, 0) AS cpu FROM bench.beside WHERE round > 0;
INSERT INTO bench.figure (section, label, value, unit, goal, against, base, times)
SELECT 'alerts', 'three writes beside ticks', percentile_cont(0.5) WITHIN GROUP (ORDER BY d.tps), 'a second', x.goal, x.against,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY d.tps) / percentile_cont(0.5) WITHIN GROUP (ORDER BY d.tps / nullif(o.tps, 0)), true
FROM (VALUES (1, 'loop', 'beside as long a busy loop', 0.9), (2, 'nothing', 'beside nothing', NULL)) x (n, way, against, goal)
JOIN bench.beside_turns o USING (way) JOIN bench.beside_turns d ON d.way = 'drain' AND (d.round, d.turn) = (o.round, o.turn)
GROUP BY x.n, x.goal, x.against ORDER BY x.n;
INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'alerts', 'three writes beside ticks, on a CPU', percentile_cont(0.5) WITHIN GROUP (ORDER BY d.cpu) / 1e3, 'us', 1.11, 'beside as long a busy loop',
       percentile_cont(0.5) WITHIN GROUP (ORDER BY d.cpu) / percentile_cont(0.5) WITHIN GROUP (ORDER BY d.cpu / o.cpu) / 1e3
FROM bench.beside_turns o JOIN bench.beside_turns d ON d.way = 'drain' AND (d.round, d.turn) = (o.round, o.turn) WHERE o.way = 'loop';
INSERT INTO bench.figure (section, label, value, unit, goal, times)
SELECT 'alerts', 'one tick after another, beside writers', percentile_cont(0.5) WITHIN GROUP (ORDER BY rate), 'a second', 20000, true
FROM (SELECT 1e9 * sum(alerts) / sum(wall - waiting) AS rate FROM bench.beside WHERE round > 0 AND way = 'drain' GROUP BY round) r;
