\set priority random(1, 10)
INSERT INTO desk.ticket_none (id, subject, body, priority, team, customer, opened_at, updated_at) VALUES (nextval('desk.ticket_id'), 'printer on fire', 'please help', :priority, 'print', 'ACME', now(), now());
