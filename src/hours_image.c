/*-------------------------------------------------------------------------
 *
 * hours_image.c
 *	  Cache of compiled opening hours, with limited memory.
 *
 * Images are in a hash table whose key is the canonical text.  Most of the memory
 * of an image is its timeline.  When all images together exceed
 * sla_tracker.calendar_cache, the least recently used timelines are freed; they
 * are compiled again when needed.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "hours_image.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "call_cache.h"
#include "zone_source.h"

typedef struct ImageKey
{
	const char *text;
	int			length;
} ImageKey;

typedef struct ImageSlot
{
	ImageKey	key;
	HoursImage *image;
	uint32		hash;
	char		status;
} ImageSlot;

#define SH_PREFIX		imagehash
#define SH_ELEMENT_TYPE	ImageSlot
#define SH_KEY_TYPE		ImageKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, k)	hash_bytes((const unsigned char *) (k).text, (k).length)
#define SH_EQUAL(tb, a, b)	((a).length == (b).length && memcmp((a).text, (b).text, (a).length) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)	(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

uint64		hours_image_epoch = 1;
uint64		hours_turn = 1;
int			sla_calendar_cache_kb;

static imagehash_hash *images = NULL;
static MemoryContext images_context = NULL;
static MemoryContext scratch_context = NULL;
static char *scratch_block;
static size_t scratch_used;
static size_t images_bytes = 0; /* of all texts, expressions and timelines */
static uint64 use_counter = 0;

/*
 * Size of the working memory that is kept between compilations, so as not to
 * return its pages to the system; enough for a window of some decades.
 */
#define SCRATCH_SIZE	(512 * 1024)

/*
 * With more images than this, new timelines are made small, so that together they
 * fit better into the CPU's cache.
 */
#define MANY_IMAGES			64

/* The initial window has this many whole years around the requested instants. */
#define FIRST_YEARS_BACK	1
#define FIRST_YEARS_AHEAD	2

/*
 * The supported instants.  They are inside the supported local dates, whatever
 * the zone.
 */
#define HORIZON_FROM	((CORE_MIN_DATE + 2) * USECS_PER_DAY)
#define HORIZON_TO		((CORE_MAX_DATE - 2) * USECS_PER_DAY)

/*
 * A calendar that is closed for this long at the end of the supported instants
 * is reported as closed for ever.  Leap days can be eight years apart.
 */
#define CLOSED_FOR_EVER	(9 * 366 * USECS_PER_DAY)

static void
images_init(void)
{
	images_context = AllocSetContextCreate(CacheMemoryContext,
										   "sla_tracker calendars",
										   ALLOCSET_DEFAULT_SIZES);

	scratch_context = AllocSetContextCreate(images_context,
											"sla_tracker compiler",
											ALLOCSET_DEFAULT_SIZES);
	scratch_block = MemoryContextAlloc(images_context, SCRATCH_SIZE);
	images = imagehash_create(images_context, 64, NULL);
}

static void
image_drop_window(HoursImage *image)
{
	if (image->window == NULL)
		return;
	hours_turn++;
	images_bytes -= MemoryContextMemAllocated(image->window, true);
	MemoryContextDelete(image->window);
	image->window = NULL;
	image->timeline = NULL;
}

static void
image_drop(HoursImage *image)
{
	ImageKey	key = {image->text, image->length};

	image_drop_window(image);
	imagehash_delete(images, key);
	images_bytes -= MemoryContextMemAllocated(image->context, true);
	MemoryContextDelete(image->context);
	hours_image_epoch++;
}

static int
compare_last_used(const void *a, const void *b)
{
	uint64		ua = (*(HoursImage *const *) a)->last_used;
	uint64		ub = (*(HoursImage *const *) b)->last_used;

	return ua < ub ? -1 : (ua > ub ? 1 : 0);
}

/*
 * If the limit is exceeded, free the least recently used timelines, and entire
 * images unless they are referenced, until three quarters of the limit are in
 * use.  "keep" is spared.
 */
