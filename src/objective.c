/*-------------------------------------------------------------------------
 *
 * objective.c
 *	  Reading the events of objectives from their relations, or from clocks.
 *
 * The expressions of an objective are SQL functions over the rows of its relation (see
 * rules.c).  They are evaluated by queries that run as the relation's owner, never as
 * the reader, who needs no privileges on the relation to read a report.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "attempt.h"
#include "definition.h"
#include "fence.h"
#include "objective.h"
#include "own_relation.h"
#include "owner_watch.h"
#include "rollup.h"
#include "rule_properties.h"
#include "rules.h"

/* A plan of an objective, which is kept until the text of the query changes. */
typedef struct KeptQuery
{
	char	   *text;			/* NULL if there is no plan yet */
	SPIPlanPtr	plan;
} KeptQuery;

/* Cache entry: what is needed of an objective's definition to read its events. */
typedef struct Objective
{
	int32		id;				/* key */
	int64		revision;		/* of all definitions, when it was read */
	MemoryContext context;
	char	   *name;
	Oid			relid;
	char	   *time_zone;
	bool		of_clocks;		/* it is over clocks, not a relation */
	bool		by_rows;		/* each row is an event at some instant */
	bool		has_total;
	bool		has_value;
	bool		has_group;
	bool		has_end;
	Oid			confirmed_by;
	Datum		at_most;
	Datum		at_least;
	bool		no_at_most;
	bool		no_at_least;
	Datum		promises;		/* over clocks: the promises that count,
								 * integer[] */
	Datum		party;			/* only clocks of this one; 0 for all */
	Datum		label;			/* group by the values of this; 0 for none */
	KeptQuery	pieces;
	KeptQuery	rows;
	bool		is_reading;		/* one of these plans is being executed */
	bool		is_gone;		/* free the plans after that */
} Objective;

typedef struct ObjectiveSlot
{
	int32		id;
	Objective  *objective;
} ObjectiveSlot;

static HTAB *objectives = NULL; /* by id: ObjectiveSlot */

/* Copy a varlena value into the current memory context; 0 for null. */
static Datum
copy_field(HeapTuple row, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, desc, column, &isnull);

	return isnull ? (Datum) 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

