\set id random(1, 1000000000000)
\set priority random(1, 10)
INSERT INTO desk.ticket (id, subject, body, priority, team, customer, opened_at, updated_at) VALUES (:id, 'printer on fire', 'please help', :priority, 'print', 'ACME', now(), now());
