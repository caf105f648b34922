/*-------------------------------------------------------------------------
 *
 * objective_report.c
 *	  Frequently used reports of objectives, implemented without SQL.
 *
 * A dashboard needs the status of all objectives, and each tick needs their burn rules.
 * As rollups provide the counts within microseconds, the rest must be fast as well.
 * This does the same as sla.objective_status() and sla.objective_alerts() in SQL, for
 * objectives over events, values and clocks that count all time.  Objectives with a
 * calendar or an exception, or over slices or outages, are left to these functions.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "objective_report.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "core/slo.h"
#include "definition.h"
#include "objective.h"
#include "rollup_delta.h"

/* Maximal number of instants at which to check whether a rule has held for some time */
#define MAX_SAMPLES 5

/* Number of parts of the long window, for computing coverage */
#define PARTS		12

typedef struct BurnRule
{
	Datum		name;
	Datum		severity;
	double		min_events;
	double		budget_percent;
	double		long_window;	/* seconds */
	double		short_window;
	int			nsamples;
	double		hold[MAX_SAMPLES];	/* the samples, in seconds before the
									 * instant of the report */
	double		part[PARTS];	/* likewise the starts of the parts */
	bool		is_short;		/* parts need not begin with a bucket */
} BurnRule;

/* A version of an objective: a row of sla.objective. */
typedef struct Version
{
	int32		id;
	TimestampTz from;
	TimestampTz until;			/* when the next version begins */
	double		target;
	Datum		time_zone;
	bool		is_plain;		/* is supported here */
	bool		has_groups;
	Datum		unit;			/* of a calendar window; 0 for a rolling one */
	Datum		length;			/* of a rolling window: an interval */
	Datum		start;
	bool		no_start;
	double		nominal;		/* seconds of a calendar window */
	bool		of_clocks;		/* over clocks: coverage makes no sense */
} Version;

/* Cache entry: an objective by name. */
typedef struct NamedObjective
{
	char	   *name;			/* key */
	int64		revision;		/* of all definitions, when it was read */
	MemoryContext context;
	int			nversions;		/* sorted by time */
	Version    *versions;
	int			nrules;			/* sorted by name */
	BurnRule   *rules;
	uint32		hash;
	char		status;
} NamedObjective;

#define SH_PREFIX		named
#define SH_ELEMENT_TYPE	NamedObjective
#define SH_KEY_TYPE		char *
#define SH_KEY			name
#define SH_HASH_KEY(tb, key)	hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b)		(strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static named_hash * named = NULL;

/* Maximal number of cache entries */
#define MAX_NAMED	1000

/*
 * Reading
 */

static const char versions_query[] =
"SELECT o.id, o.valid_from, o.target_percent::float8, o.time_zone, "
"o.kind IN ('event', 'value', 'clock') AND o.calendar IS NULL AND NOT EXISTS ("
"SELECT FROM sla.exception AS e "
"WHERE e.approved_at IS NOT NULL AND e.during IS NOT NULL "
"AND CASE WHEN e.objective IS NOT NULL THEN e.objective = o.name "
"ELSE o.kind <> 'clock' AND e.policy IS NULL AND e.metric IS NULL AND e.item IS NULL AND e.labels IS NULL END "
"AND (e.relation IS NULL OR e.relation = o.relation) AND (e.party IS NULL OR e.party = o.party)), "
"o.group_by IS NOT NULL, "
"CASE WHEN sla.is_calendar_window(o.window_length) THEN o.window_length END, "
"CASE WHEN NOT sla.is_calendar_window(o.window_length) THEN o.window_length::interval END, "
"o.window_start, "
"CASE o.window_length WHEN 'week' THEN 7 WHEN 'month' THEN 30 WHEN 'quarter' THEN 91 WHEN 'year' THEN 365 END * 86400::float8, "
"o.kind = 'clock' "
"FROM sla.objective AS o WHERE o.name = $1 ORDER BY o.valid_from";

static const char rules_query[] =
"SELECT r.name, r.severity, r.min_events, r.budget_percent::float8, "
"extract(epoch FROM r.long_window)::float8, extract(epoch FROM r.short_window)::float8, "
"ARRAY(SELECT extract(epoch FROM r.hold_for * (s / 4.0::float8))::float8 "
"FROM generate_series(0, CASE WHEN r.hold_for > interval '0' THEN 4 ELSE 0 END) AS s ORDER BY s), "
"ARRAY(SELECT extract(epoch FROM r.long_window * (p / 12.0::float8))::float8 "
"FROM generate_series(12, 1, -1) AS p ORDER BY p DESC), "
"r.long_window < interval '1 hour' "
"FROM sla.burn_rule AS r WHERE r.objective = $1 ORDER BY r.name";

