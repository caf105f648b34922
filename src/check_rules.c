/*-------------------------------------------------------------------------
 *
 * check_rules.c
 *	  The trigger of the definition tables that keeps the functions of expressions.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/relcache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "fence.h"
#include "rule_properties.h"

/* The columns of definition tables that contain expressions, and their types. */
typedef struct RuleColumn
{
	const char *definition;
	const char *column;
	Oid			type;
} RuleColumn;

static const RuleColumn rule_columns_of[] = {
	{"tracked", "item", TEXTOID},
	{"tracked", "at", TIMESTAMPTZOID},
	{"tracked", "labels", JSONBOID},
	{"tracked", "owner", TEXTOID},
	{"tracked", "party", TEXTOID},
	{"metric", "start_when", BOOLOID},
	{"metric", "stop_when", BOOLOID},
	{"metric", "pause_when", BOOLOID},
	{"metric", "cancel_when", BOOLOID},
	{"metric", "start_at", TIMESTAMPTZOID},
	{"metric", "stop_at", TIMESTAMPTZOID},
	{"metric", "due_at", TIMESTAMPTZOID},
	{"metric", "per", TEXTOID},
	{"metric", "pause_reason", TEXTOID},
	{"policy", "applies_when", BOOLOID},
	{"source", "item", TEXTOID},
	{"source", "applies_when", BOOLOID},
	{"source", "at", TIMESTAMPTZOID},
	{"source", "reason", TEXTOID},
	{"objective", "at", TIMESTAMPTZOID},
	{"objective", "total_when", BOOLOID},
	{"objective", "good_when", BOOLOID},
	{"objective", "value", FLOAT8OID},
	{"objective", "outage_from", TIMESTAMPTZOID},
	{"objective", "outage_to", TIMESTAMPTZOID},
	{"objective", "group_by", TEXTOID},
};

/* The default for sla.tracked.item: the primary key, as an expression. */
static char *
primary_key_item(Relation rel)
{
	Bitmapset  *key;
	StringInfoData item;
	int			i = -1;

	(void) RelationGetIndexList(rel);
	key = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_PRIMARY_KEY);
	if (bms_is_empty(key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("table \"%s\" has no primary key", RelationGetRelationName(rel)),
				 errhint("Say which columns are the key of an item, as in item => 'number'.")));
	initStringInfo(&item);
	while ((i = bms_next_member(key, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;

		appendStringInfo(&item, "%s%s", item.len > 0 ? ", " : "",
						 quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname)));
	}
	return bms_num_members(key) == 1 ? item.data : psprintf("ROW(%s)::text", item.data);
}

static char *
text_column(HeapTuple row, TupleDesc desc, const char *column)
{
	int			attnum = SPI_fnumber(desc, column);
	bool		isnull;
	Datum		value = heap_getattr(row, attnum, desc, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static int32
int_column(HeapTuple row, TupleDesc desc, const char *column)
{
	bool		isnull;

	return DatumGetInt32(heap_getattr(row, SPI_fnumber(desc, column), desc, &isnull));
}

static Oid
oid_column(HeapTuple row, TupleDesc desc, const char *column)
{
	bool		isnull;
	Datum		value = heap_getattr(row, SPI_fnumber(desc, column), desc, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/* NULL (no expression) equals NULL. */
static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/*
 * Open the table that a definition is for, which the current user must own.  An
 * objective only reads it, so it may also be a view or a foreign table.
 */
static Relation
open_defined(Oid relid, const char *definition)
{
	bool		only_read = strcmp(definition, "objective") == 0;
	Relation	rel = NULL;

	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
	{
		if (!pg_class_ownercheck_compat(relid, GetUserId()))
			aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
		rel = try_relation_open(relid, AccessShareLock);
	}
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));

	/*
	 * what is written is confirmed and evaluated as the owner, who may be
	 * another since the lock was waited for
	 */
	if (!pg_class_ownercheck_compat(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(rel->rd_rel->relkind), RelationGetRelationName(rel));
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
			break;
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			if (only_read)
				break;
			/* FALLTHROUGH */
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg(only_read ? "\"%s\" is not a table or view" : "\"%s\" is not a table",
							RelationGetRelationName(rel))));
	}
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" is a temporary table", RelationGetRelationName(rel)),
				 errdetail("Nothing would tell that it is gone.")));
	return rel;
}

/*
 * Does a row (may be NULL) contain expressions?  That of an objective over clocks
 * does not: its group_by is the name of a label.
 */
static bool
holds_expressions(const char *definition, HeapTuple row, TupleDesc desc)
{
	return row != NULL &&
		(strcmp(definition, "objective") != 0 || !same_text(text_column(row, desc, "kind"), "clock"));
}

