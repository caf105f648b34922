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
-- has a column "time"; an instant is never infinite, but NULL, since many a driver
-- cannot read that; later versions append columns at the end.
-- test/sql/report_catalog.sql checks that.
--
-- A lookup that not every reader needs is a LEFT JOIN on a unique key: where
-- its columns are not read, the planner leaves it out.
--

-- a function in a view is called with the rights of whoever reads the view
GRANT EXECUTE ON FUNCTION sla.derived(sla.clock_state) TO PUBLIC;

CREATE FUNCTION sla.duration_text(seconds double precision)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_duration_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.duration_text(double precision) IS
'private: a duration in words: ''37 h 30 min'', ''-5 min'', ''12 s''';

/*
 * Rows of clocks as they are stored, those that the reader may see.
 */
CREATE VIEW sla.clock_seen AS
SELECT c.*
FROM sla.clock_state AS c
WHERE sla.seen(c.relation, c.item);
COMMENT ON VIEW sla.clock_seen IS 'private: rows of sla.clock_state that the reader may see';

/*
 * Promises of which an open clock is stale.  While all have settled, that is one
 * look at an index without entries.
 */
CREATE VIEW sla.promise_stale AS
SELECT p.id, p.revision
FROM sla.promise AS p
CROSS JOIN LATERAL (
	SELECT
	FROM sla.clock_state AS s
	WHERE s.promise_id = p.id AND s.revision < p.revision AND s.ended_at IS NULL
	LIMIT 1
) AS any_stale
WHERE p.settled < p.revision;
COMMENT ON VIEW sla.promise_stale IS 'private: promises of which an open clock is stale';

