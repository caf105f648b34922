--
-- Clocks as they are to be read, and reports
--
-- Private views bring the rows of sla.clock_state up to date: an open clock
-- whose promise has a higher revision than it was derived under is stale, and
-- is derived afresh while it is read.  Everything public stands on these, reads
-- only (a hot standby serves it), and runs with the rights of its owner: nobody
-- else may read it before the database's administrator grants that, as in
--
--	GRANT SELECT ON sla.report_open TO dispatcher;
--
-- The views named report_ are for tools that know only SQL: columns of built-in
-- types, those of the key first; a duration is _seconds, and in words _text; a
-- percentage is _percent, of 100; a boolean begins with is_ or has_; a series
-- has a column "time"; later versions append columns at the end.
-- test/sql/report_catalog.sql checks that.
--
-- A lookup that not every reader needs is a LEFT JOIN on a unique key: where
-- its columns are not read, the planner leaves it out.
--

CREATE FUNCTION sla.duration_text(seconds double precision)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_duration_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.duration_text(double precision) IS
'a duration in words: ''37 h 30 min'', ''-5 min'', ''12 s''';

/*
 * Open clocks that are stale, derived afresh.  Promises that have any are found
 * by the index on (promise_id, revision), one look each; where none has, no
 * clock is read.  What derivation cannot change is taken from the stored row,
 * so that a condition on it is still found by an index.
 */
CREATE VIEW sla.clock_stale AS
SELECT
	c.clock_id,
	c.started_at,
	d.ended_at,
	d.last_at,
	d.turned_at,
	d.promised_at,
	d.due_at,
	d.late_at,
	d.risk_at,
	d.gross_due_at,
	d.gross_late_at,
	d.budget,
	d.paused,
	d.elapsed,
	d.revision,
	c.relation,
	c.metric_id,
	d.promise_id,
	d.agreement_id,
	c.cycle,
	d.levels,
	d.state,
	d.is_excepted,
	d.is_waived,
	c.item,
	c.per,
	d.owner,
	d.party,
	d.labels,
	d.breach_owner,
	d.breach_labels,
	d.pauses,
	d.pause_reasons,
	d.signal_reason
FROM (
	SELECT p.id, p.revision
	FROM sla.promise AS p
	CROSS JOIN LATERAL (
		SELECT
		FROM sla.clock_state AS s
		WHERE s.promise_id = p.id AND s.revision < p.revision AND s.ended_at IS NULL
		LIMIT 1
	) AS any_stale
	OFFSET 0
) AS p
JOIN sla.clock_state AS c
	ON c.promise_id = p.id AND c.revision < p.revision AND c.ended_at IS NULL
CROSS JOIN LATERAL sla.derived(c) AS d;
COMMENT ON VIEW sla.clock_stale IS 'private: open clocks whose stored row is stale, as they are';

/*
 * Stored and stale rows are one UNION ALL, whose first branch is the bare table:
 * only so does the planner read it in the order of an index.  That is why the
 * condition for stored rows stands outside.
 */
CREATE VIEW sla.clock_open AS
SELECT c.*
FROM (
	SELECT false AS is_stale, stored.* FROM sla.clock_state AS stored
	UNION ALL
	SELECT true, stale.* FROM sla.clock_stale AS stale
) AS c
WHERE c.ended_at IS NULL
	AND (c.is_stale
		OR c.promise_id NOT IN (
			SELECT p.id
			FROM sla.promise AS p
			CROSS JOIN LATERAL (
				SELECT
				FROM sla.clock_state AS s
				WHERE s.promise_id = p.id AND s.revision < p.revision AND s.ended_at IS NULL
				LIMIT 1
			) AS any_stale)
		OR c.revision >= (SELECT p.revision FROM sla.promise AS p WHERE p.id = c.promise_id));
COMMENT ON VIEW sla.clock_open IS 'private: rows of sla.clock_state of open clocks, up to date';

CREATE VIEW sla.clock_fresh AS
SELECT c.*
FROM (
	SELECT false AS is_stale, stored.* FROM sla.clock_state AS stored
	UNION ALL
	SELECT true, stale.* FROM sla.clock_stale AS stale
) AS c
WHERE c.is_stale
	OR c.ended_at IS NOT NULL
	OR c.promise_id NOT IN (
		SELECT p.id
		FROM sla.promise AS p
		CROSS JOIN LATERAL (
			SELECT
			FROM sla.clock_state AS s
			WHERE s.promise_id = p.id AND s.revision < p.revision AND s.ended_at IS NULL
			LIMIT 1
		) AS any_stale)
	OR c.revision >= (SELECT p.revision FROM sla.promise AS p WHERE p.id = c.promise_id);
