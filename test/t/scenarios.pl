# Stories of other help desks' test suites, when the folder with them is there
# (SLA_SHARED): every case of helpdesk_scenarios.jsonl.gz that is portable, that
# is, no quirk of one engine.
#
# A case is a ticket with its own calendar, policy and targets; messages are a
# table of their own, tracked as sla.source.  Each case is replayed three times,
# with the times of its events: each event in a transaction of its own (schema
# "each"), all in one transaction ("one"), and as finished tables given to
# sla.sync() ("import"; only cases whose story the last state of the tables
# still tells).
#
# What the engines mean by their metrics:
#	first_response	from creation to the first public answer of an agent; pauses,
#					and so does the closed time when the ticket is reopened
#	next_response	from each customer's message that finds no clock running to
#					the next answer: one cycle per exchange
#	update			from creation to the next answer, and again from each
#					customer's message
#	periodic_update	from answer to answer, the first from creation: repeats
#	resolution		from creation until closed; pauses
#	time_to_own		from creation; pauses do not move it
#	ola_resolution	from the hand-over to the internal team until closed; pauses
#	custom			from creation: working-day arithmetic
# "due_at" of a case is the deadline of what still runs (none: nothing runs);
# elapsed, margin, fulfilled and breached are of the last cycle that has an
# outcome at the time of the last event.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = defined $ENV{SLA_SHARED} ? "$ENV{SLA_SHARED}/oracle" : '';
my $file = "$dir/helpdesk_scenarios.jsonl.gz";

plan skip_all => 'SLA_SHARED names no folder with oracles'
  if $dir eq '' || !-r $file;

# Cases that cannot be expressed, with the reason.
my %left_out = ();

# What the last state of the tables does not tell: pauses, and that the policy
# or the calendar was another.
my $importable = q{NOT EXISTS (SELECT FROM event v WHERE v.id = s.id
	AND v.what IN ('status', 'policy_changed', 'calendar_changed', 'ola_assigned') OR v.info->>'class' = 'pause' AND v.id = s.id)};

my $node = PostgreSQL::Test::Cluster->new('scenarios');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sla_tracker;
	ALTER DATABASE postgres SET timezone = 'UTC';
	ALTER DATABASE postgres SET datestyle = 'ISO, YMD';
	ALTER DATABASE postgres SET intervalstyle = 'postgres';
	CREATE TABLE line (n int GENERATED ALWAYS AS IDENTITY, j jsonb)});
