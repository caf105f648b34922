/*-------------------------------------------------------------------------
 *
 * questions.c
 *	  What reports and questions about clocks need beyond SQL.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * sla.duration_text(double precision) -> text
 *
 * Hours and minutes, or seconds where there is less than a minute; what is
 * less than the unit shown is left out.
 */
PG_FUNCTION_INFO_V1(sla_duration_text);
Datum
sla_duration_text(PG_FUNCTION_ARGS)
{
	float8		seconds = PG_GETARG_FLOAT8(0);
	const char *sign = seconds < 0 ? "-" : "";
	int64		minutes;
	char		buffer[64];

	if (!isfinite(seconds) || fabs(seconds) > 1e15)
		PG_RETURN_TEXT_P(cstring_to_text(isnan(seconds) ? "unknown" :
										 seconds < 0 ? "-infinity" : "infinity"));
	seconds = fabs(seconds);
	minutes = (int64) (seconds / SECS_PER_MINUTE);
	if (minutes == 0)
		snprintf(buffer, sizeof(buffer), "%s%d s", seconds < 1 ? "" : sign, (int) seconds);
	else if (minutes < MINS_PER_HOUR)
		snprintf(buffer, sizeof(buffer), "%s%d min", sign, (int) minutes);
	else if (minutes % MINS_PER_HOUR == 0)
		snprintf(buffer, sizeof(buffer), "%s" INT64_FORMAT " h", sign, minutes / MINS_PER_HOUR);
	else
		snprintf(buffer, sizeof(buffer), "%s" INT64_FORMAT " h %d min", sign,
				 minutes / MINS_PER_HOUR, (int) (minutes % MINS_PER_HOUR));
	PG_RETURN_TEXT_P(cstring_to_text(buffer));
}
