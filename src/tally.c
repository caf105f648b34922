/*-------------------------------------------------------------------------
 *
 * tally.c
 *	  sla.tally(): judgements counted by month and promise.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "zone_source.h"

/*
 * sla.tally(period_start, zones, clock ...): count verdicts by month and promise
 *
 * This aggregate does what GROUP BY would do, at a fraction of the cost: reports on the
 * past count millions of clocks with a few promises.  A clock counts in the month of its
 * verdict (separately net and gross), which is at its stop if the promise was kept, else
 * at the breach.  "ended_at" of an open clock is now; a null does not count.  Months
 * begin in the time zone of the agreement, else that of the tracked table.  "zones" is an
 * array with elements like 'a12=Europe/Berlin' for the agreement with id 12, and 'r16400=...'
 * for the table with that OID.  If "period_start" is not null, only this month is counted.
 *
 * The result has 9 elements for each month and promise: the month's first day (as days
 * since 2000-01-01), the promise's id, and the counts of net met, tolerated, breached,
 * waived, and gross met, tolerated, breached.
 */
#define TALLY_MET		0
#define TALLY_TOLERATED	1
#define TALLY_BREACHED	2
#define TALLY_WAIVED	3
#define TALLY_GROSS		4
#define TALLY_COUNTS	7

enum
{
	TALLY_ARG_STATE,
	TALLY_ARG_PERIOD,
	TALLY_ARG_ZONES,
	TALLY_ARG_PROMISE,
	TALLY_ARG_AGREEMENT,
	TALLY_ARG_RELATION,
	TALLY_ARG_CLOCK_STATE,
	TALLY_ARG_ENDED_AT,
	TALLY_ARG_DUE_AT,
	TALLY_ARG_LATE_AT,
	TALLY_ARG_GROSS_DUE_AT,
	TALLY_ARG_GROSS_LATE_AT,
	TALLY_ARG_EXCEPTED,
	TALLY_ARG_WAIVED
};

/* Months are numbered, beginning with January of CORE_MIN_YEAR. */
#define MONTHS			((CORE_MAX_YEAR - CORE_MIN_YEAR) * MONTHS_PER_YEAR)
#define NO_MONTH		(-1)

static inline int64
tally_key(int32 month, int32 promise)
{
	return ((int64) month << 32) | (uint32) promise;
}

typedef struct TallyEntry
{
	int64		key;
	char		status;
	int64	   *counts;
} TallyEntry;

#define SH_PREFIX		tally
#define SH_ELEMENT_TYPE	TallyEntry
#define SH_KEY_TYPE		int64
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	murmurhash32((uint32) (key) * 31 + (uint32) ((key) >> 32))
#define SH_EQUAL(tb, a, b)		((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Cache of the starts of months in a time zone. */
typedef struct MonthZone
{
	const char *name;
	int			last;			/* the month found last */
	TimestampTz starts[MONTHS + 1];
} MonthZone;

#define NOT_ASKED		DT_NOBEGIN

/* The time zone of a table, or of an agreement. */
typedef struct ZoneEntry
{
	int64		whose;			/* key: OID of the table, or -id of the
								 * agreement */
	char		status;
	MonthZone  *zone;
} ZoneEntry;

#define SH_PREFIX		zones
#define SH_ELEMENT_TYPE	ZoneEntry
#define SH_KEY_TYPE		int64
#define SH_KEY			whose
#define SH_HASH_KEY(tb, key)	murmurhash32((uint32) (key) ^ (uint32) ((key) >> 32))
#define SH_EQUAL(tb, a, b)		((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Size of a direct-mapped cache of entries, indexed by promise and month */
#define LATELY			256

typedef struct Lately
{
	int64		key;
	int64	   *counts;			/* NULL if unused */
} Lately;

typedef struct Tally
{
	MemoryContext context;
	tally_hash *entries;
	Lately		lately[LATELY];
	zones_hash *zones;
	bool		by_agreement;	/* some agreement has a zone */
	MonthZone  *utc;
	Oid			relation;		/* the table seen last ... */
	MonthZone  *zone;			/* ... and its zone */
	int			only;			/* the only month to count; NO_MONTH for all */
} Tally;

static DateADT
month_date(int month)
{
	return date2j(CORE_MIN_YEAR + month / MONTHS_PER_YEAR, month % MONTHS_PER_YEAR + 1, 1) - POSTGRES_EPOCH_JDATE;
}

