-- When are you open?
INSERT INTO sla.calendar (name, hours)
VALUES ('support', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30; PH off');
INSERT INTO sla.holiday (calendar, day, name)
VALUES ('support', '2026-12-25', 'Christmas Day');
--
-- Thursday, 16:00: an hour and a half until closing.  Friday is Christmas,
-- then comes the weekend.  Four opening hours later it is Monday.
SELECT timestamptz '2026-12-24 16:00' + business_interval '4 business hours @support' AS due;

-- Opening hours between a question and its answer.
SELECT business_between('2026-12-24 16:00', '2026-12-28 11:30', 'support') AS taken;

-- Your own table.
CREATE TABLE ticket (id int PRIMARY KEY, tier text, status text,
                     created_at timestamptz, updated_at timestamptz);

-- What do you promise about it?
SELECT sla.track('ticket', item => 'id', at => 'updated_at') \g (format=unaligned tuples_only)
INSERT INTO sla.metric (relation, name, start_at, stop_when, pause_when, pause_reason) VALUES
    ('ticket', 'resolution', 'created_at', $$status = 'resolved'$$, $$status LIKE 'waiting%'$$, 'status');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
    ('ticket', 'gold', $$tier = 'gold'$$, 1), ('ticket', 'standard', 'true', 9);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
    ('ticket', 'gold', 'resolution', '4 business hours @support'),
    ('ticket', 'standard', 'resolution', '2 business days @support');

-- Write to it as ever: its clocks follow in the same transaction.
INSERT INTO ticket VALUES (1, 'gold', 'open', '2026-03-02 10:00', '2026-03-02 10:00'),
                          (2, 'none', 'open', '2026-03-06 16:00', '2026-03-06 16:00');
UPDATE ticket SET status = 'waiting for customer', updated_at = '2026-03-02 11:00' WHERE id = 1;
UPDATE ticket SET status = 'open', updated_at = '2026-03-02 15:00' WHERE id = 1;
UPDATE ticket SET status = 'resolved', updated_at = '2026-03-03 09:45' WHERE id = 1;

-- Ask.
SELECT item, policy, due_at, stopped_at, verdict FROM sla.clock ORDER BY item;
SELECT item, reason, from_at, to_at, paused_text FROM sla.report_pause;
SELECT from_at, to_at, what, detail FROM sla.explain('ticket', '1', 'resolution');
