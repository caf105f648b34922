/*-------------------------------------------------------------------------
 *
 * visibility.h
 *	  Which clocks a reader may see, where row-level security of their table
 *	  is honoured.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_VISIBILITY_H
#define SLA_VISIBILITY_H

#include "sla_tracker.h"

extern void visibility_init(void);

/*
 * Who reads: the current role; within a question that the extension's owner
 * answers (ask.c), who asked it.
 */
extern Oid	visibility_reader(void);

/* From here on the extension's owner answers this role; returns whom before. */
extern Oid	visibility_answer(Oid asker);

#endif							/* SLA_VISIBILITY_H */
