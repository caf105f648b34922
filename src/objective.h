/*-------------------------------------------------------------------------
 *
 * objective.h
 *	  What objectives read of their relations.
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
 * The events of an objective between each two edges of a tally, as the active
 * snapshot sees them; by its rollup if so asked and there is one.  "counts" may be
 * NULL, or what the statement has counted of other objectives.
 */
extern void objective_count(int32 objective, Tally *tally, bool by_rollup, PieceCounts *counts);

#endif							/* SLA_OBJECTIVE_H */
