/*-------------------------------------------------------------------------
 *
 * hours_parse.c
 *	  Parser of opening hours: rules, leaves and expressions.
 *
 * This is a recursive descent parser:
 *
 *	value		= [ TZ=zone ] ( leaf | "(" value ")" ) | expression
 *	expression	= term { ("+" | "-") term }
 *	term		= operand { "*" operand }
 *	operand		= "(" value ")"
 *	leaf		= [ PH=date[spans],... ] rule { (";" | ",") rule }
 *	rule		= { years | dates | weeks | weekdays } [ spans | 24/7 ] [ off ]
 *
 * As in opening_hours.js, a comma begins an additional rule only after spans,
 * "off" or "open"; elsewhere it continues a list (hours_select.c).
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_parse.h"

#include <string.h>

/*
 * The maximal number of open parentheses.  When printed, a level of an expression
 * has at most two, one of them after a zone of its own.
 */
#define MAX_PARENS		(2 * HOURS_MAX_DEPTH + 2)

/*
 * The maximal factor by which the canonical text can be longer than the input:
 * "2," in a list of days becomes "2026 Dec 02,".
 */
#define MAX_GROWTH		8

static HoursExpr *parse_value(HoursParser *parser, int *height);

/* Is the current token the beginning of "24/7"? */
static bool
at_always(const HoursParser *parser)
{
	const HoursLexer *lex = &parser->lex;
	int			end = lex->start + 4;

	return lex->kind == HOURS_NUMBER && end <= lex->length &&
		memcmp(lex->text +lex->start, "24/7", 4) == 0 &&
		(end == lex->length || lex->text[end] < '0' || lex->text[end] > '9');
}

static bool
parse_always(HoursParser *parser, HoursRule *rule, bool bare)
{
	rule->spans = hours_allocate(parser, sizeof(HoursSpan));
	if (rule->spans == NULL)
		return false;
	rule->spans[0].from = 0;
	rule->spans[0].to = CORE_USECS_PER_DAY;
	rule->nspans = 1;
	rule->always = bare;
	return true;
}

/* Parse the selectors of days; *bare is set if there are none. */
static bool
parse_days(HoursParser *parser, HoursRule *rule, bool *bare)
{
	static const char *const again = "Join the two with \",\", or separate rules with \";\".";
	HoursLexer *lex = &parser->lex;
	bool		colon = false;

	for (*bare = true;; *bare = false)
	{
		int			start = lex->start;

		switch (lex->kind)
		{
			case HOURS_YEAR:
				if (lex->value < CORE_MIN_YEAR)
					return hours_unexpected(lex, "a year from 1800 to 2499");
				if (!*bare)
					return fail_token(parser, CORE_SYNTAX, "follows other days",
									  "The year comes first, as in \"2026 Dec 24\".");
				if (hours_year_begins_date(parser))
				{
					if (!hours_parse_dates(parser, rule))
						return false;
				}
				else if (!hours_parse_years(parser, rule))
					return false;
				break;
			case HOURS_MONTH:
			case HOURS_EASTER:
				if (rule->ndates > 0)
					return fail_token(parser, CORE_SYNTAX, "follows other dates", "%s", again);
				if (!hours_parse_dates(parser, rule))
					return false;
				if (rule->nyears == 1 && rule->years[0].from == rule->years[0].to &&
					!colon && rule->dates[0].from.kind == HOURS_DATE_MONTH &&
					rule->dates[0].to.month < rule->dates[0].from.month)
					return hours_fail(lex, CORE_SYNTAX, start, lex->start,
									  "goes beyond the year before it",
									  "Write \"%d %s 01-%d %s %02d\".",
									  rule->years[0].from,
									  hours_month_names[rule->dates[0].from.month - 1],
									  rule->years[0].from + 1,
									  hours_month_names[rule->dates[0].to.month - 1],
									  core_month_days(rule->years[0].from + 1,
													  rule->dates[0].to.month));
				break;
			case HOURS_WEEK:
				if (rule->nweeks > 0)
					return fail_token(parser, CORE_SYNTAX, "follows other weeks", "%s", again);
				if (!hours_parse_weeks(parser, rule))
					return false;
				break;
			case HOURS_PH:
			case HOURS_WEEKDAY:
				if (rule->nweekdays > 0)
					return fail_token(parser, CORE_SYNTAX, "follows other weekdays", "%s", again);
				if (!hours_parse_weekdays(parser, rule))
					return false;
				break;
			default:
				hours_order_steps(rule->years, &rule->nyears);
				hours_order_steps(rule->weeks, &rule->nweeks);

				/*
				 * After a month, opening_hours.js takes "10:10:00-12:00" as
				 * 10:00-12:00 on the tenth.
				 */
				if (lex->kind == HOURS_TIME && lex->has_seconds && !colon &&
					rule->ndates > 0 && rule->nweeks == 0 && rule->nweekdays == 0 &&
					rule->dates[rule->ndates - 1].to.kind == HOURS_DATE_MONTH)
					return fail_token(parser, CORE_SYNTAX,
									  "is ambiguous after a month",
									  "Write \"Jun 10 10:00-12:00\" for a day, \"Jun: 10:10:00-12:00\" for the whole month.");
				return true;
		}

		colon = lex->kind == ':';
		if (colon)
		{
			next_token(parser);
			if (lex->kind == HOURS_END || lex->kind == ';' || lex->kind == ')')
				return hours_unexpected(lex, "a span of time such as 09:00-17:00");
		}
	}
}

