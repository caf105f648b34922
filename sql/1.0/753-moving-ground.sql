--
-- When the ground moves: calendars, exceptions and agreements, and how open clocks follow
--

CREATE FUNCTION sla.raise_revisions(calendars text[])
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- (promises may be there before the calendars, and the sequence is not)
	IF sla.restoring() THEN
		RETURN;
	END IF;
	-- (even if nothing goes by them yet: it fails under a snapshot that does not see this)
	UPDATE sla.revision SET number = nextval('sla.revision_seq');
	-- also of calendars that combine these
	WITH RECURSIVE affected (name) AS (
		SELECT unnest(calendars) COLLATE "C"
		UNION
		SELECT c.name
		FROM affected AS a
		JOIN sla.calendar AS c ON a.name = ANY (sla.combined_calendars(c.combines))
	)
	UPDATE sla.promise AS p
	SET revision = nextval('sla.promise_revision_seq')
	FROM affected AS a
	WHERE a.name = coalesce(@extschema@.calendar(p.goal), p.calendar);
END
$$;
COMMENT ON FUNCTION sla.raise_revisions(text[]) IS 'private: makes open clocks of these calendars be derived again';
REVOKE ALL ON FUNCTION sla.raise_revisions(text[]) FROM PUBLIC;

CREATE FUNCTION sla.calendars_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	calendars text[];
BEGIN
	IF TG_TABLE_NAME = 'calendar' THEN
		IF TG_OP <> 'INSERT' THEN
			SELECT array_agg(name) INTO calendars FROM old_rows;
		END IF;
		IF TG_OP <> 'DELETE' THEN
			SELECT calendars || array_agg(name) INTO calendars FROM new_rows;
		END IF;
	ELSE
		IF TG_OP <> 'INSERT' THEN
			SELECT array_agg(DISTINCT calendar) INTO calendars FROM old_rows;
		END IF;
		IF TG_OP <> 'DELETE' THEN
			SELECT calendars || array_agg(DISTINCT calendar) INTO calendars FROM new_rows;
		END IF;
	END IF;
	IF calendars IS NOT NULL THEN
		PERFORM sla.raise_revisions(calendars);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.calendars_moved() IS 'makes open clocks of changed calendars be derived again';
REVOKE ALL ON FUNCTION sla.calendars_moved() FROM PUBLIC;

CREATE TRIGGER calendars_moved_insert
	AFTER INSERT ON sla.calendar
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_update
	AFTER UPDATE ON sla.calendar
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_delete
	AFTER DELETE ON sla.calendar
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_insert
	AFTER INSERT ON sla.holiday
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_update
	AFTER UPDATE ON sla.holiday
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
CREATE TRIGGER calendars_moved_delete
	AFTER DELETE ON sla.holiday
	REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.calendars_moved();
COMMENT ON TRIGGER calendars_moved_insert ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_update ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_delete ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_insert ON sla.holiday IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_update ON sla.holiday IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_delete ON sla.holiday IS 'open clocks follow';

CREATE FUNCTION sla.all_calendars_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
		UPDATE sla.promise SET revision = nextval('sla.promise_revision_seq');
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.all_calendars_moved() IS 'makes all open clocks be derived again';
REVOKE ALL ON FUNCTION sla.all_calendars_moved() FROM PUBLIC;
CREATE TRIGGER calendars_moved_truncate
	AFTER TRUNCATE ON sla.calendar
	FOR EACH STATEMENT EXECUTE FUNCTION sla.all_calendars_moved();
CREATE TRIGGER calendars_moved_truncate
	AFTER TRUNCATE ON sla.holiday
	FOR EACH STATEMENT EXECUTE FUNCTION sla.all_calendars_moved();
COMMENT ON TRIGGER calendars_moved_truncate ON sla.calendar IS 'open clocks follow';
COMMENT ON TRIGGER calendars_moved_truncate ON sla.holiday IS 'open clocks follow';

