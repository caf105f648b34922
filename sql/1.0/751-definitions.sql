--
-- Definitions as they are written: what is refused, and what follows a name
--

/*
 * Edits come one after the other from their first statement on, before they look at
 * anything or lock a row: so what they check still holds when they commit, two of them
 * do not wait for each other, and nobody waits for one while it holds a table.
 */
CREATE FUNCTION sla.edit_begins()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		PERFORM sla.edit_alone();
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.edit_begins() IS 'private: lets edits of definitions come one after the other';
REVOKE ALL ON FUNCTION sla.edit_begins() FROM PUBLIC;
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.tracked
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.metric
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.policy
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.target
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.source
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.agreement
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.calendar
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla.holiday
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
CREATE TRIGGER edit_begins
	BEFORE INSERT OR DELETE OR TRUNCATE
		OR UPDATE OF relation, policy, metric, party, item, objective, labels, during, rrule, extend_by, waive, approved_at
	ON sla.exception
	FOR EACH STATEMENT EXECUTE FUNCTION sla.edit_begins();
COMMENT ON TRIGGER edit_begins ON sla.tracked IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.metric IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.policy IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.target IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.source IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.agreement IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.calendar IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.holiday IS 'waits until other edits are over';
COMMENT ON TRIGGER edit_begins ON sla.exception IS 'waits until other edits are over';

CREATE FUNCTION sla.check_rules()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_check_rules'
LANGUAGE C;
COMMENT ON FUNCTION sla.check_rules() IS 'checks the expressions of a definition and keeps the functions that hold them';
REVOKE ALL ON FUNCTION sla.check_rules() FROM PUBLIC;

CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.tracked
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.metric
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.policy
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
CREATE TRIGGER check_rules
	BEFORE INSERT OR UPDATE OR DELETE ON sla.source
	FOR EACH ROW EXECUTE FUNCTION sla.check_rules();
-- (logical replication brings rows, and their functions have to be made)
ALTER TABLE sla.tracked ENABLE ALWAYS TRIGGER check_rules;
ALTER TABLE sla.metric ENABLE ALWAYS TRIGGER check_rules;
ALTER TABLE sla.policy ENABLE ALWAYS TRIGGER check_rules;
ALTER TABLE sla.source ENABLE ALWAYS TRIGGER check_rules;
COMMENT ON TRIGGER check_rules ON sla.tracked IS 'checks expressions';
COMMENT ON TRIGGER check_rules ON sla.metric IS 'checks expressions';
COMMENT ON TRIGGER check_rules ON sla.policy IS 'checks expressions';
COMMENT ON TRIGGER check_rules ON sla.source IS 'checks expressions';

/*
 * Numbers.  Clocks and promises refer to definitions by them, so nobody may take
 * the number of what another table had, nor one that is to be given to somebody
 * else.  (The trigger fires before check_rules, which has the number in the names of
 * functions.)
 */
CREATE FUNCTION sla.adopt_number()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	numbers CONSTANT regclass := format('sla.%I', TG_TABLE_NAME || '_id_seq');
	own integer;
	is_taken boolean;
BEGIN
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF TG_OP = 'UPDATE' THEN
		IF NEW.id <> OLD.id THEN
			RAISE EXCEPTION 'column "id" of sla.% cannot be changed', TG_TABLE_NAME
				USING ERRCODE = 'feature_not_supported', HINT = 'Delete the row and insert another.';
		END IF;
		RETURN NEW;
	END IF;
	CASE TG_TABLE_NAME
		WHEN 'metric' THEN
			SELECT max(p.metric_id) FILTER (WHERE p.relation = NEW.relation AND p.metric = NEW.name
					AND NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.id = p.metric_id)),
				bool_or(p.metric_id = NEW.id AND (p.relation, p.metric) <> (NEW.relation, NEW.name))
			INTO own, is_taken
			FROM sla.promise AS p;
		WHEN 'policy' THEN
			SELECT max(p.policy_id) FILTER (WHERE p.relation = NEW.relation AND p.policy = NEW.name AND p.policy_from = NEW.valid_from
					AND NOT EXISTS (SELECT FROM sla.policy AS o WHERE o.id = p.policy_id)),
				bool_or(p.policy_id = NEW.id AND (p.relation, p.policy) <> (NEW.relation, NEW.name))
			INTO own, is_taken
			FROM sla.promise AS p;
		WHEN 'target' THEN
			SELECT max(p.target_id) FILTER (WHERE p.relation = NEW.relation AND p.policy = NEW.policy AND p.metric = NEW.metric
					AND p.target_from = NEW.valid_from
					AND NOT EXISTS (SELECT FROM sla.target AS t WHERE t.id = p.target_id)),
				bool_or(p.target_id = NEW.id AND (p.relation, p.policy, p.metric) <> (NEW.relation, NEW.policy, NEW.metric))
			INTO own, is_taken
			FROM sla.promise AS p;
		ELSE
			NULL;
	END CASE;
	IF own IS NOT NULL THEN
		NEW.id := own;
	ELSIF is_taken OR NEW.id > coalesce(pg_sequence_last_value(numbers), 0) THEN
		NEW.id := nextval(numbers);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.adopt_number() IS
