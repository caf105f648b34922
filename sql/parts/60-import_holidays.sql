-- Holidays from an iCalendar feed

CREATE FUNCTION sla.import_holidays(calendar text, ics text, since date, until date)
RETURNS integer
AS 'MODULE_PATHNAME', 'sla_import_holidays'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION sla.import_holidays(text, text, date, date) IS
  'insert the dates in [since, until) of an iCalendar feed as holidays; returns the number inserted';
