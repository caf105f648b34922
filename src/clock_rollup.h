/*-------------------------------------------------------------------------
 *
 * clock_rollup.h
 *	  What finished clocks count in the rollups of objectives.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_CLOCK_ROLLUP_H
#define SLA_CLOCK_ROLLUP_H

#include "sla_tracker.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* What is told of a clock that has ended. */
typedef struct Verdict
{
	bool		ended;			/* else the rest is not set */
	TimestampTz net_at;			/* when it was met, or breached, */
	TimestampTz gross_at;		/* also without exceptions */
	/* the verdict net of exceptions */
	bool		counts;			/* else it has none, and the rest is not set */
	bool		is_good;
	int32		promise;
	TimestampTz at;				/* the instant of the verdict, finite */
	const char *party;			/* may be NULL, */
	Jsonb	   *labels;			/* as may this */
} Verdict;

typedef struct ClockMeasures ClockMeasures;

/*
 * What objectives count of clocks, as the active snapshot sees them: good until
 * the end of the transaction.
 */
extern const ClockMeasures *clock_measures(void);

/* Does it matter to any that such a clock has ended? */
extern bool clock_is_measured(const ClockMeasures *measures, int32 promise, TimestampTz told_at);

/*
 * Count a clock that has ended in the rollups of all objectives it counts in, or
 * (sign -1) take it off, and mark the months that are kept without that.
 */
extern void clock_rollup_count(const ClockMeasures *measures, const Verdict *verdict, int sign);

#endif							/* SLA_CLOCK_ROLLUP_H */
