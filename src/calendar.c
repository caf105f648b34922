/*-------------------------------------------------------------------------
 *
 * calendar.c
 *	  Named calendars: a cache over sla.calendar and sla.holiday that is
 *	  consistent with the snapshot of each statement.
 *
 * This is how consistency is achieved:
 *
 * - A definition is read with the active snapshot.  A second scan, with a
 *   dirty snapshot, tells whether there is a newer version, committed or not.
 *   If so, the entry is valid only for snapshots that see the same; otherwise
 *   it is "settled", that is, valid for every later snapshot until the next
 *   invalidation.
 *
 * - Changing a definition sends two invalidations (sla_calendar_changed): one
 *   immediately, so that other backends read the definition again and find the
 *   uncommitted change, and a regular relcache invalidation at commit.  The
 *   latter alone would not do: transactions become visible before their
 *   messages are sent, so a snapshot that sees the commit could find an entry
 *   that has not been invalidated yet.
 *
 *   A standby receives only the messages sent at commit, and only after the
 *   commit has become visible.  So no entry is settled there, and every new
 *   snapshot reads again.
 *
 * - Invalidation messages are processed when a statement first requests a
 *   calendar.  A SELECT that uses no tables would not do that by itself inside a
 *   transaction.
 *
 * - If the active snapshot is older than the one that an entry was read with
 *   (because it belongs to a cursor or a calling statement), the entry is read
 *   again.
 *
 * The tables are read without permission checks, as calendars are readable by
 * everybody.
 *
 * Copyright (c) 2026, sla_tracker contributors
 *
 *-------------------------------------------------------------------------
 */
#include "calendar.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "core/combine.h"
#include "relation_watch.h"

/*
 * Columns of sla.calendar, sla.holiday and sla.calendar_history; the calendar's
 * name is the first column of each.
 */
#define Anum_calendar_hours		2
#define Anum_calendar_combines	3
#define Anum_calendar_since		6
#define Anum_holiday_day		2
#define Anum_holiday_name		3
#define Anum_holiday_hours		4
#define Anum_holiday_since		5
#define Anum_history_day		2
#define Anum_history_name		3
#define Anum_history_hours		4
#define Anum_history_combines	5
#define Anum_history_since		8
#define Anum_history_until		9

/* The predefined calendar. */
#define ALWAYS_NAME		"24/7"
#define ALWAYS_HOURS	"TZ=UTC 24/7"

/* Maximal depth of calendars that combine other calendars */
#define MAX_COMBINE_DEPTH	32

/*
 * The key of an entry.  If the name comes from a column it is looked up for each
 * row.  As names are short, their first and last eight bytes (which overlap if
 * the name is shorter than 16 bytes) are kept in two words, so that most
 * comparisons need no memcmp().
 */
typedef struct EntryKey
{
	uint64		head;
	uint64		tail;
	const char *name;
	int			length;
} EntryKey;

typedef struct EntrySlot
{
	EntryKey	key;
	CalendarEntry *entry;
	uint32		hash;
	char		status;
} EntrySlot;

/* The longest name that the two words contain entirely */
#define WORDS_LENGTH	16

static inline EntryKey
entry_key(const char *name, int length)
{
	EntryKey	key = {0, 0, name, length};

	if (likely(length >= 8))
	{
		memcpy(&key.head, name, 8);
		memcpy(&key.tail, name + length - 8, 8);
	}
	else if (length >= 4)
	{
		memcpy(&key.head, name, 4);
		memcpy(&key.tail, name + length - 4, 4);
	}
	else
	{
		for (int i = 0; i < length; i++)
			key.head = key.head << 8 | (unsigned char) name[i];
	}
	return key;
}

/* Mix well, because names that end in a number often differ in a single byte. */
static inline uint32
entry_hash(EntryKey key)
{
	uint64		hash = key.head;

	if (unlikely(key.length > WORDS_LENGTH))
		return hash_bytes((const unsigned char *) key.name, key.length);
	hash = hash * UINT64CONST(0x9E3779B97F4A7C15) ^ key.tail ^ (uint64) key.length;
	hash = (hash ^ (hash >> 32)) * UINT64CONST(0xBF58476D1CE4E5B9);
	hash = (hash ^ (hash >> 32)) * UINT64CONST(0x94D049BB133111EB);
	return (uint32) (hash >> 32);
}

