/*-------------------------------------------------------------------------
 *
 * hours_memory.h
 *	  Arrays and hash tables that grow, for the evaluation of opening hours.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_HOURS_MEMORY_H
#define SLA_HOURS_MEMORY_H

#include "core.h"

#include <string.h>

/* Where memory comes from, and who is told that there is none. */
typedef struct PlanMemory
{
	CoreMem    *mem;
	CoreError  *error;
} PlanMemory;

static inline void *
plan_alloc(const PlanMemory *memory, size_t size)
{
	void	   *block = memory->mem->alloc(memory->mem->context, size);

	if (block == NULL)
		core_fail(memory->error, CORE_NOMEM, -1, 0, "Not enough memory for opening hours.", "");
	return block;
}

/*
 * Make room for at least "wanted" elements in an array, keeping the first
 * "used".  Returns false if out of memory.
 */
static inline bool
plan_grow(const PlanMemory *memory, void **array, int *size, int used, int wanted,
		  size_t element)
{
	int			new_size = *size > 0 ? *size : 16;
	void	   *larger;

	if (wanted <= *size)
		return true;
	while (new_size < wanted)
		new_size *= 2;
	larger = plan_alloc(memory, (size_t) new_size * element);
	if (larger == NULL)
		return false;
	if (used > 0)
		memcpy(larger, *array, (size_t) used * element);
	*array = larger;
	*size = new_size;
	return true;
}

/* Make an empty hash table of twice the size.  Returns false if out of memory. */
static inline bool
plan_grow_slots(const PlanMemory *memory, uint32_t **slot, int *slots)
{
	int			new_slots = *slots > 0 ? *slots * 2 : 64;
	uint32_t   *larger = plan_alloc(memory, (size_t) new_slots * sizeof(uint32_t));

	if (larger == NULL)
		return false;
	memset(larger, 0, (size_t) new_slots * sizeof(uint32_t));
	*slot = larger;
	*slots = new_slots;
	return true;
}

static inline uint64_t
plan_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

#endif							/* SLA_HOURS_MEMORY_H */
