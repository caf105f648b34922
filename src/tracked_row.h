/*-------------------------------------------------------------------------
 *
 * tracked_row.h
 *	  Reading rows of a tracked table.
 *
 * A row may be stored in the tracked table itself (the root) or in a partition or
 * inheritance child of it, whose columns can be numbered differently.  It is always
 * returned as a row of the root's type.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TRACKED_ROW_H
#define SLA_TRACKED_ROW_H

#include "sla_tracker.h"

#include "access/tupconvert.h"
#include "executor/tuptable.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "definition.h"

/* The root or a table below it, and how its rows are converted to the root's type. */
typedef struct RowSource
{
	Relation	rel;
	TupleTableSlot *slot;		/* for rows of this table */
	AttrMap    *map;			/* NULL if no conversion is needed */
} RowSource;

typedef struct RowReader
{
	Relation	root;
	TupleTableSlot *slot;		/* for rows converted to the root's type; NULL
								 * until needed */
	List	   *sources;		/* RowSource */
	Oid			found_in;		/* table in which the last row looked up with
								 * SQL is stored ... */
	ItemPointerData found_at;	/* ... and its TID */
	MemoryContext context;
} RowReader;

extern void rows_open(RowReader *reader, Oid root);
extern void rows_close(RowReader *reader);

/* The qualified and quoted name of the root. */
extern char *rows_root_name(const RowReader *reader);

/* Find or make the RowSource of a table, which must be the root or below it. */
extern RowSource *rows_source(RowReader *reader, Oid relid);

/* Convert a row of a source to the root's type. */
extern TupleTableSlot *rows_of_root(RowReader *reader, RowSource *source, TupleTableSlot *slot);

/*
 * Fetch the row version at a TID, converted to the root's type; NULL if the snapshot
 * does not see it.
 */
extern TupleTableSlot *rows_fetch(RowReader *reader, Oid relid, ItemPointer tid, Snapshot snapshot);

/*
 * Look up the current row with the same key as "row", by the columns that the item's
 * expression reads; *found is NULL if there is none.  Returns false if the row
 * cannot be looked up in that way; then use rows_by_item().
 */
extern bool rows_by_key(RowReader *reader, Definition *def, TupleTableSlot *row, TupleTableSlot **found);

/* Whether to lock a row that is looked up. */
typedef enum RowLock
{
	ROW_READ,					/* no lock */
	ROW_LOCK,					/* FOR NO KEY UPDATE */
	ROW_LOCK_OR_SKIP			/* likewise; a row that is already locked is
								 * not found */
} RowLock;

/*
 * Look up the row of an item; NULL if there is none.  The text of its key may differ
 * from "item" if the two are equal as values, like 1.0 and 1.00.
 */
extern TupleTableSlot *rows_by_item(RowReader *reader, Definition *def, const char *item, RowLock lock);

/* Set found[i] for each items[i] that has a row; does not clear the others. */
extern void rows_have_items(RowReader *reader, Definition *def, int nitems, char **items, bool *found);

#endif							/* SLA_TRACKED_ROW_H */