static bool
parse_rule(HoursParser *parser, HoursRule *rule)
{
	HoursLexer *lex = &parser->lex;
	bool		bare;
	bool		list_ended = true;	/* would a comma begin another rule? */

	memset(rule, 0, sizeof(*rule));
	if (!parse_days(parser, rule, &bare))
		return false;

	if (lex->kind == HOURS_TIME)
	{
		if (!hours_parse_span_list(parser, &rule->nspans, &rule->spans))
			return false;
		bare = false;
	}
	else if (at_always(parser))
	{
		if (!parse_always(parser, rule, bare))
			return false;
		lex->end = lex->start + 4;
		next_token(parser);
		bare = false;
		list_ended = false;
	}
	else
		list_ended = false;

	if (lex->kind == HOURS_OFF || lex->kind == HOURS_OPEN)
	{
		rule->off = lex->kind == HOURS_OFF;
		if (rule->off && rule->always)
		{
			rule->always = false;
			rule->nspans = 0;
		}
		next_token(parser);
		if (bare && !rule->off && !parse_always(parser, rule, true))
			return false;
		bare = false;
		list_ended = true;
	}

	if (bare)
		return hours_unexpected(lex, "a rule such as Mo-Fr 09:00-17:00");
	if (lex->kind == ',' && !list_ended)
		return fail_token(parser, CORE_SYNTAX, "ends no list of spans",
						  "Separate rules with \";\".");
	return true;
}

/* Is this the end of a leaf? */
static bool
at_end(const HoursParser *parser)
{
	return TOKEN(parser) == HOURS_END || (TOKEN(parser) == ')' && parser->parens > 0);
}

static bool
parse_rules(HoursParser *parser, HoursExpr *leaf)
{
	HoursLexer *lex = &parser->lex;
	int			capacity = 0;
	bool		additional = false;

	for (;;)
	{
		if (lex->kind == ';')
		{
			additional = false;
			next_token(parser);
			continue;
		}
		if (at_end(parser))
			break;

		if (parser->mem->check_interrupts != NULL)
			parser->mem->check_interrupts();
		if (++parser->nrules > HOURS_MAX_RULES)
			return fail_token(parser, CORE_LIMIT, "begins a rule too many",
							  "A value has at most %d rules.", HOURS_MAX_RULES);
		leaf->rules = hours_make_room(parser, leaf->rules, leaf->nrules, &capacity,
									  sizeof(HoursRule));
		if (leaf->rules == NULL || !parse_rule(parser, &leaf->rules[leaf->nrules]))
			return false;
		leaf->rules[leaf->nrules].additional = additional;
		leaf->nrules++;

		additional = lex->kind == ',';
		if (additional)
			next_token(parser);
		else if (lex->kind == HOURS_WEEKDAY || lex->kind == HOURS_MONTH ||
				 lex->kind == HOURS_PH || lex->kind == HOURS_WEEK ||
				 lex->kind == HOURS_EASTER)
			return fail_token(parser, CORE_SYNTAX, "follows a whole rule",
							  "Days come before times, and rules are separated by \";\".");
		else if (lex->kind != ';' && !at_end(parser))
			return hours_unexpected(lex, "\";\" before another rule");
	}

	if (leaf->nrules == 0)
		return hours_unexpected(lex, "a rule such as Mo-Fr 09:00-17:00 (\"off\" never opens)");
	return true;
}

/*
 * Leaves and expressions
 */