/*
 * Is this session restoring a dump?  Code that runs behind a fence in the session of a
 * superuser may make the same settings.
 */
static bool
is_restoring(void)
{
	return !check_function_bodies && !row_security && superuser_arg(GetSessionUserId()) &&
		!InSecurityRestrictedOperation();
}

/* sla.restoring() -> boolean */
PG_FUNCTION_INFO_V1(sla_restoring);
Datum
sla_restoring(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(is_restoring());
}

/*
 * Is a function still as rule_store() made it?  Its owner cannot have changed its
 * body, but other properties of it.
 */
static bool
is_pristine(Oid function, Relation rel)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		pristine;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	pristine = form->proowner == rel->rd_rel->relowner && !form->prosecdef &&
		heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL);
	ReleaseSysCache(tuple);
	return pristine;
}

/* The arguments of make_rule(). */
typedef struct RuleMaking
{
	Relation	rel;
	const RuleColumn *rule;
	const char *name;
	const char *text;
} RuleMaking;

/* Make the function of one expression, in place of the one that there may be. */
static void
make_rule(void *argument)
{
	RuleMaking *making = argument;
	Relation	rel = making->rel;
	const RuleColumn *rule = making->rule;
	Node	   *expr = rule_parse(rel, rule->definition, rule->column, making->text, rule->type);
	Bitmapset  *nullable;

	if (strcmp(rule->definition, "tracked") == 0 && strcmp(rule->column, "item") == 0 &&
		!rule_unique_columns(rel, rule_columns(NULL, (Expr *) expr), &nullable))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("item \"%s\" is not unique in table \"%s\"", making->text, RelationGetRelationName(rel)),
				 errdetail("No unique index has only columns of this expression."),
				 errhint("Name the columns of the primary key or of a unique index.")));
	rule_drop(rel->rd_rel->reltype, making->name);
	rule_store(rel, making->name, expr, rule->type);
}

/*
 * Bring the function of one expression in line with the text in its column ("text"
 * and "old_text" may be NULL).  It is created again if the text has changed, and also
 * if it is uncertain who created it ("keep" is false): for a new row, as the trigger
 * fires before ON CONFLICT DO NOTHING discards it, and when a new owner of the table
 * confirms the definition.
 *
 * In a restore, one that the dump lacks and that cannot be made (a column that it reads
 * was dropped with CASCADE) stays missing, so that the rows of all other tables arrive.
 */
static void
keep_rule(Relation rel, const RuleColumn *rule, int32 id, const char *text, const char *old_text,
		  bool keep)
{
	char	   *name = rule_name(rule->definition, id, rule->column);
	Oid			function = rule_function(name, rel->rd_rel->reltype);
	RuleMaking	making = {.rel = rel,.rule = rule,.name = name};

	if (text == NULL)
	{
		rule_drop(rel->rd_rel->reltype, name);
		return;
	}
	if (OidIsValid(function) &&
		(is_restoring() || (keep && same_text(text, old_text) && is_pristine(function, rel))))
	{
		rule_tie_to_table(function, rel);
		return;
	}
	making.text = text;

	if (!is_restoring())
		make_rule(&making);
	else if (attempt(make_rule, &making) != 0)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the expression of column \"%s\" of sla.%s for table \"%s\" is missing",
						rule->column, rule->definition, RelationGetRelationName(rel)),
				 errdetail("The dump lacks it, and it cannot be made from its text, \"%s\".", text),
				 errhint("Update the row of sla.%s with the expression written anew.", rule->definition)));
}

/*
 * Set confirmed_by, if the table has that column: writing a definition confirms it on
 * behalf of the table's present owner.  Only a superuser, in a restore, can insert
 * another value.
 */
static HeapTuple
confirm(HeapTuple row, TupleDesc desc, Relation rel, bool is_new)
{
	int			attnum = SPI_fnumber(desc, "confirmed_by");
	Datum		owner = ObjectIdGetDatum(rel->rd_rel->relowner);
	bool		isnull = false;

	if (attnum <= 0 || (is_new && superuser() && !heap_attisnull(row, attnum, desc)))
		return row;
	return heap_modify_tuple_by_cols(row, desc, 1, &attnum, &owner, &isnull);
}

