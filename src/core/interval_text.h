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
 * The longest text printed, with its NUL: "-2147483648 bd -2562047788 bh
 * -59 bm -59.999999 bs" and a quoted name of 63 double quotes.
 */
#define INTERVAL_MAX_TEXT		192

typedef struct IntervalValue
{
	int32_t		days;			/* business days */
	int64_t		time;			/* business time, microseconds */
	int			calendar_len;	/* 0: no calendar named */
	char		calendar[INTERVAL_MAX_CALENDAR];	/* not terminated */
} IntervalValue;

/*
 * Parse "text" (length bytes, need not be terminated).  Returns false and
 * fills *error on failure; *value is undefined then.
 */
extern bool interval_parse(const char *text, size_t length,
						   IntervalValue *value, CoreError *error);

/*
 * Print into "out", which has room for INTERVAL_MAX_TEXT bytes, and terminate.
 * Returns the length without the NUL.
 */
extern size_t interval_print(int32_t days, int64_t time, const char *calendar,
							 int calendar_len, char *out);

#endif							/* SLA_INTERVAL_TEXT_H */
