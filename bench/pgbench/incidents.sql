\set old random(0, :alerts - 1)
\set agent random(1, 50)
\set priority random(1, 10)
INSERT INTO desk.incident (id, subject, status, priority, team, opened_at, updated_at) VALUES (nextval('desk.incident_id'), 'printer on fire', 'open', :priority, 'team 8', now(), now()) RETURNING id \gset
UPDATE desk.incident SET assignee = 'agent ' || :agent WHERE id = :old;
UPDATE desk.incident SET status = 'resolved', updated_at = now() WHERE id = :id;