CREATE FUNCTION sla.calendar_applied()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_TABLE_NAME = 'calendar' THEN
		PERFORM sla.raise_revisions(ARRAY[
			CASE WHEN TG_OP <> 'INSERT' THEN OLD.name END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.name END]);
	ELSE
		PERFORM sla.raise_revisions(ARRAY[
			CASE WHEN TG_OP <> 'INSERT' THEN OLD.calendar END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.calendar END]);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.calendar_applied() IS 'makes open clocks follow a calendar that logical replication brought';
REVOKE ALL ON FUNCTION sla.calendar_applied() FROM PUBLIC;
CREATE TRIGGER calendar_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.calendar_applied();
CREATE TRIGGER calendar_applied
	AFTER INSERT OR UPDATE OR DELETE ON sla.holiday
	FOR EACH ROW EXECUTE FUNCTION sla.calendar_applied();
ALTER TABLE sla.calendar ENABLE REPLICA TRIGGER calendar_applied;
ALTER TABLE sla.holiday ENABLE REPLICA TRIGGER calendar_applied;
COMMENT ON TRIGGER calendar_applied ON sla.calendar IS 'open clocks follow, under logical replication';
COMMENT ON TRIGGER calendar_applied ON sla.holiday IS 'open clocks follow, under logical replication';

CREATE FUNCTION sla.calendar_use(calendar text)
RETURNS text
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	by_whom text;
BEGIN
	SELECT format('Target "%s" of policy "%s" of table %s names it.', t.metric, t.policy, t.relation) INTO by_whom
	FROM sla.target AS t
	WHERE calendar_use.calendar IN (@extschema@.calendar(t.goal), @extschema@.calendar(t.threshold))
	LIMIT 1;
	IF NOT FOUND THEN
		SELECT format('Agreement "%s" of party "%s" names it.', a.name, a.party) INTO by_whom
		FROM sla.agreement AS a
		WHERE a.calendar = calendar_use.calendar
		LIMIT 1;
	END IF;
	IF NOT FOUND THEN
		SELECT format('An open clock of item "%s" of table %s runs by it.', c.item, c.relation) INTO by_whom
		FROM sla.promise AS p
		JOIN sla.clock_state AS c ON c.promise_id = p.id AND c.ended_at IS NULL
		WHERE calendar_use.calendar = coalesce(@extschema@.calendar(p.goal), p.calendar)
		LIMIT 1;
	END IF;
	IF NOT FOUND THEN
		SELECT format('Objective "%s" names it.', o.name) INTO by_whom
		FROM sla.objective AS o
		WHERE o.calendar = calendar_use.calendar
		LIMIT 1;
	END IF;
	RETURN by_whom;
END
$$;
COMMENT ON FUNCTION sla.calendar_use(text) IS 'private: a sentence about what names a calendar; NULL: nothing';
REVOKE ALL ON FUNCTION sla.calendar_use(text) FROM PUBLIC;

CREATE FUNCTION sla.keep_used_calendar()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	used text;
	by_whom text;
BEGIN
	IF TG_OP = 'TRUNCATE' THEN
		SELECT c.name, u.by_whom INTO used, by_whom
		FROM sla.calendar AS c
		CROSS JOIN LATERAL sla.calendar_use(c.name) AS u (by_whom)
		WHERE u.by_whom IS NOT NULL
		LIMIT 1;
	ELSE
		used := OLD.name;
		by_whom := sla.calendar_use(used);
	END IF;
	IF by_whom IS NOT NULL THEN
		RAISE EXCEPTION 'calendar "%" is in use', used
			USING ERRCODE = 'dependent_objects_still_exist', DETAIL = by_whom;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.keep_used_calendar() IS 'refuses to rename, delete or truncate a calendar that promises name';
