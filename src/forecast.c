/*-------------------------------------------------------------------------
 *
 * forecast.c
 *	  Forecasting how probable a breach is, from how long comparable clocks took.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/clock.h"
#include "core/survival.h"

/*
 * sla.survival(promises, promise_id, label, clock_id, used, allowed, stopped,
 *				until, pauses, pause_reasons, at_least) -> sla.survival_answer[]
 *
 * An aggregate over finished and open clocks.  "promises" is the same in all rows: it
 * has three integers for each promise, sorted by the first, which are the ids of the
 * promise, its metric and its policy.  This avoids a join and GROUP BY over perhaps a
 * million clocks.
 *
 * "used" is the business time that a clock took "until" its end or now.  "stopped" tells
 * whether it stopped then (if false it took at least that long); if null, the clock is
 * not used as a sample.  A clock with a clock_id is a question, which gets an answer:
 * how probable is it that the clock takes longer than "allowed"?
 *
 * The clock is compared with clocks of the same metric, policy and label.  If fewer than
 * "at_least" of these stopped after at least the time that it has used so far, all
 * clocks of its metric and policy are considered instead, or else all of its metric.
 *
 * A paused clock has an additional chance to stop in time, since many are stopped during
 * a pause.  The probability that it resumes is estimated from those pauses of the
 * same clocks that lasted at least as long.
 */
enum
{
	ARG_STATE,
	ARG_PROMISES,
	ARG_PROMISE_ID,
	ARG_LABEL,
	ARG_CLOCK_ID,
	ARG_USED,
	ARG_ALLOWED,
	ARG_STOPPED,
	ARG_UNTIL,
	ARG_PAUSES,
	ARG_PAUSE_REASONS,
	ARG_AT_LEAST
};

/* An element of "promises". */
typedef struct PromiseGroup
{
	int32		promise_id;
	int32		metric;
	int32		policy;
} PromiseGroup;

/*
 * A group of clocks: those of a metric, of a policy unless that is ANY_POLICY, and with
 * a label unless that is NULL.
 */
typedef struct GroupKey
{
	int32		metric;
	int32		policy;
	const char *label;
	int			label_len;
} GroupKey;

#define ANY_POLICY	0

typedef struct GroupEntry
{
	GroupKey	key;
	uint32		hash;
	char		status;
	int32		number;
} GroupEntry;

static inline uint32
hash_group(GroupKey key)
{
	return hash_combine(murmurhash32((uint32) key.metric * 0x9e3779b9 + (uint32) key.policy),
						key.label == NULL ? 0 :
						hash_bytes((const unsigned char *) key.label, key.label_len));
}

static inline bool
same_group(GroupKey a, GroupKey b)
{
	return a.metric == b.metric && a.policy == b.policy && a.label_len == b.label_len &&
		(a.label == NULL) == (b.label == NULL) &&
		(a.label == NULL || memcmp(a.label, b.label, a.label_len) == 0);
}

#define SH_PREFIX		groups
#define SH_ELEMENT_TYPE	GroupEntry
#define SH_KEY_TYPE		GroupKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	hash_group(key)
#define SH_EQUAL(tb, a, b)		same_group(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		((a)->hash)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The levels of groups to compare with, beginning with the narrowest */
static const char levels[] = {'l', 'p', 'm'};

typedef struct ClockGroup
{
	char		level;
	int32		wider;			/* number of the group that contains this one;
								 * NO_GROUP if this is an entire metric */
} ClockGroup;

#define NO_GROUP	(-1)

typedef struct Question
{
	int64		clock_id;
	int64		used;
	int64		allowed;
	int64		paused_for;		/* microseconds, or NOT_PAUSED */
	int32		group;
	bool		counts;			/* it is a sample, too */

	/* the answer */
	char		compared_by;	/* level; 0 if not answered yet */
	bool		pause_compared; /* "resumes" is final */
	int64		compared;		/* number of clocks compared with */
	int64		stopped;		/* how many of these stopped */
	double		probability;	/* or SURVIVAL_NOTHING */
	double		resumes;		/* likewise, that it resumes */
	int64		left;			/* median remaining time, or SURVIVAL_NONE */
} Question;

#define NOT_PAUSED		(-1)

typedef struct SampleList
{
	size_t		n;
	size_t		max;
	SurvivalSample *samples;
} SampleList;

