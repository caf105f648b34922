/*-------------------------------------------------------------------------
 *
 * item_set.c
 *	  Sets of 64-bit hashes of items, or of something that belongs to items.
 *
 * A sync keeps all items of a table in such a set.  Storing only hashes keeps it small,
 * and makes a lookup cost just one cache miss.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "item_set.h"

#include "common/hashfn.h"

typedef struct Member
{
	uint64		item;
	char		status;
} Member;

#define SH_PREFIX member
#define SH_ELEMENT_TYPE Member
#define SH_KEY_TYPE uint64
#define SH_KEY item
#define SH_HASH_KEY(set, item) ((uint32) (item))
#define SH_EQUAL(set, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

uint64
item_hash(const char *item)
{
	return hash_bytes_extended((const unsigned char *) item, (int) strlen(item), 0);
}

ItemSet *
item_set_create(void)
{
	return member_create(CurrentMemoryContext, 256, NULL);
}

bool
item_set_add(ItemSet *set, uint64 item)
{
	bool		found;

	(void) member_insert(set, item, &found);
	return !found;
}

bool
item_set_has(ItemSet *set, uint64 item)
{
	return member_lookup(set, item) != NULL;
}
