import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { scripts } from '../package.json';
import { Settings } from '../shared/platform/config';

/** What the documents name exists: files, headings, commands, settings. */
const root = resolve(__dirname, '..');
const documents = markdownIn(root).map((file) => relative(root, file));

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(\..*|node_modules|dist|coverage)$/.test(entry.name) ? [] : markdownIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

function read(document: string): string {
  return readFileSync(join(root, document), 'utf8');
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '');
}

/** Targets of a document's links that lie in the repository, `path#anchor`, the path from the root. */
function linksOf(document: string): string[] {
  const targets = Array.from(
    withoutCode(read(document)).matchAll(/\]\(([^()\s]+)\)|^\[[^\]]+\]: *(\S+)/gm),
    (match) => match[1] ?? match[2] ?? '',
  );
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document : relative(root, resolve(root, dirname(document), decodeURI(path)));
      return anchor === undefined ? file : `${file}#${anchor}`;
    });
}

/** Anchors as GitHub makes them of headings: lower case, no punctuation, a number where one is there twice. */
function anchorsOf(document: string): string[] {
  const seen = new Map<string, number>();
  const headings = Array.from(
    read(document)
      .replaceAll(/^```.*?^```$/gms, '')
      .matchAll(/^#+ +(.+)$/gm),
    ([, title = '']) => title,
  );
  return headings.map((title) => {
    const slug = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

function resolves(link: string): boolean {
  const [file = '', anchor] = link.split('#');
  if (file.startsWith('..') || !existsSync(join(root, file))) return false;
  return anchor === undefined || (file.endsWith('.md') && anchorsOf(file).includes(anchor));
}

/** Scripts that a document tells to run: `npm run X`, `npm test`, `npm start`. */
function scriptsIn(document: string): string[] {
  return Array.from(
    read(document).matchAll(/\bnpm (?:run (?:-s |--silent )?([a-z][\w:-]*)|(test|start)\b)/g),
    (match) => match[1] ?? match[2] ?? '',
  );
}

test('the documents and what they name are found', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/gotchas.md']));
  expect(linksOf('README.md')).toEqual(expect.arrayContaining(['docs/data-dictionary.md#sources', 'docs/adr', 'LICENSE']));
  expect(scriptsIn('README.md')).toEqual(expect.arrayContaining(['export', 'demo', 'start', 'start:http', 'check']));
  expect(anchorsOf('docs/gotchas.md')).toContain('nodejs-and-tools');
});

test.each(documents)('links of %s resolve', (document) => {
  expect(linksOf(document).filter((link) => !resolves(link))).toEqual([]);
});

test.each(documents)('scripts that %s names exist', (document) => {
  expect(scriptsIn(document).filter((name) => !(name in scripts))).toEqual([]);
});

describe('the settings of README.md', () => {
  const section = /^## Settings$.*?(?=^## )/ms.exec(read('README.md'))?.[0] ?? '';
  const rows = new Map(
    Array.from(section.matchAll(/^\| `(KPI_\w+)` \|(.*)\|$/gm), ([, name = '', cells = '']) => [
      name,
      cells.split(' | ').at(-1)?.trim(),
    ]),
  );

  test('are exactly those that the program reads', () => {
    expect([...rows.keys()].sort()).toEqual(Object.keys(Settings.shape).sort());
  });

  test.each(Object.entries(Settings.parse({})))('the default of %s is %s', (name, value) => {
    expect(rows.get(name)).toBe(`\`${value}\``);
  });
});

/** KPI_TEST_… are of the tests. */
test.each(documents)('%s names no setting that is not read', (document) => {
  const names = read(document).match(/\bKPI_(?!TEST_)[A-Z]+(_[A-Z]+)*\b/g) ?? [];
  expect(names.filter((name) => !(name in Settings.shape))).toEqual([]);
});
