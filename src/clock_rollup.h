/*-------------------------------------------------------------------------
 *
 * clock_rollup.h
 *	  Counting finished clocks in the rollups of objectives.
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

/* The verdict on a finished clock. */
typedef struct Verdict
{
	bool		ended;			/* if false the rest is not set */
	TimestampTz net_at;			/* instant of its end or breach, net of
								 * exceptions ... */
	TimestampTz gross_at;		/* ... and without regard to them */

	/* the verdict, net of exceptions */
	bool		counts;			/* if false there is none, and the rest is not
								 * set */
	bool		is_good;
	int32		promise;
	TimestampTz at;				/* instant of the verdict; finite */
	const char *party;			/* or NULL */
	Jsonb	   *labels;			/* or NULL */
} Verdict;

typedef struct ClockMeasures ClockMeasures;

/*
 * The objectives that count clocks, as the active snapshot sees them.  The pointer is
 * valid until the end of the transaction.
 */
extern const ClockMeasures *clock_measures(void);

/* Can it matter that a clock with this promise ended at, or has an instant of, told_at? */
extern bool clock_is_measured(const ClockMeasures *measures, int32 promise, TimestampTz told_at);

/*
 * Add a finished clock to the rollups of all objectives that count it, or with sign = -1
 * remove it; and mark its day if that is in a kept month.
 */
extern void clock_rollup_count(const ClockMeasures *measures, const Verdict *verdict, int sign);

#endif							/* SLA_CLOCK_ROLLUP_H */
