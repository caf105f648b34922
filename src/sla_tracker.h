/*-------------------------------------------------------------------------
 *
 * sla_tracker.h
 *	  The types of the extension as the server sees them.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_TRACKER_H
#define SLA_TRACKER_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodes.h"

#include "compat.h"
#include "core/core.h"

/*
 * business_interval: an interval counted in business time.
 *
 * On disk: a varlena of STORAGE plain and ALIGNMENT double, so that a value
 * is never toasted nor packed and PG_GETARG_POINTER needs no detoasting.
 * "calendar" is not terminated; its length follows from the varlena's, and is
 * 0 when the value names no calendar.  A name never begins with a zero byte:
 * that is reserved for a later extension of the layout, and recv refuses it.
 */
typedef struct BusinessInterval
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		days;			/* business days, signed */
	int64		time;			/* business time in microseconds, signed */
	char		calendar[FLEXIBLE_ARRAY_MEMBER];
} BusinessInterval;

#define BI_HEADER_SIZE			offsetof(BusinessInterval, calendar)
#define BI_MAX_CALENDAR			63
#define BI_CALENDAR_LEN(bi)		((int) (VARSIZE(bi) - BI_HEADER_SIZE))
#define DatumGetBusinessIntervalP(d)	((BusinessInterval *) DatumGetPointer(d))
#define PG_GETARG_BUSINESS_INTERVAL_P(n)	((BusinessInterval *) PG_GETARG_POINTER(n))
#define PG_RETURN_BUSINESS_INTERVAL_P(x)	PG_RETURN_POINTER(x)

/* business_interval.c: a new value in the current memory context */
extern BusinessInterval *business_interval_make(int32 days, int64 time,
												const char *calendar,
												int calendar_len);

/*
 * business_hours: opening hours as a value, a varlena whose bytes are the
 * canonical text (core/hours.h).
 */

/* report.c: between the core and the server */

/* memory of the current context; interrupts are served */
extern CoreMem sla_core_mem(void);

/*
 * Report an error of the core about the value "input" (of length bytes) of
 * the type or thing "type": softly when escontext asks for it.
 */
extern void sla_report(const CoreError *error, const char *type,
					   const char *input, int length, Node *escontext);

/* An error when an array has nulls. */
struct ArrayType;
extern void sla_refuse_nulls(struct ArrayType *array);

#endif							/* SLA_TRACKER_H */