static void
images_evict(const HoursImage *keep)
{
	size_t		bound = (size_t) sla_calendar_cache_kb * 1024;
	imagehash_iterator iterator;
	ImageSlot  *slot;
	HoursImage **all;
	int			n = 0;

	if (images_bytes <= bound)
		return;
	all = palloc(images->members * sizeof(HoursImage *));
	imagehash_start_iterate(images, &iterator);
	while ((slot = imagehash_iterate(images, &iterator)) != NULL)
		all[n++] = slot->image;
	qsort(all, n, sizeof(HoursImage *), compare_last_used);
	for (int i = 0; i < n && images_bytes > bound / 4 * 3; i++)
	{
		if (all[i] == keep)
			continue;
		if (all[i]->nrefs == 0)
			image_drop(all[i]);
		else
			image_drop_window(all[i]);
	}
	pfree(all);
}

size_t
hours_images_bytes(void)
{
	return images_bytes;
}

HoursImage *
hours_image_next(uint32 *cursor)
{
	while (images != NULL && *cursor < images->size)
	{
		ImageSlot  *slot = &images->data[(*cursor)++];

		if (slot->status == imagehash_SH_IN_USE)
			return slot->image;
	}
	return NULL;
}

HoursImage *
hours_image(const char *text, int length)
{
	ImageKey	key;
	ImageSlot  *slot;
	HoursImage *image;
	MemoryContext context;
	MemoryContext old;
	CoreMem		mem;
	CoreError	error = {0};
	bool		found;

	key.length = length;
	key.text = text;

	if (images == NULL)
		images_init();
	slot = imagehash_lookup(images, key);
	if (slot != NULL)
	{
		slot->image->last_used = ++use_counter;
		return slot->image;
	}

	/*
	 * until it is complete, let the caller's context own it, in case of
	 * errors
	 */
	context = AllocSetContextCreate(CurrentMemoryContext,
									"sla_tracker calendar",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	image = palloc0(sizeof(HoursImage));
	image->context = context;
	image->length = length;
	image->text = pnstrdup(text, length);
	mem = sla_core_mem();
	image->expr = hours_parse(image->text, length, &mem, &error);
	if (image->expr == NULL)
		sla_report(&error, "business_hours", text, length, NULL);
	MemoryContextSwitchTo(old);

	key.text = image->text;
	slot = imagehash_insert(images, key, &found);
	slot->image = image;
	MemoryContextSetParent(context, images_context);
	images_bytes += MemoryContextMemAllocated(context, true);
	image->last_used = ++use_counter;
	images_evict(image);
	return image;
}

/*
 * A constant argument is looked up once per call site; otherwise compare with
 * the last value.
 */
HoursImage *
hours_image_of_arg(FunctionCallInfo fcinfo, int argno)
{
	CallCache  *cache = call_cache(fcinfo, argno);
	struct varlena *value;
	HoursImage *image = cache->image;
	bool		current = cache->image_epoch == hours_image_epoch;

	if (likely(current && cache->constant))
		return image;
	value = PG_GETARG_VARLENA_PP(argno);
	if (current && image->length == (int) VARSIZE_ANY_EXHDR(value) &&
		memcmp(image->text, VARDATA_ANY(value), image->length) == 0)
		return image;
	image = hours_image(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	cache->image = image;
	cache->image_epoch = hours_image_epoch;
	return image;
}

/*
 * Windows
 */

static void
out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("timestamp out of range for business time"),
			 errdetail("Business time is computed from %d-01-03 to %d-12-29.",
					   CORE_MIN_YEAR, CORE_MAX_YEAR - 1)));
}

void
hours_check_instant(TimestampTz t)
{
	if (t < HORIZON_FROM || t >= HORIZON_TO)
		out_of_range();
}

/*
 * Allocate working memory for a compilation: from the block that is kept, or if
 * that is used up from scratch_context.
 */
static void *
scratch_alloc(void *context, size_t size)
{
	size_t		aligned = MAXALIGN(size);
	void	   *p;

	if (aligned > SCRATCH_SIZE - scratch_used)
		return MemoryContextAllocHuge((MemoryContext) context, size);
	p = scratch_block + scratch_used;
	scratch_used += aligned;
	return p;
}

/*
 * Compile the window [first_date, last_date], clamped to the supported dates, to
 * replace the current one; with business dates if "dates".
 */
