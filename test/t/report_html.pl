# The page of sla.report_html(): that it is a document by its structure, that it
# needs nothing else, that it can be read by everybody, and, where chromium is
# installed, what a browser makes of it.

use strict;
use warnings;

use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('report_html');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE acme');
$node->safe_psql('acme', q{
	CREATE EXTENSION sla_tracker;
	SET timezone = 'UTC';
	INSERT INTO sla.calendar (name, hours) VALUES ('support', 'TZ=Europe/Berlin Mo-Fr 09:00-17:30; PH off');
	CREATE TABLE ticket (id int PRIMARY KEY, customer text, team text, created_at timestamptz, first_reply_at timestamptz, closed_at timestamptz);
	SELECT sla.track('ticket', party => 'customer', owner => 'team', time_zone => 'Europe/Berlin');
	INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES
		('ticket', 'first response', 'created_at', 'first_reply_at IS NOT NULL', 'first_reply_at'),
		('ticket', 'resolution', 'created_at', 'closed_at IS NOT NULL', 'closed_at');
	INSERT INTO sla.policy (relation, name, plan, description) VALUES ('ticket', 'gold', 'gold', 'Tickets of customers with the plan gold');
	INSERT INTO sla.target (relation, policy, metric, goal, threshold) VALUES
		('ticket', 'gold', 'first response', '30 business minutes @24/7', NULL), ('ticket', 'gold', 'resolution', '8 bh @support', '1 bd 4 bh @support');
	INSERT INTO sla.agreement (party, name, valid_from, plan, calendar, time_zone, owner, monthly_fee, currency, credit_cap_percent, ends_at) VALUES
		('Müller & Söhne', 'Support', '2024-01-01', 'gold', 'support', 'Europe/Berlin', 'Jana Weiss', 4200, 'EUR', 30, '2099-01-01'),
		('Empty', 'Support', '2024-01-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	INSERT INTO ticket
		SELECT i, 'Müller & Söhne', (ARRAY['network', 'desk', 'apps'])[1 + i % 3], c, c + CASE WHEN i % 37 = 0 THEN 50 ELSE i % 28 END * interval '1 minute',
			c + CASE WHEN i % 23 = 0 THEN 100 ELSE i % 7 END * interval '1 hour'
		FROM generate_series(1, 520) i, LATERAL (SELECT timestamptz '2024-04-01 07:30' + (i * 17 % 365) * interval '1 day' + (i % 8) * interval '40 minutes') x (c);
	CREATE TABLE outage (began timestamptz, ended timestamptz);
	INSERT INTO outage VALUES ('2025-03-06 01:10', '2025-03-06 01:22'), ('2025-03-14 11:00', '2025-03-14 11:19'), ('2025-03-27 22:15', '2025-03-27 22:30');
	INSERT INTO sla.objective (name, kind, relation, outage_from, outage_to, target_percent, window_length, time_zone, party, agreement, description, valid_from) VALUES
		('Portal availability', 'outage', 'outage', 'began', 'ended', 99.9, 'month', 'Europe/Berlin', 'Müller & Söhne', 'Support', 'The portal can be reached', '2024-01-01');
	INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, time_zone, party, agreement) VALUES
		('Tickets solved in time', 'clock', 'ticket', 'resolution', 92, 'month', 'Europe/Berlin', 'Müller & Söhne', 'Support');
	INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent) VALUES ('Müller & Söhne', 'Support', 'Portal availability', 99.9, 5);
	INSERT INTO sla.breach_review (clock_id, cause, root_cause, corrective_action)
		SELECT clock_id, (ARRAY['staffing', 'third party', 'staffing', 'network'])[1 + n % 4], 'Two of five were ill.', 'Others helped.'
		FROM (SELECT clock_id, row_number() OVER (ORDER BY breached_at) AS n FROM sla.report_breach) b WHERE n % 5 > 0;
	INSERT INTO sla.annotation (subject, key, at, kind, text)
		SELECT 'breach', clock_id::text, breached_at + interval '25 minutes', 'customer_notice', 'told' FROM sla.report_breach;
	INSERT INTO sla.annotation (subject, party, key, at, kind, text) VALUES ('agreement', 'Müller & Söhne', 'Support', '2025-03-12', 'review', 'Held.');
	INSERT INTO sla.exception (relation, kind, party, during, reason, approved_by, approved_at) VALUES
		('ticket', 'maintenance', 'Müller & Söhne', '[2025-03-15 20:00,2025-03-15 23:00)', 'announced', 'Jana', '2025-03-10');
	CREATE TABLE page AS
		SELECT party, sla.report_html(party, 'Support', '2025-03-09') AS html FROM sla.agreement;
});
my %page = map { $_ => $node->safe_psql('acme', "SELECT html FROM page WHERE party = '$_'") } ('Müller & Söhne', 'Empty');
my $html = $page{'Müller & Söhne'};

# It needs nothing else, and runs nothing.

