/*
 * Random opening hours of the whole grammar, also composed, and instants where
 * something happens.  Schema "test".
 */
CREATE FUNCTION test.rnd(n int) RETURNS int LANGUAGE sql VOLATILE AS $$
	SELECT floor(random() * n)::int
$$;

CREATE FUNCTION test.pick(variadic a text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT a[1 + floor(random() * cardinality(a))::int]
$$;

CREATE FUNCTION test.random_zone() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT test.pick('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Asia/Kathmandu',
		'Asia/Kolkata', 'America/Sao_Paulo', 'Pacific/Apia', 'Europe/Dublin', 'Asia/Tehran', 'UTC', 'Pacific/Chatham',
		'Africa/Monrovia', 'America/Havana', 'Antarctica/Troll', 'Pacific/Kwajalein', 'Asia/Pyongyang', 'Europe/Moscow',
		'America/Caracas', 'Asia/Manila', 'America/Juneau')
$$;

CREATE FUNCTION test.random_rule() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	sel text := test.pick('', '', '', '', 'Jan-Jun ', 'Oct ', 'Dec 24-26 ', 'Dec 24-Jan 02 ', '2024 ', '2020-2030 ', '2011+ ',
		'2024 Mar 30-2024 Nov 02 ', '2026 Nov 01+ ', 'week 1-26 ', 'week 2-52/2 ', 'easter ', 'easter -2 days ', 'easter +1 day ', 'Feb 29 ');
	day text := test.pick('Mo-Fr ', 'Mo-Fr ', 'Mo-Su ', 'Sa,Su ', 'Fr-Mo ', 'Tu,Th ', 'We ', 'Mo[1] ', 'Fr[-1] ', 'Su[2,4] ', 'PH ', '');
	spans text := '';
	h int;
BEGIN
	IF test.rnd(6) = 0 THEN
		spans := test.pick('off', 'closed', '12:00-13:00 off');
	ELSIF test.rnd(6) = 0 THEN
		spans := test.pick('22:00-06:00', '00:00-24:00', '18:30-26:00', '23:59:59-00:00:01', '02:00-03:00', '02:30-09:00', '00:00-02:15', '20:00-44:00');
	ELSE
		h := test.rnd(12);
		spans := to_char(h, 'FM00') || ':' || test.pick('00', '30', '15', '07:13') || '-' || to_char(h + 4, 'FM00') || ':00';
		IF test.rnd(3) = 0 THEN
			spans := spans || ',' || to_char(h + 5, 'FM00') || ':30-' || to_char(h + 9, 'FM00') || test.pick(':00', ':45', ':59:59');
		END IF;
	END IF;
	RETURN sel || day || spans;
END
$$;

CREATE FUNCTION test.random_hours(depth int DEFAULT 2) RETURNS business_hours LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	leaf text;
	h business_hours;
BEGIN
	IF depth > 0 AND test.rnd(4) = 0 THEN
		h := CASE test.rnd(3)
			WHEN 0 THEN test.random_hours(depth - 1) + test.random_hours(depth - 1)
			WHEN 1 THEN test.random_hours(depth - 1) * test.random_hours(depth - 1)
			ELSE test.random_hours(depth - 1) - test.random_hours(depth - 1) END;
		IF test.rnd(3) = 0 THEN
			h := ('TZ=' || test.random_zone() || ' (' || h || ')')::business_hours;
		END IF;
		RETURN h;
	END IF;
	IF test.rnd(12) = 0 THEN
		leaf := '24/7';
	ELSE
		leaf := test.pick('Mo-Fr 09:00-17:00', 'Mo-Sa 08:00-12:00,14:00-18:30', 'Mo-Fr 22:00-06:00', 'Mo-Su 00:00-24:00', 'Tu 10:00-11:00');
	END IF;
	FOR i IN 1 .. test.rnd(4) LOOP
		leaf := leaf || CASE WHEN leaf = '24/7' THEN '; ' ELSE test.pick('; ', '; ', ', ') END || test.random_rule();
	END LOOP;
	h := ('TZ=' || test.random_zone() || ' ' || leaf)::business_hours;
	IF test.rnd(3) = 0 THEN
		h := with_holidays(h, ARRAY(SELECT DISTINCT date '2000-01-01' + test.rnd(15000) FROM generate_series(1, 40)));
	END IF;
	RETURN h;
END
$$;

/* Days on which clocks change, and other awkward ones. */
CREATE FUNCTION test.random_center() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT test.pick('2024-03-31', '2024-10-27', '2025-03-09', '2025-11-02', '2024-10-06', '2024-04-07', '2024-03-10', '2024-04-14',
		'1986-01-01', '2018-11-04', '2018-02-18', '2011-12-30', '1993-08-21', '1971-10-31', '2021-03-22', '2022-09-22', '1972-01-07',
		'2024-11-03', '2015-08-15', '2018-05-05', '2007-12-09', '2000-02-29', '1900-03-01', '2100-02-28', '2199-12-31')::timestamptz
$$;

/* Near such a day; without one, anywhere from 1900 to 2200. */
CREATE FUNCTION test.random_instant(center timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT CASE
		WHEN center IS NULL THEN timestamptz '1900-01-02 00:00Z' + random() * interval '109570 days'
		WHEN test.rnd(4) = 0 THEN center + (random() - 0.5) * interval '1000 days'
		ELSE center + (test.rnd(2880) - 1440) * interval '1 min' + test.pick('0', '0', '0', '1 us', '-1 us', '13.5 s')::interval END
$$;

/* what an error is not an answer to: NULL, when the calendar ends */
CREATE FUNCTION test.add(t timestamptz, d business_interval, h business_hours) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN business_add(t, d, h);
EXCEPTION WHEN datetime_field_overflow THEN
	RETURN NULL;
END
$$;

CREATE FUNCTION test.edge(which text, t timestamptz, h business_hours) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	res timestamptz;
BEGIN
	res := CASE which WHEN 'next_open' THEN next_open(t, h) WHEN 'next_close' THEN next_close(t, h)
		WHEN 'previous_open' THEN previous_open(t, h) ELSE previous_close(t, h) END;
	RETURN CASE WHEN isfinite(res) THEN res END;
EXCEPTION WHEN datetime_field_overflow THEN
	RETURN NULL;
END
$$;

CREATE FUNCTION test.bi(us bigint) RETURNS business_interval LANGUAGE sql IMMUTABLE AS $$
	SELECT (us * interval '1 microsecond')::business_interval
$$;
