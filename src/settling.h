/*-------------------------------------------------------------------------
 *
 * settling.h
 *	  Finding out when all transactions know of a change, and using that in plans.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_SETTLING_H
#define SLA_SETTLING_H

#include "sla_tracker.h"

extern void settling_init(void);

#endif							/* SLA_SETTLING_H */