foreach my $party (sort keys %page)
{
	my $page = $page{$party};
	my ($name) = $party =~ /^(\w+)/;

	unlike($page, qr/[^\x01-\x7f]/, "$name: ASCII, in whatever encoding it is stored");
	unlike($page, qr/<script|<link|<iframe|<object|<img|<base|<form|javascript:/i, "$name: no script, nothing fetched");
	unlike($page, qr/\s(?:href|src|srcset|action|style|on\w+)\s*=/i, "$name: no link, no handler");
	unlike($page, qr/url\(|\@import|expression\(/i, "$name: the style fetches nothing");
	is(join(' ', $page =~ m{(https?://[^"\s<]+)}g) =~ s{http://www\.w3\.org/2000/svg ?}{}gr, '', "$name: no address but the name space of SVG");
	like($page, qr/Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/, "$name: and a browser is told so");
}

# Structure, asked of the server's own XML.

my $has_xml = $node->safe_psql('acme', q{SELECT count(*) FROM pg_config WHERE name = 'CONFIGURE' AND setting LIKE '%--with-libxml%'});
SKIP:
{
	skip 'this server has no XML', 1 unless $has_xml;
	$node->safe_psql('acme', q{
		CREATE TABLE doc AS SELECT party, xmlparse(document html) AS x FROM page;
		CREATE FUNCTION n(path text, x xml) RETURNS bigint LANGUAGE sql AS $$ SELECT cardinality(xpath(path, x)) $$;
	});
	my @checks = (
		[ 'the language is told', q{n('/html[@lang="en"]', x) = 1} ],
		[ 'a title', q{n('/html/head/title[string-length() > 10]', x) = 1} ],
		[ 'one heading of the page', q{n('//h1', x) = 1} ],
		[ 'landmarks', q{n('/html/body/header', x) = 1 AND n('/html/body/main', x) = 1 AND n('/html/body/footer', x) = 1} ],
		[ 'every section has a name', q{n('//section[not(@aria-label) and not(*[1][self::h2])]', x) = 0} ],
		[ 'no heading is left out or empty', q{n('//h3 | //h4 | //h2[normalize-space() = ""]', x) = 0} ],
		[ 'every table has a caption', q{n('//table', x) = n('//table[caption[normalize-space() != ""]]', x)} ],
		[ 'every heading of a table says of what', q{n('//th[not(@scope)]', x) = 0 AND n('//thead//th[@scope != "col"]', x) = 0 AND n('//tbody//th[@scope != "row"]', x) = 0} ],
		[ 'every row has its heading', q{n('//tbody/tr[not(*[1][self::th])]', x) = 0} ],
		[ 'rows are as long as their head', q{n('//table[tbody/tr[count(*) != count(../../thead/tr/th)]]', x) = 0} ],
		[ 'every figure is an image with words', q{n('//*[local-name() = "svg"]', x) = n('//figure/*[local-name() = "svg"][@role = "img"][*[local-name() = "title"][. != ""]][*[local-name() = "desc"][. != ""]]', x)} ],
		[ 'which it names by their ids', q{n('//*[local-name() = "svg"][@aria-labelledby != concat(*[local-name() = "title"]/@id, " ", *[local-name() = "desc"]/@id)]', x) = 0} ],
		[ 'ids are of one each', q{(SELECT count(*) = count(DISTINCT i::text) FROM unnest(xpath('//@id', x)) i)} ],
		[ 'drawings are within their bounds', q{n('//*[local-name() = "circle" or local-name() = "rect" or local-name() = "text"][@x < 0 or @y < 0 or @cx < 0 or @cy < 0 or @width < 0 or @y > ../@height or @cy > ../@height or @cx > ../@width or @x + @width > ../@width]', x) = 0} ],
	);
	foreach my $check (@checks)
	{
		is($node->safe_psql('acme', "SELECT string_agg(party, ', ') FROM doc WHERE ($check->[1]) IS NOT TRUE"), '', $check->[0]);
	}
	is($node->safe_psql('acme', q{SELECT n('//table', x), n('//figure', x), n('//dl', x) FROM doc WHERE party = 'Empty'}), '0|0|1', 'nothing is drawn of nothing');
	is($node->safe_psql('acme', q{SELECT n('//table', x) >= 6, n('//figure', x) FROM doc WHERE party <> 'Empty'}), 't|4', 'tables and figures of what there is');
}

# Contrast, as WCAG has it, of every colour of text on white.

sub luminance
{
	my @linear = map { my $c = hex($_) / 255; $c <= 0.03928 ? $c / 12.92 : (($c + 0.055) / 1.055)**2.4 } $_[0] =~ /(..)(..)(..)/;
	return 0.2126 * $linear[0] + 0.7152 * $linear[1] + 0.0722 * $linear[2];
}
my ($style) = $html =~ m{<style>(.*)</style>}s;
my @text = ($style =~ /(?<!-)color: #([0-9a-f]{6})/g, $style =~ /\.(?:tick|now|value\.bad) \{ fill: #([0-9a-f]{6})/g);
cmp_ok(scalar @text, '>', 6, 'there are colours');
is(join(' ', grep { 1.05 / (luminance($_) + 0.05) < 4.5 } @text), '', 'every one has contrast AA');
like($style, qr/\@page \{ size: A4/, 'it is told how it is printed');

# Encodings: the same page, whatever that of the database.

foreach my $encoding ('LATIN1', 'SQL_ASCII')
{
	$node->safe_psql('postgres', "CREATE DATABASE \L$encoding\E TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$node->safe_psql(lc $encoding, 'CREATE EXTENSION sla_tracker');
	is($node->safe_psql(lc $encoding, q{SET client_encoding = 'UTF8'; SELECT sla.html_escape('Müller')}), 'M&#252;ller', "$encoding: escaped alike");
	is($node->safe_psql(lc $encoding, q{INSERT INTO sla.agreement (party, name) VALUES ('a', 'b'); SELECT sla.report_html('a', 'b', '2025-03-01') LIKE '<!DOCTYPE html>%'}), 't', "$encoding: a page");
}
is($node->safe_psql('sql_ascii', q{SELECT sla.html_escape(E'a\xffb\xc3')}), 'a&#65533;b&#65533;', 'what is no character is replaced');

# A browser.

my ($chromium) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
SKIP:
{
	skip 'chromium is not installed', 1 unless $chromium;
	my $dir = PostgreSQL::Test::Utils::tempdir;
	my $file = "$dir/report.html";
	open(my $fh, '>', $file) or die $!;
	print $fh $html;
	close $fh;

	sub browse
	{
		my (@options) = @_;
		my ($out, $err) = ('', '');

		local $ENV{HOME} = $dir;
		eval {
			run([ $chromium, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', "--user-data-dir=$dir/profile", @options, "file://$file" ],
				'>', \$out, '2>', \$err, IPC::Run::timeout(120));
		};
		return $out;
	}
	my $dom = browse('--dump-dom');
	like($dom, qr{<title>Service report: Müller &amp; Söhne, Support, March 2025</title>}, 'a browser reads the title');
	like($dom, qr{<bdi>Müller &amp; Söhne</bdi>}, 'and the name');
	is(scalar(() = $dom =~ /<tr>/g), scalar(() = $html =~ /<tr>/g), 'it finds all rows where they stand');
	unlike($dom, qr/<script/, 'and no script');
	browse("--screenshot=$dir/report.png", '--window-size=1000,2600');
	my $png = -e "$dir/report.png" ? slurp_file("$dir/report.png") : '';
	is(substr($png, 1, 3), 'PNG', 'a picture');
	is(join('x', unpack('N2', substr($png, 16, 8))), '1000x2600', 'of the size asked for') if $png;
	cmp_ok(length $png, '>', 50000, 'with something on it');
	browse('--no-pdf-header-footer', "--print-to-pdf=$dir/report.pdf");
	my $pdf = -e "$dir/report.pdf" ? slurp_file("$dir/report.pdf") : '';
	like($pdf, qr/^%PDF-/, 'it is printed');
	my @boxes = $pdf =~ m{/MediaBox\s*\[0 0 ([\d.]+ [\d.]+)\]}g;
	ok(@boxes >= 2 && @boxes <= 6, 'on a few sheets') or diag(scalar @boxes);
	is(scalar(grep { my ($w, $h) = split; abs($w - 595) > 2 || abs($h - 842) > 2 } @boxes), 0, 'of A4');

	# nothing is wider than a narrow screen, or a sheet
	# nor is a text cut, or a word broken
	my $overspent = $node->safe_psql('acme', q{SELECT sla.html_budget('overspent', 'overspent', '[{"day": "2025-03-01", "left_percent": 100}, {"day": "2025-03-02", "left_percent": -31250}]')});
	my $measured = $html =~ s{(?=style-src)}{script-src 'unsafe-inline'; }r
	  =~ s{</main>}{$overspent</main>}r
	  =~ s{</body>}{<script>
		const cut = [...document.querySelectorAll('svg text')].filter(t => t.getBBox().x < 0 || t.getBBox().x + t.getBBox().width > t.ownerSVGElement.viewBox.baseVal.width);
		const broken = [...document.querySelectorAll('tbody th b')].filter(b => /^[a-z]+\$/.test(b.textContent) && b.getClientRects().length > 1);
		document.title = 'width ' + document.documentElement.scrollWidth + ' cut ' + cut.concat(broken).map(e => e.textContent).join() + '.';
		</script></body>}r;
	open($fh, '>', $file) or die $!;
	print $fh $measured;
	close $fh;
	foreach my $width (500, 1000)
	{
		my ($found, $cut) = browse('--dump-dom', "--window-size=$width,900") =~ /<title>width (\d+) cut (.*?)\./;
		ok(defined $found && $found > 300 && $found <= $width, "no wider than a screen of $width") or diag($found // 'unknown');
		is($cut, '', 'no text is cut, no word broken');
	}
}

$node->stop;
done_testing();
