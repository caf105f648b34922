-- script/sql/replay-play.sql: the incidents' table with its trigger, and every
-- event of the log applied to it in order of time.
--
-- psql variables: zone, progress (true: tell how far it is).

-- One's own table: the trigger keeps due_at and breached.
CREATE TABLE incident (
	number text COLLATE "C" PRIMARY KEY,
	state text NOT NULL,
	priority smallint NOT NULL,
	goal business_interval NOT NULL,
	assignment_group text,
	reassignments integer NOT NULL,
	reopenings integer NOT NULL,
	made_sla boolean,
	opened_at timestamptz NOT NULL,
	resolved_at timestamptz,
	due_at timestamptz,
	breached boolean
) WITH (fillfactor = 50);

CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON incident
FOR EACH ROW EXECUTE FUNCTION
	sla_deadline('opened_at', 'goal', 'due_at', 'resolved_at', 'breached');

-- A log repeats on every line of an incident when it was resolved in the end.
-- Here an event knows only what could be known at its time: an incident that
-- is not resolved has no resolved_at; one that is has the log's, unless that
-- lies in the future, or before the opening, or before the incident was last
-- seen open; else it keeps the one it has, or was resolved by this event.
CREATE FUNCTION play(zone text, progress boolean) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
	e record;
	total bigint;
	played bigint := 0;
	told timestamptz := clock_timestamp();
BEGIN
	SELECT count(*) INTO total FROM event;
	FOR e IN
		SELECT number, state, done, reassignments, reopenings, made_sla, priority, assignment_group,
			   opened_at AT TIME ZONE zone AS opened_at,
			   at AT TIME ZONE zone AS at,
			   CASE WHEN done AND resolved_at <= at
						 AND resolved_at >= greatest(opened_at, last_open)
					THEN resolved_at AT TIME ZONE zone END AS resolved_at,
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
			SELECT e.number, e.state, e.priority, goal.goal, e.assignment_group,
				   e.reassignments, e.reopenings, e.made_sla, e.opened_at,
				   CASE WHEN e.done THEN coalesce(e.resolved_at, e.at) END
			FROM goal WHERE goal.priority = e.priority;
		ELSE
			UPDATE incident
			SET state = e.state,
				priority = e.priority,
				goal = goal.goal,
				assignment_group = e.assignment_group,
				reassignments = e.reassignments,
				reopenings = e.reopenings,
				made_sla = e.made_sla,
				opened_at = e.opened_at,
				resolved_at = CASE WHEN e.done
								   THEN coalesce(e.resolved_at, incident.resolved_at, e.at) END
			FROM goal
			WHERE incident.number = e.number AND goal.priority = e.priority;
		END IF;
		played := played + 1;
		IF progress AND played % 1000 = 0 AND clock_timestamp() > told + interval '0.2 s' THEN
			told := clock_timestamp();
			RAISE INFO '% % % progress', played, total, to_char(e.at, 'YYYY-MM-DD');
		END IF;
	END LOOP;
	IF progress THEN
		RAISE INFO 'end of progress';
	END IF;
	RETURN played;
END
$$;

SELECT clock_timestamp() AS began \gset
SELECT play(:'zone', :'progress') AS events \gset
SELECT extract(epoch FROM clock_timestamp() - :'began') AS seconds \gset
ANALYZE incident;
