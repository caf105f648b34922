/*-------------------------------------------------------------------------
 *
 * trigger_columns.c
 *	  Choosing the columns for whose updates the row trigger of a tracked table
 *	  fires.
 *
 * An update that sets no column read by an expression does not affect clocks.  It
 * costs almost nothing if the row trigger is an UPDATE OF trigger for the columns
 * that are read.  But such a trigger does not fire if only a BEFORE ROW trigger sets
 * the column.  So if the table, or one below it, has a BEFORE ROW UPDATE trigger, ours
 * fires for every update.
 *
 * The statement triggers fire for all updates.  The server would cancel a column
 * specific one if a foreign key action updates other columns of the table (see
 * cancel_prior_stmt_triggers() in commands/trigger.c).  Also, they make sure that a
 * session has loaded this library before the columns of its triggers can change.
 *
 * The columns are written to pg_trigger like CREATE OR REPLACE TRIGGER would do it,
 * but with a lock that does not conflict with writers, without enabling a disabled
 * trigger, and without a dependency on the columns.  The functions of the expressions
 * have that dependency: if a column is dropped with CASCADE, so are they, and then the
 * trigger fires for every update, until the definitions can be read again.  Triggers
 * that the server creates, for a partition or in a restore, do have the dependency
 * until sla.free_triggers() removes it.  A running statement continues to use the old
 * columns, just as it does with the old definitions; for the next one see track.c.
 *
 * Tables whose columns need not change do not stay locked, and tables below the
 * tracked one that are locked by others are skipped, so that altering one partition
 * does not wait for the alteration of another.  This is safe because only changes of
 * definitions remove columns, and these are serialized by updating sla.revision first.
 * DDL, which may not see uncommitted definitions, only adds columns, at its end.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "parser/parse_func.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "definition.h"
#include "rule_properties.h"

/* A tracked table with those below it, and what their row triggers should fire for. */
typedef struct Family
{
	Oid			root;
	bool		widening;		/* only add columns to the present ones,
								 * without regard to definitions */
	bool		locked;			/* all are locked; if not, lock each while
								 * looking at it */
	List	   *relids;
	const Bitmapset *columns;	/* that expressions read, numbered as in the
								 * root; offset by
								 * FirstLowInvalidHeapAttributeNumber */
	bool		every_update;	/* fire for every update */
	Oid			function;		/* of the row triggers */
} Family;

static Oid
row_function(void)
{
	return LookupFuncName(list_make2(makeString("sla"), makeString("track_row")), 0, NULL, false);
}

static SysScanDesc
begin_triggers(Relation catalog, Oid relid)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	return systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 1, &key);
}

/* Remove the dependencies of a trigger on columns. */
static void
forget_columns(Oid trigger)
{
	deleteDependencyRecordsForClass(TriggerRelationId, trigger, RelationRelationId, DEPENDENCY_NORMAL);
}

/* Open a table of the family; NULL if it is gone, or locked by someone else. */
static Relation
open_member(const Family *family, Oid relid)
{
	Relation	rel;

	if (!family->locked && !ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	rel = RelationIdGetRelation(relid);
	if (rel == NULL && !family->locked)
		UnlockRelationOid(relid, AccessShareLock);
	return rel;
}

static void
close_member(const Family *family, Relation rel)
{
	Oid			relid = RelationGetRelid(rel);

	RelationClose(rel);
	if (!family->locked)
		UnlockRelationOid(relid, AccessShareLock);
}

static bool
has_before_update(const Family *family, Oid relid)
{
	Relation	rel = open_member(family, relid);
	bool		has = rel != NULL && rel->trigdesc != NULL && rel->trigdesc->trig_update_before_row;

	if (rel != NULL)
		close_member(family, rel);
	return has;
}

static Family
family_of(Oid relid, bool widening, const Definition *def, LOCKMODE lockmode)
{
	Family		family = {.root = relid,.widening = widening};
	ListCell   *cell;

	if (lockmode != NoLock)
		LockRelationOid(relid, lockmode);
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid))) /* else it is being
																 * dropped */
		family.relids = find_all_inheritors(relid, lockmode, NULL);
	family.columns = def != NULL ? def->columns : NULL;
	family.every_update = !widening && (bms_is_empty(family.columns) || def->whole_row);
	foreach(cell, family.relids)
		family.every_update = family.every_update || has_before_update(&family, lfirst_oid(cell));
	family.function = row_function();
	return family;
}

/* Add the columns on which generated columns in the set depend. */
static Bitmapset *
add_generating(Bitmapset *columns, Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attgenerated != '\0' &&
			bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, columns))
			columns = rule_columns(columns, (Expr *) build_column_default(rel, i + 1));
	return columns;
}

/*
 * The present columns of a trigger; NULL if one has been dropped, as then the
 * expression that read it is broken.
 */