REVOKE ALL ON FUNCTION sla.keep_used_calendar() FROM PUBLIC;
CREATE TRIGGER keep_used_deleted
	AFTER DELETE ON sla.calendar
	FOR EACH ROW EXECUTE FUNCTION sla.keep_used_calendar();
CREATE TRIGGER keep_used_renamed
	AFTER UPDATE OF name ON sla.calendar
	FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION sla.keep_used_calendar();
CREATE TRIGGER keep_used_truncated
	BEFORE TRUNCATE ON sla.calendar
	FOR EACH STATEMENT EXECUTE FUNCTION sla.keep_used_calendar();
COMMENT ON TRIGGER keep_used_deleted ON sla.calendar IS 'refuses to delete a calendar in use';
COMMENT ON TRIGGER keep_used_renamed ON sla.calendar IS 'refuses to rename a calendar in use';
COMMENT ON TRIGGER keep_used_truncated ON sla.calendar IS 'refuses to truncate calendars in use';

CREATE FUNCTION sla.settling_in(changed xid8)
RETURNS xid8
AS 'MODULE_PATHNAME', 'sla_settling_in'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sla.settling_in(xid8) IS
'private: a number that no transaction reaches that does not know of a change; NULL while such a one could still take its number';
REVOKE ALL ON FUNCTION sla.settling_in(xid8) FROM PUBLIC;

CREATE FUNCTION sla.has_settled(number xid8)
RETURNS boolean
AS 'MODULE_PATHNAME', 'sla_has_settled'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sla.has_settled(xid8) IS
'private: whether all transactions with a lower number have ended but for this one, and what is read next sees what they wrote';
REVOKE ALL ON FUNCTION sla.has_settled(xid8) FROM PUBLIC;

CREATE FUNCTION sla.settling_changed()
RETURNS trigger
AS 'MODULE_PATHNAME', 'sla_settling_changed'
LANGUAGE C;
COMMENT ON FUNCTION sla.settling_changed() IS 'private: has every session plan its queries anew';
REVOKE ALL ON FUNCTION sla.settling_changed() FROM PUBLIC;

-- (always: where rows come by replication sessions have plans, too)
CREATE TRIGGER settling_changed
	AFTER INSERT OR DELETE OR UPDATE OF revision, settled ON sla.promise
	FOR EACH ROW EXECUTE FUNCTION sla.settling_changed();
CREATE TRIGGER settling_changed
	AFTER INSERT OR DELETE ON sla.moved_party
	FOR EACH ROW EXECUTE FUNCTION sla.settling_changed();
ALTER TABLE sla.promise ENABLE ALWAYS TRIGGER settling_changed;
ALTER TABLE sla.moved_party ENABLE ALWAYS TRIGGER settling_changed;
COMMENT ON TRIGGER settling_changed ON sla.promise IS 'has every session plan its queries anew';
COMMENT ON TRIGGER settling_changed ON sla.moved_party IS 'has every session plan its queries anew';

CREATE FUNCTION sla.full_xid(xmin xid)
RETURNS xid8
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	-- a transaction in the past, less than half of all numbers ago
	SELECT (x.latest - ((x.latest - x.short) % 4294967296 + 4294967296) % 4294967296)::text::xid8
	FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, xmin::text::bigint) AS x (latest, short);
END;
COMMENT ON FUNCTION sla.full_xid(xid) IS 'private: the full number of the transaction that wrote a row';