static inline bool
entry_equal(EntryKey a, EntryKey b)
{
	return a.head == b.head && a.tail == b.tail && a.length == b.length &&
		(likely(a.length <= WORDS_LENGTH) || memcmp(a.name, b.name, a.length) == 0);
}

#define SH_PREFIX		entryhash
#define SH_ELEMENT_TYPE	EntrySlot
#define SH_KEY_TYPE		EntryKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, k)	entry_hash(k)
#define SH_EQUAL(tb, a, b)	entry_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)	(a)->hash
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

CalendarStatement calendar_statement = {1};
uint64		calendar_generation = 1;
uint64		calendar_epoch = 1;
char	   *sla_calendar_setting;

/* An empty table of slots, so that lookups need not check for NULL. */
static CalendarSlot no_slots[2];
#define NO_SLOTS	{no_slots, 1, 63, 0}

CalendarSlots calendar_slots = NO_SLOTS;

static entryhash_hash *entries = NULL;
static MemoryContext entries_context = NULL;
static Oid	calendar_relid = InvalidOid;
static Oid	holiday_relid = InvalidOid;
static Oid	history_relid = InvalidOid;

/* Minimal number of slots per name in the table; large, to avoid collisions */
#define SLOTS_PER_NAME	8

/* Logarithm of the initial number of slots */
#define FIRST_SLOTS_LOG	8

/* Approximate memory per name: its entry and its share of the hash tables */
#define NAME_BYTES \
	(sizeof(CalendarEntry) + 2 * sizeof(EntrySlot) + SLOTS_PER_NAME * sizeof(CalendarSlot))

static void
relation_changed(Oid relid)
{
	if (relid == InvalidOid || relid == calendar_relid || relid == holiday_relid)
		calendar_generation++;
}

void
calendar_init(void)
{
	relation_watch(relation_changed);
}

const char *
calendar_default(int *length)
{
	if (sla_calendar_setting == NULL || sla_calendar_setting[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no calendar is named"),
				 errdetail("The business_interval names no calendar, and sla_tracker.calendar is not set."),
				 errhint("Write the calendar into the value, as in \"4 bh @support\", or set sla_tracker.calendar.")));
	*length = (int) strlen(sla_calendar_setting);
	return sla_calendar_setting;
}

static SnapshotReach
snapshot_reach(Snapshot snapshot)
{
	SnapshotReach reach;

	reach.xmax = snapshot->xmax;
	reach.nrunning = snapshot->xcnt +
		(snapshot->takenDuringRecovery ? snapshot->subxcnt : 0);
	reach.curcid = snapshot->curcid;
	return reach;
}

static bool
reach_equal(const SnapshotReach *a, const SnapshotReach *b)
{
	return a->xmax == b->xmax && a->nrunning == b->nrunning && a->curcid == b->curcid;
}

/* Does snapshot a see all that b sees? */
static bool
reach_includes(const SnapshotReach *a, const SnapshotReach *b)
{
	if (a->xmax != b->xmax)
		return TransactionIdFollows(a->xmax, b->xmax);
	if (a->nrunning != b->nrunning)
		return a->nrunning < b->nrunning;
	return a->curcid >= b->curcid;
}

/* Begin a new calendar_statement, with the active snapshot. */
void
calendar_begin_statement(void)
{
	if (!ActiveSnapshotSet())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("cannot look up a calendar without a snapshot")));
	AcceptInvalidationMessages();
	calendar_statement.reach = snapshot_reach(GetActiveSnapshot());
	calendar_statement.generation = calendar_generation;
	calendar_statement.number++;
	hours_turn++;
}

/*
 * Reading definitions
 */

/*
 * State of reading one calendar, and those that it combines, with one snapshot.
 */
typedef struct Reading
{
	Relation	calendars;
	Relation	holidays;
	Relation	history;		/* NULL if reading the present version */
	TimestampTz before;			/* read what was in force just before this
								 * instant, or DT_NOEND for the present */
	TimestampTz changed;		/* time of the last change before that, or
								 * DT_NOBEGIN if there is none */
	bool		missing;		/* a calendar did not exist then */
	Snapshot	snapshot;
	bool		settled;		/* no newer version was found so far */
	bool		want_names;		/* append CalendarHoliday to "list" */
	List	   *list;
} Reading;

