import { Temporal } from 'temporal-polyfill';

/** A calendar date of the proleptic Gregorian calendar, YYYY-MM-DD. Compares as text. */
export type CalendarDate = string;

/** Periods of a report: the report date and the eleven days before it. */
export const PERIODS = 12;

/**
 * Instants that bound a scan lie this far outside the days wanted. The local date of each row decides; the bounds only prune. A zone
 * may repeat part of a day, at the most a whole one (Kwajalein moved back across the date line in 1969).
 */
const SLACK_HOURS = 25;

/** The first date that every engine's day partitions take. */
export const EARLIEST: CalendarDate = '1970-01-01';

/** Whether `text` is a calendar date, YYYY-MM-DD, that exists. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < EARLIEST) return false;
  const parsed = Date.parse(text); // of 2025-02-30 some engines make March 2
  return !Number.isNaN(parsed) && toCalendarDate(parsed) === text;
}

const DAY_MS = 86_400_000;

/** Dates have no clocks: days of UTC count them, some fifteen times as fast as the polyfill does. */
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

/** Each date of the range, both included. */
export function datesBetween(from: CalendarDate, to: CalendarDate): CalendarDate[] {
  return Array.from({ length: daysBetween(from, to) + 1 }, (_, day) => addDays(from, day));
}

/** The date that clocks in `timeZone` show at `instant`. */
export function localDate(instant: Date, timeZone: string): CalendarDate {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

/** Local time less UTC, up to an instant. */
export interface OffsetSpan {
  until: Date;
  offsetSeconds: number;
}

/** The stretch of days that a range of reports is made of, and the instants that bound a scan for them. */
export interface Window {
  timeZone: string;
  firstDay: CalendarDate;
  lastDay: CalendarDate;
  /** Before the first instant of firstDay, and itself on an earlier date. */
  scanFrom: Date;
  /** After the last instant of lastDay. */
  scanUntil: Date;
  /** The zone's offsets from scanFrom to scanUntil, in order; the last one ends at scanUntil. */
  offsets: OffsetSpan[];
  /** Whether the clocks go back across a midnight, so that a later instant can have an earlier date. */
  repeatsDates: boolean;
}

/** The window of some reports, and the longer windows that their tables beside the core need. */
export interface ReportWindow extends Window {
  further?: {
    /** The days that decide whether an active user was active before; null where daily_audience is not wanted. */
    audience: Window | null;
    /** Whole weeks and months; null where they are not wanted, or no report ends one. */
    week: Window | null;
    month: Window | null;
  };
}

/** The window that the reports of `from` to `to` need: their periods, and the day before the earliest. */
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

/** The first instant after the last of `day`: the report of a day is final from then on. */
export function endOf(day: CalendarDate, timeZone: string): Date {
  return toDate(startOf(addDays(day, 1), timeZone));
}
