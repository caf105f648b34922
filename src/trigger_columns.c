/*-------------------------------------------------------------------------
 *
 * trigger_columns.c
 *	  For which columns' updates the triggers of a tracked table fire.
 *
 * An update that sets no column that an expression reads changes no clock, and
 * costs nothing when the triggers are for updates OF those that are read.  A
 * BEFORE ROW trigger may set a column that the statement does not, which such a
 * trigger does not see: a table that has one, or below which one is, is followed
 * whatever is updated.
 *
 * The columns are written into pg_trigger as CREATE OR REPLACE TRIGGER would,
 * but under a lock that lets writers pass, and without making a disabled trigger
 * fire again.  A writer who began before goes on with the columns as they were,
 * just as he goes on with the definitions as they were.
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

#include "definition.h"
#include "rules.h"

/* A tracked table, those below it, and what their triggers are to be for. */
typedef struct Family
{
	const Definition *def;
	List	   *relids;
	bool		every_update;
	Oid			row_function;
	Oid			statement_function;
} Family;

static Oid
trigger_function(char *name)
{
	return LookupFuncName(list_make2(makeString("sla"), makeString(name)), 0, NULL, false);
}

static bool
has_before_update(Oid relid)
{
	Relation	rel = table_open(relid, NoLock);
	bool		has = rel->trigdesc != NULL && rel->trigdesc->trig_update_before_row;

	table_close(rel, NoLock);
	return has;
}

static Family
family_of(const Definition *def, LOCKMODE lockmode)
{
	Family		family = {0};
	ListCell   *cell;

	family.def = def;
	family.relids = find_all_inheritors(def->relid, lockmode, NULL);
	family.every_update = def->suspended || def->whole_row || bms_is_empty(def->columns);
	foreach(cell, family.relids)
		family.every_update = family.every_update || has_before_update(lfirst_oid(cell));
	family.row_function = trigger_function("track_row");
	family.statement_function = trigger_function("track_statement");
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
	Bitmapset  *columns = bms_copy(family->def->columns);
	int16	   *numbers;
	int			n = 0;
	int			i = -1;

	if (family->every_update)
		return buildint2vector(NULL, 0);
	if (RelationGetRelid(rel) != family->def->relid)
	{
		Relation	root = table_open(family->def->relid, NoLock);
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

/* A trigger like this one, for updates of these columns. */
static void
replace_columns(Relation catalog, HeapTuple tuple, const int2vector *columns)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	Datum		values[Natts_pg_trigger];
	bool		nulls[Natts_pg_trigger] = {0};
	bool		replaces[Natts_pg_trigger] = {0};
	ObjectAddress trigger;
	ObjectAddress column;

	values[Anum_pg_trigger_tgattr - 1] = PointerGetDatum(columns);
	replaces[Anum_pg_trigger_tgattr - 1] = true;
	CatalogTupleUpdate(catalog, &tuple->t_self,
					   heap_modify_tuple(tuple, RelationGetDescr(catalog), values, nulls, replaces));

	/* (it depends on its columns as CREATE TRIGGER would have it) */
	ObjectAddressSet(trigger, TriggerRelationId, form->oid);
	deleteDependencyRecordsForClass(TriggerRelationId, form->oid, RelationRelationId, DEPENDENCY_NORMAL);
	for (int i = 0; i < columns->dim1; i++)
	{
		ObjectAddressSubSet(column, RelationRelationId, form->tgrelid, columns->values[i]);
		recordDependencyOn(&trigger, &column, DEPENDENCY_NORMAL);
	}
}

/* Have the triggers of a table the columns?  If not, give them these when told to. */
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

		if ((form->tgfoid != family->row_function && form->tgfoid != family->statement_function) ||
			!TRIGGER_FOR_UPDATE(form->tgtype) || is_same(&form->tgattr, columns))
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

/*
 * sla.set_trigger_columns(relation regclass) -> void
 *
 * Makes the triggers of a tracked table fire for updates of what its expressions
 * read by now.  Where that is another than before it waits for VACUUM, DDL and
 * other definitions of the table, but not for writers.
 */
PG_FUNCTION_INFO_V1(sla_set_trigger_columns);
Datum
sla_set_trigger_columns(PG_FUNCTION_ARGS)
{
	const Definition *def = definition_of_table(PG_GETARG_OID(0));
	Family		family;

	if (def == NULL)
		PG_RETURN_VOID();
	family = family_of(def, AccessShareLock);
	if (!visit_family(&family, false))
	{
		/* who has made a BEFORE ROW trigger meanwhile had a lock that conflicts */
		family = family_of(def, ShareUpdateExclusiveLock);
		visit_family(&family, true);
		CommandCounterIncrement();
	}
	PG_RETURN_VOID();
}