static void
compile_window(HoursImage *image, int32 first_date, int32 last_date, bool dates)
{
	MemoryContext window;
	MemoryContext old;
	CoreMem		scratch;
	CoreMem		result;
	CoreError	error = {0};
	Timeline   *timeline;
	instr_time	start;
	instr_time	stop;

	first_date = Max(first_date, CORE_MIN_DATE);
	last_date = Min(last_date, CORE_MAX_DATE - 1);

	INSTR_TIME_SET_CURRENT(start);
	MemoryContextReset(scratch_context);
	window = AllocSetContextCreate(scratch_context, "sla_tracker timeline",
								   ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(window);
	result = sla_core_mem();
	MemoryContextSwitchTo(scratch_context);
	scratch = sla_core_mem();
	scratch.alloc = scratch_alloc;
	scratch_used = 0;
	timeline = timeline_compile(image->expr, first_date,
								last_date - first_date + 1,
								images->members > MANY_IMAGES, &sla_zones,
								&scratch, &result, &error);
	if (timeline == NULL ||
		(dates && !timeline_compile_dates(timeline, image->expr, &sla_zones,
										  &scratch, &result, &error)))
		sla_report(&error, "business_hours", image->text, image->length, NULL);
	MemoryContextSwitchTo(old);

	/* an instant outside the horizon must be an error even if in the window */
	timeline_limit(timeline, HORIZON_FROM, HORIZON_TO);
	INSTR_TIME_SET_CURRENT(stop);
	INSTR_TIME_SUBTRACT(stop, start);

	image_drop_window(image);
	image->window = window;
	image->timeline = timeline;
	MemoryContextSetParent(window, images_context);
	MemoryContextReset(scratch_context);
	images_bytes += MemoryContextMemAllocated(window, true);
	image->ncompiles++;
	image->compile_usecs = INSTR_TIME_GET_MICROSEC(stop);
	image->last_used = ++use_counter;
	images_evict(image);
}

/* January 1st of the year of an instant plus some years, if supported. */
static int32
year_start(TimestampTz t, int years)
{
	int			year;
	int			month;
	int			day;

	core_civil((int32) (t / USECS_PER_DAY), &year, &month, &day);
	year += years;
	if (year < CORE_MIN_YEAR)
		return CORE_MIN_DATE;
	if (year > CORE_MAX_YEAR)
		return CORE_MAX_DATE;
	return core_date(year, 1, 1);
}

static bool
window_reaches(const Timeline *timeline, TimestampTz from, TimestampTz to)
{
	return timeline != NULL && timeline_covers(timeline, from) &&
		timeline_covers(timeline, to);
}

/*
 * Compile a window that covers [from, to].  An existing window is extended on the
 * side where it is too short, by at least half of its length, so that a scan over
 * many years needs only a few compilations.
 */
static void
cover(HoursImage *image, TimestampTz from, TimestampTz to, bool dates)
{
	const Timeline *old = image->timeline;
	int32		first;
	int32		last;

	if (from < HORIZON_FROM || to >= HORIZON_TO)
		out_of_range();
	if (old == NULL)
	{
		first = year_start(from, -FIRST_YEARS_BACK);
		last = year_start(to, FIRST_YEARS_AHEAD + 1) - 1;
	}
	else
	{
		first = old->first_date;
		last = old->first_date + old->ndays - 1;
		dates = dates || old->dates != NULL;
		if (from < old->base)
			first = Min(first - old->ndays / 2, year_start(from, -FIRST_YEARS_BACK));
		if (to >= old->end)
			last = Max(last + old->ndays / 2, year_start(to, FIRST_YEARS_AHEAD + 1) - 1);
	}
	compile_window(image, first, last, dates);
}

const Timeline *
hours_cover(HoursImage *image, TimestampTz from, TimestampTz to)
{
	if (!window_reaches(image->timeline, from, to))
		cover(image, from, to, false);
	return image->timeline;
}

const Timeline *
hours_cover_dates(HoursImage *image, TimestampTz from, TimestampTz to)
{
	if (!window_reaches(image->timeline, from, to) || image->timeline->dates == NULL)
		cover(image, from, to, true);
	return image->timeline;
}

const Timeline *
hours_grow(HoursImage *image, TimelineStatus status)
{
	const Timeline *timeline = image->timeline;

	if (status == TIMELINE_LATER)
	{
		if (timeline->end >= HORIZON_TO)
			return NULL;
		cover(image, timeline->base < HORIZON_FROM ? HORIZON_FROM : timeline->base,
			  Min(timeline->end, HORIZON_TO - 1), false);
	}
	else
	{
		if (timeline->base <= HORIZON_FROM)
			return NULL;
		cover(image, Max(timeline->base - 1, HORIZON_FROM),
			  Min(timeline->end, HORIZON_TO) - 1, false);
	}
	return image->timeline;
}

/*
 * Tell whether the reason is that the calendar is closed for ever, and since (or
 * until) when.  As that may be far from the present window, look at all dates.
 */
void
hours_no_answer(HoursImage *image, TimelineStatus status)
{
	const Timeline *timeline = hours_cover(image, HORIZON_FROM, HORIZON_TO - 1);
	TimestampTz edge;

	if (timeline->total == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("calendar is never open"),
				 errdetail("Opening hours \"%.*s\" have no open time.",
						   Min(image->length, 200), image->text)));
	if (status == TIMELINE_LATER &&
		timeline_previous_close(timeline, HORIZON_TO - 1, &edge) == TIMELINE_OK &&
		edge < HORIZON_TO - CLOSED_FOR_EVER)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("calendar does not open again"),
				 errdetail("Opening hours \"%.*s\" are closed for ever from %s on.",
						   Min(image->length, 200), image->text,
						   timestamptz_to_str(edge))));
	if (status == TIMELINE_EARLIER &&
		timeline_next_open(timeline, HORIZON_FROM, &edge) == TIMELINE_OK &&
		edge > HORIZON_FROM + CLOSED_FOR_EVER)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("calendar is not open before that"),
				 errdetail("Opening hours \"%.*s\" open for the first time at %s.",
						   Min(image->length, 200), image->text,
						   timestamptz_to_str(edge))));
	out_of_range();
}