CREATE FUNCTION sla.apply_exception(moved sla.exception, edited_in xid8 DEFAULT NULL, edited_under pg_snapshot DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- (the number of a subtransaction is in no snapshot, and greater than that of
	-- its transaction)
	RETURN (
		SELECT coalesce(sum(r.busy), 0) = 0
		FROM (
			SELECT c.relation, array_agg(c.clock_id) AS clocks
			FROM sla.clock_state AS c
			JOIN sla.promise AS p ON p.id = c.promise_id
			WHERE c.ended_at IS NOT NULL
				AND (moved.relation IS NULL OR c.relation = moved.relation)
				AND (moved.policy IS NULL OR p.policy = moved.policy)
				AND (moved.metric IS NULL OR p.metric = moved.metric)
				AND (moved.party IS NULL OR c.party = moved.party)
				AND (moved.item IS NULL OR c.item = moved.item)
				AND (moved.labels IS NULL OR c.labels @> moved.labels)
				AND (moved.extend_by IS NOT NULL OR moved.waive OR moved.rrule IS NOT NULL
					OR moved.during && tstzrange(c.started_at, greatest(c.ended_at, c.late_at, c.gross_late_at), '[]'))
				AND (apply_exception.edited_in IS NULL
					OR sla.full_xid(c.xmin) <> apply_exception.edited_in
						AND sla.full_xid(c.xmin) >= pg_snapshot_xmin(apply_exception.edited_under))
			GROUP BY c.relation
			OFFSET 0
		) AS f
		CROSS JOIN LATERAL sla.refresh_clocks(f.relation, f.clocks) AS r);
END
$$;
COMMENT ON FUNCTION sla.apply_exception(sla.exception, xid8, pg_snapshot) IS
'private: lets finished clocks follow an exception: all, or those that a transaction which edited it under a snapshot may not have seen; false: some are left, since somebody works on them';
REVOKE ALL ON FUNCTION sla.apply_exception(sla.exception, xid8, pg_snapshot) FROM PUBLIC;

/*
 * A clock that ends in a transaction that does not see the exception yet is not
 * seen here either: sla.refresh() looks again when all those are over.
 */
CREATE FUNCTION sla.exceptions_moved()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved sla.exception;
	applied boolean := true;
BEGIN
	IF sla.restoring() THEN
		RETURN NULL;
	END IF;
	FOREACH moved IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW] WHEN 'DELETE' THEN ARRAY[OLD] ELSE ARRAY[OLD, NEW] END
	LOOP
		CONTINUE WHEN moved.approved_at IS NULL OR moved.objective IS NOT NULL;
		UPDATE sla.revision SET number = nextval('sla.revision_seq');
		UPDATE sla.promise AS p
		SET revision = nextval('sla.promise_revision_seq')
		WHERE (moved.relation IS NULL OR p.relation = moved.relation)
			AND (moved.policy IS NULL OR p.policy = moved.policy)
			AND (moved.metric IS NULL OR p.metric = moved.metric);
		IF NOT sla.apply_exception(moved) THEN
			applied := false;
		END IF;
	END LOOP;

	-- (where some are left it is as if none had been seen)
	IF TG_OP <> 'INSERT' AND OLD.approved_at IS NOT NULL AND OLD.objective IS NULL THEN
		INSERT INTO sla.moved_exception (moved, edited_under)
		VALUES (OLD, CASE WHEN applied THEN pg_current_snapshot() ELSE '3:3:' END);
	END IF;
	IF TG_OP <> 'DELETE' AND NOT applied THEN
		UPDATE sla.exception AS e SET edited_under = '3:3:' WHERE e.id = NEW.id;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.exceptions_moved() IS 'lets clocks follow an exception: open ones when they are read, finished ones at once';
REVOKE ALL ON FUNCTION sla.exceptions_moved() FROM PUBLIC;
CREATE FUNCTION sla.stamp_exception()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT sla.restoring() THEN
		NEW.edited_in := pg_current_xact_id();
		NEW.edited_under := pg_current_snapshot();
		NEW.settling_in := NULL;
	ELSIF NEW.edited_in IS NOT NULL THEN
		-- numbers of transactions are of another cluster now: all of it is over
		NEW.edited_in := '3';
		NEW.edited_under := '3:3:';
		NEW.settling_in := '3';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.stamp_exception() IS 'notes the transaction that edits an exception';
