import {
  addDays,
  datesBetween,
  daysBetween,
  daysWindow,
  endOf,
  isDate,
  localDate,
  PERIODS,
  reportWindow,
} from '../../../shared/metrics/calendar';
import { labelPeriod } from '../../../shared/metrics/grain';
import { isTimeZone } from '../../../shared/platform/time-zone';

describe('isDate', () => {
  test.each([
    { name: 'a date', text: '2025-12-23', expected: true },
    { name: 'the first day that partitions take', text: '1970-01-01', expected: true },
    { name: 'the day before it', text: '1969-12-31', expected: false },
    { name: 'Feb 29 of a leap year', text: '2024-02-29', expected: true },
    { name: 'Feb 29 of another year', text: '2025-02-29', expected: false },
    { name: 'Feb 29 of a century that leaps', text: '2000-02-29', expected: true },
    { name: 'Feb 29 of a century that does not', text: '2100-02-29', expected: false },
    { name: 'the 31st of a month of 30 days', text: '2025-04-31', expected: false },
    { name: 'day 0', text: '2025-12-00', expected: false },
    { name: 'month 0', text: '2025-00-10', expected: false },
    { name: 'month 13', text: '2025-13-01', expected: false },
    { name: 'no leading zeros', text: '2025-1-2', expected: false },
    { name: 'no dashes', text: '20251223', expected: false },
    { name: 'a time as well', text: '2025-12-23T00:00:00Z', expected: false },
    { name: 'a space before', text: ' 2025-12-23', expected: false },
    { name: 'a line break after', text: '2025-12-23\n', expected: false },
    { name: 'a year of six digits', text: '+002025-12-23', expected: false },
    { name: 'other digits', text: '٢٠٢٥-١٢-٢٣', expected: false },
    { name: 'a word', text: 'today', expected: false },
    { name: 'nothing', text: '', expected: false },
  ])('$name: $text', ({ text, expected }) => {
    expect(isDate(text)).toBe(expected);
  });
});

describe('days', () => {
  test.each([
    { name: 'the same date', from: '2025-06-15', days: 0, to: '2025-06-15' },
    { name: 'the next', from: '2025-06-15', days: 1, to: '2025-06-16' },
    { name: 'over a turn of the year', from: '2025-12-31', days: 1, to: '2026-01-01' },
    { name: 'over Feb 29', from: '2024-02-28', days: 2, to: '2024-03-01' },
    { name: 'where there is no Feb 29', from: '2025-02-28', days: 1, to: '2025-03-01' },
    { name: 'over a clock change', from: '2025-03-08', days: 2, to: '2025-03-10' },
    { name: 'a leap year', from: '2024-01-01', days: 366, to: '2025-01-01' },
  ])('$name: $from + $days = $to', ({ from, days, to }) => {
    expect(addDays(from, days)).toBe(to);
    expect(addDays(to, -days)).toBe(from);
    expect(daysBetween(from, to)).toBe(days);
    const dates = datesBetween(from, to);
    expect(dates).toHaveLength(days + 1);
    expect([dates[0], dates.at(-1)]).toEqual([from, to]);
    expect(new Set(dates).size).toBe(days + 1);
  });
});

describe('labelPeriod', () => {
  test.each([
    { name: 'the report date', reportDate: '2025-12-23', period: '2025-12-23', expected: 'Today (Dec 23)' },
    { name: 'the day before', reportDate: '2025-12-23', period: '2025-12-22', expected: 'Yesterday (Dec 22)' },
    { name: 'an earlier day', reportDate: '2025-12-23', period: '2025-12-21', expected: 'Dec 21' },
    { name: 'a day without leading zero', reportDate: '2025-12-09', period: '2025-12-05', expected: 'Dec 5' },
    { name: 'the first of a month', reportDate: '2025-05-01', period: '2025-05-01', expected: 'Today (May 1)' },
    { name: 'yesterday in another year', reportDate: '2026-01-01', period: '2025-12-31', expected: 'Yesterday (Dec 31)' },
    { name: 'a leap day', reportDate: '2024-03-01', period: '2024-02-29', expected: 'Yesterday (Feb 29)' },
    { name: 'a month of four letters in other lists', reportDate: '2025-09-09', period: '2025-09-07', expected: 'Sep 7' },
  ])('$name: $expected', ({ reportDate, period, expected }) => {
    expect(labelPeriod(period, daysBetween(period, reportDate), 'day')).toBe(expected);
  });
});

