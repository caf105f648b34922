# Who may install the extension, into which schema, and what others have planted
# there beforehand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->start;

$node->safe_psql('postgres', q{
	CREATE ROLE regress_sla_creator LOGIN;
	CREATE ROLE regress_sla_planter LOGIN;
});

sub database
{
	my ($name) = @_;

	$node->safe_psql('postgres', qq{CREATE DATABASE "$name"; GRANT CREATE ON DATABASE "$name" TO regress_sla_creator});
	return $name;
}

sub refused
{
	my ($db, $sql, $pattern, $name, @options) = @_;
	my ($code, $out, $err) = $node->psql($db, $sql, @options);

	like($err, $pattern, $name);
	return;
}

# Not trusted: who may create in the database may not install it.
my $db = database('untrusted');
refused($db, 'CREATE EXTENSION sla_tracker', qr/permission denied to create extension "sla_tracker"/,
	'CREATE on the database is not enough', extra_params => [ '-U', 'regress_sla_creator' ]);
$node->safe_psql($db, 'CREATE EXTENSION sla_tracker');
refused($db, 'ALTER EXTENSION sla_tracker UPDATE', qr/must be owner of extension/, 'nor update it', extra_params => [ '-U', 'regress_sla_creator' ]);
refused($db, 'DROP EXTENSION sla_tracker', qr/must be owner of extension/, 'nor drop it', extra_params => [ '-U', 'regress_sla_creator' ]);

# A schema of an odd name.  (A name with one of these characters is refused by
# the server, for every extension whose script names its schema.)
$db = database('odd');
refused($db, qq{CREATE SCHEMA "a\$b"; CREATE EXTENSION sla_tracker SCHEMA "a\$b"}, qr/invalid character in extension "sla_tracker" schema/,
	'a dollar in the name of the schema');
my $odd = '"Weird schema. With Ünï; SELECT 1 %s %% (1, 2), [x]"';
$node->safe_psql($db, qq{CREATE SCHEMA $odd; CREATE EXTENSION sla_tracker SCHEMA $odd});
refused($db, 'ALTER EXTENSION sla_tracker SET SCHEMA public', qr/extension "sla_tracker" does not support SET SCHEMA/, 'relocation is refused');
my $work = qq{
	SET timezone = 'UTC';
	SET search_path = public, $odd;
	INSERT INTO sla.calendar (name, hours) VALUES ('desk', 'TZ=UTC Mo-Fr 09:00-17:00');
	CREATE TABLE ticket (id int PRIMARY KEY, status text DEFAULT 'new', created_at timestamptz DEFAULT '2020-11-20 09:00Z', changed_at timestamptz DEFAULT '2020-11-20 09:00Z',
		goal business_interval DEFAULT '2 bh \@desk', due timestamptz);
	CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON ticket FOR EACH ROW EXECUTE FUNCTION sla_deadline(created_at, goal, due);
	SELECT sla.track('ticket', at => 'changed_at', labels => 'jsonb_build_object(''x'', status)');
	INSERT INTO sla.metric (relation, name, start_at, stop_when) VALUES ('ticket', 'done', 'created_at', 'status = ''done''');
	INSERT INTO sla.policy (relation, name) VALUES ('ticket', 'any');
	INSERT INTO sla.target (relation, policy, metric, goal) VALUES ('ticket', 'any', 'done', '4 bh \@desk');
	INSERT INTO sla.objective (name, kind, relation, metric, target_percent) VALUES ('done', 'clock', 'ticket', 'done', 95);
	INSERT INTO ticket (id) VALUES (1), (2);
	UPDATE ticket SET status = 'done', changed_at = '2020-11-20 11:00Z' WHERE id = 2;
};
my $look = qq{
	SET timezone = 'UTC';
	SET search_path = public, $odd;
	SELECT due, timestamptz '2020-11-20 16:00Z' + goal FROM ticket ORDER BY id;
	SELECT item, due_at, state, verdict, goal FROM sla.clock ORDER BY item;
	SELECT count(*) FROM sla.verify('ticket');
	SELECT count(*) > 3 FROM sla.explain('ticket', '2', 'done');
	SELECT met_after FROM sla.what_if('ticket', 'done', '1 bh', '(,)');
};
$node->safe_psql($db, $work);
my $seen = $node->safe_psql($db, $look);
is($seen, "2020-11-20 11:00:00+00|2020-11-23 10:00:00+00\n2020-11-20 11:00:00+00|2020-11-23 10:00:00+00\n"
	. "1|2020-11-20 13:00:00+00|running|breached|4 bh \@desk\n2|2020-11-20 13:00:00+00|stopped|met|4 bh \@desk\n0\nt\n0", 'everything works there');
