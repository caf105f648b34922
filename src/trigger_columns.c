/*-------------------------------------------------------------------------
 *
 * trigger_columns.c
 *	  For which columns' updates the row trigger of a tracked table fires.
 *
 * An update that sets no column that an expression reads changes no clock, and
 * costs next to nothing when the row trigger is for updates OF those that are
 * read.  A BEFORE ROW trigger may set a column that the statement does not, which
 * such a trigger does not see: a table that has one, or below which one is, is
 * followed whatever is updated.  (Statement triggers are for all: the server
 * forgets one of these when a foreign key's action updates other columns of the
 * table, see cancel_prior_stmt_triggers() in its commands/trigger.c.)
 *
 * The columns are written into pg_trigger as CREATE OR REPLACE TRIGGER would,
 * but under a lock that lets writers pass, without making a disabled trigger
 * fire again, and without depending on the columns, which the functions of the
 * expressions do: a column dropped with all that depends on it leaves the trigger.
 * A writer who began before goes on with the columns as they were, just as he
 * goes on with the definitions as they were.
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
#include "rules.h"

/* A tracked table, those below it, and what their row triggers are to be for. */
typedef struct Family
{
	Oid			root;
	List	   *relids;
	const Bitmapset *columns;	/* of the root, offset */
	bool		every_update;
	Oid			function;		/* of these triggers */
} Family;

static bool
has_before_update(Oid relid)
{
	Relation	rel = table_open(relid, NoLock);
	bool		has = rel->trigdesc != NULL && rel->trigdesc->trig_update_before_row;

	table_close(rel, NoLock);
	return has;
}

static Family
family_of(Oid relid, const Definition *def, LOCKMODE lockmode)
{
	Family		family = {.root = relid};
	ListCell   *cell;

	LockRelationOid(relid, lockmode);
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid))) /* else it is being
																 * dropped */
		family.relids = find_all_inheritors(relid, lockmode, NULL);
	family.columns = def != NULL ? def->columns : NULL;
	family.every_update = bms_is_empty(family.columns) || def->whole_row;
	foreach(cell, family.relids)
		family.every_update = family.every_update || has_before_update(lfirst_oid(cell));
	family.function = LookupFuncName(list_make2(makeString("sla"), makeString("track_row")), 0, NULL, false);
	return family;
}

/* With the columns that generated ones are made of. */
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

/* The columns that are read, as this table numbers them; none for every update. */
static int2vector *
columns_of(const Family *family, Relation rel)
{
	Bitmapset  *columns = bms_copy(family->columns);
	int16	   *numbers;
	int			n = 0;
	int			i = -1;

	if (family->every_update)
		return buildint2vector(NULL, 0);
	if (RelationGetRelid(rel) != family->root)
	{
		Relation	root = table_open(family->root, NoLock);
		AttrMap    *map = build_attrmap_by_name_compat(RelationGetDescr(rel), RelationGetDescr(root));

		columns = rule_map_columns(columns, map);
		table_close(root, NoLock);
	}
	columns = add_generating(columns, rel);
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

/* Makes a trigger one for updates of these columns. */
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
	deleteDependencyRecordsForClass(TriggerRelationId, ((Form_pg_trigger) GETSTRUCT(tuple))->oid,
									RelationRelationId, DEPENDENCY_NORMAL);
}

/* Has the trigger of a table its columns?  If not, and when told to, gives it these. */
static bool
visit_triggers(const Family *family, Oid relid, bool replacing)
{
	Relation	rel = table_open(relid, NoLock);
	int2vector *columns = columns_of(family, rel);
	Relation	catalog = table_open(TriggerRelationId, replacing ? RowExclusiveLock : AccessShareLock);
	bool		alike = true;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (form->tgfoid != family->function || !TRIGGER_FOR_UPDATE(form->tgtype) ||
			is_same(&form->tgattr, columns))
			continue;
		alike = false;
		if (replacing)
			replace_columns(catalog, tuple, columns);
	}
	systable_endscan(scan);
	table_close(catalog, NoLock);
	if (!alike && replacing)
		CacheInvalidateRelcache(rel);
	table_close(rel, NoLock);
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
	const Definition *def;		/* result; NULL when there is none */
} Reading;

static void
read_definition(void *argument)
{
	Reading    *reading = argument;

	reading->def = definition_of_table(reading->relid);
}

/*
 * sla.set_trigger_columns(relation regclass) -> void
 *
 * Makes the row triggers of a tracked table fire for updates of what its
 * expressions read by now; for all when these are broken or suspended.  Where that
 * is another than before it waits for VACUUM, DDL and other definitions of the
 * table, but not for writers.
 */
PG_FUNCTION_INFO_V1(sla_set_trigger_columns);
Datum
sla_set_trigger_columns(PG_FUNCTION_ARGS)
{
	Reading		reading = {.relid = PG_GETARG_OID(0)};
	Family		family;

	(void) attempt(read_definition, &reading);
	family = family_of(reading.relid, reading.def, AccessShareLock);
	if (!visit_family(&family, false))
	{
		/*
		 * who has made a BEFORE ROW trigger meanwhile had a lock that
		 * conflicts
		 */
		family = family_of(reading.relid, reading.def, ShareUpdateExclusiveLock);
		visit_family(&family, true);
		CommandCounterIncrement();
	}
	PG_RETURN_VOID();
}