static int
run_query(const char *query, Datum name)
{
	Oid			type = TEXTOID;

	if (SPI_execute_with_args(query, 1, &type, &name, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read an objective");
	return (int) SPI_processed;
}

static Datum
field(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static double
number_field(int row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? 0 : DatumGetFloat8(value);
}

static bool
bool_field(int row, int column)
{
	bool		isnull;

	return DatumGetBool(field(row, column, &isnull));
}

/* Copy a by-reference value into the current memory context; 0 for null. */
static Datum
copy_field(int row, int column, int length)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	if (isnull)
		return (Datum) 0;
	return length < 0 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(value)) : datumCopy(value, false, length);
}

static int
numbers_field(int row, int column, double *numbers, int max)
{
	bool		isnull;
	Datum	   *values;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(field(row, column, &isnull)), FLOAT8OID, sizeof(float8),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, NULL, &n);
	if (n > max)
		elog(ERROR, "an array is too long");
	for (int i = 0; i < n; i++)
		numbers[i] = DatumGetFloat8(values[i]);
	return n;
}

static void
read_versions(NamedObjective *objective, Datum name)
{
	objective->nversions = run_query(versions_query, name);
	objective->versions = MemoryContextAllocZero(objective->context, Max(objective->nversions, 1) * sizeof(Version));
	for (int i = 0; i < objective->nversions; i++)
	{
		Version    *version = &objective->versions[i];
		MemoryContext old = MemoryContextSwitchTo(objective->context);
		bool		isnull;

		version->id = DatumGetInt32(field(i, 1, &isnull));
		version->from = DatumGetTimestampTz(field(i, 2, &isnull));
		version->target = number_field(i, 3);
		version->time_zone = copy_field(i, 4, -1);
		version->is_plain = bool_field(i, 5);
		version->has_groups = bool_field(i, 6);
		version->unit = copy_field(i, 7, -1);
		version->length = copy_field(i, 8, sizeof(Interval));
		version->start = field(i, 9, &version->no_start);
		version->nominal = number_field(i, 10);
		version->of_clocks = bool_field(i, 11);
		version->until = DT_NOEND;
		if (i > 0)
			version[-1].until = version->from;
		MemoryContextSwitchTo(old);
	}
}

static void
read_rules(NamedObjective *objective, Datum name)
{
	objective->nrules = run_query(rules_query, name);
	objective->rules = MemoryContextAllocZero(objective->context, Max(objective->nrules, 1) * sizeof(BurnRule));
	for (int i = 0; i < objective->nrules; i++)
	{
		BurnRule   *rule = &objective->rules[i];
		MemoryContext old = MemoryContextSwitchTo(objective->context);

		rule->name = copy_field(i, 1, -1);
		rule->severity = copy_field(i, 2, -1);
		rule->min_events = number_field(i, 3);
		rule->budget_percent = number_field(i, 4);
		rule->long_window = number_field(i, 5);
		rule->short_window = number_field(i, 6);
		rule->nsamples = numbers_field(i, 7, rule->hold, MAX_SAMPLES);
		(void) numbers_field(i, 8, rule->part, PARTS);
		rule->is_short = bool_field(i, 9);
		MemoryContextSwitchTo(old);
	}
}

/*
 * Get an objective as the active snapshot sees it.  Returns a copy of the cache entry,
 * because reading events may call this recursively; what it points to is valid until the
 * end of the transaction.
 */
static NamedObjective
objective_named(Datum name)
{
	char	   *key = TextDatumGetCString(name);
	int64		revision = definition_revision();
	NamedObjective *known;
	NamedObjective new;
	bool		found;

	if (named == NULL)
		named = named_create(CacheMemoryContext, 32, NULL);
	known = named_lookup(named, key);
	if (known != NULL && known->revision == revision)
		return *known;
	memset(&new, 0, sizeof(new));
	new.revision = revision;
	new.context = AllocSetContextCreate(TopTransactionContext, "sla_tracker objective", ALLOCSET_SMALL_SIZES);
	new.name = MemoryContextStrdup(new.context, key);
	SPI_connect();
	read_versions(&new, name);
	read_rules(&new, name);
	SPI_finish();
	if (named->members >= MAX_NAMED && named_lookup(named, key) == NULL)
		return new;
	known = named_insert(named, new.name, &found);
	new.hash = known->hash;
	new.status = known->status;
	if (found)
		MemoryContextSetParent(known->context, TopTransactionContext);
	*known = new;
	MemoryContextSetParent(new.context, CacheMemoryContext);
	return new;
}