/* Begin to read the present version. */
static void
reading_open(Reading *reading)
{
	if (!OidIsValid(calendar_relid) || get_rel_name(calendar_relid) == NULL)
	{
		Oid			schema = get_namespace_oid("sla", false);

		calendar_relid = get_relname_relid("calendar", schema);
		holiday_relid = get_relname_relid("holiday", schema);
		history_relid = get_relname_relid("calendar_history", schema);
		if (!OidIsValid(calendar_relid) || !OidIsValid(holiday_relid) || !OidIsValid(history_relid))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("the calendar tables of sla_tracker are missing"),
					 errhint("Drop and create the extension, or restore sla.calendar, sla.holiday and sla.calendar_history.")));
	}
	memset(reading, 0, sizeof(Reading));
	reading->before = DT_NOEND;
	reading->calendars = table_open(calendar_relid, AccessShareLock);
	reading->holidays = table_open(holiday_relid, AccessShareLock);
	reading->snapshot = GetActiveSnapshot();
	reading->settled = !RecoveryInProgress();
}

/* Begin to read the version that was in force just before an instant. */
static void
reading_open_history(Reading *reading, TimestampTz before)
{
	reading_open(reading);
	reading->settled = false;
	reading->history = table_open(history_relid, AccessShareLock);
	reading->before = before;
	reading->changed = DT_NOBEGIN;
}

static void
reading_close(Reading *reading)
{
	if (reading->history != NULL)
		table_close(reading->history, AccessShareLock);
	table_close(reading->holidays, AccessShareLock);
	table_close(reading->calendars, AccessShareLock);
}

/* The index of sla.calendar_history. */
static Oid
history_index(Relation rel)
{
	return get_relname_relid("calendar_history_calendar_idx", RelationGetNamespace(rel));
}

/*
 * Get all rows whose first column is "name".
 *
 * Also clear reading->settled unless these rows are the newest ones.  That is
 * checked with a dirty snapshot, which sees all committed rows, those of
 * transactions in progress, and our own.
 */
static List *
read_rows(Reading *reading, Relation rel, const char *name, int length)
{
	Oid			index = rel == reading->history ? history_index(rel) : RelationGetPrimaryKeyIndexCompat(rel);
	Datum		value = PointerGetDatum(cstring_to_text_with_len(name, length));
	List	   *rows = NIL;
	SnapshotData dirty;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	ListCell   *cell;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_TEXTEQ, value);
	scan = systable_beginscan(rel, index, OidIsValid(index), reading->snapshot, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
		rows = lappend(rows, heap_copytuple(row));
	systable_endscan(scan);

	InitDirtySnapshot(dirty);
	cell = list_head(rows);
	scan = systable_beginscan(rel, index, OidIsValid(index), &dirty, 1, &key);
	while (reading->settled && HeapTupleIsValid(row = systable_getnext(scan)))
	{
		if (cell == NULL ||
			TransactionIdIsValid(dirty.xmin) || TransactionIdIsValid(dirty.xmax) ||
			!ItemPointerEquals(&row->t_self, &((HeapTuple) lfirst(cell))->t_self))
			reading->settled = false;
		else
			cell = lnext(rows, cell);
	}
	systable_endscan(scan);
	if (cell != NULL)
		reading->settled = false;
	return rows;
}

static text *
column_text(Relation rel, HeapTuple row, int attnum)
{
	bool		isnull;
	Datum		value = heap_getattr(row, attnum, RelationGetDescr(rel), &isnull);

	return isnull ? NULL : DatumGetTextPP(value);
}

/* A row of sla.calendar or sla.holiday, present or past. */
typedef struct Version
{
	DateADT		day;			/* of a holiday only */
	text	   *name;			/* of a holiday only */
	text	   *hours;
	text	   *combines;		/* of a calendar only */
} Version;

/* Note that what is being read changed at an instant. */
static void
note_changed(Reading *reading, TimestampTz at)
{
	if (at < reading->before)
		reading->changed = Max(reading->changed, at);
}

/* Was the version from "since" to "until" the one that we are looking for? */
static bool
in_force(Reading *reading, TimestampTz since, TimestampTz until)
{
	note_changed(reading, since);
	note_changed(reading, until);
	return since < reading->before && until >= reading->before;
}