typedef struct Forecast
{
	MemoryContext context;
	size_t		npromises;
	PromiseGroup *promises;
	groups_hash *numbers;
	int32		ngroups;
	size_t		maxgroups;
	ClockGroup *groups;			/* by number */
	SampleList	clocks;			/* the event is that it stopped */
	SampleList	pauses;			/* the event is that the clock resumed */
	size_t		nquestions;
	size_t		maxquestions;
	Question   *questions;
	int32		at_least;
} Forecast;

/* Make room for another element in an array. */
static void *
grown(MemoryContext context, void *array, size_t n, size_t *max, size_t size)
{
	if (n < *max)
		return array;
	*max *= 2;
	if (array == NULL)
	{
		*max = 64;
		return MemoryContextAllocHuge(context, *max * size);
	}
	return repalloc_huge(array, *max * size);
}

static void
copy_promises(Forecast *forecast, ArrayType *array)
{
	size_t		n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	sla_refuse_nulls(array);
	forecast->npromises = n * sizeof(int32) / sizeof(PromiseGroup);
	forecast->promises = memcpy(MemoryContextAlloc(forecast->context, n * sizeof(int32) + 1),
								SLA_ARRAY_DATA(array), n * sizeof(int32));
}

static int
compare_promises(const void *a, const void *b)
{
	int32		ida = ((const PromiseGroup *) a)->promise_id;
	int32		idb = ((const PromiseGroup *) b)->promise_id;

	return (ida > idb) - (ida < idb);
}

static Forecast *
new_forecast(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	Forecast   *forecast;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	forecast = MemoryContextAllocZero(context, sizeof(Forecast));
	forecast->context = context;
	copy_promises(forecast, PG_ARGISNULL(ARG_PROMISES) ? construct_empty_array(INT4OID) :
				  PG_GETARG_ARRAYTYPE_P(ARG_PROMISES));
	forecast->numbers = groups_create(context, 64, NULL);
	forecast->at_least = PG_ARGISNULL(ARG_AT_LEAST) ? 1 : PG_GETARG_INT32(ARG_AT_LEAST);
	return forecast;
}

static void
add_sample(Forecast *forecast, SampleList *list, int64 time, int32 group, bool event)
{
	SurvivalSample *sample;

	list->samples = grown(forecast->context, list->samples, list->n, &list->max, sizeof(SurvivalSample));
	sample = &list->samples[list->n++];
	sample->time = time;
	sample->group = group;
	sample->event = event;
}

/* Find or make a group, and the wider groups that contain it; returns its number. */
static int32
group_number(Forecast *forecast, GroupKey key)
{
	GroupEntry *entry = groups_lookup(forecast->numbers, key);
	ClockGroup	group = {'m', NO_GROUP};
	GroupKey	wider = {key.metric, key.label == NULL ? ANY_POLICY : key.policy, NULL, 0};
	bool		found;

	if (likely(entry != NULL))
		return entry->number;
	if (key.policy != ANY_POLICY)
	{
		group.level = key.label == NULL ? 'p' : 'l';
		group.wider = group_number(forecast, wider);
	}
	if (key.label != NULL)
		key.label = memcpy(MemoryContextAlloc(forecast->context, key.label_len + 1),
						   key.label, key.label_len);
	entry = groups_insert(forecast->numbers, key, &found);
	entry->number = forecast->ngroups;
	forecast->groups = grown(forecast->context, forecast->groups, forecast->ngroups,
							 &forecast->maxgroups, sizeof(ClockGroup));
	forecast->groups[forecast->ngroups] = group;
	return forecast->ngroups++;
}

/* The narrowest group of a clock. */
static int32
group_of(Forecast *forecast, int32 promise_id, const text *label)
{
	PromiseGroup wanted = {promise_id, 0, 0};
	PromiseGroup *promise = bsearch(&wanted, forecast->promises, forecast->npromises,
									sizeof(PromiseGroup), compare_promises);
	GroupKey	key = {0, ANY_POLICY, NULL, 0};

	if (promise == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("promise %d is of no metric and policy", promise_id)));
	key.metric = promise->metric;
	key.policy = promise->policy;
	if (label != NULL)
	{
		key.label = VARDATA_ANY(label);
		key.label_len = VARSIZE_ANY_EXHDR(label);
	}
	return group_number(forecast, key);
}

