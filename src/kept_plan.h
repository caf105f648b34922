/*-------------------------------------------------------------------------
 *
 * kept_plan.h
 *	  Prepared statements that live as long as a memory context.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_KEPT_PLAN_H
#define SLA_KEPT_PLAN_H

#include "sla_tracker.h"

#include "executor/spi.h"

/*
 * Prepare a query; SPI must be connected.  The plan is freed with the memory context.
 * An error if it cannot be prepared.
 */
extern SPIPlanPtr kept_plan(MemoryContext context, const char *query, int nargs, Oid *types);

#endif							/* SLA_KEPT_PLAN_H */
