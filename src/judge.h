/*-------------------------------------------------------------------------
 *
 * judge.h
 *	  Checking who may define clocks, and change them.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_JUDGE_H
#define SLA_JUDGE_H

#include "sla_tracker.h"

/* Raise an error unless the current role owns the table. */
extern void check_may_define(Oid relid);

#endif							/* SLA_JUDGE_H */