'private: a definition that its table had before is that one again: its clocks are its own, and what it promises is no other promise; no other takes its number, or one ahead of the sequence';
REVOKE ALL ON FUNCTION sla.adopt_number() FROM PUBLIC;
CREATE TRIGGER adopt_number
	BEFORE INSERT ON sla.tracked
	FOR EACH ROW EXECUTE FUNCTION sla.adopt_number();
CREATE TRIGGER adopt_number
	BEFORE INSERT ON sla.metric
	FOR EACH ROW EXECUTE FUNCTION sla.adopt_number();
CREATE TRIGGER adopt_number
	BEFORE INSERT ON sla.policy
	FOR EACH ROW EXECUTE FUNCTION sla.adopt_number();
CREATE TRIGGER adopt_number
	BEFORE INSERT OR UPDATE OF id ON sla.target
	FOR EACH ROW EXECUTE FUNCTION sla.adopt_number();
CREATE TRIGGER adopt_number
	BEFORE INSERT ON sla.source
	FOR EACH ROW EXECUTE FUNCTION sla.adopt_number();
CREATE TRIGGER adopt_number
	BEFORE INSERT OR UPDATE OF id ON sla.exception
	FOR EACH ROW EXECUTE FUNCTION sla.adopt_number();
COMMENT ON TRIGGER adopt_number ON sla.tracked IS 'a number that is given is one of no other';
COMMENT ON TRIGGER adopt_number ON sla.metric IS 'a metric that its table had before is that metric again';
COMMENT ON TRIGGER adopt_number ON sla.policy IS 'a policy that its table had before is that policy again';
COMMENT ON TRIGGER adopt_number ON sla.target IS 'a target that its table had before is that target again';
COMMENT ON TRIGGER adopt_number ON sla.source IS 'a number that is given is one of no other';
COMMENT ON TRIGGER adopt_number ON sla.exception IS 'a number that is given is one of no other';

CREATE FUNCTION sla.calendar_exists(calendar text)
RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT calendar = '24/7' OR EXISTS (SELECT FROM sla.calendar AS c WHERE c.name = calendar_exists.calendar);
END;
COMMENT ON FUNCTION sla.calendar_exists(text) IS 'private: is there a calendar of this name?';

-- Whoever deletes or renames it waits for this transaction, and then sees what names it.
CREATE FUNCTION sla.hold_calendar()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	named text;
BEGIN
	IF TG_TABLE_NAME = 'target' THEN
		named := @extschema@.calendar(NEW.goal);
	ELSE
		named := NEW.calendar;
	END IF;
	PERFORM FROM sla.calendar AS c WHERE c.name = named FOR KEY SHARE;
	IF NOT FOUND AND named <> '24/7' AND NOT sla.restoring() THEN
		RAISE EXCEPTION 'calendar "%" does not exist', named
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.calendar first.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.hold_calendar() IS 'lets nobody delete or rename a calendar while what names it is not committed';
REVOKE ALL ON FUNCTION sla.hold_calendar() FROM PUBLIC;

CREATE FUNCTION sla.check_tracked()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.check_time_zone(NEW.time_zone);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_tracked() IS 'checks the time zone of a tracked table or an agreement';
CREATE TRIGGER check_tracked
	BEFORE INSERT OR UPDATE OF time_zone ON sla.tracked
	FOR EACH ROW WHEN (NEW.time_zone <> 'UTC') EXECUTE FUNCTION sla.check_tracked();
