-- Calendars of the extension, and the tables that name one in each row.

-- The main one and its variants.
INSERT INTO sla.calendar (name, hours) VALUES
    ('support',   'TZ=Europe/Berlin Mo-Fr 09:00-17:00; PH off'),
    ('lunch',     'TZ=Europe/Berlin Mo-Fr 09:00-12:00,13:00-17:00; PH off'),
    ('seconds',   'TZ=Europe/Berlin Mo-Fr 09:00:17-17:00:05; PH off'),
    ('overnight', 'TZ=Europe/Berlin Mo-Su 22:00-06:00; PH off'),
    ('allday',    'TZ=Europe/Berlin Mo-Su 00:00-24:00; PH off'),
    ('dstnight',  'TZ=Europe/Berlin Su 01:00-04:00; PH off'),
    ('weekdays',  'TZ=Europe/Berlin Mo-Fr 09:00-17:00');
INSERT INTO sla.holiday (calendar, day, name)
SELECT c.name, h.day, 'holiday'
FROM sla.calendar c, bench.holiday h
WHERE c.name IN ('support', 'lunch', 'seconds', 'overnight', 'allday', 'dstnight');

-- A thousand random ones: 20 zones, varied hours, one in five open seven days,
-- a hundred holidays each.
SELECT setseed(0.17) \g /dev/null
CREATE TABLE bench.zone (n int PRIMARY KEY, name text);
INSERT INTO bench.zone
SELECT ordinality - 1, z FROM unnest(ARRAY[
    'Europe/Berlin', 'Europe/London', 'Europe/Lisbon', 'Europe/Athens', 'Europe/Dublin',
    'America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles',
    'America/Sao_Paulo', 'America/Santiago', 'America/St_Johns', 'Asia/Tokyo',
    'Asia/Kolkata', 'Asia/Singapore', 'Asia/Tehran', 'Africa/Cairo',
    'Australia/Sydney', 'Australia/Lord_Howe', 'Pacific/Auckland']) WITH ORDINALITY u(z, ordinality);

INSERT INTO sla.calendar (name, hours)
SELECT format('cal_%s', lpad(i::text, 4, '0')),
       format('TZ=%s Mo-%s %s:%s-%s:%s; PH off',
              (SELECT name FROM bench.zone z WHERE z.n = i % 20),
              CASE WHEN i % 5 = 0 THEN 'Su' ELSE 'Fr' END,
              lpad((6 + i / 3 % 6)::text, 2, '0'), lpad((i / 7 % 4 * 15)::text, 2, '0'),
              15 + i / 11 % 8, lpad((i / 13 % 4 * 15)::text, 2, '0'))::business_hours
FROM generate_series(0, 999) i;
INSERT INTO sla.holiday (calendar, day, name)
SELECT name, date '2020-01-01' + (n * 36.53 + floor(random() * 36))::int, 'holiday'
FROM sla.calendar, generate_series(0, 99) n
WHERE name LIKE 'cal\_%'
ORDER BY name, n;

-- A thousand tenants that share ten sets of hours and holidays.
INSERT INTO sla.calendar (name, hours)
SELECT format('tenant_%s', lpad(i::text, 4, '0')), c.hours
FROM generate_series(0, 999) i
JOIN sla.calendar c ON c.name = format('cal_%s', lpad((i % 10)::text, 4, '0'));
INSERT INTO sla.holiday (calendar, day, name)
SELECT format('tenant_%s', lpad(i::text, 4, '0')), h.day, h.name
FROM generate_series(0, 999) i
JOIN sla.holiday h ON h.calendar = format('cal_%s', lpad((i % 10)::text, 4, '0'))
ORDER BY i, h.day;

VACUUM (FREEZE, ANALYZE) sla.calendar, sla.holiday;

SELECT setseed(0.23) \g /dev/null
CREATE TABLE tc10     (id int8, opened_at timestamptz, closed_at timestamptz, calendar text, goal business_interval);
CREATE TABLE tc1000   (LIKE tc10);
CREATE TABLE tctenant (LIKE tc10);
INSERT INTO tc10
SELECT id, opened_at, closed_at, calendar, at_calendar(business_interval '8 bh', calendar)
FROM (SELECT *, format('cal_%s', lpad(floor(random() * 10)::text, 4, '0')) AS calendar FROM t) s;
INSERT INTO tc1000
SELECT id, opened_at, closed_at, calendar, at_calendar(business_interval '8 bh', calendar)
FROM (SELECT *, format('cal_%s', lpad(floor(random() * 1000)::text, 4, '0')) AS calendar FROM t) s;
INSERT INTO tctenant
SELECT id, opened_at, closed_at, calendar, at_calendar(business_interval '8 bh', calendar)
FROM (SELECT *, format('tenant_%s', lpad(floor(random() * 1000)::text, 4, '0')) AS calendar FROM t) s;
VACUUM (FREEZE, ANALYZE) tc10, tc1000, tctenant;
