-- The harness: statements, their timings, and what is compared with what.
CREATE SCHEMA bench;

-- A statement to time; "before" is run untimed in front of each round.
CREATE TABLE bench.statement (
    ord     int GENERATED ALWAYS AS IDENTITY,
    section text NOT NULL,
    name    text PRIMARY KEY,
    rows    int8 NOT NULL,
    sql     text NOT NULL,
    before  text
);

CREATE TABLE bench.timing (
    name  text NOT NULL REFERENCES bench.statement,
    cpu   float8 NOT NULL,   -- ns of this backend on a CPU
    wall  float8 NOT NULL    -- ns
);

-- A line of the report that compares two statements, per row: ours / base,
-- or base / ours where "times" says how many times cheaper we are.
CREATE SEQUENCE bench.line;
CREATE TABLE bench.comparison (
    ord     int DEFAULT nextval('bench.line'),
    section text NOT NULL,
    ours    text NOT NULL REFERENCES bench.statement,
    base    text NOT NULL REFERENCES bench.statement,
    goal    float8,          -- at most, or at least with "times"; NULL: none set
    times   bool NOT NULL DEFAULT false
);

-- A line of the report that is a figure, alone or beside another.
CREATE TABLE bench.figure (
    ord     int DEFAULT nextval('bench.line'),
    section text NOT NULL,
    label   text NOT NULL,
    value   float8,
    unit    text NOT NULL,
    goal    float8,          -- at most: of the value, or of value / base
    against text,
    base    float8,
    times   bool NOT NULL DEFAULT false  -- at least
);

-- Answers compared: a line with a mismatch makes the whole run fail.
CREATE TABLE bench.checked (
    what     text NOT NULL,
    compared int8 NOT NULL,
    wrong    int8 NOT NULL
);

-- ns that this backend spent on a CPU.  The kernel brings the sum up to date
-- when the process leaves the CPU (else only at the next tick), so it sleeps
-- for a moment first.
CREATE FUNCTION bench.cpu() RETURNS int8
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_sleep(0.0001);
    RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1);
END $$;

-- Time the statements of a section, interleaved: one warm-up round, then
-- p_rounds that count.
CREATE PROCEDURE bench.measure(p_section text, p_rounds int, p_commit bool DEFAULT true)
LANGUAGE plpgsql AS $$
DECLARE
    statements bench.statement[] := ARRAY(
        SELECT x FROM bench.statement x WHERE section = p_section ORDER BY ord);
    s     bench.statement;
    cpu   int8;
    wall  timestamptz;
BEGIN
    FOR round IN 0 .. p_rounds LOOP
        FOREACH s IN ARRAY statements LOOP
            IF s.before IS NOT NULL THEN
                EXECUTE s.before;
                IF p_commit THEN COMMIT; END IF;
            END IF;
            cpu := bench.cpu();
            wall := clock_timestamp();
            EXECUTE s.sql;
            wall := clock_timestamp() - (wall - timestamptz 'epoch');
            cpu := bench.cpu() - cpu;
            IF round > 0 THEN
                INSERT INTO bench.timing
                VALUES (s.name, cpu, extract(epoch FROM wall) * 1e9);
            END IF;
            IF p_commit THEN COMMIT; END IF;
        END LOOP;
    END LOOP;
END $$;

-- Transactions a second of the scripts in bench/pgbench.
CREATE TABLE bench.pgbench (name text, rate float8);
CREATE VIEW bench.pgbench_median AS
SELECT name, percentile_cont(0.5) WITHIN GROUP (ORDER BY rate) AS rate FROM bench.pgbench GROUP BY name;

-- Three digits, or all before the point.
CREATE FUNCTION bench.shown(x float8) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN abs(x) >= 100 THEN to_char(x, 'FM999G999G999G990')
                WHEN abs(x) >= 10 THEN to_char(x, 'FM990.0')
                ELSE to_char(x, 'FM0.00') END
$$;

-- The median of a statement, ns a row.
CREATE VIEW bench.median AS
SELECT s.name,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY t.cpu) / s.rows AS cpu,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY t.wall) / s.rows AS wall
FROM bench.statement s JOIN bench.timing t USING (name)
GROUP BY s.name, s.rows;

CREATE PROCEDURE bench.add_statement(section text, name text, sql text, rows int8, before text DEFAULT NULL)
LANGUAGE sql AS $$
    INSERT INTO bench.statement (section, name, sql, rows, before) VALUES (section, name, sql, rows, before)
$$;

-- Compare two queries of (id, answer).
CREATE PROCEDURE bench.check_equal(p_what text, p_theirs text, p_ours text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($q$
        INSERT INTO bench.checked (what, compared, wrong)
        SELECT %L, count(*), count(*) FILTER (WHERE p.answer IS DISTINCT FROM o.answer)
        FROM (%s) p FULL JOIN (%s) o USING (id)$q$, p_what, p_theirs, p_ours);
END $$;

-- The report, all of it.
CREATE VIEW bench.report AS
WITH line AS (
    SELECT c.ord, c.section, c.ours AS label, o.cpu AS value, 'ns/row' AS unit,
           c.base AS against, b.cpu AS base, c.goal, c.times,
           CASE WHEN c.times THEN b.cpu / o.cpu ELSE o.cpu / b.cpu END AS ratio
    FROM bench.comparison c
    JOIN bench.median o ON o.name = c.ours
    JOIN bench.median b ON b.name = c.base
    UNION ALL
    SELECT ord, section, label, value, unit, against, base, goal, times, value / base
    FROM bench.figure
), judged AS (
    SELECT *, CASE WHEN times THEN coalesce(ratio, value) >= goal
                   ELSE coalesce(ratio, value) <= goal END AS met
    FROM line
)
SELECT min(ord) OVER (PARTITION BY section) AS min_ord, ord, section, label, bench.shown(value) || ' ' || unit AS ours,
       against, bench.shown(base) || CASE WHEN base IS NOT NULL THEN ' ' || unit ELSE '' END AS theirs,
       bench.shown(ratio) || CASE WHEN times AND against IS NOT NULL AND unit = 'ns/row' THEN ' x' ELSE '' END AS ratio,
       CASE WHEN goal IS NOT NULL
            THEN CASE WHEN times THEN '>= ' ELSE '<= ' END || bench.shown(goal) END AS goal,
       CASE WHEN goal IS NULL THEN '' WHEN met THEN 'ok' ELSE 'MISSED' END AS verdict
FROM judged;