static int
month_of_date(int64 date)
{
	int			y;
	int			m;
	int			d;

	date = Min(Max(date, month_date(0)), month_date(MONTHS) - 1);
	j2date((int) date + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	return (y - CORE_MIN_YEAR) * MONTHS_PER_YEAR + m - 1;
}

static MonthZone *
new_zone(Tally *tally, const char *name)
{
	MonthZone  *zone = MemoryContextAlloc(tally->context, sizeof(MonthZone));

	zone->name = MemoryContextStrdup(tally->context, name);
	zone->last = 0;
	for (int i = 0; i <= MONTHS; i++)
		zone->starts[i] = NOT_ASKED;
	return zone;
}

static TimestampTz
ask_month_start(MonthZone *zone, int month)
{
	CoreMem		mem = sla_core_mem();
	CoreError	error = {0};
	DateADT		date = month_date(month);
	ZoneMap		map;

	if (!sla_zones.load(sla_zones.context, zone->name, (date - INT64CONST(3)) * USECS_PER_DAY,
						(date + INT64CONST(3)) * USECS_PER_DAY, &mem, &map, &error))
		sla_report(&error, "time zone", zone->name, (int) strlen(zone->name), NULL);

	/*
	 * same as sla.day_begins(): if a midnight occurs twice, the first one
	 * counts
	 */
	return zone->starts[month] = Min(zone_instant(&map, date * USECS_PER_DAY),
									 zone_instant(&map, date * USECS_PER_DAY - 1) + 1);
}

static inline TimestampTz
month_start(MonthZone *zone, int month)
{
	return likely(zone->starts[month] != NOT_ASKED) ? zone->starts[month] : ask_month_start(zone, month);
}

static inline bool
is_in_month(MonthZone *zone, int month, TimestampTz t)
{
	return t >= month_start(zone, month) && t < month_start(zone, month + 1);
}

/* The month of an instant, or NO_MONTH if that is not to be counted. */
static inline int
month_at(const Tally *tally, MonthZone *zone, TimestampTz t)
{
	int			month;

	if (tally->only != NO_MONTH)
		return is_in_month(zone, tally->only, t) ? tally->only : NO_MONTH;
	if (likely(is_in_month(zone, zone->last, t)))
		return zone->last;
	month = month_of_date(t / USECS_PER_DAY - (t % USECS_PER_DAY < 0));
	if (month > 0 && t < month_start(zone, month))
		month--;
	else if (month < MONTHS - 1 && t >= month_start(zone, month + 1))
		month++;
	return zone->last = month;
}

static void
read_zones(Tally *tally, ArrayType *array)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;
	MonthZone  *zone = tally->utc;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *entry = nulls[i] ? "" : TextDatumGetCString(values[i]);
		char	   *name = strchr(entry, '=');
		int64		number = name == NULL ? 0 : strtoi64(entry + 1, NULL, 10);
		bool		found;

		if (number <= 0)
			continue;
		/* entries are sorted by the names of zones */
		if (strcmp(zone->name, name + 1) != 0)
			zone = new_zone(tally, name + 1);
		tally->by_agreement |= entry[0] == 'a';
		zones_insert(tally->zones, entry[0] == 'a' ? -number : number, &found)->zone = zone;
	}
}

static Tally *
new_tally(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	Tally	   *tally;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	tally = MemoryContextAllocZero(context, sizeof(Tally));
	tally->context = context;
	tally->entries = tally_create(context, 64, NULL);
	tally->zones = zones_create(context, 16, NULL);
	tally->utc = new_zone(tally, "UTC");
	tally->only = PG_ARGISNULL(TALLY_ARG_PERIOD) ? NO_MONTH :
		month_of_date(PG_GETARG_DATEADT(TALLY_ARG_PERIOD));
	if (!PG_ARGISNULL(TALLY_ARG_ZONES))
		read_zones(tally, PG_GETARG_ARRAYTYPE_P(TALLY_ARG_ZONES));
	return tally;
}

/* The time zone in which a clock is counted. */
static inline MonthZone *
zone_of(FunctionCallInfo fcinfo, Tally *tally)
{
	Oid			relation = PG_GETARG_OID(TALLY_ARG_RELATION);
	ZoneEntry  *entry;

	if (tally->by_agreement && !PG_ARGISNULL(TALLY_ARG_AGREEMENT) &&
		(entry = zones_lookup(tally->zones, -(int64) PG_GETARG_INT32(TALLY_ARG_AGREEMENT))) != NULL)
		return entry->zone;
	if (unlikely(tally->relation != relation))
	{
		entry = zones_lookup(tally->zones, relation);
		tally->zone = entry == NULL ? tally->utc : entry->zone;
		tally->relation = relation;
	}
	return tally->zone;
}

/*
 * The verdict of a clock (TALLY_MET etc.), and its instant; -1 if there is none.  Instants
 * that do not exist are given as DT_NOEND, so that nothing is later.
 */