CREATE FUNCTION sla.may_be_stale_support(internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'sla_may_be_stale_support'
LANGUAGE C STRICT;
COMMENT ON FUNCTION sla.may_be_stale_support(internal) IS 'private: planner support of sla.may_be_stale()';
REVOKE ALL ON FUNCTION sla.may_be_stale_support(internal) FROM PUBLIC;

CREATE FUNCTION sla.may_be_stale()
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_may_be_stale'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT sla.may_be_stale_support;
COMMENT ON FUNCTION sla.may_be_stale() IS
'private: might there be stale clocks?  False when a query is planned while all changes have settled, and then nothing in the plan looks for them';

CREATE FUNCTION sla.is_fresh_support(internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'sla_is_fresh_support'
LANGUAGE C STRICT;
COMMENT ON FUNCTION sla.is_fresh_support(internal) IS 'private: planner support of sla.is_fresh()';
REVOKE ALL ON FUNCTION sla.is_fresh_support(internal) FROM PUBLIC;

CREATE FUNCTION sla.is_fresh(promise_id integer, revision bigint, party text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_is_fresh'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT sla.is_fresh_support;
COMMENT ON FUNCTION sla.is_fresh(integer, bigint, text) IS
'private: is the stored row of an open clock up to date, or was it derived before its promise or its party''s agreements changed?';

/*
 * Open clocks that are stale.  Whether there may be any is asked first, once: while
 * there is none by a promise, and no party's agreements have changed, no clock is read
 * here.
 */
CREATE VIEW sla.clock_outdated AS
SELECT c.clock_id, c.started_at, c.relation, c.metric_id, c.cycle, c.item, c.per, c AS stored
FROM sla.clock_state AS c
WHERE sla.may_be_stale()
	AND c.ended_at IS NULL
	AND (EXISTS (SELECT FROM sla.promise_stale) OR EXISTS (SELECT FROM sla.moved_party))
	AND NOT sla.is_fresh(c.promise_id, c.revision, c.party)
	AND sla.seen(c.relation, c.item);
COMMENT ON VIEW sla.clock_outdated IS 'private: stored rows of open clocks that are stale';

/*
 * The same, derived afresh.  What derivation cannot change is taken from the stored
 * row, so that a condition on it finds its index.
 */
CREATE VIEW sla.clock_stale AS
SELECT
	c.clock_id,
	d.ended_at,
	d.due_at,
	d.late_at,
	d.promise_id,
	c.relation,
	d.levels,
	d.state,
	d.is_excepted,
	d.is_waived,
	d.agreement_id,
	d.gross_due_at,
	d.gross_late_at,
	d.started_at,
	d.last_at,
	d.paused,
	d.revision,
	c.metric_id,
	c.cycle,
	d.turned_at,
	d.promised_at,
	d.risk_at,
	d.budget,
	d.elapsed,
	d.gross_elapsed,
	c.item,
	c.per,
	d.owner,
	d.party,
	d.labels,
	d.breach_owner,
	d.breach_labels,
	d.pauses,
	d.pause_reasons,
	d.signal_reason,
	d.extended
FROM sla.clock_outdated AS c
CROSS JOIN LATERAL sla.derived(c.stored) AS d;
COMMENT ON VIEW sla.clock_stale IS 'private: open clocks whose stored row is stale, as they are';

/*
 * Stored and stale rows are one UNION ALL, whose first branch is the bare table:
 * only so does the planner read it in the order of an index.  That is why the
 * condition for stored rows stands outside.  While all has settled nothing but that
 * table is left in the plan (src/settling.c).
 */
CREATE VIEW sla.clock_fresh AS
SELECT c.*
FROM (
	SELECT false AS is_stale, stored.* FROM sla.clock_state AS stored
	UNION ALL
	SELECT true, stale.* FROM sla.clock_stale AS stale
) AS c
WHERE (c.is_stale
	OR NOT sla.may_be_stale()
	OR c.ended_at IS NOT NULL
	OR sla.is_fresh(c.promise_id, c.revision, c.party))
	AND sla.seen(c.relation, c.item);
COMMENT ON VIEW sla.clock_fresh IS 'private: rows of sla.clock_state, up to date';

CREATE VIEW sla.clock_open AS
SELECT c.*
FROM sla.clock_fresh AS c
WHERE c.ended_at IS NULL;
COMMENT ON VIEW sla.clock_open IS 'private: rows of sla.clock_state of open clocks, up to date';

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
 * Times are added and subtracted as whole microseconds, and become seconds last.
 */
CREATE FUNCTION sla.business_usecs(since timestamptz, until timestamptz, calendar text)
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (1000000 * @extschema@.business_seconds(since, until, calendar))::bigint;
COMMENT ON FUNCTION sla.business_usecs(timestamptz, timestamptz, text) IS 'private: business time in microseconds';

/*
 * Until when the time of an open clock is to be counted: until a pause that
 * lasts, else until now; not before the start.
 */
CREATE FUNCTION sla.counts_until(state "char", started_at timestamptz, pauses timestamptz[], at timestamptz)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(started_at, least(at,
	CASE WHEN state = 'p' THEN pauses[pg_catalog.array_upper(pauses, 1) - 1] END));
COMMENT ON FUNCTION sla.counts_until("char", timestamptz, timestamptz[], timestamptz) IS
'private: until when the time of an open clock is to be counted';

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
 *
 * What an open clock has used is counted from its start.
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
	sla.verdict(c.state, p.goal IS NOT NULL OR c.promised_at IS NOT NULL, c.ended_at,
		c.due_at, c.late_at, c.is_waived, pg_catalog.now()) AS verdict,
	sla.verdict(c.state, p.goal IS NOT NULL OR c.promised_at IS NOT NULL, c.ended_at,
		CASE WHEN c.is_excepted THEN c.gross_due_at ELSE c.due_at END,
		CASE WHEN c.is_excepted THEN c.gross_late_at ELSE c.late_at END, false, pg_catalog.now()) AS gross_verdict,
	CASE
		WHEN c.ended_at IS NOT NULL THEN c.elapsed / 1000000.0::double precision
		WHEN c.is_excepted THEN
			sla.excepted_elapsed(c.clock_id, c.relation, c.item, c.started_at, pg_catalog.now()) / 1000000.0::double precision
		ELSE
			(sla.business_usecs(
				c.started_at, sla.counts_until(c.state, c.started_at, c.pauses, pg_catalog.now()),
				sla.calendar_of(p.goal, p.calendar)) - c.paused)
			/ 1000000.0::double precision
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
COMMENT ON COLUMN sla.clock.budget_seconds IS 'business time of the goal, with that by which exceptions extend it';
COMMENT ON COLUMN sla.clock.paused_seconds IS 'business time of the pauses that are over, where no exception takes it out';
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
FROM sla.clock_fresh AS c
-- (of an array the planner expects ten elements, of a series a thousand)
CROSS JOIN LATERAL (
	SELECT ((u.n + 1) / 2)::integer AS n FROM pg_catalog.unnest(c.pauses) WITH ORDINALITY AS u (at, n) WHERE u.n % 2 = 1
) AS n
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
	@extschema@.business_seconds(	-- (pauses do not move a date promised by hand)
		sla.counts_until(CASE WHEN c.promised_at IS NULL THEN c.state ELSE 'r' END, c.started_at, c.pauses, pg_catalog.now()), c.due_at,
		sla.calendar_of(p.goal, p.calendar)) AS remaining_seconds,
	sla.duration_text(@extschema@.business_seconds(
		sla.counts_until(CASE WHEN c.promised_at IS NULL THEN c.state ELSE 'r' END, c.started_at, c.pauses, pg_catalog.now()), c.due_at,
		sla.calendar_of(p.goal, p.calendar))) AS remaining_text,
	100 * CASE
		WHEN c.promised_at IS NOT NULL THEN	-- (nor do exceptions but by extending it)
			@extschema@.business_seconds(c.started_at, greatest(c.started_at, pg_catalog.now()), sla.calendar_of(p.goal, p.calendar))
		WHEN c.is_excepted THEN
			sla.excepted_elapsed(c.clock_id, c.relation, c.item, c.started_at, pg_catalog.now()) / 1000000.0::double precision
		ELSE
			(sla.business_usecs(
				c.started_at, sla.counts_until(c.state, c.started_at, c.pauses, pg_catalog.now()),
				sla.calendar_of(p.goal, p.calendar)) - c.paused)
			/ 1000000.0::double precision
	END / nullif(c.budget / 1000000.0::double precision, 0) AS used_percent,
	coalesce(c.risk_at < pg_catalog.now(), false) AS is_at_risk,
	c.state = 'p' AS is_paused,
	coalesce(c.late_at < pg_catalog.now(), false) AS is_breached,
	coalesce(pg_catalog.timezone(t.time_zone, c.due_at)::date > h.holidays_until, false) AS is_provisional,
	c.cycle,
	c.labels
FROM sla.clock_open AS c
LEFT JOIN sla.promise AS p ON p.id = c.promise_id
LEFT JOIN sla.calendar_horizon AS h ON h.calendar = sla.calendar_of(p.goal, p.calendar)
LEFT JOIN sla.tracked AS t ON t.relation = p.relation;
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
COMMENT ON COLUMN sla.report_open.used_percent IS 'business time used, of the goal, or of the time until a date promised by hand; above 100 when it is late';
COMMENT ON COLUMN sla.report_open.is_at_risk IS 'the first of the target''s alert fractions is passed';
COMMENT ON COLUMN sla.report_open.is_paused IS 'it is paused';
COMMENT ON COLUMN sla.report_open.is_breached IS 'the threshold is passed';
COMMENT ON COLUMN sla.report_open.is_provisional IS 'the deadline lies where the calendar''s holidays are not known yet';
COMMENT ON COLUMN sla.report_open.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.report_open.labels IS 'labels of the row';

CREATE VIEW sla.report_clock AS
SELECT
	c.clock_id,
	c.relation::text AS relation,
	c.item,
	c.metric,
	c.per,
	c.cycle,
	c.policy,
	c.agreement,
	c.party,
	c.owner,
	c.labels,
	c.goal::text AS goal_text,
	c.threshold::text AS threshold_text,
	c.started_at,
	c.stopped_at,
	c.cancelled_at,
	c.state,
	c.due_at,
	c.gross_due_at,
	c.threshold_at,
	c.breached_at,
	c.gross_breached_at,
	c.verdict,
	c.gross_verdict,
	c.elapsed_seconds,
	sla.duration_text(c.elapsed_seconds) AS elapsed_text,
	c.budget_seconds,
	sla.duration_text(c.budget_seconds) AS budget_text,
	c.paused_seconds,
	sla.duration_text(c.paused_seconds) AS paused_text,
	100 * c.elapsed_seconds / nullif(c.budget_seconds, 0) AS used_percent,
	c.state = 'paused' AS is_paused,
	c.breached_at IS NOT NULL AS is_breached,
	c.is_waived
FROM sla.clock AS c;
COMMENT ON VIEW sla.report_clock IS 'clocks, open and finished; see sla.clock';
COMMENT ON COLUMN sla.report_clock.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla.report_clock.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_clock.item IS 'the key of the row, as text';
COMMENT ON COLUMN sla.report_clock.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_clock.per IS 'the value of a metric with hand-offs; else NULL';
COMMENT ON COLUMN sla.report_clock.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.report_clock.policy IS 'the policy that holds';
COMMENT ON COLUMN sla.report_clock.agreement IS 'the agreement in force at the start';
COMMENT ON COLUMN sla.report_clock.party IS 'the customer';
COMMENT ON COLUMN sla.report_clock.owner IS 'who is responsible; who was, when it ended';
COMMENT ON COLUMN sla.report_clock.labels IS 'labels of the row';
COMMENT ON COLUMN sla.report_clock.goal_text IS 'the time promised; NULL: measured only';
COMMENT ON COLUMN sla.report_clock.threshold_text IS 'the time that is still acceptable';
COMMENT ON COLUMN sla.report_clock.started_at IS 'when it started';
COMMENT ON COLUMN sla.report_clock.stopped_at IS 'when it stopped';
COMMENT ON COLUMN sla.report_clock.cancelled_at IS 'when it was cancelled';
COMMENT ON COLUMN sla.report_clock.state IS 'running, paused, stopped or cancelled';
COMMENT ON COLUMN sla.report_clock.due_at IS 'the deadline, net of exceptions';
COMMENT ON COLUMN sla.report_clock.gross_due_at IS 'the deadline without exceptions';
COMMENT ON COLUMN sla.report_clock.threshold_at IS 'the deadline of what is still acceptable, net of exceptions';
COMMENT ON COLUMN sla.report_clock.breached_at IS 'when the threshold was passed, net of exceptions';
COMMENT ON COLUMN sla.report_clock.gross_breached_at IS 'when the threshold was passed without exceptions';
COMMENT ON COLUMN sla.report_clock.verdict IS 'pending, met, tolerated, breached or waived; NULL: counts nowhere';
COMMENT ON COLUMN sla.report_clock.gross_verdict IS 'the same without exceptions';
COMMENT ON COLUMN sla.report_clock.elapsed_seconds IS 'business time used, without pauses';
COMMENT ON COLUMN sla.report_clock.elapsed_text IS 'the same in words';
COMMENT ON COLUMN sla.report_clock.budget_seconds IS 'business time of the goal, with that by which exceptions extend it';
COMMENT ON COLUMN sla.report_clock.budget_text IS 'the same in words';
COMMENT ON COLUMN sla.report_clock.paused_seconds IS 'business time of the pauses that are over, where no exception takes it out';
COMMENT ON COLUMN sla.report_clock.paused_text IS 'the same in words';
COMMENT ON COLUMN sla.report_clock.used_percent IS 'business time used, of the goal; above 100 when it is late';
COMMENT ON COLUMN sla.report_clock.is_paused IS 'it is paused';
COMMENT ON COLUMN sla.report_clock.is_breached IS 'the threshold was passed, net of exceptions; also when that is waived';
COMMENT ON COLUMN sla.report_clock.is_waived IS 'an exception forgives a breach';

/*
 * What there is to tell of clocks, each at its instant and by an index of its own:
 * that one has ended; that it was breached before; that it would have been without
 * its exceptions; of an open one that its deadline has passed, or a threshold
 * behind that, or would have without exceptions; and the same of clocks that are
 * stale.  As in sla.clock_fresh the conditions stand outside, so that all kinds are
 * read in the order of the instant.
 */
CREATE INDEX clock_state_excepted_idx ON sla.clock_state (gross_late_at) WHERE is_excepted;

CREATE VIEW sla.clock_told AS
SELECT c.*
FROM (
	SELECT 'ended' AS kind, e.ended_at AS at, e.* FROM sla.clock_state AS e
	UNION ALL
	SELECT 'breached', b.late_at, b.* FROM sla.clock_state AS b
	UNION ALL
	SELECT 'gross', x.gross_late_at, x.* FROM sla.clock_state AS x
	UNION ALL
	SELECT 'due', o.due_at, o.* FROM sla.clock_state AS o
	UNION ALL
	SELECT 'late', o.late_at, o.* FROM sla.clock_state AS o
	UNION ALL
	SELECT 'open gross', o.gross_late_at, o.* FROM sla.clock_state AS o
	UNION ALL
	SELECT 'stale', s.late_at, s.* FROM sla.clock_stale AS s
	UNION ALL
	SELECT 'stale gross', s.gross_late_at, s.* FROM sla.clock_stale AS s
) AS c
WHERE (c.kind <> 'ended' OR c.ended_at IS NOT NULL)
	AND (c.kind <> 'breached' OR c.ended_at > c.late_at)
	AND (c.kind <> 'gross' OR (c.is_excepted AND c.ended_at > c.gross_late_at))
	AND (c.kind <> 'due' OR (c.ended_at IS NULL AND c.late_at = c.due_at AND c.due_at < pg_catalog.now()))
	AND (c.kind <> 'late' OR (c.ended_at IS NULL AND c.late_at > c.due_at AND c.late_at < pg_catalog.now()))
	AND (c.kind <> 'open gross' OR (c.ended_at IS NULL AND c.is_excepted AND c.gross_late_at < pg_catalog.now()))
	AND (c.kind <> 'stale' OR c.late_at < coalesce(c.ended_at, pg_catalog.now()))
	AND (c.kind <> 'stale gross' OR (c.is_excepted AND c.gross_late_at < coalesce(c.ended_at, pg_catalog.now())))
	AND (c.kind <> ALL ('{due,late,open gross}')
		OR NOT sla.may_be_stale()
		OR sla.is_fresh(c.promise_id, c.revision, c.party))
	AND sla.seen(c.relation, c.item);
COMMENT ON VIEW sla.clock_told IS 'private: what there is to tell of clocks, each at its instant';

/*
 * Breaches, net of exceptions.
 */
CREATE VIEW sla.breach_now AS
SELECT
	c.clock_id,
	c.at,
	c.promise_id,
	c.agreement_id,
	c.relation,
	c.item,
	c.per,
	c.cycle,
	c.started_at,
	c.due_at,
	c.ended_at,
	c.state,
	c.is_excepted,
	c.is_waived,
	CASE WHEN c.breach_labels IS NULL THEN c.owner ELSE c.breach_owner END AS owner,
	c.party,
	CASE WHEN c.breach_labels IS NULL THEN c.labels ELSE nullif(c.breach_labels, '{}') END AS labels
FROM sla.clock_told AS c
WHERE c.kind = ANY ('{breached,due,late,stale}');
COMMENT ON VIEW sla.breach_now IS 'private: clocks that are breached, net of exceptions, at the instant of the breach';

/*
 * Judgements: one row for each clock that counts, at the instant of its
 * verdict, which is the stop when it was kept and the breach when it was not.
 * The gross verdict of a clock that an exception bears on can be of another
 * instant: then it is a row of its own.  1 met, 2 tolerated, 3 breached, 4
 * waived; 0: not of this instant.
 */
CREATE VIEW sla.judgement AS
SELECT
	c.at,
	c.promise_id,
	c.agreement_id,
	CASE
		WHEN c.kind = 'ended' THEN CASE WHEN c.ended_at <= c.due_at THEN 1 WHEN c.ended_at <= c.late_at THEN 2 ELSE 0 END
		WHEN c.kind = ANY ('{gross,open gross,stale gross}') THEN 0
		WHEN c.is_waived THEN 4
		ELSE 3
	END AS net,
	CASE
		WHEN c.kind = 'ended' AND NOT c.is_excepted THEN CASE WHEN c.ended_at <= c.due_at THEN 1 ELSE 2 END
		WHEN c.kind = 'ended' THEN CASE WHEN c.ended_at <= c.gross_due_at THEN 1 WHEN c.ended_at <= c.gross_late_at THEN 2 ELSE 0 END
		WHEN c.kind = ANY ('{gross,open gross,stale gross}') THEN 3
		WHEN c.is_excepted THEN 0
		ELSE 3
	END AS gross,
	CASE WHEN c.kind = 'ended' OR c.breach_labels IS NULL THEN c.owner ELSE c.breach_owner END AS owner,
	c.party,
	CASE WHEN c.kind = 'ended' OR c.breach_labels IS NULL THEN c.labels ELSE nullif(c.breach_labels, '{}') END AS labels,
	c.kind <> ALL ('{ended,breached,gross}') AS is_open,
	c.kind = ANY ('{stale,stale gross}') AS is_stale
FROM sla.clock_told AS c
WHERE c.kind <> 'ended'
	OR (c.state = 's' AND (c.ended_at <= c.late_at OR (c.is_excepted AND c.ended_at <= c.gross_late_at)));
COMMENT ON VIEW sla.judgement IS 'private: the clocks that count, each at the instant of its verdict';

CREATE VIEW sla.report_breach AS
SELECT
	b.clock_id,
	b.relation::text AS relation,
	b.item,
	p.metric,
	nullif(b.per, '') AS per,
	b.cycle,
	p.policy,
	a.name AS agreement,
	b.party,
	b.owner,
	b.labels,
	b.at AS "time",
	b.started_at,
	b.due_at,
	b.at AS breached_at,
	CASE WHEN b.state = 's' THEN b.ended_at END AS stopped_at,
	@extschema@.business_seconds(b.at, coalesce(b.ended_at, pg_catalog.now()),
		sla.calendar_of(p.goal, p.calendar)) AS late_seconds,
	sla.duration_text(@extschema@.business_seconds(b.at, coalesce(b.ended_at, pg_catalog.now()),
		sla.calendar_of(p.goal, p.calendar))) AS late_text,
	b.ended_at IS NULL AS is_open,
	b.is_waived
FROM sla.breach_now AS b
LEFT JOIN sla.promise AS p ON p.id = b.promise_id
LEFT JOIN sla.agreement AS a ON a.id = b.agreement_id;
COMMENT ON VIEW sla.report_breach IS
'breaches, net of exceptions; those that are waived, and those of clocks cancelled later, stay';
COMMENT ON COLUMN sla.report_breach.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla.report_breach.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_breach.item IS 'the key of the row, as text';
COMMENT ON COLUMN sla.report_breach.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_breach.per IS 'the value of a metric with hand-offs; else NULL';
COMMENT ON COLUMN sla.report_breach.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.report_breach.policy IS 'the policy that held';
COMMENT ON COLUMN sla.report_breach.agreement IS 'the agreement in force at the start';
COMMENT ON COLUMN sla.report_breach.party IS 'the customer';
COMMENT ON COLUMN sla.report_breach.owner IS 'who was responsible at the breach';
COMMENT ON COLUMN sla.report_breach.labels IS 'labels of the row at the breach';
COMMENT ON COLUMN sla.report_breach."time" IS 'the instant of the breach';
COMMENT ON COLUMN sla.report_breach.started_at IS 'when the clock started';
COMMENT ON COLUMN sla.report_breach.due_at IS 'the deadline by the goal';
COMMENT ON COLUMN sla.report_breach.breached_at IS 'the instant of the breach: the deadline by the threshold';
COMMENT ON COLUMN sla.report_breach.stopped_at IS 'when it was stopped all the same';
COMMENT ON COLUMN sla.report_breach.late_seconds IS 'business time from the breach to the end, or until now';
COMMENT ON COLUMN sla.report_breach.late_text IS 'the same in words';
COMMENT ON COLUMN sla.report_breach.is_open IS 'it still runs or is paused';
COMMENT ON COLUMN sla.report_breach.is_waived IS 'an exception forgives it';

/*
 * Clocks that may have a verdict in a month, each once, counted by promise; what
 * sla.tally() makes of them is told in src/tally.c.
 *
 * A month is asked for with what is around it in any time zone.
 */
CREATE FUNCTION sla.tally_accum(internal, period_start date, zones text[], promise_id integer, agreement_id integer,
	relation oid, state "char", ended_at timestamptz, due_at timestamptz, late_at timestamptz,
	gross_due_at timestamptz, gross_late_at timestamptz, is_excepted boolean, is_waived boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'sla_tally_accum'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.tally_accum(internal, date, text[], integer, integer, oid, "char",
	timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, boolean, boolean) IS
'private: aggregate transition function';

CREATE FUNCTION sla.tally_final(internal)
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'sla_tally_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sla.tally_final(internal) IS 'private: aggregate final function';

CREATE AGGREGATE sla.tally(period_start date, zones text[], promise_id integer, agreement_id integer,
	relation oid, state "char", ended_at timestamptz, due_at timestamptz, late_at timestamptz,
	gross_due_at timestamptz, gross_late_at timestamptz, is_excepted boolean, is_waived boolean) (
	SFUNC = sla.tally_accum,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = sla.tally_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sla.tally(date, text[], integer, integer, oid, "char",
	timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, boolean, boolean) IS
'private: judgements counted by month and promise';

-- (where the clock is put back to midnight, that comes twice: PostgreSQL takes the second)
CREATE FUNCTION sla.day_begins(time_zone text, day timestamp)
RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN least(pg_catalog.timezone(time_zone, day),
	pg_catalog.timezone(time_zone, day - interval '1 us') + interval '1 us');
COMMENT ON FUNCTION sla.day_begins(text, timestamp) IS 'private: the first instant of a day of a time zone';

-- (From the first month that may have a verdict on.  An array, of which the
-- planner expects ten elements: were it a thousand months, it would think that
-- compiling the query pays.  Grouped, so that the bounds are worked out once and
-- not for each clock.)
CREATE VIEW sla.month AS
SELECT
	m.month::date AS period_start,
	min(pg_catalog.timezone('UTC', m.month - interval '16 hours')) AS from_at,
	min(pg_catalog.timezone('UTC', m.month + interval '1 month' + interval '16 hours')) AS to_at,
	min(pg_catalog.timezone('UTC', m.month + interval '16 hours')) AS all_from_at,
	min(pg_catalog.timezone('UTC', m.month + interval '1 month' - interval '16 hours')) AS all_to_at
FROM pg_catalog.unnest(ARRAY(
	SELECT g.month
	FROM pg_catalog.generate_series(
		pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', least(
			(SELECT min(c.ended_at) FROM sla.clock_state AS c WHERE c.ended_at IS NOT NULL),
			(SELECT min(c.late_at) FROM sla.clock_state AS c WHERE c.ended_at > c.late_at),
			(SELECT min(c.due_at) FROM sla.clock_state AS c WHERE c.ended_at IS NULL),
			(SELECT min(c.gross_late_at) FROM sla.clock_state AS c WHERE c.is_excepted),
			-- (whose deadlines may be anywhere after it)
			(SELECT min(c.started_at) FROM sla.clock_outdated AS c),
			pg_catalog.now()))) - interval '1 month',
		pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', pg_catalog.now()) + interval '16 hours'),
		interval '1 month') AS g (month)
)) AS m (month)
GROUP BY m.month;
COMMENT ON VIEW sla.month IS 'private: months, each with the time in which some time zone has it, and all have';

CREATE VIEW sla.month_zone AS
SELECT pg_catalog.format('r%s=%s', t.relation::oid, t.time_zone) AS zone FROM sla.tracked AS t
UNION ALL
SELECT pg_catalog.format('a%s=%s', a.id, a.time_zone) FROM sla.agreement AS a WHERE a.time_zone IS NOT NULL;
COMMENT ON VIEW sla.month_zone IS 'private: in whose time zone months begin, as sla.tally() wants it';

CREATE VIEW sla.month_zones AS
SELECT pg_catalog.array_agg(z.zone ORDER BY pg_catalog.split_part(z.zone, '=', 2), z.zone) AS zones
FROM sla.month_zone AS z;
COMMENT ON VIEW sla.month_zones IS 'private: all of these';

CREATE FUNCTION sla.month_marks(fingerprint bigint)
RETURNS timestamptz[]
AS 'MODULE_PATHNAME', 'sla_month_marks'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION sla.month_marks(bigint) IS
'private: days on which something was changed in months that are kept, for readers of attainment; -infinity: nothing can be told';

-- (the day is one of UTC, and the month one of every time zone)
CREATE FUNCTION sla.is_marked(period_start date, day timestamptz)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day = '-infinity'
	OR (day > pg_catalog.timezone('UTC', period_start - interval '1 day 16 hours')
		AND day < pg_catalog.timezone('UTC', period_start + interval '1 month 16 hours'));
COMMENT ON FUNCTION sla.is_marked(date, timestamptz) IS 'private: does what was changed on a day concern a month?';

/*
 * Months, with the tally of the clocks that have ended where it is kept and nothing
 * was changed since.  (Where row-level security keeps clocks from anybody it is of
 * no use.)
 */
CREATE VIEW sla.month_state AS
SELECT m.period_start, m.from_at, m.to_at, k.tally
FROM sla.month AS m
LEFT JOIN sla.month_kept AS k
	ON k.period_start = m.period_start
	AND NOT EXISTS (
		SELECT
		FROM pg_catalog.unnest(coalesce((
			SELECT sla.month_marks(g.fingerprint)
			FROM sla.month_keeping AS g
			WHERE g.zones IS NOT DISTINCT FROM (SELECT z.zones FROM sla.month_zones AS z)
				AND NOT EXISTS (SELECT FROM sla.row_security)
			-- (logical replication may have brought another)
			LIMIT 1), '{-infinity}')) AS d (day)
		WHERE sla.is_marked(m.period_start, d.day));
COMMENT ON VIEW sla.month_state IS 'private: months, with their tally where it is kept';

/*
 * (That a month is not kept is asked inside, too: before any clock is read.)
 */
CREATE VIEW sla.month_ended AS
SELECT m.period_start, t.tally
FROM sla.month_state AS m
CROSS JOIN LATERAL (
	SELECT sla.tally(
		m.period_start, (SELECT z.zones FROM sla.month_zones AS z),
		c.promise_id, c.agreement_id, c.relation, c.state, c.ended_at, c.due_at, c.late_at,
		c.gross_due_at, c.gross_late_at, c.is_excepted, c.is_waived) AS tally
	FROM sla.clock_told AS c
	WHERE m.tally IS NULL AND c.kind = ANY ('{ended,breached,gross}')
		AND c.at >= m.from_at AND c.at < m.to_at
		-- each clock once
		AND (c.kind = 'ended' OR c.ended_at >= m.to_at)
		AND (c.kind <> 'gross' OR (c.late_at >= m.from_at AND c.late_at < m.to_at AND c.late_at < c.ended_at) IS NOT TRUE)
) AS t
WHERE m.tally IS NULL;
COMMENT ON VIEW sla.month_ended IS 'private: judgements of clocks that have ended, of months that are not kept, counted by promise';

CREATE VIEW sla.month_open AS
SELECT m.period_start, t.tally
FROM sla.month AS m
CROSS JOIN LATERAL (
	SELECT sla.tally(
		m.period_start, (SELECT z.zones FROM sla.month_zones AS z),
		c.promise_id, c.agreement_id, c.relation, c.state, coalesce(c.ended_at, pg_catalog.now()), c.due_at, c.late_at,
		c.gross_due_at, c.gross_late_at, c.is_excepted, c.is_waived) AS tally
	FROM sla.clock_told AS c
	WHERE c.kind = ANY ('{due,late,open gross}')
		AND c.at >= m.from_at AND c.at < m.to_at
		AND (c.kind <> 'open gross'
			OR (c.late_at >= m.from_at AND c.late_at < m.to_at AND c.late_at < coalesce(c.ended_at, pg_catalog.now())) IS NOT TRUE)
) AS t;
COMMENT ON VIEW sla.month_open IS 'private: judgements of open clocks that are not stale, of each month, counted by promise';

-- (Stale ones are derived once, whatever their months are, and not for each month.)
CREATE VIEW sla.stale_tally AS
SELECT sla.tally(
	NULL, (SELECT z.zones FROM sla.month_zones AS z),
	c.promise_id, c.agreement_id, c.relation, c.state, coalesce(c.ended_at, pg_catalog.now()), c.due_at, c.late_at,
	c.gross_due_at, c.gross_late_at, c.is_excepted, c.is_waived) AS tally
FROM sla.clock_stale AS c
WHERE sla.may_be_stale();
COMMENT ON VIEW sla.stale_tally IS 'private: judgements of stale clocks, counted by month and promise';

CREATE VIEW sla.month_tally AS
SELECT m.period_start, m.tally FROM sla.month_state AS m WHERE m.tally IS NOT NULL
UNION ALL
SELECT e.period_start, e.tally FROM sla.month_ended AS e
UNION ALL
SELECT o.period_start, o.tally FROM sla.month_open AS o;
COMMENT ON VIEW sla.month_tally IS 'private: judgements of each month but those of stale clocks, counted by promise';

-- (It is not strict, so that the planner can inline it.)
CREATE FUNCTION sla.tally_rows(tally bigint[])
RETURNS TABLE (
	period_start date,
	promise_id bigint,
	met bigint,
	tolerated bigint,
	breached bigint,
	waived bigint,
	gross_met bigint,
	gross_tolerated bigint,
	gross_breached bigint
)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT
		date '2000-01-01' + tally[i.i + 1]::integer,
		tally[i.i + 2],
		tally[i.i + 3],
		tally[i.i + 4],
		tally[i.i + 5],
		tally[i.i + 6],
		tally[i.i + 7],
		tally[i.i + 8],
		tally[i.i + 9]
	FROM pg_catalog.unnest(ARRAY(
		SELECT pg_catalog.generate_series(0, pg_catalog.array_upper(tally, 1) - 9, 9))) AS i (i);
END;
COMMENT ON FUNCTION sla.tally_rows(bigint[]) IS 'private: what sla.tally() counted, a row for each month and promise';

-- (Promises are looked up, and never what is joined to: however few of them the
-- planner takes a condition to select, months are counted once.)
CREATE VIEW sla.report_attainment AS
SELECT
	j.period_start,
	p.relation::text AS relation,
	p.policy,
	p.metric,
	sla.day_begins(coalesce(t.time_zone, 'UTC'), j.period_start::timestamp) AS "time",
	sum(j.met + j.tolerated + j.breached + j.waived)::bigint AS clocks,
	sum(j.met)::bigint AS met,
	sum(j.tolerated)::bigint AS tolerated,
	sum(j.breached)::bigint AS breached,
	sum(j.waived)::bigint AS waived,
	100 * sum(j.met)::double precision
		/ nullif(sum(j.met + j.tolerated + j.breached + j.waived), 0)::double precision AS met_percent,
	100 * sum(j.met + j.tolerated + j.waived)::double precision
		/ nullif(sum(j.met + j.tolerated + j.breached + j.waived), 0)::double precision AS net_percent,
	sum(j.gross_met + j.gross_tolerated + j.gross_breached)::bigint AS gross_clocks,
	sum(j.gross_breached)::bigint AS gross_breached,
	100 * sum(j.gross_met + j.gross_tolerated)::double precision
		/ nullif(sum(j.gross_met + j.gross_tolerated + j.gross_breached), 0)::double precision AS gross_percent
FROM (
	SELECT
		m.period_start, r.promise_id, r.met, r.tolerated, r.breached, r.waived,
		r.gross_met, r.gross_tolerated, r.gross_breached
	FROM sla.month_tally AS m
	CROSS JOIN LATERAL sla.tally_rows(m.tally) AS r
	UNION ALL
	SELECT r.*
	FROM sla.stale_tally AS s
	CROSS JOIN LATERAL sla.tally_rows(s.tally) AS r
) AS j
CROSS JOIN LATERAL (
	SELECT q.relation, q.policy, q.metric FROM sla.promise AS q WHERE q.id = j.promise_id OFFSET 0
) AS p
LEFT JOIN sla.tracked AS t ON t.relation = p.relation
GROUP BY j.period_start, p.relation, t.time_zone, p.policy, p.metric;
COMMENT ON VIEW sla.report_attainment IS
'how many clocks were kept, by the month of their verdict (of the stop when kept, of the breach when not), in the agreement''s time zone, else the tracked table''s; ask for the months you want by period_start';
COMMENT ON COLUMN sla.report_attainment.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_attainment.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_attainment.policy IS 'the policy';
COMMENT ON COLUMN sla.report_attainment.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_attainment."time" IS 'the instant at which the month begins in the tracked table''s time zone';
COMMENT ON COLUMN sla.report_attainment.clocks IS 'clocks with a verdict: met, tolerated, breached or waived';
COMMENT ON COLUMN sla.report_attainment.met IS 'stopped by the goal';
COMMENT ON COLUMN sla.report_attainment.tolerated IS 'stopped after the goal, by the threshold';
COMMENT ON COLUMN sla.report_attainment.breached IS 'went on after the threshold, and not waived';
COMMENT ON COLUMN sla.report_attainment.waived IS 'went on after the threshold, and forgiven by an exception';
COMMENT ON COLUMN sla.report_attainment.met_percent IS 'percentage that met the goal';
COMMENT ON COLUMN sla.report_attainment.net_percent IS 'percentage kept, with exceptions: met, tolerated or waived';
COMMENT ON COLUMN sla.report_attainment.gross_clocks IS 'clocks with a verdict of this month without exceptions';
COMMENT ON COLUMN sla.report_attainment.gross_breached IS 'breached without exceptions';
COMMENT ON COLUMN sla.report_attainment.gross_percent IS 'percentage kept without exceptions: met or tolerated';

/*
 * All history.  Clocks that have ended are told by months, when all but a few of
 * these are kept.  Else they are read as they lie, with nothing between the table
 * and the count.
 */
CREATE VIEW sla.history_ended AS
SELECT sla.tally(NULL, (SELECT z.zones FROM sla.month_zones AS z),
		j.promise_id, j.agreement_id, j.relation, j.state, j.ended_at, j.due_at, j.late_at,
		j.gross_due_at, j.gross_late_at, j.is_excepted, j.is_waived) AS tally
FROM sla.clock_seen AS j;
COMMENT ON VIEW sla.history_ended IS 'private: judgements of all clocks that have ended, counted by month and promise in one pass';

CREATE VIEW sla.history_tally AS
SELECT t.tally
FROM (
	SELECT count(*) FILTER (WHERE m.tally IS NULL) <= 12 AND count(m.tally) > 0 AS by_months
	FROM sla.month_state AS m
	OFFSET 0
) AS g
CROSS JOIN LATERAL (
	SELECT e.tally FROM sla.history_ended AS e WHERE NOT g.by_months
	UNION ALL
	SELECT m.tally FROM sla.month_state AS m WHERE g.by_months
	UNION ALL
	SELECT m.tally FROM sla.month_ended AS m WHERE g.by_months
) AS t
UNION ALL
SELECT sla.tally(NULL, (SELECT z.zones FROM sla.month_zones AS z),
		j.promise_id, j.agreement_id, j.relation, j.state, coalesce(j.ended_at, pg_catalog.now()), j.due_at, j.late_at,
		j.gross_due_at, j.gross_late_at, j.is_excepted, j.is_waived)
FROM sla.clock_fresh AS j
WHERE j.is_stale OR j.ended_at IS NULL;
COMMENT ON VIEW sla.history_tally IS 'private: judgements of all clocks, counted by month and promise';

CREATE VIEW sla.report_attainment_history AS
SELECT
	j.period_start,
	p.relation::text AS relation,
	p.policy,
	p.metric,
	sla.day_begins(coalesce(t.time_zone, 'UTC'), j.period_start::timestamp) AS "time",
	sum(j.met + j.tolerated + j.breached + j.waived)::bigint AS clocks,
	sum(j.met)::bigint AS met,
	sum(j.tolerated)::bigint AS tolerated,
	sum(j.breached)::bigint AS breached,
	sum(j.waived)::bigint AS waived,
	100 * sum(j.met)::double precision
		/ nullif(sum(j.met + j.tolerated + j.breached + j.waived), 0)::double precision AS met_percent,
	100 * sum(j.met + j.tolerated + j.waived)::double precision
		/ nullif(sum(j.met + j.tolerated + j.breached + j.waived), 0)::double precision AS net_percent,
	sum(j.gross_met + j.gross_tolerated + j.gross_breached)::bigint AS gross_clocks,
	sum(j.gross_breached)::bigint AS gross_breached,
	100 * sum(j.gross_met + j.gross_tolerated)::double precision
		/ nullif(sum(j.gross_met + j.gross_tolerated + j.gross_breached), 0)::double precision AS gross_percent
FROM (
	SELECT r.*
	FROM sla.history_tally AS h
	CROSS JOIN LATERAL sla.tally_rows(h.tally) AS r
	OFFSET 0
) AS j
CROSS JOIN LATERAL (
	SELECT q.relation, q.policy, q.metric FROM sla.promise AS q WHERE q.id = j.promise_id OFFSET 0
) AS p
LEFT JOIN sla.tracked AS t ON t.relation = p.relation
WHERE j.period_start <= pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', pg_catalog.now()) + interval '16 hours')
GROUP BY j.period_start, p.relation, t.time_zone, p.policy, p.metric;
COMMENT ON VIEW sla.report_attainment_history IS
'report_attainment of all months at once: where most are not kept, one pass over all clocks, whatever is asked for';
COMMENT ON COLUMN sla.report_attainment_history.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_attainment_history.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_attainment_history.policy IS 'the policy';
COMMENT ON COLUMN sla.report_attainment_history.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_attainment_history."time" IS 'the instant at which the month begins in the tracked table''s time zone';
COMMENT ON COLUMN sla.report_attainment_history.clocks IS 'clocks with a verdict: met, tolerated, breached or waived';
COMMENT ON COLUMN sla.report_attainment_history.met IS 'stopped by the goal';
COMMENT ON COLUMN sla.report_attainment_history.tolerated IS 'stopped after the goal, by the threshold';
COMMENT ON COLUMN sla.report_attainment_history.breached IS 'went on after the threshold, and not waived';
COMMENT ON COLUMN sla.report_attainment_history.waived IS 'went on after the threshold, and forgiven by an exception';
COMMENT ON COLUMN sla.report_attainment_history.met_percent IS 'percentage that met the goal';
COMMENT ON COLUMN sla.report_attainment_history.net_percent IS 'percentage kept, with exceptions: met, tolerated or waived';
COMMENT ON COLUMN sla.report_attainment_history.gross_clocks IS 'clocks with a verdict of this month without exceptions';
COMMENT ON COLUMN sla.report_attainment_history.gross_breached IS 'breached without exceptions';
COMMENT ON COLUMN sla.report_attainment_history.gross_percent IS 'percentage kept without exceptions: met or tolerated';

/*
 * Judgements by month.  Stale clocks are derived once, and not for each month.
 */
CREATE VIEW sla.month_judgement AS
SELECT j.period_start, j.promise_id, j.owner, j.labels, j.net, j.gross
FROM (
	SELECT m.*, j.*
	FROM sla.month AS m
	CROSS JOIN LATERAL (
		SELECT j.promise_id, j.agreement_id, j.owner, j.labels, j.net, j.gross, j.at
		FROM sla.judgement AS j
		WHERE NOT j.is_stale AND j.at >= m.from_at AND j.at < m.to_at
		OFFSET 0
	) AS j
	UNION ALL
	SELECT m.*, j.*
	FROM (
		SELECT j.promise_id, j.agreement_id, j.owner, j.labels, j.net, j.gross, j.at
		FROM sla.judgement AS j
		WHERE j.is_stale AND sla.may_be_stale()
		OFFSET 0
	) AS j
	JOIN sla.month AS m ON j.at >= m.from_at AND j.at < m.to_at
) AS j
JOIN sla.promise AS p ON p.id = j.promise_id
LEFT JOIN sla.tracked AS t ON t.relation = p.relation
LEFT JOIN sla.agreement AS a ON a.id = j.agreement_id
WHERE (j.at >= j.all_from_at AND j.at < j.all_to_at)
	OR (j.at >= sla.day_begins(coalesce(a.time_zone, t.time_zone, 'UTC'), j.period_start::timestamp)
		AND j.at < sla.day_begins(coalesce(a.time_zone, t.time_zone, 'UTC'), j.period_start + interval '1 month'));
COMMENT ON VIEW sla.month_judgement IS 'private: judgements, each with the month it counts in';

CREATE VIEW sla.report_attainment_by_label AS
SELECT
	j.period_start,
	p.relation::text AS relation,
	p.metric,
	l.key AS label,
	l.value,
	sla.day_begins(coalesce(t.time_zone, 'UTC'), j.period_start::timestamp) AS "time",
	coalesce(sum(j.n) FILTER (WHERE j.net > 0), 0)::bigint AS clocks,
	coalesce(sum(j.n) FILTER (WHERE j.net = 1), 0)::bigint AS met,
	coalesce(sum(j.n) FILTER (WHERE j.net = 2), 0)::bigint AS tolerated,
	coalesce(sum(j.n) FILTER (WHERE j.net = 3), 0)::bigint AS breached,
	coalesce(sum(j.n) FILTER (WHERE j.net = 4), 0)::bigint AS waived,
	100 * coalesce(sum(j.n) FILTER (WHERE j.net = 1), 0)::double precision
		/ (sum(j.n) FILTER (WHERE j.net > 0))::double precision AS met_percent,
	100 * coalesce(sum(j.n) FILTER (WHERE j.net IN (1, 2, 4)), 0)::double precision
		/ (sum(j.n) FILTER (WHERE j.net > 0))::double precision AS net_percent,
	coalesce(sum(j.n) FILTER (WHERE j.gross > 0), 0)::bigint AS gross_clocks,
	coalesce(sum(j.n) FILTER (WHERE j.gross = 3), 0)::bigint AS gross_breached,
	100 * coalesce(sum(j.n) FILTER (WHERE j.gross IN (1, 2)), 0)::double precision
		/ (sum(j.n) FILTER (WHERE j.gross > 0))::double precision AS gross_percent
FROM (
	SELECT j.period_start, j.promise_id, j.labels, j.net, j.gross, count(*) AS n
	FROM sla.month_judgement AS j
	GROUP BY j.period_start, j.promise_id, j.labels, j.net, j.gross
) AS j
CROSS JOIN LATERAL pg_catalog.jsonb_each_text(j.labels) AS l
CROSS JOIN LATERAL (
	SELECT q.relation, q.metric FROM sla.promise AS q WHERE q.id = j.promise_id OFFSET 0
) AS p
LEFT JOIN sla.tracked AS t ON t.relation = p.relation
GROUP BY j.period_start, p.relation, t.time_zone, p.metric, l.key, l.value;
COMMENT ON VIEW sla.report_attainment_by_label IS
'report_attainment by each label that the clocks have; the labels of a breach are those at its instant';
COMMENT ON COLUMN sla.report_attainment_by_label.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_attainment_by_label.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_attainment_by_label.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_attainment_by_label.label IS 'name of the label';
COMMENT ON COLUMN sla.report_attainment_by_label.value IS 'its value';
COMMENT ON COLUMN sla.report_attainment_by_label."time" IS 'the instant at which the month begins in the tracked table''s time zone';
COMMENT ON COLUMN sla.report_attainment_by_label.clocks IS 'clocks with a verdict: met, tolerated, breached or waived';
COMMENT ON COLUMN sla.report_attainment_by_label.met IS 'stopped by the goal';
COMMENT ON COLUMN sla.report_attainment_by_label.tolerated IS 'stopped after the goal, by the threshold';
COMMENT ON COLUMN sla.report_attainment_by_label.breached IS 'went on after the threshold, and not waived';
COMMENT ON COLUMN sla.report_attainment_by_label.waived IS 'went on after the threshold, and forgiven by an exception';
COMMENT ON COLUMN sla.report_attainment_by_label.met_percent IS 'percentage that met the goal';
COMMENT ON COLUMN sla.report_attainment_by_label.net_percent IS 'percentage kept, with exceptions: met, tolerated or waived';
COMMENT ON COLUMN sla.report_attainment_by_label.gross_clocks IS 'clocks with a verdict of this month without exceptions';
COMMENT ON COLUMN sla.report_attainment_by_label.gross_breached IS 'breached without exceptions';
COMMENT ON COLUMN sla.report_attainment_by_label.gross_percent IS 'percentage kept without exceptions: met or tolerated';

CREATE VIEW sla.report_owner AS
SELECT
	j.period_start,
	p.relation::text AS relation,
	j.owner,
	p.metric,
	sla.day_begins(coalesce(t.time_zone, 'UTC'), j.period_start::timestamp) AS "time",
	coalesce(sum(j.n) FILTER (WHERE j.net > 0), 0)::bigint AS clocks,
	coalesce(sum(j.n) FILTER (WHERE j.net = 1), 0)::bigint AS met,
	coalesce(sum(j.n) FILTER (WHERE j.net = 2), 0)::bigint AS tolerated,
	coalesce(sum(j.n) FILTER (WHERE j.net = 3), 0)::bigint AS breached,
	coalesce(sum(j.n) FILTER (WHERE j.net = 4), 0)::bigint AS waived,
	100 * coalesce(sum(j.n) FILTER (WHERE j.net = 1), 0)::double precision
		/ (sum(j.n) FILTER (WHERE j.net > 0))::double precision AS met_percent,
	100 * coalesce(sum(j.n) FILTER (WHERE j.net IN (1, 2, 4)), 0)::double precision
		/ (sum(j.n) FILTER (WHERE j.net > 0))::double precision AS net_percent,
	coalesce(sum(j.n) FILTER (WHERE j.gross > 0), 0)::bigint AS gross_clocks,
	coalesce(sum(j.n) FILTER (WHERE j.gross = 3), 0)::bigint AS gross_breached,
	100 * coalesce(sum(j.n) FILTER (WHERE j.gross IN (1, 2)), 0)::double precision
		/ (sum(j.n) FILTER (WHERE j.gross > 0))::double precision AS gross_percent
FROM (
	SELECT j.period_start, j.promise_id, j.owner, j.net, j.gross, count(*) AS n
	FROM sla.month_judgement AS j
	GROUP BY j.period_start, j.promise_id, j.owner, j.net, j.gross
) AS j
CROSS JOIN LATERAL (
	SELECT q.relation, q.metric FROM sla.promise AS q WHERE q.id = j.promise_id OFFSET 0
) AS p
LEFT JOIN sla.tracked AS t ON t.relation = p.relation
GROUP BY j.period_start, p.relation, t.time_zone, j.owner, p.metric;
COMMENT ON VIEW sla.report_owner IS
'report_attainment by who was responsible: when it stopped, or at the breach';
COMMENT ON COLUMN sla.report_owner.period_start IS 'first day of the month';
COMMENT ON COLUMN sla.report_owner.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_owner.owner IS 'who was responsible; NULL: nobody';
COMMENT ON COLUMN sla.report_owner.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_owner."time" IS 'the instant at which the month begins in the tracked table''s time zone';
COMMENT ON COLUMN sla.report_owner.clocks IS 'clocks with a verdict: met, tolerated, breached or waived';
COMMENT ON COLUMN sla.report_owner.met IS 'stopped by the goal';
COMMENT ON COLUMN sla.report_owner.tolerated IS 'stopped after the goal, by the threshold';
COMMENT ON COLUMN sla.report_owner.breached IS 'went on after the threshold, and not waived';
COMMENT ON COLUMN sla.report_owner.waived IS 'went on after the threshold, and forgiven by an exception';
COMMENT ON COLUMN sla.report_owner.met_percent IS 'percentage that met the goal';
COMMENT ON COLUMN sla.report_owner.net_percent IS 'percentage kept, with exceptions: met, tolerated or waived';
COMMENT ON COLUMN sla.report_owner.gross_clocks IS 'clocks with a verdict of this month without exceptions';
COMMENT ON COLUMN sla.report_owner.gross_breached IS 'breached without exceptions';
COMMENT ON COLUMN sla.report_owner.gross_percent IS 'percentage kept without exceptions: met or tolerated';

CREATE VIEW sla.report_pause AS
SELECT
	c.clock_id,
	c.relation::text AS relation,
	c.item,
	p.metric,
	nullif(c.per, '') AS per,
	c.cycle,
	n.n AS pause,
	c.owner,
	c.party,
	c.pause_reasons[n.n] AS reason,
	c.pauses[2 * n.n - 1] AS "time",
	c.pauses[2 * n.n - 1] AS from_at,
	nullif(c.pauses[2 * n.n], 'infinity') AS to_at,
	@extschema@.business_seconds(c.pauses[2 * n.n - 1],
		CASE WHEN c.pauses[2 * n.n] = 'infinity'
			THEN greatest(pg_catalog.now(), c.pauses[2 * n.n - 1])
			ELSE c.pauses[2 * n.n]
		END,
		sla.calendar_of(p.goal, p.calendar)) AS paused_seconds,
	sla.duration_text(@extschema@.business_seconds(c.pauses[2 * n.n - 1],
		CASE WHEN c.pauses[2 * n.n] = 'infinity'
			THEN greatest(pg_catalog.now(), c.pauses[2 * n.n - 1])
			ELSE c.pauses[2 * n.n]
		END,
		sla.calendar_of(p.goal, p.calendar))) AS paused_text,
	c.pauses[2 * n.n] = 'infinity' AS is_lasting
FROM sla.clock_fresh AS c
CROSS JOIN LATERAL (
	SELECT ((u.n + 1) / 2)::integer AS n FROM pg_catalog.unnest(c.pauses) WITH ORDINALITY AS u (at, n) WHERE u.n % 2 = 1
) AS n
LEFT JOIN sla.promise AS p ON p.id = c.promise_id;
COMMENT ON VIEW sla.report_pause IS 'pauses: who kept it waiting, for how much business time';
COMMENT ON COLUMN sla.report_pause.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla.report_pause.relation IS 'the tracked table';
COMMENT ON COLUMN sla.report_pause.item IS 'the key of the row, as text';
COMMENT ON COLUMN sla.report_pause.metric IS 'what is measured';
COMMENT ON COLUMN sla.report_pause.per IS 'the value of a metric with hand-offs; else NULL';
COMMENT ON COLUMN sla.report_pause.cycle IS 'number of the cycle, from 1';
COMMENT ON COLUMN sla.report_pause.pause IS 'number of the pause in its cycle, from 1';
COMMENT ON COLUMN sla.report_pause.owner IS 'who is responsible; who was, when it ended';
COMMENT ON COLUMN sla.report_pause.party IS 'the customer';
COMMENT ON COLUMN sla.report_pause.reason IS 'why it was paused';
COMMENT ON COLUMN sla.report_pause."time" IS 'when the pause began';
COMMENT ON COLUMN sla.report_pause.from_at IS 'when the pause began';
COMMENT ON COLUMN sla.report_pause.to_at IS 'when it ended; NULL while it lasts';
COMMENT ON COLUMN sla.report_pause.paused_seconds IS 'business time of the pause, by the calendar as it is now; until now while it lasts';
COMMENT ON COLUMN sla.report_pause.paused_text IS 'the same in words';
COMMENT ON COLUMN sla.report_pause.is_lasting IS 'it lasts';

/*
 * Definitions as they are in force now
 */

CREATE VIEW sla.agreement_version AS
SELECT
	a.*,
	a.valid_from <= pg_catalog.now()
		AND pg_catalog.now() < least(coalesce(a.valid_until, 'infinity'), coalesce(a.ends_at, 'infinity')) AS is_in_force
FROM (
	SELECT
		a.*,
		pg_catalog.row_number() OVER (PARTITION BY a.party, a.name ORDER BY a.valid_from) AS version,
		pg_catalog.lead(a.valid_from) OVER (PARTITION BY a.party, a.name ORDER BY a.valid_from) AS valid_until
	FROM sla.agreement AS a
) AS a;
COMMENT ON VIEW sla.agreement_version IS 'private: agreements, each version with its number and its end';

CREATE VIEW sla.report_exception AS
SELECT
	e.id AS exception,
	e.kind,
	e.relation::text AS relation,
	e.policy,
	e.metric,
	e.party,
	e.item,
	e.objective,
	e.labels,
	CASE WHEN pg_catalog.isfinite(pg_catalog.lower(e.during)) THEN pg_catalog.lower(e.during) END AS "time",
	CASE WHEN pg_catalog.isfinite(pg_catalog.lower(e.during)) THEN pg_catalog.lower(e.during) END AS from_at,
	CASE WHEN pg_catalog.isfinite(pg_catalog.upper(e.during)) THEN pg_catalog.upper(e.during) END AS to_at,
	e.rrule,
	e.extend_by::text AS extend_by_text,
	e.reason,
	e.author,
	CASE WHEN pg_catalog.isfinite(e.created_at) THEN e.created_at END AS created_at,
	e.approved_by,
	CASE WHEN pg_catalog.isfinite(e.approved_at) THEN e.approved_at END AS approved_at,
	e.waive AS is_waiver,
	e.approved_at IS NOT NULL AS is_approved,
	CASE WHEN e.rrule IS NULL THEN coalesce(e.during @> pg_catalog.now(), false) END AS is_lasting
FROM sla.exception AS e
WHERE sla.seen(e.relation, e.item);
COMMENT ON VIEW sla.report_exception IS 'exceptions: time that does not count, deadlines extended, breaches waived';
COMMENT ON COLUMN sla.report_exception.exception IS 'number of the exception';
COMMENT ON COLUMN sla.report_exception.kind IS 'kind, such as force_majeure, customer_delay or maintenance';
COMMENT ON COLUMN sla.report_exception.relation IS 'only clocks of this table; NULL: of all, and so for the following';
COMMENT ON COLUMN sla.report_exception.policy IS 'only clocks of this policy';
COMMENT ON COLUMN sla.report_exception.metric IS 'only clocks of this metric';
COMMENT ON COLUMN sla.report_exception.party IS 'only clocks of this party';
COMMENT ON COLUMN sla.report_exception.item IS 'only clocks of this item';
COMMENT ON COLUMN sla.report_exception.objective IS 'only this objective';
COMMENT ON COLUMN sla.report_exception.labels IS 'only clocks whose labels contain these';
COMMENT ON COLUMN sla.report_exception."time" IS 'when the time that does not count begins';
COMMENT ON COLUMN sla.report_exception.from_at IS 'when the time that does not count begins; NULL: there is none';
COMMENT ON COLUMN sla.report_exception.to_at IS 'when it ends';
COMMENT ON COLUMN sla.report_exception.rrule IS 'how it recurs, as in RFC 5545';
COMMENT ON COLUMN sla.report_exception.extend_by_text IS 'business time by which deadlines move';
COMMENT ON COLUMN sla.report_exception.reason IS 'why';
COMMENT ON COLUMN sla.report_exception.author IS 'who wrote it';
COMMENT ON COLUMN sla.report_exception.created_at IS 'when it was written';
COMMENT ON COLUMN sla.report_exception.approved_by IS 'who approved it';
COMMENT ON COLUMN sla.report_exception.approved_at IS 'when it was approved; before, it has no effect';
COMMENT ON COLUMN sla.report_exception.is_waiver IS 'it forgives breaches';
COMMENT ON COLUMN sla.report_exception.is_approved IS 'it has been approved';
COMMENT ON COLUMN sla.report_exception.is_lasting IS 'its time is now; NULL: it recurs';
