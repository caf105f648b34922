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
 * On disk this is a varlena with STORAGE plain and ALIGNMENT double, so a
 * value is never toasted or packed and need not be detoasted.  "calendar" is
 * not NUL-terminated: its length follows from the size of the varlena and is
 * 0 if the value names no calendar.  A leading zero byte in the name is
 * reserved for future layouts; the receive function rejects it.
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

/* business_interval.c: make a value in the current memory context */
extern BusinessInterval *business_interval_make(int32 days, int64 time,
												const char *calendar,
												int calendar_len);

/* a + b; an error if both name calendars that differ, or the sum is out of range */
extern BusinessInterval *business_interval_plus(const BusinessInterval *a, const BusinessInterval *b);

/* its text, as it is put out */
extern char *business_interval_text(const BusinessInterval *value);

/*
 * business_hours: opening hours, stored as a varlena that contains their
 * canonical text (see core/hours.h).
 */

/* core_support.c: memory and errors of the core in the server */

/* Allocate in the current memory context, and check for interrupts. */
extern CoreMem sla_core_mem(void);

/*
 * Report an error that the core found in "input" ("length" bytes, need not be
 * terminated).  "type" names the data type, or whatever else "input" is, in
 * the message.  If escontext is an ErrorSaveContext this is a soft error.
 */
extern void sla_report(const CoreError *error, const char *type,
					   const char *input, int length, Node *escontext);

/* Raise an error if the array contains nulls. */
struct ArrayType;
extern void sla_refuse_nulls(struct ArrayType *array);

#endif							/* SLA_TRACKER_H */
