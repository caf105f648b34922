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
CREATE VIEW bench.beside_ratio AS
SELECT t.way, o.way AS other, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.tps) AS tps, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.tps / nullif(o.tps, 0)) AS tps_ratio,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY t.cpu) AS cpu, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.cpu / o.cpu) AS cpu_ratio
FROM bench.beside_turns t JOIN bench.beside_turns o USING (round, turn)
GROUP BY t.way, o.way;
INSERT INTO bench.figure (section, label, value, unit, goal, against, base, times)
SELECT 'alerts', 'three writes beside ' || x.label, tps, 'a second', x.goal, 'beside ' || CASE other WHEN 'loop' THEN 'a busy loop' ELSE other END, tps / tps_ratio, true
FROM (VALUES (1, 'drain', 'loop', 'ticks', 0.9), (2, 'by hand', 'loop', 'drains by hand', NULL), (3, 'drain', 'nothing', 'ticks', NULL)) x (n, way, other, label, goal)
JOIN bench.beside_ratio USING (way, other) ORDER BY x.n;
INSERT INTO bench.figure (section, label, value, unit, goal, against, base)
SELECT 'alerts', 'three writes beside ' || x.label || ', on a CPU', cpu / 1e3, 'us', x.goal, 'beside a busy loop', cpu / cpu_ratio / 1e3
FROM (VALUES (1, 'drain', 'ticks', 1.11), (2, 'by hand', 'drains by hand', NULL)) x (n, way, label, goal)
JOIN bench.beside_ratio USING (way) WHERE other = 'loop' ORDER BY x.n;
INSERT INTO bench.figure (section, label, value, unit, goal, times)
SELECT 'alerts', 'one tick after another, beside writers', percentile_cont(0.5) WITHIN GROUP (ORDER BY rate), 'a second', 20000, true
FROM (SELECT 1e9 * sum(alerts) / sum(wall - waiting) AS rate FROM bench.beside WHERE round > 0 AND way = 'drain' GROUP BY round) r;
