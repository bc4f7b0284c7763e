import { reportWindow } from '../../../../shared/metrics/calendar';
import { dayOf, indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { onDuckDb } from '../../../support/duckdb';
import { testRun } from '../../../support/run';
import { writeSource } from '../../../support/source-files';
import type { MeasurementRow, UserRow } from '../../../support/source-rows';
import { inTemporaryFolder } from '../../../support/temporary-folder';

const measurement = (measurement_id: string | null, session_id: string | null, created_at: string): MeasurementRow => ({
  measurement_id,
  user_id: 'u1',
  session_id,
  created_at,
  error_type: null,
});

const measurements = [
  measurement('twice', 's1', '2025-12-20T08:00:00Z'),
  measurement('between', 's1', '2025-12-20T08:00:30Z'),
  measurement('twice', 's1', '2025-12-20T08:01:00Z'),
  measurement('thrice', 's2', '2025-12-21T08:00:00Z'),
  measurement('thrice', 's2', '2025-12-21T08:00:00Z'),
  measurement('thrice', 's2', '2025-12-21T08:00:00Z'),
  // not in the same session, not on the same day, or rejected
  measurement('twice', 's3', '2025-12-20T08:00:00Z'),
  measurement('twice', 's1', '2025-12-22T08:00:00Z'),
  measurement(null, 's1', '2025-12-20T08:02:00Z'),
  measurement(null, 's1', '2025-12-20T08:02:00Z'),
];

const user = (user_id: string | null, created_at: string): UserRow => ({ user_id, created_at });
const users = [
  user('before the window', '2024-01-01T00:00:00Z'),
  user('before the window', '2024-02-01T00:00:00Z'),
  user('before and in it', '2025-01-01T00:00:00Z'),
  user('before and in it', '2025-12-20T00:00:00Z'),
  user('on one day', '2025-12-22T00:00:00Z'),
  user('on one day', '2025-12-22T00:00:00Z'),
  user(null, '2025-12-22T00:00:00Z'),
  user(null, '2025-12-22T00:00:00Z'),
  user('in it and after', '2025-12-22T00:00:00Z'),
  user('in it and after', '2025-12-24T00:00:00Z'),
];

// the second window is counted in pieces
test.each(['2025-12-23', '2025-10-01'])('rows that have the id of another one are counted, from %s on', async (from) => {
  const window = reportWindow(from, '2025-12-23', 'UTC');
  const facts = await inTemporaryFolder(async (folder) => {
    await writeSource(folder, 'ndjson', { users, measurements });
    return onDuckDb(folder, (engine) => engine.readFacts(window, testRun()));
  });
  const days = indexByDay(facts.facts, window);
  const found = ['2025-12-19', '2025-12-20', '2025-12-21', '2025-12-22', '2025-12-23'].map((date) => {
    const { duplicateMeasurements, duplicateAccountsToDate, sourceRows, rejectedRows } = dayOf(days, date);
    return { date, duplicateMeasurements, duplicateAccountsToDate, sourceRows, rejectedRows };
  });
  expect(found).toEqual([
    { date: '2025-12-19', duplicateMeasurements: 0, duplicateAccountsToDate: 1, sourceRows: 0, rejectedRows: 0 },
    { date: '2025-12-20', duplicateMeasurements: 1, duplicateAccountsToDate: 2, sourceRows: 7, rejectedRows: 2 },
    { date: '2025-12-21', duplicateMeasurements: 2, duplicateAccountsToDate: 2, sourceRows: 3, rejectedRows: 0 },
    { date: '2025-12-22', duplicateMeasurements: 0, duplicateAccountsToDate: 3, sourceRows: 6, rejectedRows: 2 },
    { date: '2025-12-23', duplicateMeasurements: 0, duplicateAccountsToDate: 3, sourceRows: 0, rejectedRows: 0 },
  ]);
});
