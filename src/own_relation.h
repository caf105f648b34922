/*-------------------------------------------------------------------------
 *
 * own_relation.h
 *	  Cache of the OIDs of the extension's own relations.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_OWN_RELATION_H
#define SLA_OWN_RELATION_H

#include "sla_tracker.h"

typedef enum OwnRelation
{
	OWN_REVISION,
	OWN_ROW_SECURITY,
	OWN_CLOCK_STATE,
	OWN_CLOCK_STATE_PKEY,
	OWN_CLOCK_STATE_ITEM_IDX,
	OWN_CLOCK_STATE_CLOCK_ID_SEQ,
	OWN_CLOCK_DUE_NEW,
	OWN_ALERT,
	OWN_ALERT_CLOCK_IDX,
	OWN_MOVED_PARTY,
	OWN_PROMISE,
	OWN_PROMISE_UNSETTLED_IDX,
	OWN_ROLLUP,
	OWN_ROLLUP_PKEY,
	OWN_ROLLUP_BUCKET,
	OWN_ROLLUP_BUCKET_PKEY,
	OWN_ROLLUP_DELTA,
	OWN_ROLLUP_DELTA_OBJECTIVE_IDX
} OwnRelation;

extern void own_relation_init(void);

/* The OID of a relation; an error if it does not exist. */
extern Oid	own_relation(OwnRelation which);

#endif							/* SLA_OWN_RELATION_H */
