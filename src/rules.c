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

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_func.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "attempt.h"
#include "fence.h"
#include "rule_properties.h"

char *
rule_name(const char *definition, int32 id, const char *column)
{
	return psprintf("%s_%d_%s", definition, id, column);
}

Oid
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

Node *
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

void
rule_tie_to_table(Oid function, Relation rel)
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

void
rule_store(Relation rel, const char *name, Node *expr, Oid type)
{
	Oid			rowtype = rel->rd_rel->reltype;
	Datum		argument = CStringGetTextDatum("r");

	(void) ProcedureCreateCompat(name, get_namespace_oid("sla", false), type, rel->rd_rel->relowner,
								 function_body(rel, expr), buildoidvector(&rowtype, 1),
								 PointerGetDatum(construct_array(&argument, 1, TEXTOID, -1, false, TYPALIGN_INT)));
	CommandCounterIncrement();
	execute(psprintf("REVOKE ALL ON FUNCTION %s FROM PUBLIC", rule_signature(rel, name)));
	rule_tie_to_table(rule_function(name, rowtype), rel);
}

void
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

bool
rule_exists(Oid rowtype, const char *definition, int32 id, const char *column)
{
	return OidIsValid(rule_function(rule_name(definition, id, column), rowtype));
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