/* "2026-12-25" */
static bool
parse_iso_date(HoursParser *parser, int32_t *date)
{
	HoursLexer *lex = &parser->lex;
	int			start = lex->start;
	int			part[3];
	int			end;
	int			i;

	if (lex->kind != HOURS_YEAR)
	{
		if (lex->kind == HOURS_END)
			return hours_unexpected(lex, "a date such as 2026-12-25");
		return fail_token(parser, CORE_SYNTAX, "is not a date",
						  "Write dates as in \"2026-12-25\".");
	}
	for (i = 0;; i++)
	{
		bool		is_part = lex->kind == (i == 0 ? HOURS_YEAR : HOURS_NUMBER);

		part[i] = lex->value;
		end = lex->end;
		next_token(parser);
		if (!is_part || end - start != 4 + 3 * i || (i < 2 && lex->kind != '-'))
			return hours_fail(lex, CORE_SYNTAX, start, end, "is not a date",
							  "Write dates as in \"2026-12-25\".");
		if (i == 2)
			break;
		next_token(parser);
	}

	if (part[0] < CORE_MIN_YEAR || part[0] >= CORE_MAX_YEAR)
		return hours_fail(lex, CORE_RANGE, start, end, "is not a supported date",
						  "Years go from %d to %d.", CORE_MIN_YEAR, CORE_MAX_YEAR - 1);
	if (part[1] < 1 || part[1] > 12 ||
		part[2] < 1 || part[2] > core_month_days(part[0], part[1]))
		return hours_fail(lex, CORE_RANGE, start, end, "is not a date of the calendar",
						  "Write year, month and day, as in \"2026-12-25\".");
	*date = core_date(part[0], part[1], part[2]);
	return true;
}

static bool
same_hours(const HoursHoliday *a, const HoursHoliday *b)
{
	return a->nspans == b->nspans &&
		(a->nspans <= 0 ||
		 memcmp(a->spans, b->spans, a->nspans * sizeof(HoursSpan)) == 0);
}

/* "2026-12-25,2026-12-24[09:00-12:00],2026-12-26[off]" */
static bool
parse_holidays(HoursParser *parser, HoursExpr *leaf)
{
	HoursLexer *lex = &parser->lex;
	int			start = lex->start;
	int			capacity = 0;
	int			kept = 0;
	int			i;

	for (;;)
	{
		HoursHoliday *holiday;

		leaf->holidays = hours_make_room(parser, leaf->holidays, leaf->nholidays,
										 &capacity, sizeof(HoursHoliday));
		if (leaf->holidays == NULL)
			return false;
		holiday = &leaf->holidays[leaf->nholidays];
		if (!parse_iso_date(parser, &holiday->date))
			return false;
		holiday->nspans = -1;
		holiday->spans = NULL;
		if (lex->kind == '[')
		{
			next_token(parser);
			if (lex->kind == HOURS_OFF)
			{
				holiday->nspans = 0;
				next_token(parser);
			}
			else if (!hours_parse_span_list(parser, &holiday->nspans, &holiday->spans))
				return false;
			if (lex->kind != ']')
				return hours_unexpected(lex, "\"]\"");
			next_token(parser);
		}
		leaf->nholidays++;
		if (lex->kind != ',')
			break;
		next_token(parser);
	}

	hours_sort(leaf->holidays, leaf->nholidays, sizeof(HoursHoliday), hours_compare_holidays);
	for (i = 1; i < leaf->nholidays; i++)
	{
		HoursHoliday *last = &leaf->holidays[kept];
		HoursHoliday *next = &leaf->holidays[i];

		if (next->date != last->date)
			leaf->holidays[++kept] = *next;
		else if (!same_hours(last, next))
		{
			int			year;
			int			month;
			int			day;

			core_civil(next->date, &year, &month, &day);
			return hours_fail(lex, CORE_SYNTAX, start, lex->start,
							  "gives a holiday different hours twice",
							  "Write %04d-%02d-%02d once.", year, month, day);
		}
	}
	leaf->nholidays = kept + 1;
	return true;
}

static HoursExpr *
make_expr(HoursParser *parser, HoursKind kind)
{
	HoursExpr  *expr = hours_allocate(parser, sizeof(HoursExpr));

	if (expr != NULL)
	{
		memset(expr, 0, sizeof(*expr));
		expr->kind = kind;
	}
	return expr;
}

