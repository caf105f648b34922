/*
 * shifted_clock.c
 *
 * To be preloaded into a server for bench/year: now() is the machine's clock plus
 * so many seconds as stand in the file that $SHIFTED_CLOCK names, 20 digits.  What
 * waits or measures goes by other clocks, and is not moved.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define DIGITS	20

static const char *shift;

__attribute__((constructor)) static void
open_shift(void)
{
	const char *path = getenv("SHIFTED_CLOCK");
	int			fd = path == NULL ? -1 : open(path, O_RDONLY);
	void	   *map = fd < 0 ? MAP_FAILED : mmap(NULL, DIGITS + 1, PROT_READ, MAP_SHARED, fd, 0);

	if (map != MAP_FAILED)
		shift = map;
	if (fd >= 0)
		close(fd);
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec t;

	(void) zone;
	clock_gettime(CLOCK_REALTIME, &t);
	now->tv_sec = t.tv_sec + (shift == NULL ? 0 : strtoll(shift, NULL, 10));
	now->tv_usec = t.tv_nsec / 1000;
	return 0;
}