COMMENT ON VIEW sla.clock_fresh IS 'private: rows of sla.clock_state, up to date';

/*
 * The calendar in which a promise's time is counted.
 */
CREATE FUNCTION sla.calendar_of(goal @extschema@.business_interval, calendar text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(@extschema@.calendar(goal), nullif(calendar, ''), '24/7');
COMMENT ON FUNCTION sla.calendar_of(@extschema@.business_interval, text) IS
'private: the calendar of a promise: the goal''s, else the agreement''s, else 24/7';

/*
 * Until when the holidays of each calendar are known, with those of the
 * calendars that it combines.
 */
CREATE VIEW sla.calendar_horizon AS
SELECT r.calendar, min(c.holidays_until) AS holidays_until
FROM (
	WITH RECURSIVE reached (calendar, member) AS (
		SELECT k.name, k.name FROM sla.calendar AS k
		UNION
		SELECT r.calendar, m.name COLLATE "C"
		FROM reached AS r
		JOIN sla.calendar AS k ON k.name = r.member
		CROSS JOIN LATERAL pg_catalog.unnest(sla.combined_calendars(k.combines)) AS m (name)
		WHERE k.combines IS NOT NULL
	)
	SELECT reached.calendar, reached.member FROM reached
) AS r
JOIN sla.calendar AS c ON c.name = r.member
GROUP BY r.calendar;
COMMENT ON VIEW sla.calendar_horizon IS 'private: until when the holidays of a calendar and of those that it combines are known';

/*
 * Clocks
 *
 * A clock is breached when it went on after the instant of its threshold: so
 * an open one is breached the moment that instant has passed, with nobody
 * watching.
 */

CREATE VIEW sla.clock AS
SELECT
	c.clock_id,
	c.relation,
	c.item,
	p.metric,
	nullif(c.per, '') AS per,
	c.cycle,
	p.policy,
	p.policy_from,
	p.target_from,
	p.goal,
	coalesce(p.threshold, p.goal) AS threshold,
	a.name AS agreement,
	c.party,
	c.owner,
	c.labels,
	c.started_at,
	CASE WHEN c.state = 's' THEN c.ended_at END AS stopped_at,
	CASE WHEN c.state = 'c' THEN c.ended_at END AS cancelled_at,
	CASE c.state
		WHEN 'r' THEN 'running'
		WHEN 'p' THEN 'paused'
		WHEN 's' THEN 'stopped'
		ELSE 'cancelled'
	END AS state,
	c.due_at,
	CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END AS gross_due_at,
	c.late_at AS threshold_at,
	CASE WHEN c.late_at < coalesce(c.ended_at, pg_catalog.now()) THEN c.late_at END AS breached_at,
	CASE
		WHEN NOT c.is_excepted THEN
			CASE WHEN c.late_at < coalesce(c.ended_at, pg_catalog.now()) THEN c.late_at END
		WHEN c.gross_late_at < coalesce(c.ended_at, pg_catalog.now()) THEN c.gross_late_at
	END AS gross_breached_at,
	CASE
		WHEN c.late_at < coalesce(c.ended_at, pg_catalog.now()) THEN
			CASE WHEN c.is_waived THEN 'waived' ELSE 'breached' END
		WHEN c.state = 'c' OR (p.goal IS NULL AND c.promised_at IS NULL) THEN NULL
		WHEN c.state <> 's' THEN 'pending'
		WHEN c.ended_at <= c.due_at THEN 'met'
		ELSE 'tolerated'
	END AS verdict,
	CASE
		WHEN CASE WHEN c.is_excepted THEN c.gross_late_at ELSE c.late_at END
			< coalesce(c.ended_at, pg_catalog.now()) THEN 'breached'
		WHEN c.state = 'c' OR (p.goal IS NULL AND c.promised_at IS NULL) THEN NULL
		WHEN c.state <> 's' THEN 'pending'
		WHEN c.ended_at <= CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END THEN 'met'
		ELSE 'tolerated'
	END AS gross_verdict,
	CASE
		WHEN c.ended_at IS NOT NULL THEN c.elapsed / 1000000.0::double precision
		ELSE greatest(0, @extschema@.business_seconds(
			c.started_at,
			least(pg_catalog.now(),
				CASE WHEN c.state = 'p'
					THEN c.pauses[pg_catalog.array_upper(c.pauses, 1) - 1]
				END),
			sla.calendar_of(p.goal, p.calendar))
			- c.paused / 1000000.0::double precision)
	END AS elapsed_seconds,
	c.budget / 1000000.0::double precision AS budget_seconds,
	c.paused / 1000000.0::double precision AS paused_seconds,
	c.is_waived,
	c.is_stale
FROM sla.clock_fresh AS c
LEFT JOIN sla.promise AS p ON p.id = c.promise_id
LEFT JOIN sla.agreement AS a ON a.id = c.agreement_id;
COMMENT ON VIEW sla.clock IS
'clocks: one row per item, metric, value of "per", and cycle; what is derived is true at now(), whether or not anything ran since';
COMMENT ON COLUMN sla.clock.clock_id IS 'its number';
COMMENT ON COLUMN sla.clock.relation IS 'the tracked table';
COMMENT ON COLUMN sla.clock.item IS 'the key of the row, as text';
COMMENT ON COLUMN sla.clock.metric IS 'what is measured';
COMMENT ON COLUMN sla.clock.per IS 'the value of a metric with hand-offs, such as the team; else NULL';
COMMENT ON COLUMN sla.clock.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.clock.policy IS 'the policy that holds';
COMMENT ON COLUMN sla.clock.policy_from IS 'from when this version of the policy is in force';
COMMENT ON COLUMN sla.clock.target_from IS 'from when this version of the target is in force';
COMMENT ON COLUMN sla.clock.goal IS 'the time promised; NULL: measured only';
COMMENT ON COLUMN sla.clock.threshold IS 'the time that is still acceptable';
COMMENT ON COLUMN sla.clock.agreement IS 'the agreement in force at the start';
COMMENT ON COLUMN sla.clock.party IS 'the customer';
COMMENT ON COLUMN sla.clock.owner IS 'who is responsible; who was, when it ended';
COMMENT ON COLUMN sla.clock.labels IS 'what reports group by';
COMMENT ON COLUMN sla.clock.started_at IS 'when it started';
COMMENT ON COLUMN sla.clock.stopped_at IS 'when it stopped';
COMMENT ON COLUMN sla.clock.cancelled_at IS 'when it was cancelled';
COMMENT ON COLUMN sla.clock.state IS 'running, paused, stopped or cancelled';
COMMENT ON COLUMN sla.clock.due_at IS 'the deadline, net of exceptions; NULL: no goal, or paused before the budget is used up';
COMMENT ON COLUMN sla.clock.gross_due_at IS 'the deadline without exceptions';
COMMENT ON COLUMN sla.clock.threshold_at IS 'the deadline of what is still acceptable, net of exceptions';
COMMENT ON COLUMN sla.clock.breached_at IS 'the instant at which the threshold was passed, net of exceptions; NULL: it was not';
COMMENT ON COLUMN sla.clock.gross_breached_at IS 'the same without exceptions';
COMMENT ON COLUMN sla.clock.verdict IS
'pending, met (by the goal), tolerated (by the threshold), breached, or waived (breached and forgiven); NULL: cancelled before a breach, or measured only';
COMMENT ON COLUMN sla.clock.gross_verdict IS 'the same without exceptions';
COMMENT ON COLUMN sla.clock.elapsed_seconds IS 'business time used, without pauses';
COMMENT ON COLUMN sla.clock.budget_seconds IS 'business time of the goal';
COMMENT ON COLUMN sla.clock.paused_seconds IS 'business time of the pauses that are over';
COMMENT ON COLUMN sla.clock.is_waived IS 'an exception forgives a breach';
COMMENT ON COLUMN sla.clock.is_stale IS 'the stored row is older than its promise, and was derived afresh for this answer';

CREATE VIEW sla.pause AS
SELECT
	c.clock_id AS clock,
	c.relation,
	c.item,
	p.metric,
	nullif(c.per, '') AS per,
	c.cycle,
	CASE WHEN c.pauses[2 * n.n] = 'infinity'
		THEN pg_catalog.tstzrange(c.pauses[2 * n.n - 1], NULL)
		ELSE pg_catalog.tstzrange(c.pauses[2 * n.n - 1], c.pauses[2 * n.n])
	END AS during,
	c.pause_reasons[n.n] AS reason
FROM sla.clock_state AS c
CROSS JOIN LATERAL pg_catalog.generate_series(1, pg_catalog.array_upper(c.pauses, 1) / 2) AS n (n)
LEFT JOIN sla.promise AS p ON p.id = c.promise_id;
COMMENT ON VIEW sla.pause IS 'pauses of clocks, each with its reason';
COMMENT ON COLUMN sla.pause.clock IS 'the clock, see sla.clock';
COMMENT ON COLUMN sla.pause.relation IS 'the tracked table';
COMMENT ON COLUMN sla.pause.item IS 'the key of the row, as text';
COMMENT ON COLUMN sla.pause.metric IS 'what is measured';
COMMENT ON COLUMN sla.pause.per IS 'the value of a metric with hand-offs; else NULL';
COMMENT ON COLUMN sla.pause.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.pause.during IS 'from when to when; without an end while it lasts';
COMMENT ON COLUMN sla.pause.reason IS 'why';

/*
 * Reports
 */

CREATE VIEW sla.report_open AS
SELECT
	c.clock_id,
	c.relation::text AS relation,
	c.item,
	p.metric,
	nullif(c.per, '') AS per,
	p.policy,
	c.owner,
	c.party,
	c.started_at,
	c.due_at,
	@extschema@.business_seconds(pg_catalog.now(), c.due_at, sla.calendar_of(p.goal, p.calendar)) AS remaining_seconds,
	sla.duration_text(@extschema@.business_seconds(pg_catalog.now(), c.due_at,
		sla.calendar_of(p.goal, p.calendar))) AS remaining_text,
	100 * greatest(0, @extschema@.business_seconds(
			c.started_at,
			least(pg_catalog.now(),
				CASE WHEN c.state = 'p' THEN c.pauses[pg_catalog.array_upper(c.pauses, 1) - 1] END),
			sla.calendar_of(p.goal, p.calendar))
		- c.paused / 1000000.0::double precision)
		/ nullif(c.budget / 1000000.0::double precision, 0) AS used_percent,
	coalesce(c.risk_at < pg_catalog.now(), false) AS is_at_risk,
	c.state = 'p' AS is_paused,
	coalesce(c.late_at < pg_catalog.now(), false) AS is_breached,
	coalesce(c.due_at >= pg_catalog.timezone(t.time_zone, (h.holidays_until + 1)::timestamp), false) AS is_provisional,
	c.cycle,
	c.labels
FROM sla.clock_open AS c
LEFT JOIN sla.promise AS p ON p.id = c.promise_id
LEFT JOIN sla.calendar_horizon AS h ON h.calendar = sla.calendar_of(p.goal, p.calendar)
LEFT JOIN sla.tracked AS t ON t.relation = c.relation;
COMMENT ON VIEW sla.report_open IS
'clocks that run or are paused; ORDER BY due_at LIMIT n reads the n next deadlines by an index';
COMMENT ON COLUMN sla.report_open.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla.report_open.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_open.item IS 'the key of the row, as text';
COMMENT ON COLUMN sla.report_open.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_open.per IS 'the value of a metric with hand-offs; else NULL';
COMMENT ON COLUMN sla.report_open.policy IS 'the policy that holds';
COMMENT ON COLUMN sla.report_open.owner IS 'who is responsible';
COMMENT ON COLUMN sla.report_open.party IS 'the customer';
COMMENT ON COLUMN sla.report_open.started_at IS 'when it started';
COMMENT ON COLUMN sla.report_open.due_at IS 'the deadline; NULL: no goal, or paused before the budget is used up';
COMMENT ON COLUMN sla.report_open.remaining_seconds IS
'business time left until the deadline, negative when it is late; NULL without a deadline';
COMMENT ON COLUMN sla.report_open.remaining_text IS 'the same in words';
COMMENT ON COLUMN sla.report_open.used_percent IS 'business time used, of the goal; above 100 when it is late';
COMMENT ON COLUMN sla.report_open.is_at_risk IS 'the first of the target''s alert fractions is passed';
COMMENT ON COLUMN sla.report_open.is_paused IS 'it is paused';
COMMENT ON COLUMN sla.report_open.is_breached IS 'the threshold is passed';
COMMENT ON COLUMN sla.report_open.is_provisional IS 'the deadline lies where the calendar''s holidays are not known yet';
COMMENT ON COLUMN sla.report_open.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.report_open.labels IS 'labels of the row';

