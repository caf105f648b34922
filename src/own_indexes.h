/*-------------------------------------------------------------------------
 *
 * own_indexes.h
 *	  Maintenance of the indexes on the extension's own tables.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_OWN_INDEXES_H
#define SLA_OWN_INDEXES_H

#include "postgres.h"

#include "access/tableam.h"
#include "nodes/execnodes.h"

#include "compat.h"

/* The indexes of a table that a statement writes to. */
typedef struct OwnIndexes
{
	Relation	heap;
	MemoryContext context;		/* the one that they were opened in */
	EState	   *estate;
	int			n;				/* size of the following arrays */
	const Oid  *oid;
	const bool *gathers;		/* are entries gathered before they are
								 * written? */
	struct GatheredEntries *gathered;	/* these entries */
	TupleTableSlot *before;		/* slot for a version before an update */
	IndexInfo  *info;			/* copies for this statement */
	Relation   *index;			/* NULL until an entry is written */
} OwnIndexes;

extern void own_indexes_init(void);

/* Open the indexes of a table, in the current memory context. */
extern void own_indexes_open(OwnIndexes *indexes, Relation heap);

/*
 * Add index entries for rows that were inserted.  For some indexes they are only
 * gathered, and written by own_indexes_flush(); until then the rows cannot be found
 * by these indexes.
 */
extern void own_indexes_add(OwnIndexes *indexes, TupleTableSlot **slots, int nslots);
extern void own_indexes_flush(OwnIndexes *indexes);

/*
 * Add the index entries that table_tuple_update() has asked for ("which"), for the
 * new version of a row; the old version was at "before".
 */
extern void own_indexes_update(OwnIndexes *indexes, ItemPointer before, TupleTableSlot *slot,
							   SLA_UPDATE_INDEXES which);

/* Close the indexes; their locks are kept until the end of the transaction. */
extern void own_indexes_close(OwnIndexes *indexes);

#endif							/* SLA_OWN_INDEXES_H */
