/*-------------------------------------------------------------------------
 *
 * deadline.h
 *	  The trigger function sla_deadline().
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_DEADLINE_H
#define SLA_DEADLINE_H

extern void deadline_init(void);

#endif							/* SLA_DEADLINE_H */