CREATE TRIGGER stamp_exception
	BEFORE INSERT ON sla.moved_exception
	FOR EACH ROW WHEN (sla.restoring()) EXECUTE FUNCTION sla.stamp_exception();
COMMENT ON TRIGGER stamp_exception ON sla.moved_exception IS 'all who did not know of the change are gone after a restore';
CREATE TRIGGER stamp_exception
	BEFORE INSERT OR UPDATE OF relation, policy, metric, party, item, objective, labels, during, rrule, extend_by, waive, approved_at
	ON sla.exception
	FOR EACH ROW EXECUTE FUNCTION sla.stamp_exception();
COMMENT ON TRIGGER stamp_exception ON sla.exception IS 'notes the transaction that edits it';

CREATE TRIGGER exceptions_moved
	AFTER INSERT OR DELETE OR UPDATE OF relation, policy, metric, party, item, objective, labels, during, rrule, extend_by, waive, approved_at
	ON sla.exception
	FOR EACH ROW EXECUTE FUNCTION sla.exceptions_moved();
COMMENT ON TRIGGER exceptions_moved ON sla.exception IS 'clocks follow';

/*
 * Nobody could apply an exception to the clocks that a table had before it was tracked
 * again, or while its definitions waited for a new owner to confirm them.
 */
CREATE FUNCTION sla.exceptions_missed()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tables regclass[];
BEGIN
	IF sla.restoring() THEN
		RETURN NULL;
	ELSIF TG_OP = 'INSERT' THEN
		SELECT array_agg(n.relation) INTO tables FROM new_rows AS n;
	ELSE
		SELECT array_agg(n.relation) INTO tables
		FROM new_rows AS n
		JOIN old_rows AS o ON o.relation = n.relation
		WHERE n.confirmed_by IS DISTINCT FROM o.confirmed_by;
	END IF;
	PERFORM sla.refresh_clocks(f.relation, f.clocks)
	FROM (
		SELECT c.relation, array_agg(c.clock_id) AS clocks
		FROM sla.clock_state AS c
		WHERE c.relation IN (SELECT p.relation FROM sla.promise AS p WHERE p.relation = ANY (tables))
			AND c.ended_at IS NOT NULL
			AND (c.is_excepted OR c.is_waived
				OR EXISTS (SELECT FROM sla.exception AS e WHERE e.relation IS NULL OR e.relation = c.relation))
		GROUP BY c.relation
		OFFSET 0
	) AS f;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION sla.exceptions_missed() IS
'lets finished clocks of a table that is tracked again, or confirmed by a new owner, follow the exceptions of meanwhile';
REVOKE ALL ON FUNCTION sla.exceptions_missed() FROM PUBLIC;
-- (by name after definitions_changed, which has all see what the table is now)
CREATE TRIGGER exceptions_missed
	AFTER INSERT ON sla.tracked
	REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.exceptions_missed();
CREATE TRIGGER exceptions_missed_update
	AFTER UPDATE ON sla.tracked
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION sla.exceptions_missed();
COMMENT ON TRIGGER exceptions_missed ON sla.tracked IS 'finished clocks follow';
COMMENT ON TRIGGER exceptions_missed_update ON sla.tracked IS 'finished clocks follow, once a new owner has confirmed what is promised';

CREATE FUNCTION sla.party_settled(moved sla.moved_party)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	clocks bigint[];
	promises integer[];
