/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  The expressions of definitions, which are stored as SQL functions.
 *
 * An expression is parsed like a CHECK constraint of the table: it can use columns
 * of one row, but no subqueries or aggregates.  It is parsed only once, as the
 * table's owner, since even parsing a literal may call a function.  The body of the
 * SQL function is made from the resulting tree, not from the text.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_func.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/relcache.h"
#include "utils/rls.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "fence.h"

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

static char *
rule_name(const char *definition, int32 id, const char *column)
{
	return psprintf("%s_%d_%s", definition, id, column);
}

/* The function of a name for a row type, or InvalidOid. */
static Oid
rule_function(const char *name, Oid rowtype)
{
	List	   *names = list_make2(makeString("sla"), makeString(pstrdup(name)));

	return LookupFuncName(names, 1, &rowtype, true);
}

/*
 * Parsing
 */

typedef struct ParseContext
{
	const char *definition;
	const char *column;
	const char *text;
} ParseContext;

/* An error position refers to the expression, not to the user's statement. */
static void
parse_error_callback(void *arg)
{
	ParseContext *context = arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(context->text);
	}
	errcontext("column \"%s\" of sla.%s", context->column, context->definition);
}

/* Parse a text that must be a single expression. */
static Node *
parse_text(const char *text)
{
	List	   *parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);

	Node	   *value = list_length(select->targetList) != 1 ? NULL :
		linitial_node(ResTarget, select->targetList)->val;
	bool		star = value != NULL && IsA(value, ColumnRef) &&
		IsA(linitial(((ColumnRef *) value)->fields), A_Star);

	if (value == NULL || star ||
		linitial_node(ResTarget, select->targetList)->name != NULL ||
		select->distinctClause != NIL || select->fromClause != NIL ||
		select->whereClause != NULL || select->groupClause != NIL ||
		select->havingClause != NULL || select->windowClause != NIL ||
		select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("invalid expression: \"%s\"", text),
				 errdetail("It must be one expression over the columns of a row."),
				 errhint("Write it as in a CHECK constraint, for example status = 'closed'.")));
	return value;
}

/* Virtual generated columns cannot be used for sources, whose rows come from a trigger. */
static void
refuse_virtual_columns(Relation rel, Node *expr)
{
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
	Bitmapset  *columns = rule_columns(NULL, (Expr *) expr);
	int			i = -1;

	while ((i = bms_next_member(columns, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0 &&
			TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("column \"%s\" is a virtual generated column",
							NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname)),
					 errdetail("Triggers do not see its value."),
					 errhint("Write its expression instead, or make it STORED.")));
	}
#endif
}

/*
 * Parse an expression on the columns of a table, and coerce it to a type.  This runs
 * as the table's owner, but with the search path of the current user.
 */
static Node *
rule_parse(Relation rel, const char *definition, const char *column,
		   const char *expression, Oid type)
{
	ParseContext context = {definition, column, expression};
	ErrorContextCallback callback = {error_context_stack, parse_error_callback, &context};
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *row;
	Node	   *expr;
	Node	   *coerced;
	Fence		fence;

	fence_enter(&fence, rel->rd_rel->relowner);
	error_context_stack = &callback;
	pstate->p_sourcetext = expression;
	row = addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL, false, true);
	addNSItemToQuery(pstate, row, false, true, true);
	expr = transformExpr(pstate, parse_text(expression), EXPR_KIND_CHECK_CONSTRAINT);
	coerced = coerce_to_target_type(pstate, expr, exprType(expr), type, -1,
									COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	if (coerced == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("expression \"%s\" is of type %s, not %s", expression,
						format_type_be(exprType(expr)), format_type_be(type)),
				 errhint("Write a cast to %s if that is what you mean.", format_type_be(type))));
	assign_expr_collations(pstate, coerced);
	if (strcmp(definition, "source") == 0)
		refuse_virtual_columns(rel, coerced);
	error_context_stack = callback.previous;
	free_parsestate(pstate);
	fence_leave(&fence);
	return coerced;
}

/*
 * Storing
 */

/*
 * Let a function be dropped together with its table, without CASCADE: replace its
 * dependency on the row type, which would also prevent any ALTER TABLE that rewrites
 * the table.  The dependencies of its body still protect the columns that it uses.
 */
