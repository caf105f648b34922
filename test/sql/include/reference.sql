/*
 * An independent and slow reference for business time, in SQL and PL/pgSQL.
 *
 * It shares nothing with the extension: a calendar is rows of ref.rule, from
 * which both the business_hours text and the open time are derived.  Local
 * dates are walked one by one, rules applied in order, and each end of a span
 * is turned into an instant by (date + time) AT TIME ZONE zone.  No type or
 * function of the extension is used here.
 *
 * Where the contract leaves a choice (the clock of an instant inside a
 * repeated hour, a clock time inside a DST gap, a spill that overlaps the next
 * date's own span) ref.add_days() answers NULL and the comparison leaves the
 * case to the laws.
 */
CREATE SCHEMA ref;
SET search_path = ref, public;

CREATE TABLE ref.calendar (
	id int PRIMARY KEY,
	zone text NOT NULL,
	center date NOT NULL,
	first date NOT NULL,		/* local dates covered: [first, last) */
	last date NOT NULL,
	holidays date[] NOT NULL DEFAULT '{}'
);

CREATE TABLE ref.rule (
	calendar int NOT NULL,
	ord int NOT NULL,
	additional bool NOT NULL DEFAULT false,
	off bool NOT NULL DEFAULT false,
	holiday bool NOT NULL DEFAULT false,
	weekdays int,				/* bit 0 = Monday; NULL: every day */
	nth int,					/* of the month; negative: from its end */
	on_date date,				/* one date */
	month int,					/* with days: month day_from-day_to, any year */
	day_from int,
	day_to int,
	spans int4multirange,		/* seconds after midnight, up to 48 h; NULL: whole day */
	PRIMARY KEY (calendar, ord)
);

/*
 * What is open on a local date [0, 86400) s, and whose date it counts for:
 * nobody's (NULL) when it is the end of a night whose own date was given other
 * hours or closed.
 */
CREATE TABLE ref.piece (
	calendar int NOT NULL,
	owner date,
	lo timestamptz NOT NULL,
	hi timestamptz NOT NULL
);

/* maximal open spans */
CREATE TABLE ref.span (
	calendar int NOT NULL,
	lo timestamptz NOT NULL,
	hi timestamptz NOT NULL
);

CREATE TABLE ref.business_date (
	calendar int NOT NULL,
	day date NOT NULL,
	idx int NOT NULL
);

/* --- text of a calendar ------------------------------------------------- */