static inline bool
is_text(Datum value, const char *text)
{
	return VARSIZE_ANY_EXHDR(DatumGetPointer(value)) == strlen(text) &&
		memcmp(VARDATA_ANY(DatumGetPointer(value)), text, strlen(text)) == 0;
}

/*
 * Read the pauses of a clock.  Those that have ended become samples, unless the clock is
 * no sample, or was cancelled during the pause.  Returns how long its present pause has
 * lasted, or NOT_PAUSED.
 */
static int64
read_pauses(FunctionCallInfo fcinfo, Forecast *forecast, int32 group)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(ARG_PAUSES);
	TimestampTz *instants = (TimestampTz *) SLA_ARRAY_DATA(array);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) / 2;
	TimestampTz until = PG_GETARG_TIMESTAMPTZ(ARG_UNTIL);
	bool		counts = !PG_ARGISNULL(ARG_STOPPED);
	bool		stopped = counts && PG_GETARG_BOOL(ARG_STOPPED);
	Datum	   *reasons = NULL;
	bool	   *nulls = NULL;
	int			nreasons = 0;

	sla_refuse_nulls(array);
	if (!PG_ARGISNULL(ARG_PAUSE_REASONS))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_PAUSE_REASONS), TEXTOID, -1, false,
						  TYPALIGN_INT, &reasons, &nulls, &nreasons);
	for (int i = 0; i < n; i++)
	{
		TimestampTz from = instants[2 * i];
		TimestampTz to = instants[2 * i + 1];

		if (to == DT_NOEND)
			return Max(until - from, 0);
		if (!counts || (to >= until && !stopped) ||
			(i < nreasons && !nulls[i] && is_text(reasons[i], CLOCK_CLOSED_REASON)))
			continue;
		add_sample(forecast, &forecast->pauses, to - from, group, to < until);
	}
	return NOT_PAUSED;
}

PG_FUNCTION_INFO_V1(sla_survival_accum);
Datum
sla_survival_accum(PG_FUNCTION_ARGS)
{
	Forecast   *forecast = PG_ARGISNULL(ARG_STATE) ? new_forecast(fcinfo) :
		(Forecast *) PG_GETARG_POINTER(ARG_STATE);
	int64		paused_for = NOT_PAUSED;
	int64		used;
	int32		group;

	if (PG_ARGISNULL(ARG_PROMISE_ID) || PG_ARGISNULL(ARG_USED))
		PG_RETURN_POINTER(forecast);
	used = Max(PG_GETARG_INT64(ARG_USED), 0);
	group = group_of(forecast, PG_GETARG_INT32(ARG_PROMISE_ID),
					 PG_ARGISNULL(ARG_LABEL) ? NULL : PG_GETARG_TEXT_PP(ARG_LABEL));
	if (!PG_ARGISNULL(ARG_STOPPED))
		add_sample(forecast, &forecast->clocks, used, group, PG_GETARG_BOOL(ARG_STOPPED));
	if (!PG_ARGISNULL(ARG_PAUSES) && !PG_ARGISNULL(ARG_UNTIL))
		paused_for = read_pauses(fcinfo, forecast, group);
	if (!PG_ARGISNULL(ARG_CLOCK_ID) && !PG_ARGISNULL(ARG_ALLOWED))
	{
		Question   *question;

		forecast->questions = grown(forecast->context, forecast->questions, forecast->nquestions,
									&forecast->maxquestions, sizeof(Question));
		question = &forecast->questions[forecast->nquestions++];
		memset(question, 0, sizeof(Question));
		question->clock_id = PG_GETARG_INT64(ARG_CLOCK_ID);
		question->used = used;
		question->allowed = PG_GETARG_INT64(ARG_ALLOWED);
		question->paused_for = paused_for;
		question->group = group;
		question->counts = !PG_ARGISNULL(ARG_STOPPED);
	}
	PG_RETURN_POINTER(forecast);
}

/* The group of a given level that contains this one, or NO_GROUP. */
static int32
curve_of_group(const Forecast *forecast, char level, int32 group)
{
	while (group != NO_GROUP && forecast->groups[group].level != level)
		group = forecast->groups[group].wider;
	return group;
}

/* Answer how long it takes; returns false if there are too few clocks to compare with. */
static bool
answer_time(Question *question, const SurvivalCurve *curve, int64 at_least)
{
	survival_at_risk(curve, question->used, &question->compared, &question->stopped);
	if (question->counts)
		question->compared--;	/* do not count itself */
	question->probability = question->stopped == 0 ? SURVIVAL_NOTHING :
		survival_beyond(curve, question->used, question->allowed);
	question->left = survival_median_left(curve, question->used);
	return question->stopped >= at_least;
}

