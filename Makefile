# sla_tracker: service-level promises counted in business time
#
#	make && make install		needs a PostgreSQL 15 to 18 and its headers
#	make installcheck		SQL, isolation and TAP tests on a running server
#	make unit			the tests of the pure core, without a server
#	make lint			rules of the source that no compiler checks
#	make dist			the archive for PGXN, here
#
# PG_CONFIG=... chooses the server, NO_LIBICAL=1 leaves out libical even where
# pkg-config finds it.  A build outside the checkout: make -f DIR/Makefile.

EXTENSION = sla_tracker
MODULE_big = sla_tracker
PGFILEDESC = "sla_tracker - service-level promises counted in business time"

PG_CONFIG ?= pg_config
PKG_CONFIG ?= pkg-config

# Where the sources are, with a slash at its end.  PGXS sets VPATH by itself
# only on servers that were themselves built outside their sources.
ifndef VPATH
VPATH := $(patsubst %/,%,$(filter-out ./,$(dir $(firstword $(MAKEFILE_LIST)))))
endif
SRCDIR := $(if $(VPATH),$(VPATH),.)/

C_FILES := $(patsubst $(SRCDIR)%,%,$(sort $(wildcard $(SRCDIR)src/*.c $(SRCDIR)src/core/*.c)))
H_FILES := $(wildcard $(SRCDIR)src/*.h $(SRCDIR)src/core/*.h)

# The iCalendar import is a library of its own: what links libical, and ICU with
# it, takes a millisecond to load.  It is loaded by the first import only, and
# holds a core of its own.
ICAL_LIB = sla_tracker_ical$(DLSUFFIX)
ICAL_C_FILES = src/ical.c src/ical_read.c src/import_holidays.c
ICAL_OBJS = $(ICAL_C_FILES:.c=.o) src/core_support.o $(patsubst %.c,%.o,$(filter src/core/%,$(C_FILES)))

OBJS = $(patsubst %.c,%.o,$(filter-out $(ICAL_C_FILES),$(C_FILES)))

# The version is settled in the control file.  The parts of its install script
# are in sql/VERSION; scripts that lead from one version to the next are whole.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(SRCDIR)sla_tracker.control)
SQL_PARTS = $(sort $(wildcard $(SRCDIR)sql/$(EXTVERSION)/*.sql))
DATA_built = sla_tracker--$(EXTVERSION).sql
DATA = $(patsubst $(SRCDIR)%,%,$(wildcard $(SRCDIR)sql/sla_tracker--*.sql))

PG_CPPFLAGS = -I$(SRCDIR)src -DSLA_TRACKER_VERSION='"$(EXTVERSION)"'

# Functions of this library call one another directly, not through the table
# with which another library could put its own in their place.
PG_CFLAGS = -fno-semantic-interposition
SHLIB_LINK = -Wl,-Bsymbolic-functions

# One of two tests of the import of holidays, by whether libical is there.
REGRESS_LEFT_OUT = import_holidays
ifeq ($(NO_LIBICAL)$(shell $(PKG_CONFIG) --exists libical 2>&1 || echo no),)
REGRESS_LEFT_OUT = import_holidays_off
PG_CPPFLAGS += -DUSE_LIBICAL $(shell $(PKG_CONFIG) --cflags libical)
ICAL_LINK = $(shell $(PKG_CONFIG) --libs libical)
endif

# pg_regress looks for ./sql/NAME.sql first: no test may be named as a script
# in sql/.  The tests find the extension created in their database; one that
# needs a database without it makes its own.
REGRESS = $(filter-out $(REGRESS_LEFT_OUT),$(patsubst $(SRCDIR)test/sql/%.sql,%,$(sort $(wildcard $(SRCDIR)test/sql/*.sql))))
REGRESS_OPTS = --inputdir=$(SRCDIR)test --load-extension=$(EXTENSION)
ISOLATION = $(patsubst $(SRCDIR)test/specs/%.spec,%,$(sort $(wildcard $(SRCDIR)test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(SRCDIR)test --outputdir=. --load-extension=$(EXTENSION)
REGRESS_PREP = link-expected
ifneq ($(wildcard $(SRCDIR)test/t/*.pl),)
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl
endif

EXTRA_CLEAN = tmp_unit $(ICAL_LIB) $(ICAL_OBJS)

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error there is no $(PG_CONFIG): install the development files of PostgreSQL or set PG_CONFIG)
endif

# A server built with LLVM wants bitcode beside the library, so that JIT can
# inline.  Where the tools for that are not installed, do without.
SERVER_MAKEFILE = $(dir $(PGXS))../Makefile.global
BITCODE_TOOLS := $(shell sed -n 's/^CLANG *= *//p' $(SERVER_MAKEFILE)) \
	$(shell sed -n 's/^LLVM_BINPATH *= *//p' $(SERVER_MAKEFILE))/llvm-lto
ifneq ($(words $(BITCODE_TOOLS)),$(words $(foreach tool,$(BITCODE_TOOLS),$(shell command -v $(tool) 2>/dev/null))))
override with_llvm = no
endif

include $(PGXS)

ifeq ($(shell expr $(MAJORVERSION) \< 15),1)
$(error sla_tracker requires PostgreSQL 15 or later, and $(PG_CONFIG) is of $(VERSION))
endif
ifeq ($(shell expr $(MAJORVERSION) \> 18),1)
$(info NOTE: sla_tracker is tested on PostgreSQL 15 to 18, and this is $(VERSION))
endif

# PGXS makes one library of several objects; this is the other one.
.PHONY: install-ical uninstall-ical
all: $(ICAL_LIB)
install: install-ical
uninstall: uninstall-ical
$(ICAL_LIB): $(ICAL_OBJS)
	$(LINK.shared) -o $@ $(ICAL_OBJS) $(LDFLAGS) $(LDFLAGS_SL) $(SHLIB_LINK) $(ICAL_LINK)
install-ical: $(ICAL_LIB) installdirs
	$(INSTALL_SHLIB) $(ICAL_LIB) '$(DESTDIR)$(pkglibdir)/$(ICAL_LIB)'
uninstall-ical:
	rm -f '$(DESTDIR)$(pkglibdir)/$(ICAL_LIB)'

# (The directory is named in full, or make finds the checkout's.)
$(OBJS) $(OBJS:.o=.bc) $(ICAL_OBJS): $(H_FILES) | $(CURDIR)/src/core
$(CURDIR)/src/core:
	mkdir -p $@

sla_tracker--$(EXTVERSION).sql: $(SQL_PARTS)
	cat $^ >$@

# In a build outside the checkout the expected results are wanted here.
.PHONY: link-expected
link-expected:
	@test expected -ef $(SRCDIR)expected || ln -sfn $(abspath $(SRCDIR)expected) expected

# The core alone, with sanitizers, under each program of test/unit.
UNIT_CFLAGS = -std=gnu99 -g -O1 -Wall -Wextra -Wno-unused-parameter -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_PROGRAMS = $(patsubst $(SRCDIR)test/unit/%.c,tmp_unit/%,$(sort $(wildcard $(SRCDIR)test/unit/*.c)))
CORE_OBJS = $(patsubst src/core/%.c,tmp_unit/core/%.o,$(filter src/core/%,$(C_FILES)))

.PHONY: unit lint
unit: $(UNIT_PROGRAMS)
	@status=0; for program in $^; do ./$$program || status=1; done; exit $$status

tmp_unit/%: $(SRCDIR)test/unit/%.c $(CORE_OBJS) $(H_FILES) $(wildcard $(SRCDIR)test/unit/*.h)
	$(CC) $(UNIT_CFLAGS) -I$(SRCDIR)src -I$(SRCDIR)src/core $< $(CORE_OBJS) -lm -o $@

tmp_unit/core/%.o: $(SRCDIR)src/core/%.c $(H_FILES)
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -I$(SRCDIR)src -c $< -o $@

lint:
	@$(SRCDIR)script/lint

.PHONY: dist
dist:
	@$(SRCDIR)script/dist
