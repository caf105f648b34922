/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  Expressions of definitions, kept as SQL functions over a row type.
 *
 * The function of an expression is sla.DEFINITION_ID_COLUMN(r ROWTYPE), for
 * example sla.metric_12_stop_when(r ticket).  It belongs to the table's owner
 * and is no member of the extension, so that a renamed column is followed, a
 * dropped one refused, and pg_dump carries it.
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
 * The expression of a definition's column over the row of a table, planned:
 * its Vars are columns of the row.  NULL when there is none.  It must be called
 * as the table's owner.
 */
extern Expr *rule_expression(Relation rel, const char *definition, int32 id,
							 const char *column);

/* Raise the error that definitions are suspended. */
extern void rule_suspended(const char *table);

/* The columns that an expression reads, offset by FirstLowInvalidHeapAttributeNumber. */
extern Bitmapset *rule_columns(Bitmapset *columns, Expr *expr);

/* Is the row as a whole among these? */
extern bool rule_reads_row(const Bitmapset *columns);

/*
 * Does an expression depend on settings, such as the time zone or the search
 * path?  Only then these have to be set for it.
 */
extern bool rule_wants_settings(Expr *expr);

/* Has a definition over the rows of this type such an expression? */
extern bool rule_exists(Oid rowtype, const char *definition, int32 id, const char *column);

/*
 * Is what an expression says of a row the same at all times, under one time
 * zone?
 */
extern bool rule_is_lasting(Expr *expr);

/*
 * Is an expression of functions that raise no error and tell nothing of what
 * they are given?  Such may be evaluated as anybody.
 */
extern bool rule_is_tame(Expr *expr);

/* The columns of a table as they are numbered in one of its partitions or children. */
extern Bitmapset *rule_map_columns(const Bitmapset *columns, const AttrMap *map);

/*
 * Is there a unique index with no columns but these?  Those of it that tell rows
 * apart only when they are not NULL are the result.
 */
extern bool rule_unique_columns(Relation rel, const Bitmapset *columns, Bitmapset **nullable);

/* Do two versions of a row differ in one of these columns? */
extern bool rule_columns_differ(Relation rel, const Bitmapset *columns, TupleTableSlot *old,
								TupleTableSlot *new);

#endif							/* SLA_RULES_H */
