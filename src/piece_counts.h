/*-------------------------------------------------------------------------
 *
 * piece_counts.h
 *	  Sharing counts of pieces of buckets among the objectives of a statement.
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

/*
 * Maximal number of rows times objectives that are counted together, since some of these
 * objectives may not be needed.
 */
#define PIECE_COUNTS_MAX	100000

/* The PieceCounts of a call site, in fn_extra. */
extern PieceCounts *piece_counts_of(FunctionCallInfo fcinfo);

/*
 * To be called before counting pieces of a table.  Returns whether the same pieces were
 * asked for in the previous call, with the same snapshot; if not, forgets all counts.
 */
extern bool piece_counts_again(PieceCounts *counts, Relation rel, const CoverPart *pieces, int n);

/* Note how many rows an objective has in the pieces. */
extern void piece_counts_told(PieceCounts *counts, int64 rows);

/* Is it worthwhile to count the objectives of a pass together? */
extern bool piece_counts_is_worth(const PieceCounts *counts, const RollupPass *pass);

/*
 * Count the rows in SPI_tuptable, which have the columns of the table, for all objectives
 * of a pass, unless there are too many rows.
 */
extern void piece_counts_rows(PieceCounts *counts, Relation rel, const RollupPass *pass);

/* Add the counts of an objective to a tally; returns false if it was not counted. */
extern bool piece_counts_add(PieceCounts *counts, int32 objective, Tally *tally, const CoverPart *pieces);

#endif							/* SLA_PIECE_COUNTS_H */
