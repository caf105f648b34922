/*-------------------------------------------------------------------------
 *
 * piece_counts.h
 *	  What a statement has counted of pieces of buckets.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_PIECE_COUNTS_H
#define SLA_PIECE_COUNTS_H

#include "sla_tracker.h"

#include "rollup.h"
#include "rollup_trigger.h"

typedef struct PieceCounts PieceCounts;

/* Not more rows, times objectives: to count for those that nobody asks for costs, too. */
#define PIECE_COUNTS_MAX	100000

/* Of the statement, or the part of it, that calls a function. */
extern PieceCounts *piece_counts_of(FunctionCallInfo fcinfo);

/*
 * Pieces of the rows of a table are to be counted: have these been before, as the
 * active snapshot sees them?
 */
extern bool piece_counts_again(PieceCounts *counts, Relation rel, const CoverPart *pieces, int n);

/* So many rows were counted of them. */
extern void piece_counts_told(PieceCounts *counts, int64 rows);

/* Is it worth while to count those of a pass together? */
extern bool piece_counts_is_worth(const PieceCounts *counts, const RollupPass *pass);

/*
 * Count the rows of a query (in SPI_tuptable), whose columns are the table's, for all
 * of a pass; not if they are too many.
 */
extern void piece_counts_rows(PieceCounts *counts, Relation rel, const RollupPass *pass);

/* Add what an objective has in the pieces, if that was counted, to a tally. */
extern bool piece_counts_add(PieceCounts *counts, int32 objective, Tally *tally, const CoverPart *pieces);

#endif							/* SLA_PIECE_COUNTS_H */