static void
tie_to_table(Oid function, Relation rel)
{
	ObjectAddress object;
	ObjectAddress table;

	ObjectAddressSet(object, ProcedureRelationId, function);
	ObjectAddressSet(table, RelationRelationId, RelationGetRelid(rel));
	if (deleteDependencyRecordsForSpecific(ProcedureRelationId, function, DEPENDENCY_NORMAL,
										   TypeRelationId, rel->rd_rel->reltype) > 0)
		recordDependencyOn(&object, &table, DEPENDENCY_AUTO);
}

/* Replace columns of the row by fields of the function's argument. */
static Node *
argument_mutator(Node *node, void *context)
{
	const Relation rel = context;
	Param	   *row;
	Var		   *var;
	FieldSelect *field;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, argument_mutator, context);
	var = (Var *) node;
	row = makeNode(Param);
	row->paramkind = PARAM_EXTERN;
	row->paramid = 1;
	row->paramtype = rel->rd_rel->reltype;
	row->paramtypmod = -1;
	row->location = -1;
	if (var->varattno == InvalidAttrNumber)
		return (Node *) row;
	if (var->varattno < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("system columns cannot be used here")));
	field = makeNode(FieldSelect);
	field->arg = (Expr *) row;
	field->fieldnum = var->varattno;
	field->resulttype = var->vartype;
	field->resulttypmod = var->vartypmod;
	field->resultcollid = var->varcollid;
	return (Node *) field;
}

/* Make the body of a function: RETURN expression. */
static Node *
function_body(Relation rel, Node *expr)
{
	Query	   *query = makeNode(Query);

	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->isReturn = true;
	query->targetList = list_make1(makeTargetEntry((Expr *) argument_mutator(expr, rel), 1, NULL, false));
	query->jointree = makeFromExpr(NIL, NULL);
	return (Node *) query;
}

/* Execute a command as the extension's owner; it must be safe against injection. */
static void
execute(const char *command)
{
	Fence		fence;

	fence_enter(&fence, fence_extension_owner());
	fence_settings(NULL);
	SPI_connect();
	if (SPI_execute(command, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", command);
	SPI_finish();
	fence_leave(&fence);
	CommandCounterIncrement();
}

static char *
rule_signature(Relation rel, const char *name)
{
	return psprintf("sla.%s(%s.%s)", quote_identifier(name),
					quote_identifier(get_namespace_name(RelationGetNamespace(rel))),
					quote_identifier(RelationGetRelationName(rel)));
}

/* Create the function of an expression. */
static void
rule_store(Relation rel, const char *name, Node *expr, Oid type)
{
	Oid			rowtype = rel->rd_rel->reltype;
	Datum		argument = CStringGetTextDatum("r");

	(void) ProcedureCreateCompat(name, get_namespace_oid("sla", false), type, rel->rd_rel->relowner,
								 function_body(rel, expr), buildoidvector(&rowtype, 1),
								 PointerGetDatum(construct_array(&argument, 1, TEXTOID, -1, false, TYPALIGN_INT)));
	CommandCounterIncrement();
	execute(psprintf("REVOKE ALL ON FUNCTION %s FROM PUBLIC", rule_signature(rel, name)));
	tie_to_table(rule_function(name, rowtype), rel);
}

static void
rule_drop(Oid rowtype, const char *name)
{
	Oid			function = rule_function(name, rowtype);
	ObjectAddress object;

	if (!OidIsValid(function))
		return;
	ObjectAddressSet(object, ProcedureRelationId, function);
	performDeletion(&object, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
	CommandCounterIncrement();
}

/*
 * Reading
 */

void
rule_suspended(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the definitions for table \"%s\" are suspended", table),
			 errdetail("They were made by another owner of the table."),
			 errhint("The new owner confirms them with sla.track().")));
}

Expr *
rule_expression(Relation rel, const char *definition, int32 id, const char *column)
{
	Oid			rowtype = rel->rd_rel->reltype;
	Oid			function = rule_function(rule_name(definition, id, column), rowtype);
	Oid			type;
	FuncExpr   *call;

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(IsolationUsesXactSnapshot() ? ERRCODE_T_R_SERIALIZATION_FAILURE :
						 ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the expression of column \"%s\" of sla.%s for table \"%s\" is missing",
						column, definition, RelationGetRelationName(rel)),
				 errhint("Update the row of sla.%s with the expression written anew.", definition)));
	if (fence_function_owner(function) != rel->rd_rel->relowner)
		rule_suspended(RelationGetRelationName(rel));
	type = get_func_rettype(function);
	call = makeFuncExpr(function, type,
						list_make1(makeVar(1, InvalidAttrNumber, rowtype, -1, InvalidOid, 0)),
						get_typcollation(type), InvalidOid, COERCE_EXPLICIT_CALL);

	/*
	 * the rows we evaluate it for lack the values of virtual generated
	 * columns
	 */
	return expression_planner((Expr *) expand_virtual_columns((Node *) expression_planner((Expr *) call),
															  rel, 1));
}

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

