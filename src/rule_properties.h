/*-------------------------------------------------------------------------
 *
 * rule_properties.h
 *	  What expressions of definitions read, and what they depend on.
 *
 * Sets of columns are offset by FirstLowInvalidHeapAttributeNumber.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_RULE_PROPERTIES_H
#define SLA_RULE_PROPERTIES_H

#include "sla_tracker.h"

#include "access/attmap.h"
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "nodes/primnodes.h"
#include "utils/rel.h"

/* Add the columns that an expression reads to a set. */
extern Bitmapset *rule_columns(Bitmapset *columns, Expr *expr);

/* Does such a set include the whole row? */
extern bool rule_reads_row(const Bitmapset *columns);

/*
 * Might an expression depend on settings, such as the time zone or the search path?
 * If not, it can be evaluated without fence_settings().
 */
extern bool rule_wants_settings(Expr *expr);

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

#endif							/* SLA_RULE_PROPERTIES_H */