CREATE FUNCTION ref.hms(s int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT to_char(s / 3600, 'FM00') || ':' || to_char(s / 60 % 60, 'FM00')
		|| CASE WHEN s % 60 <> 0 THEN ':' || to_char(s % 60, 'FM00') ELSE '' END
$$;

CREATE FUNCTION ref.rule_text(r ref.rule) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT concat_ws(' ',
		CASE WHEN r.on_date IS NOT NULL THEN to_char(r.on_date, 'YYYY Mon DD') END,
		CASE WHEN r.month IS NOT NULL THEN
			to_char(make_date(2000, r.month, 1), 'Mon') || ' ' || to_char(r.day_from, 'FM00')
			|| CASE WHEN r.day_to <> r.day_from THEN '-' || to_char(r.day_to, 'FM00') ELSE '' END END,
		CASE WHEN r.holiday THEN 'PH' END,
		CASE WHEN r.weekdays IS NOT NULL THEN
			(SELECT string_agg(('{Mo,Tu,We,Th,Fr,Sa,Su}'::text[])[i + 1]
							   || coalesce('[' || r.nth || ']', ''), ',' ORDER BY i)
			 FROM generate_series(0, 6) i WHERE r.weekdays & (1 << i) <> 0) END,
		/* odd spans above midnight are written 22:00-30:00, even ones 22:00-06:00 */
		(SELECT string_agg(ref.hms(lower(s)) || '-'
				|| ref.hms(CASE WHEN upper(s) > 86400 AND upper(s) % 120 = 0
								AND upper(s) - 86400 < lower(s)
								THEN upper(s) - 86400 ELSE upper(s) END), ',')
		 FROM unnest(r.spans) s),
		CASE WHEN r.off THEN 'off'
			 WHEN num_nonnulls(r.on_date, r.month, r.weekdays, r.spans) = 0 AND NOT r.holiday THEN '00:00-24:00' END)
$$;

CREATE FUNCTION ref.hours_text(cal int) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT 'TZ=' || c.zone || ' ' ||
		(SELECT string_agg(CASE WHEN r.ord = 1 THEN '' WHEN r.additional THEN ', ' ELSE '; ' END
						   || ref.rule_text(r), '' ORDER BY r.ord)
		 FROM ref.rule r WHERE r.calendar = c.id)
	FROM ref.calendar c WHERE c.id = cal
$$;

/* --- evaluation --------------------------------------------------------- */

CREATE FUNCTION ref.matches(r ref.rule, d date, holidays date[]) RETURNS bool LANGUAGE sql IMMUTABLE AS $$
	SELECT (r.on_date IS NULL OR r.on_date = d)
		AND (r.month IS NULL OR (extract(month FROM d) = r.month
								 AND extract(day FROM d) BETWEEN r.day_from AND r.day_to))
		AND (NOT r.holiday OR d = ANY (holidays))
		AND (r.weekdays IS NULL OR r.weekdays & (1 << (extract(isodow FROM d)::int - 1)) <> 0)
		AND (r.nth IS NULL
			 OR (r.nth > 0 AND (extract(day FROM d)::int - 1) / 7 + 1 = r.nth)
			 OR (r.nth < 0 AND (extract(day FROM (date_trunc('month', d::timestamp) + interval '1 month - 1 day'))::int
								- extract(day FROM d)::int) / 7 + 1 = -r.nth))
$$;

CREATE PROCEDURE ref.build(cal int) LANGUAGE plpgsql AS $$
DECLARE
	c ref.calendar;
	rules ref.rule[];
	r ref.rule;
	d date;
	own int4multirange;
	spill int4multirange;
	s int4multirange;
	one int4range;
	day CONSTANT int4multirange := '{[0,86400)}';
	opened bool;
	until_midnight bool := false;	/* the date before, by its own rules */
	n int := 0;
	implicit ref.rule;
	has_ph bool;
	i int;
BEGIN
	SELECT * INTO STRICT c FROM ref.calendar WHERE id = cal;
	has_ph := EXISTS (SELECT FROM ref.rule WHERE calendar = cal AND holiday);
	IF NOT has_ph AND c.holidays <> '{}' THEN
		/* no rule names PH: holidays are closed, but rules for dates with hours win */
		INSERT INTO ref.rule (calendar, ord, off, holiday)
			VALUES (cal, 1000, true, true);
	END IF;
	rules := ARRAY(SELECT x FROM ref.rule x WHERE calendar = cal
				   ORDER BY CASE WHEN ord < 1000 AND (on_date IS NOT NULL OR month IS NOT NULL) AND NOT has_ph
								 THEN ord + 2000 ELSE ord END);
	DELETE FROM ref.rule WHERE calendar = cal AND ord = 1000;

	FOR d IN SELECT c.first + g FROM generate_series(0, c.last - c.first - 1) g LOOP
		own := '{}';
		spill := '{}';
		FOREACH r IN ARRAY rules LOOP
			s := coalesce(r.spans, day);
			IF ref.matches(r, d, c.holidays) THEN
				IF r.off THEN
					own := own - s * day;
					spill := spill - s * day;
				ELSE
					IF NOT r.additional THEN
						own := '{}';
						spill := '{}';
					END IF;
					own := own + s * day;
				END IF;
			END IF;
			IF NOT r.off AND ref.matches(r, d - 1, c.holidays) THEN
				FOR one IN SELECT unnest(s - day) LOOP
					spill := spill + int4multirange(int4range(lower(one) - 86400, upper(one) - 86400));
				END LOOP;
			END IF;
		END LOOP;

		/* a date that the zone skipped opens nothing */
		CONTINUE WHEN ((d + interval '12 hours') AT TIME ZONE c.zone AT TIME ZONE c.zone)::date <> d;

		opened := false;
		FOR one, i IN
			SELECT u, 0 FROM unnest(own) u UNION ALL SELECT u, 1 FROM unnest(spill) u
		LOOP
			DECLARE
				lo timestamptz := (d + lower(one) * interval '1 second') AT TIME ZONE c.zone;
				hi timestamptz := (d + upper(one) * interval '1 second') AT TIME ZONE c.zone;
			BEGIN
				IF lo < hi THEN
					INSERT INTO ref.piece VALUES (cal, CASE WHEN i = 0 THEN d WHEN until_midnight THEN d - 1 END, lo, hi);
					opened := opened OR i = 0;
				END IF;
			END;
		END LOOP;
		until_midnight := own @> 86399;
		IF opened THEN
			n := n + 1;
			INSERT INTO ref.business_date VALUES (cal, d, n);
		END IF;
	END LOOP;

	INSERT INTO ref.span
		SELECT cal, lower(m), upper(m)
		FROM unnest((SELECT range_agg(tstzrange(lo, hi)) FROM ref.piece WHERE calendar = cal)) m;
END
$$;

/* --- the arithmetic, by walking spans; us is microseconds ---------------- */

CREATE FUNCTION ref.us(i interval) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT (extract(epoch FROM i) * 1000000)::bigint
$$;

CREATE FUNCTION ref.is_open(cal int, t timestamptz) RETURNS bool LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM ref.span WHERE calendar = cal AND lo <= t AND t < hi)
$$;

