import { inWarehouse, openEmulator } from '../support/bigquery-emulator';
import { readCase } from '../support/cases';
import { type Place, questions } from './questions';

const { folder, reportDate } = readCase('sunday_that_ends_a_month');

/** What only a real project can show. Makes a dataset there, asks, deletes it; prints each question with what was seen. */
async function main(): Promise<void> {
  if (!process.env.KPI_TEST_PROJECT && !process.env.BIGQUERY_TEST_ENDPOINT)
    throw new Error('expected KPI_TEST_PROJECT, a project in which datasets may be made and deleted');
  const emulator = openEmulator();
  await inWarehouse(emulator, folder, async ({ dataset, newEngine }) => {
    const place: Omit<Place, 'engine'> = {
      client: emulator.client,
      dataset: emulator.client.dataset(dataset),
      location: emulator.client.location ?? 'US',
      date: reportDate,
    };
    for (const question of questions) await answer(question, { ...place, engine: newEngine() });
  });
}

async function answer({ name, expected, ask }: (typeof questions)[number], place: Place): Promise<void> {
  const { seen, asExpected } = await ask(place).catch((thrown: Error) => ({
    seen: `could not be asked: ${thrown.message.split('\n')[0]}`,
    asExpected: null,
  }));
  const verdict = asExpected === null ? 'not told' : asExpected ? 'as expected' : 'NOT AS EXPECTED';
  process.stdout.write(`${name}: ${verdict}\n  expected: ${expected}\n  seen: ${seen}\n`);
  if (asExpected === false) process.exitCode = 1;
}

main().catch((thrown: Error) => {
  process.stderr.write(`${thrown.message}\n`);
  process.exitCode = 64;
});
