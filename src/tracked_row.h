/*-------------------------------------------------------------------------
 *
 * tracked_row.h
 *	  Rows of a tracked table, as rows of its own type wherever they are
 *	  stored: in it, in a partition, or in a child.
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

/* A table of which rows are read, and how they become rows of the root. */
typedef struct RowSource
{
	Relation	rel;
	TupleTableSlot *slot;		/* of this table */
	AttrMap    *map;			/* NULL: the root itself, or just like it */
} RowSource;

typedef struct RowReader
{
	Relation	root;
	TupleTableSlot *slot;		/* of the root's type; NULL until needed */
	List	   *sources;		/* RowSource */
	Oid			found_in;		/* the table that the row looked up last is
								 * stored in, */
	ItemPointerData found_at;	/* and its place there */
	MemoryContext context;
} RowReader;

extern void rows_open(RowReader *reader, Oid root);
extern void rows_close(RowReader *reader);

/* The root's name, qualified and quoted. */
extern char *rows_root_name(const RowReader *reader);

/* The source of a table that is, or is below, the root. */
extern RowSource *rows_source(RowReader *reader, Oid relid);

/* A row of a source as one of the root's. */
extern TupleTableSlot *rows_of_root(RowReader *reader, RowSource *source, TupleTableSlot *slot);

/*
 * The row at a place, if the snapshot sees it, as one of the root's; else NULL.
 * Under SnapshotAny: whatever is there.
 */
extern TupleTableSlot *rows_fetch(RowReader *reader, Oid relid, ItemPointer tid, Snapshot snapshot);

/*
 * The row that has the key of this one now, or NULL, found by the columns of the
 * item's expression; false where only its text can tell.
 */
extern bool rows_by_key(RowReader *reader, Definition *def, TupleTableSlot *row, TupleTableSlot **found);

/* Whether a row that is looked up is locked against other writers. */
typedef enum RowLock
{
	ROW_READ,
	ROW_LOCK,
	ROW_LOCK_OR_SKIP			/* one that somebody else has locked is not
								 * found */
} RowLock;

/* The row of an item, or NULL. */
extern TupleTableSlot *rows_by_item(RowReader *reader, Definition *def, const char *item, RowLock lock);

/* Which of these items have a row; flags are set, and none is cleared. */
extern void rows_have_items(RowReader *reader, Definition *def, int nitems, char **items, bool *found);

#endif							/* SLA_TRACKED_ROW_H */
