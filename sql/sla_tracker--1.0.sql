/* sla_tracker/sla_tracker--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION sla_tracker" to load this file. \quit

/*
 * The type business_interval, and what needs no opening hours.
 */

CREATE TYPE business_interval;

CREATE FUNCTION business_interval_in(cstring)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_in'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_in(cstring) IS 'I/O';

CREATE FUNCTION business_interval_out(business_interval)
RETURNS cstring
AS 'MODULE_PATHNAME', 'business_interval_out'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_out(business_interval) IS 'I/O';

CREATE FUNCTION business_interval_recv(internal)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_recv'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_recv(internal) IS 'I/O';

CREATE FUNCTION business_interval_send(business_interval)
RETURNS bytea
AS 'MODULE_PATHNAME', 'business_interval_send'
LANGUAGE C
STABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_send(business_interval) IS 'I/O';

CREATE TYPE business_interval (
	INPUT = business_interval_in,
	OUTPUT = business_interval_out,
	RECEIVE = business_interval_recv,
	SEND = business_interval_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = plain,
	CATEGORY = 'T',
	PREFERRED = false
);
COMMENT ON TYPE business_interval IS
	'interval counted in business time, as in ''1 bd 4 bh @support''';

/* Comparison */

CREATE FUNCTION business_interval_eq(business_interval, business_interval)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_interval_eq'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_eq(business_interval, business_interval) IS 'implementation of = operator';

CREATE FUNCTION business_interval_ne(business_interval, business_interval)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_interval_ne'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_ne(business_interval, business_interval) IS 'implementation of <> operator';

CREATE FUNCTION business_interval_lt(business_interval, business_interval)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_interval_lt'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_lt(business_interval, business_interval) IS 'implementation of < operator';

CREATE FUNCTION business_interval_le(business_interval, business_interval)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_interval_le'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_le(business_interval, business_interval) IS 'implementation of <= operator';

CREATE FUNCTION business_interval_ge(business_interval, business_interval)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_interval_ge'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_ge(business_interval, business_interval) IS 'implementation of >= operator';

CREATE FUNCTION business_interval_gt(business_interval, business_interval)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_interval_gt'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_gt(business_interval, business_interval) IS 'implementation of > operator';

CREATE FUNCTION business_interval_cmp(business_interval, business_interval)
RETURNS integer
AS 'MODULE_PATHNAME', 'business_interval_cmp'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_cmp(business_interval, business_interval) IS 'less-equal-greater';

CREATE FUNCTION business_interval_sortsupport(internal)
RETURNS void
AS 'MODULE_PATHNAME', 'business_interval_sortsupport'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_sortsupport(internal) IS 'sort support';

CREATE FUNCTION business_interval_in_range(business_interval, business_interval, business_interval, boolean, boolean)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_interval_in_range'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_in_range(business_interval, business_interval, business_interval, boolean, boolean) IS 'window RANGE support, which ignores calendars';

CREATE FUNCTION business_interval_hash(business_interval)
RETURNS integer
AS 'MODULE_PATHNAME', 'business_interval_hash'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_hash(business_interval) IS 'hash';