static void
read_objective(Objective *objective)
{
	MemoryContext old;
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(objective->id);
	TupleDesc	desc;
	HeapTuple	row;
	Fence		fence;
	bool		isnull;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("SELECT o.name, o.relation::oid, o.time_zone, o.total_when IS NOT NULL, o.value IS NOT NULL, "
							  "o.group_by IS NOT NULL, o.outage_to IS NOT NULL, o.at_most, o.at_least, o.confirmed_by::oid, "
							  "o.kind IN ('event', 'value', 'slice'), o.kind = 'clock', o.party, o.group_by, "
							  "ARRAY(SELECT p.promise_id FROM sla.objective_promise AS p WHERE p.objective = o.id) "
							  "FROM sla.objective AS o WHERE o.id = $1",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.objective");
	if (SPI_processed != 1)
		elog(ERROR, "objective %d does not exist", objective->id);
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	old = MemoryContextSwitchTo(objective->context);
	objective->name = TextDatumGetCString(SPI_getbinval(row, desc, 1, &isnull));
	objective->relid = DatumGetObjectId(SPI_getbinval(row, desc, 2, &isnull));
	objective->time_zone = TextDatumGetCString(SPI_getbinval(row, desc, 3, &isnull));
	objective->has_total = DatumGetBool(SPI_getbinval(row, desc, 4, &isnull));
	objective->has_value = DatumGetBool(SPI_getbinval(row, desc, 5, &isnull));
	objective->has_group = DatumGetBool(SPI_getbinval(row, desc, 6, &isnull));
	objective->has_end = DatumGetBool(SPI_getbinval(row, desc, 7, &isnull));
	objective->confirmed_by = DatumGetObjectId(SPI_getbinval(row, desc, 10, &isnull));
	objective->by_rows = DatumGetBool(SPI_getbinval(row, desc, 11, &isnull));
	objective->of_clocks = DatumGetBool(SPI_getbinval(row, desc, 12, &isnull));
	objective->party = copy_field(row, desc, 13);
	objective->label = copy_field(row, desc, 14);
	objective->promises = copy_field(row, desc, 15);
	objective->at_most = SPI_getbinval(row, desc, 8, &objective->no_at_most);
	objective->at_least = SPI_getbinval(row, desc, 9, &objective->no_at_least);
	if (!objective->no_at_most)
		objective->at_most = Float8GetDatum(DatumGetFloat8(objective->at_most));
	if (!objective->no_at_least)
		objective->at_least = Float8GetDatum(DatumGetFloat8(objective->at_least));
	MemoryContextSwitchTo(old);
	SPI_finish();
	fence_leave(&fence);
}

static void
free_query(KeptQuery *query)
{
	if (query->plan != NULL)
		SPI_freeplan(query->plan);
	query->plan = NULL;
	query->text = NULL;
}

static void
free_queries(Objective *objective)
{
	free_query(&objective->pieces);
	free_query(&objective->rows);
}

/* Discard a cache entry, which may still be in use until the end of the transaction. */
static void
let_go(Objective *objective)
{
	MemoryContextSetParent(objective->context, TopTransactionContext);
	if (objective->is_reading)
		objective->is_gone = true;
	else
		free_queries(objective);
}

/*
 * Get an objective as the active snapshot sees it.  The pointer is valid until the end of
 * the transaction.
 */
static Objective *
objective_of(int32 id)
{
	int64		revision = definition_revision();
	ObjectiveSlot *slot;
	Objective  *objective;
	MemoryContext context;
	bool		found;

	if (objectives == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(int32);
		ctl.entrysize = sizeof(ObjectiveSlot);
		objectives = hash_create("sla_tracker objectives", 16, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	slot = hash_search(objectives, &id, HASH_FIND, NULL);
	if (slot != NULL && slot->objective->revision == revision)
		return slot->objective;
	context = AllocSetContextCreate(TopTransactionContext, "sla_tracker objective", ALLOCSET_SMALL_SIZES);
	objective = MemoryContextAllocZero(context, sizeof(Objective));
	objective->id = id;
	objective->context = context;
	objective->revision = revision;
	read_objective(objective);
	slot = hash_search(objectives, &id, HASH_ENTER, &found);
	if (found)
		let_go(slot->objective);
	slot->objective = objective;
	MemoryContextSetParent(context, CacheMemoryContext);
	return objective;
}

static void
reading_error_callback(void *arg)
{
	errcontext("objective \"%s\"", ((Objective *) arg)->name);
}

/* SQL for an expression of the objective, for the row r. */
static char *
expression(const Objective *objective, const char *column)
{
	return psprintf("sla.\"objective_%d_%s\"(r.*)", objective->id, column);
}

static char *
group_expression(const Objective *objective)
{
	return objective->has_group ? psprintf("coalesce(%s, '')", expression(objective, "group_by")) : "''::text";
}

static bool
is_suspended(const Objective *objective, Relation rel)
{
	return rel->rd_rel->relowner != objective->confirmed_by;
}

/* Open the relation of an objective; an error if its present owner has not confirmed it. */
static Relation
open_relation(const Objective *objective)
{
	Relation	rel = owner_watch_open(objective->relid);

	if (is_suspended(objective, rel))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("objective \"%s\" is suspended", objective->name),
				 errdetail("It was defined by another owner of \"%s\".", RelationGetRelationName(rel)),
				 errhint("The new owner confirms it with UPDATE sla.objective SET name = name WHERE name = %s.",
						 quote_literal_cstr(objective->name))));
	return rel;
}

static char *
qualified_name(Relation rel)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
									  RelationGetRelationName(rel));
}