bool
rule_exists(Oid rowtype, const char *definition, int32 id, const char *column)
{
	return OidIsValid(rule_function(rule_name(definition, id, column), rowtype));
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

/*
 * The text of an expression after columns were renamed
 */

typedef struct Names
{
	Relation	rel;
	const char *text;
	Bitmapset  *columns;		/* named in the text, offset by
								 * FirstLowInvalidHeapAttributeNumber */
	bool		unknown;		/* some name is not that of a column */
} Names;

static bool
names_walker(Node *node, void *context)
{
	Names	   *names = context;
	ListCell   *cell;

	if (node == NULL)
		return false;
	if (!IsA(node, ColumnRef))
		return raw_expression_tree_walker(node, names_walker, context);
	foreach(cell, ((ColumnRef *) node)->fields)
	{
		const char *name;
		AttrNumber	attnum;

		if (!IsA(lfirst(cell), String))
			continue;
		name = strVal(lfirst(cell));
		attnum = get_attnum(RelationGetRelid(names->rel), name);
		if (attnum > 0)
			names->columns = bms_add_member(names->columns, attnum - FirstLowInvalidHeapAttributeNumber);
		else if (strcmp(name, RelationGetRelationName(names->rel)) != 0 &&
				 strcmp(name, get_namespace_name(RelationGetNamespace(names->rel))) != 0)
			names->unknown = true;
	}
	return false;
}

static void
read_names(void *argument)
{
	Names	   *names = argument;

	(void) names_walker(parse_text(names->text), names);
}

/* Replace fields of the function's argument by columns of the row. */
static Node *
row_mutator(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, FieldSelect) && IsA(((FieldSelect *) node)->arg, Param))
	{
		FieldSelect *field = (FieldSelect *) node;

		return (Node *) makeVar(1, field->fieldnum, field->resulttype, field->resulttypmod,
								field->resultcollid, 0);
	}
	if (IsA(node, Param))
		return (Node *) makeVar(1, InvalidAttrNumber, ((Param *) node)->paramtype, -1, InvalidOid, 0);
	return expression_tree_mutator(node, row_mutator, context);
}

/* The expression in the body of a function; NULL if it does not look like ours. */
static Node *
held_expression(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Node	   *body = NULL;
	bool		isnull = true;
	Datum		value = (Datum) 0;

	if (HeapTupleIsValid(tuple))
	{
		value = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &isnull);
		if (!isnull)
			body = stringToNode(TextDatumGetCString(value));
		ReleaseSysCache(tuple);
	}
	if (body == NULL || !IsA(body, Query) || list_length(((Query *) body)->targetList) != 1)
		return NULL;
	return row_mutator((Node *) linitial_node(TargetEntry, ((Query *) body)->targetList)->expr, NULL);
}

/*
 * sla.rule_text(function regprocedure, text text) -> text
 *
 * The text of the expression in a function: "text", which is how it was written, or
 * if a column in that has been renamed since, the expression as deparsed.
 */
PG_FUNCTION_INFO_V1(sla_rule_text);
Datum
sla_rule_text(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(0);
	Oid		   *types;
	int			nargs;
	Node	   *expr = held_expression(function);
	Names		names = {0};
	Relation	rel;
	bool		holds;
	char	   *written;

	if (expr == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(1));
	(void) get_func_signature(function, &types, &nargs);
	rel = relation_open(get_typ_typrelid(types[0]), AccessShareLock);
	names.rel = rel;
	names.text = written = text_to_cstring(PG_GETARG_TEXT_PP(1));
	holds = attempt(read_names, &names) == 0 && !names.unknown &&
		bms_is_subset(rule_columns(NULL, (Expr *) expr),
					  bms_add_member(names.columns, 0 - FirstLowInvalidHeapAttributeNumber));
	if (!holds)
		written = deparse_expression(expr, deparse_context_for(RelationGetRelationName(rel), RelationGetRelid(rel)),
									 false, false);
	relation_close(rel, NoLock);
	PG_RETURN_TEXT_P(cstring_to_text(written));
}

/*
 * The trigger
 */

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
		tie_to_table(function, rel);
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
