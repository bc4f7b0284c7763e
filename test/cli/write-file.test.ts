import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createFileWriter, type FileWriterOptions } from '../../cli/write-file';
import { parseConfig } from '../../shared/platform/config';
import { inTemporaryFolder } from '../support/temporary-folder';

const OWN = 'made here';
const NEW = `${OWN}, anew`;

interface Trial {
  /** Files to begin with. */
  files?: Record<string, string>;
  prepare?: (folder: string) => void;
  force?: boolean;
  source?: string;
}

/** Writes a file in a folder of its own; what was said, and what is in the folder then. */
async function write(name: string, { files = {}, prepare, force = false, source }: Trial) {
  return inTemporaryFolder(async (folder) => {
    mkdirSync(join(folder, 'data', 'users'), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    prepare?.(folder);
    const config = parseConfig(
      {},
      {
        warehouse: join(folder, 'kpi.duckdb'),
        ...(source !== undefined && { source: join(folder, source) }),
      },
    );
    const options: FileWriterOptions = {
      flag: '--out',
      kind: 'a page',
      force,
      config,
      isOwn: (head) => head.startsWith(OWN),
    };
    let said = 'written';
    try {
      createFileWriter(join(folder, name), options)(NEW);
    } catch (thrown) {
      const { message, code } = thrown as Error & { code: string };
      said = `${message.replaceAll(folder, '')} (${code})`;
    }
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('.new-'));
    const isFile = existsSync(join(folder, name)) && statSync(join(folder, name)).isFile();
    return { said, left, text: isFile ? readFileSync(join(folder, name), 'utf8') : null };
  });
}

const duckDb = `12345678DUCK${'\0'.repeat(50)}`;
const isData = (name: string) => `--out: /${name} is a warehouse or a source; expected another path (BAD_REQUEST)`;

test.each<[string, string, Trial]>([
  ['a new file', 'page.html', {}],
  ['a new file in folders that do not exist', 'a/b/page.html', {}],
  ['a file of its own', 'page.html', { files: { 'page.html': OWN } }],
  ['another file, if forced', 'notes.txt', { files: { 'notes.txt': 'notes' }, force: true }],
  ['an empty file, if forced', 'empty', { files: { empty: '' }, force: true }],
  ['a page in a folder Users that is no table', 'data/users/page.html', {}],
  ['a file whose name only begins as that of a table', 'users-page.csv', {}],
  ['a new file in the folder of the source', 'data/page.html', { source: 'data' }],
])('writes %s', async (_, name, trial) => {
  expect(await write(name, trial)).toMatchObject({ said: 'written', text: NEW, left: [] });
});

