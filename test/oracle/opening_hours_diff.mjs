// Compares random opening hours with opening_hours.js, date by date.
//
//   cc -O2 -Isrc test/oracle/hours_days_dump.c src/core/hours_*.c src/core/core.c -o dump
//   npm install --prefix DIR opening_hours@3.15
//   node test/oracle/opening_hours_diff.mjs ./dump DIR [seed [cases]]
//
// Skips without the npm package; fails where nothing was compared.
//
// What is known to differ is not generated: in opening_hours.js a range inside
// February that ends on the 28th or 29th, a range to Feb 29, and one that ends
// the day before it starts lose or win days; "2026 easter" matches in later
// years too; "Dec,Jun 24,Jul" reads the third item as a condition; more than
// one [n] in "Aug Su[1,2]" is refused.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

process.env.TZ = 'UTC';
const [dump, dir, seed = '1', cases = '300'] = process.argv.slice(2);
const library = resolve(dir ?? '.', 'node_modules/opening_hours/build/opening_hours.esm.mjs');
if (!existsSync(library)) {
    console.log('skipped: no opening_hours in ' + (dir ?? '.'));
    process.exit(0);
}
const { default: OpeningHours } = await import(pathToFileURL(library));

const PLACE = { lat: '40.7', lon: '-74', address: { country_code: 'us', state: 'New York' } };
const FIRST_YEAR = 2024, DAYS = 1100;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const WEEKDAYS = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'];

let state = Number(seed) >>> 0;
function below(n) { // mulberry32
    state = (state + 0x6D2B79F5) >>> 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return Math.floor(((t ^ t >>> 14) >>> 0) / 4294967296 * n);
}
const maybe = percent => below(100) < percent;
const two = n => String(n).padStart(2, '0');
const list = (make, most) => Array.from({ length: maybe(60) ? 1 : 1 + below(most) }, make).join(',');

function span() {
    const from = below(48) * 30, to = from + 30 * (1 + below(48));
    const clock = minutes => two(Math.floor(minutes / 60)) + ':' + two(minutes % 60);
    return clock(from) + '-' + clock(to > 1440 && maybe(70) ? to - 1440 : to);
}
function weekday() {
    const day = WEEKDAYS[below(7)];
    if (maybe(10)) return 'PH';
    if (maybe(20)) return day + '[' + (maybe(60) ? '' : '-') + (1 + below(5)) + ']';
    const last = WEEKDAYS[below(7)];
    return maybe(50) && last !== day ? day + '-' + last : day;
}
function day(month = below(12)) {
    return { month, day: 1 + below(LENGTHS[month]) };
}
const showDay = d => MONTHS[d.month] + ' ' + two(d.day);
function dates() {
    if (maybe(30)) {
        return list(() => {
            const from = below(12), to = below(12);
            return MONTHS[from] + (maybe(50) && from !== to ? '-' + MONTHS[to] : '');
        }, 3);
    }
    if (maybe(20)) {
        const offset = below(60) - 30;
        return 'easter' + (offset === 0 ? '' : ` ${offset > 0 ? '+' : '-'}${Math.abs(offset)} days`);
    }
    for (;;) {
        const from = day(), to = day();
        const year = maybe(30) ? FIRST_YEAR + below(3) : 0;
        if (maybe(30)) {
            if (year && from.month === 1 && from.day === 29) continue;
            return (year ? year + ' ' : '') + showDay(from);
        }
        if (from.month === to.month || to.month === 1 && to.day === 29 || to.day === LENGTHS[to.month]) continue;
        if (to.month === 1 && to.day === 28) continue;
        return year ? `${year} ${showDay(from)}-${year + 1} ${showDay(to)}` : `${showDay(from)}-${showDay(to)}`;
    }
}
function rule() {
    for (;;) {
        const parts = [];
        if (maybe(5)) return '24/7';
        if (maybe(40)) parts.push(dates());
        else if (maybe(15)) parts.push(maybe(50) ? `${FIRST_YEAR + below(3)}+` : `${FIRST_YEAR}-${FIRST_YEAR + 1 + below(2)}`);
        if (maybe(15)) {
            const from = 1 + below(52), to = from + 1 + below(53 - from);
            parts.push('week ' + two(from) + (maybe(60) ? '-' + two(to) + (maybe(40) ? '/' + (2 + below(4)) : '') : ''));
        }
        if (maybe(55)) parts.push((maybe(5) ? 'PH ' + WEEKDAYS[below(7)] : list(weekday, 4)));
        const times = maybe(75);
        if (times) parts.push(list(span, 3));
        if (maybe(22)) parts.push('off');
        if (parts.length > 0) return parts.join(' ');
    }
}
function expression() {
    let text = rule();
    for (let n = below(5); n > 0; n--) {
        const next = rule();
        const adds = maybe(25) && /(:\d\d|off)$/.test(text) && /^[A-Za-z]/.test(next) && next !== 'off';
        text += (adds ? ', ' : '; ') + next;
    }
    return text;
}

const program = spawn(dump, { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
const dateAt = n => new Date(Date.UTC(FIRST_YEAR, 0, 1 + n));

// What PH means there.
const publicHolidays = new OpeningHours('PH', PLACE);
const holidays = [];
for (let n = -1; n < DAYS; n++) {
    if (publicHolidays.getStatePair(dateAt(n))[0]) holidays.push(dateAt(n).toISOString().slice(0, 10));
}

let compared = 0, refused = 0, different = 0;
while (compared + refused < Number(cases)) {
    const text = expression();
    let theirs;
    try {
        theirs = new OpeningHours(text, PLACE);
    } catch (error) {
        refused++;
        continue;
    }
    const prefix = /\bPH\b/.test(text) ? 'PH=' + holidays.join(',') + ' ' : '';
    program.stdin.write(`${FIRST_YEAR}-01-01 ${DAYS} ${prefix}${text}\n`);
    const answer = (await answers.next()).value;
    compared++;
    if (answer.startsWith('ERROR')) {
        different++;
        console.log(`${text}: ${answer}`);
        continue;
    }
    const ours = answer.split(';');
    for (let n = 0; n < DAYS; n++) {
        const spans = [];
        let open = null;
        for (let minute = 0; minute <= 1440; minute += 30) {
            const is = minute < 1440 && theirs.getStatePair(new Date(dateAt(n).getTime() + minute * 60000))[0];
            if (is && open === null) open = minute;
            if (!is && open !== null) {
                spans.push(open + '-' + minute);
                open = null;
            }
        }
        if (spans.join(',') !== ours[n]) {
            different++;
            console.log(`${text}: ${dateAt(n).toISOString().slice(0, 10)} is "${ours[n]}", opening_hours.js has "${spans.join(',')}"`);
            break;
        }
    }
}
program.stdin.end();
console.log(`${compared} compared, ${refused} refused by opening_hours.js, ${different} different`);
process.exitCode = different > 0 || compared === 0 ? 1 : 0;
