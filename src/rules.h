/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  The expressions of definitions, which are stored as SQL functions.
 *
 * The function of an expression is sla.DEFINITION_ID_COLUMN(r ROWTYPE), for
 * example sla.metric_12_stop_when(r ticket).  It is owned by the table's owner and
 * is not a member of the extension.  So renaming a column works, dropping one is
 * refused, and pg_dump dumps the function.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_RULES_H
#define SLA_RULES_H

#include "sla_tracker.h"

#include "nodes/primnodes.h"
#include "utils/rel.h"

/*
 * Get the expression in a column of a definition, planned, with Vars for columns of
 * the table.  To be called as the table's owner.  An error if there is no such
 * function, or if it belongs to someone else.
 */
extern Expr *rule_expression(Relation rel, const char *definition, int32 id,
							 const char *column);

/* Is there an expression in a column of a definition? */
extern bool rule_exists(Oid rowtype, const char *definition, int32 id, const char *column);

/* Raise the error that definitions are suspended. */
extern void rule_suspended(const char *table);

/* The name of the function of an expression. */
extern char *rule_name(const char *definition, int32 id, const char *column);

/* The function of a name for a row type, or InvalidOid. */
extern Oid	rule_function(const char *name, Oid rowtype);

/*
 * Parse an expression on the columns of a table, and coerce it to a type.  This runs
 * as the table's owner, but with the search path of the current user.
 */
extern Node *rule_parse(Relation rel, const char *definition, const char *column,
						const char *expression, Oid type);

/* Create the function of an expression, or drop it, if there is one. */
extern void rule_store(Relation rel, const char *name, Node *expr, Oid type);
extern void rule_drop(Oid rowtype, const char *name);

/*
 * Let a function be dropped together with its table, without CASCADE: replace its
 * dependency on the row type, which would also prevent any ALTER TABLE that rewrites
 * the table.  The dependencies of its body still protect the columns that it uses.
 */
extern void rule_tie_to_table(Oid function, Relation rel);

#endif							/* SLA_RULES_H */