BEGIN
	-- all of them, or another time: nothing waits here for a writer or an edit
	SELECT array_agg(c.clock_id), array_agg(DISTINCT c.promise_id) INTO clocks, promises
	FROM (
		SELECT s.clock_id, s.promise_id
		FROM sla.clock_state AS s
		WHERE s.ended_at IS NULL AND s.party = moved.party AND s.revision < moved.revision
		FOR UPDATE SKIP LOCKED
	) AS c;
	IF coalesce(cardinality(clocks), 0) < (
			SELECT count(*)
			FROM sla.clock_state AS s
			WHERE s.ended_at IS NULL AND s.party = moved.party AND s.revision < moved.revision)
		OR cardinality(promises) > (
			SELECT count(*)
			FROM (SELECT FROM sla.promise AS p WHERE p.id = ANY (promises) FOR UPDATE SKIP LOCKED) AS l)
	THEN
		RETURN;
	END IF;
	-- (the time of the edit is kept: it holds from then on)
	UPDATE sla.clock_state AS c
	SET revision = -(extract(epoch FROM moved.edited_at - timestamptz '2000-01-01 00:00+00') * 1000000)::bigint
	WHERE c.clock_id = ANY (clocks);
	UPDATE sla.promise AS p SET settled = 0, settling = NULL WHERE p.id = ANY (promises);
	DELETE FROM sla.moved_party AS m WHERE m.revision = moved.revision;
END
$$;
COMMENT ON FUNCTION sla.party_settled(sla.moved_party) IS
'private: makes the open clocks of a party be followed anew, now that all who write know its agreements';
REVOKE ALL ON FUNCTION sla.party_settled(sla.moved_party) FROM PUBLIC;

/*
 * (By the index of what is open, however many are guessed: between the first
 * and the last of them may be all that ended in years.)
 */
