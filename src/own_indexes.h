/*-------------------------------------------------------------------------
 *
 * own_indexes.h
 *	  Writing to the indexes of tables of the extension's own.
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

/* The indexes of a table while a statement writes to it. */
typedef struct OwnIndexes
{
	Relation	heap;
	MemoryContext context;		/* that they were opened in */
	EState	   *estate;
	int			n;
	const Oid  *oid;
	const bool *gathers;		/* is what is to be written to it gathered? */
	struct GatheredEntries *gathered;	/* that */
	TupleTableSlot *before;		/* for the version before an update */
	IndexInfo  *info;			/* of this statement */
	Relation   *index;			/* NULL until one is written to */
} OwnIndexes;

extern void own_indexes_init(void);

/* From here until it is closed, in the current memory context. */
extern void own_indexes_open(OwnIndexes *indexes, Relation heap);

/*
 * Rows that were inserted.  Of some indexes that is done by own_indexes_flush(), for
 * all rows since the last time; until then nobody may look for them.
 */
extern void own_indexes_add(OwnIndexes *indexes, TupleTableSlot **slots, int nslots);
extern void own_indexes_flush(OwnIndexes *indexes);

/* The new version of a row, as table_tuple_update() asks for it; the old one was there. */
extern void own_indexes_update(OwnIndexes *indexes, ItemPointer before, TupleTableSlot *slot,
							   SLA_UPDATE_INDEXES which);

/* Locks are kept. */
extern void own_indexes_close(OwnIndexes *indexes);

#endif							/* SLA_OWN_INDEXES_H */
