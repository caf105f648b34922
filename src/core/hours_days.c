/*-------------------------------------------------------------------------
 *
 * hours_days.c
 *	  Evaluation of a leaf of opening hours to what it opens on each local date.
 *
 * The semantics are those of opening_hours.js 3.15 (its getStatePair()).  Rules
 * are applied to a date in order.  A rule whose selectors match the date acts
 * with its spans cut off at 24:00 (its own part); then, if its selectors match
 * the previous date, with the parts of its spans after 24:00 (its spill).  The
 * own part of an open rule with date selectors replaces what was there before.
 * The own part of an additional rule, and any spill, is added to it.  An "off"
 * rule removes its spans or, if it has none, everything.  Spill is applied even
 * if another rule has replaced or closed the previous date.
 *
 * Evaluation proceeds by years, and the dates that a rule matches are a bit set.
 * A first pass, from the last rule to the first, finds the dates on which each
 * rule matters, that is, those that no later rule replaces or closes entirely.
 * The second pass applies the rules, in order, to these dates.  Meanwhile the
 * state of a date is either a shape or, after actions that depend on what was
 * there, a node, which represents a chain of actions on a shape.  Only the nodes
 * that are the final state of a date are converted to shapes.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_match.h"
#include "hours_shapes.h"

#include <stdio.h>
#include <string.h>

#define FIRST_NODE		65536	/* states from here on are nodes */
#define MANY_NODES		(512 * 1024)	/* convert to shapes and discard nodes
										 * if there are more */

#define MANY_RULES		24		/* look for classes of days from here on */
#define FEW_CLASSES		16		/* up to this many always pay */
#define MAX_CLASSES		96

#define RULES_PER_CHECK 1024	/* rules between checks for interrupts */

/*
 * Limit of work per leaf.  An action counts as ACTION_WORK plus the number of
 * spans it acts on.  MAX_WORK takes well under a second.
 */
#define ACTION_WORK		24
#define MAX_WORK		INT64_C(150000000)

/* A rule, with what can be determined once for all years. */
typedef struct PlanRule
{
	const HoursRule *rule;
	Selectors	selectors;
	int16_t		eve_year;		/* the year for which on_eve is valid, or 0 */
	bool		on_eve;			/* does it match December 31st of that year? */
	bool		settles;		/* its own part replaces or closes a date
								 * entirely */
	bool		spills;			/* some span ends after 24:00 */
	uint32_t	shape;			/* shape of its own part, if it settles, or
								 * NO_SHAPE if not made yet */
} PlanRule;

/* A rule that matters in the current year, and the days on which it acts. */
typedef struct LiveRule
{
	int			rule;
	DaySet		own;
	DaySet		spill;
} LiveRule;

/*
 * The result of an action on a state.  The low bit of "action" is set if the
 * action is the spill of a rule, and clear if it is its own part; the other
 * bits are the index of the rule.
 */
typedef struct Node
{
	uint32_t	from;			/* the state acted on */
	uint32_t	action;
	uint32_t	shape;			/* the resulting shape, or NO_SHAPE if not
								 * computed yet */
} Node;

typedef struct Planner
{
	const HoursExpr *leaf;
	Matcher		matcher;
	DayShapes	shapes;

	PlanRule   *rules;
	bool		names_holidays; /* some rule has PH */
	int			checked;		/* rules since the last check for interrupts */
	int64_t		work;			/* done so far; see MAX_WORK */

	/* The current year. */
	Year		year;
	DaySet		window;			/* the days to be evaluated */
	uint32_t	state[MAX_YEAR_DAYS];
	DaySet		dated;			/* days whose hours come from a dated rule */
	DaySet		ruled;			/* days that a rule with PH replaced or closed */
	int			nlive;
	int			live_size;
	LiveRule   *live;
	int			nclasses;		/* 0 if classes are not used */
	DaySet		class[MAX_CLASSES]; /* days on which the same rules act */

	/* Nodes, hashed by the state they come from and the action. */
	int			nnodes;
	int			nodes_size;
	Node	   *node;
	int			node_slots;
	uint32_t   *node_slot;
	uint32_t   *chain;			/* work space: the actions of a node */
	int			chain_size;
} Planner;

static void
look_at_interrupts(Planner *p)
{
	if (++p->checked < RULES_PER_CHECK)
		return;
	p->checked = 0;
	if (p->shapes.memory.mem->check_interrupts != NULL)
		p->shapes.memory.mem->check_interrupts();
}

