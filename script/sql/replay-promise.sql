-- script/sql/replay-promise.sql: the incidents' table under watch, and what is
-- promised about it.
--
-- psql variables: incident (the table), zone, calendar, and handoff (the goal of
-- each group).

-- The row says when it changed: so the clocks are those of the log's time.
SELECT sla.track(:'incident', item => 'number', at => 'changed_at', owner => 'assignment_group',
				 labels => $$jsonb_build_object('priority', 'P' || priority)$$,
				 time_zone => :'zone') AS tracked \gset

-- An incident is answered once; it is resolved until it is reopened, and waits
-- while somebody else has to act; each group that has it in turn gets a clock of
-- its own.
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, on_reopen) VALUES
	(:'incident', 'first_response', 'opened_at', 'responded_at IS NOT NULL', 'responded_at', 'ignore');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, pause_reason) VALUES
	(:'incident', 'resolution', 'opened_at', 'resolved_at IS NOT NULL', 'resolved_at',
	 $$state LIKE 'Awaiting%'$$, 'state');
INSERT INTO sla.metric (relation, name, kind, per, start_at, stop_when, stop_at, pause_when, pause_reason) VALUES
	(:'incident', 'group_time', 'ola', 'assignment_group', 'opened_at', 'resolved_at IS NOT NULL', 'resolved_at',
	 $$state LIKE 'Awaiting%'$$, 'state');

-- A policy for each priority, and one that the groups have among themselves.
INSERT INTO sla.policy (relation, name, applies_when, rank)
SELECT DISTINCT :'incident'::regclass, 'P' || priority, 'priority = ' || priority, priority FROM goal;
INSERT INTO sla.policy (relation, name, rank) VALUES (:'incident', 'between groups', 9);
INSERT INTO sla.target (relation, policy, metric, goal)
SELECT :'incident', 'P' || priority, metric, goal FROM goal;
INSERT INTO sla.target (relation, policy, metric, goal)
SELECT :'incident', 'between groups', 'group_time',
	   CASE WHEN calendar(goal) IS NULL THEN at_calendar(goal, :'calendar') ELSE goal END
FROM (SELECT business_interval :'handoff') AS g (goal);
