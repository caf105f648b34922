/*-------------------------------------------------------------------------
 *
 * objective.h
 *	  Counting the events of objectives.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_OBJECTIVE_H
#define SLA_OBJECTIVE_H

#include "sla_tracker.h"

#include "piece_counts.h"
#include "rollup.h"

/*
 * Count the events of an objective between each two consecutive edges of a tally, as the
 * active snapshot sees them.  If "by_rollup", its rollup is used if possible.  "counts"
 * has what the statement has already counted for other objectives; it may be NULL.
 */
extern void objective_count(int32 objective, Tally *tally, bool by_rollup, PieceCounts *counts);

#endif							/* SLA_OBJECTIVE_H */
