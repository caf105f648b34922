-- business_hours: what is taken, what it becomes, and what is refused, naming
-- the token and its position and saying what to write instead
\getenv abs_srcdir PG_ABS_SRCDIR
\set setup :abs_srcdir '/sql/include/setup.sql'
\set check :abs_srcdir '/sql/include/check.sql'
\set ECHO none
\i :setup
\i :check
\set ECHO all
SET timezone = 'UTC';

-- the canonical text, which reads back to itself
CREATE TABLE taken (input text, canonical text);
INSERT INTO taken VALUES
	('mo-fr 9:00-17:00', 'TZ=UTC Mo-Fr 09:00-17:00'),
	('TZ=europe/berlin  Mo,Tu,We,Th,Fr  09:00 - 17:30 ;PH off', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30; PH off'),
	('24/7', 'TZ=UTC 24/7'),
	('closed', 'TZ=UTC off'),
	('Mo-Fr 13:00-17:00,09:00-12:30', 'TZ=UTC Mo-Fr 09:00-12:30,13:00-17:00'),
	('Mo-Fr 22:00-30:00', 'TZ=UTC Mo-Fr 22:00-06:00'),
	('Mo 09:00:30-17:00:00.5', 'TZ=UTC Mo 09:00:30-17:00:00.5'),
	('Fr[-1],Mo[1] 09:00-12:00', 'TZ=UTC Mo[1],Fr[-1] 09:00-12:00'),
	('2026 Nov 01+ Mo-Fr 08:00-16:00', 'TZ=UTC 2026 Nov 01+ Mo-Fr 08:00-16:00'),
	('Dec 24-Jan 2 off', 'TZ=UTC Dec 24-Jan 02 off'),
	('week 2-52/2 Mo 09:00-10:00', 'TZ=UTC week 2-52/2 Mo 09:00-10:00'),
	('easter -2 days off', 'TZ=UTC easter -2 days off'),
	('PH=2026-12-26,2026-12-25[10:00-12:00] Mo-Fr 09:00-17:00', 'TZ=UTC PH=2026-12-25[10:00-12:00],2026-12-26 Mo-Fr 09:00-17:00'),
	('(TZ=UTC Mo 09:00-17:00) + (TZ=UTC Tu 09:00-17:00)*(TZ=UTC 24/7)',
	 '(TZ=UTC Mo 09:00-17:00) + ((TZ=UTC Tu 09:00-17:00) * (TZ=UTC 24/7))');
SELECT input, input::business_hours AS got FROM taken WHERE input::business_hours::text <> canonical;
SELECT canonical FROM taken WHERE canonical::business_hours::text <> canonical OR canonical::business_hours <> input::business_hours;
SELECT count(*) AS taken FROM taken;

-- composition prints as an expression and reads back
SELECT h AS composed, h::text::business_hours = h AS reads_back
FROM (VALUES
	('TZ=Europe/Berlin Mo-Fr 09:00-17:00'::business_hours + 'TZ=America/Denver Mo-Fr 09:00-17:00'),
	('24/7'::business_hours - 'TZ=Europe/Berlin Su 02:00-04:00'),
	('24/7'::business_hours * with_holidays('Mo-Fr 09:00-17:00', '{2026-12-25,2026-12-25,2026-01-01}'))) AS v (h);

-- order and hash are those of the bytes
SELECT count(*) AS wrong
FROM taken a, taken b
WHERE (a.canonical::business_hours < b.canonical::business_hours) <> (a.canonical COLLATE "C" < b.canonical)
	OR (a.canonical::business_hours = b.canonical::business_hours)
		<> (business_hours_hash(a.canonical::business_hours) = business_hours_hash(b.canonical::business_hours));

-- refused
CREATE TABLE refused (n int GENERATED ALWAYS AS IDENTITY, input text);
INSERT INTO refused (input) VALUES
	(''), ('  '), ('TZ=Europe/Berlin'), ('TZ=Brlin5 Mo 09:00-17:00'), ('TZ=Europe/Nowhere 24/7'), ('(TZ=UTC Mo) + (TZ=Mars Tu)'), ('TZ= 24/7'),
	('Mo-Fr 9-17'), ('Mo-Fr 9am-5pm'), ('Monday 09:00-17:00'), ('Mo to Fr 09:00-17:00'), ('Mo-Fr 09.00-17.00'),
	('Mo-Fr 09:00-25:00:01 Tu'), ('Mo-Fr 25:00-26:00'), ('Mo-Fr 09:00-48:01'), ('Mo-Fr 09:60-10:00'), ('Mo-Fr 09:00+'),
	('Mo-Fr sunrise-sunset'), ('Mo-Fr 09:00-17:00 "by appointment"'), ('Mo-Fr 09:00-17:00 || Sa 10:00-12:00'),
	('Mo-Fr 09:00-17:00 unknown'), ('SH 09:00-12:00'), ('PH +1 day off'), ('Mo[6] 09:00-10:00'), ('Mo[0] 09:00-10:00'),
	('Feb 30 off'), ('week 54 off'), ('2028-2026 off'), ('Mo-Fr 09:00-17:00; ; Xx off'), ('PH=2026-13-01 24/7'),
	('PH=2026-12-25,2026-12-25[off] 24/7'), ('(TZ=UTC 24/7'), ('(TZ=UTC 24/7) / (TZ=UTC 24/7)'), ('(TZ=UTC 24/7) +');
SELECT r.input, f.state, f.detail, f.hint
FROM refused r, LATERAL test.failure(format('%L::business_hours', r.input)) f
ORDER BY r.n;
SELECT DISTINCT f.message LIKE '%"' || r.input || '"' AS names_the_value
FROM refused r, LATERAL test.failure(format('%L::business_hours', r.input)) f;
SET client_min_messages = warning;
DROP SCHEMA test CASCADE;
