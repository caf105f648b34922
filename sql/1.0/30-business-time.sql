--
-- Arithmetic in business time
--
-- Each function of an explicit calendar has two forms: one takes
-- business_hours and is immutable, one takes the name of a calendar and is
-- stable.
--

CREATE FUNCTION timestamptz_pl_business_interval(timestamptz, business_interval)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'timestamptz_pl_business_interval'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION timestamptz_pl_business_interval(timestamptz, business_interval) IS 'implementation of + operator';

CREATE FUNCTION business_interval_pl_timestamptz(business_interval, timestamptz)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_interval_pl_timestamptz'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_pl_timestamptz(business_interval, timestamptz) IS 'implementation of + operator';

CREATE FUNCTION timestamptz_mi_business_interval(timestamptz, business_interval)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'timestamptz_mi_business_interval'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION timestamptz_mi_business_interval(timestamptz, business_interval) IS 'implementation of - operator';

CREATE OPERATOR + (
	LEFTARG = timestamptz,
	RIGHTARG = business_interval,
	FUNCTION = timestamptz_pl_business_interval,
	COMMUTATOR = +
);
COMMENT ON OPERATOR + (timestamptz, business_interval) IS 'deadline: add business time';

CREATE OPERATOR + (
	LEFTARG = business_interval,
	RIGHTARG = timestamptz,
	FUNCTION = business_interval_pl_timestamptz,
	COMMUTATOR = +
);
COMMENT ON OPERATOR + (business_interval, timestamptz) IS 'deadline: add business time';

CREATE OPERATOR - (
	LEFTARG = timestamptz,
	RIGHTARG = business_interval,
	FUNCTION = timestamptz_mi_business_interval
);
COMMENT ON OPERATOR - (timestamptz, business_interval) IS 'subtract business time';

CREATE FUNCTION business_add(at timestamptz, duration business_interval, hours business_hours)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_add'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_add(timestamptz, business_interval, business_hours) IS 'the instant plus business time, by opening hours';

CREATE FUNCTION business_add(at timestamptz, duration business_interval, calendar text)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_add'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_add(timestamptz, business_interval, text) IS 'the instant plus business time, by a named calendar';

CREATE FUNCTION business_between(from_at timestamptz, to_at timestamptz, hours business_hours)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_between'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_between(timestamptz, timestamptz, business_hours) IS 'business time from the first instant to the second, by opening hours';

CREATE FUNCTION business_between(from_at timestamptz, to_at timestamptz, calendar text)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_between'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_between(timestamptz, timestamptz, text) IS 'business time from the first instant to the second, by a named calendar';

CREATE FUNCTION business_seconds(from_at timestamptz, to_at timestamptz, hours business_hours)
RETURNS double precision
AS 'MODULE_PATHNAME', 'business_seconds_between'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_seconds(timestamptz, timestamptz, business_hours) IS 'business seconds from the first instant to the second, by opening hours';

CREATE FUNCTION business_seconds(from_at timestamptz, to_at timestamptz, calendar text)
RETURNS double precision
AS 'MODULE_PATHNAME', 'business_seconds_between'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_seconds(timestamptz, timestamptz, text) IS 'business seconds from the first instant to the second, by a named calendar';

CREATE FUNCTION business_days_between(from_date date, to_date date, hours business_hours)
RETURNS integer
AS 'MODULE_PATHNAME', 'business_days_between'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_days_between(date, date, business_hours) IS 'number of business dates from the first date on, before the second, by opening hours';

CREATE FUNCTION business_days_between(from_date date, to_date date, calendar text)
RETURNS integer
AS 'MODULE_PATHNAME', 'business_days_between'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_days_between(date, date, text) IS 'number of business dates from the first date on, before the second, by a named calendar';

CREATE FUNCTION add_business_days(day date, n integer, hours business_hours)
RETURNS date
AS 'MODULE_PATHNAME', 'add_business_days'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION add_business_days(date, integer, business_hours) IS 'the date so many business dates on, by opening hours';

CREATE FUNCTION add_business_days(day date, n integer, calendar text)
RETURNS date
AS 'MODULE_PATHNAME', 'add_business_days'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION add_business_days(date, integer, text) IS 'the date so many business dates on, by a named calendar';

