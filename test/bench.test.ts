import { run } from './support/deployment';

test('the benchmark runs; the program, the hand-written SQL and the queries for each period count the same', async () => {
  const { code, stdout, stderr } = await run(process.execPath, ['bench/start.mjs', 'bench', '--small'], process.env);
  expect({ code, errors: code === 0 ? '' : stderr }).toEqual({ code: 0, errors: '' });
  expect(stderr).toMatch(/hand-written, 1 dates.*: 6 results, all equal/);
  expect(stderr).toMatch(/hand-written, 40 dates.*: 6 results, all equal/);
  expect(stderr).toMatch(/hand-written-all, 1 dates to 2025-08-31.*: 19 results, all equal/);
  expect(stderr).toMatch(/hand-written-all, 40 dates.*: 19 results, all equal/);
  expect(stderr).toMatch(/per-period, 1 dates.*: 348 results, all equal/);
  expect(stdout).toContain('40 dates, the whole command');
});