COMMENT ON TRIGGER check_tracked ON sla.tracked IS 'checks the time zone';
CREATE TRIGGER check_tracked
	BEFORE INSERT OR UPDATE OF time_zone ON sla.agreement
	FOR EACH ROW WHEN (NEW.time_zone <> 'UTC') EXECUTE FUNCTION sla.check_tracked();
COMMENT ON TRIGGER check_tracked ON sla.agreement IS 'checks the time zone';

/*
 * A row is followed for one table only: for the one that was tracked, or for one
 * above or below it.
 */
CREATE FUNCTION sla.check_family()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	other regclass;
BEGIN
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = NEW.relation AND c.relnamespace = 'sla'::regnamespace) THEN
		RAISE EXCEPTION 'table % is one of sla_tracker itself', NEW.relation
			USING ERRCODE = 'wrong_object_type',
				HINT = 'Track a table of your own.';
	END IF;
	SELECT t.relation INTO other
	FROM sla.tracked AS t
	WHERE t.relation <> NEW.relation
		AND (t.relation IN (SELECT sla.tables_above(NEW.relation)) OR t.relation IN (SELECT sla.tables_below(NEW.relation)))
	ORDER BY t.id
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'table % cannot be tracked beside table %', NEW.relation, other
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'One is a partition or a child of the other, and a row is followed for one table only.',
				HINT = format('Untrack it first: SELECT sla.untrack(%L);', other);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_family() IS 'refuses to track a table beside its partition or child, or one of the extension''s own';
REVOKE ALL ON FUNCTION sla.check_family() FROM PUBLIC;
CREATE TRIGGER check_family
	BEFORE INSERT ON sla.tracked
	FOR EACH ROW EXECUTE FUNCTION sla.check_family();
COMMENT ON TRIGGER check_family ON sla.tracked IS 'a row is followed for one table only';

CREATE FUNCTION sla.check_agreement()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() AND NOT sla.calendar_exists(NEW.calendar) THEN
		RAISE EXCEPTION 'calendar "%" does not exist', NEW.calendar
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Agreement "%s" of party "%s" names it.', NEW.name, NEW.party),
				HINT = 'Insert it into sla.calendar first.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_agreement() IS 'checks the calendar of an agreement';
REVOKE ALL ON FUNCTION sla.check_agreement() FROM PUBLIC;
CREATE TRIGGER check_agreement
	BEFORE INSERT OR UPDATE ON sla.agreement
	FOR EACH ROW EXECUTE FUNCTION sla.check_agreement();
COMMENT ON TRIGGER check_agreement ON sla.agreement IS 'checks the calendar';
CREATE TRIGGER hold_calendar
	BEFORE INSERT OR UPDATE OF calendar ON sla.agreement
	FOR EACH ROW EXECUTE FUNCTION sla.hold_calendar();
COMMENT ON TRIGGER hold_calendar ON sla.agreement IS 'the calendar that it names stays';

CREATE FUNCTION sla.check_target()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	goal_calendar text := @extschema@.calendar(NEW.goal);
	threshold_calendar text := @extschema@.calendar(NEW.threshold);
	whole interval;