/* Get the version of a calendar, or those of its holidays, that we look for. */
static List *
read_versions(Reading *reading, bool holidays, const char *name, int length)
{
	Relation	rel = holidays ? reading->holidays : reading->calendars;
	TupleDesc	desc = RelationGetDescr(rel);
	List	   *versions = NIL;
	ListCell   *cell;
	bool		isnull;

	foreach(cell, read_rows(reading, rel, name, length))
	{
		HeapTuple	row = lfirst(cell);
		Version    *version = palloc0(sizeof(Version));

		if (reading->history != NULL &&
			!in_force(reading,
					  DatumGetTimestampTz(heap_getattr(row, holidays ? Anum_holiday_since : Anum_calendar_since, desc, &isnull)),
					  DT_NOEND))
			continue;
		if (holidays)
		{
			version->day = DatumGetDateADT(heap_getattr(row, Anum_holiday_day, desc, &isnull));
			version->name = column_text(rel, row, Anum_holiday_name);
			version->hours = column_text(rel, row, Anum_holiday_hours);
		}
		else
		{
			version->hours = column_text(rel, row, Anum_calendar_hours);
			version->combines = column_text(rel, row, Anum_calendar_combines);
		}
		versions = lappend(versions, version);
	}
	if (reading->history == NULL)
		return versions;

	rel = reading->history;
	desc = RelationGetDescr(rel);
	foreach(cell, read_rows(reading, rel, name, length))
	{
		HeapTuple	row = lfirst(cell);
		Version    *version = palloc0(sizeof(Version));
		DateADT		day = DatumGetDateADT(heap_getattr(row, Anum_history_day, desc, &isnull));

		if (isnull == holidays ||
			!in_force(reading, DatumGetTimestampTz(heap_getattr(row, Anum_history_since, desc, &isnull)),
					  DatumGetTimestampTz(heap_getattr(row, Anum_history_until, desc, &isnull))))
			continue;
		version->day = day;
		version->name = column_text(rel, row, Anum_history_name);
		version->hours = column_text(rel, row, Anum_history_hours);
		version->combines = column_text(rel, row, Anum_history_combines);
		versions = lappend(versions, version);
	}
	return versions;
}

static void
bad_definition(const char *name, int length, const char *what, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("calendar \"%.*s\" %s", length, name, what),
			 detail ? errdetail("%s", detail) : 0));
}

static HoursExpr *read_calendar(Reading *reading, const char *name, int length, int depth);

/* Resolve an expression over names of calendars. */
static HoursExpr *
read_combination(Reading *reading, CombineNode *node, int depth)
{
	HoursExpr  *expr;

	if (node->kind == HOURS_LEAF)
		return read_calendar(reading, node->name, (int) strlen(node->name), depth + 1);
	expr = palloc0(sizeof(HoursExpr));
	expr->kind = node->kind;
	expr->left = read_combination(reading, node->left, depth);
	expr->right = read_combination(reading, node->right, depth);
	return expr;
}

/* Get a calendar's opening hours with its holidays, or the combination it is. */
static HoursExpr *
read_calendar(Reading *reading, const char *name, int length, int depth)
{
	CoreMem		mem = sla_core_mem();
	CoreError	error = {0};
	List	   *versions;
	const Version *calendar;
	HoursExpr  *expr;
	HoursHoliday *holidays;
	ListCell   *cell;
	int			n = 0;

	check_stack_depth();
	if (length == strlen(ALWAYS_NAME) && memcmp(name, ALWAYS_NAME, length) == 0)
		return hours_parse(ALWAYS_HOURS, strlen(ALWAYS_HOURS), &mem, &error);
	if (depth > MAX_COMBINE_DEPTH)
		bad_definition(name, length, "cannot be resolved",
					   "Calendars combine one another in a circle, or too deep.");

	versions = read_versions(reading, false, name, length);
	if (versions == NIL)
	{
		if (reading->history == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("calendar \"%.*s\" does not exist", length, name),
					 errhint("Calendars are the rows of sla.calendar; names are case-sensitive.")));
		reading->missing = true;
		return hours_parse(ALWAYS_HOURS, strlen(ALWAYS_HOURS), &mem, &error);
	}
	calendar = linitial(versions);
	if (calendar->combines != NULL)
	{
		CombineNode *node = combine_parse(VARDATA_ANY(calendar->combines),
										  VARSIZE_ANY_EXHDR(calendar->combines), &mem, &error);

		if (node == NULL)
			bad_definition(name, length, "cannot be resolved", error.detail);
		return read_combination(reading, node, depth);
	}
	if (calendar->hours == NULL)
		bad_definition(name, length, "has no opening hours", NULL);
	expr = hours_parse(VARDATA_ANY(calendar->hours), VARSIZE_ANY_EXHDR(calendar->hours), &mem, &error);
	if (expr == NULL)
		bad_definition(name, length, "has bad opening hours", error.detail);

	versions = read_versions(reading, true, name, length);
	if (versions == NIL)
		return expr;
	holidays = palloc(list_length(versions) * sizeof(HoursHoliday));
	foreach(cell, versions)
	{
		const Version *version = lfirst(cell);

		if (version->day < CORE_MIN_DATE || version->day >= CORE_MAX_DATE)
			continue;
		holidays[n].date = version->day;
		holidays[n].nspans = -1;
		holidays[n].spans = NULL;
		if (version->hours != NULL &&
			!hours_parse_spans(VARDATA_ANY(version->hours), VARSIZE_ANY_EXHDR(version->hours), &mem,
							   &holidays[n].nspans, &holidays[n].spans, &error))
			bad_definition(name, length, "has a holiday with bad hours", error.detail);
		n++;
		if (reading->want_names)
		{
			CalendarHoliday *holiday = palloc(sizeof(CalendarHoliday));

			holiday->date = version->day;
			holiday->zone = hours_zone(expr);
			holiday->name = version->name ? text_to_cstring(version->name) : NULL;
			reading->list = lappend(reading->list, holiday);
		}
	}
	qsort(holidays, n, sizeof(HoursHoliday), hours_compare_holidays);
	hours_bake(expr, holidays, n, &mem);
	return expr;
}