CREATE FUNCTION is_business_day(day date, hours business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'is_business_day'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION is_business_day(date, business_hours) IS 'do its own rules open this date, by opening hours';

CREATE FUNCTION is_business_day(day date, calendar text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'is_business_day'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION is_business_day(date, text) IS 'do its own rules open this date, by a named calendar';

CREATE FUNCTION is_open(at timestamptz, hours business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_is_open'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION is_open(timestamptz, business_hours) IS 'open at this instant, by opening hours';

CREATE FUNCTION is_open(at timestamptz, calendar text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_is_open'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION is_open(timestamptz, text) IS 'open at this instant, by a named calendar';

CREATE FUNCTION next_open(at timestamptz, hours business_hours)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_next_open'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION next_open(timestamptz, business_hours) IS 'the instant itself when open, else the next opening, by opening hours';

CREATE FUNCTION next_open(at timestamptz, calendar text)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_next_open'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION next_open(timestamptz, text) IS 'the instant itself when open, else the next opening, by a named calendar';

CREATE FUNCTION next_close(at timestamptz, hours business_hours)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_next_close'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION next_close(timestamptz, business_hours) IS 'the first closing later than the instant, by opening hours';

CREATE FUNCTION next_close(at timestamptz, calendar text)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_next_close'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION next_close(timestamptz, text) IS 'the first closing later than the instant, by a named calendar';

CREATE FUNCTION previous_open(at timestamptz, hours business_hours)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_previous_open'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION previous_open(timestamptz, business_hours) IS 'the last opening not later than the instant, by opening hours';

CREATE FUNCTION previous_open(at timestamptz, calendar text)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_previous_open'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION previous_open(timestamptz, text) IS 'the last opening not later than the instant, by a named calendar';

CREATE FUNCTION previous_close(at timestamptz, hours business_hours)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_previous_close'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION previous_close(timestamptz, business_hours) IS 'the last closing not later than the instant, by opening hours';

CREATE FUNCTION previous_close(at timestamptz, calendar text)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'business_previous_close'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION previous_close(timestamptz, text) IS 'the last closing not later than the instant, by a named calendar';

CREATE FUNCTION open_ranges(during tstzrange, hours business_hours)
RETURNS tstzmultirange
AS 'MODULE_PATHNAME', 'business_open_ranges'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
COST 100;
COMMENT ON FUNCTION open_ranges(tstzrange, business_hours) IS 'the open spans in a window, by opening hours';

CREATE FUNCTION open_ranges(during tstzrange, calendar text)
RETURNS tstzmultirange
AS 'MODULE_PATHNAME', 'business_open_ranges'
LANGUAGE C STABLE STRICT PARALLEL SAFE
COST 100;
COMMENT ON FUNCTION open_ranges(tstzrange, text) IS 'the open spans in a window, by a named calendar';

CREATE FUNCTION open_spans(during tstzrange, hours business_hours,
	OUT span tstzrange,
	OUT business_date date)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'business_open_spans'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
COST 100 ROWS 100;
COMMENT ON FUNCTION open_spans(tstzrange, business_hours) IS 'the open spans in a window with their business dates, by opening hours';

CREATE FUNCTION open_spans(during tstzrange, calendar text,
	OUT span tstzrange,
	OUT business_date date)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'business_open_spans'
LANGUAGE C STABLE STRICT PARALLEL SAFE
COST 100 ROWS 100;
COMMENT ON FUNCTION open_spans(tstzrange, text) IS 'the open spans in a window with their business dates, by a named calendar';

CREATE FUNCTION business_timeline(at timestamptz, duration business_interval, hours business_hours,
	OUT span tstzrange,
	OUT state text,
	OUT holiday text,
	OUT used business_interval,
	OUT cumulative business_interval)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'business_timeline'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
COST 100 ROWS 100;
COMMENT ON FUNCTION business_timeline(timestamptz, business_interval, business_hours) IS 'every open, closed and holiday span from an instant to the deadline, by opening hours';

CREATE FUNCTION business_timeline(at timestamptz, duration business_interval, calendar text,
	OUT span tstzrange,
	OUT state text,
	OUT holiday text,
	OUT used business_interval,
	OUT cumulative business_interval)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'business_timeline'
LANGUAGE C STABLE STRICT PARALLEL SAFE
COST 100 ROWS 100;
COMMENT ON FUNCTION business_timeline(timestamptz, business_interval, text) IS 'every open, closed and holiday span from an instant to the deadline, by a named calendar';

CREATE FUNCTION timestamptz_within_business_hours(timestamptz, business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_is_open'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION timestamptz_within_business_hours(timestamptz, business_hours) IS 'implementation of <@ operator';

CREATE FUNCTION business_hours_contains(business_hours, timestamptz)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_hours_contains'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_contains(business_hours, timestamptz) IS 'implementation of @> operator';

CREATE OPERATOR <@ (
	LEFTARG = timestamptz,
	RIGHTARG = business_hours,
	FUNCTION = timestamptz_within_business_hours,
	COMMUTATOR = @>,
	RESTRICT = contsel,
	JOIN = contjoinsel
);
COMMENT ON OPERATOR <@ (timestamptz, business_hours) IS 'is it open then';

CREATE OPERATOR @> (
	LEFTARG = business_hours,
	RIGHTARG = timestamptz,
	FUNCTION = business_hours_contains,
	COMMUTATOR = <@,
	RESTRICT = contsel,
	JOIN = contjoinsel
);
COMMENT ON OPERATOR @> (business_hours, timestamptz) IS 'is it open then';

