import { Temporal } from 'temporal-polyfill';

/** A date of the proleptic Gregorian calendar, YYYY-MM-DD. Comparing the texts compares the dates. */
export type CalendarDate = string;

/** Periods of a report: the report date and the eleven days before it. */
export const PERIODS = 12;

/**
 * A scan's bounds lie this far outside its days. They only prune; the local date of each row decides. A zone can repeat up to a whole day
 * (Kwajalein moved back across the date line in 1969).
 */
const SLACK_HOURS = 25;

/** The first date that day partitions of every engine allow. */
export const EARLIEST: CalendarDate = '1970-01-01';

/** Whether `text` is an existing date, YYYY-MM-DD. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < EARLIEST) return false;
  const parsed = Date.parse(text); // some engines read 2025-02-30 as March 2
  return !Number.isNaN(parsed) && toCalendarDate(parsed) === text;
}

const DAY_MS = 86_400_000;

/** Counts in UTC days, which is about fifteen times as fast as the polyfill. */
export function addDays(date: CalendarDate, days: number): CalendarDate {
  return toCalendarDate(Date.parse(date) + days * DAY_MS);
}

/** Days from `from` to `to`, 0 for the same date. */
export function daysBetween(from: CalendarDate, to: CalendarDate): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS;
}

function toCalendarDate(epochMs: number): CalendarDate {
  return new Date(epochMs).toISOString().replace(/T.*/, '');
}

/** All dates of the range, both ends included. */
export function datesBetween(from: CalendarDate, to: CalendarDate): CalendarDate[] {
  return Array.from({ length: daysBetween(from, to) + 1 }, (_, day) => addDays(from, day));
}

/** The local date in `timeZone` at `instant`. */
export function localDate(instant: Date, timeZone: string): CalendarDate {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

/** Local time minus UTC, valid up to an instant. */
export interface OffsetSpan {
  until: Date;
  offsetSeconds: number;
}

/** The days that a range of reports needs, and the instants that bound a scan for them. */
export interface Window {
  timeZone: string;
  firstDay: CalendarDate;
  lastDay: CalendarDate;
  /** Before the first instant of firstDay, and on an earlier local date. */
  scanFrom: Date;
  /** After the last instant of lastDay. */
  scanUntil: Date;
  /** The zone's offsets from scanFrom to scanUntil, in order; the last one ends at scanUntil. */
  offsets: OffsetSpan[];
  /** Whether clocks go back across midnight, so that a later instant can have an earlier date. */
  repeatsDates: boolean;
}

/** The window of some reports, and the longer windows that their tables besides the core need. */
export interface ReportWindow extends Window {
  further?: {
    /** The days that decide whether an active user was active before; null if daily_audience is not wanted. */
    audience: Window | null;
    /** Whole weeks and months; null if they are not wanted or no report ends one. */
    week: Window | null;
    month: Window | null;
  };
}

/** The window of the reports from `from` to `to`: their periods, and the day before the first. */
export function reportWindow(from: CalendarDate, to: CalendarDate, timeZone: string): Window {
  return daysWindow(addDays(from, -PERIODS), to, timeZone);
}

export function daysWindow(firstDay: CalendarDate, lastDay: CalendarDate, timeZone: string): Window {
  const scanFrom = startOf(firstDay, timeZone).subtract({ hours: SLACK_HOURS });
  const scanUntil = startOf(addDays(lastDay, 1), timeZone).add({ hours: SLACK_HOURS });
  const offsets: OffsetSpan[] = [];
  let repeatsDates = false;
  let at = scanFrom.toZonedDateTimeISO(timeZone);
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    const ends = next === null || Temporal.Instant.compare(next.toInstant(), scanUntil) >= 0;
    offsets.push({ until: toDate(ends ? scanUntil : next.toInstant()), offsetSeconds: at.offsetNanoseconds / 1e9 });
    if (ends) break;
    const lastDateBefore = next.subtract({ nanoseconds: 1 }).toPlainDate();
    if (Temporal.PlainDate.compare(next.toPlainDate(), lastDateBefore) < 0) repeatsDates = true;
    at = next;
  }
  return { timeZone, firstDay, lastDay, scanFrom: toDate(scanFrom), scanUntil: toDate(scanUntil), offsets, repeatsDates };
}

function startOf(day: CalendarDate, timeZone: string): Temporal.Instant {
  return Temporal.PlainDate.from(day).toZonedDateTime(timeZone).toInstant();
}

function toDate(instant: Temporal.Instant): Date {
  return new Date(instant.epochMilliseconds);
}

/** The first instant after `day`. A report made from then on is final. */
export function endOf(day: CalendarDate, timeZone: string): Date {
  return toDate(startOf(addDays(day, 1), timeZone));
}