CREATE FUNCTION business_interval_hash_extended(business_interval, bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'business_interval_hash_extended'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_hash_extended(business_interval, bigint) IS 'hash';

CREATE OPERATOR = (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_eq,
	COMMUTATOR = =,
	NEGATOR = <>,
	RESTRICT = eqsel,
	JOIN = eqjoinsel,
	HASHES,
	MERGES
);
COMMENT ON OPERATOR = (business_interval, business_interval) IS 'equal';

CREATE OPERATOR <> (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_ne,
	COMMUTATOR = <>,
	NEGATOR = =,
	RESTRICT = neqsel,
	JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (business_interval, business_interval) IS 'not equal';

CREATE OPERATOR < (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_lt,
	COMMUTATOR = >,
	NEGATOR = >=,
	RESTRICT = scalarltsel,
	JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (business_interval, business_interval) IS 'less than';

CREATE OPERATOR <= (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_le,
	COMMUTATOR = >=,
	NEGATOR = >,
	RESTRICT = scalarlesel,
	JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (business_interval, business_interval) IS 'less than or equal';

CREATE OPERATOR >= (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_ge,
	COMMUTATOR = <=,
	NEGATOR = <,
	RESTRICT = scalargesel,
	JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (business_interval, business_interval) IS 'greater than or equal';

CREATE OPERATOR > (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_gt,
	COMMUTATOR = <,
	NEGATOR = <=,
	RESTRICT = scalargtsel,
	JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (business_interval, business_interval) IS 'greater than';

CREATE OPERATOR CLASS business_interval_ops
DEFAULT FOR TYPE business_interval USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 business_interval_cmp(business_interval, business_interval),
	FUNCTION 2 business_interval_sortsupport(internal),
	FUNCTION 3 business_interval_in_range(business_interval, business_interval, business_interval, boolean, boolean),
	FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS business_interval_ops USING btree IS
	'by nominal length (a business day as 8 hours), then days, then calendar';

CREATE OPERATOR CLASS business_interval_ops
DEFAULT FOR TYPE business_interval USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 business_interval_hash(business_interval),
	FUNCTION 2 business_interval_hash_extended(business_interval, bigint);
COMMENT ON OPERATOR CLASS business_interval_ops USING hash IS
	'equality of business intervals';

/* Arithmetic */

CREATE FUNCTION business_interval_pl(business_interval, business_interval)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_pl'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_pl(business_interval, business_interval) IS 'implementation of + operator';

CREATE FUNCTION business_interval_mi(business_interval, business_interval)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_mi'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_mi(business_interval, business_interval) IS 'implementation of - operator';

CREATE FUNCTION business_interval_um(business_interval)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_um'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_um(business_interval) IS 'implementation of - operator';

CREATE FUNCTION business_interval_mul(business_interval, double precision)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_mul'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_mul(business_interval, double precision) IS 'implementation of * operator';

CREATE FUNCTION mul_business_interval(double precision, business_interval)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'mul_business_interval'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION mul_business_interval(double precision, business_interval) IS 'implementation of * operator';

CREATE FUNCTION business_interval_div(business_interval, double precision)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_div'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_div(business_interval, double precision) IS 'implementation of / operator';

CREATE OPERATOR + (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_pl,
	COMMUTATOR = +
);
COMMENT ON OPERATOR + (business_interval, business_interval) IS 'add';

CREATE OPERATOR - (
	LEFTARG = business_interval,
	RIGHTARG = business_interval,
	FUNCTION = business_interval_mi
);
COMMENT ON OPERATOR - (business_interval, business_interval) IS 'subtract';

CREATE OPERATOR - (
	RIGHTARG = business_interval,
	FUNCTION = business_interval_um
);
COMMENT ON OPERATOR - (NONE, business_interval) IS 'negate';

CREATE OPERATOR * (
	LEFTARG = business_interval,
	RIGHTARG = double precision,
	FUNCTION = business_interval_mul,
	COMMUTATOR = *
);
COMMENT ON OPERATOR * (business_interval, double precision) IS 'multiply';

CREATE OPERATOR * (
	LEFTARG = double precision,
	RIGHTARG = business_interval,
	FUNCTION = mul_business_interval,
	COMMUTATOR = *
);
COMMENT ON OPERATOR * (double precision, business_interval) IS 'multiply';

CREATE OPERATOR / (
	LEFTARG = business_interval,
	RIGHTARG = double precision,
	FUNCTION = business_interval_div
);
COMMENT ON OPERATOR / (business_interval, double precision) IS 'divide';

/* Aggregates */

CREATE FUNCTION business_interval_larger(business_interval, business_interval)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_larger'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_larger(business_interval, business_interval) IS 'larger of two';

CREATE FUNCTION business_interval_smaller(business_interval, business_interval)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_smaller'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_smaller(business_interval, business_interval) IS 'smaller of two';

CREATE FUNCTION business_interval_accum(internal, business_interval)
RETURNS internal
AS 'MODULE_PATHNAME', 'business_interval_accum'
LANGUAGE C
IMMUTABLE
CALLED ON NULL INPUT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_accum(internal, business_interval) IS 'aggregate transition function';

CREATE FUNCTION business_interval_accum_inv(internal, business_interval)
RETURNS internal
AS 'MODULE_PATHNAME', 'business_interval_accum_inv'
LANGUAGE C
IMMUTABLE
CALLED ON NULL INPUT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_accum_inv(internal, business_interval) IS 'aggregate transition function';

CREATE FUNCTION business_interval_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'business_interval_combine'
LANGUAGE C
IMMUTABLE
CALLED ON NULL INPUT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_combine(internal, internal) IS 'aggregate combine function';

CREATE FUNCTION business_interval_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'business_interval_serialize'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_serialize(internal) IS 'aggregate serial function';

CREATE FUNCTION business_interval_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'business_interval_deserialize'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_deserialize(bytea, internal) IS 'aggregate deserial function';

CREATE FUNCTION business_interval_sum(internal)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_sum'
LANGUAGE C
IMMUTABLE
CALLED ON NULL INPUT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_sum(internal) IS 'aggregate final function';

CREATE FUNCTION business_interval_avg(internal)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_avg'
LANGUAGE C
IMMUTABLE
CALLED ON NULL INPUT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval_avg(internal) IS 'aggregate final function';

CREATE AGGREGATE sum(business_interval) (
	SFUNC = business_interval_accum,
	STYPE = internal,
	SSPACE = 128,
	FINALFUNC = business_interval_sum,
	COMBINEFUNC = business_interval_combine,
	SERIALFUNC = business_interval_serialize,
	DESERIALFUNC = business_interval_deserialize,
	MSFUNC = business_interval_accum,
	MINVFUNC = business_interval_accum_inv,
	MSTYPE = internal,
	MSSPACE = 128,
	MFINALFUNC = business_interval_sum,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(business_interval) IS
	'sum of the business intervals; an error when they name different calendars';

CREATE AGGREGATE avg(business_interval) (
	SFUNC = business_interval_accum,
	STYPE = internal,
	SSPACE = 128,
	FINALFUNC = business_interval_avg,
	COMBINEFUNC = business_interval_combine,
	SERIALFUNC = business_interval_serialize,
	DESERIALFUNC = business_interval_deserialize,
	MSFUNC = business_interval_accum,
	MINVFUNC = business_interval_accum_inv,
	MSTYPE = internal,
	MSSPACE = 128,
	MFINALFUNC = business_interval_avg,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE avg(business_interval) IS
	'average of the business intervals; an error when it is a fractional business day';

CREATE AGGREGATE min(business_interval) (
	SFUNC = business_interval_smaller,
	STYPE = business_interval,
	COMBINEFUNC = business_interval_smaller,
	SORTOP = <,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE min(business_interval) IS 'smallest of the business intervals';

CREATE AGGREGATE max(business_interval) (
	SFUNC = business_interval_larger,
	STYPE = business_interval,
	COMBINEFUNC = business_interval_larger,
	SORTOP = >,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE max(business_interval) IS 'largest of the business intervals';

/* Casts; those to and from text are the I/O functions. */

CREATE FUNCTION business_interval(interval)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_from_interval'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_interval(interval) IS 'days and time of an interval as business days and business time';

CREATE FUNCTION "interval"(business_interval)
RETURNS interval
AS 'MODULE_PATHNAME', 'business_interval_to_interval'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION "interval"(business_interval) IS 'business days and business time as days and time; the calendar is dropped';

CREATE CAST (interval AS business_interval)
WITH FUNCTION business_interval(interval);
COMMENT ON CAST (interval AS business_interval) IS
	'explicit: a day becomes a business day; months are refused';

CREATE CAST (business_interval AS interval)
WITH FUNCTION "interval"(business_interval);
COMMENT ON CAST (business_interval AS interval) IS
	'explicit: a business day becomes a day; the calendar is dropped';

/* Accessors and construction */

CREATE FUNCTION business_days(business_interval)
RETURNS integer
AS 'MODULE_PATHNAME', 'business_interval_days'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_days(business_interval) IS 'the business days of a business_interval, without its business time';

CREATE FUNCTION business_seconds(business_interval)
RETURNS double precision
AS 'MODULE_PATHNAME', 'business_interval_seconds'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION business_seconds(business_interval) IS 'the business time of a business_interval in seconds, without its business days';

CREATE FUNCTION calendar(business_interval)
RETURNS text
AS 'MODULE_PATHNAME', 'business_interval_calendar'
LANGUAGE C
IMMUTABLE
STRICT
PARALLEL SAFE;
COMMENT ON FUNCTION calendar(business_interval) IS 'the calendar that a business_interval names, NULL if none';

CREATE FUNCTION at_calendar(business_interval, text)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'business_interval_at_calendar'
LANGUAGE C
IMMUTABLE
CALLED ON NULL INPUT
PARALLEL SAFE;
COMMENT ON FUNCTION at_calendar(business_interval, text) IS 'the same business_interval at another calendar, at none if that is NULL';

CREATE FUNCTION make_business_interval(days integer DEFAULT 0, hours integer DEFAULT 0, mins integer DEFAULT 0, secs double precision DEFAULT 0, calendar text DEFAULT NULL)
RETURNS business_interval
AS 'MODULE_PATHNAME', 'make_business_interval'
LANGUAGE C
IMMUTABLE
CALLED ON NULL INPUT
PARALLEL SAFE;
COMMENT ON FUNCTION make_business_interval(days integer, hours integer, mins integer, secs double precision, calendar text) IS 'construct a business_interval';

--
-- business_hours: opening hours as a value
--

CREATE TYPE business_hours;

CREATE FUNCTION business_hours_in(cstring)
RETURNS business_hours
AS 'MODULE_PATHNAME', 'business_hours_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_in(cstring) IS 'input of business_hours';

CREATE FUNCTION business_hours_out(business_hours)
RETURNS cstring
AS 'MODULE_PATHNAME', 'business_hours_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_out(business_hours) IS 'output of business_hours';

CREATE FUNCTION business_hours_recv(internal)
RETURNS business_hours
AS 'MODULE_PATHNAME', 'business_hours_recv'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_recv(internal) IS 'binary input of business_hours';

CREATE FUNCTION business_hours_send(business_hours)
RETURNS bytea
AS 'MODULE_PATHNAME', 'business_hours_send'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_send(business_hours) IS 'binary output of business_hours';

CREATE TYPE business_hours (
	INPUT = business_hours_in,
	OUTPUT = business_hours_out,
	RECEIVE = business_hours_recv,
	SEND = business_hours_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE business_hours IS
'opening hours in a time zone, ''TZ=Europe/Berlin Mo-Fr 09:00-17:30; PH off'' (a subset of OpenStreetMap opening_hours)';

CREATE FUNCTION business_hours_eq(business_hours, business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_hours_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_eq(business_hours, business_hours) IS 'implementation of = operator';

CREATE OPERATOR = (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_eq,
	COMMUTATOR = =,
	NEGATOR = <>,
	RESTRICT = eqsel,
	JOIN = eqjoinsel,
	HASHES,
	MERGES
);
COMMENT ON OPERATOR = (business_hours, business_hours) IS 'equal (by the bytes of the canonical text)';

CREATE FUNCTION business_hours_ne(business_hours, business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_hours_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_ne(business_hours, business_hours) IS 'implementation of <> operator';

CREATE OPERATOR <> (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_ne,
	COMMUTATOR = <>,
	NEGATOR = =,
	RESTRICT = neqsel,
	JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (business_hours, business_hours) IS 'not equal (by the bytes of the canonical text)';

CREATE FUNCTION business_hours_lt(business_hours, business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_hours_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_lt(business_hours, business_hours) IS 'implementation of < operator';

CREATE OPERATOR < (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_lt,
	COMMUTATOR = >,
	NEGATOR = >=,
	RESTRICT = scalarltsel,
	JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (business_hours, business_hours) IS 'less than (by the bytes of the canonical text)';

CREATE FUNCTION business_hours_le(business_hours, business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_hours_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_le(business_hours, business_hours) IS 'implementation of <= operator';

CREATE OPERATOR <= (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_le,
	COMMUTATOR = >=,
	NEGATOR = >,
	RESTRICT = scalarlesel,
	JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (business_hours, business_hours) IS 'less than or equal (by the bytes of the canonical text)';

CREATE FUNCTION business_hours_gt(business_hours, business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_hours_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_gt(business_hours, business_hours) IS 'implementation of > operator';

CREATE OPERATOR > (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_gt,
	COMMUTATOR = <,
	NEGATOR = <=,
	RESTRICT = scalargtsel,
	JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (business_hours, business_hours) IS 'greater than (by the bytes of the canonical text)';

CREATE FUNCTION business_hours_ge(business_hours, business_hours)
RETURNS boolean
AS 'MODULE_PATHNAME', 'business_hours_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_ge(business_hours, business_hours) IS 'implementation of >= operator';

CREATE OPERATOR >= (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_ge,
	COMMUTATOR = <=,
	NEGATOR = <,
	RESTRICT = scalargesel,
	JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (business_hours, business_hours) IS 'greater than or equal (by the bytes of the canonical text)';

CREATE FUNCTION business_hours_cmp(business_hours, business_hours)
RETURNS integer
AS 'MODULE_PATHNAME', 'business_hours_cmp'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_cmp(business_hours, business_hours) IS 'less-equal-greater, for btree';

CREATE FUNCTION business_hours_hash(business_hours)
RETURNS integer
AS 'MODULE_PATHNAME', 'business_hours_hash'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_hash(business_hours) IS 'hash';

CREATE FUNCTION business_hours_hash_extended(business_hours, bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'business_hours_hash_extended'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_hash_extended(business_hours, bigint) IS 'hash with a seed';

CREATE OPERATOR CLASS business_hours_ops
DEFAULT FOR TYPE business_hours USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 business_hours_cmp(business_hours, business_hours),
	FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS business_hours_ops USING btree IS 'order of business_hours';
COMMENT ON OPERATOR FAMILY business_hours_ops USING btree IS 'order of business_hours';

CREATE OPERATOR CLASS business_hours_ops
DEFAULT FOR TYPE business_hours USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 business_hours_hash(business_hours),
	FUNCTION 2 business_hours_hash_extended(business_hours, bigint);
COMMENT ON OPERATOR CLASS business_hours_ops USING hash IS 'hash of business_hours';
COMMENT ON OPERATOR FAMILY business_hours_ops USING hash IS 'hash of business_hours';

CREATE FUNCTION business_hours_union(business_hours, business_hours)
RETURNS business_hours
AS 'MODULE_PATHNAME', 'business_hours_union'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_union(business_hours, business_hours) IS 'implementation of + operator';

CREATE OPERATOR + (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_union
);
COMMENT ON OPERATOR + (business_hours, business_hours) IS 'open when either is';

CREATE FUNCTION business_hours_intersection(business_hours, business_hours)
RETURNS business_hours
AS 'MODULE_PATHNAME', 'business_hours_intersection'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_intersection(business_hours, business_hours) IS 'implementation of * operator';

CREATE OPERATOR * (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_intersection
);
COMMENT ON OPERATOR * (business_hours, business_hours) IS 'open when both are';

CREATE FUNCTION business_hours_difference(business_hours, business_hours)
RETURNS business_hours
AS 'MODULE_PATHNAME', 'business_hours_difference'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION business_hours_difference(business_hours, business_hours) IS 'implementation of - operator';

CREATE OPERATOR - (
	LEFTARG = business_hours,
	RIGHTARG = business_hours,
	FUNCTION = business_hours_difference
);
COMMENT ON OPERATOR - (business_hours, business_hours) IS 'open when the first is and the second is not';

CREATE FUNCTION with_holidays(hours business_hours, holidays date[])
RETURNS business_hours
AS 'MODULE_PATHNAME', 'business_hours_with_holidays'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION with_holidays(business_hours, date[]) IS
'the same hours with public holidays: its PH rules hold on them, without any they are closed';

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

--
-- Named calendars
--
-- Plain INSERT, UPDATE and DELETE are the interface.  The C side reads the
-- columns of sla.calendar and sla.holiday by number (src/calendar.c): later
-- versions only append to them.
--

CREATE SCHEMA sla;
COMMENT ON SCHEMA sla IS 'sla_tracker: named calendars and what is built on them';
GRANT USAGE ON SCHEMA sla TO PUBLIC;

CREATE FUNCTION sla.combined_calendars(combines text)
RETURNS text[]
AS 'MODULE_PATHNAME', 'sla_combined_calendars'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.combined_calendars(text) IS
'the names in an expression over calendars, each once; an error when it is not one';

CREATE FUNCTION sla.day_hours(hours text)
RETURNS text
AS 'MODULE_PATHNAME', 'sla_day_hours'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.day_hours(text) IS
'a day''s own hours, ''09:00-12:00,13:00-17:00'' or ''off'', in canonical spelling; an error when they are not of that form';

CREATE TABLE sla.calendar (
	name text COLLATE "C" PRIMARY KEY,
	hours business_hours,
	combines text COLLATE "C",
	holidays_until date,
	description text,
	since timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT calendar_name_check
		CHECK (pg_catalog.octet_length(name) >= 1
			AND pg_catalog.octet_length(name) <= 63
			AND name <> '24/7'),
	CONSTRAINT calendar_hours_or_combines_check
		CHECK ((hours IS NULL) <> (combines IS NULL)),
	CONSTRAINT calendar_combines_check
		CHECK (sla.combined_calendars(combines) IS NOT NULL OR combines IS NULL)
);
COMMENT ON TABLE sla.calendar IS
'named calendars: opening hours of their own, or a combination of other calendars; readable by everybody';
COMMENT ON COLUMN sla.calendar.name IS 'case-sensitive, at most 63 bytes; "24/7" is always there and is no row';
COMMENT ON COLUMN sla.calendar.hours IS 'opening hours; NULL when it combines others';
COMMENT ON COLUMN sla.calendar.combines IS
'expression over calendar names: + open when either is, * when both are, - when the first is and the second is not';
COMMENT ON COLUMN sla.calendar.holidays_until IS 'until when the list of holidays is known; later deadlines are provisional';
COMMENT ON COLUMN sla.calendar.description IS 'free text';
COMMENT ON COLUMN sla.calendar.since IS 'from when this version is in force; set by the extension';

CREATE TABLE sla.holiday (
	calendar text COLLATE "C" NOT NULL,
	day date NOT NULL,
	name text,
	hours text,
	since timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (calendar, day),
	CONSTRAINT holiday_day_check
		CHECK (day >= '1800-01-01'::date AND day < '2500-01-01'::date),
	CONSTRAINT holiday_hours_check
		CHECK (sla.day_hours(hours) IS NOT NULL OR hours IS NULL)
);
COMMENT ON TABLE sla.holiday IS 'public holidays of the named calendars; readable by everybody';
COMMENT ON COLUMN sla.holiday.calendar IS 'the calendar';
COMMENT ON COLUMN sla.holiday.day IS 'a local date of the calendar';
COMMENT ON COLUMN sla.holiday.name IS 'what is celebrated';
COMMENT ON COLUMN sla.holiday.hours IS
'other hours of that day, ''09:00-12:00''; NULL: what the PH rules say, closed where there are none';
COMMENT ON COLUMN sla.holiday.since IS 'from when this version is in force; set by the extension';

CREATE TABLE sla.calendar_history (
	calendar text COLLATE "C" NOT NULL,
	day date,
	name text,
	hours text,
	combines text,
	holidays_until date,
	description text,
	since timestamptz NOT NULL,
	until timestamptz NOT NULL,
	changed_by text NOT NULL DEFAULT session_user
);
CREATE INDEX calendar_history_calendar_idx ON sla.calendar_history (calendar, since);
COMMENT ON TABLE sla.calendar_history IS
'earlier versions of calendars (day is NULL) and of their holidays, each with the time it was in force; the present version is in sla.calendar and sla.holiday';
COMMENT ON COLUMN sla.calendar_history.calendar IS 'the calendar';
COMMENT ON COLUMN sla.calendar_history.day IS 'the holiday; NULL for a version of the calendar itself';
COMMENT ON COLUMN sla.calendar_history.name IS 'name of the holiday';
COMMENT ON COLUMN sla.calendar_history.hours IS 'hours of the calendar or of the holiday';
COMMENT ON COLUMN sla.calendar_history.combines IS 'calendars combined';
COMMENT ON COLUMN sla.calendar_history.holidays_until IS 'until when the list of holidays was known';
COMMENT ON COLUMN sla.calendar_history.description IS 'free text';
COMMENT ON COLUMN sla.calendar_history.since IS 'from when the version was in force';
COMMENT ON COLUMN sla.calendar_history.until IS 'until when the version was in force';
COMMENT ON COLUMN sla.calendar_history.changed_by IS 'the session user who ended the version';

SELECT pg_catalog.pg_extension_config_dump('sla.calendar', '');
SELECT pg_catalog.pg_extension_config_dump('sla.holiday', '');
SELECT pg_catalog.pg_extension_config_dump('sla.calendar_history', '');

GRANT SELECT ON sla.calendar, sla.holiday, sla.calendar_history TO PUBLIC;

-- Caches

CREATE FUNCTION sla.calendar_changed()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_calendar_changed'
LANGUAGE C;
COMMENT ON FUNCTION sla.calendar_changed() IS 'tells all sessions that a calendar changes';
REVOKE ALL ON FUNCTION sla.calendar_changed() FROM PUBLIC;

CREATE TRIGGER calendar_changed
	AFTER INSERT OR UPDATE OR DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.calendar_changed();
CREATE TRIGGER calendar_truncated
	AFTER TRUNCATE ON sla.calendar
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendar_changed();
CREATE TRIGGER calendar_changed
	AFTER INSERT OR UPDATE OR DELETE ON sla.holiday
	FOR EACH ROW EXECUTE FUNCTION sla.calendar_changed();
CREATE TRIGGER calendar_truncated
	AFTER TRUNCATE ON sla.holiday
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendar_changed();
COMMENT ON TRIGGER calendar_changed ON sla.calendar IS 'keeps the caches of all sessions true';
COMMENT ON TRIGGER calendar_truncated ON sla.calendar IS 'keeps the caches of all sessions true';
COMMENT ON TRIGGER calendar_changed ON sla.holiday IS 'keeps the caches of all sessions true';
COMMENT ON TRIGGER calendar_truncated ON sla.holiday IS 'keeps the caches of all sessions true';

-- logical replication fires only these
ALTER TABLE sla.calendar ENABLE ALWAYS TRIGGER calendar_changed;
ALTER TABLE sla.calendar ENABLE ALWAYS TRIGGER calendar_truncated;
ALTER TABLE sla.holiday ENABLE ALWAYS TRIGGER calendar_changed;
ALTER TABLE sla.holiday ENABLE ALWAYS TRIGGER calendar_truncated;

-- Combinations

CREATE FUNCTION sla.check_combinations()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	members text[];
	other text;
BEGIN
	-- whoever combines this name would lose it
	IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.name <> OLD.name) THEN
		SELECT c.name INTO other
		FROM sla.calendar AS c
		WHERE c.combines IS NOT NULL
			AND OLD.name = ANY (sla.combined_calendars(c.combines))
		ORDER BY c.name
		LIMIT 1;
		IF FOUND AND NOT EXISTS (SELECT FROM sla.calendar AS c WHERE c.name = OLD.name) THEN
			RAISE EXCEPTION 'calendar "%" is in use', OLD.name
				USING ERRCODE = 'dependent_objects_still_exist',
					DETAIL = format('Calendar "%s" combines it.', other),
					HINT = 'Change or delete that calendar first.';
		END IF;
	END IF;
	IF TG_OP = 'DELETE' OR NEW.combines IS NULL THEN
		RETURN NULL;
	END IF;

	-- all names exist, and stay while this transaction lasts
	members := array_remove(sla.combined_calendars(NEW.combines), '24/7');
	PERFORM FROM sla.calendar AS c
	WHERE c.name = ANY (members)
	ORDER BY c.name
	FOR SHARE;
	SELECT m INTO other
	FROM unnest(members) AS m
	WHERE NOT EXISTS (SELECT FROM sla.calendar AS c WHERE c.name = m)
	LIMIT 1;
	IF FOUND AND TG_OP = 'INSERT' THEN
		-- a dump made with --inserts may bring it later
		RAISE WARNING 'calendar "%" does not exist', other
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Calendar "%s" combines it, and is of no use before it exists.', NEW.name);
	ELSIF FOUND THEN
		RAISE EXCEPTION 'calendar "%" does not exist', other
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Calendar "%s" would combine it.', NEW.name),
				HINT = 'Insert it into sla.calendar first, or in the same statement.';
	END IF;

	-- each member has its own holidays
	IF EXISTS (SELECT FROM sla.holiday AS h WHERE h.calendar = NEW.name) THEN
		RAISE EXCEPTION 'calendar "%" has holidays of its own', NEW.name
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'A calendar that combines others has the holidays of each of these.',
				HINT = 'Delete its rows of sla.holiday, or give them to a calendar that it combines.';
	END IF;

	-- and none leads back here
	IF EXISTS (
		WITH RECURSIVE reached (name) AS (
			SELECT unnest(members) COLLATE "C"
			UNION
			SELECT unnest(sla.combined_calendars(c.combines)) COLLATE "C"
			FROM reached
			JOIN sla.calendar AS c ON c.name = reached.name
			WHERE c.combines IS NOT NULL
		)
		SELECT FROM reached WHERE reached.name = NEW.name
	) THEN
		RAISE EXCEPTION 'calendar "%" would combine itself', NEW.name
			USING ERRCODE = 'invalid_object_definition',
				DETAIL = format('"%s" leads back to it.', NEW.combines);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.check_combinations() IS 'refuses combinations of unknown calendars and circles';
REVOKE ALL ON FUNCTION sla.check_combinations() FROM PUBLIC;

CREATE TRIGGER check_combinations
	AFTER INSERT OR UPDATE OR DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.check_combinations();
COMMENT ON TRIGGER check_combinations ON sla.calendar IS 'refuses combinations of unknown calendars and circles';

-- Holidays and their calendars
--
-- This is a foreign key by triggers: with a real one a parallel pg_restore
-- fails, since it may load the holidays before the calendars.

CREATE FUNCTION sla.check_holiday()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	combines text;
BEGIN
	SELECT c.combines INTO combines
	FROM sla.calendar AS c
	WHERE c.name = NEW.calendar
	FOR KEY SHARE;
	IF NOT FOUND AND current_query() ~* '^\s*copy\M' THEN
		RAISE WARNING 'calendar "%" does not exist', NEW.calendar
			USING ERRCODE = 'foreign_key_violation',
				DETAIL = 'Its holidays are of no use before it exists.';
	ELSIF NOT FOUND THEN
		RAISE EXCEPTION 'calendar "%" does not exist', NEW.calendar
			USING ERRCODE = 'foreign_key_violation',
				HINT = 'Insert it into sla.calendar first.';
	ELSIF combines IS NOT NULL THEN
		RAISE EXCEPTION 'calendar "%" combines others', NEW.calendar
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'It has the holidays of each of these, and none of its own.',
				HINT = 'Insert the holiday for a calendar that it combines, or subtract a calendar that is open on that day.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_holiday() IS 'refuses holidays of unknown calendars and of combinations';
REVOKE ALL ON FUNCTION sla.check_holiday() FROM PUBLIC;

CREATE FUNCTION sla.follow_calendar()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'UPDATE' THEN
		UPDATE sla.holiday SET calendar = NEW.name WHERE calendar = OLD.name;
	ELSIF TG_OP = 'DELETE' THEN
		DELETE FROM sla.holiday WHERE calendar = OLD.name;
	ELSE
		DELETE FROM sla.holiday;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.follow_calendar() IS 'renames and deletes holidays with their calendar';
REVOKE ALL ON FUNCTION sla.follow_calendar() FROM PUBLIC;

CREATE TRIGGER check_holiday
	BEFORE INSERT OR UPDATE OF calendar ON sla.holiday
	FOR EACH ROW EXECUTE FUNCTION sla.check_holiday();
CREATE TRIGGER follow_renamed
	AFTER UPDATE OF name ON sla.calendar
	FOR EACH ROW WHEN (OLD.name <> NEW.name)
	EXECUTE FUNCTION sla.follow_calendar();
CREATE TRIGGER follow_deleted
	AFTER DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.follow_calendar();
CREATE TRIGGER follow_truncated
	AFTER TRUNCATE ON sla.calendar
	FOR EACH STATEMENT EXECUTE FUNCTION sla.follow_calendar();
COMMENT ON TRIGGER check_holiday ON sla.holiday IS 'refuses holidays of unknown calendars and of combinations';
COMMENT ON TRIGGER follow_renamed ON sla.calendar IS 'renames the holidays with their calendar';
COMMENT ON TRIGGER follow_deleted ON sla.calendar IS 'deletes the holidays with their calendar';
COMMENT ON TRIGGER follow_truncated ON sla.calendar IS 'deletes the holidays with their calendars';

-- History
--
-- The present row carries "since"; only UPDATE and DELETE write history, so
-- that a restored dump does not meet rows that its own load has made.

CREATE FUNCTION sla.stamp_version()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.since := OLD.since;
	IF NEW IS DISTINCT FROM OLD THEN
		NEW.since := greatest(now(), OLD.since);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.stamp_version() IS 'sets "since" of a changed row';
REVOKE ALL ON FUNCTION sla.stamp_version() FROM PUBLIC;

CREATE FUNCTION sla.keep_version()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- a version that began in this transaction was never in force
	IF OLD.since >= now() OR (TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD) THEN
		RETURN NULL;
	END IF;
	IF TG_TABLE_NAME = 'calendar' THEN
		INSERT INTO sla.calendar_history
			(calendar, hours, combines, holidays_until, description, since, until)
		VALUES (OLD.name, OLD.hours, OLD.combines, OLD.holidays_until,
			OLD.description, OLD.since, now());
	ELSE
		INSERT INTO sla.calendar_history (calendar, day, name, hours, since, until)
		VALUES (OLD.calendar, OLD.day, OLD.name, OLD.hours, OLD.since, now());
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.keep_version() IS 'writes the old version of a changed row to sla.calendar_history';
REVOKE ALL ON FUNCTION sla.keep_version() FROM PUBLIC;

CREATE FUNCTION sla.keep_all_versions()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_TABLE_NAME = 'calendar' THEN
		INSERT INTO sla.calendar_history
			(calendar, hours, combines, holidays_until, description, since, until)
		SELECT c.name, c.hours, c.combines, c.holidays_until, c.description, c.since, now()
		FROM sla.calendar AS c
		WHERE c.since < now();
	ELSE
		INSERT INTO sla.calendar_history (calendar, day, name, hours, since, until)
		SELECT h.calendar, h.day, h.name, h.hours, h.since, now()
		FROM sla.holiday AS h
		WHERE h.since < now();
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.keep_all_versions() IS 'writes all rows to sla.calendar_history before TRUNCATE';
REVOKE ALL ON FUNCTION sla.keep_all_versions() FROM PUBLIC;

CREATE TRIGGER stamp_version
	BEFORE UPDATE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.stamp_version();
CREATE TRIGGER keep_version
	AFTER UPDATE OR DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.keep_version();
CREATE TRIGGER keep_all_versions
	BEFORE TRUNCATE ON sla.calendar
	FOR EACH STATEMENT EXECUTE FUNCTION sla.keep_all_versions();
CREATE TRIGGER stamp_version
	BEFORE UPDATE ON sla.holiday
	FOR EACH ROW EXECUTE FUNCTION sla.stamp_version();
CREATE TRIGGER keep_version
	AFTER UPDATE OR DELETE ON sla.holiday
	FOR EACH ROW EXECUTE FUNCTION sla.keep_version();
CREATE TRIGGER keep_all_versions
	BEFORE TRUNCATE ON sla.holiday
	FOR EACH STATEMENT EXECUTE FUNCTION sla.keep_all_versions();
COMMENT ON TRIGGER stamp_version ON sla.calendar IS 'sets "since" of a changed row';
COMMENT ON TRIGGER keep_version ON sla.calendar IS 'writes history';
COMMENT ON TRIGGER keep_all_versions ON sla.calendar IS 'writes history';
COMMENT ON TRIGGER stamp_version ON sla.holiday IS 'sets "since" of a changed row';
COMMENT ON TRIGGER keep_version ON sla.holiday IS 'writes history';
COMMENT ON TRIGGER keep_all_versions ON sla.holiday IS 'writes history';

-- Looking in

CREATE FUNCTION sla.calendar_hours(calendar text)
RETURNS business_hours
AS 'MODULE_PATHNAME', 'sla_calendar_hours'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sla.calendar_hours(text) IS
'a named calendar as a value: its hours with all its holidays, combinations resolved';

CREATE FUNCTION sla.cache_stats(
	OUT hours text,
	OUT calendars integer,
	OUT from_at timestamptz,
	OUT to_at timestamptz,
	OUT bytes bigint,
	OUT compilations integer,
	OUT compile_microseconds double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sla_cache_stats'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
COST 100 ROWS 100;
COMMENT ON FUNCTION sla.cache_stats() IS 'the compiled calendars of this session';

--
-- Deadlines in one's own table, and what to ask with
--

CREATE FUNCTION sla_deadline()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_deadline'
LANGUAGE C;
COMMENT ON FUNCTION sla_deadline() IS
'BEFORE INSERT OR UPDATE ROW trigger: sla_deadline(start column, goal or column, deadline column [, stop column [, breach column]]) sets deadline and breach flag on the row itself';

CREATE FUNCTION attainment_accum(internal, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'attainment_accum'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION attainment_accum(internal, boolean) IS 'aggregate transition function';

CREATE FUNCTION attainment_accum_inv(internal, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'attainment_accum_inv'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION attainment_accum_inv(internal, boolean) IS 'aggregate inverse transition function';

CREATE FUNCTION attainment_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'attainment_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION attainment_combine(internal, internal) IS 'aggregate combine function';

CREATE FUNCTION attainment_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'attainment_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION attainment_serialize(internal) IS 'aggregate serial function';

CREATE FUNCTION attainment_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'attainment_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION attainment_deserialize(bytea, internal) IS 'aggregate deserial function';

CREATE FUNCTION attainment_final(internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'attainment_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION attainment_final(internal) IS 'aggregate final function';

CREATE AGGREGATE attainment(boolean) (
	SFUNC = attainment_accum,
	STYPE = internal,
	SSPACE = 32,
	FINALFUNC = attainment_final,
	COMBINEFUNC = attainment_combine,
	SERIALFUNC = attainment_serialize,
	DESERIALFUNC = attainment_deserialize,
	MSFUNC = attainment_accum,
	MINVFUNC = attainment_accum_inv,
	MSTYPE = internal,
	MSSPACE = 32,
	MFINALFUNC = attainment_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE attainment(boolean) IS 'percent of the values that are true, 0 to 100; NULL over nothing';

-- Holidays from an iCalendar feed (in a library of its own, sla_tracker_ical)

CREATE FUNCTION sla.import_holidays(calendar text, ics text, since date, until date)
RETURNS integer
AS 'MODULE_PATHNAME_ical', 'sla_import_holidays'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION sla.import_holidays(text, text, date, date) IS
  'insert the dates in [since, until) of an iCalendar feed as holidays; returns the number inserted';

