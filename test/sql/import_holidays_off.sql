-- sla.import_holidays in a build without libical says so.
\set SHOW_CONTEXT never
DO $$
DECLARE
  hint text;
BEGIN
  PERFORM sla.import_holidays('support', E'BEGIN:VCALENDAR\nEND:VCALENDAR', '2026-01-01', '2027-01-01');
  RAISE EXCEPTION 'imported without libical';
EXCEPTION WHEN feature_not_supported THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RAISE WARNING '%: % (%)', SQLSTATE, SQLERRM, hint;
END $$;
SELECT sla.import_holidays(NULL, '', '2026-01-01', '2027-01-01') IS NULL AS strict;
