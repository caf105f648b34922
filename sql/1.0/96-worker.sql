--
-- The background worker: what wakes it, and how it stands
--

CREATE FUNCTION sla.wake()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_wake'
LANGUAGE C;
COMMENT ON FUNCTION sla.wake() IS 'private: the background worker plans anew once the transaction commits';
REVOKE ALL ON FUNCTION sla.wake() FROM PUBLIC;

-- (every edit of what is defined for tracked tables moves the one, every edit of
-- calendars the other; hints for clocks come in by SQL in a restore only)
CREATE TRIGGER wake
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.revision
	FOR EACH STATEMENT EXECUTE FUNCTION sla.wake();
CREATE TRIGGER wake
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.promise
	FOR EACH STATEMENT EXECUTE FUNCTION sla.wake();
CREATE TRIGGER wake
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.objective
	FOR EACH STATEMENT EXECUTE FUNCTION sla.wake();
CREATE TRIGGER wake
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.burn_rule
	FOR EACH STATEMENT EXECUTE FUNCTION sla.wake();
CREATE TRIGGER wake
	AFTER INSERT ON sla.clock_due
	FOR EACH STATEMENT EXECUTE FUNCTION sla.wake();
CREATE TRIGGER wake
	AFTER INSERT OR UPDATE ON sla.escalation_run
	FOR EACH ROW WHEN (NEW.next_at IS NOT NULL) EXECUTE FUNCTION sla.wake();
CREATE TRIGGER wake
	AFTER INSERT ON sla.annotation
	FOR EACH ROW WHEN (NEW.subject = 'agreement' AND NEW.kind = 'review') EXECUTE FUNCTION sla.wake();
ALTER TABLE sla.revision ENABLE ALWAYS TRIGGER wake;
ALTER TABLE sla.promise ENABLE ALWAYS TRIGGER wake;
COMMENT ON TRIGGER wake ON sla.revision IS 'wakes the background worker';
COMMENT ON TRIGGER wake ON sla.promise IS 'wakes the background worker';
COMMENT ON TRIGGER wake ON sla.objective IS 'wakes the background worker';
COMMENT ON TRIGGER wake ON sla.burn_rule IS 'wakes the background worker';
COMMENT ON TRIGGER wake ON sla.clock_due IS 'wakes the background worker';
COMMENT ON TRIGGER wake ON sla.escalation_run IS 'wakes the background worker when a call is due that another session wrote';
COMMENT ON TRIGGER wake ON sla.annotation IS 'wakes the background worker when a review was held';

CREATE FUNCTION sla.worker_state(
	OUT status text,
	OUT launcher_pid integer,
	OUT worker_pid integer,
	OUT next_wake_at timestamptz,
	OUT last_plan_at timestamptz,
	OUT last_tick_at timestamptz,
	OUT visits bigint,
	OUT ticks bigint,
	OUT items bigint,
	OUT launcher_wakes bigint,
	OUT errors bigint,
	OUT failures integer,
	OUT retry_at timestamptz,
	OUT last_error_at timestamptz,
	OUT last_sqlstate text,
	OUT last_error text)
AS 'MODULE_PATHNAME', 'sla_worker_state'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sla.worker_state() IS 'private: what sla.worker shows';
REVOKE ALL ON FUNCTION sla.worker_state() FROM PUBLIC;

CREATE VIEW sla.worker AS
SELECT s.status, s.launcher_pid, s.worker_pid, s.next_wake_at, s.last_plan_at, s.last_tick_at, s.visits, s.ticks,
	s.items, s.launcher_wakes, s.errors, s.failures, s.retry_at, s.last_error_at, s.last_sqlstate, s.last_error
FROM sla.worker_state() AS s;
COMMENT ON VIEW sla.worker IS 'administrator: the background worker of this database: one row';
COMMENT ON COLUMN sla.worker.status IS 'waiting, working, failing, left out (of sla_tracker.databases), no launcher, standby or not preloaded';
COMMENT ON COLUMN sla.worker.launcher_pid IS 'the process of the launcher';
COMMENT ON COLUMN sla.worker.worker_pid IS 'the process of the worker, while it is in this database';
COMMENT ON COLUMN sla.worker.next_wake_at IS 'when the worker is to come next';
COMMENT ON COLUMN sla.worker.last_plan_at IS 'when it last asked sla.next_tick()';
COMMENT ON COLUMN sla.worker.last_tick_at IS 'when it last called sla.tick()';
COMMENT ON COLUMN sla.worker.visits IS 'how often a worker was started for this database';
COMMENT ON COLUMN sla.worker.ticks IS 'calls of sla.tick()';
COMMENT ON COLUMN sla.worker.items IS 'what these calls did, as sla.tick() counts';
COMMENT ON COLUMN sla.worker.launcher_wakes IS 'how often the launcher woke, for any database';
COMMENT ON COLUMN sla.worker.errors IS 'workers, and steps of sla.tick(), that failed';
COMMENT ON COLUMN sla.worker.failures IS 'workers that failed since the last success';
COMMENT ON COLUMN sla.worker.retry_at IS 'after a failure: not before this instant again';
COMMENT ON COLUMN sla.worker.last_error_at IS 'when one failed last';
COMMENT ON COLUMN sla.worker.last_sqlstate IS 'with which SQLSTATE; NULL: of a step, or the process was ended';
COMMENT ON COLUMN sla.worker.last_error IS 'and with which message';
REVOKE ALL ON sla.worker FROM PUBLIC;
