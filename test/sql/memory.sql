-- What is read, printed, computed or refused leaves no memory behind in the session.
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO sla.calendar (name, hours) VALUES ('memory', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00');
CREATE TABLE input (type regtype, literal text);
INSERT INTO input VALUES
	('business_interval', '4 bh'), ('business_interval', '-2 bd 30 bmin @memory'), ('business_interval', 'P2DT4H'),
	('business_interval', ''), ('business_interval', '4 bx'), ('business_interval', '99999999999999999999 bh'), ('business_interval', '4 bh @"open'),
	('business_hours', '24/7'), ('business_hours', 'TZ=Europe/Berlin Mo-Fr 09:00-12:00,13:00-17:00; Sa[1] 10:00-12:00; easter off; PH off'),
	('business_hours', 'TZ=Europe/Nowhere Mo'), ('business_hours', 'Mo-Fr 9-17'), ('business_hours', 'Mo-Fr 25:00-26:00; '), ('business_hours', '');
CREATE FUNCTION rounds(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	i input;
BEGIN
	FOR round IN 1..n LOOP
		FOR i IN SELECT * FROM input LOOP
			BEGIN
				IF i.type = 'business_interval'::regtype THEN
					PERFORM i.literal::business_interval::text,
						timestamptz '2026-11-20 09:00Z' + CASE WHEN i.literal LIKE '%@memory' THEN i.literal::business_interval END;
				ELSE
					PERFORM i.literal::business_hours::text, business_add('2026-11-20 09:00Z', '3 bh', i.literal::business_hours);
				END IF;
			EXCEPTION WHEN data_exception THEN
				NULL;
			END;
		END LOOP;
	END LOOP;
END
$$;
CREATE FUNCTION left_behind(n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	used bigint[];
BEGIN
	FOREACH n IN ARRAY ARRAY[1, 1, n] LOOP
		PERFORM rounds(n);
		used := used || (SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts);
	END LOOP;
	RETURN used[3] - used[2];
END
$$;
SELECT left_behind(1000) < 16384 AS nothing;

-- nor do clocks that come and go, and objectives that are asked for
CREATE TABLE memory_ticket (id int PRIMARY KEY, status text, created_at timestamptz);
SELECT sla.track('memory_ticket');
INSERT INTO sla.metric (relation, name, pause_when, stop_when) VALUES ('memory_ticket', 'resolution', $$status = 'waiting'$$, $$status = 'done'$$);
INSERT INTO sla.policy (relation, name) VALUES ('memory_ticket', 'any');
INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('memory_ticket', 'any', 'resolution', '4 bh @memory');
INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('memory', 'memory_ticket', 'created_at', $$status = 'done'$$, 90);
CREATE PROCEDURE days(n int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..n LOOP
		INSERT INTO memory_ticket VALUES (i, 'new', '2026-11-20 09:00Z');
		UPDATE memory_ticket SET status = 'waiting' WHERE id = i;
		UPDATE memory_ticket SET status = 'done' WHERE id = i;
		PERFORM count(*) FROM sla.clock WHERE relation = 'memory_ticket'::regclass AND item = i::text;
		PERFORM sla.slo_status('memory', '2026-11-25');
		DELETE FROM memory_ticket WHERE id = i;
		COMMIT;
	END LOOP;
END
$$;
CREATE PROCEDURE days_lost(n int, INOUT nothing boolean DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	used bigint[];
BEGIN
	FOREACH n IN ARRAY ARRAY[20, 20, n] LOOP
		CALL days(n);
		used := used || (SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts);
	END LOOP;
	nothing := used[3] - used[2] < 16384;
END
$$;
CALL days_lost(200);
DROP PROCEDURE days_lost, days;
DROP FUNCTION left_behind, rounds;
DELETE FROM sla.objective WHERE name = 'memory';
DROP TABLE memory_ticket;
DROP TABLE input;
DELETE FROM sla.calendar WHERE name = 'memory';
