import { addDays, type CalendarDate, datesBetween, type Window } from '../calendar';
import { type ErrorKind, eachKind } from '../error-kinds';
import type { Facts } from './facts';

/** Facts of one day, the same for every report. */
export interface DayFacts {
  tests: number;
  successes: number;
  activeUsers: number;
  successfulUsers: number;
  /** Active users by their number of failed tests. */
  usersByFailures: Map<number, number>;
  errors: Record<ErrorKind, number>;
  unclassifiedErrors: number;
  /** Sessions by their first success. */
  sessions: { first: number; second: number; later: number; never: number };
  /** Repeated rows of measurements on the day: those with the measurement_id of another row of the same session. */
  duplicateMeasurements: number;
  /** Accounts created up to the end of the day. */
  accountsToDate: number;
  /** Repeated rows of users up to the end of the day: those with the user_id of another row. */
  duplicateAccountsToDate: number;
  /** People with a first test before the end of the day. */
  testersToDate: number;
  /** Accounts created on the day. */
  accounts: number;
  /** Of those accounts, how many by the day of their first test, up to 11 days later. */
  accountsByFirstTest: Map<CalendarDate, number>;
  /** Rows of both tables on the day, and those of them that no metric counts. */
  sourceRows: number;
  rejectedRows: number;
  /** Newest measurement, in full hours since 1970; null without measurements. */
  latestHour: number | null;
}

/** The input for a row of a report. */
export interface PeriodFacts {
  day: DayFacts;
  dayBefore: DayFacts;
  /** Accounts created in the period, and those of them who had tested by the end of the report date. */
  cohort: { created: number; tested: number };
}

/** Facts of a whole window by day. Every day has an entry, also empty ones. */
export type FactsByDay = ReadonlyMap<CalendarDate, DayFacts>;

export function indexByDay(facts: Facts, window: Pick<Window, 'firstDay' | 'lastDay'>): FactsByDay {
  return indexPeriods(facts, datesBetween(window.firstDay, window.lastDay));
}

/** The same for weeks or months. `starts` are their first days, in order of time. */
export function indexPeriods(facts: Facts, starts: readonly CalendarDate[]): FactsByDay {
  const days = new Map(starts.map((day) => [day, emptyDay()]));
  for (const row of facts.activity) {
    const day = days.get(row.day);
    if (day === undefined) continue;
    day.tests += row.tests;
    day.successes += row.successes;
    day.activeUsers += row.users;
    day.successfulUsers += row.successful_users;
    day.usersByFailures.set(row.failures, row.users);
  }
  for (const row of facts.sessions) {
    const day = days.get(row.day);
    if (day === undefined) continue;
    day.sessions[(['never', 'first', 'second', 'later'] as const)[row.first_success] ?? 'later'] += row.sessions;
  }
  for (const row of facts.repeats) {
    const day = days.get(row.day);
    if (day !== undefined) day.duplicateMeasurements += row.duplicates;
  }
  for (const row of facts.intake) {
    const day = days.get(row.day);
    if (day === undefined) continue;
    day.sourceRows += row.source_rows;
    if (row.outcome === 'rejected') day.rejectedRows += row.source_rows;
    else if (row.outcome === 'unclassified') day.unclassifiedErrors += row.source_rows;
    else if (row.outcome !== 'success') day.errors[row.outcome] += row.source_rows;
    day.latestHour = Math.max(day.latestHour ?? row.latest_hour, row.latest_hour);
  }
  let accountRowsBefore = 0;
  for (const row of facts.users) {
    const day = days.get(row.day);
    if (day !== undefined) {
      day.sourceRows += row.source_rows;
      if (row.outcome === 'rejected') day.rejectedRows += row.source_rows;
    }
    if (row.outcome === 'rejected') continue;
    if (day === undefined) accountRowsBefore += row.source_rows;
    else day.duplicateAccountsToDate = row.source_rows;
  }
  let accountsBefore = 0;
  let testersBefore = 0;
  for (const row of facts.people) {
    const day = days.get(row.day);
    if (day === undefined) {
      // people from before the window; there are none from after it
      if (row.role === 'account') accountsBefore += row.people;
      else testersBefore += row.people;
    } else if (row.role === 'tester') {
      day.testersToDate += row.people;
    } else {
      day.accounts += row.people;
      if (row.first_test_day !== null) day.accountsByFirstTest.set(row.first_test_day, row.people);
    }
  }
  for (const day of days.values()) {
    accountsBefore += day.accounts;
    accountRowsBefore += day.duplicateAccountsToDate;
    testersBefore += day.testersToDate;
    day.accountsToDate = accountsBefore;
    day.duplicateAccountsToDate = accountRowsBefore - accountsBefore;
    day.testersToDate = testersBefore;
  }
  return days;
}

/** Whether the source has an account or a test up to the end of a day. Otherwise all figures of the day are 0. */
export function holdsAnyone(days: FactsByDay, day: CalendarDate): boolean {
  const { accountsToDate, testersToDate } = dayOf(days, day);
  return accountsToDate + testersToDate > 0;
}

/** The facts of one period as the report of `reportDate` sees them. The window must include the period and the one before it. */
export function periodFacts(
  days: FactsByDay,
  reportDate: CalendarDate,
  period: CalendarDate,
  before = addDays(period, -1),
): PeriodFacts {
  const day = dayOf(days, period);
  let tested = 0;
  for (const [firstTest, accounts] of day.accountsByFirstTest) if (firstTest <= reportDate) tested += accounts;
  return { day, dayBefore: dayOf(days, before), cohort: { created: day.accounts, tested } };
}

export function dayOf(days: FactsByDay, date: CalendarDate): DayFacts {
  const day = days.get(date);
  if (day === undefined) throw new RangeError(`no facts of ${date} were read`);
  return day;
}

function emptyDay(): DayFacts {
  return {
    tests: 0,
    successes: 0,
    activeUsers: 0,
    successfulUsers: 0,
    usersByFailures: new Map(),
    errors: eachKind(() => 0),
    unclassifiedErrors: 0,
    sessions: { first: 0, second: 0, later: 0, never: 0 },
    duplicateMeasurements: 0,
    accountsToDate: 0,
    duplicateAccountsToDate: 0,
    testersToDate: 0,
    accounts: 0,
    accountsByFirstTest: new Map(),
    sourceRows: 0,
    rejectedRows: 0,
    latestHour: null,
  };
}
