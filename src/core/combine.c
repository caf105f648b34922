/*-------------------------------------------------------------------------
 *
 * combine.c
 *	  Expressions over the names of calendars: "berlin + denver - shutdown".
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "combine.h"

/* Maximal numbers of nested parentheses, and of names in an expression */
#define MAX_DEPTH		HOURS_MAX_DEPTH
#define MAX_NAMES		1000

typedef struct Parser
{
	const char *text;
	size_t		length;
	size_t		at;
	int			depth;
	int			names;
	CoreMem    *mem;
	CoreError  *error;
} Parser;

static CombineNode *parse_sum(Parser *p);

static void
skip_space(Parser *p)
{
	while (p->at < p->length &&
		   (p->text[p->at] == ' ' || p->text[p->at] == '\t' ||
			p->text[p->at] == '\n' || p->text[p->at] == '\r'))
		p->at++;
}

/* Skip white space and return the next character, or 0 at the end. */
static char
peek(Parser *p)
{
	skip_space(p);
	return p->at < p->length ? p->text[p->at] : '\0';
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' ||
		c == ':' || (unsigned char) c >= 0x80;
}

/* Report that "expected" is missing at the current position; returns NULL. */
static CombineNode *
fail(Parser *p, const char *expected)
{
	char		found[CORE_QUOTED_SIZE];

	if (p->at >= p->length)
		core_fail(p->error, CORE_SYNTAX, (int) p->at, 0,
				  "The expression ends where %s is expected.",
				  "Write calendar names joined by + (either), * (both) or - (but not), as in berlin + denver.",
				  expected);
	else
	{
		int			length = core_char_length(p->text +p->at, (int) (p->length - p->at));

		core_quote(p->text +p->at, length, found);
		core_fail(p->error, CORE_SYNTAX, (int) p->at, length,
				  "Found \"%s\" at position %d where %s is expected.",
				  "Write calendar names joined by + (either), * (both) or - (but not); put a name with other characters into double quotes.",
				  found, core_position(p->text, (int) p->at), expected);
	}
	return NULL;
}

static CombineNode *
new_node(Parser *p, HoursKind kind, CombineNode *left, CombineNode *right)
{
	CombineNode *node = p->mem->alloc(p->mem->context, sizeof(CombineNode));

	if (node == NULL)
	{
		core_fail(p->error, CORE_NOMEM, -1, 0, "Not enough memory for an expression.", "");
		return NULL;
	}
	node->kind = kind;
	node->name = NULL;
	node->left = left;
	node->right = right;
	return node;
}

/* Parse a name, possibly in double quotes, which are doubled inside. */
static CombineNode *
parse_name(Parser *p)
{
	bool		quoted = p->text[p->at] == '"';
	CombineNode *node = new_node(p, HOURS_LEAF, NULL, NULL);
	char	   *name;
	size_t		n = 0;

	if (node == NULL)
		return NULL;
	name = p->mem->alloc(p->mem->context, p->length - p->at + 1);
	if (name == NULL)
	{
		core_fail(p->error, CORE_NOMEM, -1, 0, "Not enough memory for an expression.", "");
		return NULL;
	}
	if (++p->names > MAX_NAMES)
	{
		core_fail(p->error, CORE_LIMIT, (int) p->at, 1,
				  "An expression names at most %d calendars.", "", MAX_NAMES);
		return NULL;
	}
	if (quoted)
		p->at++;
	while (p->at < p->length)
	{
		char		c = p->text[p->at];

		if (quoted && c == '"')
		{
			if (p->at + 1 >= p->length || p->text[p->at + 1] != '"')
				break;
			p->at++;
		}
		else if (c == '\0' || (!quoted && !is_name_char(c)))
			break;
		name[n++] = c;
		p->at++;
	}
	name[n] = '\0';
	if (quoted)
	{
		if (p->at >= p->length || p->text[p->at] != '"')
			return fail(p, "a closing double quote");
		p->at++;
	}
	if (n == 0)
		return fail(p, "a calendar name");
	node->name = name;
	return node;
}

static CombineNode *
parse_operand(Parser *p)
{
	CombineNode *node;
	char		c = peek(p);

	if (c == '"' || is_name_char(c))
		return parse_name(p);
	if (c != '(')
		return fail(p, "a calendar name");
	if (++p->depth > MAX_DEPTH)
	{
		core_fail(p->error, CORE_LIMIT, (int) p->at, 1,
				  "Parentheses are nested at most %d deep.", "", MAX_DEPTH);
		return NULL;
	}
	p->at++;
	node = parse_sum(p);
	if (node == NULL)
		return NULL;
	if (peek(p) != ')')
		return fail(p, "a closing parenthesis");
	p->at++;
	p->depth--;
	return node;
}

static CombineNode *
parse_product(Parser *p)
{
	CombineNode *node = parse_operand(p);

	while (node != NULL && peek(p) == '*')
	{
		CombineNode *right;

		p->at++;
		right = parse_operand(p);
		node = right ? new_node(p, HOURS_INTERSECTION, node, right) : NULL;
	}
	return node;
}

static CombineNode *
parse_sum(Parser *p)
{
	CombineNode *node = parse_product(p);
	char		c;

	while (node != NULL && ((c = peek(p)) == '+' || c == '-'))
	{
		CombineNode *right;

		p->at++;
		right = parse_product(p);
		node = right ? new_node(p, c == '+' ? HOURS_UNION : HOURS_DIFFERENCE, node, right) : NULL;
	}
	return node;
}

CombineNode *
combine_parse(const char *text, size_t length, CoreMem *mem, CoreError *error)
{
	Parser		p = {0};
	CombineNode *node;

	p.text = text;

	p.length = length;
	p.mem = mem;
	p.error = error;
	node = parse_sum(&p);
	if (node == NULL)
		return NULL;
	skip_space(&p);
	if (p.at < p.length)
		return fail(&p, "+, * or -");
	return node;
}
