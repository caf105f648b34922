/*-------------------------------------------------------------------------
 *
 * hours_expr.c
 *	  Small operations on parsed opening hours.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours.h"

const char *
hours_zone(const HoursExpr *expr)
{
	while (expr->zone[0] == '\0')
		expr = expr->left;
	return expr->zone;
}

int
hours_compare_holidays(const void *a, const void *b)
{
	int32_t		da = ((const HoursHoliday *) a)->date;
	int32_t		db = ((const HoursHoliday *) b)->date;

	return da < db ? -1 : (da > db ? 1 : 0);
}

/* Merge two sorted lists; if both have a date, the entry of "b" wins. */
static int
merge_holidays(HoursHoliday *result, const HoursHoliday *a, int na,
			   const HoursHoliday *b, int nb)
{
	int			n = 0;
	int			i = 0;
	int			j = 0;

	while (i < na || j < nb)
	{
		if (j >= nb || (i < na && a[i].date < b[j].date))
			result[n++] = a[i++];
		else
		{
			if (i < na && a[i].date == b[j].date)
				i++;
			result[n++] = b[j++];
		}
	}
	return n;
}

bool
hours_bake(HoursExpr *expr, const HoursHoliday *holidays, int n, CoreMem *mem)
{
	HoursHoliday *merged;

	if (expr->kind != HOURS_LEAF)
		return hours_bake(expr->left, holidays, n, mem) &&
			hours_bake(expr->right, holidays, n, mem);
	merged = mem->alloc(mem->context, (expr->nholidays + n + 1) * sizeof(HoursHoliday));
	if (merged == NULL)
		return false;
	expr->nholidays = merge_holidays(merged, expr->holidays, expr->nholidays, holidays, n);
	expr->holidays = merged;
	return true;
}