$node->safe_psql('postgres',
	"COPY line (j) FROM PROGRAM 'gzip -dc " . ($file =~ s/'/''/gr) . q{' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')});

$node->safe_psql('postgres', q{
	CREATE TABLE scenario AS SELECT n, j->>'id' AS id, j FROM line WHERE (j->>'portable')::boolean;
	CREATE TABLE event AS
		SELECT s.id, e.ord, (e.value->>0)::timestamptz AS at, e.value->>1 AS what, e.value->2 AS info
		FROM scenario s, jsonb_array_elements(j->'events') WITH ORDINALITY e(value, ord);
	CREATE TABLE expected AS
		SELECT s.id, e.ord, e.value->>0 AS metric, e.value->>1 AS what, e.value->>2 AS value
		FROM scenario s, jsonb_array_elements(j->'expect') WITH ORDINALITY e(value, ord);

	-- hours as rules: {"mon": [["09:30", "12:30"], ["14:00", "18:00"]]}
	CREATE FUNCTION hours(zone text, j jsonb) RETURNS business_hours LANGUAGE sql AS $$
		SELECT ('TZ=' || zone || ' ' || string_agg(initcap(left(day, 2)) || ' ' || spans, '; '))::business_hours
		FROM (SELECT key, (SELECT string_agg((s->>0) || '-' || (s->>1), ',') FROM jsonb_array_elements(value) s)
			  FROM jsonb_each(j)) d(day, spans)
	$$;

	-- a target of a case: the goal counted in minutes, or else in days
	CREATE FUNCTION goal(targets jsonb, metric text, calendar text) RETURNS business_interval LANGUAGE sql AS $$
		SELECT at_calendar(coalesce(make_business_interval(mins => (targets->>metric)::int),
									make_business_interval(days => abs((targets->>(metric || '_business_days'))::int))), calendar)
	$$;
});

# The tables of a schema, and what is promised about them.
my $metrics = join ',', qw(first_response next_response update periodic_update resolution time_to_own ola_resolution custom);

sub make_tables
{
	my ($schema) = @_;

	return qq{
		CREATE SCHEMA $schema;
		SET search_path = $schema, public;
		CREATE TABLE ticket (
			id text PRIMARY KEY,
			created_at timestamptz NOT NULL,
			updated_at timestamptz NOT NULL,
			status text,
			class text NOT NULL DEFAULT 'run' CHECK (class IN ('run', 'pause', 'closed')),
			policy text,
			assigned_at timestamptz,
			promised_at timestamptz);
		CREATE TABLE message (
			id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			ticket text NOT NULL REFERENCES ticket,
			written_at timestamptz NOT NULL,
			author text NOT NULL CHECK (author IN ('agent', 'customer')),
			is_public boolean NOT NULL DEFAULT true);
		INSERT INTO sla.calendar (name, hours)
			SELECT '$schema:' || id, hours(j->>'timezone', j->'hours') FROM scenario
			/* rt-02: the level that the ticket has before, of which nothing is told but its name */
			UNION ALL
			SELECT '$schema:' || id || ':before', 'TZ=UTC Su 09:00-17:00' FROM event WHERE what = 'policy_changed' AND info ? 'to';
		INSERT INTO sla.holiday (calendar, day)
			SELECT '$schema:' || id, d::date FROM scenario, jsonb_array_elements_text(j->'holidays') d;
	};
}

sub define
{
	my ($schema) = @_;

	return qq{
		SET search_path = $schema, public;
		SELECT sla.track('ticket', at => 'updated_at');
		INSERT INTO sla.metric (relation, name, start_when, start_at, stop_when, pause_when, due_at, repeats) VALUES
			('ticket', 'first_response', NULL, 'created_at', 'class = ''closed''', 'class = ''pause''', NULL, false),
			('ticket', 'next_response', 'false', NULL, 'class = ''closed''', 'class = ''pause''', NULL, false),
			('ticket', 'update', NULL, 'created_at', 'class = ''closed''', 'class = ''pause''', NULL, false),
			('ticket', 'periodic_update', NULL, 'created_at', NULL, 'class = ''pause''', NULL, true),
			('ticket', 'resolution', NULL, 'created_at', 'class = ''closed''', 'class = ''pause''', NULL, false),
			('ticket', 'time_to_own', NULL, 'created_at', 'class = ''closed''', NULL, NULL, false),
			('ticket', 'ola_resolution', 'assigned_at IS NOT NULL', 'assigned_at', 'class = ''closed''', 'class = ''pause''', NULL, false),
			('ticket', 'custom', NULL, 'created_at', 'class = ''closed''', NULL, 'promised_at', false);
		INSERT INTO sla.source (source, relation, item, metric, action, applies_when, at)
			SELECT 'message', 'ticket', 'ticket', m, 'stop', 'author = ''agent'' AND is_public', 'written_at'
			FROM unnest('{first_response,next_response,update,periodic_update}'::text[]) m
			UNION ALL
			SELECT 'message', 'ticket', 'ticket', m, 'start', 'author = ''customer''', 'written_at'
			FROM unnest('{next_response,update}'::text[]) m;

		/* one policy a case, one more after a change, and one that no ticket has */
		INSERT INTO sla.policy (relation, name, applies_when, rank)
			SELECT 'ticket', id, format('policy = %L', id), 10 FROM scenario
			UNION ALL
			SELECT 'ticket', id || ':before', format('policy = %L', id || ':before'), 10 FROM event WHERE what = 'policy_changed'
			UNION ALL
			SELECT 'ticket', 'of nobody', 'policy = ''of nobody''', 1;
		INSERT INTO sla.target (relation, policy, metric, goal, due_by)
			SELECT 'ticket', s.id, m, g, CASE WHEN (t.targets->>(m || '_at_end_of_business_day'))::boolean THEN 'close' END
			FROM scenario s
			LEFT JOIN event e ON e.id = s.id AND e.what = 'policy_changed' AND e.info ? 'targets'
			CROSS JOIN unnest('{$metrics}'::text[]) m
			CROSS JOIN LATERAL (SELECT coalesce(e.info->'targets', s.j->'targets') AS targets) t
			CROSS JOIN LATERAL goal(t.targets, m, '$schema:' || s.id) g
			WHERE g IS NOT NULL
			UNION ALL
			SELECT 'ticket', s.id || ':before', m, g, NULL
			FROM scenario s JOIN event e ON e.id = s.id AND e.what = 'policy_changed', unnest('{$metrics}'::text[]) m,
				LATERAL goal(s.j->'targets', m, '$schema:' || s.id || CASE WHEN e.info ? 'to' THEN ':before' ELSE '' END) g
			WHERE g IS NOT NULL
			UNION ALL
			SELECT 'ticket', 'of nobody', m, '1 bm \@24/7', NULL FROM unnest('{$metrics}'::text[]) m;
	};
}

# The writes of an application, one statement a line, in the order of events.
$node->safe_psql('postgres', q{
	CREATE FUNCTION writes(e event, schema text) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		days int;
		promised timestamptz;
	BEGIN
		IF e.what = 'created' THEN
			/* a goal of minus 7 working days is a date given by hand */
			SELECT (j->'targets'->>'custom_business_days')::int INTO days FROM scenario WHERE id = e.id AND j->'targets' ? 'custom_business_days';
			IF days < 0 THEN
				promised := next_close(business_add(e.at, make_business_interval(days => days), schema || ':' || e.id), schema || ':' || e.id);
			END IF;
			RETURN NEXT format('INSERT INTO ticket (id, created_at, updated_at, status, class, policy, promised_at) VALUES (%L, %L, %2$L, %L, %L, %L, %L)',
				e.id, e.at, e.info->>'status', coalesce(e.info->>'class', 'run'),
				CASE WHEN NOT (e.info ? 'policy' AND e.info->>'policy' IS NULL) THEN
					e.id || CASE WHEN EXISTS (SELECT FROM event x WHERE x.id = e.id AND x.what = 'policy_changed') THEN ':before' ELSE '' END END,
				promised);
			IF (e.info->>'customer_message')::boolean THEN
				RETURN NEXT format('INSERT INTO message (ticket, written_at, author) VALUES (%L, %L, ''customer'')', e.id, e.at);
			END IF;
		ELSIF e.what = 'status' THEN
			RETURN NEXT format('UPDATE ticket SET updated_at = %L, status = %L, class = %L WHERE id = %L', e.at, e.info->>'to', e.info->>'class', e.id);
		ELSIF e.what = 'closed' THEN
			RETURN NEXT format('UPDATE ticket SET updated_at = %L, status = %L, class = ''closed'' WHERE id = %L', e.at, coalesce(e.info->>'status', 'closed'), e.id);
		ELSIF e.what IN ('agent_reply', 'internal_note', 'customer_message') THEN
			RETURN NEXT format('INSERT INTO message (ticket, written_at, author, is_public) VALUES (%L, %L, %L, %L)', e.id, e.at,
				CASE WHEN e.what = 'customer_message' THEN 'customer' ELSE 'agent' END, e.what <> 'internal_note');
			IF e.info ? 'status' THEN
				RETURN NEXT format('UPDATE ticket SET updated_at = %L, status = %L WHERE id = %L', e.at, e.info->>'status', e.id);
			END IF;
		ELSIF e.what = 'policy_changed' THEN
			RETURN NEXT format('UPDATE ticket SET updated_at = %L, policy = %L WHERE id = %2$L', e.at, e.id);
		ELSIF e.what = 'calendar_changed' THEN
			RETURN NEXT format('UPDATE sla.calendar SET hours = %L WHERE name = %L',
				(SELECT hours(j->>'timezone', e.info->'hours') FROM scenario WHERE id = e.id), schema || ':' || e.id);
		ELSIF e.what = 'ola_assigned' THEN
			RETURN NEXT format('UPDATE ticket SET updated_at = %L, assigned_at = %1$L WHERE id = %L', e.at, e.id);
		ELSIF e.what <> 'check' THEN
			RAISE EXCEPTION 'what is an event "%"?', e.what;
		END IF;
	END
	$$;

	-- clocks of one schema's tickets, with what the cases ask for
	CREATE FUNCTION clocks(schema text) RETURNS TABLE (id text, metric text, cycle int, started_at timestamptz, stopped_at timestamptz,
			is_open boolean, due_at timestamptz, breached boolean, goal float8, elapsed float8, paused float8) LANGUAGE sql AS $$
		SELECT c.item, c.metric, c.cycle, c.started_at, c.stopped_at, c.state IN ('running', 'paused'), c.due_at,
			/* as it was known at the last event */
			coalesce(c.breached_at < (SELECT max(at) FROM event e WHERE e.id = c.item), false),
			c.budget_seconds, c.elapsed_seconds, c.paused_seconds
		FROM sla.clock c WHERE c.relation = (schema || '.ticket')::regclass
	$$;

	-- what we say to what a case expects, as text
	CREATE FUNCTION answer(schema text, x expected) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		s scenario;
		c record;		/* the last cycle with an outcome */
		o record;		/* what runs */
		calendar text := schema || ':' || x.id;
		due timestamptz;
	BEGIN
		SELECT * INTO STRICT s FROM scenario WHERE id = x.id;
		IF x.metric = 'ticket' AND x.what = 'state' THEN
			RETURN (SELECT k.metric || '_due' FROM clocks(schema) k WHERE k.id = x.id AND k.is_open AND k.metric IN ('first_response', 'resolution')
					ORDER BY k.metric LIMIT 1);
		ELSIF x.metric = 'clock' AND x.what = 'starts_at' THEN
			RETURN (SELECT min(k.started_at) FROM clocks(schema) k WHERE k.id = x.id);
		END IF;
		SELECT * INTO o FROM clocks(schema) k WHERE k.id = x.id AND k.is_open AND x.metric IN (k.metric, 'next') ORDER BY k.due_at LIMIT 1;
		SELECT * INTO c FROM clocks(schema) k WHERE k.id = x.id AND k.metric = x.metric AND (NOT k.is_open OR k.breached) ORDER BY k.cycle DESC LIMIT 1;
		due := CASE WHEN s.j->>'boundary' = 'next' THEN next_open(o.due_at, calendar) ELSE o.due_at END;
		RETURN CASE x.what
			WHEN 'due_at' THEN due::text
			WHEN 'escalation_at' THEN business_add(due,
				make_business_interval(mins => (s.j->'targets'->>(x.metric || '_escalation_offset_business_minutes'))::int), calendar)::text
			WHEN 'fulfilled_at' THEN c.stopped_at::text
			WHEN 'breached' THEN CASE WHEN c IS NULL THEN false ELSE c.breached END::text
			/* whole minutes, as the engines count them */
			WHEN 'elapsed_business_minutes' THEN floor(c.elapsed / 60)::text
			WHEN 'margin_business_minutes' THEN (c.goal / 60 - floor(c.elapsed / 60))::text
			WHEN 'late_business_minutes' THEN CASE WHEN c.breached THEN floor((c.elapsed - c.goal) / 60) END::text
			WHEN 'worst_elapsed_business_minutes' THEN
				(SELECT floor(max(k.elapsed) / 60) FROM clocks(schema) k WHERE k.id = x.id AND k.metric = x.metric AND NOT k.is_open)::text
			WHEN 'worst_margin_business_minutes' THEN
				(SELECT min(k.goal / 60 - floor(k.elapsed / 60)) FROM clocks(schema) k WHERE k.id = x.id AND k.metric = x.metric AND NOT k.is_open)::text
			WHEN 'paused_business_minutes' THEN floor(coalesce(o.paused, c.paused) / 60)::text
			WHEN 'paused_business_seconds' THEN coalesce(o.paused, c.paused)::text
			ELSE 'what is "' || x.what || '"?' END;
	END
	$$;
});

my $cases = $node->safe_psql('postgres', 'SELECT count(*) FROM scenario');
cmp_ok($cases, '>', 40, "$cases portable cases");
note("left out: $_: $left_out{$_}") foreach sort keys %left_out;

# The writes of a case as statements, which psql runs one by one.
sub script
{
	my ($schema, $condition) = @_;

	return $node->safe_psql('postgres', qq{
		SELECT w || ';' FROM event e JOIN scenario s USING (id), LATERAL writes(e, '$schema') WITH ORDINALITY w(w, k)
		WHERE $condition ORDER BY e.id COLLATE "C", e.ord, k});
}

sub check_all
{
	my ($schema, $condition) = @_;
	my @ids = split /\n/, $node->safe_psql('postgres', qq{SELECT id FROM scenario s WHERE $condition ORDER BY n});

	foreach my $id (grep { !exists $left_out{$_} } @ids)
	{
		my $wrong = $node->safe_psql('postgres', qq{
			SELECT metric, what, 'expected', coalesce(value, 'NULL'), 'got', coalesce(got, 'NULL')
			FROM expected x, LATERAL (SELECT answer('$schema', x) AS got OFFSET 0) g
			WHERE id = '$id' AND CASE WHEN what LIKE '%\\_at' THEN value::timestamptz IS DISTINCT FROM got::timestamptz
				ELSE value IS DISTINCT FROM got END
			ORDER BY ord});

		is($wrong, '', "$schema: $id")
		  or diag($node->safe_psql('postgres', qq{SELECT * FROM clocks('$schema') WHERE id = '$id' ORDER BY metric, cycle}));
	}
	return scalar @ids;
}

# --- each event in a transaction of its own --------------------------------

$node->safe_psql('postgres', make_tables('each') . define('each'));
$node->safe_psql('postgres', "SET search_path = each, public;\n" . script('each', 'true'));
check_all('each', 'true');

# --- all in one transaction ------------------------------------------------

$node->safe_psql('postgres', make_tables('one') . define('one'));
$node->safe_psql('postgres', "SET search_path = one, public;\nBEGIN;\n" . script('one', 'true') . "\nCOMMIT;");
check_all('one', 'true');

my $same = sub {
	my ($a, $b, $condition) = @_;

	return $node->safe_psql('postgres', qq{
		WITH a AS (SELECT * FROM clocks('$a') s WHERE $condition), b AS (SELECT * FROM clocks('$b') s WHERE $condition)
		(SELECT '$a', a.* FROM a EXCEPT ALL SELECT '$a', b.* FROM b) UNION ALL (SELECT '$b', b.* FROM b EXCEPT ALL SELECT '$b', a.* FROM a)
		ORDER BY 2, 3, 4, 1});
};
is($same->('each', 'one', 'NOT is_open'), '', 'in one transaction: the same finished clocks');

# --- finished tables, imported ---------------------------------------------

$node->safe_psql('postgres', make_tables('import'));
$node->safe_psql('postgres', "SET search_path = import, public;\n" . script('import', $importable));
$node->safe_psql('postgres', define('import'));
is($node->safe_psql('postgres', q{SELECT count(*) FROM clocks('import')}), '0', 'no clock before the first sync');
$node->safe_psql('postgres', q{SELECT FROM sla.sync('import.ticket')});
cmp_ok(check_all('import', $importable), '>', 20, 'cases that can be imported');
is($same->('each', 'import', "NOT is_open AND $importable"), '', 'imported: the same finished clocks');

# --- what must hold of all -------------------------------------------------

foreach my $schema ('each', 'one', 'import')
{
	my $clocks = qq{SELECT * FROM sla.clock WHERE relation = '$schema.ticket'::regclass ORDER BY clock_id};
	my $facts = qq{SELECT clock_id, item, metric, cycle, started_at, stopped_at, state, due_at, verdict FROM ($clocks) c};
	my $before = $node->safe_psql('postgres', $facts);

	is($node->safe_psql('postgres', qq{SELECT * FROM sla.verify('$schema.ticket')}), '', "$schema: verify finds nothing");
	$node->safe_psql('postgres', 'SELECT sla.refresh()');	# what the changed calendar left to be stored
	is($node->safe_psql('postgres', qq{SELECT started, changed, cancelled, errors FROM sla.sync('$schema.ticket')}),
		'0|0|0|0', "$schema: sync changes nothing");
	$node->safe_psql('postgres', qq{UPDATE $schema.ticket SET status = status});
	is($node->safe_psql('postgres', $facts), $before, "$schema: nor does the same row once more");
}

$node->stop;
done_testing();
