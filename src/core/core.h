/*-------------------------------------------------------------------------
 *
 * core.h
 *	  What every file of the pure core shares: integers, time constants,
 *	  memory, errors, and the civil calendar.
 *
 * The core is plain C on 64-bit microseconds.  It includes no header of the
 * server, so that it can be unit-tested and fuzzed alone.  Memory comes from
 * a CoreMem that the caller supplies (a memory context in the server, an
 * arena in the tests) and is never freed piecemeal; errors come back in a
 * CoreError that the caller turns into an ereport().
 *
 * Conventions: an instant is microseconds of UTC since 2000-01-01 00:00, a
 * local time is microseconds of wall clock since the same date, a date is
 * days since 2000-01-01 (all as PostgreSQL's TimestampTz, Timestamp and
 * DateADT).
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
 * The supported dates: [CORE_MIN_DATE, CORE_MAX_DATE), that is 1800-01-01 to
 * 2500-01-01.  Nothing is computed outside them; what would lead there is an
 * error.
 */
#define CORE_MIN_YEAR	1800
#define CORE_MAX_YEAR	2500
#define CORE_MIN_DATE	(-73048)
#define CORE_MAX_DATE	182622

/* For the few functions that are called per row. */
#define CORE_INLINE static inline __attribute__((always_inline))

/* Memory and interrupts, supplied by the caller. */
typedef struct CoreMem
{
	void	   *(*alloc) (void *context, size_t size);	/* never returns NULL in
														 * the server; NULL
														 * elsewhere is
														 * CORE_NOMEM */
	void		(*check_interrupts) (void); /* may be NULL; may longjmp */
	void	   *context;
} CoreMem;

typedef enum CoreErrorKind
{
	CORE_OK = 0,
	CORE_SYNTAX,				/* not of the form: 22P02 */
	CORE_RANGE,					/* a field or the value is out of range: 22008 */
	CORE_FIELD_RANGE,			/* a field of an interval is: 22015 */
	CORE_FRACTION,				/* a fraction of what is counted whole: 22003 */
	CORE_UNSUPPORTED,			/* well known elsewhere, not taken here: 0A000 */
	CORE_LIMIT,					/* too big or too deep: 54000 */
	CORE_NOMEM
} CoreErrorKind;

/*
 * What went wrong and where.  "message" is a primary message without the
 * value (lower case, no full stop), may be empty when the caller's standard
 * "invalid input syntax for type ..." fits; "detail" and "hint" are full
 * sentences.
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

/* Fill *error (if not NULL) in printf style; always returns false. */
extern bool core_fail(CoreError *error, CoreErrorKind kind, int position,
					  int length, const char *detail, const char *hint,...)
			__attribute__((format(printf, 5, 7)));

/*
 * Bytes of the character that "left" bytes begin with: 1 for what is not UTF-8.
 */
extern int	core_char_length(const char *text, int left);

/* The position of a byte, in characters from 1. */
extern int	core_position(const char *text, int offset);

/*
 * Copy a token for an error, cut after CORE_MAX_QUOTED bytes and a whole
 * character, with what cannot be shown as it is in hexadecimal.
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

/* The last multiple of a step that is not after. */
static inline int64_t
core_floor(int64_t at, int64_t step)
{
	int64_t		rest = at % step;

	return at - (rest < 0 ? rest + step : rest);
}

#endif							/* SLA_CORE_H */