static Bitmapset *
columns_had(Relation rel, const int2vector *had)
{
	Bitmapset  *columns = NULL;

	for (int i = 0; i < had->dim1; i++)
	{
		if (TupleDescAttr(RelationGetDescr(rel), had->values[i] - 1)->attisdropped)
			return NULL;
		columns = bms_add_member(columns, had->values[i] - FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

/* The columns that expressions read, as numbered in this table. */
static Bitmapset *
columns_read(const Family *family, Relation rel)
{
	Bitmapset  *columns = bms_copy(family->columns);
	Relation	root;

	if (RelationGetRelid(rel) == family->root ||
		(root = open_member(family, family->root)) == NULL)
		return columns;
	columns = rule_map_columns(columns,
							   build_attrmap_by_name_compat(RelationGetDescr(rel), RelationGetDescr(root)));
	close_member(family, root);
	return columns;
}

/*
 * The columns that a trigger should have, which now has the columns "had".  None
 * means every update.
 */
static int2vector *
columns_of(const Family *family, Relation rel, const int2vector *had)
{
	Bitmapset  *columns;
	int16	   *numbers;
	int			n = 0;
	int			i = -1;

	if (family->every_update || (family->widening && had->dim1 == 0))
		return buildint2vector(NULL, 0);
	columns = add_generating(family->widening ? columns_had(rel, had) : columns_read(family, rel), rel);
	numbers = palloc(bms_num_members(columns) * sizeof(int16));
	while ((i = bms_next_member(columns, i)) >= 0)
		if (i + FirstLowInvalidHeapAttributeNumber > 0)
			numbers[n++] = i + FirstLowInvalidHeapAttributeNumber;
	return buildint2vector(numbers, n);
}

static bool
is_same(const int2vector *a, const int2vector *b)
{
	return a->dim1 == b->dim1 && memcmp(a->values, b->values, a->dim1 * sizeof(int16)) == 0;
}

/* Set the columns of a trigger. */
static void
replace_columns(Relation catalog, HeapTuple tuple, const int2vector *columns)
{
	Datum		values[Natts_pg_trigger];
	bool		nulls[Natts_pg_trigger] = {0};
	bool		replaces[Natts_pg_trigger] = {0};

	values[Anum_pg_trigger_tgattr - 1] = PointerGetDatum(columns);
	replaces[Anum_pg_trigger_tgattr - 1] = true;
	CatalogTupleUpdate(catalog, &tuple->t_self,
					   heap_modify_tuple(tuple, RelationGetDescr(catalog), values, nulls, replaces));
	forget_columns(((Form_pg_trigger) GETSTRUCT(tuple))->oid);
}

/*
 * Does the row trigger of a table have the columns that it should have?  If not, set
 * them if "replacing".
 */
static bool
visit_triggers(const Family *family, Oid relid, bool replacing)
{
	Relation	rel = open_member(family, relid);
	Relation	catalog;
	bool		alike = true;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel == NULL)
		return family->locked || family->widening || relid != family->root;
	catalog = table_open(TriggerRelationId, replacing ? RowExclusiveLock : AccessShareLock);
	scan = begin_triggers(catalog, relid);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		int2vector *columns;

		if (form->tgfoid != family->function || !TRIGGER_FOR_UPDATE(form->tgtype))
			continue;
		columns = columns_of(family, rel, &form->tgattr);
		if (is_same(&form->tgattr, columns))
			continue;
		alike = false;
		if (replacing)
			replace_columns(catalog, tuple, columns);
	}
	systable_endscan(scan);
	table_close(catalog, NoLock);
	if (!alike && replacing)
		CacheInvalidateRelcache(rel);
	close_member(family, rel);
	return alike;
}

static bool
visit_family(const Family *family, bool replacing)
{
	bool		alike = true;
	ListCell   *cell;

	foreach(cell, family->relids)
		alike = visit_triggers(family, lfirst_oid(cell), replacing) && alike;
	return alike;
}

typedef struct Reading
{
	Oid			relid;
	const Definition *def;		/* result; NULL if there is none */
} Reading;

static void
read_definition(void *argument)
{
	Reading    *reading = argument;

	reading->def = definition_of_table(reading->relid);
}

/*
 * sla.set_trigger_columns(relation regclass, widening boolean, passing boolean) -> void
 *
 * Make the row triggers of a tracked table fire for updates of the columns that its
 * expressions now read, or for all updates if the definitions are broken or suspended.
 * If the columns have to change, this waits for VACUUM, DDL and other definitions of
 * the table, but not for writers.
 *
 * "widening": only add columns that are now required, without regard to definitions.
 * "passing": skip a table that is locked by others; there cannot be any definitions
 * for it in this transaction.
 */
PG_FUNCTION_INFO_V1(sla_set_trigger_columns);
Datum
sla_set_trigger_columns(PG_FUNCTION_ARGS)
{
	Reading		reading = {.relid = PG_GETARG_OID(0)};
	bool		widening = PG_GETARG_BOOL(1);
	bool		passing = PG_GETARG_BOOL(2);
	Family		family;

	if (passing && !ConditionalLockRelationOid(reading.relid, AccessShareLock))
		PG_RETURN_VOID();
	if (!widening)
		(void) attempt(read_definition, &reading);
	family = family_of(reading.relid, widening, reading.def, NoLock);
	if (!visit_family(&family, false))
	{
		/*
		 * Look again with a lock that conflicts with creating a BEFORE ROW
		 * trigger.
		 */
		family = family_of(reading.relid, widening, reading.def, ShareUpdateExclusiveLock);
		visit_family(&family, true);
		CommandCounterIncrement();
	}
	if (passing)
		UnlockRelationOid(reading.relid, AccessShareLock);
	PG_RETURN_VOID();
}

static void
free_triggers(Oid function, Oid relid)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	SysScanDesc scan = begin_triggers(catalog, relid);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (form->tgfoid == function)
			forget_columns(form->oid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/*
 * sla.free_triggers(relation oid) -> void
 *
 * Remove the dependencies on columns of row triggers that the server has just created
 * for a table and those below it.
 */
PG_FUNCTION_INFO_V1(sla_free_triggers);
Datum
sla_free_triggers(PG_FUNCTION_ARGS)
{
	Oid			function = row_function();
	ListCell   *cell;

	foreach(cell, find_all_inheritors(PG_GETARG_OID(0), NoLock, NULL))
		free_triggers(function, lfirst_oid(cell));
	CommandCounterIncrement();
	PG_RETURN_VOID();
}