TimestampTz
hours_add(HoursImage *image, TimestampTz t, int64 d)
{
	const TimelineStatus status = d > 0 ? TIMELINE_LATER : TIMELINE_EARLIER;
	const Timeline *timeline;
	TimestampTz result;

	if (d == 0)
		return t;

	/*
	 * d of business time takes at least d of real time; this also avoids
	 * overflow
	 */
	if (d > HORIZON_TO - t || d < HORIZON_FROM - t)
		out_of_range();
	timeline = hours_at(image, t);
	while ((result = timeline_add(timeline, t, d)) == TIMELINE_OUTSIDE)
	{
		timeline = hours_grow(image, status);
		if (timeline == NULL)
			hours_no_answer(image, status);
	}
	return result;
}

TimestampTz
hours_add_days(HoursImage *image, TimestampTz t, int32 n)
{
	const Timeline *timeline;
	TimelineStatus status;
	TimestampTz result;

	if (n == 0)
		return t;
	/* the span around t may belong to an earlier date */
	timeline = image->timeline;
	if (timeline == NULL || timeline->dates == NULL ||
		!timeline_covers(timeline, t - 3 * USECS_PER_DAY) || !timeline_covers(timeline, t))
		timeline = hours_cover_dates(image, t - 3 * USECS_PER_DAY, t);
	while (unlikely((status = timeline_add_days(timeline, t, n, &result)) != TIMELINE_OK))
	{
		timeline = hours_grow(image, status);
		if (timeline == NULL)
			hours_no_answer(image, status);
	}
	return result;
}

TimestampTz
hours_due_by(HoursImage *image, TimestampTz t, int32 n, int64 cutoff, int64 due)
{
	const Timeline *timeline = hours_cover_dates(image, t - 3 * USECS_PER_DAY,
												 t + 3 * USECS_PER_DAY);
	TimelineStatus status;
	TimestampTz result;

	while ((status = timeline_due_by(timeline, t, n, cutoff, due, &result)) != TIMELINE_OK)
	{
		timeline = hours_grow(image, status);
		if (timeline == NULL)
			hours_no_answer(image, status);
	}
	return result;
}

TimestampTz
hours_add_interval_slow(HoursImage *image, TimestampTz t, int32 days, int64 time)
{
	if (TIMESTAMP_NOT_FINITE(t))
		return t;
	if (days != 0)
		t = hours_add_days(image, t, days);
	return hours_add(image, t, time);
}

int64
hours_between_slow(HoursImage *image, TimestampTz a, TimestampTz b)
{
	return timeline_between(hours_cover(image, Min(a, b), Max(a, b)), a, b);
}
