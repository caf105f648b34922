/*-------------------------------------------------------------------------
 *
 * visibility.h
 *	  Restricting the clocks that a reader sees by the row-level security of their
 *	  tables.
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
 * The reader: the current role or, inside sla.NAME_answer() (see ask.c), the role that
 * has called sla.NAME().
 */
extern Oid	visibility_reader(void);

/* Set the role for which the extension's owner answers; returns the previous one. */
extern Oid	visibility_answer(Oid asker);

#endif							/* SLA_VISIBILITY_H */
