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