/* Does a rule match December 31st of the year before? */
static bool
matches_eve(Planner *p, PlanRule *r)
{
	if (r->eve_year != p->year.year - 1)
	{
		Year		year = hours_year(p->year.year - 1);
		DaySet		days = {{0}};

		add_days(&days, year.ndays - 1, year.ndays, year.ndays);
		r->on_eve = hours_match(&p->matcher, &days, &r->selectors, &year);
		r->eve_year = (int16_t) year.year;
	}
	return r->on_eve;
}

/*
 * Nodes
 */

static bool
grow_nodes(Planner *p)
{
	int			i;

	if (!plan_grow(&p->shapes.memory, (void **) &p->node, &p->nodes_size, p->nnodes, p->nnodes + 1,
				   sizeof(Node)))
		return false;
	if (p->nnodes * 2 < p->node_slots)
		return true;
	if (!plan_grow_slots(&p->shapes.memory, &p->node_slot, &p->node_slots))
		return false;
	for (i = 0; i < p->nnodes; i++)
	{
		uint32_t	slot = (uint32_t) plan_mix((uint64_t) p->node[i].from << 32, p->node[i].action);

		while (p->node_slot[slot & (p->node_slots - 1)] != 0)
			slot++;
		p->node_slot[slot & (p->node_slots - 1)] = (uint32_t) i + 1;
	}
	return true;
}

/* The state that results from an action on a state; NO_SHAPE on failure. */
static uint32_t
act(Planner *p, uint32_t from, uint32_t action)
{
	uint32_t	slot = (uint32_t) plan_mix((uint64_t) from << 32, action);

	if ((p->nnodes == p->nodes_size || p->nnodes * 2 >= p->node_slots) &&
		!grow_nodes(p))
		return NO_SHAPE;
	for (;; slot++)
	{
		uint32_t	found = p->node_slot[slot & (p->node_slots - 1)];

		if (found == 0)
			break;
		if (p->node[found - 1].from == from && p->node[found - 1].action == action)
			return FIRST_NODE + found - 1;
	}
	p->node[p->nnodes].from = from;
	p->node[p->nnodes].action = action;
	p->node[p->nnodes].shape = NO_SHAPE;
	p->node_slot[slot & (p->node_slots - 1)] = (uint32_t) p->nnodes + 1;
	return FIRST_NODE + (uint32_t) p->nnodes++;
}

/* Count the work of one action; fails if it becomes too much. */
static bool
count_work(Planner *p)
{
	p->work += ACTION_WORK + p->shapes.own.n + p->shapes.spill.n;
	if (p->work <= MAX_WORK)
		return true;
	core_fail(p->shapes.memory.error, CORE_LIMIT, -1, 0,
			  "Too many rules add to one another, over the %d dates that the answer needs.",
			  "Ask for a shorter time, or write fewer rules that add hours to a date.",
			  (int) p->shapes.plan->ndates);
	snprintf(p->shapes.memory.error->message, sizeof(p->shapes.memory.error->message), "opening hours too complex");
	return false;
}

/* Convert a state to a shape; NO_SHAPE on failure. */
static uint32_t
resolve(Planner *p, uint32_t state)
{
	uint32_t	last = state;
	int			n = 0;

	while (state >= FIRST_NODE && p->node[state - FIRST_NODE].shape == NO_SHAPE)
	{
		if (!plan_grow(&p->shapes.memory, (void **) &p->chain, &p->chain_size, n, n + 1,
					   sizeof(uint32_t)))
			return NO_SHAPE;
		p->chain[n++] = p->node[state - FIRST_NODE].action;
		state = p->node[state - FIRST_NODE].from;
	}
	if (state >= FIRST_NODE)
		state = p->node[state - FIRST_NODE].shape;
	if (n == 0)
		return state;

	if (!day_shapes_load(&p->shapes, state))
		return NO_SHAPE;
	while (n-- > 0)
	{
		const HoursRule *rule = p->rules[p->chain[n] / 2].rule;
		bool		spill = p->chain[n] % 2 != 0;

		look_at_interrupts(p);
		if (!count_work(p) ||
			!day_spans_cut(&p->shapes, &p->shapes.operand, rule->nspans, rule->spans, spill))
			return NO_SHAPE;
		if (rule->off)
		{
			if (!day_spans_subtract(&p->shapes, &p->shapes.own, &p->shapes.operand) ||
				!day_spans_subtract(&p->shapes, &p->shapes.spill, &p->shapes.operand))
				return NO_SHAPE;
		}
		else if (!day_spans_add(&p->shapes, spill ? &p->shapes.spill : &p->shapes.own, &p->shapes.operand))
			return NO_SHAPE;
	}
	state = day_shapes_intern(&p->shapes);
	p->node[last - FIRST_NODE].shape = state;
	return state;
}

