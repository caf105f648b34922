/*-------------------------------------------------------------------------
 *
 * definition.c
 *	  Cache of what is defined for tracked tables.
 *
 * Every edit of a definition sets the number in sla.revision to one that was never
 * used before.  A definition is read again if the number that the active snapshot
 * sees is not the one under which it was read.  So each statement uses the
 * definitions that its snapshot sees, and an edit that is rolled back has no effect.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "definition.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "exception_spans.h"
#include "fence.h"
#include "own_relation.h"
#include "owner_watch.h"
#include "relation_watch.h"
#include "rule_properties.h"
#include "rules.h"

/* The one column of sla.revision. */
#define Anum_revision_number	1

static HTAB *definitions = NULL;	/* by id: DefinitionSlot */
static uint64 generation = 0;	/* counts invalidations of compiled
								 * expressions */

/*
 * Where the row of sla.revision was found last; it is looked for there first.  Only
 * a place in the first block is remembered, since other blocks could be truncated.
 */
static ItemPointerData revision_place;

typedef struct DefinitionSlot
{
	int32		id;				/* key */
	Definition *definition;		/* NULL if not tracked, or never read */
} DefinitionSlot;

/*
 * Compiled expressions depend on functions and row types, and kept plans name the
 * schema of the table.  If any function or schema changes, invalidate all of them.
 */
static void
forget_compiled(void)
{
	HASH_SEQ_STATUS status;
	DefinitionSlot *slot;

	generation++;
	if (definitions == NULL)
		return;
	hash_seq_init(&status, definitions);
	while ((slot = hash_seq_search(&status)) != NULL)
		if (slot->definition != NULL)
			slot->definition->revision = 0;
}

static void
syscache_callback(Datum arg, int cacheid, uint32 hashvalue)
{
	(void) arg;
	(void) cacheid;
	(void) hashvalue;
	forget_compiled();
}

static void
relation_changed(Oid relid)
{
	HASH_SEQ_STATUS status;
	DefinitionSlot *slot;

	generation++;
	ItemPointerSetInvalid(&revision_place); /* it may have been truncated */
	if (definitions == NULL)
		return;
	hash_seq_init(&status, definitions);
	while ((slot = hash_seq_search(&status)) != NULL)
		if (slot->definition != NULL &&
			(relid == InvalidOid || slot->definition->relid == relid))
			slot->definition->revision = 0;
}

void
definition_init(void)
{
	CacheRegisterSyscacheCallback(PROCOID, syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, syscache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, syscache_callback, (Datum) 0);
	relation_watch(relation_changed);
}

/* Read sla.revision at revision_place, if the active snapshot sees a row there. */
static bool
revision_at_place(Relation rel, int64 *number)
{
	HeapTupleData row;
	Buffer		buffer;
	bool		isnull;

	if (!ItemPointerIsValid(&revision_place) || rel->rd_rel->relam != HEAP_TABLE_AM_OID)
		return false;
	row.t_self = revision_place;
	if (!heap_fetch(rel, GetActiveSnapshot(), &row, &buffer, false))
		return false;
	*number = DatumGetInt64(heap_getattr(&row, Anum_revision_number, RelationGetDescr(rel), &isnull));
	ReleaseBuffer(buffer);
	return true;
}

/* Read sla.revision by a scan. */
static int64
find_revision(Relation rel)
{
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	HeapTuple	row = systable_getnext(scan);
	bool		isnull;
	int64		number;

	if (!HeapTupleIsValid(row))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table sla.revision is empty"),
				 errhint("INSERT INTO sla.revision VALUES (1).")));
	number = DatumGetInt64(heap_getattr(row, Anum_revision_number, RelationGetDescr(rel), &isnull));
	if (ItemPointerGetBlockNumber(&row->t_self) == 0)
		revision_place = row->t_self;
	systable_endscan(scan);
	return number;
}

int64
definition_revision(void)
{
	Relation	rel = table_open(own_relation(OWN_REVISION), AccessShareLock);
	int64		number;

	if (!revision_at_place(rel, &number))
		number = find_revision(rel);
	/* if the extension is dropped and created again, the numbers are too */
	number += (int64) ((uint64) RelationGetRelid(rel) << 32);
	table_close(rel, NoLock);
	return number;
}

/*
 * Reading with SPI
 */

