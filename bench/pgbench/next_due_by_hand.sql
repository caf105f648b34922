SELECT c.item, p.metric, p.policy, c.owner, c.due_at, c.late_at < now() FROM sla.clock_state c JOIN sla.promise p ON p.id = c.promise_id WHERE c.ended_at IS NULL ORDER BY c.due_at LIMIT 100;