/* Parse "TZ=zone"; "TZ" is the current token. */
static bool
parse_zone(HoursParser *parser, char *zone)
{
	HoursLexer *lex = &parser->lex;
	const char *text = lex->text;
	int			start = lex->end + 1;
	int			at = start;

	if (lex->end >= lex->length || text[lex->end] != '=')
		return fail_token(parser, CORE_SYNTAX, "has no \"=\" right after it",
						  "Write the zone as in \"TZ=Europe/Berlin\".");
	while (at < lex->length &&
		   ((text[at] >= 'a' && text[at] <= 'z') ||(text[at] >= 'A' && text[at] <= 'Z') ||
			(text[at] >= '+' && text[at] <= '9' && text[at] != ',' && text[at] != '.') ||
			text[at] == '_'))
		at++;
	if (at < lex->length && strchr(" \t\n\v\f\r()", text[at]) == NULL)
	{
		lex->end = at;
		hours_next(lex);
		return fail_token(parser, CORE_SYNTAX, "is not a character of a zone name",
						  "Write the zone as in \"TZ=Europe/Berlin\", and a space after it.");
	}
	if (at == start || (text[start] | 0x20) <'a' || (text[start] | 0x20) >'z' ||
		at - start > HOURS_MAX_ZONE)
		return hours_fail(lex, CORE_SYNTAX, lex->start, at, "names no time zone",
						  "Write the zone as in \"TZ=Europe/Berlin\".");
	memcpy(zone, text +start, at - start);
	zone[at - start] = '\0';
	lex->end = at;
	next_token(parser);
	return true;
}

/* Parse "(" value ")"; "(" is the current token. */
static HoursExpr *
parse_parens(HoursParser *parser, int *height)
{
	HoursExpr  *expr;

	if (++parser->parens > MAX_PARENS)
	{
		fail_token(parser, CORE_LIMIT, "opens too many parentheses",
				   "An expression nests at most %d levels.", HOURS_MAX_DEPTH);
		return NULL;
	}
	next_token(parser);
	expr = parse_value(parser, height);
	if (expr == NULL)
		return NULL;
	if (TOKEN(parser) != ')')
	{
		hours_unexpected(&parser->lex, "\")\"");
		return NULL;
	}
	parser->parens--;
	next_token(parser);
	return expr;
}

static HoursExpr *
parse_operand(HoursParser *parser, int *height)
{
	if (TOKEN(parser) != '(')
	{
		if (TOKEN(parser) == HOURS_END)
			hours_unexpected(&parser->lex, "an operand in parentheses");
		else
			fail_token(parser, CORE_SYNTAX, "is not in parentheses",
					   "Put every operand in parentheses, as in \"(TZ=Europe/Berlin Mo-Fr 09:00-17:00) + (TZ=America/Denver Mo-Fr 09:00-17:00)\".");
		return NULL;
	}
	return parse_parens(parser, height);
}

/*
 * Parse a term, which is operands joined by "*" (if "tight"), or an expression,
 * which is terms joined by "+" and "-".
 */
static HoursExpr *
parse_expression(HoursParser *parser, bool tight, int *height)
{
	HoursExpr  *left = tight ? parse_operand(parser, height) :
		parse_expression(parser, true, height);

	while (left != NULL &&
		   (tight ? TOKEN(parser) == '*' : TOKEN(parser) == '+' || TOKEN(parser) == '-'))
	{
		HoursLexer	operator = parser->lex;
		HoursExpr  *expr = make_expr(parser, tight ? HOURS_INTERSECTION :
									 operator.kind == '+' ? HOURS_UNION : HOURS_DIFFERENCE);
		int			right_height;

		if (expr == NULL)
			return NULL;
		next_token(parser);
		expr->left = left;
		expr->right = tight ? parse_operand(parser, &right_height) :
			parse_expression(parser, true, &right_height);
		if (expr->right == NULL)
			return NULL;
		*height = 1 + (*height > right_height ? *height : right_height);
		if (*height > HOURS_MAX_DEPTH)
		{
			hours_fail(&operator, CORE_LIMIT, operator.start, operator.end,
					   "nests too deep",
					   "An expression nests at most %d operators.", HOURS_MAX_DEPTH);
			return NULL;
		}
		left = expr;
	}
	return left;
}

