/*-------------------------------------------------------------------------
 *
 * item_set.h
 *	  Sets of 64-bit hashes of items, or of something that belongs to items.
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

/* Add an item; returns false if it was already in the set. */
extern bool item_set_add(ItemSet *set, uint64 item);

extern bool item_set_has(ItemSet *set, uint64 item);

#endif							/* SLA_ITEM_SET_H */