/* Turn the states of the year's days into shapes. */
static bool
resolve_year(Planner *p)
{
	int			day;

	if (p->nnodes == 0)
		return true;
	for (day = 0; day < p->year.ndays; day++)
	{
		if (p->state[day] < FIRST_NODE)
			continue;
		p->state[day] = resolve(p, p->state[day]);
		if (p->state[day] == NO_SHAPE)
			return false;
	}
	if (p->nnodes > MANY_NODES)
	{
		p->nnodes = 0;
		memset(p->node_slot, 0, (size_t) p->node_slots * sizeof(uint32_t));
	}
	return true;
}

/*
 * A year
 */

/* Apply an action whose result depends on what was there to days of the year. */
static bool
apply_action(Planner *p, const DaySet *days, uint32_t action)
{
	uint32_t	from = NO_SHAPE;
	uint32_t	to = NO_SHAPE;
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
	{
		uint64_t	bits = days->word[i];

		for (; bits != 0; bits &= bits - 1)
		{
			uint32_t   *state = &p->state[i * 64 + __builtin_ctzll(bits)];

			if (*state != from)
			{
				from = *state;
				to = act(p, from, action);
				if (to == NO_SHAPE)
					return false;
			}
			*state = to;
		}
	}
	return p->nnodes <= MANY_NODES || resolve_year(p);
}

/* Set the state of days of the year to a shape. */
static void
apply_shape(Planner *p, const DaySet *days, uint32_t shape)
{
	int			i;

	for (i = 0; i < YEAR_WORDS; i++)
	{
		uint64_t	bits = days->word[i];

		for (; bits != 0; bits &= bits - 1)
			p->state[i * 64 + __builtin_ctzll(bits)] = shape;
	}
}

/* Find the rules that matter in the current year: into p->live, last rule first. */
static bool
find_live_rules(Planner *p)
{
	DaySet		settled;
	int			i;
	int			w;

	for (w = 0; w < YEAR_WORDS; w++)
		settled.word[w] = ~p->window.word[w];

	p->nlive = 0;
	for (i = p->leaf->nrules - 1; i >= 0; i--)
	{
		PlanRule   *r = &p->rules[i];
		LiveRule   *live;
		bool		own;
		bool		spill = false;

		look_at_interrupts(p);
		if (p->year.year < r->selectors.first_year || p->year.year - (r->spills ? 1 : 0) > r->selectors.last_year)
			continue;
		if (!plan_grow(&p->shapes.memory, (void **) &p->live, &p->live_size, p->nlive, p->nlive + 1,
					   sizeof(LiveRule)))
			return false;
		live = &p->live[p->nlive];
		live->rule = i;
		memset(&live->own, 0, sizeof(DaySet));
		add_days(&live->own, 0, p->year.ndays, p->year.ndays);
		own = hours_match(&p->matcher, &live->own, &r->selectors, &p->year);
		if (!own)
			memset(&live->own, 0, sizeof(DaySet));
		if (r->spills)
		{
			bool		eve = has_day(&p->window, 0) && matches_eve(p, r);

			r->eve_year = (int16_t) p->year.year;
			r->on_eve = own && has_day(&live->own, p->year.ndays - 1);
			next_days(&live->spill, &live->own, eve);
			spill = remove_days(&live->spill, &settled);
		}
		own = own && remove_days(&live->own, &settled);
		if (!own && !spill)
			continue;
		if (!spill)
			memset(&live->spill, 0, sizeof(DaySet));
		p->nlive++;
		if (own && r->settles)
		{
			uint64_t	open = 0;

			join_days(&settled, &live->own);
			for (w = 0; w < YEAR_WORDS; w++)
				open |= ~settled.word[w];
			if (open == 0)
				break;
		}
	}
	return true;
}

/*
 * Split each class of days into those in a set and those not in it.  Returns
 * false if there are too many classes.
 */
static bool
split_classes(Planner *p, const DaySet *set)
{
	int			n = p->nclasses;
	int			i;

	for (i = 0; i < n; i++)
	{
		DaySet		inside = p->class[i];
		DaySet		outside = p->class[i];

		if (!keep_days(&inside, set) || !remove_days(&outside, set))
			continue;
		if (p->nclasses == MAX_CLASSES)
			return false;
		p->class[i] = inside;
		p->class[p->nclasses++] = outside;
	}
	return true;
}

/*
 * If many rules matter in the year, often the same ones act on many days.  Then
 * apply them to only one day of each such class.  Give up if finding the classes
 * is more work than it saves.
 */