describe('isTimeZone', () => {
  test.each([
    { name: 'UTC', zone: 'UTC', expected: true },
    { name: 'a place', zone: 'America/Argentina/Buenos_Aires', expected: true },
    { name: 'an old name', zone: 'Asia/Calcutta', expected: true },
    { name: 'a place that is none', zone: 'Europe/Atlantis', expected: false },
    { name: 'an offset', zone: '+02:00', expected: false },
    { name: 'an offset behind a name', zone: 'UTC+2', expected: false },
    { name: 'nothing', zone: '', expected: false },
  ])('$name: $zone', ({ zone, expected }) => {
    expect(isTimeZone(zone)).toBe(expected);
  });
});

describe('localDate and endOf', () => {
  test.each([
    { name: 'UTC', zone: 'UTC', day: '2025-06-15', end: '2025-06-16T00:00:00.000Z' },
    { name: 'a day of 23 hours', zone: 'America/New_York', day: '2025-03-09', end: '2025-03-10T04:00:00.000Z' },
    { name: 'a day of 25 hours', zone: 'America/New_York', day: '2025-11-02', end: '2025-11-03T05:00:00.000Z' },
    { name: 'half an hour back', zone: 'Australia/Lord_Howe', day: '2025-04-06', end: '2025-04-06T13:30:00.000Z' },
    { name: 'half an hour forward', zone: 'Australia/Lord_Howe', day: '2025-10-05', end: '2025-10-05T13:00:00.000Z' },
    { name: 'the next day has no midnight', zone: 'Africa/Cairo', day: '2024-04-25', end: '2024-04-25T22:00:00.000Z' },
    { name: 'the next date is left out', zone: 'Pacific/Apia', day: '2011-12-29', end: '2011-12-30T10:00:00.000Z' },
    { name: 'an offset with seconds', zone: 'Africa/Monrovia', day: '1972-01-06', end: '1972-01-07T00:44:30.000Z' },
  ])('$name: $day in $zone ends at $end', ({ zone, day, end }) => {
    expect(endOf(day, zone).toISOString()).toBe(end);
    expect(localDate(new Date(Date.parse(end) - 1), zone)).toBe(day);
    expect(localDate(new Date(end), zone) > day).toBe(true);
  });
});