test.each<[string, string, Trial, string]>([
  [
    'another file',
    'notes.txt',
    { files: { 'notes.txt': 'notes' } },
    '--out: /notes.txt exists and is not a page; expected another path, or --force to replace it (BAD_REQUEST)',
  ],
  [
    'an empty file',
    'empty',
    { files: { empty: '' } },
    '--out: /empty exists and is not a page; expected another path, or --force to replace it (BAD_REQUEST)',
  ],
  ['the warehouse', 'kpi.duckdb', { files: { 'kpi.duckdb': '' }, force: true }, isData('kpi.duckdb')],
  ['a warehouse that is not there yet', 'kpi.duckdb', { force: true }, isData('kpi.duckdb')],
  ['what the warehouse has beside it', 'kpi.duckdb.wal', { force: true }, isData('kpi.duckdb.wal')],
  [
    'a symbolic link to the warehouse',
    'link',
    { files: { 'kpi.duckdb': 'x' }, prepare: (folder) => symlinkSync('kpi.duckdb', join(folder, 'link')), force: true },
    isData('link'),
  ],
  [
    'a hard link to the warehouse',
    'link',
    {
      files: { 'kpi.duckdb': 'x' },
      prepare: (folder) => linkSync(join(folder, 'kpi.duckdb'), join(folder, 'link')),
      force: true,
    },
    isData('link'),
  ],
  ['another warehouse', 'other.db', { files: { 'other.db': duckDb }, force: true }, isData('other.db')],
  ['a file of Parquet', 'old.bin', { files: { 'old.bin': 'PAR1…' }, force: true }, isData('old.bin')],
  ['a source that no setting names', 'users.csv', { files: { 'users.csv': 'user_id' }, force: true }, isData('users.csv')],
  ...['users.tsv', 'measurements.jsonl', 'measurements.csv.gz', 'users.ndjson.zst', 'Users.PARQ'].map(
    (name): [string, string, Trial, string] => [
      `a source that no setting names: ${name}`,
      name,
      { files: { [name]: 'user_id' }, force: true },
      isData(name),
    ],
  ),
  ...['data/users/2025/12/a.csv', 'measurements.parquet/year=2025/part.jsonl.gz', 'data/users/new.tsv'].map(
    (name): [string, string, Trial, string] => [`a file in the folder of a table: ${name}`, name, { force: true }, isData(name)],
  ),
  [
    'any file in the folder of a table that has the other one beside it',
    'data/users/2025/_SUCCESS',
    { files: { 'data/measurements.csv': '' }, force: true },
    isData('data/users/2025/_SUCCESS'),
  ],
  [
    'a file in a folder that the source links to',
    'shared/page.html',
    {
      prepare: (folder) => {
        mkdirSync(join(folder, 'shared'));
        symlinkSync('../shared', join(folder, 'data/measurements'));
      },
      source: 'data',
      force: true,
    },
    isData('shared/page.html'),
  ],
  ['the file of a source', 'source.db', { files: { 'source.db': 'x' }, source: 'source.db', force: true }, isData('source.db')],
  ['a new file among those of the source', 'data/users/page.html', { source: 'data' }, isData('data/users/page.html')],
  ['a folder', 'data', { force: true }, "--out: /data can't be written: it is a folder; expected a path of a file (BAD_REQUEST)"],
  [
    'a path below a file',
    'notes/page.html',
    { files: { notes: 'notes' }, force: true },
    "--out: /notes/page.html can't be written: a part of the path is a file, not a folder (BAD_REQUEST)",
  ],
  [
    'links in a circle',
    'link',
    { prepare: (folder) => symlinkSync('link', join(folder, 'link')) },
    "--out: /link can't be written: its symbolic links lead in a circle (BAD_REQUEST)",
  ],
  [
    'a name that is too long',
    'x'.repeat(300),
    {},
    `--out: /${'x'.repeat(300)} can't be written: the name is too long (BAD_REQUEST)`,
  ],
  [
    'a device',
    'device',
    { prepare: (folder) => symlinkSync('/dev/null', join(folder, 'device')), force: true },
    "--out: /device can't be written: it is a device or a pipe; expected a path of a file (BAD_REQUEST)",
  ],
])('refuses %s', async (_, name, trial, said) => {
  const before = trial.files?.[name] ?? trial.files?.['kpi.duckdb'] ?? null;
  const found = await write(name, trial);
  expect(found).toMatchObject({ said, left: [] });
  expect([null, before]).toContain(found.text);
});

test('a link stays, and its target keeps its permissions', () =>
  inTemporaryFolder(async (folder) => {
    const [page, link] = [join(folder, 'page.html'), join(folder, 'link')];
    writeFileSync(page, OWN, { mode: 0o600 });
    symlinkSync('page.html', link);
    const config = parseConfig({}, { warehouse: join(folder, 'kpi.duckdb') });
    createFileWriter(link, { flag: '--out', kind: 'a page', force: false, config, isOwn: (head) => head === OWN })(NEW);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect([readFileSync(page, 'utf8'), statSync(page).mode & 0o777]).toEqual([NEW, 0o600]);
  }));

test('a file that appears meanwhile stays; leftovers of ended processes are removed', () =>
  inTemporaryFolder(async (folder) => {
    const page = join(folder, 'page.html');
    const config = parseConfig({}, { warehouse: join(folder, 'kpi.duckdb') });
    writeFileSync(`${page}.new-999999999-0123abcd`, 'half of a page');
    const writePage = createFileWriter(page, { flag: '--out', kind: 'a page', force: false, config, isOwn: () => false });
    writeFileSync(page, 'notes');
    expect(() => writePage(NEW)).toThrow('exists and is not a page');
    expect(readFileSync(page, 'utf8')).toBe('notes');
    createFileWriter(page, { flag: '--out', kind: 'a page', force: true, config, isOwn: () => false })(NEW);
    expect(readdirSync(folder)).toEqual(['page.html']);
  }));