/* Parse the rest of "TZ=zone (expression)"; "(" is the current token. */
static HoursExpr *
parse_zoned(HoursParser *parser, const char *zone, int start, int *height)
{
	bool		outer = parser->in_zone;
	HoursExpr  *expr;

	parser->in_zone = true;
	expr = parse_parens(parser, height);
	if (expr == NULL)
		return NULL;
	parser->in_zone = outer;
	if (expr->kind == HOURS_LEAF || expr->zone[0] != '\0')
	{
		hours_fail(&parser->lex, CORE_SYNTAX, start, parser->lex.start,
				   "has two zones for one value",
				   "Write one zone for rules, as in \"TZ=Europe/Berlin Mo-Fr 09:00-17:00\", or for an expression, as in \"TZ=UTC ((...) + (...))\".");
		return NULL;
	}
	if (!at_end(parser))
	{
		hours_fail(&parser->lex, CORE_SYNTAX, parser->lex.start, parser->lex.end,
				   "follows TZ=zone (...)",
				   "Put the whole expression in parentheses after the zone, as in \"TZ=UTC ((...) + (...))\".");
		return NULL;
	}
	strcpy(expr->zone, zone);
	expr->zone_at = start + (int) strlen("TZ=");
	return expr;
}

/* Parse a value; *height is set to the number of operators above its deepest leaf. */
static HoursExpr *
parse_value(HoursParser *parser, int *height)
{
	HoursLexer *lex = &parser->lex;
	int			start = lex->start;
	char		zone[HOURS_MAX_ZONE + 1];
	HoursExpr  *leaf;

	zone[0] = '\0';
	*height = 0;
	if (lex->kind == HOURS_TZ && !parse_zone(parser, zone))
		return NULL;
	if (lex->kind == '(')
		return zone[0] == '\0' ? parse_expression(parser, false, height) :
			parse_zoned(parser, zone, start, height);

	if (zone[0] == '\0' && parser->in_zone)
	{
		fail_token(parser, CORE_SYNTAX, "begins an operand without a zone",
				   "Inside \"TZ=zone (...)\", write each operand's own zone, as in \"(TZ=Europe/Berlin Mo-Fr 09:00-17:00)\".");
		return NULL;
	}
	leaf = make_expr(parser, HOURS_LEAF);
	if (leaf == NULL)
		return NULL;
	strcpy(leaf->zone, zone[0] == '\0' ? "UTC" : zone);
	leaf->zone_at = start + (int) strlen("TZ=");
	if (lex->kind == HOURS_PH && lex->end < lex->length && lex->text[lex->end] == '=')
	{
		next_token(parser);
		next_token(parser);
		if (!parse_holidays(parser, leaf))
			return NULL;
	}
	return parse_rules(parser, leaf) ? leaf : NULL;
}

static bool
fail_length(CoreError *error, size_t length)
{
	return core_fail(error, CORE_LIMIT, -1, 0,
					 "Opening hours have at most %d bytes, these have %zu.",
					 "Leave out rules and dates that are no longer needed.",
					 HOURS_MAX_TEXT, length);
}

static bool
start_parser(HoursParser *parser, const char *text, size_t length, CoreMem *mem,
			 CoreError *error)
{
	memset(parser, 0, sizeof(*parser));
	parser->mem = mem;
	parser->lex.text = text;

	parser->lex.error = error;
	if (length > HOURS_MAX_TEXT)
		return fail_length(error, length);
	parser->lex.length = (int) length;
	next_token(parser);
	return true;
}

HoursExpr *
hours_parse(const char *text, size_t length, CoreMem *mem, CoreError *error)
{
	HoursParser parser;
	HoursExpr  *expr;
	int			height;

	if (!start_parser(&parser, text, length, mem, error))
		return NULL;
	expr = parse_value(&parser, &height);
	if (expr == NULL)
		return NULL;
	if (parser.lex.kind != HOURS_END)
	{
		hours_unexpected(&parser.lex, "\"+\", \"-\" or \"*\" between operands");
		return NULL;
	}

	/* The canonical text must not be too long to be read back. */
	if (length > HOURS_MAX_TEXT / MAX_GROWTH)
	{
		size_t		printed;

		if (hours_print(expr, mem, &printed) == NULL)
		{
			core_fail(error, CORE_NOMEM, -1, 0,
					  "Not enough memory for opening hours.", "");
			return NULL;
		}
		if (printed > HOURS_MAX_TEXT)
		{
			fail_length(error, printed);
			return NULL;
		}
	}
	return expr;
}

bool
hours_parse_spans(const char *text, size_t length, CoreMem *mem,
				  int *nspans, HoursSpan **spans, CoreError *error)
{
	HoursParser parser;

	if (!start_parser(&parser, text, length, mem, error))
		return false;
	*nspans = 0;
	*spans = NULL;
	if (parser.lex.kind == HOURS_OFF)
		next_token(&parser);
	else if (!hours_parse_span_list(&parser, nspans, spans))
		return false;
	if (parser.lex.kind != HOURS_END)
		return hours_unexpected(&parser.lex, "the end of the hours");
	return true;
}
