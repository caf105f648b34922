/*-------------------------------------------------------------------------
 *
 * rule_properties.c
 *	  What expressions of definitions read, and what they depend on.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "rule_properties.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_index.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

/*
 * Columns
 */

Bitmapset *
rule_columns(Bitmapset *columns, Expr *expr)
{
	pull_varattnos((Node *) expr, 1, &columns);
	return columns;
}

bool
rule_reads_row(const Bitmapset *columns)
{
	return bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, columns);
}

Bitmapset *
rule_map_columns(const Bitmapset *columns, const AttrMap *map)
{
	Bitmapset  *mapped = NULL;
	int			i = -1;

	while ((i = bms_next_member(columns, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			mapped = bms_add_member(mapped, map->attnums[attnum - 1] - FirstLowInvalidHeapAttributeNumber);
	}
	return mapped;
}

bool
rule_columns_differ(Relation rel, const Bitmapset *columns, TupleTableSlot *old, TupleTableSlot *new)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			i = -1;

	while ((i = bms_next_member(columns, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute att;
		bool		old_null;
		bool		new_null;
		Datum		old_value;
		Datum		new_value;

		if (attnum <= 0)
			continue;
		att = TupleDescAttr(desc, attnum - 1);
		old_value = slot_getattr(old, attnum, &old_null);
		new_value = slot_getattr(new, attnum, &new_null);
		if (old_null != new_null ||
			(!old_null && !datum_image_eq(old_value, new_value, att->attbyval, att->attlen)))
			return true;
	}
	return false;
}

/* Is this a unique index whose columns are all among these? */
static bool
is_covered(HeapTuple tuple, const Bitmapset *columns)
{
	Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
	bool		covered = index->indisunique && index->indimmediate && index->indisvalid &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);

	for (int i = 0; covered && i < index->indnkeyatts; i++)
		covered = index->indkey.values[i] > 0 &&
			bms_is_member(index->indkey.values[i] - FirstLowInvalidHeapAttributeNumber, columns);
	return covered;
}

/* The columns of a unique index that may be null, if nulls are distinct in it. */
static Bitmapset *
distinct_nulls(Relation rel, HeapTuple tuple)
{
	Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
	Bitmapset  *nullable = NULL;

	for (int i = 0; i < index->indnkeyatts && !index->indnullsnotdistinct; i++)
		if (!TupleDescAttr(RelationGetDescr(rel), index->indkey.values[i] - 1)->attnotnull)
			nullable = bms_add_member(nullable, index->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
	return nullable;
}

bool
rule_unique_columns(Relation rel, const Bitmapset *columns, Bitmapset **nullable)
{
	List	   *indexes = RelationGetIndexList(rel);
	bool		found = false;
	ListCell   *cell;

	*nullable = NULL;
	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for index %u", lfirst_oid(cell));
		if (is_covered(tuple, columns) && (!found || *nullable != NULL))
		{
			*nullable = distinct_nulls(rel, tuple);
			found = true;
		}
		ReleaseSysCache(tuple);
	}
	return found;
}

/*
 * Settings, and other things than the row
 */

/*
 * The types whose text and JSON representations do not depend on settings.  For
 * arguments of these types, some functions that are only stable in general do not
 * depend on settings.
 */
static bool
is_plain_type(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UUIDOID:
		case JSONBOID:
		case UNKNOWNOID:
			return true;
		default:
			return false;
	}
}

static bool
makes_json(Oid function)
{
	return function == F_JSONB_BUILD_OBJECT_ANY || function == F_JSONB_BUILD_OBJECT_ ||
		function == F_JSONB_BUILD_ARRAY_ANY || function == F_TO_JSONB;
}

static bool
is_unsettled(Oid function, void *context)
{
	(void) context;
	return function >= FirstNormalObjectId || func_volatile(function) != PROVOLATILE_IMMUTABLE;
}

static bool
wants_settings_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && makes_json(((FuncExpr *) node)->funcid))
	{
		List	   *args = ((FuncExpr *) node)->args;
		ListCell   *cell;

		foreach(cell, args)
		{
			if (!is_plain_type(exprType(lfirst(cell))))
				return true;
		}
		return expression_tree_walker((Node *) args, wants_settings_walker, context);
	}

	/*
	 * The output of intervals and floats depends on settings, although their
	 * output functions are declared immutable.
	 */
	if (IsA(node, CoerceViaIO))
		return !is_plain_type(exprType((Node *) ((CoerceViaIO *) node)->arg)) ||
			!is_plain_type(((CoerceViaIO *) node)->resulttype) ||
			expression_tree_walker(node, wants_settings_walker, context);
	if (check_functions_in_node(node, is_unsettled, NULL))
		return true;
	if (IsA(node, SQLValueFunction) || IsA(node, NextValueExpr))
		return true;
	return expression_tree_walker(node, wants_settings_walker, context);
}

bool
rule_wants_settings(Expr *expr)
{
	return wants_settings_walker((Node *) expr, NULL);
}

/* Is this a stable function that depends on no setting but the time zone? */
static bool
goes_by_time_zone(Oid function)
{
	switch (function)
	{
		case F_TIMESTAMPTZ_TIMESTAMP:
		case F_TIMESTAMPTZ_DATE:
		case F_TIMESTAMP_TIMESTAMPTZ:
		case F_DATE_TIMESTAMPTZ:
		case F_TIME_TIMESTAMPTZ:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
		case F_DATE_PART_TEXT_TIMESTAMPTZ:
		case F_EXTRACT_TEXT_TIMESTAMPTZ:
		case F_TIMESTAMPTZ_PL_INTERVAL:
		case F_TIMESTAMPTZ_MI_INTERVAL:
			return true;
		default:
			return false;
	}
}

/* Replace calls of such functions by their arguments. */
static Node *
lasting_mutator(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, FuncExpr) && goes_by_time_zone(((FuncExpr *) node)->funcid))
		return expression_tree_mutator((Node *) ((FuncExpr *) node)->args, lasting_mutator, context);
	if (IsA(node, OpExpr) && goes_by_time_zone(get_opcode(((OpExpr *) node)->opno)))
		return expression_tree_mutator((Node *) ((OpExpr *) node)->args, lasting_mutator, context);
	return expression_tree_mutator(node, lasting_mutator, context);
}

bool
rule_is_lasting(Expr *expr)
{
	return !contain_mutable_functions(lasting_mutator((Node *) expr, NULL));
}

bool
rule_is_tame(Expr *expr)
{
	return !contain_leaked_vars((Node *) expr) && !rule_wants_settings(expr);
}
