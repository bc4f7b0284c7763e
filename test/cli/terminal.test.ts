import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { fit, fitHelp, fitTerminal, renderNext, terminalWidth, wrap } from '../../cli/terminal';
import { ended, hasScript, runKpi, startInTerminal } from '../support/kpi-command';

const folder = mkdtempSync(join(tmpdir(), 'kpi-terminal-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [undefined, 80],
  [0, 80],
  [40, 60],
  [60, 60],
  [200, 200],
])('a terminal of %p columns is taken for one of %i', (columns, width) => {
  expect(terminalWidth({ columns: columns as number })).toBe(width);
});

const text = `one ${'word '.repeat(60)}${'x'.repeat(30)} last`;

test.each([60, 80, 120])('a line fits %i columns; the rest stands indented below, and no word is lost', (width) => {
  const lines = fit(text, width).split('\n');
  expect(lines.filter((line) => line.length > width)).toEqual([]);
  expect(lines.slice(1).filter((line) => !/^ {2}\S/.test(line))).toEqual([]);
  expect(lines.map((line) => line.trim()).join(' ')).toBe(text);
  expect(Math.max(...lines.map(({ length }) => length))).toBeGreaterThan(width - 31);
});

test('an indented text uses the whole width', () => {
  expect(wrap('aaa bbb ccc ddd', 7, 20)).toBe(`aaa bbb\n${' '.repeat(20)}ccc ddd`);
});

test('a longer word stays whole', () => {
  expect(fit(`path ${'x'.repeat(100)}`, 60)).toBe(`path\n  ${'x'.repeat(100)}`);
});

test.each([
  ['a terminal', true, 2],
  ['a pipe', false, 1],
])('a long line for standard error takes what it needs of %s', (_, isTTY, lines) => {
  expect(fitTerminal('word '.repeat(20).trim(), { isTTY, columns: 80 }).split('\n')).toHaveLength(lines);
});

test('the text of a help is wrapped; lists and commands are not', () => {
  const list = `  --date <date>  ${'x'.repeat(40)}`;
  const command = `  $ kpi ${'export '.repeat(12)}`;
  expect(fitHelp(`${list}\n\n${'word '.repeat(20).trim()}\n${command}`, 60)).toBe(
    `${list}\n\n${wrap('word '.repeat(20).trim(), 60)}\n${command}`,
  );
});

test.each([
  [40, 'Next: kpi a       does this\n      kpi longer  does that'],
  [20, 'Next: kpi a\n        does this\n      kpi longer\n        does that'],
])('what to do next fits %i columns', (width, text) => {
  const steps = [['kpi a', 'does this'] as const, ['kpi longer', 'does that'] as const];
  expect(renderNext(steps, width)).toBe(text);
});

const commands = 'init export show explain status doctor gaps dashboard delete release replay request completion'.split(' ');

test('every help and its examples fit into 80 columns in a pipe', async () => {
  const helps = await Promise.all([[], ...commands.map((one) => [one])].map((args) => runKpi(folder, [...args, '--help'])));
  const lines = helps.flatMap(({ stdout }) => stdout.split('\n'));
  expect(lines.filter((line) => line.startsWith('  $ kpi ')).length).toBeGreaterThan(commands.length);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

(hasScript ? describe : describe.skip)('in a terminal', () => {
  const linesOf = (text: string) => stripVTControlCharacters(text).split('\r\n');

  test.each([80, 120])('of %i columns a help and a refusal are wrapped in whole words', async (columns) => {
    const help = await ended(startInTerminal(folder, ['export', '--help'], { columns }));
    expect(linesOf(help.stdout).filter((line) => line.length > columns)).toEqual([]);
    expect(linesOf(help.stdout).join(' ')).toContain('64 refused (the line says what was expected), 130 interrupted.');
    const refusal = await ended(startInTerminal(folder, ['export', '--time-zone', 'Mars/X', '--resum'], { columns }));
    const [first = '', ...rest] = linesOf(refusal.stdout).filter((line) => line !== '');
    expect(first).toMatch(/^kpi: .* unknown option '--resum'|^kpi: unknown option '--resum'/);
    expect([first, ...rest].filter((line) => line.length > columns)).toEqual([]);
    expect(rest.every((line) => line.startsWith('  '))).toBe(true);
  });

  test('the reason is printed once if the only date failed', async () => {
    const lost = join(folder, 'lost');
    mkdirSync(lost);
    writeFileSync(join(lost, 'users.csv'), 'user_id,created_at\nu1,2025-12-01T00:00:00Z\n');
    writeFileSync(join(lost, 'measurements.csv'), 'measurement_id,user_id,session_id,created_at,error_type\n');
    const { code, stdout } = await ended(startInTerminal(folder, ['export', '--source', lost, '--warehouse', 'lost.duckdb']));
    expect([code, stdout.match(/the source is late/g)?.length]).toEqual([1, 1]);
  });

  test('log lines beside the bar are whole, even if wider than the terminal', async () => {
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'users.csv'), 'user_id,created_at\nu1,2025-12-01T00:00:00Z\n,2025-12-01T00:00:00Z\n');
    const header = 'measurement_id,user_id,session_id,created_at,error_type';
    writeFileSync(join(source, 'measurements.csv'), `${header}\nm1,u1,s1,2025-12-01T00:00:00Z,another kind\n`);
    const range = ['--from', '2025-12-01', '--to', '2025-12-02'];
    const args = ['export', '--source', source, '--warehouse', 'kpi.duckdb', ...range];
    const { code, stdout } = await ended(startInTerminal(folder, args, { columns: 60 }));
    expect(code).toBe(0);
    expect(stdout).not.toContain('\x1b[?7l'); // which has the terminal cut lines
    const text = linesOf(stdout)
      .map((line) => line.trim())
      .join(' ');
    for (const date of ['2025-12-01', '2025-12-02'])
      expect(text).toContain(`warning errors of unknown kinds report_date=${date} unclassified_errors=1 total_errors=1`);
  });
});

test('a command is not wrapped', () => {
  const command = 'npx kpi export --source ./data --allow-stale --date 2025-12-23';
  expect(fit(`kpi: nothing was written; to try it all again: ${command}; or ask`, 70).split('\n')).toEqual([
    'kpi: nothing was written; to try it all again:',
    `  ${command}; or`,
    '  ask',
  ]);
});