BEGIN
	IF sla.restoring() OR NEW.relation IS NULL THEN
		RETURN NEW;
	END IF;
	IF NOT sla.may_define(NEW.relation) THEN
		RAISE EXCEPTION 'must be owner of table %', NEW.relation
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF NOT EXISTS (SELECT FROM sla.policy AS p WHERE p.relation = NEW.relation AND p.name = NEW.policy) THEN
		RAISE EXCEPTION 'policy "%" of table % does not exist', NEW.policy, NEW.relation
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.policy first.';
	END IF;
	IF NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = NEW.relation AND m.name = NEW.metric) THEN
		RAISE EXCEPTION 'metric "%" of table % does not exist', NEW.metric, NEW.relation
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.metric first.';
	END IF;
	IF NEW.goal IS NULL AND (NEW.threshold IS NOT NULL OR NEW.due_by IS NOT NULL) THEN
		RAISE EXCEPTION 'target has no goal'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'A threshold and a due_by are nothing without a goal.';
	END IF;
	IF @extschema@.business_days(NEW.goal) < 0 OR @extschema@.business_seconds(NEW.goal) < 0 THEN
		RAISE EXCEPTION 'goal "%" is negative', NEW.goal
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NEW.goal IS NOT NULL AND goal_calendar IS NULL AND NOT EXISTS (
		SELECT FROM sla.tracked AS t
		WHERE t.relation = NEW.relation AND t.party IS NOT NULL)
	THEN
		RAISE EXCEPTION 'goal "%" has no calendar', NEW.goal
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'It names none, and the table has no party whose agreement could.',
				HINT = 'Write the calendar into the goal, as in "4 bh @support", or track the table with a party.';
	END IF;
	IF NOT sla.calendar_exists(goal_calendar) THEN
		RAISE EXCEPTION 'calendar "%" does not exist', goal_calendar
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Goal "%s" names it.', NEW.goal),
				HINT = 'Insert it into sla.calendar first.';
	END IF;
	IF threshold_calendar <> goal_calendar OR (threshold_calendar IS NOT NULL AND goal_calendar IS NULL) THEN
		RAISE EXCEPTION 'threshold "%" names another calendar than the goal', NEW.threshold
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Leave the calendar out of the threshold.';
	END IF;
	IF @extschema@.business_days(NEW.threshold) * 28800 + @extschema@.business_seconds(NEW.threshold)
		< @extschema@.business_days(NEW.goal) * 28800 + @extschema@.business_seconds(NEW.goal)
	THEN
		RAISE EXCEPTION 'threshold "%" is less than the goal "%"', NEW.threshold, NEW.goal
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NEW.due_by IS NOT NULL THEN
		IF NEW.due_by <> 'close' THEN
			BEGIN
				PERFORM NEW.due_by::time;
				-- (what "now" is would be another time for each clock)
				IF NEW.due_by !~ '[0-9]' THEN
					RAISE data_exception;
				END IF;
			EXCEPTION WHEN data_exception THEN
				RAISE EXCEPTION 'invalid due_by: "%"', NEW.due_by
					USING ERRCODE = 'invalid_datetime_format',
						HINT = 'Write a local time, as in "16:00", or "close".';
			END;
		END IF;
		IF @extschema@.business_seconds(NEW.goal) <> 0
			OR @extschema@.business_seconds(NEW.threshold) <> 0
		THEN
			RAISE EXCEPTION 'goal "%" is not of whole business days', NEW.goal
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = 'due_by goes with whole business days only.';
		END IF;
	END IF;
	IF NEW.cutoff IS NOT NULL AND NEW.due_by IS NULL THEN
		RAISE EXCEPTION 'cutoff without due_by'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Say by which time of the day it is due, or "close".';
	END IF;
	IF EXISTS (SELECT FROM unnest(NEW.alert_at) AS a WHERE a IS NULL OR a <= 0 OR a = 'NaN' OR a > 1000) THEN
		RAISE EXCEPTION 'invalid alert_at: %', NEW.alert_at
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Write fractions of the goal, as in {0.75,1}.';
	END IF;
	NEW.alert_at := ARRAY(SELECT DISTINCT a FROM unnest(NEW.alert_at) AS a ORDER BY a);
	IF NEW.alert_at[1] > 10 THEN
		RAISE EXCEPTION 'invalid alert_at: %', NEW.alert_at
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('The first alert would be at %s times the goal.', NEW.alert_at[1]),
				HINT = 'Write fractions of the goal, as in {0.75,1}, not percentages.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_target() IS 'checks a target';
CREATE TRIGGER check_target
	BEFORE INSERT OR UPDATE ON sla.target
	FOR EACH ROW EXECUTE FUNCTION sla.check_target();
COMMENT ON TRIGGER check_target ON sla.target IS 'checks a target';
CREATE TRIGGER hold_calendar
	BEFORE INSERT OR UPDATE OF goal ON sla.target
	FOR EACH ROW EXECUTE FUNCTION sla.hold_calendar();
COMMENT ON TRIGGER hold_calendar ON sla.target IS 'the calendar that the goal names stays';