/* Answer whether it resumes; returns false if there are too few pauses. */
static bool
answer_pause(Question *question, const SurvivalCurve *curve, int64 at_least)
{
	int64		pauses;
	int64		resumed;

	survival_at_risk(curve, question->paused_for, &pauses, &resumed);
	question->resumes = pauses == 0 ? SURVIVAL_NOTHING : (double) resumed / pauses;
	return pauses >= at_least;
}

/* Answer the remaining questions for which this level has enough to compare with. */
static void
answer_by(Forecast *forecast, char level)
{
	CoreMem		mem = sla_core_mem();
	int64		at_least = level == 'm' ? 0 : forecast->at_least;
	int32	   *curve_of = palloc(forecast->ngroups * sizeof(int32));
	SurvivalCurve *clocks = palloc(forecast->ngroups * sizeof(SurvivalCurve));
	SurvivalCurve *pauses = palloc(forecast->ngroups * sizeof(SurvivalCurve));

	for (int32 i = 0; i < forecast->ngroups; i++)
		curve_of[i] = curve_of_group(forecast, level, i);
	survival_curves(forecast->clocks.samples, forecast->clocks.n, curve_of, clocks, forecast->ngroups, &mem);
	survival_curves(forecast->pauses.samples, forecast->pauses.n, curve_of, pauses, forecast->ngroups, &mem);
	for (size_t i = 0; i < forecast->nquestions; i++)
	{
		Question   *question = &forecast->questions[i];
		int32		c = curve_of[question->group];

		if (c == NO_GROUP)
			continue;
		if (question->compared_by == 0 && answer_time(question, &clocks[c], at_least))
			question->compared_by = level;
		if (question->paused_for != NOT_PAUSED && !question->pause_compared)
			question->pause_compared = answer_pause(question, &pauses[c], at_least);
	}
}

/* Make a value of type sla.survival_answer. */
static Datum
answer_datum(const Question *question, TupleDesc desc)
{
	bool		known = !isnan(question->probability);
	bool		paused = question->paused_for != NOT_PAUSED;
	Datum		values[7];
	bool		nulls[7] = {false, !known, false, false, !known,
	!paused || isnan(question->resumes), !known || question->left == SURVIVAL_NONE};

	values[0] = Int64GetDatum(question->clock_id);
	values[1] = CharGetDatum(question->compared_by);
	values[2] = Int64GetDatum(question->compared);
	values[3] = Int64GetDatum(question->stopped);
	values[4] = Float8GetDatum(question->probability * (nulls[5] ? 1 : question->resumes));
	values[5] = Float8GetDatum(question->resumes);
	values[6] = Int64GetDatum(question->left);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

PG_FUNCTION_INFO_V1(sla_survival_final);
Datum
sla_survival_final(PG_FUNCTION_ARGS)
{
	Forecast   *forecast = PG_ARGISNULL(0) ? NULL : (Forecast *) PG_GETARG_POINTER(0);
	Oid			answer_type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	MemoryContext context;
	MemoryContext old;
	CoreMem		mem;
	TupleDesc	desc;
	Datum	   *answers;

	if (forecast == NULL || forecast->nquestions == 0)
		PG_RETURN_NULL();
	context = AllocSetContextCreate(CurrentMemoryContext, "survival curves", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	mem = sla_core_mem();
	survival_sort(forecast->clocks.samples, forecast->clocks.n, &mem);
	survival_sort(forecast->pauses.samples, forecast->pauses.n, &mem);
	for (int i = 0; i < (int) lengthof(levels); i++)
	{
		MemoryContextReset(context);
		answer_by(forecast, levels[i]);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);

	desc = lookup_rowtype_tupdesc(answer_type, -1);
	answers = MemoryContextAllocHuge(CurrentMemoryContext, forecast->nquestions * sizeof(Datum));
	for (size_t i = 0; i < forecast->nquestions; i++)
		answers[i] = answer_datum(&forecast->questions[i], desc);
	ReleaseTupleDesc(desc);
	PG_RETURN_ARRAYTYPE_P(construct_array(answers, (int) forecast->nquestions, answer_type,
										  -1, false, TYPALIGN_DOUBLE));
}
