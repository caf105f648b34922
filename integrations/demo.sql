-- integrations/demo.sql: something to look at, for a database of its own that
-- has the extension: a help desk's tickets of four months up to now, the requests
-- of a service, their objectives, burn rules, an agreement, service credits.  What
-- it makes follows from now() alone, nothing is random.

SET client_min_messages = warning;
SET timezone = 'UTC';

-- Tickets; some wait for the customer.

CREATE TABLE ticket (
	id integer PRIMARY KEY,
	customer text NOT NULL,
	tier text NOT NULL,
	team text NOT NULL,
	status text NOT NULL,
	created_at timestamptz NOT NULL,
	responded_at timestamptz,
	resolved_at timestamptz,
	updated_at timestamptz NOT NULL
);
SELECT sla.track('ticket', item => 'id', at => 'updated_at', owner => 'team', party => 'customer',
				 labels => $$jsonb_build_object('tier', tier)$$) \g /dev/null
INSERT INTO sla.agreement (party, name, valid_from, time_zone, monthly_fee, currency, credit_cap_percent, review_every)
VALUES ('Acme', 'support', now() - interval '1 year', 'UTC', 2000, 'EUR', 30, '6 months');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at) VALUES
	('ticket', 'first_response', 'created_at', 'responded_at IS NOT NULL', 'responded_at');
INSERT INTO sla.metric (relation, name, start_at, stop_when, stop_at, pause_when, pause_reason) VALUES
	('ticket', 'resolution', 'created_at', 'resolved_at IS NOT NULL', 'resolved_at', $$status = 'waiting'$$, 'status');
INSERT INTO sla.policy (relation, name, applies_when, rank) VALUES
	('ticket', 'gold', $$tier = 'gold'$$, 1), ('ticket', 'standard', 'true', 9);
INSERT INTO sla.target (relation, policy, metric, goal) VALUES
	('ticket', 'gold', 'first_response', '1 bh @24/7'), ('ticket', 'standard', 'first_response', '4 bh @24/7'),
	('ticket', 'gold', 'resolution', '8 bh @24/7'), ('ticket', 'standard', 'resolution', '40 bh @24/7');

INSERT INTO ticket
SELECT t.id, (ARRAY['Acme', 'Bolt', 'Cog'])[1 + t.id % 3], t.tier, (ARRAY['north', 'south'])[1 + t.id / 2 % 2],
	CASE WHEN resolved_at <= now() THEN 'resolved' WHEN t.id % 3 = 0 THEN 'waiting' ELSE 'open' END,
	t.created_at,
	CASE WHEN responded_at <= now() THEN responded_at END,
	CASE WHEN resolved_at <= now() THEN resolved_at END,
	CASE WHEN resolved_at <= now() THEN resolved_at WHEN responded_at <= now() THEN responded_at ELSE t.created_at END
FROM (
	SELECT n AS id, now() - n * interval '97 minutes' AS created_at, CASE WHEN n % 5 < 2 THEN 'gold' ELSE 'standard' END AS tier
	FROM generate_series(1, 1800) AS n
) AS t
CROSS JOIN LATERAL (
	SELECT t.created_at + CASE WHEN t.id % 17 = 0 THEN interval '5 hours' ELSE (5 + t.id * 7 % 50) * interval '1 minute' END AS responded_at,
		t.created_at + CASE
			WHEN t.id % 23 = 0 THEN interval '6 days'
			WHEN t.tier = 'gold' THEN (1 + t.id % 7) * interval '1 hour'
			ELSE (2 + t.id * 11 % 40) * interval '1 hour' END AS resolved_at
) AS times
ORDER BY t.created_at;

-- Requests of a service: one of 500 fails, and one of 20 in the last hours.

CREATE TABLE request (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	region text NOT NULL,
	status integer NOT NULL,
	created_at timestamptz NOT NULL
);
INSERT INTO request (region, status, created_at)
SELECT (ARRAY['eu', 'us'])[1 + n % 2],
	CASE WHEN n % CASE WHEN n < 120 THEN 19 ELSE 501 END = 0 THEN 503 ELSE 200 END, now() - n * interval '3 minutes'
FROM generate_series(1, 40 * 480) AS n;

INSERT INTO sla.objective (name, kind, relation, metric, target_percent, window_length, party, agreement) VALUES
	('resolved in time', 'clock', 'ticket', 'resolution', 95, 'month', NULL, NULL);
INSERT INTO sla.objective (name, relation, at, good_when, group_by, target_percent) VALUES
	('service answers', 'request', 'created_at', 'status < 500', 'region', 99.5);
SELECT sla.add_burn_rules('resolved in time') \g /dev/null
SELECT sla.add_burn_rules('service answers') \g /dev/null

INSERT INTO sla.credit (party, agreement, objective, below_percent, credit_percent, remedy) VALUES
	('Acme', 'support', 'resolved in time', 98, 10, NULL),
	('Acme', 'support', 'resolved in time', 90, 25, 'a review within the week');
INSERT INTO sla.credit (party, agreement, objective, per_breach) VALUES ('Acme', 'support', 'resolved in time', 5);

-- A maintenance that counts nowhere.
INSERT INTO sla.exception (kind, relation, during, reason, author)
VALUES ('exclude', 'ticket', tstzrange(now() - interval '9 days', now() - interval '8 days 20 hours'), 'maintenance', 'operations');

ANALYZE ticket, request, sla.clock_state;
