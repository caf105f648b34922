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

-- In your own table: a trigger keeps the deadline and the breach flag.
CREATE TABLE ticket (id int, opened_at timestamptz, closed_at timestamptz,
                     due_at timestamptz, breached boolean);
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION
    sla_deadline('opened_at', '4 bh @support', 'due_at', 'closed_at', 'breached');
INSERT INTO ticket VALUES (1, '2026-03-02 10:00', '2026-03-02 13:00'),
                          (2, '2026-03-06 16:00', '2026-03-09 15:00');
SELECT * FROM ticket;
SELECT attainment(NOT breached) AS percent_met FROM ticket;