/* Run a query as a role, and return its rows as the result of the SQL function. */
static void
return_query(FunctionCallInfo fcinfo, const Objective *objective, Oid role, const char *query,
			 int nargs, Oid *types, Datum *values, const char *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext context = CurrentMemoryContext;
	Fence		fence;

	fence_enter_no_rls(&fence, role);
	fence_settings(objective->time_zone);
	SPI_connect();
	PG_TRY();
	{
		if (SPI_execute_with_args(query, nargs, types, values, nulls, true, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not read the relation of an objective");
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		rethrow_tamed();
	}
	PG_END_TRY();
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	fence_leave(&fence);
}

/*
 * A query for the events in [from, to): group, instant, and whether it is good.  $3 and
 * $4 are the upper and lower bound of a value; NaN is not within bounds.
 */
static char *
events_query(const Objective *objective, Relation rel, const char *from, const char *to)
{
	char	   *at = expression(objective, "at");
	char	   *value = objective->has_value ? expression(objective, "value") : NULL;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s AS grp, %s AS at, %s AS good FROM %s AS r WHERE %s >= %s AND %s < %s",
					 group_expression(objective), at,
					 value != NULL ?
					 psprintf("%s <= coalesce($3, 'Infinity') AND ($4 IS NULL OR %s >= $4)", value, value) :
					 expression(objective, "good_when"),
					 qualified_name(rel), at, from, at, to);
	if (objective->has_total)
		appendStringInfo(&query, " AND %s", expression(objective, "total_when"));
	if (value != NULL)
		appendStringInfo(&query, " AND %s IS NOT NULL", value);
	return query.data;
}

/* The parameters of such queries, and the edges. */
#define EVENT_ARGUMENTS 5
static const Oid event_types[EVENT_ARGUMENTS] = {TIMESTAMPTZOID, TIMESTAMPTZOID, FLOAT8OID, FLOAT8OID, TIMESTAMPTZARRAYOID};

static void
event_arguments(const Objective *objective, Datum from, Datum to, Datum *values, char *nulls)
{
	memset(nulls, ' ', EVENT_ARGUMENTS);
	values[0] = from;
	values[1] = to;
	values[2] = objective->at_most;
	values[3] = objective->at_least;
	nulls[2] = objective->no_at_most ? 'n' : ' ';
	nulls[3] = objective->no_at_least ? 'n' : ' ';
	nulls[EVENT_ARGUMENTS] = '\0';
}

static Datum
edges_datum(const TimestampTz *edges, int n)
{
	Datum	   *values = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = TimestampTzGetDatum(edges[i]);
	return PointerGetDatum(construct_array(values, n, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/* Add the rows of a query to a tally: group, number of the interval, total, good. */
static void
add_rows(Tally *tally)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		tally_add(tally, TextDatumGetCString(SPI_getbinval(row, desc, 1, &isnull)),
				  DatumGetInt32(SPI_getbinval(row, desc, 2, &isnull)) - 1,
				  DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull)),
				  DatumGetInt64(SPI_getbinval(row, desc, 4, &isnull)));
	}
}

