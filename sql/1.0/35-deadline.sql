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

