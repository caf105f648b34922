/*-------------------------------------------------------------------------
 *
 * ical_read.c
 *	  Reading the events of an iCalendar feed (RFC 5545).
 *
 * The text is split into content lines and the nesting of components is checked here.
 * libical parses those lines of events that determine dates, one at a time, so that
 * errors can report the line, interrupts can be processed in between, and at most one
 * property is in memory that libical has allocated.  (libical alone would not notice an
 * END with a wrong name, and would ignore what it cannot parse as well as all values of
 * a line after the 500th.)
 *
 * All other components and properties are ignored, including VTIMEZONE: if times must be
 * converted between zones (UNTIL, EXDATE), PostgreSQL's time zones are used.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#ifdef USE_LIBICAL

#include <libical/ical.h>

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "ical_read.h"
#include "sla_tracker.h"

#define MAX_FEED		(64 * 1024 * 1024)	/* bytes of text */
#define MAX_LINE		(64 * 1024) /* bytes of a line that libical parses */
#define MAX_VALUES		500		/* libical ignores further values of a line */
#define MAX_DEPTH		8		/* of components */
#define MAX_COMPONENT	32		/* bytes of a component's name, with NUL */
#define MAX_SUMMARY		1000	/* bytes of a name; more are cut off */

typedef struct IcalReader
{
	/* the text, and the current content line */
	const char *next;
	int			next_line;
	StringInfoData line;
	int			line_number;
	/* the open components */
	char		open[MAX_DEPTH][MAX_COMPONENT];
	int			depth;
	bool		cancelled;		/* METHOD:CANCEL */
	/* objects of libical */
	icalparser *parser;
	icalcomponent *component;
	/* the events so far */
	IcalEvent  *events;
	int			nevents;
	pg_tz	   *zone;			/* of times in an unknown zone */
} IcalReader;

#define SEEN(event, kind)	(((event)->seen & (1U << (kind))) != 0)

/* The properties of an event that are used. */
typedef enum PropertyKind
{
	PROPERTY_DTSTART,
	PROPERTY_DTEND,
	PROPERTY_DURATION,
	PROPERTY_RECURRENCE_ID,
	PROPERTY_UID,
	PROPERTY_SUMMARY,
	PROPERTY_STATUS,
	PROPERTY_RDATE,				/* this and the following may be repeated */
	PROPERTY_EXDATE,
	PROPERTY_RRULE,
	PROPERTY_EXRULE
} PropertyKind;

static const char *const property_names[] = {
	"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "SUMMARY",
	"STATUS", "RDATE", "EXDATE", "RRULE", "EXRULE"
};

static void
			malformed(int line, const char *detail,...) pg_attribute_printf(2, 3);

/* Raise the error that the feed is not well-formed. */
static void
malformed(int line, const char *detail,...)
{
	char		buffer[400];
	va_list		args;

	va_start(args, detail);
	vsnprintf(buffer, sizeof(buffer), detail, args);
	va_end(args);
	/* vsnprintf may have truncated it in the middle of a character */
	buffer[pg_mbcliplen(buffer, strlen(buffer), sizeof(buffer) - 4)] = '\0';
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid iCalendar data"),
			 errdetail("Line %d: %s", line, buffer)));
}

/*
 * Read the next content line, unfolded.  Lines may end with CR LF, LF or CR.  Skips blank
 * lines; returns false at the end.
 */
static bool
next_line(IcalReader *reader)
{
	StringInfo	line = &reader->line;

	do
	{
		bool		folded = false;

		if (*reader->next == '\0')
			return false;
		CHECK_FOR_INTERRUPTS();
		resetStringInfo(line);
		reader->line_number = reader->next_line;
		do
		{
			size_t		length = strcspn(reader->next + folded, "\r\n");

			appendBinaryStringInfo(line, reader->next + folded, (int) length);
			reader->next += folded + length;
			if (*reader->next == '\r' && reader->next[1] == '\n')
				reader->next++;
			if (*reader->next != '\0')
				reader->next++;
			reader->next_line++;
			folded = true;
		} while (*reader->next == ' ' || *reader->next == '\t');
		while (line->len > 0 &&
			   (line->data[line->len - 1] == ' ' || line->data[line->len - 1] == '\t'))
			line->data[--line->len] = '\0';
	} while (line->len == 0);
	return true;
}

