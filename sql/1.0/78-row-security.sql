--
-- Row-level security of tracked tables
--
-- Where the administrator names a table here, its clocks are shown only to who
-- may read their rows in it: src/visibility.c says how.  It is for him alone,
-- since policies of the table's owner are then evaluated as whoever reads a
-- report, as they are when he reads the table.
--

CREATE TABLE sla.row_security (
	relation regclass PRIMARY KEY
);
COMMENT ON TABLE sla.row_security IS
'tables whose privileges and row-level security hold for readers of their clocks, too; for the administrator';
COMMENT ON COLUMN sla.row_security.relation IS 'the tracked table';
GRANT SELECT ON sla.row_security TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sla.row_security', '');

CREATE FUNCTION sla.row_security_changed()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_row_security_changed'
LANGUAGE C;
COMMENT ON FUNCTION sla.row_security_changed() IS 'has every session plan its queries anew';

-- (Always: where rows come by replication sessions have plans, too.)
CREATE TRIGGER row_security_changed
	AFTER INSERT OR UPDATE OR DELETE ON sla.row_security
	FOR EACH ROW EXECUTE FUNCTION sla.row_security_changed();
CREATE TRIGGER row_security_emptied
	AFTER TRUNCATE ON sla.row_security
	FOR EACH STATEMENT EXECUTE FUNCTION sla.row_security_changed();
COMMENT ON TRIGGER row_security_changed ON sla.row_security IS 'has every session plan its queries anew';
COMMENT ON TRIGGER row_security_emptied ON sla.row_security IS 'has every session plan its queries anew';
ALTER TABLE sla.row_security ENABLE ALWAYS TRIGGER row_security_changed;
ALTER TABLE sla.row_security ENABLE ALWAYS TRIGGER row_security_emptied;

/*
 * These are in views and policies, where they are called with the rights of
 * whoever reads.  What they tell he may know: whether he sees a row.  They cost
 * more than to compare the table or an instant, which may come first.
 */
CREATE FUNCTION sla.seen_support(internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'sla_seen_support'
LANGUAGE C STRICT;
COMMENT ON FUNCTION sla.seen_support(internal) IS 'private: planner support of sla.seen()';
REVOKE ALL ON FUNCTION sla.seen_support(internal) FROM PUBLIC;

CREATE FUNCTION sla.seen(relation regclass, item text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_may_see'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 5 SUPPORT sla.seen_support;
COMMENT ON FUNCTION sla.seen(regclass, text) IS
'private: a condition on a table: only clocks that the reader may see; checked before any other, and nothing at all while sla.row_security is empty';

CREATE FUNCTION sla.may_see(relation regclass, item text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_may_see'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 5;
COMMENT ON FUNCTION sla.may_see(regclass, text) IS 'private: may the reader see the clocks of an item?';

CREATE FUNCTION sla.may_see_clock(clock_id bigint)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_may_see_clock'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sla.may_see_clock(bigint) IS 'private: may the reader see a clock?';

CREATE FUNCTION sla.sees_all(relation regclass)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_sees_all'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sla.sees_all(regclass) IS 'private: does no row-level security keep clocks of a table from the reader?';
REVOKE ALL ON FUNCTION sla.sees_all(regclass) FROM PUBLIC;

-- who reads the table itself, as operators may
ALTER TABLE sla.clock_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON sla.clock_change FOR SELECT USING (sla.may_see_clock(clock));
COMMENT ON POLICY reader ON sla.clock_change IS 'who may see the clock';
ALTER TABLE sla.sync_error ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON sla.sync_error FOR SELECT USING (sla.seen(relation, item));
COMMENT ON POLICY reader ON sla.sync_error IS 'who may see the item';
