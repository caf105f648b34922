-- How it is done without an extension, each form as a good DBA would write it,
-- for the calendar "support": Mo-Fr 9-17 in Berlin, with a table of holidays.
CREATE SCHEMA peer;

CREATE TABLE peer.holiday (day date PRIMARY KEY);
INSERT INTO peer.holiday SELECT day FROM bench.holiday;

-- The span table: one row a business day, with the open time before it.
CREATE TABLE peer.span (opens timestamptz, closes timestamptz, before interval, span tstzrange);
INSERT INTO peer.span
SELECT opens, closes,
       coalesce(sum(closes - opens) OVER (ORDER BY opens ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '0'),
       tstzrange(opens, closes)
FROM (SELECT (d + time '09:00') AT TIME ZONE 'Europe/Berlin' AS opens,
             (d + time '17:00') AT TIME ZONE 'Europe/Berlin' AS closes
      FROM (SELECT d::date FROM generate_series(timestamp '2015-01-01', '2044-12-31', '1 day') d) g
      WHERE extract(isodow FROM d) < 6 AND d NOT IN (SELECT day FROM peer.holiday)) s
ORDER BY opens;
CREATE UNIQUE INDEX span_opens ON peer.span (opens) INCLUDE (closes, before);
CREATE UNIQUE INDEX span_before ON peer.span (before) INCLUDE (opens);
CREATE INDEX span_gist ON peer.span USING gist (span);

-- Eleven years of open hours in one multirange.
CREATE TABLE peer.timeline (hours tstzmultirange);
INSERT INTO peer.timeline
SELECT range_agg(span) FROM peer.span WHERE opens BETWEEN '2020-01-01' AND '2031-01-01';

VACUUM (FREEZE, ANALYZE) peer.holiday, peer.span, peer.timeline;

-- PL/pgSQL, walking days.
CREATE FUNCTION peer.add_day_loop(t timestamptz, d interval) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today  date := (t AT TIME ZONE 'Europe/Berlin')::date;
    opens  timestamptz;
    closes timestamptz;
BEGIN
    LOOP
        IF extract(isodow FROM today) < 6 AND NOT EXISTS (SELECT FROM peer.holiday WHERE day = today) THEN
            opens := greatest(t, (today + time '09:00') AT TIME ZONE 'Europe/Berlin');
            closes := (today + time '17:00') AT TIME ZONE 'Europe/Berlin';
            IF closes > opens THEN
                IF closes - opens >= d THEN
                    RETURN opens + d;
                END IF;
                d := d - (closes - opens);
            END IF;
        END IF;
        today := today + 1;
    END LOOP;
END $$;

CREATE FUNCTION peer.between_day_loop(a timestamptz, b timestamptz) RETURNS float8
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today   date := (a AT TIME ZONE 'Europe/Berlin')::date;
    last    date := (b AT TIME ZONE 'Europe/Berlin')::date;
    opens   timestamptz;
    closes  timestamptz;
    elapsed interval := '0';
BEGIN
    WHILE today <= last LOOP
        IF extract(isodow FROM today) < 6 AND NOT EXISTS (SELECT FROM peer.holiday WHERE day = today) THEN
            opens := greatest(a, (today + time '09:00') AT TIME ZONE 'Europe/Berlin');
            closes := least(b, (today + time '17:00') AT TIME ZONE 'Europe/Berlin');
            IF closes > opens THEN
                elapsed := elapsed + (closes - opens);
            END IF;
        END IF;
        today := today + 1;
    END LOOP;
    RETURN extract(epoch FROM elapsed);
END $$;

-- PL/pgSQL, walking minutes.
CREATE FUNCTION peer.add_minute_loop(t timestamptz, minutes int) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    local timestamp;
BEGIN
    WHILE minutes > 0 LOOP
        local := t AT TIME ZONE 'Europe/Berlin';
        IF local::time >= '09:00' AND local::time < '17:00' AND extract(isodow FROM local) < 6
           AND NOT EXISTS (SELECT FROM peer.holiday WHERE day = local::date) THEN
            minutes := minutes - 1;
        END IF;
        t := t + interval '1 minute';
    END LOOP;
    RETURN t;
END $$;

-- Prefix sums over the span table as SQL functions.  One query each: a SQL
-- function that calls another is planned again at every call.
CREATE FUNCTION peer.add_prefix(t timestamptz, d interval) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT e.opens + (p.target - e.before)
    FROM (SELECT before + (least(t, closes) - opens) + d AS target
          FROM peer.span WHERE opens <= t ORDER BY opens DESC LIMIT 1) p,
         LATERAL (SELECT opens, before FROM peer.span
                  WHERE before < p.target ORDER BY before DESC LIMIT 1) e
$$;
CREATE FUNCTION peer.between_prefix(a timestamptz, b timestamptz) RETURNS float8
LANGUAGE sql STABLE AS $$
    SELECT extract(epoch FROM
        (SELECT before + (least(b, closes) - opens) FROM peer.span WHERE opens <= b ORDER BY opens DESC LIMIT 1)
      - (SELECT before + (least(a, closes) - opens) FROM peer.span WHERE opens <= a ORDER BY opens DESC LIMIT 1))
$$;