static inline int
judge(bool stopped, TimestampTz end, TimestampTz due, TimestampTz late, TimestampTz *at)
{
	*at = Min(late, end);
	if (late < end)
		return TALLY_BREACHED;
	if (!stopped || late == DT_NOEND)
		return -1;
	return end <= due ? TALLY_MET : TALLY_TOLERATED;
}

static int64 *
find_counts(Tally *tally, int64 key)
{
	bool		found;
	TallyEntry *entry = tally_insert(tally->entries, key, &found);

	if (!found)
		entry->counts = MemoryContextAllocZero(tally->context, TALLY_COUNTS * sizeof(int64));
	return entry->counts;
}

static inline int64 *
counts_of(Tally *tally, int month, int32 promise)
{
	Lately	   *lately = &tally->lately[((uint32) promise + (uint32) month * 31) % LATELY];
	int64		key = tally_key(month, promise);

	if (unlikely(lately->key != key || lately->counts == NULL))
	{
		lately->counts = find_counts(tally, key);
		lately->key = key;
	}
	return lately->counts;
}

#define GETARG_INSTANT(n)	(PG_ARGISNULL(n) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(n))

PG_FUNCTION_INFO_V1(sla_tally_accum);
Datum
sla_tally_accum(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(TALLY_ARG_STATE) ? NULL : (Tally *) PG_GETARG_POINTER(TALLY_ARG_STATE);
	int32		promise = PG_GETARG_INT32(TALLY_ARG_PROMISE);
	MonthZone  *zone;
	bool		stopped;
	TimestampTz end;
	TimestampTz net_at;
	TimestampTz gross_at;
	int			net;
	int			gross;
	int			month = NO_MONTH;

	if (unlikely(tally == NULL))
		tally = new_tally(fcinfo);
	if (unlikely(PG_ARGISNULL(TALLY_ARG_PROMISE) || PG_ARGISNULL(TALLY_ARG_RELATION) ||
				 PG_ARGISNULL(TALLY_ARG_CLOCK_STATE) || PG_ARGISNULL(TALLY_ARG_ENDED_AT)))
		PG_RETURN_POINTER(tally);

	zone = zone_of(fcinfo, tally);
	stopped = PG_GETARG_CHAR(TALLY_ARG_CLOCK_STATE) == CLOCK_STOPPED;
	end = PG_GETARG_TIMESTAMPTZ(TALLY_ARG_ENDED_AT);
	net = judge(stopped, end, GETARG_INSTANT(TALLY_ARG_DUE_AT), GETARG_INSTANT(TALLY_ARG_LATE_AT), &net_at);
	if (net >= 0)
		month = month_at(tally, zone, net_at);
	if (likely(PG_ARGISNULL(TALLY_ARG_EXCEPTED) || !PG_GETARG_BOOL(TALLY_ARG_EXCEPTED)))
	{
		if (month != NO_MONTH)
		{
			int64	   *counts = counts_of(tally, month, promise);

			counts[net]++;
			counts[TALLY_GROSS + net]++;
		}
		PG_RETURN_POINTER(tally);
	}

	if (month != NO_MONTH)
	{
		if (net == TALLY_BREACHED && PG_GETARG_BOOL(TALLY_ARG_WAIVED))
			net = TALLY_WAIVED;
		counts_of(tally, month, promise)[net]++;
	}
	gross = judge(stopped, end, GETARG_INSTANT(TALLY_ARG_GROSS_DUE_AT),
				  GETARG_INSTANT(TALLY_ARG_GROSS_LATE_AT), &gross_at);
	if (gross >= 0 && (month = month_at(tally, zone, gross_at)) != NO_MONTH)
		counts_of(tally, month, promise)[TALLY_GROSS + gross]++;
	PG_RETURN_POINTER(tally);
}

PG_FUNCTION_INFO_V1(sla_tally_final);
Datum
sla_tally_final(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	tally_iterator iterator;
	TallyEntry *entry;
	Datum	   *values;
	int			n = 0;

	if (tally == NULL)
		PG_RETURN_NULL();
	values = palloc(sizeof(Datum) * (TALLY_COUNTS + 2) * Max(tally->entries->members, 1));
	tally_start_iterate(tally->entries, &iterator);
	while ((entry = tally_iterate(tally->entries, &iterator)) != NULL)
	{
		values[n++] = Int64GetDatum(month_date((int) (entry->key >> 32)));
		values[n++] = Int64GetDatum((int32) entry->key);
		for (int i = 0; i < TALLY_COUNTS; i++)
			values[n++] = Int64GetDatum(entry->counts[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(values, n, INT8OID, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