/* The version in force at an instant, or NULL. */
static const Version *
version_at(const NamedObjective *objective, TimestampTz at)
{
	const Version *version = NULL;

	for (int i = 0; i < objective->nversions && objective->versions[i].from <= at; i++)
		version = &objective->versions[i];
	return version;
}

/*
 * Time
 */

static TimestampTz
from_local(const Version *version, Timestamp local)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, version->time_zone, TimestampGetDatum(local)));
}

/* Same as sla.day_begins(): if a midnight occurs twice, the first one counts. */
static TimestampTz
day_begins(const Version *version, Timestamp day)
{
	return Min(from_local(version, day), from_local(version, day - 1) + 1);
}

static Timestamp
to_local(const Version *version, TimestampTz at)
{
	return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, version->time_zone, TimestampTzGetDatum(at)));
}

/* Same as sla.objective_window(). */
static bool
window_of(const Version *version, TimestampTz at, TimestampTz *from, TimestampTz *to)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[] = {TEXTOID, DATEOID, TEXTOID, TIMESTAMPTZOID};
	Datum		values[] = {version->unit, version->start, version->time_zone, TimestampTzGetDatum(at)};
	char		nulls[] = {' ', version->no_start ? 'n' : ' ', ' ', ' ', '\0'};
	bool		isnull;

	if (version->unit == 0)
	{
		/* whole days are calendar days; the rest is elapsed time */
		Interval	days = *DatumGetIntervalP(version->length);
		int64		rest = days.time;

		days.time = 0;
		*to = at;
		*from = at;
		if (days.month != 0 || days.day != 0)
			*from = from_local(version, DatumGetTimestamp(DirectFunctionCall2(timestamp_mi_interval,
																			  TimestampGetDatum(to_local(version, at)),
																			  IntervalPGetDatum(&days))));
		*from -= rest;
		return true;
	}
	SPI_connect();
	if (plan == NULL)
	{
		SPIPlanPtr	new = SPI_prepare("SELECT w.from_at, w.to_at FROM sla.calendar_window($1, $2, $3, $4) AS w", lengthof(types), types);

		if (new == NULL || SPI_keepplan(new) != 0)
			elog(ERROR, "could not prepare a query");
		plan = new;
	}
	if (SPI_execute_plan(plan, values, nulls, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
	{
		SPI_finish();
		return false;
	}
	*from = DatumGetTimestampTz(field(0, 1, &isnull));
	*to = DatumGetTimestampTz(field(0, 2, &isnull));
	SPI_finish();
	return true;
}

static int
compare_instants(const void *a, const void *b)
{
	TimestampTz x = *(const TimestampTz *) a;
	TimestampTz y = *(const TimestampTz *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* Sort instants and remove duplicates; returns their new number. */
static int
sort_instants(TimestampTz *instants, int n)
{
	int			m = 0;

	qsort(instants, n, sizeof(TimestampTz), compare_instants);
	for (int i = 0; i < n; i++)
		if (m == 0 || instants[i] > instants[m - 1])
			instants[m++] = instants[i];
	return m;
}

static double
seconds(int64 microseconds)
{
	return (double) microseconds / USECS_PER_SEC;
}

static TimestampTz
back_from(TimestampTz at, double secs)
{
	return at - (int64) rint(secs * USECS_PER_SEC);
}

/* The groups that have events, in hash order; the only one if there are no groups. */
static TallyGroup **
sorted_groups(const Version *version, Tally *tally, int *n)
{
	TallyGroup **groups;
	TallyGroup *group;
	void	   *cursor = NULL;
	int			max = 16;

	if (!version->has_groups)
		tally_add(tally, "", 0, 0, 0);
	groups = palloc(max * sizeof(TallyGroup *));
	*n = 0;
	while ((group = tally_next(tally, &cursor)) != NULL)
	{
		bool		any = !version->has_groups;

		for (int i = 0; i < tally->nedges - 1 && !any; i++)
			any = group->total[i] != 0;
		if (!any)
			continue;
		if (*n == max)
		{
			max *= 2;
			groups = repalloc_huge(groups, max * sizeof(TallyGroup *));
		}
		groups[(*n)++] = group;
	}
	return groups;
}

/*
 * Rows
 */

static void
put_text(Datum *values, bool *nulls, int column, const char *value)
{
	nulls[column] = value == NULL;
	values[column] = value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

/* Put a number; SLO_NOTHING and infinities become null. */
static void
put_number(Datum *values, bool *nulls, int column, double value)
{
	nulls[column] = slo_is_nothing(value) || isinf(value);
	values[column] = Float8GetDatum(value);
}

static void
put_instant(Datum *values, bool *nulls, int column, TimestampTz value)
{
	nulls[column] = false;
	values[column] = TimestampTzGetDatum(value);
}

static const char *
group_value(const TallyGroup *group)
{
	return group->grp[0] == '\0' ? NULL : group->grp;
}

/*
 * The status
 */

enum
{
	STATUS_GROUP,
	STATUS_VALID_FROM,
	STATUS_WINDOW_FROM,
	STATUS_WINDOW_UNTIL,
	STATUS_TOTAL,
	STATUS_GOOD,
	STATUS_BAD,
	STATUS_SLI,
	STATUS_BUDGET,
	STATUS_REMAINING,
	STATUS_CONSUMED,
	STATUS_BURN,
	STATUS_WINDOW_SECONDS,
	STATUS_BUDGET_SECONDS,
	STATUS_REMAINING_SECONDS,
	STATUS_EXHAUSTION,
	STATUS_PROJECTED,
	STATUS_PROJECTED_SLI,
	STATUS_PROJECTED_REMAINING,
	STATUS_COVERAGE,
	STATUS_STATUS,
	STATUS_PROBLEM,
	STATUS_NCOLUMNS
};

/* The window of a status, and the instants at which it is divided. */
typedef struct StatusTime
{
	TimestampTz began;			/* start of the window, or of the version */
	TimestampTz until;			/* end of what is counted */
	TimestampTz to;				/* end of the window, or of the version */
	TimestampTz recent;			/* start of the recent part, for the burn rate */
	int			ndays;
	TimestampTz *days;			/* "began", and local midnights after it */
	int			ncuts;
	TimestampTz *cuts;			/* the edges for counting */
} StatusTime;

static bool
cut_status(const Version *version, TimestampTz at, StatusTime *time)
{
	TimestampTz from;
	Timestamp	local;
	Timestamp	last;
	int			max;

	if (!window_of(version, at, &from, &time->to))
		return false;
	time->began = Max(from, version->from);
	time->until = Min(time->to, at);
	if (time->began >= time->until)
		return false;
	time->recent = back_from(time->until, seconds(time->to - from) / 28);
	if (time->to - from >= 28 * USECS_PER_HOUR)
		time->recent = core_floor(time->recent, ROLLUP_STEP);
	time->recent = Max(time->recent, time->began);
	time->to = Min(time->to, version->until);

	local = core_floor(to_local(version, time->began), USECS_PER_DAY);
	last = to_local(version, time->until);
	max = (int) ((last - local) / USECS_PER_DAY) + 2;
	time->days = palloc(max * sizeof(TimestampTz));
	time->days[0] = time->began;
	time->ndays = 1;
	for (; local <= last; local += USECS_PER_DAY)
	{
		TimestampTz day = day_begins(version, local);

		if (day > time->began && day < time->until)
			time->days[time->ndays++] = day;
	}
	time->ndays = sort_instants(time->days, time->ndays);
	time->cuts = palloc((time->ndays + 2) * sizeof(TimestampTz));
	memcpy(time->cuts, time->days, time->ndays * sizeof(TimestampTz));
	time->cuts[time->ndays] = time->until;
	time->cuts[time->ndays + 1] = Min(time->recent, time->until);
	time->ncuts = sort_instants(time->cuts, time->ndays + 2);
	return true;
}

/* The counts of a group, in the entire window and in its recent part. */
typedef struct StatusCounts
{
	double		total;
	double		good;
	double		recent_total;
	double		recent_good;
	int			days;			/* number of days that have events */
} StatusCounts;

static StatusCounts
status_counts(const StatusTime *time, const TallyGroup *group)
{
	StatusCounts counts = {0};
	int			last_day = 0;

	for (int i = 0; i < time->ncuts - 1; i++)
	{
		int			day = instants_until(time->days, time->ndays, time->cuts[i]);

		counts.total += group->total[i];
		counts.good += group->good[i];
		if (time->cuts[i] >= time->recent)
		{
			counts.recent_total += group->total[i];
			counts.recent_good += group->good[i];
		}
		if (group->total[i] > 0 && day != last_day)
		{
			counts.days++;
			last_day = day;
		}
	}
	return counts;
}

static void
status_row(ReturnSetInfo *result, const Version *version, const StatusTime *time, const TallyGroup *group)
{
	static const char *const states[] = {"no_data", "healthy", "degrading", "violated"};
	StatusCounts counts = status_counts(time, group);
	Datum		values[STATUS_NCOLUMNS];
	bool		nulls[STATUS_NCOLUMNS];
	double		whole = seconds(time->to - time->began);
	double		elapsed = seconds(time->until - time->began);
	double		bad = counts.total - counts.good;
	double		sli = slo_sli_percent(counts.good, counts.total);
	double		budget = slo_budget(counts.total, version->target);
	double		consumed = counts.total == 0 ? SLO_NOTHING : bad == 0 ? 0 : budget > 0 ? 100 * bad / budget : SLO_NOTHING;
	double		burn = slo_burn_rate(counts.recent_good, counts.recent_total, version->target);
	bool		burns = !slo_is_nothing(burn) && !isinf(burn);
	double		used = consumed;	/* percentage of the budget of the entire
									 * window */
	double		budget_seconds = slo_budget(whole, version->target);
	double		projected = SLO_NOTHING;
	double		projected_sli = SLO_NOTHING;

	if (version->unit != 0)
	{
		double		rest = Max(whole - elapsed, 0);

		used = consumed * (elapsed / whole);
		if (burns)
			projected = used + 100 * burn * rest / whole;
		if (counts.recent_total > 0)
		{
			double		percent[] = {sli, slo_sli_percent(counts.recent_good, counts.recent_total)};
			double		weight[] = {elapsed, rest};

			projected_sli = slo_weighted_percent(percent, weight, 2);
		}
	}

	put_text(values, nulls, STATUS_GROUP, group_value(group));
	put_instant(values, nulls, STATUS_VALID_FROM, version->from);
	put_instant(values, nulls, STATUS_WINDOW_FROM, time->began);
	put_instant(values, nulls, STATUS_WINDOW_UNTIL, time->to);
	put_number(values, nulls, STATUS_TOTAL, counts.total);
	put_number(values, nulls, STATUS_GOOD, counts.good);
	put_number(values, nulls, STATUS_BAD, bad);
	put_number(values, nulls, STATUS_SLI, sli);
	put_number(values, nulls, STATUS_BUDGET, budget);
	put_number(values, nulls, STATUS_REMAINING, budget - bad);
	put_number(values, nulls, STATUS_CONSUMED, consumed);
	put_number(values, nulls, STATUS_BURN, burn);
	put_number(values, nulls, STATUS_WINDOW_SECONDS, whole);
	put_number(values, nulls, STATUS_BUDGET_SECONDS, budget_seconds);
	put_number(values, nulls, STATUS_REMAINING_SECONDS, budget_seconds * (1 - consumed / 100));
	put_number(values, nulls, STATUS_EXHAUSTION,
			   burns && consumed < 100 ? slo_exhaustion(100 - used, burn, whole) : SLO_NOTHING);
	put_number(values, nulls, STATUS_PROJECTED, projected);
	put_number(values, nulls, STATUS_PROJECTED_SLI, projected_sli);
	put_number(values, nulls, STATUS_PROJECTED_REMAINING, budget * whole / elapsed * (1 - projected / 100));
	put_number(values, nulls, STATUS_COVERAGE, version->of_clocks ? SLO_NOTHING : slo_coverage_percent(counts.days, time->ndays));
	put_text(values, nulls, STATUS_STATUS, states[slo_state(sli, version->target, budget - bad)]);
	nulls[STATUS_PROBLEM] = true;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

bool
objective_status_rows(ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts)
{
	NamedObjective objective = objective_named(name);
	const Version *version = version_at(&objective, at);
	StatusTime	time;
	Tally		tally;
	TallyGroup **groups;
	int			n;

	Assert(result->setDesc->natts == STATUS_NCOLUMNS);
	if (version == NULL)
		return true;
	if (!version->is_plain || result->setDesc->natts != STATUS_NCOLUMNS || !cut_status(version, at, &time))
		return false;
	tally_init(&tally, time.cuts, time.ncuts);
	objective_count(version->id, &tally, true, counts);
	groups = sorted_groups(version, &tally, &n);
	for (int i = 0; i < n; i++)
		status_row(result, version, &time, groups[i]);
	if (n == 0)
	{
		/* if no group has events, return one row that shows this */
		Tally		nothing;
		void	   *cursor = NULL;

		tally_init(&nothing, time.cuts, time.ncuts);
		tally_add(&nothing, "", 0, 0, 0);
		status_row(result, version, &time, tally_next(&nothing, &cursor));
	}
	return true;
}

/*
 * Burn rules
 */

enum
{
	ALERT_RULE,
	ALERT_GROUP,
	ALERT_SEVERITY,
	ALERT_FACTOR,
	ALERT_LONG_FROM,
	ALERT_SHORT_FROM,
	ALERT_LONG_TOTAL,
	ALERT_LONG_BURN,
	ALERT_SHORT_TOTAL,
	ALERT_SHORT_BURN,
	ALERT_COVERAGE,
	ALERT_IS_ABOVE,
	ALERT_IS_FIRING,
	ALERT_PROBLEM,				/* only in sla.burn_rules_at() */
	ALERT_NCOLUMNS
};

/*
 * The start of a part of the long window.  It is moved to the start of a bucket, so that
 * no facts have to be counted.
 */
static TimestampTz
part_from(const BurnRule *rule, TimestampTz at, int part)
{
	TimestampTz from = back_from(at, rule->part[part]);

	return part == 0 || rule->is_short ? from : core_floor(from, ROLLUP_STEP);
}

/* A burn rule at one instant, for one group. */
typedef struct Sample
{
	TimestampTz long_from;
	TimestampTz short_from;
	double		long_total;
	double		long_burn;
	double		short_total;
	double		short_burn;
	bool		above_known;
	bool		above;
} Sample;

static Sample
sample_rule(const Version *version, const BurnRule *rule, double factor, const Tally *tally, const TallyGroup *group,
			TimestampTz until)
{
	Sample		sample = {0};
	double		long_good = 0;
	double		short_good = 0;
	int			first;
	int			last = instants_until(tally->edges, tally->nedges, until - 1);
	bool		long_fires;
	bool		short_fires;

	sample.long_from = Max(back_from(until, rule->long_window), version->from);
	sample.short_from = Max(back_from(until, rule->short_window), version->from);
	first = instants_until(tally->edges, tally->nedges, sample.long_from - 1);
	for (int i = first; i < last && i < tally->nedges - 1; i++)
	{
		sample.long_total += group->total[i];
		long_good += group->good[i];
		if (tally->edges[i] >= sample.short_from)
		{
			sample.short_total += group->total[i];
			short_good += group->good[i];
		}
	}
	sample.long_burn = sample.short_burn = SLO_NOTHING;
	if (sample.long_total >= rule->min_events)
	{
		sample.long_burn = slo_burn_rate(long_good, sample.long_total, version->target);
		sample.short_burn = slo_burn_rate(short_good, sample.short_total, version->target);
	}
	long_fires = slo_fires(sample.long_burn, factor);
	short_fires = slo_fires(sample.short_burn, factor);
	sample.above = long_fires && short_fires;
	sample.above_known = (!slo_is_nothing(sample.long_burn) && !slo_is_nothing(sample.short_burn)) ||
		(!slo_is_nothing(sample.long_burn) && !long_fires) ||
		(!slo_is_nothing(sample.short_burn) && !short_fires);
	return sample;
}

/* The number of parts of the long window that have events. */
static int
parts_held(const BurnRule *rule, const Tally *tally, const TallyGroup *group, const Sample *sample, TimestampTz at)
{
	TimestampTz parts[PARTS];
	int			last_part = -1;
	int			held = 0;
	int			first = instants_until(tally->edges, tally->nedges, sample->long_from - 1);
	int			last = instants_until(tally->edges, tally->nedges, at - 1);

	for (int i = 0; i < PARTS; i++)
		parts[i] = part_from(rule, at, i);
	for (int i = first; i < last && i < tally->nedges - 1; i++)
	{
		int			part = instants_until(parts, PARTS, tally->edges[i]);

		if (group->total[i] > 0 && part != last_part)
		{
			held++;
			last_part = part;
		}
	}
	return held;
}

static void
alert_row(ReturnSetInfo *result, const Version *version, const BurnRule *rule, double length,
		  const Tally *tally, const TallyGroup *group, TimestampTz at)
{
	Datum		values[ALERT_NCOLUMNS];
	bool		nulls[ALERT_NCOLUMNS];
	double		factor = slo_alert_factor(rule->budget_percent, length, rule->long_window);
	Sample		now;
	bool		any_below = false;
	bool		all_known = true;

	for (int i = rule->nsamples - 1; i >= 0; i--)
	{
		now = sample_rule(version, rule, factor, tally, group, back_from(at, rule->hold[i]));
		any_below |= now.above_known && !now.above;
		all_known &= now.above_known;
	}
	values[ALERT_RULE] = rule->name;
	values[ALERT_SEVERITY] = rule->severity;
	nulls[ALERT_RULE] = nulls[ALERT_SEVERITY] = false;
	put_text(values, nulls, ALERT_GROUP, group_value(group));
	put_number(values, nulls, ALERT_FACTOR, factor);
	put_instant(values, nulls, ALERT_LONG_FROM, now.long_from);
	put_instant(values, nulls, ALERT_SHORT_FROM, now.short_from);
	put_number(values, nulls, ALERT_LONG_TOTAL, now.long_total);
	put_number(values, nulls, ALERT_LONG_BURN, now.long_burn);
	put_number(values, nulls, ALERT_SHORT_TOTAL, now.short_total);
	put_number(values, nulls, ALERT_SHORT_BURN, now.short_burn);
	put_number(values, nulls, ALERT_COVERAGE,
			   version->of_clocks ? SLO_NOTHING : slo_coverage_percent(parts_held(rule, tally, group, &now, at), PARTS));
	values[ALERT_IS_ABOVE] = BoolGetDatum(now.above);
	nulls[ALERT_IS_ABOVE] = !now.above_known;
	values[ALERT_IS_FIRING] = BoolGetDatum(!any_below);
	nulls[ALERT_IS_FIRING] = !any_below && !all_known;
	nulls[ALERT_PROBLEM] = true;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

bool
objective_alert_rows(ReturnSetInfo *result, Datum name, TimestampTz at, PieceCounts *counts)
{
	NamedObjective objective = objective_named(name);
	const Version *version = version_at(&objective, at);
	TimestampTz *cuts;
	int			ncuts = 0;
	double		length;
	Tally		tally;
	TallyGroup **groups;
	int			n;

	Assert(result->setDesc->natts == ALERT_PROBLEM || result->setDesc->natts == ALERT_NCOLUMNS);
	if (version == NULL || objective.nrules == 0)
		return true;
	if (!version->is_plain || result->setDesc->natts < ALERT_PROBLEM)
		return false;
	length = version->nominal;
	if (version->unit == 0)
	{
		TimestampTz from;
		TimestampTz to;

		(void) window_of(version, at, &from, &to);
		length = seconds(to - from);
	}
	length = Max(length, 1);
	cuts = palloc(objective.nrules * (3 * MAX_SAMPLES + PARTS) * sizeof(TimestampTz));
	for (int i = 0; i < objective.nrules; i++)
	{
		const BurnRule *rule = &objective.rules[i];

		for (int j = 0; j < rule->nsamples; j++)
		{
			TimestampTz end = back_from(at, rule->hold[j]);

			cuts[ncuts++] = end;
			cuts[ncuts++] = back_from(end, rule->short_window);
			cuts[ncuts++] = back_from(end, rule->long_window);
		}
		for (int j = 1; j < PARTS; j++)
			cuts[ncuts++] = part_from(rule, at, j);
	}
	for (int i = 0; i < ncuts; i++)
		cuts[i] = Max(cuts[i], version->from);
	ncuts = sort_instants(cuts, ncuts);
	if (ncuts < 2)
		return true;
	tally_init(&tally, cuts, ncuts);
	objective_count(version->id, &tally, true, counts);
	groups = sorted_groups(version, &tally, &n);
	for (int i = 0; i < objective.nrules; i++)
		for (int j = 0; j < n; j++)
			alert_row(result, version, &objective.rules[i], length, &tally, groups[j], at);
	return true;
}
