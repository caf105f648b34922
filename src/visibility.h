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

/* Whom the extension's owner answers. */
typedef struct Asker
{
	Oid			role;			/* InvalidOid: nobody */
	const char *search_path;	/* settings of the session, under which the
								 * policies of tables are evaluated */
	const char *time_zone;
} Asker;

/*
 * From now on the extension's owner answers the reader; returns whom he answered before,
 * for visibility_answered().
 */
extern Asker visibility_answer(void);
extern void visibility_answered(Asker before);

#endif							/* SLA_VISIBILITY_H */
