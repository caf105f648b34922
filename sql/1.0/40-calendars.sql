--
-- Named calendars
--
-- Plain INSERT, UPDATE and DELETE are the interface.  The C side reads the
-- columns of sla.calendar and sla.holiday by number (src/calendar.c): later
-- versions only append to them.
--

/*
 * From here on only pg_catalog is looked at: an operator or function that somebody
 * has put into the extension's schema beforehand might fit better than the built-in
 * one.  What is of the extension is told by name.
 */
SET LOCAL search_path = pg_catalog, pg_temp;

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
	hours @extschema@.business_hours,
	combines text COLLATE "C",
	holidays_until date,
	description text,
	since timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT name_has_1_to_63_bytes_and_is_not_24_7
		CHECK (pg_catalog.octet_length(name) >= 1
			AND pg_catalog.octet_length(name) <= 63
			AND name <> '24/7'),
	CONSTRAINT has_either_hours_or_combines
		CHECK ((hours IS NULL) <> (combines IS NULL)),
	CONSTRAINT combines_is_an_expression
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
	CONSTRAINT day_is_from_1800_to_2499
		CHECK (day >= '1800-01-01'::date AND day < '2500-01-01'::date),
	CONSTRAINT hours_are_of_a_day
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

	-- what comes of it is not too much, nor where this one is combined
	FOR other IN
		WITH RECURSIVE made (name) AS (
			SELECT NEW.name
			UNION
			SELECT c.name
			FROM made
			JOIN sla.calendar AS c ON made.name = ANY (sla.combined_calendars(c.combines))
			WHERE c.combines IS NOT NULL
		)
		SELECT made.name FROM made
	LOOP
		BEGIN
			PERFORM sla.calendar_hours(other);
		EXCEPTION WHEN undefined_object THEN
			NULL;				-- it may come later
		END;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.check_combinations() IS 'refuses combinations of unknown calendars, circles, and what is too much to be compiled';
REVOKE ALL ON FUNCTION sla.check_combinations() FROM PUBLIC;

CREATE TRIGGER check_combinations
	AFTER INSERT OR UPDATE OR DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.check_combinations();
COMMENT ON TRIGGER check_combinations ON sla.calendar IS 'refuses combinations of unknown calendars, circles, and what is too much to be compiled';

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
	IF NEW.calendar IS NULL THEN
		RETURN NEW;				-- which the column refuses
	ELSIF NEW.calendar = '24/7' THEN
		RAISE EXCEPTION 'calendar "24/7" has no holidays'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Insert a calendar with the hours "24/7; PH off" into sla.calendar, and give it the holiday.';
	END IF;
	SELECT c.combines INTO combines
	FROM sla.calendar AS c
	WHERE c.name = NEW.calendar
	FOR KEY SHARE;
	IF NOT FOUND AND current_query() ~* E'^\\s*copy\\M' THEN
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
COMMENT ON FUNCTION sla.check_holiday() IS 'refuses holidays of unknown calendars, of combinations and of 24/7';
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
COMMENT ON TRIGGER check_holiday ON sla.holiday IS 'refuses holidays of unknown calendars, of combinations and of 24/7';
COMMENT ON TRIGGER follow_renamed ON sla.calendar IS 'renames the holidays with their calendar';
COMMENT ON TRIGGER follow_deleted ON sla.calendar IS 'deletes the holidays with their calendar';
COMMENT ON TRIGGER follow_truncated ON sla.calendar IS 'deletes the holidays with their calendars';

-- History
--
-- The present row carries "since"; only UPDATE and DELETE write history, so
-- that a restored dump does not meet rows that its own load has made.

/*
 * Until when a version is in force that is changed now: until this transaction
 * began, unless another one made it after that.
 */
CREATE FUNCTION sla.version_ends(since timestamptz)
RETURNS timestamptz
LANGUAGE sql VOLATILE
RETURN CASE WHEN since > pg_catalog.now() THEN greatest(pg_catalog.clock_timestamp(), since) ELSE pg_catalog.now() END;
COMMENT ON FUNCTION sla.version_ends(timestamptz) IS 'private: until when a version of a calendar or holiday is in force that is changed now';
REVOKE ALL ON FUNCTION sla.version_ends(timestamptz) FROM PUBLIC;

CREATE FUNCTION sla.stamp_version()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.since := OLD.since;
	IF NEW IS DISTINCT FROM OLD THEN
		NEW.since := sla.version_ends(OLD.since);
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
DECLARE
	until timestamptz;
BEGIN
	IF TG_OP = 'UPDATE' THEN
		until := NEW.since;
	ELSE
		until := sla.version_ends(OLD.since);
	END IF;
	-- a version that began in this transaction was never in force
	IF OLD.since >= until OR (TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD) THEN
		RETURN NULL;
	END IF;
	IF TG_TABLE_NAME = 'calendar' THEN
		INSERT INTO sla.calendar_history
			(calendar, hours, combines, holidays_until, description, since, until)
		VALUES (OLD.name, OLD.hours, OLD.combines, OLD.holidays_until,
			OLD.description, OLD.since, until);
	ELSE
		INSERT INTO sla.calendar_history (calendar, day, name, hours, since, until)
		VALUES (OLD.calendar, OLD.day, OLD.name, OLD.hours, OLD.since, until);
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
		SELECT c.name, c.hours, c.combines, c.holidays_until, c.description, c.since, sla.version_ends(c.since)
		FROM sla.calendar AS c
		WHERE c.since < sla.version_ends(c.since);
	ELSE
		INSERT INTO sla.calendar_history (calendar, day, name, hours, since, until)
		SELECT h.calendar, h.day, h.name, h.hours, h.since, sla.version_ends(h.since)
		FROM sla.holiday AS h
		WHERE h.since < sla.version_ends(h.since);
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
RETURNS @extschema@.business_hours
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

-- Holidays from an iCalendar feed (in a library of its own, sla_tracker_ical)

CREATE FUNCTION sla.import_holidays(calendar text, ics text, since date, until date)
RETURNS integer
AS 'MODULE_PATHNAME_ical', 'sla_import_holidays'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION sla.import_holidays(text, text, date, date) IS
  'insert the dates in [since, until) of an iCalendar feed as holidays; returns the number inserted';

