-- sla_deadline() works for triggers beside it: rows are as with something fired between each two.
SET timezone = 'UTC';
SET client_min_messages = warning;
INSERT INTO sla.calendar (name, hours) VALUES ('support', 'TZ=UTC Mo-Fr 09:00-17:00');
CREATE FUNCTION between_them() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql RETURN choices[1 + floor(random() * cardinality(choices))::int];
CREATE FUNCTION mostly(usual text, VARIADIC other text[]) RETURNS text LANGUAGE sql RETURN CASE WHEN random() < 0.9 THEN usual ELSE pick(VARIADIC other) END;
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
-- random triggers on a table, and the same on one where none stands beside another
CREATE PROCEDURE try(rounds int, OUT much_written boolean, OUT differing text) LANGUAGE plpgsql AS $$
DECLARE
	trigger text;
	statement text;
	mode text;
	outcomes text[];
	contents text[];
	written int := 0;
BEGIN
	FOR i IN 1 .. rounds LOOP
		CREATE TABLE beside (id int PRIMARY KEY, c1 timestamptz, c2 timestamptz, c3 timestamptz, b boolean, goal text);
		CREATE TABLE apart (LIKE beside INCLUDING ALL);
		FOR j IN 1 .. 5 LOOP
			trigger := format('%I BEFORE %s ON %%I FOR EACH ROW %s EXECUTE FUNCTION sla_deadline(%L, %L, %L%s)', 't' || j,
				mostly('INSERT OR UPDATE', 'INSERT', 'UPDATE OF c1'), mostly('', 'WHEN (NEW.id > 1)'),
				pick('c1', 'c2', 'c3'), pick('1 bh @support', '3 bh @support', '1 bd @support', 'goal'), pick('c1', 'c2', 'c3'),
				pick('', ', ''c1''', ', ''c2'', ''b''', ', ''c3'', ''b'''));
			mode := mostly('ENABLE', 'ENABLE ALWAYS', 'DISABLE');
			/* (what is both read and written is refused) */
			CONTINUE WHEN trigger ~ '\(''(c.)'',.*''\1''' OR trigger ~ '''(c.)'', ''\1''';
			EXECUTE format('CREATE TRIGGER ' || trigger, 'beside');
			EXECUTE format('CREATE TRIGGER ' || trigger, 'apart');
			EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE ON apart FOR EACH ROW EXECUTE FUNCTION between_them()', 't' || j || 'b');
			EXECUTE format('ALTER TABLE beside %s TRIGGER %I', mode, 't' || j);
			EXECUTE format('ALTER TABLE apart %s TRIGGER %I', mode, 't' || j);
		END LOOP;
		FOR j IN 1 .. 8 LOOP
			statement := pick(
				format('INSERT INTO %%I VALUES (%s, %L, %L, %L, NULL, %L)', j % 4, '2026-03-02 09:00'::timestamp + j * interval '5 h',
					   nullif(pick('2026-03-03 09:00', '2026-03-05', '-'), '-'), nullif(pick('2026-03-04 13:00', '-'), '-'), nullif(pick('2 bh @support', '-'), '-')),
				format('UPDATE %%I SET c1 = %L', '2026-03-06 09:00'::timestamp + j * interval '7 h'),
				format('UPDATE %%I SET c2 = %L, c3 = NULL', '2026-03-06 16:00'::timestamp - j * interval '7 h'),
				format('INSERT INTO %%I AS t (id, c1) VALUES (1, %L) ON CONFLICT (id) DO UPDATE SET c3 = excluded.c1', '2026-03-09 10:00'),
				format('ALTER TABLE %%I DISABLE TRIGGER %I', 't' || j), format('ALTER TRIGGER %I ON %%I RENAME TO %I', 't' || j, 'z' || j));
			statement := replace(statement, 'ON %I RENAME', 'ON %1$I RENAME');
			outcomes := ARRAY[outcome(format(statement, 'beside')), outcome(format(statement, 'apart'))];
			SELECT array_agg(t.rows) INTO contents FROM (
				SELECT string_agg(r::text, ' ' ORDER BY id) FROM beside AS r UNION ALL SELECT string_agg(r::text, ' ' ORDER BY id) FROM apart AS r) AS t (rows);
			written := written + (outcomes[1] = 'done')::int;
			IF outcomes[1] <> outcomes[2] OR contents[1] IS DISTINCT FROM contents[2] THEN
				SELECT concat_ws(E'\n', statement, outcomes::text, contents::text, string_agg(pg_get_triggerdef(oid), E'\n' ORDER BY tgname))
				INTO differing FROM pg_trigger WHERE tgrelid = 'beside'::regclass;
				RETURN;
			END IF;
		END LOOP;
		DROP TABLE beside, apart;
	END LOOP;
	much_written := written > 4 * rounds;
END
$$;
SELECT setseed(0.5);
CALL try(100, NULL, NULL);
DROP TABLE IF EXISTS beside, apart;
DROP PROCEDURE try;
DROP FUNCTION between_them(), mostly(text, text[]), pick(text[]), outcome(text);
DELETE FROM sla.calendar WHERE name = 'support';
DELETE FROM sla.calendar_history WHERE calendar = 'support';
