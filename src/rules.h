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

#include "access/attmap.h"
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "nodes/primnodes.h"
#include "utils/rel.h"

/*
 * Get the expression in a column of a definition, planned, with Vars for columns of
 * the table.  To be called as the table's owner.  An error if there is no such
 * function, or if it belongs to someone else.
 */
extern Expr *rule_expression(Relation rel, const char *definition, int32 id,
							 const char *column);

/* Raise the error that definitions are suspended. */
extern void rule_suspended(const char *table);

/*
 * Add the columns that an expression reads to a set, offset by
 * FirstLowInvalidHeapAttributeNumber.
 */
extern Bitmapset *rule_columns(Bitmapset *columns, Expr *expr);

/* Does such a set include the whole row? */
extern bool rule_reads_row(const Bitmapset *columns);

/*
 * Might an expression depend on settings, such as the time zone or the search path?
 * If not, it can be evaluated without fence_settings().
 */
extern bool rule_wants_settings(Expr *expr);

/* Is there an expression in a column of a definition? */
extern bool rule_exists(Oid rowtype, const char *definition, int32 id, const char *column);

/*
 * Does an expression always have the same value for the same row, as long as the
 * time zone is the same?
 */
extern bool rule_is_lasting(Expr *expr);

/*
 * Does an expression use only leakproof functions and no settings, so that it can be
 * evaluated as any role?
 */
extern bool rule_is_tame(Expr *expr);

/* Convert a set of columns to the numbers in a partition or child. */
extern Bitmapset *rule_map_columns(const Bitmapset *columns, const AttrMap *map);

/*
 * Is there a unique index whose columns are all among these?  *nullable is set to
 * those of them that may be null, if nulls are distinct in the index.
 */
extern bool rule_unique_columns(Relation rel, const Bitmapset *columns, Bitmapset **nullable);

/* Do two versions of a row differ in one of these columns? */
extern bool rule_columns_differ(Relation rel, const Bitmapset *columns, TupleTableSlot *old,
								TupleTableSlot *new);

#endif							/* SLA_RULES_H */