/* The length of the name in the current line, which ends before a ";" or ":". */
static size_t
name_length(IcalReader *reader)
{
	const char *line = reader->line.data;
	size_t		length = strcspn(line, ";:");

	if (length == 0 || line[length] == '\0' || strchr(line + length, ':') == NULL)
		malformed(reader->line_number,
				  "\"%.*s\" is not a content line of the form NAME:value.",
				  pg_mbcliplen(line, reader->line.len, 60), line);
	return length;
}

/* The value in the current line: what is after the first colon outside of quotes. */
static char *
line_value(IcalReader *reader)
{
	char	   *p = reader->line.data;
	bool		quoted = false;

	for (; *p != '\0' && (*p != ':' || quoted); p++)
		quoted ^= *p == '"';
	return (*p == ':' ? p : strrchr(reader->line.data, ':')) + 1;
}

static void
open_component(IcalReader *reader)
{
	const char *name = line_value(reader);

	if (reader->depth == MAX_DEPTH || strlen(name) >= MAX_COMPONENT)
		malformed(reader->line_number,
				  "The component \"%.*s\" is nested too deeply or its name is too long.",
				  pg_mbcliplen(name, strlen(name), 60), name);
	if (reader->depth == 0)
	{
		if (pg_strcasecmp(name, "VCALENDAR") != 0)
			malformed(reader->line_number,
					  "Expected BEGIN:VCALENDAR, not BEGIN:%s.", name);
		reader->cancelled = false;
	}
	strlcpy(reader->open[reader->depth++], name, MAX_COMPONENT);
}

static void
close_component(IcalReader *reader)
{
	const char *name = line_value(reader);
	const char *expected = reader->depth > 0 ? reader->open[reader->depth - 1] : "";

	if (pg_strcasecmp(name, expected) != 0)
		malformed(reader->line_number,
				  reader->depth > 0 ? "END:%.*s does not end %s." : "END:%.*s ends nothing.",
				  pg_mbcliplen(name, strlen(name), 60), name, expected);
	reader->depth--;
}

/*
 * Let libical parse the current line: reader->component becomes an event that consists
 * of that line only.
 */
static void
read_line(IcalReader *reader)
{
	char		begin[] = "BEGIN:VEVENT";
	char		end[] = "END:VEVENT";
	icalproperty *error;

	if (reader->line.len > MAX_LINE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("line of iCalendar data is too long"),
				 errdetail("Line %d has more than %d bytes.",
						   reader->line_number, MAX_LINE)));

	icalparser_add_line(reader->parser, begin);
	icalparser_add_line(reader->parser, reader->line.data);
	reader->component = icalparser_add_line(reader->parser, end);
	if (reader->component == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("libical failed: %s.", icalerror_strerror(icalerrno))));

	error = icalcomponent_get_first_property(reader->component,
											 ICAL_XLICERROR_PROPERTY);
	if (error != NULL)
	{
		const char *text = icalproperty_get_xlicerror(error);

		malformed(reader->line_number, "libical says: %.*s",
				  pg_mbcliplen(text, strlen(text), 200), text);
	}
}

/* Free what libical has parsed. */
static void
free_line(IcalReader *reader)
{
	icalcomponent *component = reader->component;

	reader->component = NULL;
	if (component != NULL)
		icalcomponent_free(component);
}

/*
 * The zone of a property's TZID; that of the calendar if unknown.  Only names without
 * digits are looked up, since the server accepts almost any name with a digit as a POSIX
 * zone.
 */
