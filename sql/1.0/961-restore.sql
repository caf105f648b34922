--
-- While a dump is restored: sla.tick() waits (src/restore_lock.c)
--

CREATE FUNCTION sla.restore_begins()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_restore_begins'
LANGUAGE C;
COMMENT ON FUNCTION sla.restore_begins() IS 'private: has sla.tick() wait until this session, which restores a dump, has ended';
REVOKE ALL ON FUNCTION sla.restore_begins() FROM PUBLIC;

CREATE FUNCTION sla.may_tick()
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_may_tick'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sla.may_tick() IS 'private: false behind a fence, and while another session restores a dump; else none does until the end of this transaction';
REVOKE ALL ON FUNCTION sla.may_tick() FROM PUBLIC;

CREATE VIEW sla.restoring_session AS
SELECT l.pid
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_extension AS e ON e.oid = l.objid
JOIN pg_catalog.pg_database AS d ON d.oid = l.database
WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_extension'::regclass AND l.objsubid = 1
	AND l.mode = 'RowExclusiveLock' AND e.extname = 'sla_tracker' AND d.datname = pg_catalog.current_database();
COMMENT ON VIEW sla.restoring_session IS 'private: sessions that restore a dump, or did and have not ended';
COMMENT ON COLUMN sla.restoring_session.pid IS 'process of the session';
REVOKE ALL ON sla.restoring_session FROM PUBLIC;

-- on what a tick acts by: rows of other tables do nothing without these
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.agreement
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.agreement IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.alert
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.alert IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.clock_due
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.clock_due IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.clock_due_new
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.clock_due_new IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.escalation_run
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.escalation_run IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.exception
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.exception IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.moved_exception
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.moved_exception IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.moved_party
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.moved_party IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.objective
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.objective IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.promise
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.promise IS 'has sla.tick() wait while a dump is restored';
CREATE TRIGGER restore_begins
	BEFORE INSERT ON sla.retention
	FOR EACH STATEMENT WHEN (sla.restoring()) EXECUTE FUNCTION sla.restore_begins();
COMMENT ON TRIGGER restore_begins ON sla.retention IS 'has sla.tick() wait while a dump is restored';
