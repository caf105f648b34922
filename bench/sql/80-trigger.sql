-- Section "sla_deadline": what the trigger costs an INSERT.  :inserts rows.
CREATE TABLE bench.ticket (
    id           int8 PRIMARY KEY,
    subject      text,
    status       text,
    priority     int,
    opened_at    timestamptz,
    replied_at   timestamptz,
    reply_due_at timestamptz,
    closed_at    timestamptz,
    due_at       timestamptz,
    breached     bool
);
CREATE TABLE bench.ticket_none (LIKE bench.ticket INCLUDING ALL);
CREATE TABLE bench.ticket_one  (LIKE bench.ticket INCLUDING ALL);
CREATE TABLE bench.ticket_two  (LIKE bench.ticket INCLUDING ALL);
CREATE TABLE bench.ticket_plpgsql (LIKE bench.ticket INCLUDING ALL);

CREATE TRIGGER due BEFORE INSERT OR UPDATE ON bench.ticket_one
    FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '8 bh @support', 'due_at', 'closed_at', 'breached');
CREATE TRIGGER reply_due BEFORE INSERT OR UPDATE ON bench.ticket_two
    FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '4 bh @support', 'reply_due_at');
CREATE TRIGGER due BEFORE INSERT OR UPDATE ON bench.ticket_two
    FOR EACH ROW EXECUTE FUNCTION sla_deadline('opened_at', '8 bh @support', 'due_at');
-- The peer: PL/pgSQL that uses our arithmetic.
CREATE FUNCTION bench.two_deadlines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.reply_due_at := NEW.opened_at + business_interval '4 bh @support';
    NEW.due_at := NEW.opened_at + business_interval '8 bh @support';
    RETURN NEW;
END $$;
CREATE TRIGGER due BEFORE INSERT OR UPDATE ON bench.ticket_plpgsql
    FOR EACH ROW EXECUTE FUNCTION bench.two_deadlines();

INSERT INTO bench.ticket
SELECT id, 'ticket number ' || id, 'open', id % 4, opened_at, NULL, NULL, closed_at, NULL, NULL
FROM t WHERE id <= :inserts;
VACUUM (FREEZE, ANALYZE) bench.ticket;

SELECT format('CALL bench.add_statement(''trigger'', %L, %L, %s, %L)',
              'single INSERT, ' || label,
              format($q$DO $b$ BEGIN FOR i IN 1 .. %s LOOP
                        INSERT INTO bench.ticket_%s (id, subject, status, priority, opened_at)
                        VALUES (i, 'printer on fire', 'open', 2, timestamptz '2024-05-06 07:08:09+02' + i * interval '1 minute');
                     END LOOP; END $b$$q$, :inserts, name), :inserts,
              'TRUNCATE bench.ticket_' || name)
FROM (VALUES ('none', 'no trigger'), ('one', 'sla_deadline with breached'), ('two', 'two sla_deadlines'),
             ('plpgsql', 'PL/pgSQL, two deadlines')) x(name, label) \gexec
SELECT format('CALL bench.add_statement(''trigger'', %L, %L, %s, %L)',
              'INSERT of 1,000 rows, ' || label,
              format($q$DO $b$ BEGIN FOR i IN 0 .. %s LOOP
                        INSERT INTO bench.ticket_%s
                        SELECT * FROM bench.ticket WHERE id > i * 1000 AND id <= i * 1000 + 1000;
                     END LOOP; END $b$$q$, :inserts / 1000 - 1, name), :inserts,
              'TRUNCATE bench.ticket_' || name)
FROM (VALUES ('none', 'no trigger'), ('one', 'sla_deadline with breached'), ('two', 'two sla_deadlines'),
             ('plpgsql', 'PL/pgSQL, two deadlines')) x(name, label) \gexec

-- 0.75 of the untracked rate is 1 / 0.75 times its time.
INSERT INTO bench.comparison (section, ours, base, goal)
SELECT 'sla_deadline', way || label, way || 'no trigger', CASE WHEN label LIKE 'PL%' THEN NULL ELSE goal END
FROM (VALUES (1, 'single INSERT, ', 1.20), (2, 'INSERT of 1,000 rows, ', 1.333)) w(n, way, goal),
     unnest(ARRAY['sla_deadline with breached', 'two sla_deadlines', 'PL/pgSQL, two deadlines']) label
ORDER BY n;

CALL bench.measure('trigger', :rounds);

CALL bench.check_equal('sla_deadline on the row',
    'SELECT id, (due_at, breached)::text AS answer FROM bench.ticket_one',
    $$SELECT id, (opened_at + business_interval '8 bh @support',
                  closed_at > opened_at + business_interval '8 bh @support')::text AS answer FROM bench.ticket$$);
CALL bench.check_equal('two sla_deadlines on the row',
    'SELECT id, (reply_due_at, due_at)::text AS answer FROM bench.ticket_two',
    'SELECT id, (reply_due_at, due_at)::text AS answer FROM bench.ticket_plpgsql');
