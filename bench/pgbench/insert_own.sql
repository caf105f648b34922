\set priority random(1, 10)
BEGIN;
INSERT INTO desk.ticket_app (id, subject, body, priority, team, customer, opened_at, updated_at) VALUES (nextval('desk.ticket_id'), 'printer on fire', 'please help', :priority, 'print', 'ACME', now(), now());
INSERT INTO desk.clock (started_at, last_at, due_at, late_at, risk_at, budget, paused, revision, relation, metric_id, promise_id, cycle, levels, state, is_excepted, is_waived, item, per, labels) SELECT now(), now(), now() + g.goal, now() + g.goal, now() + g.risk, g.budget, 0, g.revision, 'desk.ticket'::regclass, g.metric_id, g.promise_id, 1, 0, 'r', false, false, currval('desk.ticket_id'), '', jsonb_build_object('team', 'print') FROM desk.goal g WHERE g.priority = :priority;
COMMIT;