static pg_tz *
property_zone(IcalReader *reader, icalproperty * property)
{
	icalparameter *parameter = icalproperty_get_first_parameter(property,
																ICAL_TZID_PARAMETER);
	const char *name = parameter != NULL ? icalparameter_get_tzid(parameter) : NULL;
	pg_tz	   *zone = NULL;

	if (name != NULL && strlen(name) <= TZ_STRLEN_MAX &&
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-/") == strlen(name))
		zone = pg_tzset(name);
	return zone != NULL ? zone : reader->zone;
}

/* Convert a time of libical, which has the zone of its property. */
static IcalTime
property_time(IcalReader *reader, icalproperty * property, struct icaltimetype t)
{
	IcalTime	result;

	if (t.year < 1 || t.year > 9999 || t.month < 1 || t.month > 12 || t.day < 1 ||
		t.day > core_month_days(t.year, t.month) || t.hour < 0 || t.hour > 23 ||
		t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 60)
		malformed(reader->line_number, "%04d-%02d-%02d %02d:%02d:%02d does not exist.",
				  t.year, t.month, t.day, t.hour, t.minute, t.second);
	result.secs = SECS_PER_DAY_64 * core_date(t.year, t.month, t.day) +
		t.hour * SECS_PER_HOUR + t.minute * SECS_PER_MINUTE + t.second;
	result.clock = t.is_date ? CLOCK_DATE : icaltime_is_utc(t) ? CLOCK_UTC : CLOCK_LOCAL;
	result.zone = result.clock == CLOCK_LOCAL ? property_zone(reader, property) : NULL;
	return result;
}

static int64
duration_secs(IcalReader *reader, struct icaldurationtype duration)
{
	/* check_times() has rejected negative durations */
	if (duration.days > 10000000 || duration.weeks > 10000000)
		malformed(reader->line_number, "The duration is too long.");
	return SECS_PER_DAY_64 * (duration.days + INT64CONST(7) * duration.weeks) +
		INT64CONST(3600) * duration.hours + INT64CONST(60) * duration.minutes +
		duration.seconds;
}

/* Convert a time to UTC. */
static int64
utc_secs(const IcalTime *t)
{
	struct pg_tm tm;
	int64		days;
	int			secs;

	if (t->clock != CLOCK_LOCAL)
		return t->secs;
	secs = (int) (((t->secs % SECS_PER_DAY_64) + SECS_PER_DAY_64) % SECS_PER_DAY_64);
	days = (t->secs - secs) / SECS_PER_DAY_64;
	memset(&tm, 0, sizeof(tm));
	core_civil((int32) days, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	tm.tm_hour = secs / SECS_PER_HOUR;
	tm.tm_min = secs / SECS_PER_MINUTE % 60;
	tm.tm_sec = secs % 60;
	return t->secs + DetermineTimeZoneOffset(&tm, t->zone);
}

int64
ical_local_secs(int64 utc, pg_tz *zone)
{
	pg_time_t	t = utc + SECS_PER_DAY_64 * (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE);
	struct pg_tm *tm = pg_localtime(&t, zone);

	return tm != NULL ? utc + tm->tm_gmtoff : utc;
}

int64
ical_on_clock_of(const IcalTime *t, const IcalTime *start)
{
	if (start->clock == CLOCK_DATE || t->clock == CLOCK_DATE)
		return t->secs;
	if (start->clock == CLOCK_UTC)
		return utc_secs(t);
	if (t->clock == CLOCK_LOCAL && t->zone == start->zone)
		return t->secs;
	return ical_local_secs(utc_secs(t), start->zone);
}

DateADT
ical_date(int64 secs)
{
	return (DateADT) ((secs >= 0 ? secs : secs - (SECS_PER_DAY_64 - 1)) / SECS_PER_DAY_64);
}

static void
add_rule(IcalReader *reader, IcalEvent *event, bool exclude)
{
	IcalRule	rule;
	CoreError	error;

	if (!recur_parse(line_value(reader), &rule.recur, &error))
	{
		if (error.kind == CORE_UNSUPPORTED)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("iCalendar data is not supported"),
					 errdetail("Line %d: %s", reader->line_number, error.detail)));
		malformed(reader->line_number, "%s", error.detail);
	}
	rule.line = reader->line_number;
	rule.exclude = exclude;
	APPEND(event->rules, event->nrules, rule);
}

/* Check the values of a line that contains times, more strictly than libical does. */
static void
check_times(IcalReader *reader)
{
	const char *value = line_value(reader);
	int			nvalues = 1;

	for (const char *p = value; *p != '\0'; p++)
	{
		if (strchr("0123456789TZ/PWDHMS,", *p) == NULL && !(*p == '+' && p[1] == 'P'))
			malformed(reader->line_number, "\"%.*s\" is not a date or time.",
					  pg_mbcliplen(value, strlen(value), 60), value);
		nvalues += *p == ',';
	}
	if (nvalues > MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("line of iCalendar data has too many values"),
				 errdetail("Line %d has more than %d values.",
						   reader->line_number, MAX_VALUES)));
}

