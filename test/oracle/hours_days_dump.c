/*-------------------------------------------------------------------------
 *
 * hours_days_dump.c
 *	  For opening_hours_diff.mjs: what opening hours open on local dates.
 *
 * Reads lines "YYYY-MM-DD <number of dates> <opening hours>" and answers each
 * with a line: dates separated by ";", their spans by ",", as minutes "540-1020";
 * or "ERROR" and why.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hours.h"

#define ARENA_SIZE	((size_t) 64 * 1024 * 1024)

static char arena[ARENA_SIZE];
static size_t arena_used;

static void *
arena_alloc(void *context, size_t size)
{
	void	   *block = arena + arena_used;

	size = (size + 15) & ~(size_t) 15;
	if (size > ARENA_SIZE - arena_used)
		return NULL;
	arena_used += size;
	return block;
}

static void
print_day(const DayShape *shape)
{
	const char *separator = "";
	int			i = 0;

	while (i < shape->npieces)
	{
		int64_t		from = shape->pieces[i].from;
		int64_t		to = shape->pieces[i].to;

		for (i++; i < shape->npieces && shape->pieces[i].from <= to; i++)
			if (shape->pieces[i].to > to)
				to = shape->pieces[i].to;
		printf("%s%d-%d", separator, (int) (from / CORE_USECS_PER_MINUTE),
			   (int) (to / CORE_USECS_PER_MINUTE));
		separator = ",";
	}
}

int
main(void)
{
	static char line[65536];
	CoreMem		mem = {arena_alloc, NULL, NULL};

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		CoreError	error = {0};
		HoursExpr  *expr;
		DayPlan		plan;
		int			year;
		int			month;
		int			day;
		int			ndates;
		int			start;
		int			i;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%d-%d-%d %d %n", &year, &month, &day, &ndates, &start) != 4)
			return 2;
		arena_used = 0;
		expr = hours_parse(line + start, strlen(line + start), &mem, &error);
		if (expr == NULL ||
			!hours_plan(expr, core_date(year, month, day), ndates, &mem, &plan, &error))
			printf("ERROR %s", error.detail);
		else
			for (i = 0; i < ndates; i++)
			{
				if (i > 0)
					putchar(';');
				print_day(&plan.shapes[plan.shape[i]]);
			}
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