List *
calendar_holidays(const char *name, int length, TimestampTz before)
{
	Reading		reading;

	if (TIMESTAMP_IS_NOEND(before))
		reading_open(&reading);
	else
		reading_open_history(&reading, before);
	reading.want_names = true;
	(void) read_calendar(&reading, name, length, 0);
	reading_close(&reading);
	return reading.list;
}

HoursImage *
calendar_image_before(const char *name, int length, TimestampTz before, TimestampTz *changed)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker definition",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	CoreMem		mem = sla_core_mem();
	HoursImage *image = NULL;
	HoursExpr  *expr;
	Reading		reading;

	reading_open_history(&reading, before);
	expr = read_calendar(&reading, name, length, 0);
	reading_close(&reading);
	*changed = reading.changed;
	if (!reading.missing)
	{
		size_t		text_length;
		char	   *text = hours_print(expr, &mem, &text_length);

		image = hours_image(text, (int) text_length);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return image;
}

/*
 * The cache
 */

/*
 * Forget all names.  Whoever has a pointer to an entry must notice that
 * calendar_epoch has changed.
 */
static void
forget_entries(void)
{
	entryhash_iterator iterator;
	EntrySlot  *slot;

	entryhash_start_iterate(entries, &iterator);
	while ((slot = entryhash_iterate(entries, &iterator)) != NULL)
		if (slot->entry->image != NULL)
			slot->entry->image->nrefs--;
	calendar_slots = (CalendarSlots) NO_SLOTS;
	MemoryContextDelete(entries_context);
	entries = NULL;
	calendar_epoch++;
	calendar_statement.number++;
	hours_turn++;
}

CalendarEntry *
calendar_find(const char *name, int length)
{
	EntryKey	key = entry_key(name, length);
	EntrySlot  *slot;
	CalendarEntry *entry;
	bool		found;

	if (entries != NULL)
	{
		slot = entryhash_lookup(entries, key);
		if (likely(slot != NULL))
			return slot->entry;
		if (hours_images_bytes() + entries->members * NAME_BYTES >
			(size_t) sla_calendar_cache_kb * 1024)
			forget_entries();
	}
	if (length > BI_MAX_CALENDAR || length == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("calendar \"%.*s\" does not exist",
						pg_mbcliplen(name, length, 200), name),
				 errdetail("The name of a calendar has 1 to %d bytes.", BI_MAX_CALENDAR)));
	if (entries == NULL)
	{
		entries_context = AllocSetContextCreate(CacheMemoryContext,
												"sla_tracker calendar names",
												ALLOCSET_DEFAULT_SIZES);
		entries = entryhash_create(entries_context, 64, NULL);
	}
	entry = MemoryContextAllocZero(entries_context, sizeof(CalendarEntry));
	entry->length = length;
	memcpy(entry->name, name, length);
	key.name = entry->name;
	slot = entryhash_insert(entries, key, &found);
	slot->entry = entry;
	return entry;
}