/* Copy a text of libical, truncated to max bytes. */
static char *
copy_text(const char *text, int max)
{
	int			length = strlen(text);

	/* unescaping by libical may have split a character */
	pg_verifymbstr(text, length, false);
	return pnstrdup(text, pg_mbcliplen(text, length, max));
}

/* Convert a value of an RDATE, which is a time or a PERIOD. */
static IcalDate
property_date(IcalReader *reader, icalproperty * property,
			  struct icaldatetimeperiodtype value)
{
	IcalDate	date;

	date.length = -1;
	if (icalperiodtype_is_null_period(value.period))
		date.time = property_time(reader, property, value.time);
	else
	{
		date.time = property_time(reader, property, value.period.start);
		if (icaltime_is_null_time(value.period.end))
			date.length = duration_secs(reader, value.period.duration);
		else
		{
			IcalTime	end = property_time(reader, property, value.period.end);

			date.length = ical_on_clock_of(&end, &date.time) - date.time.secs;
		}
		if (date.length < 0)
			malformed(reader->line_number, "A period ends before it starts.");
	}
	return date;
}

/* One line of an event. */
static void
read_property(IcalReader *reader, IcalEvent *event)
{
	size_t		length = name_length(reader);
	int			kind;
	icalproperty *property;

	for (kind = 0; kind < (int) lengthof(property_names); kind++)
	{
		if (strlen(property_names[kind]) == length &&
			pg_strncasecmp(reader->line.data, property_names[kind], length) == 0)
			break;
	}
	if (kind == lengthof(property_names))
		return;
	if (SEEN(event, kind) && kind < PROPERTY_RDATE)
		malformed(reader->line_number, "The event has more than one %s.",
				  property_names[kind]);

	switch (kind)
	{
		case PROPERTY_UID:
		case PROPERTY_SUMMARY:
		case PROPERTY_STATUS:
			/* an empty text is allowed, but not by libical */
			if (*line_value(reader) == '\0')
				return;
			break;
		case PROPERTY_RRULE:
		case PROPERTY_EXRULE:
			add_rule(reader, event, kind == PROPERTY_EXRULE);
			event->seen |= 1U << kind;
			return;
		default:
			check_times(reader);
	}
	read_line(reader);
	event->seen |= 1U << kind;

	for (property = icalcomponent_get_first_property(reader->component, ICAL_ANY_PROPERTY);
		 property != NULL;
		 property = icalcomponent_get_next_property(reader->component, ICAL_ANY_PROPERTY))
	{
		IcalDate	date;

		switch (kind)
		{
			case PROPERTY_DTSTART:
				event->start = property_time(reader, property, icalproperty_get_dtstart(property));
				break;
			case PROPERTY_DTEND:
				event->end = property_time(reader, property, icalproperty_get_dtend(property));
				break;
			case PROPERTY_RECURRENCE_ID:
				if (icalproperty_get_first_parameter(property, ICAL_RANGE_PARAMETER) != NULL)
					ereport(ERROR,
							(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							 errmsg("iCalendar data is not supported"),
							 errdetail("Line %d: A RECURRENCE-ID with RANGE is not supported.",
									   reader->line_number)));
				event->replaces = property_time(reader, property, icalproperty_get_recurrenceid(property));
				break;
			case PROPERTY_DURATION:
				event->length = duration_secs(reader, icalproperty_get_duration(property));
				break;
			case PROPERTY_UID:
				event->uid = copy_text(icalproperty_get_uid(property), MAX_LINE);
				break;
			case PROPERTY_SUMMARY:
				event->summary = copy_text(icalproperty_get_summary(property), MAX_SUMMARY);
				break;
			case PROPERTY_STATUS:
				event->cancelled |= icalproperty_get_status(property) == ICAL_STATUS_CANCELLED;
				break;
			case PROPERTY_RDATE:
				date = property_date(reader, property, icalproperty_get_rdate(property));
				APPEND(event->rdates, event->nrdates, date);
				break;
			case PROPERTY_EXDATE:
				date.time = property_time(reader, property, icalproperty_get_exdate(property));
				date.length = -1;
				APPEND(event->exdates, event->nexdates, date);
				break;
		}
	}
	free_line(reader);
}

