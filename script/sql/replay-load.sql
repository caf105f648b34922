-- script/sql/replay-load.sql: what a replay needs, and the log's events.
--
-- psql variables: calendar, zone, hours (may be empty: not given), holidays,
-- goals and responses (one a line), handoff.  Standard input: what
-- script/lib/read-log wrote.

SET client_min_messages = warning;
SET client_encoding = 'UTF8';
SET datestyle = ISO;
SET intervalstyle = postgres;
SET timezone = :'zone';

SELECT coalesce((SELECT extnamespace::regnamespace::text
				 FROM pg_extension WHERE extname = 'sla_tracker'), '') AS extschema,
	   to_regnamespace('sla_replay') IS NOT NULL AS has_schema \gset
SELECT :'extschema' = '' AS no_extension \gset
\set SHOW_CONTEXT never
\if :no_extension
DO $$
BEGIN
	RAISE EXCEPTION 'extension "sla_tracker" is not installed in database "%"', current_database()
		USING HINT = 'CREATE EXTENSION sla_tracker;';
END
$$;
\endif
\if :has_schema
DO $$
BEGIN
	RAISE EXCEPTION 'schema "sla_replay" exists in database "%"', current_database()
		USING DETAIL = 'An earlier run with --keep made it, or somebody else.',
			  HINT = 'To make room: DROP SCHEMA sla_replay CASCADE;';
END
$$;
\endif

BEGIN;
CREATE SCHEMA sla_replay;
SET search_path = sla_replay, :extschema, pg_catalog;

-- When are you open?
SELECT EXISTS (SELECT FROM sla.calendar WHERE name = :'calendar') AS has_calendar,
	   :'hours' <> '' OR :'holidays' <> '' AS has_hours \gset
\if :has_calendar
	\if :has_hours
DO $$
BEGIN
	RAISE EXCEPTION 'the calendar exists in database "%": hours and holidays cannot be given', current_database()
		USING HINT = 'Leave out --hours and --holiday to use it as it is, or give another --calendar name.';
END
$$;
	\endif
\else
	INSERT INTO sla.calendar (name, hours)
	VALUES (:'calendar',
			('TZ=' || :'zone' || ' '
			 || coalesce(nullif(:'hours', ''), 'Mo-Fr 08:00-18:00'))::business_hours);
	INSERT INTO sla.holiday (calendar, day)
	SELECT :'calendar', day::date
	FROM string_to_table(:'holidays', E'\n') AS day
	WHERE day <> '';
\endif

-- What do you promise?
CREATE TABLE goal (
	metric text COLLATE "C",
	priority smallint,
	goal business_interval NOT NULL,
	PRIMARY KEY (metric, priority)
);
INSERT INTO goal
SELECT DISTINCT ON (metric, priority) metric, priority,
	   CASE WHEN calendar(goal) IS NULL THEN at_calendar(goal, :'calendar') ELSE goal END
FROM (SELECT metric, split_part(line, '=', 1)::smallint AS priority,
			 substr(line, strpos(line, '=') + 1)::business_interval AS goal, n
	  FROM (VALUES ('first_response', E'1=30 bm\n2=1 bh\n3=4 bh\n4=8 bh\n5=16 bh\n' || :'responses'),
				   ('resolution', E'1=4 bh\n2=8 bh\n3=40 bh\n4=80 bh\n5=160 bh\n' || :'goals')) AS g (metric, lines),
		   string_to_table(lines, E'\n') WITH ORDINALITY AS given (line, n)
	  WHERE line <> '') AS g
ORDER BY metric, priority, n DESC;

-- The log, as it came.
CREATE TABLE event (
	line bigint NOT NULL,
	number text COLLATE "C" NOT NULL,
	state text NOT NULL,
	done boolean NOT NULL,
	reassignments integer NOT NULL,
	reopenings integer NOT NULL,
	revision integer NOT NULL,
	made_sla boolean,
	opened_at timestamp NOT NULL,
	at timestamp NOT NULL,
	priority smallint NOT NULL,
	assignment_group text,
	resolved_at timestamp
);
\copy event FROM pstdin
ANALYZE event;
