/*-------------------------------------------------------------------------
 *
 * freshness.c
 *	  Telling which stored rows of open clocks are up to date.
 *
 * A row is not if it was derived under an older revision of its promise, or before the
 * last change of its party's agreements.  Only those that have not settled matter, which
 * are few; they are read once for each call site, under the snapshot of its statement.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "nodes/supportnodes.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "own_relation.h"

#define Anum_promise_id				1
#define Anum_promise_revision		17
#define Anum_moved_party_revision	1
#define Anum_moved_party_party		2

/* A change of a promise, or of a party's agreements. */
typedef struct Change
{
	int32		promise;		/* 0: of a party */
	const text *party;			/* NULL: of a promise */
	int64		revision;		/* rows derived under an older one are stale */
} Change;

/* The changes that have not settled, by promise or party, the last of each first. */
typedef struct Changes
{
	int			n;
	int			allocated;
	Change	   *array;
} Changes;

/* Compare what was changed. */
static int
compare_subjects(const Change *a, const Change *b)
{
	int			order;

	if (a->party == NULL || b->party == NULL)
		return a->promise < b->promise ? -1 : a->promise > b->promise;
	order = (int) VARSIZE_ANY_EXHDR(a->party) - (int) VARSIZE_ANY_EXHDR(b->party);
	return order != 0 ? order :
		memcmp(VARDATA_ANY(a->party), VARDATA_ANY(b->party), VARSIZE_ANY_EXHDR(a->party));
}

static int
compare_changes(const void *a, const void *b)
{
	const Change *one = a;
	const Change *other = b;
	int			order = compare_subjects(one, other);

	if (order != 0)
		return order;
	return one->revision > other->revision ? -1 : one->revision < other->revision;
}

/* Add what a scan finds. */
static void
add_changes(Changes *changes, OwnRelation which, Oid index, bool of_parties)
{
	Relation	rel = table_open(own_relation(which), AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	SysScanDesc scan = systable_beginscan(rel, index, OidIsValid(index), GetActiveSnapshot(), 0, NULL);
	HeapTuple	row;
	bool		isnull;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		Change		change = {0};

		if (of_parties)
		{
			change.party = DatumGetTextPCopy(heap_getattr(row, Anum_moved_party_party, desc, &isnull));
			change.revision = DatumGetInt64(heap_getattr(row, Anum_moved_party_revision, desc, &isnull));
		}
		else
		{
			change.promise = DatumGetInt32(heap_getattr(row, Anum_promise_id, desc, &isnull));
			change.revision = DatumGetInt64(heap_getattr(row, Anum_promise_revision, desc, &isnull));
		}
		if (changes->n == changes->allocated)
		{
			changes->allocated *= 2;
			changes->array = repalloc_huge(changes->array, changes->allocated * sizeof(Change));
		}
		changes->array[changes->n++] = change;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static Changes *
find_changes(MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	Changes    *changes = palloc(sizeof(Changes));

	changes->n = 0;
	changes->allocated = 16;
	changes->array = palloc(changes->allocated * sizeof(Change));
	add_changes(changes, OWN_PROMISE, own_relation(OWN_PROMISE_UNSETTLED_IDX), false);
	add_changes(changes, OWN_MOVED_PARTY, InvalidOid, true);
	qsort(changes->array, changes->n, sizeof(Change), compare_changes);
	MemoryContextSwitchTo(caller);
	return changes;
}

/* The revision of the last change of a subject; the lowest number if there is none. */
static int64
last_revision(const Changes *changes, const Change *subject)
{
	int			low = 0;
	int			high = changes->n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (compare_subjects(&changes->array[middle], subject) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == changes->n || compare_subjects(&changes->array[low], subject) != 0)
		return PG_INT64_MIN;
	return changes->array[low].revision;
}

/*
 * sla.is_fresh(promise_id, revision, party) -> boolean
 *
 * Is the stored row of an open clock up to date, which was derived under this revision?
 */
PG_FUNCTION_INFO_V1(sla_is_fresh);
Datum
sla_is_fresh(PG_FUNCTION_ARGS)
{
	Changes    *changes = fcinfo->flinfo->fn_extra;
	Change		promise = {.promise = PG_GETARG_INT32(0)};
	int64		revision = PG_GETARG_INT64(1);
	Change		party = {0};

	if (changes == NULL)
		fcinfo->flinfo->fn_extra = changes = find_changes(fcinfo->flinfo->fn_mcxt);
	if (revision < last_revision(changes, &promise))
		PG_RETURN_BOOL(false);
	if (PG_ARGISNULL(2))
		PG_RETURN_BOOL(true);
	party.party = PG_GETARG_TEXT_PP(2);
	PG_RETURN_BOOL(revision >= last_revision(changes, &party));
}

/* Planner support function of sla.is_fresh(): nearly all rows are. */
PG_FUNCTION_INFO_V1(sla_is_fresh_support);
Datum
sla_is_fresh_support(PG_FUNCTION_ARGS)
{
	SupportRequestSelectivity *request = (SupportRequestSelectivity *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSelectivity))
		PG_RETURN_POINTER(NULL);
	request->selectivity = 0.99;
	PG_RETURN_POINTER(request);
}