CREATE FUNCTION sla.keep_named()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	named text;					-- a table with a column "policy" or "metric"
BEGIN
	-- another version may still have the name
	IF TG_TABLE_NAME = 'policy' AND EXISTS (
		SELECT FROM sla.policy AS p WHERE p.relation = OLD.relation AND p.name = OLD.name)
	THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' THEN
		-- (the promises before the targets, which make new ones of what has another name,
		-- and before the exceptions: clocks that ended go by both)
		FOREACH named IN ARRAY CASE TG_TABLE_NAME
			WHEN 'policy' THEN '{promise,target,exception,silence,escalation}'
			ELSE '{promise,target,source,objective,exception,silence,escalation}'
		END::text[]
		LOOP
			EXECUTE format('UPDATE sla.%1$I AS t SET %2$I = $1 WHERE t.relation = $2 AND t.%2$I = $3', named, TG_TABLE_NAME)
			USING NEW.name, OLD.relation, OLD.name;
		END LOOP;
	ELSIF EXISTS (
		SELECT
		FROM sla.target AS t
		WHERE t.relation = OLD.relation
			AND OLD.name = CASE TG_TABLE_NAME WHEN 'policy' THEN t.policy ELSE t.metric END)
	THEN
		RAISE EXCEPTION '% "%" of table % has targets', TG_TABLE_NAME, OLD.name, OLD.relation
			USING ERRCODE = 'dependent_objects_still_exist',
				HINT = 'Delete its rows of sla.target first.';
	ELSIF TG_TABLE_NAME = 'metric' AND EXISTS (
		SELECT FROM sla.source AS s WHERE s.relation = OLD.relation AND s.metric = OLD.name)
	THEN
		-- (else whoever writes to the source would get an error)
		RAISE EXCEPTION 'metric "%" of table % has sources', OLD.name, OLD.relation
			USING ERRCODE = 'dependent_objects_still_exist',
				HINT = 'Delete its rows of sla.source first.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.keep_named() IS 'lets what names a renamed policy or metric of its table follow, and refuses to delete one that has targets or sources';
REVOKE ALL ON FUNCTION sla.keep_named() FROM PUBLIC;
CREATE TRIGGER keep_named_deleted
	AFTER DELETE ON sla.policy
	FOR EACH ROW EXECUTE FUNCTION sla.keep_named();
CREATE TRIGGER keep_named_renamed
	AFTER UPDATE OF name ON sla.policy
	FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION sla.keep_named();
CREATE TRIGGER keep_named_deleted
	AFTER DELETE ON sla.metric
	FOR EACH ROW EXECUTE FUNCTION sla.keep_named();
CREATE TRIGGER keep_named_renamed
	AFTER UPDATE OF name ON sla.metric
	FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION sla.keep_named();
COMMENT ON TRIGGER keep_named_deleted ON sla.policy IS 'refuses to delete a policy that has targets';
COMMENT ON TRIGGER keep_named_renamed ON sla.policy IS 'targets, exceptions, silences and escalations follow';
COMMENT ON TRIGGER keep_named_deleted ON sla.metric IS 'refuses to delete a metric that has targets or sources';
COMMENT ON TRIGGER keep_named_renamed ON sla.metric IS 'targets, sources, objectives, exceptions, silences and escalations follow';

CREATE FUNCTION sla.check_source()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		IF NOT EXISTS (SELECT FROM sla.source AS s WHERE s.source = OLD.source AND s.id <> OLD.id)
			AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = OLD.source)
		THEN
			PERFORM sla.drop_source_trigger(OLD.source);
		END IF;
		RETURN OLD;
	END IF;
	IF sla.restoring() THEN
		RETURN NEW;
	END IF;
	IF NOT EXISTS (SELECT FROM sla.metric AS m WHERE m.relation = NEW.relation AND m.name = NEW.metric) THEN
		RAISE EXCEPTION 'metric "%" of table % does not exist', NEW.metric, NEW.relation
			USING ERRCODE = 'undefined_object', HINT = 'Insert it into sla.metric first.';
	END IF;
	PERFORM sla.make_source_trigger(NEW.source);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_source() IS 'checks a source and makes its trigger';
CREATE TRIGGER check_source
	BEFORE INSERT OR UPDATE OR DELETE ON sla.source
	FOR EACH ROW EXECUTE FUNCTION sla.check_source();
COMMENT ON TRIGGER check_source ON sla.source IS 'checks a source and makes its trigger';