/* Check an event that is complete, and determine its length. */
static void
finish_event(IcalEvent *event)
{
	event->is_change = SEEN(event, PROPERTY_RECURRENCE_ID);
	if (!SEEN(event, PROPERTY_DTSTART))
	{
		if (event->cancelled && event->is_change)
			return;				/* only the occurrence that it cancels matters */
		malformed(event->line, "The event has no DTSTART.");
	}
	if (SEEN(event, PROPERTY_DTEND) && SEEN(event, PROPERTY_DURATION))
		malformed(event->line, "The event has both DTEND and DURATION.");
	if (SEEN(event, PROPERTY_DTEND))
	{
		if ((event->start.clock == CLOCK_DATE) != (event->end.clock == CLOCK_DATE))
			malformed(event->line,
					  "Of DTSTART and DTEND one has a time and the other has not.");
		event->length = ical_on_clock_of(&event->end, &event->start) - event->start.secs;
		if (event->length < 0)
			malformed(event->line, "The event ends before it starts.");
	}
	else if (!SEEN(event, PROPERTY_DURATION))
		event->length = 0;
}

/* Read the feed into reader->events. */
static void
read_events(IcalReader *reader)
{
	IcalEvent  *event = NULL;
	int			ncalendars = 0;

	while (next_line(reader))
	{
		const char *line = reader->line.data;
		size_t		length = name_length(reader);

		if (length == 5 && pg_strncasecmp(line, "BEGIN", 5) == 0)
		{
			open_component(reader);
			ncalendars += reader->depth == 1;
			if (reader->depth == 2 && pg_strcasecmp(reader->open[1], "VEVENT") == 0)
			{
				IcalEvent	new = {.line = reader->line_number,.cancelled = reader->cancelled,
				.uid = "",.length = -1};

				APPEND(reader->events, reader->nevents, new);
				event = &reader->events[reader->nevents - 1];
			}
		}
		else if (length == 3 && pg_strncasecmp(line, "END", 3) == 0)
		{
			close_component(reader);
			if (reader->depth == 1 && event != NULL)
			{
				finish_event(event);
				event = NULL;
			}
		}
		else if (reader->depth == 0)
			malformed(reader->line_number, "Expected BEGIN:VCALENDAR.");
		else if (reader->depth == 1)
			reader->cancelled |= length == 6 && pg_strncasecmp(line, "METHOD", 6) == 0 &&
				pg_strcasecmp(line_value(reader), "CANCEL") == 0;
		else if (event != NULL && reader->depth == 2)
			read_property(reader, event);
	}
	if (reader->depth > 0)
		malformed(reader->line_number, "The data ends before END:%s.",
				  reader->open[reader->depth - 1]);
	if (ncalendars == 0)
		malformed(1, "There is no BEGIN:VCALENDAR.");
}

/* Read the feed; free everything of libical, even after an error. */
static void
parse_feed(IcalReader *reader)
{
	int			fatal = icalerror_get_errors_are_fatal();

	/* by default, libical aborts the process on internal errors */
	icalerror_set_errors_are_fatal(0);
	PG_TRY();
	{
		reader->parser = icalparser_new();
		if (reader->parser == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		read_events(reader);
	}
	PG_FINALLY();
	{
		free_line(reader);
		if (reader->parser != NULL)
			icalparser_free(reader->parser);
		icalmemory_free_ring();
		icalerror_set_errors_are_fatal(fatal);
	}
	PG_END_TRY();
}

IcalEvent *
ical_read(const char *ics, pg_tz *zone, int *nevents)
{
	IcalReader	reader = {0};

	if (strlen(ics) > MAX_FEED)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("iCalendar data is too large"),
				 errdetail("It has more than %d bytes.", MAX_FEED)));
	if (strncmp(ics, "\xEF\xBB\xBF", 3) == 0)
		ics += 3;				/* a byte order mark */
	reader.next = ics;
	reader.next_line = 1;
	reader.line_number = 1;
	initStringInfo(&reader.line);
	reader.zone = zone;
	parse_feed(&reader);
	*nevents = reader.nevents;
	return reader.events;
}

#endif							/* USE_LIBICAL */