describe('daysWindow', () => {
  const hour = 3600;
  test.each([
    { name: 'no clock change', zone: 'UTC', first: '2025-06-15', last: '2025-06-15', offsets: [0], changes: [] },
    {
      name: 'an hour forward',
      zone: 'America/New_York',
      first: '2025-03-09',
      last: '2025-03-09',
      offsets: [-5 * hour, -4 * hour],
      changes: ['2025-03-09T07:00:00.000Z'],
    },
    {
      name: 'an hour back',
      zone: 'America/New_York',
      first: '2025-11-02',
      last: '2025-11-02',
      offsets: [-4 * hour, -5 * hour],
      changes: ['2025-11-02T06:00:00.000Z'],
    },
    {
      name: 'half an hour back',
      zone: 'Australia/Lord_Howe',
      first: '2025-04-06',
      last: '2025-04-06',
      offsets: [11 * hour, 10.5 * hour],
      changes: ['2025-04-05T15:00:00.000Z'],
    },
    {
      name: 'half an hour forward',
      zone: 'Australia/Lord_Howe',
      first: '2025-10-05',
      last: '2025-10-05',
      offsets: [10.5 * hour, 11 * hour],
      changes: ['2025-10-04T15:30:00.000Z'],
    },
    {
      name: 'two changes in a month and a half',
      zone: 'Africa/Casablanca',
      first: '2025-02-20',
      last: '2025-04-10',
      offsets: [hour, 0, hour],
      changes: ['2025-02-23T02:00:00.000Z', '2025-04-06T02:00:00.000Z'],
    },
    {
      name: 'midnight left out',
      zone: 'America/Sao_Paulo',
      first: '2018-11-04',
      last: '2018-11-04',
      offsets: [-3 * hour, -2 * hour],
      changes: ['2018-11-04T03:00:00.000Z'],
    },
    {
      name: 'back from midnight to 23:00: the later date had not begun',
      zone: 'America/Sao_Paulo',
      first: '2018-02-18',
      last: '2018-02-18',
      offsets: [-2 * hour, -3 * hour],
      changes: ['2018-02-18T02:00:00.000Z'],
    },
    {
      name: 'back from 00:01 to 23:01: the later date had begun',
      zone: 'America/St_Johns',
      first: '2010-11-07',
      last: '2010-11-07',
      offsets: [-2.5 * hour, -3.5 * hour],
      changes: ['2010-11-07T02:31:00.000Z'],
      repeatsDates: true,
    },
    {
      name: 'the same, for a window that ends on the earlier date',
      zone: 'America/St_Johns',
      first: '2010-11-06',
      last: '2010-11-06',
      offsets: [-2.5 * hour, -3.5 * hour],
      changes: ['2010-11-07T02:31:00.000Z'],
      repeatsDates: true,
    },
    {
      name: 'days before it',
      zone: 'America/St_Johns',
      first: '2010-10-20',
      last: '2010-11-04',
      offsets: [-2.5 * hour],
      changes: [],
    },
    {
      name: 'forward from 00:01 to 01:01',
      zone: 'America/St_Johns',
      first: '2010-03-14',
      last: '2010-03-14',
      offsets: [-3.5 * hour, -2.5 * hour],
      changes: ['2010-03-14T03:31:00.000Z'],
    },
    {
      name: 'the same zone since it changes at 02:00',
      zone: 'America/St_Johns',
      first: '2012-11-04',
      last: '2012-11-04',
      offsets: [-2.5 * hour, -3.5 * hour],
      changes: ['2012-11-04T04:30:00.000Z'],
    },
    {
      name: 'a date left out',
      zone: 'Pacific/Apia',
      first: '2011-12-31',
      last: '2011-12-31',
      offsets: [-10 * hour, 14 * hour],
      changes: ['2011-12-30T10:00:00.000Z'],
    },
    {
      name: 'the date that is left out',
      zone: 'Pacific/Apia',
      first: '2011-12-30',
      last: '2011-12-30',
      offsets: [-10 * hour, 14 * hour],
      changes: ['2011-12-30T10:00:00.000Z'],
    },
    {
      name: 'nearly a whole day twice',
      zone: 'Pacific/Kwajalein',
      first: '1969-10-01',
      last: '1969-10-01',
      offsets: [11 * hour, -12 * hour],
      changes: ['1969-09-30T13:00:00.000Z'],
      repeatsDates: false,
    },
    {
      name: 'an offset with seconds',
      zone: 'Africa/Monrovia',
      first: '1972-01-07',
      last: '1972-01-07',
      offsets: [-2670, 0],
      changes: ['1972-01-07T00:44:30.000Z'],
    },
  ])('$name: $zone, $first to $last', ({ zone, first, last, offsets, changes, repeatsDates = false }) => {
    const window = daysWindow(first, last, zone);
    expect(window).toMatchObject({ timeZone: zone, firstDay: first, lastDay: last, repeatsDates });
    expect(window.offsets.map(({ offsetSeconds }) => offsetSeconds)).toEqual(offsets);
    expect(window.offsets.map(({ until }) => until.toISOString())).toEqual([...changes, window.scanUntil.toISOString()]);

    // nothing of the window lies outside the scan, and what is older than the scan has an earlier date than the window
    const minutes = 60_000;
    const scan = { from: window.scanFrom.getTime(), until: window.scanUntil.getTime() };
    for (let distance = 0; distance < 50 * 60; distance += 10) {
      expect(clock(scan.from - distance * minutes, zone) < first).toBe(true);
      expect(clock(scan.until + distance * minutes, zone) > `${last} 99`).toBe(true);
    }
    // the offsets make what clocks show, all along the scan
    for (let instant = scan.from; instant < scan.until; instant += 10 * minutes) {
      const span = window.offsets.find(({ until }) => instant < until.getTime());
      const shown = new Date(instant + (span?.offsetSeconds ?? Number.NaN) * 1000).toISOString();
      expect(shown.slice(0, 19).replace('T', ' ')).toBe(clock(instant, zone));
    }
  });
});

test('a report needs its periods and the day before the earliest', () => {
  const window = reportWindow('2025-12-20', '2025-12-23', 'Europe/Berlin');
  expect(window).toMatchObject({ firstDay: '2025-12-08', lastDay: '2025-12-23' });
  expect(daysBetween(window.firstDay, '2025-12-20')).toBe(PERIODS);
});

/** Date and time of a zone's clocks, YYYY-MM-DD hh:mm:ss. */
function clock(instant: number, timeZone: string): string {
  const parts = formatFor(timeZone).formatToParts(instant);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value;
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(timeZone, made);
  return made;
}