/* Count all intervals by one scan of the relation. */
static void
count_facts(const Objective *objective, Relation rel, Tally *tally)
{
	int			n = tally->nedges;
	Datum		values[EVENT_ARGUMENTS];
	char		nulls[EVENT_ARGUMENTS + 1];
	char	   *query = psprintf("SELECT e.grp, width_bucket(e.at, $5), count(*), count(*) FILTER (WHERE e.good) "
								 "FROM (%s) AS e GROUP BY 1, 2", events_query(objective, rel, "$1", "$2"));
	Fence		fence;

	event_arguments(objective, TimestampTzGetDatum(tally->edges[0]), TimestampTzGetDatum(tally->edges[n - 1]), values, nulls);
	values[4] = edges_datum(tally->edges, n);
	fence_enter_no_rls(&fence, rel->rd_rel->relowner);
	fence_settings(objective->time_zone);
	SPI_connect();
	if (SPI_execute_with_args(query, EVENT_ARGUMENTS, (Oid *) event_types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the relation of an objective");
	add_rows(tally);
	SPI_finish();
	fence_leave(&fence);
}

/*
 * Counting pieces of buckets, which rollup_counts() leaves to the caller
 */

/* Parameters of queries on pieces: arrays of their starts and ends, and the bounds. */
#define PIECES_ARGUMENTS	4
static const Oid pieces_types[PIECES_ARGUMENTS] = {TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, FLOAT8OID, FLOAT8OID};

static SPIPlanPtr
plan_of(Objective *objective, KeptQuery *kept, const char *query)
{
	if (kept->plan != NULL && strcmp(kept->text, query) == 0)
		return kept->plan;
	free_query(kept);
	kept->text = MemoryContextStrdup(objective->context, query);
	kept->plan = SPI_prepare_cursor(query, PIECES_ARGUMENTS, (Oid *) pieces_types, CURSOR_OPT_GENERIC_PLAN);
	if (kept->plan == NULL || SPI_keepplan(kept->plan) != 0)
		elog(ERROR, "could not prepare the reading of an objective");
	return kept->plan;
}

/*
 * Run a query on pieces as the relation's owner, and call a function that processes the
 * rows in SPI_tuptable, which are at most "max" unless that is 0.  The owner's
 * expressions may do anything, including changing the objective whose plan is running,
 * so protect the plan.
 */
static void
read_pieces(Objective *objective, Relation rel, KeptQuery *kept, const char *query, long max,
			const CoverPart *pieces, int n, void (*use) (void *argument), void *argument)
{
	TimestampTz *from = palloc(n * sizeof(TimestampTz));
	TimestampTz *to = palloc(n * sizeof(TimestampTz));
	Datum		values[EVENT_ARGUMENTS];
	char		nulls[EVENT_ARGUMENTS + 1];
	SPIPlanPtr	plan;
	Fence		fence;

	for (int i = 0; i < n; i++)
	{
		from[i] = pieces[i].from;
		to[i] = pieces[i].to;
	}
	event_arguments(objective, edges_datum(from, n), edges_datum(to, n), values, nulls);
	fence_enter_no_rls(&fence, rel->rd_rel->relowner);
	fence_settings(objective->time_zone);
	fence_no_jit();
	SPI_connect();
	plan = plan_of(objective, kept, query);
	objective->is_reading = true;
	PG_TRY();
	{
		if (SPI_execute_plan(plan, values, nulls, true, max) != SPI_OK_SELECT)
			elog(ERROR, "could not read the relation of an objective");
		use(argument);
	}
	PG_FINALLY();
	{
		objective->is_reading = false;
		if (objective->is_gone)
			free_queries(objective);
	}
	PG_END_TRY();
	SPI_finish();
	fence_leave(&fence);
}

typedef struct PiecesTask
{
	Relation	rel;
	Tally	   *tally;
	const CoverPart *pieces;
	PieceCounts *counts;		/* of the statement, or NULL */
	const RollupPass *pass;
} PiecesTask;

/* Add the rows of a query to a tally: group, total, good, number of the piece. */
static void
add_pieces(void *argument)
{
	PiecesTask *task = argument;
	int64		rows = 0;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		char	   *grp = TextDatumGetCString(SPI_getbinval(row, desc, 1, &isnull));
		int64		total = DatumGetInt64(SPI_getbinval(row, desc, 2, &isnull));
		int64		good = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull));
		const CoverPart *piece = &task->pieces[DatumGetInt64(SPI_getbinval(row, desc, 4, &isnull)) - 1];

		tally_add_part(task->tally, grp, piece, total, good);
		rows += total;
	}
	if (task->counts != NULL)
		piece_counts_told(task->counts, rows);
}

/* A query that counts the events of an objective in pieces. */
static char *
pieces_query(const Objective *objective, Relation rel)
{
	return psprintf("SELECT c.*, p.n FROM unnest($1, $2) WITH ORDINALITY AS p (f, t, n), "
					"LATERAL (SELECT %s, count(*), count(*) FILTER (WHERE e.good) FROM (%s) AS e%s) AS c",
					objective->has_group ? "e.grp" : "''", events_query(objective, rel, "p.f", "p.t"),
					objective->has_group ? " GROUP BY 1" : "");
}

/*
 * A query for the rows in pieces.  It has the columns that expressions read, and NULL for
 * other columns before them.  LATERAL with OFFSET 0 makes it use the index: for a join
 * with unknown bounds the planner would expect a ninth of the table.
 */
static char *
rows_query(const Objective *objective, Relation rel, const Bitmapset *columns)
{
	char	   *at = expression(objective, "at");
	StringInfoData query;
	int			last = 0;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT e.* FROM unnest($1, $2) AS p (f, t), LATERAL (SELECT ");
	for (int member = -1; (member = bms_next_member(columns, member)) >= 0;)
	{
		int			column = member + FirstLowInvalidHeapAttributeNumber;

		while (last < column - 1)
			appendStringInfo(&query, "%sNULL", last++ == 0 ? "" : ", ");
		appendStringInfo(&query, "%sr.%s", last++ == 0 ? "" : ", ",
						 quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(rel), column - 1)->attname)));
	}
	appendStringInfo(&query, " FROM %s AS r WHERE %s >= p.f AND %s < p.t OFFSET 0) AS e",
					 qualified_name(rel), at, at);
	return query.data;
}

