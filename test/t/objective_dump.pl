# Objectives survive a dump, and are dropped with the extension.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('objective_dump');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', q{
	CREATE ROLE regress_od_owner;
	CREATE EXTENSION sla_tracker;
	INSERT INTO sla.calendar (name, hours) VALUES ('office', 'TZ=Europe/Berlin Mo-Fr 09:00-17:00');
	INSERT INTO sla.agreement (party, name, monthly_fee) VALUES ('acme', 'main', 1000);
	INSERT INTO sla.agreement (party, name, valid_from, monthly_fee) VALUES ('acme', 'main', '2026-02-15', 1200);
	CREATE SCHEMA aaa;
	CREATE TABLE aaa.request (at timestamptz, ok bool, "a ""b" text);
	INSERT INTO aaa.request SELECT timestamptz '2026-02-01' + i * interval '1 hour', i % 7 > 0, i % 2 FROM generate_series(1, 600) i;
	ALTER TABLE aaa.request OWNER TO regress_od_owner;
	GRANT USAGE ON SCHEMA aaa TO regress_od_owner;
	CREATE VIEW zzz AS SELECT * FROM aaa.request WHERE ok;
	INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent, calendar, party, agreement) VALUES
		('grouped', 'aaa.request', 'at', 'ok', '"a ""b"', 90, 'office', 'acme', 'main');
	INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length) VALUES
		('view', 'outage', 'zzz', 'at', $$at + interval '1 minute'$$, 99, 'month');
	INSERT INTO sla.objective (name, valid_from, relation, at, good_when, target_percent, calendar) VALUES
		('grouped', '2027-01-01', 'aaa.request', 'at', 'ok', 91, 'office');
	INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES
		('acme', 'main', 'grouped', 90, 10), ('acme', 'main', 'grouped', 80, 20);
	SELECT sla.add_burn_rules('grouped');
	INSERT INTO sla.composite (name, member, weight, method) VALUES ('both', 'grouped', 2, 'worst'), ('both', 'view', 1, 'worst');
	ALTER TABLE aaa.request RENAME ok TO fine;
	UPDATE sla.objective_name SET taken_at = '2026-02-01';
	SELECT sla.close_periods('2026-05-01', 3);
	SELECT sla.reclose('view', min(period_start), 'a try') FROM sla.closed_period WHERE objective = 'view';
});
my $facts = q{
	SET timezone = 'UTC';
	SELECT 'objective', o::text FROM sla.objective o ORDER BY id;
	SELECT 'status', o.name, s.* FROM (SELECT DISTINCT name FROM sla.objective) o, LATERAL sla.slo_status(o.name, '2026-02-20') s ORDER BY 2, 3;
	SELECT 'credit', c::text FROM sla.credit c ORDER BY c.below_percent;
	SELECT 'credits', s.* FROM sla.service_credits('acme', 'main', '2026-03-20') s ORDER BY from_at;
	SELECT 'composite', c::text FROM sla.composite c ORDER BY c.member;
	SELECT 'closed', c::text FROM sla.closed_period c ORDER BY c::text COLLATE "C";
	SELECT 'group', g::text FROM sla.closed_group g ORDER BY g::text COLLATE "C";
	SELECT 'part', p::text FROM sla.closed_part p ORDER BY p::text COLLATE "C";
	SELECT 'name', n::text FROM sla.objective_name n ORDER BY name;
	SELECT 'verify', o.name, v.* FROM (SELECT DISTINCT name FROM sla.objective) o, LATERAL sla.verify_periods(o.name) v ORDER BY 2, 3, 4;
	SELECT 'rule', r::text FROM sla.burn_rule r ORDER BY r.objective, r.name;
	SELECT 'next', nextval('sla.objective_id_seq') > (SELECT max(id) FROM sla.objective);
	SELECT 'function', p.oid::regprocedure, p.proowner::regrole FROM pg_proc p WHERE pronamespace = 'sla'::regnamespace AND proname ~ '^objective_[0-9]' ORDER BY 2::text COLLATE "C";
};
my $source = $node->safe_psql('source', $facts);
like($source, qr/^status\|grouped\|0\|/m, 'there are facts to compare');
like($source, qr/^closed\|.*a try/m, 'and a period closed anew');
like($source, qr/^part\|.*grouped/m, 'and one closed in parts');

my $dir = $node->backup_dir;
mkdir $dir;
$node->command_ok(['pg_dump', '-d', $node->connstr('source'), '-f', "$dir/plain.sql"], 'pg_dump, plain');
$node->command_ok(['pg_dump', '-d', $node->connstr('source'), '-Fc', '-f', "$dir/custom.dump"], 'pg_dump, custom');
foreach my $way ('plain', 'custom', 'jobs')
{
	$node->safe_psql('postgres', "CREATE DATABASE restored_$way");
	my @to = ('-d', $node->connstr("restored_$way"));
	my @jobs = $way eq 'jobs' ? ('-j', '2') : ();

	$node->command_ok($way eq 'plain' ? ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', @to, '-f', "$dir/plain.sql"] :
		['pg_restore', '-e', @jobs, @to, "$dir/custom.dump"], "restore, $way");
	is($node->safe_psql("restored_$way", $facts), $source, "$way: everything came back");
	is($node->safe_psql("restored_$way", q{
		UPDATE sla.objective SET good_when = 'NOT fine' WHERE name = 'grouped';
		SELECT good + bad = total, bad > good FROM sla.slo_status('grouped', '2026-02-20') WHERE group_value = '0'}), 't|t', "$way: it works");
}

# nothing of the relations needs the extension but the functions of expressions
my ($status, undef, $err) = $node->psql('restored_plain', 'DROP EXTENSION sla_tracker');
isnt($status, 0, 'the extension is not dropped under the objectives');
$node->safe_psql('restored_plain', 'SELECT sla.detach(); DROP EXTENSION sla_tracker');
is($node->safe_psql('restored_plain', 'SELECT count(*) FROM aaa.request'), '600', 'detached, it is dropped, and the relations stay');

$node->stop;
done_testing();
