/*-------------------------------------------------------------------------
 *
 * core.h
 *	  Definitions shared by all files of the core: time constants, memory,
 *	  errors, and the civil calendar.
 *
 * The core is plain C on 64-bit microseconds.  It includes no server headers,
 * so that it can be unit-tested and fuzzed on its own.  It allocates from a
 * CoreMem supplied by the caller (a memory context in the server, an arena in
 * the tests) and never frees single chunks.  Errors are returned in a
 * CoreError, which the caller turns into an ereport().
 *
 * Conventions: an instant is a number of microseconds since 2000-01-01 00:00
 * UTC, a local time the same on the wall clock of some zone, and a date a
 * number of days since 2000-01-01; just like PostgreSQL's TimestampTz,
 * Timestamp and DateADT.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#ifndef SLA_CORE_H
#define SLA_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORE_USECS_PER_SEC		INT64_C(1000000)
#define CORE_USECS_PER_MINUTE	INT64_C(60000000)
#define CORE_USECS_PER_HOUR		INT64_C(3600000000)
#define CORE_USECS_PER_DAY		INT64_C(86400000000)

/*
 * The supported range of dates is [CORE_MIN_DATE, CORE_MAX_DATE), that is from
 * 1800-01-01 up to but not including 2500-01-01.  A result outside it is an
 * error.
 */
#define CORE_MIN_YEAR	1800
#define CORE_MAX_YEAR	2500
#define CORE_MIN_DATE	(-73048)
#define CORE_MAX_DATE	182622

/* For the few functions that must be fast because queries call them per row. */
#define CORE_INLINE static inline __attribute__((always_inline))

/* Memory and interrupts, supplied by the caller. */
typedef struct CoreMem
{
	void	   *(*alloc) (void *context, size_t size);	/* may return NULL (see
														 * CORE_NOMEM), but
														 * never does in the
														 * server */
	void		(*check_interrupts) (void); /* may be NULL; may longjmp */
	void	   *context;
} CoreMem;

typedef enum CoreErrorKind
{
	CORE_OK = 0,
	CORE_SYNTAX,				/* invalid syntax: 22P02 */
	CORE_RANGE,					/* a field or the value is out of range: 22008 */
	CORE_FIELD_RANGE,			/* a field of an interval is out of range:
								 * 22015 */
	CORE_FRACTION,				/* fraction of a unit that must be whole:
								 * 22003 */
	CORE_UNSUPPORTED,			/* valid in opening_hours or the like, but not
								 * supported here: 0A000 */
	CORE_LIMIT,					/* too big or too deep: 54000 */
	CORE_NOMEM					/* CoreMem.alloc returned NULL */
} CoreErrorKind;

/*
 * What went wrong, and where.  "message" is a primary message that does not
 * quote the value; if it is empty, the caller uses its standard one, such as
 * "invalid input syntax for type ...".  "detail" and "hint" are full sentences
 * or empty.
 */
typedef struct CoreError
{
	CoreErrorKind kind;
	int			position;		/* byte offset of the offending token, or -1 */
	int			length;			/* its length in bytes */
	char		message[128];
	char		detail[320];
	char		hint[320];
} CoreError;

/* Fill in *error (if not NULL); always returns false.  See core.c. */
extern bool core_fail(CoreError *error, CoreErrorKind kind, int position,
					  int length, const char *detail, const char *hint,...)
			__attribute__((format(printf, 5, 7)));

/*
 * The length in bytes of the UTF-8 character at the start of "text", which has
 * "left" bytes; 1 if it is not valid UTF-8.
 */
extern int	core_char_length(const char *text, int left);

/* Convert a byte offset to a character position, counted from 1. */
extern int	core_position(const char *text, int offset);

/*
 * Copy a token into "to" (of CORE_QUOTED_SIZE bytes) to be quoted in an error.
 * It is truncated, at a character boundary, after about CORE_MAX_QUOTED bytes;
 * bytes that are not printable are shown in hexadecimal.
 */
#define CORE_MAX_QUOTED		48
#define CORE_QUOTED_SIZE	(4 * CORE_MAX_QUOTED + 8)
extern void core_quote(const char *token, int length, char *to);

/* The civil (proleptic Gregorian) calendar. */
extern int32_t core_date(int year, int month, int day);
extern void core_civil(int32_t date, int *year, int *month, int *day);
extern int	core_month_days(int year, int month);
extern int32_t core_easter(int year);	/* Western Easter Sunday */

/* 0 = Monday ... 6 = Sunday; 2000-01-01 was a Saturday */
static inline int
core_weekday(int32_t date)
{
	int			w = (int) ((date + INT64_C(5)) % 7);

	return w < 0 ? w + 7 : w;
}

/* Round "at" down to a multiple of "step" (> 0). */
static inline int64_t
core_floor(int64_t at, int64_t step)
{
	int64_t		rest = at % step;

	return at - (rest < 0 ? rest + step : rest);
}

#endif							/* SLA_CORE_H */