static void
add_piece_rows(void *argument)
{
	PiecesTask *task = argument;

	piece_counts_rows(task->counts, task->rel, task->pass);
}

/*
 * Count the pieces for all objectives that can be counted together with this one, if that
 * is worthwhile.
 */
static void
count_together(Objective *objective, PiecesTask *task, int n)
{
	task->pass = rollup_pass(task->rel, objective->id);
	if (task->pass != NULL && piece_counts_is_worth(task->counts, task->pass))
		read_pieces(objective, task->rel, &objective->rows, rows_query(objective, task->rel, task->pass->columns),
					PIECE_COUNTS_MAX / task->pass->n + 1, task->pieces, n, add_piece_rows, task);
}

/* Count the pieces, unless the statement has already done so. */
static void
count_pieces(Objective *objective, Relation rel, Tally *tally, const CoverPart *pieces, int n, PieceCounts *counts)
{
	PiecesTask	task = {rel, tally, pieces, counts, NULL};

	if (n == 0)
		return;
	if (counts != NULL && piece_counts_again(counts, rel, pieces, n))
	{
		if (piece_counts_add(counts, objective->id, tally, pieces))
			return;
		count_together(objective, &task, n);
		if (piece_counts_add(counts, objective->id, tally, pieces))
			return;
	}
	read_pieces(objective, rel, &objective->pieces, pieces_query(objective, rel), 0, pieces, n, add_pieces, &task);
}

