/*-------------------------------------------------------------------------
 *
 * questions.c
 *	  What reports and questions about clocks need beyond SQL.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * sla.duration_text(double precision) -> text
 *
 * Hours and minutes, or seconds where there is less than a minute; what is
 * less than the unit shown is left out.
 */
PG_FUNCTION_INFO_V1(sla_duration_text);
Datum
sla_duration_text(PG_FUNCTION_ARGS)
{
	float8		seconds = PG_GETARG_FLOAT8(0);
	const char *sign = seconds < 0 ? "-" : "";
	int64		minutes;
	char		buffer[64];

	if (!isfinite(seconds) || fabs(seconds) > 1e15)
		PG_RETURN_TEXT_P(cstring_to_text(isnan(seconds) ? "unknown" :
										 seconds < 0 ? "-infinity" : "infinity"));
	seconds = fabs(seconds);
	minutes = (int64) (seconds / SECS_PER_MINUTE);
	if (minutes == 0)
		snprintf(buffer, sizeof(buffer), "%s%d s", seconds < 1 ? "" : sign, (int) seconds);
	else if (minutes < MINS_PER_HOUR)
		snprintf(buffer, sizeof(buffer), "%s%d min", sign, (int) minutes);
	else if (minutes % MINS_PER_HOUR == 0)
		snprintf(buffer, sizeof(buffer), "%s" INT64_FORMAT " h", sign, minutes / MINS_PER_HOUR);
	else
		snprintf(buffer, sizeof(buffer), "%s" INT64_FORMAT " h %d min", sign,
				 minutes / MINS_PER_HOUR, (int) (minutes % MINS_PER_HOUR));
	PG_RETURN_TEXT_P(cstring_to_text(buffer));
}

/*
 * sla.tally(promise, net, gross): judgements counted by promise
 *
 * What GROUP BY would do, at a third of the cost: reports of history count
 * millions of clocks of a few promises.  The result has, of each promise, its
 * number and the counts: net met, tolerated, breached, waived; gross met,
 * tolerated, breached.
 */
#define TALLY_COUNTS	7
#define TALLY_NET		4

typedef struct TallyEntry
{
	int32		promise;		/* key */
	char		status;
	int64		counts[TALLY_COUNTS];
} TallyEntry;

#define SH_PREFIX		tally
#define SH_ELEMENT_TYPE	TallyEntry
#define SH_KEY_TYPE		int32
#define SH_KEY			promise
#define SH_HASH_KEY(tb, key)	murmurhash32((uint32) (key))
#define SH_EQUAL(tb, a, b)		((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Tally
{
	tally_hash *entries;
	TallyEntry *last;			/* good until the next insertion */
} Tally;

PG_FUNCTION_INFO_V1(sla_tally_accum);
Datum
sla_tally_accum(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	int32		promise = PG_GETARG_INT32(1);
	int32		net = PG_GETARG_INT32(2);
	int32		gross = PG_GETARG_INT32(3);

	if (unlikely(tally == NULL))
	{
		MemoryContext context;

		if (!AggCheckCallContext(fcinfo, &context))
			elog(ERROR, "sla_tally_accum called in non-aggregate context");
		tally = MemoryContextAllocZero(context, sizeof(Tally));
		tally->entries = tally_create(context, 64, NULL);
	}
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_POINTER(tally);
	if (tally->last == NULL || tally->last->promise != promise)
	{
		bool		found;

		tally->last = tally_insert(tally->entries, promise, &found);
		if (!found)
			memset(tally->last->counts, 0, sizeof(tally->last->counts));
	}
	if (net >= 1 && net <= TALLY_NET)
		tally->last->counts[net - 1]++;
	if (gross >= 1 && gross <= TALLY_COUNTS - TALLY_NET)
		tally->last->counts[TALLY_NET + gross - 1]++;
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
	values = palloc(sizeof(Datum) * (TALLY_COUNTS + 1) * tally->entries->members);
	tally_start_iterate(tally->entries, &iterator);
	while ((entry = tally_iterate(tally->entries, &iterator)) != NULL)
	{
		values[n++] = Int64GetDatum(entry->promise);
		for (int i = 0; i < TALLY_COUNTS; i++)
			values[n++] = Int64GetDatum(entry->counts[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(values, n, INT8OID, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
