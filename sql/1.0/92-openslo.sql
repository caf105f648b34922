--
-- Objectives as OpenSLO v1 documents (https://github.com/OpenSLO/OpenSLO), as jsonb
--
-- What OpenSLO leaves to the metric source is said in its spec, type sla_tracker:
-- the columns of sla.objective, with "when" for the condition.  All that is read
-- is checked; an unknown field is refused by its path.
--

/*
 * The fields of an object: "name=type", with "!" those that must be there; "any"
 * is any type of JSON, and a type of SQL is a string that can be cast to it.
 */
CREATE FUNCTION sla.openslo_fields(object jsonb, path text, fields text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cast_types constant text[] := '{interval,timestamptz,date,float8}';
	bad text;
	field record;
BEGIN
	IF object IS NULL OR jsonb_typeof(object) <> 'object' THEN
		RAISE EXCEPTION 'OpenSLO: % must be an object', path
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	bad := (SELECT k FROM jsonb_object_keys(object) AS k
		WHERE k <> ALL (regexp_split_to_array(regexp_replace(fields, E'=\\w+!?', '', 'g'), E'\\s+'))
		ORDER BY k LIMIT 1);
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'OpenSLO: unknown field %.%', path, bad
			USING ERRCODE = 'invalid_parameter_value',
				HINT = format('Fields there are %s.', regexp_replace(regexp_replace(fields, E'=\\w+!?', '', 'g'), E'\\s+', ', ', 'g'));
	END IF;
	SELECT CASE WHEN NOT object ? m[1] THEN format('%s.%s is missing', path, m[1])
			ELSE format('%s.%s must be of type %s', path, m[1], t.type) END INTO bad
	FROM regexp_matches(fields, E'(\\w+)=(\\w+)(!?)', 'g') AS m,
		LATERAL (SELECT CASE WHEN m[2] = ANY (cast_types) THEN 'string' ELSE m[2] END AS type) AS t
	WHERE CASE WHEN object ? m[1] THEN t.type <> 'any' AND jsonb_typeof(object -> m[1]) <> t.type ELSE m[3] = '!' END
	LIMIT 1;
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'OpenSLO: %', bad
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOR field IN
		SELECT m[1] AS name, m[2] AS type, object ->> m[1] AS value
		FROM regexp_matches(fields, E'(\\w+)=(\\w+)', 'g') AS m
		WHERE m[2] = ANY (cast_types) AND object ? m[1]
	LOOP
		BEGIN
			CASE field.type
				WHEN 'interval' THEN PERFORM field.value::interval;
				WHEN 'timestamptz' THEN PERFORM field.value::timestamptz;
				WHEN 'date' THEN PERFORM field.value::date;
				WHEN 'float8' THEN PERFORM field.value::double precision;
			END CASE;
		EXCEPTION WHEN data_exception THEN
			RAISE EXCEPTION 'OpenSLO: %.% cannot be read: "%"', path, field.name, field.value
				USING ERRCODE = 'invalid_parameter_value', DETAIL = SQLERRM;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.openslo_fields(jsonb, text, text) IS 'private: an error when an object of an OpenSLO document is not as it must be';

/* What a document, or an object like one within another, begins with. */
CREATE FUNCTION sla.openslo_head(object jsonb, path text, kind text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM sla.openslo_fields(object, path, 'apiVersion=string kind=string metadata=object spec=object!');
	IF object ->> 'kind' <> kind THEN
		RAISE EXCEPTION 'OpenSLO: %.kind is not %: "%"', path, kind, object ->> 'kind'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF object ? 'metadata' THEN
		PERFORM sla.openslo_fields(object -> 'metadata', path || '.metadata', 'name=string! displayName=string labels=object annotations=object');
	END IF;
END
$$;
COMMENT ON FUNCTION sla.openslo_head(jsonb, text, text) IS 'private: an error when an object of an OpenSLO document is not one of a kind';

/* A duration such as 4w, as an interval. */
CREATE FUNCTION sla.openslo_interval(duration text, path text)
RETURNS interval
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	parts text[] := regexp_match(duration, '^([1-9][0-9]{0,6})([mhdwMQY])$');
BEGIN
	IF parts IS NULL THEN
		RAISE EXCEPTION 'OpenSLO: % is no duration: "%"', path, duration
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Write a number and one of m, h, d, w, M, Q and Y, such as 28d.';
	END IF;
	RETURN parts[1]::integer * CASE ascii(parts[2])
		WHEN ascii('m') THEN interval '1 minute'
		WHEN ascii('h') THEN interval '1 hour'
		WHEN ascii('d') THEN interval '1 day'
		WHEN ascii('w') THEN interval '7 days'
		WHEN ascii('M') THEN interval '1 month'
		WHEN ascii('Q') THEN interval '3 months'
		ELSE interval '1 year'
	END;
END
$$;
COMMENT ON FUNCTION sla.openslo_interval(text, text) IS 'private: a duration of an OpenSLO document';

/*
 * The other way; an error where no single unit can say it.  A day is 24 hours only
 * of time that elapses.
 */
CREATE FUNCTION sla.openslo_duration(length interval, what text, is_elapsing boolean)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	months integer := 12 * extract(year FROM length) + extract(month FROM length);
	days integer := extract(day FROM length);
	seconds numeric := extract(epoch FROM length - make_interval(months => months, days => days));
BEGIN
	IF months > 0 AND days = 0 AND seconds = 0 THEN
		RETURN months || 'M';
	ELSIF months = 0 AND days > 0 AND seconds = 0 THEN
		RETURN days || 'd';
	ELSIF months = 0 AND (days = 0 OR is_elapsing) AND days * 86400 + seconds > 0 AND seconds % 60 = 0 THEN
		seconds := (days * 86400 + seconds) / 60;
		RETURN CASE WHEN seconds % 60 = 0 THEN trunc(seconds / 60) || 'h' ELSE trunc(seconds) || 'm' END;
	END IF;
	RAISE EXCEPTION 'OpenSLO has no duration for %: "%"', what, length
		USING ERRCODE = 'feature_not_supported', HINT = 'A duration is a number of minutes, hours, days or months.';
END
$$;
COMMENT ON FUNCTION sla.openslo_duration(interval, text, boolean) IS 'private: an interval as a duration of OpenSLO';

/* The document that a reference names. */
CREATE FUNCTION sla.openslo_find(documents jsonb, kind text, name text, path text)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found jsonb[] := ARRAY(
		SELECT d FROM jsonb_array_elements(documents) AS d
		WHERE d ->> 'kind' = openslo_find.kind AND d #>> '{metadata,name}' = openslo_find.name);
BEGIN
	IF cardinality(found) > 1 THEN
		RAISE EXCEPTION 'OpenSLO: % is several of the documents: % "%"', path, kind, name
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF found = '{}' THEN
		RAISE EXCEPTION 'OpenSLO: % names no % among the documents: "%"', path, kind, name
			USING ERRCODE = 'undefined_object', HINT = 'Put it into one jsonb array with the document that names it.';
	END IF;
	RETURN found[1];
END
$$;
COMMENT ON FUNCTION sla.openslo_find(jsonb, text, text, text) IS 'private: a document of a kind and name';

/* The spec of a metric source. */
CREATE FUNCTION sla.openslo_source(documents jsonb, metric jsonb, path text, fields text)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	source jsonb;
	type text;
BEGIN
	PERFORM sla.openslo_fields(metric, path, 'metricSource=object!');
	source := metric -> 'metricSource';
	path := path || '.metricSource';
	PERFORM sla.openslo_fields(source, path, 'metricSourceRef=string type=string spec=object!');
	type := coalesce(source ->> 'type', CASE WHEN source ? 'metricSourceRef' THEN
		sla.openslo_find(documents, 'DataSource', source ->> 'metricSourceRef', path || '.metricSourceRef') #>> '{spec,type}' END);
	IF lower(type) IS DISTINCT FROM 'sla_tracker' THEN
		RAISE EXCEPTION 'OpenSLO: %.type is not sla_tracker: "%"', path, type
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Say in the spec of a metricSource of type sla_tracker which relation and which expressions it is.';
	END IF;
	PERFORM sla.openslo_fields(source -> 'spec', path || '.spec', fields);
	RETURN source -> 'spec';
END
$$;
COMMENT ON FUNCTION sla.openslo_source(jsonb, jsonb, text, text) IS 'private: the spec of a metric source of OpenSLO';

/*
 * The burn rules of an alert policy, for an objective whose window has so many
 * seconds.  OpenSLO has one window; the rest is in the condition's annotations.
 */
CREATE FUNCTION sla.openslo_rule(documents jsonb, policy jsonb, path text, objective text, window_seconds double precision)
RETURNS sla.burn_rule
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	item jsonb;
	condition jsonb;
	notes jsonb;
	rule sla.burn_rule;
BEGIN
	IF policy ? 'alertPolicyRef' THEN
		PERFORM sla.openslo_fields(policy, path, 'alertPolicyRef=string!');
		policy := sla.openslo_find(documents, 'AlertPolicy', policy ->> 'alertPolicyRef', path || '.alertPolicyRef');
	END IF;
	PERFORM sla.openslo_head(policy, path, 'AlertPolicy');
	policy := policy -> 'spec';
	path := path || '.spec';
	PERFORM sla.openslo_fields(policy, path, 'description=string alertWhenNoData=boolean alertWhenResolved=boolean alertWhenBreaching=boolean conditions=array! notificationTargets=array');
	IF (policy -> 'alertWhenNoData')::boolean THEN
		RAISE EXCEPTION 'OpenSLO: %.alertWhenNoData is not supported', path
			USING ERRCODE = 'feature_not_supported', DETAIL = 'Where nothing counts, an alert stays as it is.';
	END IF;
	-- (not kept)
	FOR i IN 0 .. coalesce(jsonb_array_length(policy -> 'notificationTargets'), 0) - 1 LOOP
		PERFORM sla.openslo_fields(policy #> ARRAY['notificationTargets', i::text], format('%s.notificationTargets[%s]', path, i),
			'targetRef=string apiVersion=string kind=string metadata=object spec=object');
	END LOOP;
	IF jsonb_array_length(policy -> 'conditions') <> 1 THEN
		RAISE EXCEPTION 'OpenSLO: %.conditions must have one element', path
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT coalesce((policy -> 'alertWhenBreaching')::boolean, true) THEN
		RETURN NULL;
	END IF;
	item := policy #> '{conditions,0}';
	path := path || '.conditions[0]';
	IF item ? 'conditionRef' THEN
		PERFORM sla.openslo_fields(item, path, 'conditionRef=string!');
		item := sla.openslo_find(documents, 'AlertCondition', item ->> 'conditionRef', path || '.conditionRef');
	END IF;
	PERFORM sla.openslo_fields(item, path, 'apiVersion=string kind=string metadata=object! spec=object!');
	PERFORM sla.openslo_head(item, path, 'AlertCondition');
	notes := coalesce(item #> '{metadata,annotations}', '{}');
	PERFORM sla.openslo_fields(notes, path || '.metadata.annotations', 'shortWindow=interval minEvents=float8 cooldown=interval');
	PERFORM sla.openslo_fields(item -> 'spec', path || '.spec', 'description=string severity=string! condition=object!');
	condition := item #> '{spec,condition}';
	path := path || '.spec.condition';
	PERFORM sla.openslo_fields(condition, path, 'kind=string op=string threshold=number! lookbackWindow=string! alertAfter=string');
	IF coalesce(condition ->> 'kind', 'burnrate') <> 'burnrate' THEN
		RAISE EXCEPTION 'OpenSLO: %.kind is not burnrate: "%"', path, condition ->> 'kind'
			USING ERRCODE = 'feature_not_supported';
	END IF;
	IF condition ->> 'op' NOT IN ('gt', 'gte') THEN
		RAISE EXCEPTION 'OpenSLO: %.op is not gt or gte: "%"', path, condition ->> 'op'
			USING ERRCODE = 'feature_not_supported', HINT = 'A rule fires when the burn rate is above its threshold.';
	END IF;
	rule.objective := openslo_rule.objective;
	rule.name := item #>> '{metadata,name}';
	rule.severity := item #>> '{spec,severity}';
	rule.long_window := sla.openslo_interval(condition ->> 'lookbackWindow', path || '.lookbackWindow');
	rule.short_window := coalesce((notes ->> 'shortWindow')::interval, rule.long_window);
	rule.hold_for := CASE WHEN coalesce(condition ->> 'alertAfter', '0m') ~ '^0+[a-zA-Z]$' THEN interval '0'
		ELSE sla.openslo_interval(condition ->> 'alertAfter', path || '.alertAfter') END;
	rule.min_events := coalesce((notes ->> 'minEvents')::double precision, 1);
	rule.cooldown := coalesce((notes ->> 'cooldown')::interval, '0');
	rule.budget_percent := trim_scale(round(100 * (condition ->> 'threshold')::numeric
		* extract(epoch FROM rule.long_window) / window_seconds::numeric, 12));
	RETURN rule;
END
$$;
COMMENT ON FUNCTION sla.openslo_rule(jsonb, jsonb, text, text, double precision) IS 'private: the burn rule of an alert policy of OpenSLO';

/*
 * The indicator of an SLO: an objective with what is measured, and the spec of the
 * metricSource that says so.  "path" is of "spec", as in all errors.
 */
CREATE FUNCTION sla.openslo_indicator(documents jsonb, spec jsonb, path text, search_path text,
	OUT objective sla.objective, OUT source jsonb)
RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	common text := ' relation=string group_by=string party=string agreement=string calendar=string time_zone=string close_after=interval valid_from=timestamptz';
	indicator jsonb;
	metric jsonb;
	ratio_path text;
	relation text;
	o sla.objective;
BEGIN
	IF spec ? 'indicatorRef' THEN
		indicator := sla.openslo_find(documents, 'SLI', spec ->> 'indicatorRef', path || '.indicatorRef');
	ELSE
		indicator := spec -> 'indicator';
	END IF;
	PERFORM sla.openslo_head(indicator, path || '.indicator', 'SLI');
	metric := indicator -> 'spec';
	PERFORM sla.openslo_fields(metric, path || '.indicator.spec', 'description=string thresholdMetric=object ratioMetric=object');
	IF (metric ? 'thresholdMetric') = (metric ? 'ratioMetric') THEN
		RAISE EXCEPTION 'OpenSLO: one of thresholdMetric and ratioMetric must be in %.indicator.spec', path
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF metric ? 'thresholdMetric' THEN
		o.kind := 'value';
		source := sla.openslo_source(documents, metric -> 'thresholdMetric', path || '.indicator.spec.thresholdMetric',
			'at=string! value=string! when=string at_most=number at_least=number' || common);
	ELSE
		metric := metric -> 'ratioMetric';
		ratio_path := path || '.indicator.spec.ratioMetric';
		PERFORM sla.openslo_fields(metric, ratio_path, 'counter=boolean good=object bad=object total=object raw=object rawType=string');
		IF metric ? 'raw' THEN
			IF metric ?| '{good,bad,total}' OR metric ->> 'rawType' IS DISTINCT FROM 'success' THEN
				RAISE EXCEPTION 'OpenSLO: % with raw has rawType success and neither good, bad nor total', ratio_path
					USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It stands for clocks and outages, which are measured here.';
			END IF;
			source := sla.openslo_source(documents, metric -> 'raw', ratio_path || '.raw',
				'metric=string outage_from=string outage_to=string when=string' || common);
			o.kind := CASE WHEN source ? 'metric' THEN 'clock' ELSE 'outage' END;
		ELSE
			IF (metric ? 'good') = (metric ? 'bad') OR NOT metric ? 'total' OR metric ? 'rawType' THEN
				RAISE EXCEPTION 'OpenSLO: % has total and one of good and bad, or raw and rawType', ratio_path
					USING ERRCODE = 'invalid_parameter_value';
			END IF;
			o.kind := 'event';
			source := sla.openslo_source(documents, metric -> 'total', ratio_path || '.total', 'at=string! when=string' || common);
			IF metric ? 'good' THEN
				o.good_when := sla.openslo_source(documents, metric -> 'good', ratio_path || '.good', 'when=string!') ->> 'when';
			ELSE
				o.good_when := format('(%s) IS NOT TRUE', sla.openslo_source(documents, metric -> 'bad', ratio_path || '.bad', 'when=string!') ->> 'when');
			END IF;
		END IF;
	END IF;
	o.at := source ->> 'at';
	o.total_when := source ->> 'when';
	o.value := source ->> 'value';
	o.at_most := source ->> 'at_most';
	o.at_least := source ->> 'at_least';
	o.metric := source ->> 'metric';
	o.outage_from := source ->> 'outage_from';
	o.outage_to := source ->> 'outage_to';
	o.group_by := source ->> 'group_by';
	o.party := source ->> 'party';
	o.agreement := source ->> 'agreement';
	o.calendar := source ->> 'calendar';
	o.close_after := coalesce(source ->> 'close_after', '5 days');
	o.valid_from := coalesce(source ->> 'valid_from', '-infinity');

	relation := source ->> 'relation';
	PERFORM set_config('search_path', openslo_indicator.search_path, true);
	o.relation := pg_catalog.to_regclass(relation);
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	IF o.relation IS NULL THEN
		RAISE EXCEPTION 'OpenSLO: there is no relation "%"', relation
			USING ERRCODE = 'undefined_table', DETAIL = format('%s names it.', path),
				HINT = 'Name it in the spec of the metricSource of total, raw or thresholdMetric: "relation": "schema.name".';
	END IF;
	objective := o;
END
$$;
COMMENT ON FUNCTION sla.openslo_indicator(jsonb, jsonb, text, text) IS 'private: the indicator of an SLO of OpenSLO';

/* An objective with the window of an SLO. */
CREATE FUNCTION sla.openslo_window(o sla.objective, spec jsonb, source jsonb, path text)
RETURNS sla.objective
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	frame jsonb;
	start text;
BEGIN
	o.time_zone := coalesce(source ->> 'time_zone', 'UTC');
	o.window_length := '28 days';
	IF spec ? 'timeWindow' THEN
		IF jsonb_array_length(spec -> 'timeWindow') <> 1 THEN
			RAISE EXCEPTION 'OpenSLO: %.timeWindow must have one element', path
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		frame := spec #> '{timeWindow,0}';
		PERFORM sla.openslo_fields(frame, path || '.timeWindow[0]', 'duration=string! isRolling=boolean calendar=object');
		IF coalesce((frame -> 'isRolling')::boolean, NOT frame ? 'calendar') = (frame ? 'calendar') THEN
			RAISE EXCEPTION 'OpenSLO: %.timeWindow[0] is either rolling or has a calendar', path
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		IF frame ? 'calendar' THEN
			PERFORM sla.openslo_fields(frame -> 'calendar', path || '.timeWindow[0].calendar', 'startTime=string timeZone=string!');
			IF source ->> 'time_zone' <> frame #>> '{calendar,timeZone}' THEN
				RAISE EXCEPTION 'OpenSLO: %.timeWindow[0].calendar.timeZone is not the time_zone of the metricSource', path
					USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are "%s" and "%s".', frame #>> '{calendar,timeZone}', source ->> 'time_zone');
			END IF;
			o.time_zone := frame #>> '{calendar,timeZone}';
			o.window_length := CASE frame ->> 'duration' WHEN '1w' THEN 'week' WHEN '7d' THEN 'week' WHEN '1M' THEN 'month' WHEN '1Q' THEN 'quarter'
				WHEN '3M' THEN 'quarter' WHEN '1Y' THEN 'year' WHEN '12M' THEN 'year' END;
			IF o.window_length IS NULL THEN
				RAISE EXCEPTION 'OpenSLO: %.timeWindow[0].duration is not one of the calendar: "%"', path, frame ->> 'duration'
					USING ERRCODE = 'feature_not_supported', HINT = 'Those are 1w, 1M, 1Q and 1Y.';
			END IF;
			start := frame #>> '{calendar,startTime}';
			IF start !~ E'^\\d{4}-\\d\\d-\\d\\d( 00:00:00)?$' THEN
				RAISE EXCEPTION 'OpenSLO: %.timeWindow[0].calendar.startTime is not the beginning of a day: "%"', path, start
					USING ERRCODE = 'feature_not_supported', HINT = 'Write it as 2026-01-01 00:00:00.';
			END IF;
			PERFORM sla.openslo_fields(frame -> 'calendar', path || '.timeWindow[0].calendar', 'startTime=date timeZone=string!');
			o.window_start := left(start, 10);
			-- where windows of the calendar begin anyway
			IF o.window_start = (CASE o.window_length WHEN 'week' THEN date '2001-01-01' ELSE date '2000-01-01' END) THEN
				o.window_start := NULL;
			END IF;
		ELSE
			o.window_length := sla.openslo_interval(frame ->> 'duration', path || '.timeWindow[0].duration')::text;
		END IF;
	END IF;
	RETURN o;
END
$$;
COMMENT ON FUNCTION sla.openslo_window(sla.objective, jsonb, jsonb, text) IS 'private: an objective with the window of an SLO of OpenSLO';

/* The objectives of an SLO; a relation is looked for in the given path. */
CREATE FUNCTION sla.openslo_objectives(documents jsonb, slo jsonb, path text, search_path text)
RETURNS SETOF sla.objective
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	spec jsonb := slo -> 'spec';
	method text;
	measured record;
	is_value boolean;
	goal jsonb;
	goal_path text;
	o sla.objective;
	one sla.objective;
BEGIN
	PERFORM sla.openslo_fields(slo, path, 'apiVersion=string! kind=string! metadata=object! spec=object!');
	PERFORM sla.openslo_fields(slo -> 'metadata', path || '.metadata', 'name=string! displayName=string labels=object annotations=object');
	path := path || '.spec';
	PERFORM sla.openslo_fields(spec, path, 'description=string service=string indicator=object indicatorRef=string timeWindow=array budgetingMethod=string! objectives=array! alertPolicies=array');
	method := spec ->> 'budgetingMethod';
	IF method NOT IN ('Occurrences', 'Timeslices', 'RatioTimeslices') THEN
		RAISE EXCEPTION 'OpenSLO: %.budgetingMethod is not Occurrences, Timeslices or RatioTimeslices: "%"', path, method
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF (spec ? 'indicator') = (spec ? 'indicatorRef') THEN
		RAISE EXCEPTION 'OpenSLO: one of %.indicator and %.indicatorRef must be there', path, path
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Composites are not supported.';
	END IF;
	measured := sla.openslo_indicator(documents, spec, path, search_path);
	o := sla.openslo_window(measured.objective, spec, measured.source, path);
	o.description := coalesce(spec ->> 'description', slo #>> '{metadata,displayName}');
	is_value := o.kind = 'value';

	IF jsonb_array_length(spec -> 'objectives') = 0 OR is_value AND jsonb_array_length(spec -> 'objectives') > 1 THEN
		RAISE EXCEPTION 'OpenSLO: %.objectives must have one element', path
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Several are for a ratioMetric.';
	END IF;
	FOR i IN 0 .. jsonb_array_length(spec -> 'objectives') - 1 LOOP
		goal := spec #> ARRAY['objectives', i::text];
		goal_path := format('%s.objectives[%s]', path, i);
		PERFORM sla.openslo_fields(goal, goal_path, 'displayName=string target=number targetPercent=number'
			|| CASE WHEN is_value THEN ' op=string! value=number!' ELSE '' END
			|| CASE method WHEN 'Timeslices' THEN ' timeSliceTarget=number! timeSliceWindow=any!'
				WHEN 'RatioTimeslices' THEN ' timeSliceWindow=any!' ELSE '' END);
		IF (goal ? 'target') = (goal ? 'targetPercent') THEN
			RAISE EXCEPTION 'OpenSLO: one of target and targetPercent must be in %', goal_path
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		one := o;
		one.target_percent := trim_scale(coalesce((goal ->> 'targetPercent')::numeric, 100 * (goal ->> 'target')::numeric));
		IF one.target_percent NOT BETWEEN 0 AND 100 OR one.target_percent = 100 THEN
			RAISE EXCEPTION 'OpenSLO: target of % is out of range: % %%', goal_path, one.target_percent
				USING ERRCODE = 'numeric_value_out_of_range', DETAIL = 'It must be from 0 to less than 1, or to less than 100 as targetPercent.';
		END IF;
		IF is_value THEN
			CASE goal ->> 'op'
				WHEN 'lte' THEN one.at_most := (goal ->> 'value')::double precision;
				WHEN 'gte' THEN one.at_least := (goal ->> 'value')::double precision;
				ELSE
					RAISE EXCEPTION 'OpenSLO: %.op is not lte or gte: "%"', goal_path, goal ->> 'op'
						USING ERRCODE = 'feature_not_supported', DETAIL = 'A value at the bound is within it.';
			END CASE;
			IF measured.source ? (CASE goal ->> 'op' WHEN 'lte' THEN 'at_most' ELSE 'at_least' END) THEN
				RAISE EXCEPTION 'OpenSLO: % has op %, and % is given, too', goal_path, goal ->> 'op', CASE goal ->> 'op' WHEN 'lte' THEN 'at_most' ELSE 'at_least' END
					USING ERRCODE = 'invalid_parameter_value', HINT = 'The spec of the metricSource says the other bound.';
			END IF;
		END IF;
		IF method <> 'Occurrences' THEN
			IF one.kind NOT IN ('event', 'value') THEN
				RAISE EXCEPTION 'OpenSLO: %.budgetingMethod % is for events and values', path, method
					USING ERRCODE = 'feature_not_supported';
			END IF;
			one.kind := 'slice';
			-- (a number is of minutes)
			one.slice := sla.openslo_interval(goal ->> 'timeSliceWindow'
				|| CASE jsonb_typeof(goal -> 'timeSliceWindow') WHEN 'number' THEN 'm' ELSE '' END, goal_path || '.timeSliceWindow');
			one.slice_ratio := nullif(method = 'RatioTimeslices', false);
			one.slice_target_percent := nullif(trim_scale(100 * (goal ->> 'timeSliceTarget')::numeric), one.target_percent);
		END IF;
		one.name := concat_ws('/', slo #>> '{metadata,name}',
			CASE WHEN jsonb_array_length(spec -> 'objectives') > 1 THEN coalesce(goal ->> 'displayName', (i + 1)::text) END);
		RETURN NEXT one;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sla.openslo_objectives(jsonb, jsonb, text, text) IS 'private: the objectives of an SLO of OpenSLO';

/* With the rights of the caller, whose search path expressions are read under. */
CREATE FUNCTION sla.import_openslo(documents jsonb, search_path text DEFAULT current_setting('search_path'))
RETURNS SETOF sla.objective
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	list jsonb := CASE jsonb_typeof(documents) WHEN 'array' THEN documents ELSE jsonb_build_array(documents) END;
	document jsonb;
	path text;
	o sla.objective;
	rule sla.burn_rule;
	found_any boolean := false;
BEGIN
	IF documents IS NULL THEN
		RAISE EXCEPTION 'documents must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	FOR document IN SELECT d FROM jsonb_array_elements(list) AS d LOOP
		path := concat(document ->> 'kind', ' "' || (document #>> '{metadata,name}') || '"');
		IF document ->> 'apiVersion' IS DISTINCT FROM 'openslo/v1' THEN
			RAISE EXCEPTION 'OpenSLO: apiVersion of a document is not openslo/v1: %', coalesce(document -> 'apiVersion', 'null')
				USING ERRCODE = 'feature_not_supported';
		END IF;
		IF document ->> 'kind' IS NULL
			OR document ->> 'kind' NOT IN ('SLO', 'SLI', 'DataSource', 'AlertPolicy', 'AlertCondition', 'AlertNotificationTarget', 'Service')
		THEN
			RAISE EXCEPTION 'OpenSLO: unknown kind of document: "%"', document ->> 'kind'
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		IF document ->> 'kind' <> 'SLO' THEN
			PERFORM sla.openslo_fields(document, path, 'apiVersion=string! kind=string! metadata=object! spec=object!');
			PERFORM sla.openslo_head(document, path, document ->> 'kind');
			PERFORM sla.openslo_fields(document -> 'spec', path || '.spec', concat_ws(' ', 'description=string', CASE document ->> 'kind'
				WHEN 'SLI' THEN 'thresholdMetric=object ratioMetric=object'
				WHEN 'DataSource' THEN 'type=string! connectionDetails=any'
				WHEN 'AlertPolicy' THEN 'alertWhenNoData=boolean alertWhenResolved=boolean alertWhenBreaching=boolean conditions=array notificationTargets=array'
				WHEN 'AlertCondition' THEN 'severity=string condition=object'
				WHEN 'AlertNotificationTarget' THEN 'target=string'
			END));
			CONTINUE;
		END IF;
		found_any := true;
		FOR o IN SELECT v.* FROM sla.openslo_objectives(list, document, path, import_openslo.search_path) AS v LOOP
			PERFORM set_config('search_path', import_openslo.search_path, true);
			INSERT INTO sla.objective AS n (name, valid_from, party, agreement, kind, relation, metric, at, total_when, good_when, value, at_most, at_least,
				outage_from, outage_to, group_by, target_percent, window_length, window_start, time_zone, calendar, slice, slice_target_percent,
				slice_ratio, close_after, description)
			VALUES (o.name, o.valid_from, o.party, o.agreement, o.kind, o.relation, o.metric, o.at, o.total_when, o.good_when, o.value, o.at_most, o.at_least,
				o.outage_from, o.outage_to, o.group_by, o.target_percent, o.window_length, o.window_start, o.time_zone, o.calendar, o.slice, o.slice_target_percent,
				o.slice_ratio, o.close_after, o.description)
			RETURNING n.* INTO o;
			PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
			FOR i IN 0 .. coalesce(jsonb_array_length(document #> '{spec,alertPolicies}'), 0) - 1 LOOP
				rule := sla.openslo_rule(list, document #> ARRAY['spec', 'alertPolicies', i::text], format('%s.spec.alertPolicies[%s]', path, i),
					o.name, greatest(sla.nominal_window(o, now()), 1));
				-- (versions of one objective have the same rules)
				IF rule.name IS NOT NULL AND NOT EXISTS (SELECT FROM sla.burn_rule AS r WHERE r IS NOT DISTINCT FROM rule) THEN
					INSERT INTO sla.burn_rule SELECT (rule).*;
				END IF;
			END LOOP;
			RETURN NEXT o;
		END LOOP;
	END LOOP;
	IF NOT found_any THEN
		RAISE EXCEPTION 'OpenSLO: there is no SLO among the documents'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;
COMMENT ON FUNCTION sla.import_openslo(jsonb, text) IS
'inserts the SLOs of an OpenSLO v1 document, or of an array of them, with their burn rules; service, labels, display names and notification targets are not kept';

CREATE FUNCTION sla.export_openslo(objective text, at timestamptz DEFAULT now())
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	o sla.objective;
	spec jsonb;
	method text := 'Occurrences';
	metric jsonb;
	goal jsonb;
	frame jsonb;
	policies jsonb;
BEGIN
	IF objective IS NULL THEN
		RAISE EXCEPTION 'objective must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF at IS NULL THEN
		RAISE EXCEPTION 'at must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT v.* INTO o
	FROM sla.objective AS v
	WHERE v.name = export_openslo.objective AND v.valid_from <= export_openslo.at
	ORDER BY v.valid_from DESC
	LIMIT 1;
	IF NOT FOUND THEN
		SELECT v.* INTO o FROM sla.objective AS v WHERE v.name = export_openslo.objective ORDER BY v.valid_from LIMIT 1;
		IF FOUND THEN
			RAISE EXCEPTION 'objective "%" is not in force yet at %', objective, at
				USING ERRCODE = 'undefined_object', DETAIL = format('Its first version is from %s on.', o.valid_from),
					HINT = 'Ask for it as of then: sla.export_openslo(objective, at).';
		END IF;
		RAISE EXCEPTION 'objective "%" does not exist', objective
			USING ERRCODE = 'undefined_object';
	END IF;
	IF o.target_percent = 100 OR o.slice_target_percent = 0 THEN
		RAISE EXCEPTION 'OpenSLO has no target of % %%', CASE WHEN o.target_percent = 100 THEN 100 ELSE 0 END
			USING ERRCODE = 'feature_not_supported';
	END IF;
	IF abs(o.at_most) = 'Infinity' OR abs(o.at_least) = 'Infinity' THEN
		RAISE EXCEPTION 'OpenSLO has no infinite bound of a value'
			USING ERRCODE = 'feature_not_supported', DETAIL = format('at_least is %s, at_most is %s.', o.at_least, o.at_most);
	END IF;
	goal := jsonb_build_object('targetPercent', o.target_percent);
	IF o.kind = 'slice' THEN
		method := CASE WHEN o.slice_ratio THEN 'RatioTimeslices' ELSE 'Timeslices' END;
		goal := goal || jsonb_strip_nulls(jsonb_build_object(
			'timeSliceTarget', CASE WHEN o.slice_ratio IS NOT TRUE THEN trim_scale(coalesce(o.slice_target_percent, o.target_percent) / 100) END,
			'timeSliceWindow', sla.openslo_duration(o.slice, 'a slice', false)));
	END IF;
	spec := jsonb_strip_nulls(jsonb_build_object('relation', o.relation::text, 'at', o.at, 'when', o.total_when, 'metric', o.metric,
		'outage_from', o.outage_from, 'outage_to', o.outage_to, 'value', o.value, 'group_by', o.group_by, 'party', o.party,
		'agreement', o.agreement, 'calendar', o.calendar,
		'time_zone', CASE WHEN NOT sla.is_calendar_window(o.window_length) AND o.time_zone <> 'UTC' THEN o.time_zone END,
		'close_after', nullif(o.close_after, '5 days')::text,
		'valid_from', nullif(o.valid_from, '-infinity')));
	IF o.value IS NOT NULL THEN
		IF o.at_most IS NOT NULL THEN
			goal := goal || jsonb_build_object('op', 'lte', 'value', o.at_most);
			spec := spec || jsonb_strip_nulls(jsonb_build_object('at_least', o.at_least));
		ELSE
			goal := goal || jsonb_build_object('op', 'gte', 'value', o.at_least);
		END IF;
		metric := jsonb_build_object('thresholdMetric', jsonb_build_object('metricSource', jsonb_build_object('type', 'sla_tracker', 'spec', spec)));
	ELSIF o.kind IN ('clock', 'outage') THEN
		metric := jsonb_build_object('ratioMetric', jsonb_build_object('rawType', 'success',
			'raw', jsonb_build_object('metricSource', jsonb_build_object('type', 'sla_tracker', 'spec', spec))));
	ELSE
		metric := jsonb_build_object('ratioMetric', jsonb_build_object('counter', false,
			'good', jsonb_build_object('metricSource', jsonb_build_object('type', 'sla_tracker', 'spec', jsonb_build_object('when', o.good_when))),
			'total', jsonb_build_object('metricSource', jsonb_build_object('type', 'sla_tracker', 'spec', spec))));
	END IF;
	IF sla.is_calendar_window(o.window_length) THEN
		frame := jsonb_build_object('isRolling', false,
			'duration', CASE o.window_length WHEN 'week' THEN '1w' WHEN 'month' THEN '1M' WHEN 'quarter' THEN '1Q' ELSE '1Y' END,
			'calendar', jsonb_build_object('timeZone', o.time_zone,
				'startTime', to_char(coalesce(o.window_start, CASE o.window_length WHEN 'week' THEN date '2001-01-01' ELSE date '2000-01-01' END), 'YYYY-MM-DD "00:00:00"')));
	ELSE
		frame := jsonb_build_object('isRolling', true, 'duration', sla.openslo_duration(o.window_length::interval, 'a window', false));
	END IF;
	policies := (
		SELECT jsonb_agg(jsonb_build_object('kind', 'AlertPolicy', 'metadata', jsonb_build_object('name', r.name), 'spec', jsonb_build_object(
				'alertWhenBreaching', true, 'notificationTargets', jsonb_build_array(),
				'conditions', jsonb_build_array(jsonb_build_object('kind', 'AlertCondition',
					'metadata', jsonb_build_object('name', r.name, 'annotations', jsonb_strip_nulls(jsonb_build_object(
						'shortWindow', nullif(r.short_window, r.long_window)::text,
						'minEvents', nullif(r.min_events, 1)::text, 'cooldown', nullif(r.cooldown, '0')::text))),
					'spec', jsonb_build_object('severity', r.severity, 'condition', jsonb_build_object('kind', 'burnrate', 'op', 'gt',
						'threshold', trim_scale(round(r.budget_percent / 100 * greatest(sla.nominal_window(o, now()), 1)::numeric
							/ extract(epoch FROM r.long_window), 16)),
						'lookbackWindow', sla.openslo_duration(r.long_window, format('the long window of rule "%s"', r.name), true),
						'alertAfter', CASE WHEN r.hold_for = interval '0' THEN '0m'
							ELSE sla.openslo_duration(r.hold_for, format('hold_for of rule "%s"', r.name), true) END)))))) ORDER BY r.name)
		FROM sla.burn_rule AS r
		WHERE r.objective = o.name);
	RETURN jsonb_build_object('apiVersion', 'openslo/v1', 'kind', 'SLO', 'metadata', jsonb_build_object('name', o.name),
		'spec', jsonb_strip_nulls(jsonb_build_object('description', o.description, 'service', coalesce(o.party, o.relation::text),
			'indicator', jsonb_build_object('metadata', jsonb_build_object('name', o.name), 'spec', metric),
			'timeWindow', jsonb_build_array(frame), 'budgetingMethod', method, 'objectives', jsonb_build_array(goal),
			'alertPolicies', policies)));
END
$$;
COMMENT ON FUNCTION sla.export_openslo(text, timestamptz) IS
'an objective of yours, with its burn rules, as an OpenSLO v1 document that sla.import_openslo() reads';