/*
 * Run a query with one parameter; returns the number of rows, which are in
 * SPI_tuptable.
 */
static int
select_rows(const char *query, Oid type, Datum argument)
{
	int			result = SPI_execute_with_args(query, 1, &type, &argument, NULL, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read definitions: %s", SPI_result_code_string(result));
	return (int) SPI_processed;
}

static Datum
field(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static int32
int_field(int row, int column)
{
	bool		isnull;

	return DatumGetInt32(field(row, column, &isnull));
}

static int64
int64_field(int row, int column)
{
	bool		isnull;

	return DatumGetInt64(field(row, column, &isnull));
}

static bool
bool_field(int row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* The following two copy the value into a memory context. */

static char *
text_field(int row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? NULL : MemoryContextStrdup(context, TextDatumGetCString(value));
}

static void *
varlena_field(int row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	MemoryContext old;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(context);
	value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	MemoryContextSwitchTo(old);
	return DatumGetPointer(value);
}

static void *
alloc_array(Definition *def, int n, size_t size)
{
	return MemoryContextAllocZero(def->context, Max(n, 1) * size);
}

/*
 * Compile the expression in a column of a definition, if "given", as the table's
 * owner and in the memory context of the definition.
 */
static void
compile(Definition *def, Relation rel, Rule *rule, bool given, const char *definition,
		int32 id, const char *column)
{
	MemoryContext old;
	Fence		fence;

	if (!given)
		return;
	fence_enter(&fence, def->owner);
	old = MemoryContextSwitchTo(def->context);
	rule->expr = rule_expression(rel, definition, id, column);
	rule->state = ExecInitExpr(rule->expr, NULL);
	rule->definition = definition;
	rule->column = column;
	/* an update that changes only the event time does not affect clocks */
	if (rule != &def->at)
		def->columns = rule_columns(def->columns, rule->expr);
	if (rule == &def->item)
		def->item_columns = rule_columns(NULL, rule->expr);
	def->wants_settings |= rule_wants_settings(rule->expr);
	MemoryContextSwitchTo(old);
	fence_leave(&fence);
}

/* Is an expression given?  That is what column "column" of the result tells. */
static bool
given(int row, int column)
{
	return bool_field(row, column);
}

static bool
read_tracked(Definition *def)
{
	if (select_rows("SELECT relation::oid, on_error = 'warn', time_zone, at IS NOT NULL, "
					"labels IS NOT NULL, owner IS NOT NULL, party IS NOT NULL, confirmed_by::oid "
					"FROM sla.tracked WHERE id = $1", INT4OID, Int32GetDatum(def->id)) == 0)
		return false;
	def->relid = (Oid) int_field(0, 1);
	def->warn = bool_field(0, 2);
	def->time_zone = text_field(0, 3, def->context);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(def->relid)))
		return false;			/* the table is being dropped */

	/* the other columns are used by compile_tracked() */
	return true;
}

static void
compile_tracked(Definition *def, Relation rel)
{
	MemoryContext old;

	def->table = MemoryContextStrdup(def->context, RelationGetRelationName(rel));
	compile(def, rel, &def->item, true, "tracked", def->id, "item");
	old = MemoryContextSwitchTo(def->context);
	(void) rule_unique_columns(rel, def->item_columns, &def->item_nullable);
	MemoryContextSwitchTo(old);
	compile(def, rel, &def->at, given(0, 4), "tracked", def->id, "at");
	compile(def, rel, &def->labels, given(0, 5), "tracked", def->id, "labels");
	compile(def, rel, &def->responsible, given(0, 6), "tracked", def->id, "owner");
	compile(def, rel, &def->party, given(0, 7), "tracked", def->id, "party");
}

static void
read_metrics(Definition *def, Relation rel)
{
	def->nmetrics = select_rows("SELECT id, name, repeats, on_reopen, on_retarget, "
								"start_when IS NOT NULL, stop_when IS NOT NULL, pause_when IS NOT NULL, "
								"cancel_when IS NOT NULL, start_at IS NOT NULL, stop_at IS NOT NULL, "
								"due_at IS NOT NULL, per IS NOT NULL, pause_reason IS NOT NULL "
								"FROM sla.metric WHERE relation::oid = $1 ORDER BY id", OIDOID,
								ObjectIdGetDatum(def->relid));
	def->metrics = alloc_array(def, def->nmetrics, sizeof(Metric));
	for (int i = 0; i < def->nmetrics; i++)
	{
		Metric	   *metric = &def->metrics[i];
		char	   *on_reopen = text_field(i, 4, CurrentMemoryContext);
		char	   *on_retarget = text_field(i, 5, CurrentMemoryContext);

		metric->id = int_field(i, 1);
		metric->name = text_field(i, 2, def->context);
		metric->rules.repeats = bool_field(i, 3);
		metric->rules.on_reopen = strcmp(on_reopen, "continue") == 0 ? CLOCK_CONTINUE :
			strcmp(on_reopen, "new_cycle") == 0 ? CLOCK_NEW_CYCLE : CLOCK_IGNORE;
		metric->rules.on_retarget = strcmp(on_retarget, "keep") == 0 ? CLOCK_KEEP :
			strcmp(on_retarget, "restart") == 0 ? CLOCK_RESTART : CLOCK_KEEP_PROMISE;
		compile(def, rel, &metric->start, given(i, 6), "metric", metric->id, "start_when");
		compile(def, rel, &metric->stop, given(i, 7), "metric", metric->id, "stop_when");
		compile(def, rel, &metric->pause, given(i, 8), "metric", metric->id, "pause_when");
		compile(def, rel, &metric->cancel, given(i, 9), "metric", metric->id, "cancel_when");
		compile(def, rel, &metric->start_at, given(i, 10), "metric", metric->id, "start_at");
		metric->rules.starts_by_event = !given(i, 10);
		compile(def, rel, &metric->stop_at, given(i, 11), "metric", metric->id, "stop_at");
		compile(def, rel, &metric->due_at, given(i, 12), "metric", metric->id, "due_at");
		compile(def, rel, &metric->per, given(i, 13), "metric", metric->id, "per");
		compile(def, rel, &metric->reason, given(i, 14), "metric", metric->id, "pause_reason");
	}
}

static void
read_policies(Definition *def, Relation rel)
{
	def->npolicies = select_rows("SELECT id, name, valid_from, "
								 "coalesce(lead(valid_from) OVER (PARTITION BY name ORDER BY valid_from), 'infinity'), "
								 "plan FROM sla.policy WHERE relation::oid = $1 "
								 "ORDER BY rank, name, valid_from", OIDOID, ObjectIdGetDatum(def->relid));
	def->policies = alloc_array(def, def->npolicies, sizeof(Policy));
	for (int i = 0; i < def->npolicies; i++)
	{
		Policy	   *policy = &def->policies[i];

		policy->id = int_field(i, 1);
		policy->name = text_field(i, 2, def->context);
		policy->from = int64_field(i, 3);
		policy->until = int64_field(i, 4);
		policy->plan = text_field(i, 5, def->context);
		compile(def, rel, &policy->applies, true, "policy", policy->id, "applies_when");
	}
}

static void
read_promises(Definition *def)
{
	def->npromises = select_rows("SELECT id, policy_id, target_id, metric_id, is_current, revision, "
								 "policy, metric, calendar, goal, threshold, due_by, "
								 "CASE WHEN due_by <> 'close' THEN due_by::time END, cutoff, "
								 "alert_at::float8[], resync, resync_at "
								 "FROM sla.promise WHERE relation::oid = $1 ORDER BY id", OIDOID,
								 ObjectIdGetDatum(def->relid));
	def->promises = alloc_array(def, def->npromises, sizeof(Promise *));
	for (int i = 0; i < def->npromises; i++)
	{
		Promise    *promise = alloc_array(def, 1, sizeof(Promise));
		bool		isnull;
		ArrayType  *alert_at = DatumGetArrayTypeP(field(i, 15, &isnull));

		promise->id = int_field(i, 1);
		promise->policy_id = int_field(i, 2);
		promise->target_id = int_field(i, 3);
		promise->metric_id = int_field(i, 4);
		promise->is_current = bool_field(i, 5);
		promise->revision = int64_field(i, 6);
		promise->policy = text_field(i, 7, def->context);
		promise->metric = text_field(i, 8, def->context);
		promise->calendar = text_field(i, 9, def->context);
		promise->goal = varlena_field(i, 10, def->context);
		promise->threshold = varlena_field(i, 11, def->context);
		promise->due_by = text_field(i, 12, def->context);
		promise->nalerts = ArrayGetNItems(ARR_NDIM(alert_at), ARR_DIMS(alert_at));
		promise->alerts = alloc_array(def, promise->nalerts, sizeof(double));
		memcpy(promise->alerts, SLA_ARRAY_DATA(alert_at), promise->nalerts * sizeof(double));
		promise->risk = promise->nalerts > 0 ? promise->alerts[0] : 1;
		if (promise->due_by != NULL && strcmp(promise->due_by, "close") != 0)
			promise->due_time = int64_field(i, 13);
		promise->cutoff = DatumGetTimeADT(field(i, 14, &isnull));
		promise->has_cutoff = !isnull;
		promise->resync = int64_field(i, 16);
		promise->resync_at = int64_field(i, 17);
		promise->hours.constant = true;
		def->promises[i] = promise;
	}
}

static int
find_policy(const Definition *def, int32 id)
{
	for (int i = 0; i < def->npolicies; i++)
		if (def->policies[i].id == id)
			return i;
	return -1;
}

static int
find_metric(const Definition *def, int32 id)
{
	for (int i = 0; i < def->nmetrics; i++)
		if (def->metrics[i].id == id)
			return i;
	return -1;
}

/* Read targets, one for each version of a target and version of its policy. */
static void
read_targets(Definition *def)
{
	int			n = select_rows("SELECT t.id, p.id, m.id, t.valid_from, t.until, "
								"t.goal "
								"FROM (SELECT *, coalesce(lead(valid_from) OVER (PARTITION BY policy, metric ORDER BY valid_from), 'infinity') AS until "
								"FROM sla.target WHERE relation::oid = $1) AS t "
								"JOIN sla.policy AS p ON p.relation = t.relation AND p.name = t.policy "
								"JOIN sla.metric AS m ON m.relation = t.relation AND m.name = t.metric "
								"ORDER BY p.rank, p.name, p.valid_from, m.id, t.valid_from",
								OIDOID, ObjectIdGetDatum(def->relid));

	def->targets = alloc_array(def, n, sizeof(Target));
	for (int i = 0; i < n; i++)
	{
		Target	   *target = &def->targets[def->ntargets];
		int32		policy_id = int_field(i, 2);
		BusinessInterval *goal;

		target->id = int_field(i, 1);
		target->policy = find_policy(def, policy_id);
		target->metric = find_metric(def, int_field(i, 3));
		if (target->policy < 0 || target->metric < 0)
			continue;
		target->from = int64_field(i, 4);
		target->until = int64_field(i, 5);
		goal = varlena_field(i, 6, CurrentMemoryContext);
		target->has_goal = goal != NULL;
		target->has_calendar = goal != NULL && BI_CALENDAR_LEN(goal) > 0;
		target->promises = alloc_array(def, def->npromises, sizeof(Promise *));
		for (int j = 0; j < def->npromises; j++)
			if (def->promises[j]->is_current && def->promises[j]->target_id == target->id &&
				def->promises[j]->policy_id == policy_id &&
				def->promises[j]->metric_id == def->metrics[target->metric].id)
				target->promises[target->npromises++] = def->promises[j];
		def->ntargets++;
	}
}

static void
read_agreements(Definition *def)
{
	/* the parameter is a dummy */
	def->nagreements = select_rows("SELECT id, party, name, valid_from, "
								   "least(coalesce(lead(valid_from) OVER (PARTITION BY party, name ORDER BY valid_from), 'infinity'), "
								   "coalesce(ends_at, 'infinity')), plan, calendar "
								   "FROM sla.agreement WHERE $1 > 0 "
								   "ORDER BY party COLLATE \"C\", name COLLATE \"C\", valid_from",
								   INT4OID, Int32GetDatum(1));
	def->agreements = alloc_array(def, def->nagreements, sizeof(Agreement));
	for (int i = 0; i < def->nagreements; i++)
	{
		Agreement  *agreement = &def->agreements[i];

		agreement->id = int_field(i, 1);
		agreement->party = text_field(i, 2, def->context);
		agreement->name = text_field(i, 3, def->context);
		agreement->from = int64_field(i, 4);
		agreement->until = int64_field(i, 5);
		agreement->plan = text_field(i, 6, def->context);
		agreement->calendar = text_field(i, 7, def->context);
	}
}

static void
read_moved_parties(Definition *def)
{
	/* the parameter is a dummy */
	def->nmoved = select_rows("SELECT m.party, max(m.revision), max(m.edited_at) FROM sla.moved_party AS m WHERE $1 > 0 "
							  "GROUP BY m.party ORDER BY m.party COLLATE \"C\"",
							  INT4OID, Int32GetDatum(1));
	def->moved = alloc_array(def, def->nmoved, sizeof(MovedParty));
	for (int i = 0; i < def->nmoved; i++)
	{
		def->moved[i].party = text_field(i, 1, def->context);
		def->moved[i].revision = int64_field(i, 2);
		def->moved[i].edited_at = int64_field(i, 3);
	}
}

static void
read_exceptions(Definition *def)
{
	def->nexceptions = select_rows("SELECT policy, metric, party, item, labels, extend_by, waive, "
								   "CASE WHEN NOT isempty(during) THEN coalesce(lower(during), '-infinity') END, "
								   "coalesce(upper(during), 'infinity'), rrule "
								   "FROM sla.exception WHERE (relation IS NULL OR relation::oid = $1) "
								   "AND objective IS NULL AND approved_at IS NOT NULL "
								   "ORDER BY id", OIDOID, ObjectIdGetDatum(def->relid));
	def->exceptions = alloc_array(def, def->nexceptions, sizeof(Exception));
	for (int i = 0; i < def->nexceptions; i++)
	{
		Exception  *exception = &def->exceptions[i];
		MemoryContext old;
		bool		isnull;
		Datum		from = field(i, 8, &isnull);

		exception->policy = text_field(i, 1, def->context);
		exception->metric = text_field(i, 2, def->context);
		exception->party = text_field(i, 3, def->context);
		exception->item = text_field(i, 4, def->context);
		exception->labels = varlena_field(i, 5, def->context);
		exception->extend_by = varlena_field(i, 6, def->context);
		exception->waive = bool_field(i, 7);
		if (isnull)
			continue;
		old = MemoryContextSwitchTo(def->context);
		exception->nspans = exception_spans(DatumGetTimestampTz(from), int64_field(i, 9),
											text_field(i, 10, def->context), def->time_zone,
											&exception->spans);
		MemoryContextSwitchTo(old);
	}
}

static ExprContext *
create_econtext(MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	ExprContext *econtext = CreateStandaloneExprContext();

	MemoryContextSwitchTo(old);
	return econtext;
}

/* Read and compile everything; false if the table is not tracked. */
static bool
read_definition(Definition *def)
{
	Fence		fence;
	Relation	rel;
	bool		found;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	found = read_tracked(def);
	if (found)
	{
		rel = owner_watch_open(def->relid);
		def->econtext = create_econtext(def->context);
		def->owner = rel->rd_rel->relowner;
		def->suspended = def->owner != (Oid) int_field(0, 8);
		if (!def->suspended)
		{
			compile_tracked(def, rel);
			read_metrics(def, rel);
			read_policies(def, rel);
			read_promises(def);
			read_targets(def);
			read_agreements(def);
			read_moved_parties(def);
			read_exceptions(def);
		}
		def->whole_row = rule_reads_row(def->columns);
		table_close(rel, NoLock);
	}
	SPI_finish();
	fence_leave(&fence);
	return found;
}

Definition *
definition_of(int32 id)
{
	int64		revision = definition_revision();
	DefinitionSlot *slot;
	Definition *def;
	MemoryContext context;
	uint64		before = generation;
	bool		found;

	if (definitions == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(int32);
		ctl.entrysize = sizeof(DefinitionSlot);
		definitions = hash_create("sla_tracker definitions", 16, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	slot = hash_search(definitions, &id, HASH_ENTER, &found);
	if (!found)
		slot->definition = NULL;
	if (slot->definition != NULL && slot->definition->revision == revision &&
		!slot->definition->busy)
		return slot->definition;

	/*
	 * the old one may still be in use: keep it until the end of the
	 * transaction
	 */
	if (slot->definition != NULL)
	{
		MemoryContextSetParent(slot->definition->context, TopTransactionContext);
		slot->definition = NULL;
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker definition",
									ALLOCSET_DEFAULT_SIZES);
	def = MemoryContextAllocZero(context, sizeof(Definition));
	def->context = context;
	def->id = id;
	if (!read_definition(def))
	{
		MemoryContextDelete(context);
		return NULL;
	}

	/* if something was invalidated meanwhile, use it only this time */
	def->revision = generation == before ? revision : 0;
	MemoryContextSetParent(context, CacheMemoryContext);

	/* reading it may have added other definitions, and moved the slot */
	slot = hash_search(definitions, &id, HASH_ENTER, &found);
	if (found && slot->definition != NULL)
		MemoryContextSetParent(slot->definition->context, TopTransactionContext);
	slot->definition = def;
	return def;
}

Definition *
definition_of_table(Oid relid)
{
	int64		revision = definition_revision();
	int32		id = 0;
	Fence		fence;

	if (definitions != NULL)
	{
		HASH_SEQ_STATUS status;
		DefinitionSlot *slot;

		hash_seq_init(&status, definitions);
		while ((slot = hash_seq_search(&status)) != NULL)
		{
			if (slot->definition != NULL && slot->definition->relid == relid &&
				slot->definition->revision == revision && !slot->definition->busy)
			{
				hash_seq_term(&status);
				return slot->definition;
			}
		}
	}
	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (select_rows("SELECT id FROM sla.tracked WHERE relation::oid = $1", OIDOID,
					ObjectIdGetDatum(relid)) > 0)
		id = int_field(0, 1);
	SPI_finish();
	fence_leave(&fence);
	return id == 0 ? NULL : definition_of(id);
}

Definition *
definition_of_tracked(Oid relid)
{
	Definition *def = definition_of_table(relid);

	if (def == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not tracked", get_rel_name(relid)),
				 errhint("SELECT sla.track('%s').", get_rel_name(relid))));
	return def;
}

Promise *
definition_promise(const Definition *def, int32 id)
{
	int			low = 0;
	int			high = def->npromises;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (def->promises[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < def->npromises && def->promises[low]->id == id ? def->promises[low] : NULL;
}

Promise *
definition_heir(const Definition *def, const Promise *promise)
{
	for (int i = def->npromises - 1; i >= 0; i--)
	{
		Promise    *other = def->promises[i];

		if (other->is_current && other->policy_id == promise->policy_id &&
			other->target_id == promise->target_id && other->metric_id == promise->metric_id &&
			strcmp(other->calendar, promise->calendar) == 0)
			return other;
	}
	return NULL;
}

Promise *
definition_promise_of_target(const Target *target, const Agreement *agreement)
{
	const char *calendar = "";

	if (!target->has_calendar)
	{
		if (agreement != NULL && agreement->calendar != NULL)
			calendar = agreement->calendar;
		else if (target->has_goal)
			return NULL;
	}
	for (int i = 0; i < target->npromises; i++)
		if (strcmp(target->promises[i]->calendar, calendar) == 0)
			return target->promises[i];
	return NULL;
}

const Agreement *
definition_agreement(const Definition *def, const char *party, TimestampTz at, const char *plan)
{
	const Agreement *best = NULL;
	int			low = 0;
	int			high = def->nagreements;

	if (party == NULL)
		return NULL;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (strcmp(def->agreements[middle].party, party) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < def->nagreements && strcmp(def->agreements[low].party, party) == 0; low++)
	{
		const Agreement *agreement = &def->agreements[low];

		if (at < agreement->from || at >= agreement->until ||
			(plan != NULL && (agreement->plan == NULL || strcmp(agreement->plan, plan) != 0)))
			continue;
		if (best == NULL || (best->calendar == NULL && agreement->calendar != NULL))
			best = agreement;
	}
	return best;
}

const Agreement *
definition_agreement_by_id(const Definition *def, int32 id)
{
	for (int i = 0; i < def->nagreements; i++)
		if (def->agreements[i].id == id)
			return &def->agreements[i];
	return NULL;
}

static int
compare_parties(const void *a, const void *b)
{
	return strcmp(((const MovedParty *) a)->party, ((const MovedParty *) b)->party);
}

const MovedParty *
definition_moved_party(const Definition *def, const char *party)
{
	MovedParty	key = {unconstify(char *, party)};

	if (def->nmoved == 0 || party == NULL)
		return NULL;
	return bsearch(&key, def->moved, def->nmoved, sizeof(MovedParty), compare_parties);
}

int64
definition_party_revision(const Definition *def, const char *party)
{
	const MovedParty *moved = definition_moved_party(def, party);

	return moved == NULL ? 0 : moved->revision;
}