CREATE FUNCTION ref.between(cal int, a timestamptz, b timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN a <= b THEN 1 ELSE -1 END *
		coalesce(sum(ref.us(least(hi, greatest(a, b)) - greatest(lo, least(a, b)))), 0)::bigint
	FROM ref.span
	WHERE calendar = cal AND hi > least(a, b) AND lo < greatest(a, b)
$$;

/* NULL: leads out of the window */
CREATE FUNCTION ref.add(cal int, t timestamptz, us bigint) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
	left_us bigint := abs(us);
	s record;
	w bigint;
BEGIN
	IF us = 0 THEN
		RETURN t;
	ELSIF us > 0 THEN
		FOR s IN SELECT greatest(lo, t) lo, hi FROM ref.span
				 WHERE calendar = cal AND hi > t ORDER BY lo LOOP
			w := ref.us(s.hi - s.lo);
			IF w >= left_us THEN
				RETURN s.lo + left_us * interval '1 microsecond';
			END IF;
			left_us := left_us - w;
		END LOOP;
	ELSE
		FOR s IN SELECT lo, least(hi, t) hi FROM ref.span
				 WHERE calendar = cal AND lo < t ORDER BY lo DESC LOOP
			w := ref.us(s.hi - s.lo);
			IF w >= left_us THEN
				RETURN s.hi - left_us * interval '1 microsecond';
			END IF;
			left_us := left_us - w;
		END LOOP;
	END IF;
	RETURN NULL;
END
$$;

CREATE FUNCTION ref.next_open(cal int, t timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT greatest(t, min(lo)) FROM ref.span WHERE calendar = cal AND hi > t
$$;

CREATE FUNCTION ref.next_close(cal int, t timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT min(hi) FROM ref.span WHERE calendar = cal AND hi > t
$$;

CREATE FUNCTION ref.previous_open(cal int, t timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT max(lo) FROM ref.span WHERE calendar = cal AND lo <= t
$$;

CREATE FUNCTION ref.previous_close(cal int, t timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT max(hi) FROM ref.span WHERE calendar = cal AND hi <= t
$$;

/* Is the local time of t shown twice by the zone's clock? */
CREATE FUNCTION ref.repeated(t timestamptz, zone text) RETURNS bool LANGUAGE sql STABLE AS $$
	SELECT (t AT TIME ZONE zone) AT TIME ZONE zone <> t
		OR EXISTS (SELECT FROM unnest('{1 hour,30 min,20 min,2 hours,24 hours,44.5 min,15 min}'::interval[]) i
				   WHERE (t - i) AT TIME ZONE zone = t AT TIME ZONE zone)
$$;

/* t + n business days; NULL: out of the window, or not for a reference to say */
CREATE FUNCTION ref.add_days(cal int, t timestamptz, n int) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
	z text;
	w timestamptz;
	x timestamptz;
	anchors date[];
	anchor date;
	target date;
	clock interval;
	res timestamptz;
BEGIN
	IF n = 0 THEN
		RETURN t;
	END IF;
	SELECT zone INTO z FROM ref.calendar WHERE id = cal;
	IF n > 0 THEN
		w := ref.next_open(cal, t);
		SELECT array_agg(DISTINCT owner) INTO anchors FROM ref.piece
			WHERE calendar = cal AND lo <= w AND w < hi;
	ELSE
		IF NOT EXISTS (SELECT FROM ref.span WHERE calendar = cal AND lo < t AND t <= hi) THEN
			w := ref.previous_close(cal, t);
		ELSE
			w := t;
		END IF;
		SELECT array_agg(DISTINCT owner) INTO anchors FROM ref.piece
			WHERE calendar = cal AND lo < w AND w <= hi;
	END IF;
	IF w IS NULL OR cardinality(anchors) <> 1 OR ref.repeated(w, z) THEN
		RETURN NULL;
	END IF;
	anchor := anchors[1];
	clock := (w AT TIME ZONE z) - anchor;
	SELECT b.day INTO target FROM ref.business_date a, ref.business_date b
		WHERE a.calendar = cal AND a.day = anchor AND b.calendar = cal AND b.idx = a.idx + n;
	IF target IS NULL OR EXISTS (
			/* whether the end of a night of other hours is the target's */
			SELECT FROM ref.piece WHERE calendar = cal AND owner IS NULL
			AND lo = (target + 1)::timestamp AT TIME ZONE z)
		OR EXISTS (
			/* where a night overlaps the next date's own spans the laws decide */
			SELECT FROM ref.piece a JOIN ref.piece b USING (calendar)
			WHERE calendar = cal AND a.owner = target AND b.owner <> target
			AND b.lo < (SELECT max(hi) FROM ref.piece WHERE calendar = cal AND owner = target)
			AND b.hi > (SELECT min(lo) FROM ref.piece WHERE calendar = cal AND owner = target)) THEN
		RETURN NULL;
	END IF;
	x := (target + clock) AT TIME ZONE z;
	IF x AT TIME ZONE z <> target + clock OR ref.repeated(x, z) THEN
		RETURN NULL;
	END IF;
	IF n > 0 THEN
		SELECT coalesce(min(greatest(lo, x)) FILTER (WHERE hi > x), max(hi)) INTO res
			FROM ref.piece WHERE calendar = cal AND owner = target;
	ELSE
		SELECT coalesce(max(least(hi, x)) FILTER (WHERE lo < x), min(lo)) INTO res
			FROM ref.piece WHERE calendar = cal AND owner = target;
	END IF;
	RETURN res;
END
$$;

/* --- random calendars --------------------------------------------------- */

CREATE FUNCTION ref.rnd(n int) RETURNS int LANGUAGE sql VOLATILE AS $$
	SELECT floor(random() * n)::int
$$;

CREATE FUNCTION ref.random_spans(overnight bool) RETURNS int4multirange LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	res int4multirange := '{}';
	unit int := ('{900,1800,3600,60,7}'::int[])[1 + ref.rnd(5)];
	a int;
	b int;
BEGIN
	IF ref.rnd(12) = 0 AND overnight THEN
		RETURN '{[0,86400)}';
	END IF;
	FOR i IN 0 .. ref.rnd(3) LOOP
		a := ref.rnd(86400 / unit - 1) * unit;
		b := least(a + (1 + ref.rnd(8 * 3600 / unit)) * unit, 86400);
		res := res + int4multirange(int4range(a, b));
	END LOOP;
	IF overnight AND ref.rnd(4) = 0 THEN
		a := 72000 + ref.rnd(4) * 3600;
		res := res + int4multirange(int4range(a, 86400 + (1 + ref.rnd(32)) * 900));
	END IF;
	RETURN res;
END
$$;

CREATE PROCEDURE ref.random_calendar(cal int, z text, center date, half int) LANGUAGE plpgsql AS $$
DECLARE
	o int := 1;
	/* a skipped date's night is nobody's to define */
	nights bool := z NOT IN ('Pacific/Apia', 'Pacific/Kwajalein');
	hol date[] := '{}';
BEGIN
	IF ref.rnd(2) = 0 THEN
		hol := ARRAY(SELECT DISTINCT center - half + ref.rnd(2 * half) FROM generate_series(1, 1 + half / 20) ORDER BY 1);
	END IF;
	IF ref.rnd(3) = 0 THEN
		hol := ARRAY(SELECT DISTINCT x FROM unnest(hol || center) x ORDER BY 1);
	END IF;
	INSERT INTO ref.calendar VALUES (cal, z, center, center - half, center + half, hol);

	IF ref.rnd(3) = 0 THEN
		INSERT INTO ref.rule (calendar, ord, weekdays, spans)
			VALUES (cal, o, 31, '{[32400,45000),[46800,61200)}');
	ELSE
		INSERT INTO ref.rule (calendar, ord, weekdays, spans)
			VALUES (cal, o, nullif(1 + ref.rnd(127), 127), ref.random_spans(nights));
	END IF;
	FOR i IN 1 .. ref.rnd(3) LOOP
		o := o + 1;
		INSERT INTO ref.rule (calendar, ord, additional, weekdays, spans)
			VALUES (cal, o, ref.rnd(3) = 0, 1 + ref.rnd(127), ref.random_spans(nights));
	END LOOP;
	IF ref.rnd(3) = 0 THEN
		o := o + 1;
		INSERT INTO ref.rule (calendar, ord, weekdays, nth, off, spans)
			SELECT cal, o, 1 << ref.rnd(7), ('{1,2,4,-1,-2}'::int[])[1 + ref.rnd(5)], x,
				   CASE WHEN NOT x THEN ref.random_spans(nights) END
			FROM (SELECT ref.rnd(2) = 0 AS x OFFSET 0) x;
	END IF;
	IF hol <> '{}' AND ref.rnd(2) = 0 THEN
		o := o + 1;
		INSERT INTO ref.rule (calendar, ord, holiday, off, spans)
			SELECT cal, o, true, x, CASE WHEN NOT x THEN ref.random_spans(nights) END
			FROM (SELECT ref.rnd(2) = 0 AS x OFFSET 0) x;
	END IF;
	FOR i IN 1 .. ref.rnd(3) LOOP
		o := o + 1;
		INSERT INTO ref.rule (calendar, ord, on_date, off, spans)
			SELECT cal, o, center - 3 + ref.rnd(6), x, CASE WHEN NOT x THEN ref.random_spans(false) END
			FROM (SELECT ref.rnd(3) = 0 AS x OFFSET 0) x;
	END LOOP;
	IF hol = '{}' AND ref.rnd(3) = 0 THEN
		o := o + 1;
		INSERT INTO ref.rule (calendar, ord, month, day_from, day_to, off)
			VALUES (cal, o, extract(month FROM center)::int, 3, 3 + ref.rnd(4), true);
	END IF;
	CALL ref.build(cal);
END
$$;

/* where the rules of zones change, and other days that break calendars */
CREATE TABLE ref.place (zone text, center date);
INSERT INTO ref.place VALUES
	('Europe/Berlin', '2024-03-31'), ('Europe/Berlin', '2024-10-27'), ('Europe/Berlin', '2100-02-28'),
	('America/New_York', '2025-03-09'), ('America/New_York', '2025-11-02'), ('America/New_York', '1967-04-30'),
	('Australia/Lord_Howe', '2024-10-06'), ('Australia/Lord_Howe', '2024-04-07'),
	('Africa/Casablanca', '2024-03-10'), ('Africa/Casablanca', '2024-04-14'),
	('Asia/Kathmandu', '1986-01-01'), ('Asia/Kolkata', '2024-02-29'),
	('America/Sao_Paulo', '2018-11-04'), ('America/Sao_Paulo', '2018-02-18'),
	('Pacific/Apia', '2011-12-30'), ('Pacific/Kwajalein', '1993-08-21'),
	('Europe/Dublin', '2024-03-31'), ('Europe/Dublin', '1971-10-31'),
	('Asia/Tehran', '2021-03-22'), ('Asia/Tehran', '2022-09-22'),
	('UTC', '2000-02-29'), ('UTC', '1900-02-28'), ('UTC', '2199-12-31'), ('Etc/GMT+12', '2024-12-31'),
	('Pacific/Chatham', '2024-09-29'), ('Pacific/Chatham', '2024-04-07'),
	('Africa/Monrovia', '1972-01-07'), ('America/Havana', '2024-11-03'), ('America/Havana', '2024-03-10'),
	('Antarctica/Troll', '2024-03-31'), ('Antarctica/Troll', '2024-10-27'),
	('Asia/Pyongyang', '2018-05-05'), ('America/Caracas', '2007-12-09'), ('Asia/Gaza', '2024-04-20'),
	('Europe/Moscow', '2011-03-27'), ('Europe/Moscow', '2014-10-26'),
	('Europe/Berlin', '1947-05-11'), ('Europe/Amsterdam', '1937-07-01'), ('Africa/Cairo', '2024-10-31'),
	('America/Santiago', '2024-09-08'), ('Atlantic/Azores', '2024-10-27'), ('America/Nuuk', '2024-03-30');