CREATE FUNCTION sla.lock_stale_clocks(max_items integer)
RETURNS TABLE (relation regclass, clock_id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT s.relation, s.clock_id
	FROM (
		-- (in any order: clocks that cannot be derived do not keep others waiting)
		SELECT u.id, u.revision
		FROM sla.promise AS u
		JOIN sla.tracked AS t ON t.relation = u.relation
		JOIN pg_class AS r ON r.oid = t.relation AND r.relowner = t.confirmed_by
		WHERE u.settled < u.revision AND NOT sla.is_paused(r.relowner)
		ORDER BY random()
	) AS p
	CROSS JOIN LATERAL (
		SELECT c.relation, c.clock_id
		FROM sla.clock_state AS c
		WHERE c.promise_id = p.id AND c.ended_at IS NULL AND c.revision < p.revision
		LIMIT max_items
		FOR UPDATE SKIP LOCKED
	) AS s
	LIMIT max_items;
END
$$;
COMMENT ON FUNCTION sla.lock_stale_clocks(integer) IS
'private: open clocks derived by an earlier revision of their promise, so many at most, locked but for those that somebody works on';
REVOKE ALL ON FUNCTION sla.lock_stale_clocks(integer) FROM PUBLIC;

CREATE FUNCTION sla.refresh(max_items integer DEFAULT 10000)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- (whoever alters a table may write its rows then, and wait for clocks that this has locked)
SET sla_tracker.is_ticking = on
AS $$
DECLARE
	refreshed bigint;
	edited sla.exception;
	gone sla.moved_exception;
	moved sla.moved_party;
BEGIN
	IF max_items IS NULL THEN
		RAISE EXCEPTION 'max_items must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF max_items < 0 THEN
		RAISE EXCEPTION 'max_items must not be negative'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', max_items);
	END IF;
	FOR moved IN
		SELECT *
		FROM sla.moved_party AS m
		FOR UPDATE SKIP LOCKED
	LOOP
		IF moved.settling_in IS NULL THEN
			UPDATE sla.moved_party AS m SET settling_in = sla.settling_in(m.edited_in) WHERE m.revision = moved.revision;
		ELSIF sla.has_settled(moved.settling_in) THEN
			PERFORM sla.party_settled(moved);
		END IF;
	END LOOP;
	SELECT coalesce(sum(r.refreshed), 0) INTO refreshed
	FROM (
		SELECT s.relation, array_agg(s.clock_id ORDER BY s.clock_id) AS clocks
		FROM sla.lock_stale_clocks(max_items) AS s
		GROUP BY s.relation
		OFFSET 0
	) AS t
	CROSS JOIN LATERAL sla.refresh_clocks(t.relation, t.clocks) AS r;
	-- when all who write know of a change, what has not followed it is all there is
	UPDATE sla.promise AS p
	SET settling = p.revision, settling_in = n.number
	FROM (
		SELECT q.id, sla.settling_in(sla.full_xid(q.xmin)) AS number
		FROM sla.promise AS q
		WHERE q.settled < q.revision AND (q.settling <> q.revision OR q.settling IS NULL)
		FOR UPDATE SKIP LOCKED
	) AS n
	WHERE p.id = n.id AND n.number IS NOT NULL;
	UPDATE sla.promise AS p
	SET settled = p.revision
	FROM (
		SELECT q.id
		FROM sla.promise AS q
		WHERE q.settled < q.revision AND q.settling = q.revision
			AND sla.has_settled(q.settling_in)
			AND NOT EXISTS (
				SELECT
				FROM sla.clock_state AS c
				WHERE c.promise_id = q.id AND c.ended_at IS NULL AND c.revision < q.revision)
		FOR UPDATE SKIP LOCKED
	) AS n
	WHERE p.id = n.id;
	FOR edited IN
		SELECT *
		FROM sla.exception AS e
		WHERE e.edited_in IS NOT NULL
		FOR UPDATE SKIP LOCKED
	LOOP
		IF edited.settling_in IS NULL THEN
			UPDATE sla.exception AS e SET settling_in = sla.settling_in(e.edited_in) WHERE e.id = edited.id;
		ELSIF sla.has_settled(edited.settling_in) THEN
			CONTINUE WHEN edited.approved_at IS NOT NULL AND edited.objective IS NULL
				AND NOT sla.apply_exception(edited, edited.edited_in, edited.edited_under);
			UPDATE sla.exception AS e SET edited_in = NULL, edited_under = NULL, settling_in = NULL WHERE e.id = edited.id;
		END IF;
	END LOOP;
	FOR gone IN
		SELECT *
		FROM sla.moved_exception AS e
		FOR UPDATE SKIP LOCKED
	LOOP
		IF gone.settling_in IS NULL THEN
			UPDATE sla.moved_exception AS e SET settling_in = sla.settling_in(e.edited_in) WHERE e.id = gone.id;
		ELSIF sla.has_settled(gone.settling_in) THEN
			CONTINUE WHEN NOT sla.apply_exception(gone.moved, gone.edited_in, gone.edited_under);
			DELETE FROM sla.moved_exception AS e WHERE e.id = gone.id;
		END IF;
	END LOOP;
	RETURN refreshed;
END
$$;
COMMENT ON FUNCTION sla.refresh(integer) IS
'stores open clocks that were derived by earlier definitions, so many at most, and leaves out those that somebody works on';
REVOKE ALL ON FUNCTION sla.refresh(integer) FROM PUBLIC;

CREATE FUNCTION sla.count_occurrences(from_at timestamptz, to_at timestamptz, rrule text, time_zone text)
RETURNS integer
AS 'MODULE_PATHNAME', 'sla_count_occurrences'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION sla.count_occurrences(timestamptz, timestamptz, text, text) IS
'private: how often a span recurs by a rule of RFC 5545, up to five years from now; an error when it is not one';

CREATE FUNCTION sla.check_exception()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.count_occurrences(coalesce(lower(NEW.during), '-infinity'),
		coalesce(upper(NEW.during), 'infinity'), NEW.rrule, 'UTC');
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION sla.check_exception() IS 'checks the recurrence rule of an exception';
CREATE TRIGGER check_exception
	BEFORE INSERT OR UPDATE ON sla.exception
	FOR EACH ROW WHEN (NEW.rrule IS NOT NULL) EXECUTE FUNCTION sla.check_exception();
COMMENT ON TRIGGER check_exception ON sla.exception IS 'checks the recurrence rule';