# every public view can be read
my $views = join '', map { "SELECT * FROM $_ LIMIT 1;\n" } split /\n/,
  $node->safe_psql($db, q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'sla'::regnamespace AND relkind = 'v'});
$node->safe_psql($db, $views);
$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr($db), '-f', $node->basedir . '/odd.dump' ], 'pg_dump');
database('odd_restored');
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('odd_restored'), $node->basedir . '/odd.dump' ], 'pg_restore');
is($node->safe_psql('odd_restored', $look), $seen, 'and came back');
$node->safe_psql($db, 'SET client_min_messages = warning; SELECT sla.detach(); DROP EXTENSION sla_tracker');
is($node->safe_psql($db, 'SELECT goal, due IS NOT NULL FROM ticket WHERE id = 1'), '2 bh @desk|t', 'detached');

# Where a backslash in a literal is more than itself.
$db = database('escapes');
$node->safe_psql($db, 'ALTER DATABASE escapes SET standard_conforming_strings = off');
my ($code, $out, $err) = $node->psql($db, 'CREATE EXTENSION sla_tracker; ' . $work =~ s/, \Q$odd\E//r);
is($err, '', 'standard_conforming_strings = off: installed');
is($node->safe_psql($db, $look =~ s/, \Q$odd\E//r), $seen, 'and working');
($code, $out, $err) = $node->psql($db, q{
	CREATE TABLE visit (at timestamptz, ok bool);
	INSERT INTO sla.objective (name, relation, at, good_when, target_percent) VALUES ('visits', 'visit', 'at', 'ok', 95);
	INSERT INTO sla.holiday (calendar, day) VALUES ('desk', '2026-12-25');
	SELECT step, problem FROM sla.tick() WHERE problem IS NOT NULL;
	SELECT count(*) > 0 FROM sla.export_openslo('visits');
	SELECT count(*) FROM sla.explain('ticket', '1', 'done');
});
is("$err$out", "t\n5", 'objectives, ticks and explanations, too');

# A schema sla of somebody else's is not taken over.
$db = database('taken');
$node->safe_psql($db, 'CREATE SCHEMA sla; CREATE TABLE sla.calendar (name text)', extra_params => [ '-U', 'regress_sla_creator' ]);
refused($db, 'CREATE EXTENSION sla_tracker', qr/schema "sla" already exists/, 'a schema sla that was there');
is($node->safe_psql($db, q{SELECT count(*) FROM pg_extension WHERE extname = 'sla_tracker'}), '0', 'and nothing is left');

# Planted in the schema beforehand, by a role that may create there: functions and
# operators that fit what the script calls better than those of pg_catalog, which
# take any type or are found by a cast.  Nothing of the extension may be bound to them.
$db = database('planted');
$node->safe_psql($db, q{
	GRANT CREATE ON SCHEMA public TO regress_sla_planter;
	SET SESSION AUTHORIZATION regress_sla_planter;
	CREATE TABLE public.caught (what text);
	CREATE FUNCTION public.trap(what text) RETURNS void LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.caught VALUES (what); END$$;
	DO $$
	DECLARE
		types text[] := '{text,name,"char",regclass,oid,regrole,smallint,integer,bigint,numeric,real,double precision,boolean,date,time,timestamp,timestamptz,interval,jsonb,tstzrange,tstzmultirange,text[],bigint[],integer[],timestamptz[],double precision[],regproc,regtype,xid,xid8}';
		a text;
		b text;
		f record;
	BEGIN
		SET LOCAL client_min_messages = error;
		-- operators between any two of these types
		FOREACH a IN ARRAY types LOOP
			FOREACH b IN ARRAY types LOOP
				EXECUTE format('CREATE FUNCTION public.planted(%s, %s) RETURNS boolean LANGUAGE sql AS ''SELECT public.trap(''''operator''''); SELECT true''', a, b);
				FOR f IN SELECT unnest('{=,<>,<,>,<=,>=,@>,&&,~,->>,->}'::text[]) AS name LOOP
					CONTINUE WHEN f.name IN ('->>', '->') AND a <> 'jsonb';
					BEGIN
						EXECUTE format('CREATE OPERATOR public.%s (FUNCTION = public.planted, LEFTARG = %s, RIGHTARG = %s)', f.name, a, b);
					EXCEPTION WHEN OTHERS THEN
						NULL;
					END;
				END LOOP;
			END LOOP;
		END LOOP;
		-- functions of one argument where pg_catalog has one of any type
		FOR f IN
			SELECT DISTINCT p.proname AS name
			FROM pg_proc p
			WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.pronargs = 1 AND p.prokind IN ('f', 'a')
				AND EXISTS (SELECT FROM unnest(p.proargtypes) t JOIN pg_type y ON y.oid = t WHERE y.typtype = 'p')
		LOOP
			FOREACH a IN ARRAY types LOOP
				BEGIN
					EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE sql AS ''SELECT public.trap(''''function''''); SELECT $1''', f.name, a, a);
				EXCEPTION WHEN OTHERS THEN
					NULL;
				END;
			END LOOP;
		END LOOP;
		-- and of any names that the extension has
		CREATE FUNCTION public.calendar(text) RETURNS text LANGUAGE sql AS 'SELECT public.trap(''calendar''); SELECT $1';
		CREATE FUNCTION public.business_seconds(timestamptz, timestamptz, "char") RETURNS double precision LANGUAGE sql AS 'SELECT public.trap(''seconds''); SELECT 1.0::double precision';
		CREATE FUNCTION public.at_calendar(text, text) RETURNS text LANGUAGE sql AS 'SELECT public.trap(''at_calendar''); SELECT $1';
	END
	$$;
});
cmp_ok($node->safe_psql($db, q{SET search_path = pg_catalog; SELECT count(*) FROM pg_operator WHERE oprnamespace = 'public'::regnamespace}), '>', 5000, 'operators are planted');
cmp_ok($node->safe_psql($db, q{SET search_path = pg_catalog; SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace}), '>', 1500, 'and functions');
$node->safe_psql($db, q{SET search_path = public; CREATE EXTENSION sla_tracker});
# (what is asked here is not to be answered by what was planted)
my $bound = q{
	SET search_path = pg_catalog;
	SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) || ' on ' || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
	FROM pg_depend d
	WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (SELECT oid FROM pg_proc WHERE proowner = 'regress_sla_planter'::regrole)
			AND NOT (d.classid = 'pg_operator'::regclass AND d.objid IN (SELECT oid FROM pg_operator WHERE oprowner = 'regress_sla_planter'::regrole))
		OR d.refclassid = 'pg_operator'::regclass AND d.refobjid IN (SELECT oid FROM pg_operator WHERE oprowner = 'regress_sla_planter'::regrole)
	ORDER BY 1;
};
is($node->safe_psql($db, $bound), '', 'nothing is bound to what was planted');
$node->safe_psql($db, $work =~ s/, \Q$odd\E//r);
$node->safe_psql($db, $views);
$node->safe_psql($db, "SET search_path = public, pg_catalog; SELECT sla.refresh(); SELECT * FROM sla.status(); SELECT sla.retain(now(), 10); $views");
is($node->safe_psql($db, 'SET search_path = pg_catalog; SELECT what, count(*) FROM public.caught GROUP BY what'), '', 'nor was it called');
isnt($node->safe_psql($db, q{SET search_path = public; SELECT 1::oid = 'pg_class'::regclass; SELECT count(*) FROM public.caught}), "f\n0", 'though it would catch others');

$node->stop;
done_testing();