void
calendar_keep(const char *name, int length, const Timeline *timeline)
{
	CalendarSlot *slot;
	uint64		head;
	uint64		tail;
	uint32		i;

	if (length > CALENDAR_SLOT_NAME || entries == NULL)
		return;
	calendar_slot_key(name, length, &head, &tail);
	if ((calendar_slots.used + 1) * SLOTS_PER_NAME > calendar_slots.mask + 1)
	{
		/* make a larger table, empty; names are added when next looked up */
		bool		first = calendar_slots.slot == no_slots;
		uint32		shift = first ? 64 - FIRST_SLOTS_LOG : calendar_slots.shift - 1;
		uint32		size = first ? 1 << FIRST_SLOTS_LOG : 2 * (calendar_slots.mask + 1);
		CalendarSlot *slots = MemoryContextAllocZero(entries_context, size * sizeof(CalendarSlot));

		if (!first)
			pfree(calendar_slots.slot);
		calendar_slots.slot = slots;
		calendar_slots.mask = size - 1;
		calendar_slots.shift = shift;
		calendar_slots.used = 0;
	}
	for (i = calendar_slot_home(head, tail);; i++)
	{
		slot = &calendar_slots.slot[i & calendar_slots.mask];
		if (slot->turn == 0 || (slot->head == head && slot->tail == tail))
			break;
	}
	calendar_slots.used += slot->turn == 0;
	slot->head = head;
	slot->tail = tail;
	slot->timeline = timeline;
	slot->turn = hours_turn;
}

/* Make an entry valid for the current statement, reading it again if need be. */
void
calendar_refresh(CalendarEntry *entry)
{
	const SnapshotReach *reach = &calendar_statement.reach;
	MemoryContext context;
	MemoryContext old;
	uint64		generation;
	Reading		reading;
	CoreMem		mem;
	char	   *text;
	size_t		length;
	HoursImage *image;

	if (entry->image != NULL && entry->generation == calendar_generation &&
		(entry->settled ? reach_includes(reach, &entry->reach) :
		 reach_equal(reach, &entry->reach)))
	{
		entry->statement = calendar_statement.number;
		return;
	}

	context = AllocSetContextCreate(CurrentMemoryContext, "sla_tracker definition",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	generation = calendar_statement.generation;
	reading_open(&reading);
	mem = sla_core_mem();
	text = hours_print(read_calendar(&reading, entry->name, entry->length, 0), &mem, &length);

	reading_close(&reading);
	image = hours_image(text, (int) length);

	image->nrefs++;
	if (entry->image != NULL)
		entry->image->nrefs--;
	entry->image = image;
	entry->reach = *reach;
	entry->generation = generation;
	entry->settled = reading.settled;
	entry->statement = calendar_statement.number;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * sla.calendar_changed() -> trigger
 *
 * AFTER ROW (and, for TRUNCATE, AFTER STATEMENT) trigger on the tables of
 * calendars, which tells all backends, including this one, that a definition
 * changes.  It is ENABLE ALWAYS, so that it fires in logical replication, too.
 */
PG_FUNCTION_INFO_V1(sla_calendar_changed);
Datum
sla_calendar_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	static LocalTransactionId told_lxid = InvalidLocalTransactionId;
	static CommandId told_cid = 0;
	Oid			relid;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"calendar_changed")));
	relid = RelationGetRelid(trigdata->tg_relation);

	/*
	 * for others at commit; for this backend at the end of the command, or
	 * abort
	 */
	CacheInvalidateRelcacheByRelid(relid);

	/*
	 * Also send a message now, once per command.  Backends that read the
	 * definition again will find the uncommitted change, and will keep
	 * reading it for each statement until our transaction is over.  After
	 * TRUNCATE there is no uncommitted row to be found and its lock would
	 * make them wait, so there the message at commit must suffice.
	 */
	if (TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) &&
		(told_lxid != sla_my_lxid() || told_cid != GetCurrentCommandId(false)))
	{
		SharedInvalidationMessage message;

		memset(&message, 0, sizeof(message));
		message.rc.id = SHAREDINVALRELCACHE_ID;
		message.rc.dbId = MyDatabaseId;
		message.rc.relId = relid;
		SendSharedInvalidMessages(&message, 1);
		told_lxid = sla_my_lxid();
		told_cid = GetCurrentCommandId(false);
	}
	return PointerGetDatum(NULL);
}
