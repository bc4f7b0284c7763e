import { emulatorIsAvailable } from '../support/bigquery-emulator';
import { run } from '../support/deployment';

/** The questions to a real project, as far as an emulator knows an answer: their code runs, and what they ask for can be told. */
(emulatorIsAvailable && !process.env.KPI_TEST_PROJECT ? describe : describe.skip)('npm run test:project', () => {
  test('asks all questions in turn, and prints the findings', async () => {
    const { code, stdout, stderr } = await run(process.execPath, ['test/project/start.mjs'], process.env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout.split('\n').filter((line) => /^\S/.test(line))).toEqual([
      'bytes of one statement: not told',
      'WRITE_EMPTY on a partition: as expected',
      'WRITE_TRUNCATE on a partition: as expected',
      'a job id that is used twice: as expected',
      'the query of the forecast: NOT AS EXPECTED', // the emulator has no AI.FORECAST
    ]);
    expect(stdout).toContain('second: duplicate');
  });

  test('is refused without a project', async () => {
    const { KPI_TEST_PROJECT, BIGQUERY_TEST_ENDPOINT, ...env } = process.env;
    const { code, stderr } = await run(process.execPath, ['test/project/start.mjs'], env);
    expect([code, stderr]).toEqual([64, 'expected KPI_TEST_PROJECT, a project in which datasets may be made and deleted\n']);
  });
});
