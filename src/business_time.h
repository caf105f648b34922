/*-------------------------------------------------------------------------
 *
 * business_time.h
 *	  What the SQL-callable functions of business time share.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_BUSINESS_TIME_H
#define SLA_BUSINESS_TIME_H

#include "sla_tracker.h"

#include "hours_image.h"

/* The hours of an argument that is business_hours or a calendar's name. */
extern HoursImage *image_of_arg(FunctionCallInfo fcinfo, int argno);

#endif							/* SLA_BUSINESS_TIME_H */
