-- script/sql/replay-play.sql: the incidents' table, whose clocks follow it, and
-- every event of the log applied to it in order of time.
--
-- psql variables: zone, handoff, progress (true: tell how far it is), and
-- commit_every (0: all in the present transaction).

-- One's own table, as an application would have it.  "revision" and "line" are
-- those of the event that wrote the row last.
CREATE TABLE incident (
	number text COLLATE "C" PRIMARY KEY,
	state text NOT NULL,
	priority smallint NOT NULL,
	assignment_group text,
	reassignments integer NOT NULL,
	reopenings integer NOT NULL,
	made_sla boolean,
	opened_at timestamptz NOT NULL,
	responded_at timestamptz,
	resolved_at timestamptz,
	changed_at timestamptz NOT NULL,
	revision integer NOT NULL,
	line bigint NOT NULL
) WITH (fillfactor = 50);

\set incident incident
\ir replay-promise.sql

-- A log repeats on every line of an incident when it was resolved in the end.
-- Here an event knows only what could be known at its time.  An incident that
-- is not resolved has no resolved_at; the event that resolves it takes the
-- log's, or its own time where the log's lies in the future, or before the
-- opening, or before the incident was last seen open.  The first response is
-- the first event by which somebody took it or handed it on.  An event that is
-- not newer than the row was applied before, and is passed over.
CREATE PROCEDURE play(zone text, commit_every bigint, progress boolean, INOUT played bigint DEFAULT 0)
LANGUAGE plpgsql
AS $$
DECLARE
	e record;
	total bigint;
	told timestamptz := clock_timestamp();
BEGIN
	SELECT count(*) INTO total FROM event;
	FOR e IN
		SELECT line, number, state, done, reassignments, reopenings, revision, made_sla, priority, assignment_group,
			   opened_at AT TIME ZONE zone AS opened_at,
			   at AT TIME ZONE zone AS at,
			   CASE WHEN done AND resolved_at <= at
						 AND resolved_at >= greatest(opened_at, last_open)
					THEN resolved_at AT TIME ZONE zone END AS resolved_at,
			   CASE WHEN state <> 'New' OR reassignments > 0 THEN at AT TIME ZONE zone END AS responded_at,
			   is_first
		FROM (SELECT *,
					 max(at) FILTER (WHERE NOT done) OVER story AS last_open,
					 row_number() OVER story = 1 AS is_first
			  FROM event
			  WINDOW story AS (PARTITION BY number ORDER BY at, revision, line
							   ROWS UNBOUNDED PRECEDING)) AS seen
		ORDER BY at, revision, line
	LOOP
		IF e.is_first THEN
			INSERT INTO incident
			VALUES (e.number, e.state, e.priority, e.assignment_group, e.reassignments, e.reopenings, e.made_sla,
					e.opened_at, e.responded_at, CASE WHEN e.done THEN coalesce(e.resolved_at, e.at) END,
					e.at, e.revision, e.line)
			ON CONFLICT DO NOTHING;
		ELSE
			UPDATE incident AS i
			SET state = e.state,
				priority = e.priority,
				assignment_group = e.assignment_group,
				reassignments = e.reassignments,
				reopenings = e.reopenings,
				made_sla = e.made_sla,
				opened_at = e.opened_at,
				responded_at = coalesce(i.responded_at, e.responded_at),
				resolved_at = CASE WHEN e.done THEN coalesce(i.resolved_at, e.resolved_at, e.at) END,
				changed_at = e.at,
				revision = e.revision,
				line = e.line
			WHERE i.number = e.number
				AND (i.changed_at, i.revision, i.line) < (e.at, e.revision, e.line);
		END IF;
		played := played + 1;
		IF played % commit_every = 0 THEN
			COMMIT;
		END IF;
		IF progress AND played % 1000 = 0 AND clock_timestamp() > told + interval '0.2 s' THEN
			told := clock_timestamp();
			RAISE INFO '% % % progress', played, total, to_char(e.at, 'YYYY-MM-DD');
		END IF;
	END LOOP;
	IF progress THEN
		RAISE INFO 'end of progress';
	END IF;
END
$$;

SELECT :commit_every > 0 AS in_parts \gset
\if :in_parts
COMMIT;
\endif
SELECT clock_timestamp() AS began \gset
CALL play(:'zone', nullif(:commit_every, 0), :'progress') \gset
SELECT extract(epoch FROM clock_timestamp() - :'began') AS seconds \gset
\if :in_parts
VACUUM ANALYZE incident, sla.clock_state;
BEGIN;
\else
ANALYZE incident, sla.clock_state;
\endif