static void
find_classes(Planner *p)
{
	DaySet		first = {{0}};
	int			saved = 0;
	int			i;

	p->nclasses = 0;
	if (p->nlive < MANY_RULES)
		return;
	p->class[p->nclasses++] = p->window;
	for (i = 0; i < p->nlive; i++)
	{
		const LiveRule *live = &p->live[i];
		bool		spills = p->rules[live->rule].spills;

		look_at_interrupts(p);
		if (p->nclasses > FEW_CLASSES)
			saved += count_days(&live->own) +
				(spills ? count_days(&live->spill) : 0) - p->nclasses / 2;
		if (saved < -MAX_CLASSES * MAX_CLASSES ||
			!split_classes(p, &live->own) ||
			(spills && !split_classes(p, &live->spill)))
		{
			p->nclasses = 0;
			return;
		}
	}
	for (i = 0; i < p->nclasses; i++)
	{
		int			day = first_day(&p->class[i]);

		add_days(&first, day, day + 1, p->year.ndays);
	}
	for (i = 0; i < p->nlive; i++)
	{
		keep_days(&p->live[i].own, &first);
		keep_days(&p->live[i].spill, &first);
	}
}

/* Copy the state of the first day of each class to all its days. */
static void
spread_classes(Planner *p)
{
	int			i;

	for (i = 0; i < p->nclasses; i++)
	{
		int			day = first_day(&p->class[i]);

		apply_shape(p, &p->class[i], p->state[day]);
		if (has_day(&p->dated, day))
			join_days(&p->dated, &p->class[i]);
		if (has_day(&p->ruled, day))
			join_days(&p->ruled, &p->class[i]);
	}
}

/* Apply the rules that matter in the current year, in order. */
static bool
apply_live_rules(Planner *p)
{
	int			i;

	memset(p->state, 0, sizeof(p->state));
	memset(&p->dated, 0, sizeof(p->dated));
	memset(&p->ruled, 0, sizeof(p->ruled));
	for (i = p->nlive - 1; i >= 0; i--)
	{
		const LiveRule *live = &p->live[i];
		PlanRule   *r = &p->rules[live->rule];

		look_at_interrupts(p);
		if (r->settles)
		{
			if (r->shape == NO_SHAPE)
				r->shape = r->rule->off ? day_shapes_empty(&p->shapes) :
					day_shapes_of_spans(&p->shapes, r->rule->nspans, r->rule->spans);
			if (r->shape == NO_SHAPE)
				return false;
			apply_shape(p, &live->own, r->shape);
			if (r->selectors.holidays || r->rule->only_holidays)
				join_days(&p->ruled, &live->own);
			else
				remove_days(&p->ruled, &live->own);
		}
		else if (!apply_action(p, &live->own, (uint32_t) live->rule * 2))
			return false;
		if (r->selectors.dated && !r->rule->off)
			join_days(&p->dated, &live->own);
		if (r->spills &&
			!apply_action(p, &live->spill, (uint32_t) live->rule * 2 + 1))
			return false;
	}
	if (!resolve_year(p))
		return false;
	spread_classes(p);
	return true;
}

/*
 * Add the spill of a holiday to the day after it, unless that is a holiday whose
 * hours come from a rule with PH.
 */
static bool
add_spill(Planner *p, int day, const HoursHoliday *holiday)
{
	if (has_day(&p->ruled, day))
		return true;
	if (!day_shapes_load(&p->shapes, p->state[day]) ||
		!day_spans_cut(&p->shapes, &p->shapes.operand, holiday->nspans, holiday->spans, true) ||
		!day_spans_add(&p->shapes, &p->shapes.spill, &p->shapes.operand))
		return false;
	p->state[day] = day_shapes_intern(&p->shapes);
	return p->state[day] != NO_SHAPE;
}

/*
 * Apply the holidays of the year on top of all rules.  A holiday with hours of
 * its own replaces the hours of its date; one without closes it if no rule names
 * PH.  Dates whose hours come from a dated rule stay as they are.  The spill of
 * a holiday's own hours is discarded if the next date is replaced in this way,
 * too.  *eve is the holiday on December 31st that spills into the next year, or
 * NULL.
 */