/* The owner of a tracked table on whose behalf its definitions were confirmed. */
static Oid
tracked_confirmed_by(Oid relid)
{
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(relid);
	Oid			confirmed_by = InvalidOid;
	bool		isnull;
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute_with_args("SELECT confirmed_by::oid FROM sla.tracked WHERE relation::oid = $1",
							  1, &type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read sla.tracked");
	if (SPI_processed > 0)
		confirmed_by = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	fence_leave(&fence);
	return confirmed_by;
}

/* Was a row of a definition confirmed by the table's present owner? */
static bool
was_confirmed(HeapTuple row, TupleDesc desc, Relation rel)
{
	Oid			by = SPI_fnumber(desc, "confirmed_by") > 0 ?
		oid_column(row, desc, "confirmed_by") : tracked_confirmed_by(RelationGetRelid(rel));

	return by == rel->rd_rel->relowner;
}

/* Are all expressions of a row of a definition what they were? */
static bool
same_rules(const char *definition, HeapTuple old, HeapTuple new, TupleDesc desc)
{
	for (size_t i = 0; i < lengthof(rule_columns_of); i++)
	{
		const RuleColumn *rule = &rule_columns_of[i];

		if (strcmp(rule->definition, definition) == 0 &&
			!same_text(text_column(old, desc, rule->column), text_column(new, desc, rule->column)))
			return false;
	}
	return true;
}

/*
 * sla.check_rules() -> trigger
 *
 * BEFORE INSERT, UPDATE or DELETE trigger FOR EACH ROW of the definition tables, which
 * brings the functions of expressions in line.  It runs as the current user and checks
 * whether he may define that, because row triggers fire before row-level security is
 * checked.  When a dump is restored, the functions are there before the rows are
 * inserted; they are kept, because the row may still have old names of columns.
 */
PG_FUNCTION_INFO_V1(sla_check_rules);
Datum
sla_check_rules(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const char *definition;
	TupleDesc	desc;
	HeapTuple	old;
	HeapTuple	new;
	const char *over;
	Relation	rel;
	Oid			relid;
	int32		id;
	bool		keep;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		RelationGetNamespace(trigdata->tg_relation) != get_namespace_oid("sla", false))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" is for the definition tables of sla_tracker", "check_rules")));
	definition = RelationGetRelationName(trigdata->tg_relation);
	over = strcmp(definition, "source") == 0 ? "source" : "relation";
	desc = RelationGetDescr(trigdata->tg_relation);
	old = TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ? NULL : trigdata->tg_trigtuple;
	new = TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) ? NULL :
		old != NULL ? trigdata->tg_newtuple : trigdata->tg_trigtuple;

	relid = oid_column(new != NULL ? new : old, desc, over);
	if (heap_attisnull(new != NULL ? new : old, SPI_fnumber(desc, over), desc))
		return PointerGetDatum(new != NULL ? new : old);	/* violates NOT NULL */
	if (new != NULL && old != NULL &&
		(oid_column(old, desc, over) != relid || int_column(old, desc, "id") != int_column(new, desc, "id")))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("columns \"%s\" and \"id\" of sla.%s cannot be changed", over, definition),
				 errhint("Delete the row and insert another.")));
	id = int_column(new != NULL ? new : old, desc, "id");

	/*
	 * if the table is being dropped, its functions are dropped with it; a
	 * dump may have rows of one that was dropped while event triggers were
	 * off
	 */
	if ((new == NULL || is_restoring()) && get_rel_relkind(relid) == '\0')
		return PointerGetDatum(new != NULL ? new : old);
	rel = open_defined(relid, definition);
	if (new != NULL && strcmp(definition, "tracked") == 0 && text_column(new, desc, "item") == NULL)
	{
		int			attnum = SPI_fnumber(desc, "item");
		Datum		item = CStringGetTextDatum(primary_key_item(rel));
		bool		isnull = false;

		new = heap_modify_tuple_by_cols(new, desc, 1, &attnum, &item, &isnull);
	}
	keep = new != NULL && old != NULL && was_confirmed(old, desc, rel);

	/*
	 * What names something that is renamed is updated by a trigger of the
	 * extension, with all privileges.  That confirms nothing.
	 */
	if (new != NULL && old != NULL && !keep && same_rules(definition, old, new, desc) &&
		GetUserId() == fence_extension_owner() && DatumGetInt32(OidFunctionCall0(F_PG_TRIGGER_DEPTH)) > 1)
	{
		relation_close(rel, NoLock);
		return PointerGetDatum(new);
	}
	for (size_t i = 0; i < lengthof(rule_columns_of); i++)
	{
		const RuleColumn *rule = &rule_columns_of[i];

		if (strcmp(rule->definition, definition) == 0)
			keep_rule(rel, rule, id,
					  holds_expressions(definition, new, desc) ? text_column(new, desc, rule->column) : NULL,
					  holds_expressions(definition, old, desc) ? text_column(old, desc, rule->column) : NULL,
					  keep);
	}
	if (new != NULL)
		new = confirm(new, desc, rel, old == NULL);
	relation_close(rel, NoLock);
	return PointerGetDatum(new != NULL ? new : old);
}