/* Return a tally as rows. */
static void
return_tally(ReturnSetInfo *result, Tally *tally)
{
	void	   *cursor = NULL;
	TallyGroup *group;
	Datum		values[4];
	bool		nulls[4] = {false};

	while ((group = tally_next(tally, &cursor)) != NULL)
	{
		values[0] = CStringGetTextDatum(group->grp);
		for (int i = 0; i < tally->nedges - 1; i++)
		{
			if (group->total[i] == 0)
				continue;
			values[1] = Int32GetDatum(i + 1);
			values[2] = Int64GetDatum(group->total[i]);
			values[3] = Int64GetDatum(group->good[i]);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
}

static TimestampTz *
edges_of(ArrayType *array, int *n)
{
	Datum	   *bounds;
	bool	   *nulls;
	TimestampTz *edges;

	deconstruct_array(array, TIMESTAMPTZOID, sizeof(TimestampTz), true, TYPALIGN_DOUBLE, &bounds, &nulls, n);
	if (*n < 2)
		elog(ERROR, "an objective is counted between two edges at least");
	edges = palloc(*n * sizeof(TimestampTz));
	for (int i = 0; i < *n; i++)
		edges[i] = DatumGetTimestampTz(bounds[i]);
	return edges;
}

/*
 * Clocks
 *
 * Finished clocks are in the rollup; open ones that are late are found by an index.
 */

#define CLOCK_ARGUMENTS 5
static const Oid clock_types[CLOCK_ARGUMENTS] = {INT4ARRAYOID, TEXTOID, TEXTOID, TIMESTAMPTZARRAYOID, BOOLOID};

/* Count finished clocks or, if "open", those that are late, by the edges of a tally. */
static void
count_clocks(const Objective *objective, Tally *tally, bool open)
{
	static SPIPlanPtr plan = NULL;
	Datum		values[] = {objective->promises, objective->party, objective->label,
	edges_datum(tally->edges, tally->nedges), BoolGetDatum(open)};
	char		nulls[] = {' ', objective->party == 0 ? 'n' : ' ', objective->label == 0 ? 'n' : ' ', ' ', ' ', '\0'};
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (plan == NULL)
	{
		SPIPlanPtr	new = SPI_prepare("SELECT c.grp, c.bucket, c.total, c.good FROM sla.clock_counts($1, $2, $3, $4, $5) AS c",
									  CLOCK_ARGUMENTS, (Oid *) clock_types);

		if (new == NULL || SPI_keepplan(new) != 0)
			elog(ERROR, "could not prepare the reading of clocks");
		plan = new;
	}
	if (SPI_execute_plan(plan, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read clocks");
	add_rows(tally);
	SPI_finish();
	fence_leave(&fence);
}

/* Count the finished clocks in pieces of buckets. */
static void
count_clock_pieces(const Objective *objective, Tally *tally, const CoverPart *pieces, int n)
{
	for (int i = 0; i < n; i++)
	{
		TimestampTz edges[] = {pieces[i].from, pieces[i].to};
		Tally		piece;
		TallyGroup *group;
		void	   *cursor = NULL;

		tally_init(&piece, edges, lengthof(edges));
		count_clocks(objective, &piece, false);
		while ((group = tally_next(&piece, &cursor)) != NULL)
			tally_add_part(tally, group->grp, &pieces[i], group->total[0], group->good[0]);
	}
}

static Relation
open_clocks(void)
{
	return table_open(own_relation(OWN_CLOCK_STATE), AccessShareLock);
}

static void
count_all_clocks(const Objective *objective, Tally *tally, bool by_rollup)
{
	Relation	rel = open_clocks();
	CoverPart  *pieces;
	int			npieces;

	if (by_rollup && rollup_counts(rel, ROLLUP_OF_CLOCKS, objective->id, tally, &pieces, &npieces) == NULL)
		count_clock_pieces(objective, tally, pieces, npieces);
	else
	{
		tally_init(tally, tally->edges, tally->nedges);
		count_clocks(objective, tally, false);
	}
	count_clocks(objective, tally, true);
	table_close(rel, NoLock);
}

/* Count the events of an objective over a relation. */
static void
count_all_rows(Objective *objective, Tally *tally, bool by_rollup, PieceCounts *counts)
{
	Relation	rel = open_relation(objective);
	CoverPart  *pieces;
	int			npieces;

	if (by_rollup && objective->by_rows && !objective->is_reading &&
		rollup_counts(rel, ROLLUP_OF_TABLE, objective->id, tally, &pieces, &npieces) == NULL)
		count_pieces(objective, rel, tally, pieces, npieces, counts);
	else
	{
		tally_init(tally, tally->edges, tally->nedges);
		count_facts(objective, rel, tally);
	}
	relation_close(rel, NoLock);
}

void
objective_count(int32 id, Tally *tally, bool by_rollup, PieceCounts *counts)
{
	Objective  *objective = objective_of(id);
	ErrorContextCallback callback = {error_context_stack, reading_error_callback, objective};

	error_context_stack = &callback;
	if (objective->of_clocks)
		count_all_clocks(objective, tally, by_rollup);
	else
		count_all_rows(objective, tally, by_rollup, counts);
	error_context_stack = callback.previous;
}

/*
 * For an objective over the clocks of all parties, count those of one party.  The rollup
 * cannot be used, as it does not distinguish parties.
 */
static void
count_of_party(int32 id, Datum party, Tally *tally)
{
	Objective	objective = *objective_of(id);

	objective.party = party;
	count_all_clocks(&objective, tally, false);
}

static bool
is_of_all(int32 id)
{
	const Objective *objective = objective_of(id);

	return objective->of_clocks && objective->party == 0;
}

/*
 * sla.objective_counts(objective, edges, party) -> setof (grp, bucket, total, good)
 *
 * Count events between each two consecutive edges, which are sorted: by the rollup if
 * there is one, else by one scan.  If a party is given and the objective is over the
 * clocks of all parties, count only those of that party.
 */
PG_FUNCTION_INFO_V1(sla_objective_counts);
Datum
sla_objective_counts(PG_FUNCTION_ARGS)
{
	int32		id;
	int			n;
	TimestampTz *edges;
	Tally		tally;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		elog(ERROR, "an objective is counted between edges");
	id = PG_GETARG_INT32(0);
	edges = edges_of(PG_GETARG_ARRAYTYPE_P(1), &n);
	InitMaterializedSRF(fcinfo, 0);
	tally_init(&tally, edges, n);
	if (!PG_ARGISNULL(2) && is_of_all(id))
		count_of_party(id, PG_GETARG_DATUM(2), &tally);
	else
		objective_count(id, &tally, true, NULL);
	return_tally((ReturnSetInfo *) fcinfo->resultinfo, &tally);
	return (Datum) 0;
}

/*
 * sla.objective_facts(objective, edges) -> setof (grp, bucket, total, good)
 *
 * The same without using the rollup.
 */
PG_FUNCTION_INFO_V1(sla_objective_facts);
Datum
sla_objective_facts(PG_FUNCTION_ARGS)
{
	int			n;
	TimestampTz *edges = edges_of(PG_GETARG_ARRAYTYPE_P(1), &n);
	Tally		tally;

	InitMaterializedSRF(fcinfo, 0);
	tally_init(&tally, edges, n);
	objective_count(PG_GETARG_INT32(0), &tally, false, NULL);
	return_tally((ReturnSetInfo *) fcinfo->resultinfo, &tally);
	return (Datum) 0;
}

/* Return all finished clocks, counted by the finest buckets of a rollup. */
static void
return_clock_buckets(FunctionCallInfo fcinfo, const Objective *objective)
{
	Datum		values[] = {objective->promises, objective->party, objective->label};
	char		nulls[] = {' ', objective->party == 0 ? 'n' : ' ', objective->label == 0 ? 'n' : ' ', '\0'};

	return_query(fcinfo, objective, fence_extension_owner(), "SELECT * FROM sla.clock_buckets($1, $2, $3)",
				 lengthof(values), (Oid *) clock_types, values, nulls);
}

/* Return all events of a relation, counted by the finest buckets of a rollup. */
static void
return_event_buckets(FunctionCallInfo fcinfo, const Objective *objective)
{
	Datum		values[EVENT_ARGUMENTS];
	char		nulls[EVENT_ARGUMENTS + 1];
	Relation	rel = open_relation(objective);

	event_arguments(objective, TimestampTzGetDatum(MIN_TIMESTAMP), TimestampTzGetDatum(DT_NOEND), values, nulls);
	return_query(fcinfo, objective, rel->rd_rel->relowner,
				 psprintf("SELECT e.grp, date_bin('5 minutes', e.at, '2000-01-01 00:00+00'), count(*), "
						  "count(*) FILTER (WHERE e.good) FROM (%s) AS e GROUP BY 1, 2", events_query(objective, rel, "$1", "$2")),
				 EVENT_ARGUMENTS - 1, (Oid *) event_types, values, nulls);
	relation_close(rel, NoLock);
}

/*
 * sla.objective_buckets(objective) -> setof (grp, bucket, total, good)
 *
 * The contents that the objective's rollup should have, by its finest buckets.
 */
PG_FUNCTION_INFO_V1(sla_objective_buckets);
Datum
sla_objective_buckets(PG_FUNCTION_ARGS)
{
	Objective  *objective = objective_of(PG_GETARG_INT32(0));
	ErrorContextCallback callback = {error_context_stack, reading_error_callback, objective};

	InitMaterializedSRF(fcinfo, 0);
	error_context_stack = &callback;
	if (objective->of_clocks)
		return_clock_buckets(fcinfo, objective);
	else
		return_event_buckets(fcinfo, objective);
	error_context_stack = callback.previous;
	return (Datum) 0;
}

/*
 * sla.objective_outages(objective, from, to) -> setof (grp, from_at, to_at)
 *
 * Outages that began before "to", clipped to [from, to).  An outage that ended before
 * "from" is returned only because of its group; it ends before it begins.  Rows that do
 * so in the relation are no outages, and are ignored.
 */
PG_FUNCTION_INFO_V1(sla_objective_outages);
Datum
sla_objective_outages(PG_FUNCTION_ARGS)
{
	Objective  *objective = objective_of(PG_GETARG_INT32(0));
	ErrorContextCallback callback = {error_context_stack, reading_error_callback, objective};
	Oid			types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[] = {PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
	char	   *end = objective->has_end ? expression(objective, "outage_to") : "NULL::timestamptz";
	StringInfoData condition;
	Relation	rel;

	InitMaterializedSRF(fcinfo, 0);
	error_context_stack = &callback;
	rel = open_relation(objective);
	initStringInfo(&condition);
	appendStringInfo(&condition, "%s < $2", expression(objective, "outage_from"));
	appendStringInfo(&condition, " AND coalesce(%s >= %s, true)", end, expression(objective, "outage_from"));
	if (objective->has_total)
		appendStringInfo(&condition, " AND %s", expression(objective, "total_when"));
	if (!objective->has_group)
		appendStringInfo(&condition, " AND coalesce(%s > $1, true)", end);
	return_query(fcinfo, objective, rel->rd_rel->relowner,
				 psprintf("SELECT e.grp, greatest(e.from_at, $1), least(e.to_at, $2) "
						  "FROM (SELECT %s AS grp, %s AS from_at, %s AS to_at FROM %s AS r WHERE %s) AS e",
						  group_expression(objective), expression(objective, "outage_from"), end,
						  qualified_name(rel), condition.data),
				 lengthof(types), types, values, NULL);
	relation_close(rel, NoLock);
	error_context_stack = callback.previous;
	return (Datum) 0;
}

/*
 * The state of rollups
 */

/* Arguments and result of find_problem() */
typedef struct RollupProblem
{
	const Objective *objective;
	const char *problem;
} RollupProblem;

static void
find_problem(void *argument)
{
	RollupProblem *asked = argument;
	const Objective *objective = asked->objective;
	Relation	rel = objective->of_clocks ? open_clocks() : owner_watch_open(objective->relid);
	const char *problem;

	if (objective->of_clocks)
		problem = rollup_problem(rel, ROLLUP_OF_CLOCKS, objective->id);
	else if (is_suspended(objective, rel))
		problem = "the objective is suspended";
	else
		problem = objective->by_rows ? rollup_problem(rel, ROLLUP_OF_TABLE, objective->id) : "it is not of events";
	relation_close(rel, NoLock);
	asked->problem = problem;
}

/* sla.rollup_problem(objective) -> text: why its rollup is not used, or NULL */
PG_FUNCTION_INFO_V1(sla_rollup_problem);
Datum
sla_rollup_problem(PG_FUNCTION_ARGS)
{
	RollupProblem asked = {objective_of(PG_GETARG_INT32(0)), NULL};
	int			sqlstate = attempt(find_problem, &asked);

	if (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE)
		asked.problem = "the table is locked";
	else if (sqlstate != 0)
		asked.problem = psprintf("an error of SQLSTATE %s", unpack_sql_state(sqlstate));
	if (asked.problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(asked.problem));
}

/*
 * Why an objective over a relation can have no rollup or, if "is_now", why none can be
 * built at present; or NULL.
 */
static const char *
obstacle_of_rows(const Objective *objective, Relation rel, bool is_now)
{
	static const char *const columns[] = {"at", "total_when", "good_when", "value", "group_by"};
	const char *obstacle = NULL;
	Fence		fence;

	if (is_suspended(objective, rel))
		return "the objective is suspended";
	if (!objective->by_rows)
		return "it is not of events";
	if (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return "it is not over a table";
	if (is_now)
		obstacle = rollup_obstacle(rel, ROLLUP_OF_TABLE, objective->id);
	fence_enter(&fence, rel->rd_rel->relowner);
	for (size_t i = 0; i < lengthof(columns) && obstacle == NULL; i++)
		if (rule_exists(rel->rd_rel->reltype, "objective", objective->id, columns[i]) &&
			!rule_is_lasting(rule_expression(rel, "objective", objective->id, columns[i])))
			obstacle = psprintf("%s is not the same at all times", columns[i]);
	fence_leave(&fence);
	return obstacle;
}

/*
 * sla.rollup_obstacle(objective, is_now) -> text
 *
 * Why an objective can have no rollup or, if "is_now", why none can be built at present;
 * or NULL.
 */
PG_FUNCTION_INFO_V1(sla_rollup_obstacle);
Datum
sla_rollup_obstacle(PG_FUNCTION_ARGS)
{
	Objective  *objective = objective_of(PG_GETARG_INT32(0));
	bool		is_now = PG_GETARG_BOOL(1);
	Relation	rel = objective->of_clocks ? open_clocks() : owner_watch_open(objective->relid);
	const char *obstacle;

	if (!objective->of_clocks)
		obstacle = obstacle_of_rows(objective, rel, is_now);
	else
		obstacle = is_now ? rollup_obstacle(rel, ROLLUP_OF_CLOCKS, objective->id) : NULL;
	relation_close(rel, NoLock);
	if (obstacle == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(obstacle));
}
