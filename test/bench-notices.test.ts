import { run } from './support/deployment';
import { sample } from './support/sample';

/** What is noticed must hold of each; the first have all that the others have, and more. */
const products = sample(
  [
    'with holidays and an incident',
    'three times the unrest',
    'closed on weekends',
    'growth of 1 % a week',
    'shrinking by 1 % a week',
    'chance alone',
  ],
  3,
);

/** Cells of the rows of the table that the benchmark prints. */
async function measured(): Promise<
  { product: string; people: number; falseNotices: number; halved: number; incident: number }[]
> {
  const { code, stdout, stderr } = await run(
    process.execPath,
    ['bench/start.mjs', 'notices', '--small', ...products],
    process.env,
  );
  expect({ code, errors: code === 0 ? '' : stderr }).toEqual({ code: 0, errors: '' });
  const lines = stdout.split('\n').filter((line) => /^\|(?! ---| product)/.test(line));
  return lines.map((line) => {
    const [product = '', people, , falseNotices, halved, , , incident] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const [at, of, in1000, found] = [people, halved, falseNotices, incident].map((cell) => Number.parseFloat(cell ?? ''));
    return { product, people: Number(at), halved: Number(of), falseNotices: Number(in1000), incident: Number(found) };
  });
}

test('few usual days are noticed, and most unusual ones', async () => {
  const rows = await measured();
  expect(rows).toHaveLength(3 * products.length);
  expect(rows.filter(({ falseNotices }) => !(falseNotices <= 3))).toEqual([]);
  const calm = rows.filter(({ product }) => product !== 'three times the unrest');
  const least = (people: number) => (people > 1000 ? 90 : people > 100 ? 60 : 0);
  expect(calm.filter(({ people, halved }) => !(halved >= least(people)))).toEqual([]);
  const incidents = rows.filter(({ product, people }) => product === 'with holidays and an incident' && people > 100);
  expect(incidents.map(({ incident }) => incident)).toEqual([100, 100]);
});
