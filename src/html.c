/*-------------------------------------------------------------------------
 *
 * html.c
 *	  Escaping text for HTML and XML, in elements and attributes.
 *
 * The result is ASCII, so that it does not matter in which encoding a client writes it
 * to a file.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "sla_tracker.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define REPLACEMENT		0xFFFD

/*
 * Is this a character that is invisible but can change or hide what is around it?  These
 * are control characters (which are invalid in XML, and converted to others in HTML),
 * characters that change the direction of writing, and noncharacters.
 */
static bool
is_treacherous(pg_wchar c)
{
	return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c <= 0x9F) ||
		c == 0x200B || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
		(c >= 0xD800 && c <= 0xDFFF) || c == 0xFEFF ||
		(c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE || c > 0x10FFFF ||
		(c >= 0xE0000 && c <= 0xE007F);
}

/* sla.html_escape(text) -> text */
PG_FUNCTION_INFO_V1(sla_html_escape);
Datum
sla_html_escape(PG_FUNCTION_ARGS)
{
	char	   *input = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			length = strlen(input);
	unsigned char *utf8 = (unsigned char *) input;
	unsigned char *end;
	StringInfoData out;

	/* with SQL_ASCII assume UTF-8; invalid bytes are replaced */
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		utf8 = (unsigned char *) pg_server_to_any(input, length, PG_UTF8);
	end = utf8 + strlen((char *) utf8);
	initStringInfo(&out);
	while (utf8 < end)
	{
		int			bytes = pg_utf_mblen(utf8);
		pg_wchar	c = REPLACEMENT;

		if (bytes <= end - utf8 && pg_utf8_islegal(utf8, bytes))
			c = utf8_to_unicode(utf8);
		else
			bytes = 1;
		utf8 += bytes;
		/* a line that was typed into a form ends so */
		if (c == '\r' && *utf8 == '\n')
			continue;
		if (is_treacherous(c))
			c = REPLACEMENT;
		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '`' || c >= 0x80)
			appendStringInfo(&out, "&#%u;", (unsigned int) c);
		else
			appendStringInfoChar(&out, (char) c);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