static bool
apply_holidays(Planner *p, const HoursHoliday **eve)
{
	const HoursExpr *leaf = p->leaf;
	int			i;

	/* a rule like "Mo-Fr,PH" also replaced days that are no holidays */
	keep_days(&p->ruled, hours_match_holidays(&p->matcher, &p->year));
	if (*eve != NULL && !add_spill(p, 0, *eve))
		return false;
	*eve = NULL;
	for (i = hours_first_holiday(leaf, p->year.first);
		 i < leaf->nholidays && leaf->holidays[i].date < p->year.first + p->year.ndays;
		 i++)
	{
		const HoursHoliday *holiday = &leaf->holidays[i];
		int			day = holiday->date - p->year.first;
		uint32_t	shape;
		int			s;

		if (!has_day(&p->window, day) ||
			(holiday->nspans < 0 && p->names_holidays) ||
			(has_day(&p->dated, day) && day_shapes_has_own(&p->shapes, p->state[day])))
			continue;
		shape = holiday->nspans <= 0 ? day_shapes_empty(&p->shapes) :
			day_shapes_of_spans(&p->shapes, holiday->nspans, holiday->spans);
		if (shape == NO_SHAPE)
			return false;
		p->state[day] = shape;

		for (s = 0; s < holiday->nspans; s++)
			if (holiday->spans[s].to > CORE_USECS_PER_DAY)
				break;
		if (s >= holiday->nspans)
			continue;
		if (day + 1 == p->year.ndays)
			*eve = holiday;
		else if (!add_spill(p, day + 1, holiday))
			return false;
	}
	return true;
}

/*
 * What can be determined once for all years
 */

static bool
has_date_selectors(const HoursRule *rule)
{
	return rule->nyears > 0 || rule->ndates > 0 || rule->nweeks > 0 ||
		rule->nweekdays > 0 || rule->only_holidays;
}

static void
prepare_rule(Planner *p, int number)
{
	const HoursRule *rule = &p->leaf->rules[number];
	PlanRule   *r = &p->rules[number];
	int			i;

	memset(r, 0, sizeof(PlanRule));
	r->rule = rule;
	r->selectors = hours_selectors(rule);
	r->shape = NO_SHAPE;
	if (rule->off)
		r->settles = rule->nspans == 0;
	else
		r->settles = !rule->additional &&
			(number == 0 || has_date_selectors(rule) ||
			 !has_date_selectors(rule - 1));
	for (i = 0; i < rule->nspans; i++)
		if (rule->spans[i].to > CORE_USECS_PER_DAY)
			r->spills = true;
	if (rule->only_holidays || r->selectors.holidays)
		p->names_holidays = true;
}

/*
 * hours_plan
 *
 * Evaluate a leaf for the dates [first, first + ndates); see hours.h.  Fails
 * with CORE_LIMIT if the dates have too many different shapes, pieces in all
 * shapes, or too many rules add to one another; and with CORE_NOMEM.
 */
bool
hours_plan(const HoursExpr *leaf, int32_t first, int32_t ndates, CoreMem *mem,
		   DayPlan *plan, CoreError *error)
{
	Planner		planner;
	Planner    *p = &planner;
	const HoursHoliday *eve = NULL;
	int32_t		date = first;
	int32_t		end = first + ndates;
	uint16_t   *shape;
	int			i;

	memset(p, 0, sizeof(Planner));
	p->leaf = p->matcher.leaf = leaf;
	p->shapes.memory.mem = mem;
	p->shapes.memory.error = error;
	p->shapes.plan = plan;

	/* A holiday on the date before may spill into the first. */
	i = hours_first_holiday(leaf, first - 1);
	if (i < leaf->nholidays && leaf->holidays[i].date == first - 1 &&
		leaf->holidays[i].nspans > 0)
		date--;

	memset(plan, 0, sizeof(DayPlan));
	plan->first = first;
	plan->ndates = ndates;
	shape = plan_alloc(&p->shapes.memory, ((size_t) (end - date) + 1) * sizeof(uint16_t));
	p->rules = plan_alloc(&p->shapes.memory, (size_t) (leaf->nrules + 1) * sizeof(PlanRule));
	if (shape == NULL || p->rules == NULL)
		return false;
	plan->shape = shape + (first - date);
	for (i = 0; i < leaf->nrules; i++)
		prepare_rule(p, i);
	if (day_shapes_empty(&p->shapes) == NO_SHAPE)
		return false;

	while (date < end)
	{
		int			year;
		int			month;
		int			day;
		int			from;
		int			to;

		core_civil(date, &year, &month, &day);
		p->year = hours_year(year);
		from = date - p->year.first;
		to = end - p->year.first < p->year.ndays ? end - p->year.first : p->year.ndays;
		memset(&p->window, 0, sizeof(DaySet));
		add_days(&p->window, from, to, p->year.ndays);

		if (mem->check_interrupts != NULL)
			mem->check_interrupts();
		if (!find_live_rules(p))
			return false;
		find_classes(p);
		if (!apply_live_rules(p) || !apply_holidays(p, &eve))
			return false;
		for (i = from; i < to; i++)
			*shape++ = (uint16_t) p->state[i];
		date += to - from;
	}
	return true;
}
