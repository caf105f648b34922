/*-------------------------------------------------------------------------
 *
 * interval_text.h
 *	  The text form of a business_interval.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_INTERVAL_TEXT_H
#define SLA_INTERVAL_TEXT_H

#include "core.h"

#define INTERVAL_MAX_CALENDAR	63	/* bytes of a calendar name */

/*
 * Size of the longest text, including NUL.  It is "-2147483648 bd -2562047788 bh
 * -59 bm -59.999999 bs" and a quoted name that consists of 63 double quotes.
 */
#define INTERVAL_MAX_TEXT		192

typedef struct IntervalValue
{
	int32_t		days;			/* business days */
	int64_t		time;			/* business time, microseconds */
	int			calendar_len;	/* 0 if no calendar is named */
	char		calendar[INTERVAL_MAX_CALENDAR];	/* not terminated */
} IntervalValue;

/*
 * Parse "text" ("length" bytes, need not be terminated).  Returns false and fills in
 * *error on failure; then *value is undefined.
 */
extern bool interval_parse(const char *text, size_t length,
						   IntervalValue *value, CoreError *error);

/*
 * Print into "out", which must have INTERVAL_MAX_TEXT bytes, NUL-terminated.  Returns
 * the length without the NUL.
 */
extern size_t interval_print(int32_t days, int64_t time, const char *calendar,
							 int calendar_len, char *out);

#endif							/* SLA_INTERVAL_TEXT_H */
