/*-------------------------------------------------------------------------
 *
 * business_time.h
 *	  Argument handling shared by the SQL functions on business time.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_BUSINESS_TIME_H
#define SLA_BUSINESS_TIME_H

#include "sla_tracker.h"

#include "hours_image.h"

/*
 * Get the opening hours given by an argument of type business_hours, or of
 * type text, which is then the name of a calendar.  An unknown calendar is an
 * error.
 */
extern HoursImage *image_of_arg(FunctionCallInfo fcinfo, int argno);

#endif							/* SLA_BUSINESS_TIME_H */
