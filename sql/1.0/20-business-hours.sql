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

