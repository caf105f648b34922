/*-------------------------------------------------------------------------
 *
 * item_set.h
 *	  Sets of items of a tracked table, or of what belongs to them, by hash.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_ITEM_SET_H
#define SLA_ITEM_SET_H

#include "postgres.h"

typedef struct member_hash ItemSet;

extern uint64 item_hash(const char *item);

/* An empty set, in the current memory context. */
extern ItemSet *item_set_create(void);

/* False: it was there before. */
extern bool item_set_add(ItemSet *set, uint64 item);

extern bool item_set_has(ItemSet *set, uint64 item);

#endif							/* SLA_ITEM_SET_H */
