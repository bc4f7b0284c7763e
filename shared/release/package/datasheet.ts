import { formatCount } from '../../platform/counts';
import { escapeMarkdown, markdownTable } from '../../platform/markdown';
import { type Contact, displayName, type Publication } from '../../platform/publication';
import { errorKindMeanings, ruleTexts, terms } from '../words';
import { addressOf, citationText } from './citation';
import { fieldTypes } from './datapackage';
import { editionOf, type ReleasedDataset } from './dataset';
import { formatShare, hiddenShares } from './hidden';
import { hiddenMeans, limitsOf, methodOf, periodNames, requestToReaders } from './method';
import { packageColumns } from './table';

/** README.md of a package: what a researcher must know before using the numbers. */
export function datasheet(dataset: ReleasedDataset): string {
  const { publication, grain, timeZone, isDemo } = dataset;
  const edition = editionOf(dataset);
  const { title, description, contact, authors, licence } = publication;
  const names = authors.map(displayName);
  return `# ${escapeMarkdown(title)}

${isDemo ? '**Demo data**: computed from built-in examples, of no real people.\n\n' : ''}${description === null ? '' : `${escapeMarkdown(description)}\n\n`}${markdownTable(
  ['', ''],
  [
    ['Periods', `${formatCount(edition.periods)}: ${edition.from} to ${edition.to}, a row is ${periodNames[grain]}`],
    ['Time zone', timeZone],
    ['Version', `${edition.version}, released ${edition.created}`],
    ['By', escapeMarkdown(names.join('; '))],
    ['Contact', describeContact(contact)],
    ['Licence', `[${escapeMarkdown(licence.title)}](${licence.url})`],
  ],
)}
## Files

${markdownTable(
  ['file', 'holds'],
  [
    ['`metrics.csv`', 'the data: UTF-8, comma, a line of names; a hidden value is an empty cell'],
    ['`metrics.parquet`', 'the same data with types; a hidden value is NULL'],
    ['`datapackage.json`', 'columns with types, units and meanings, and size and SHA-256 of each file (Data Package 2.0)'],
    ['`CITATION.cff`', 'how to cite, for reference managers'],
    ['`CHANGELOG.md`', 'versions, and which periods were corrected'],
  ],
)}
## What is measured

${markdownTable(
  ['word', 'meaning'],
  terms.map(({ term, meaning }) => [term, meaning]),
)}
${markdownTable(
  ['kind of error', 'meaning'],
  Object.entries(errorKindMeanings).map(([kind, meaning]) => [`\`${kind}\``, meaning]),
)}
### Columns

${markdownTable(
  ['column', 'type', 'unit', 'meaning'],
  packageColumns(grain).map(({ name, type, unit, description }) => [`\`${name}\``, fieldTypes[type], unit ?? '', description]),
)}
## How it is computed

${methodOf(dataset).join('\n\n')}

${describeHiding(dataset)}
## How much is hidden

Hidden values of each column, by the year of the period's first day:

${describeShares(dataset)}
## Known limits

${limitsOf(dataset)
  .map((limit) => `- ${limit}\n`)
  .join('')}
## How to cite

${escapeMarkdown(citationText(publication, edition))}

${describeHome(publication)}Questions and corrections: ${describeContact(contact)}.
`;
}

function describeHiding({ limits: { minPeople, roundTo } }: ReleasedDataset): string {
  return `## What hidden means

An empty value is **hidden**: ${hiddenMeans}

## Rules

They are applied in this order to the exact numbers of the period. k is ${minPeople}, b is ${roundTo}.

${ruleTexts.map(({ name, text }, place) => `${place + 1}. **${name}**: ${text}\n`).join('')}
${requestToReaders}
`;
}

function describeShares({ rows }: ReleasedDataset): string {
  const { years, columns, all } = hiddenShares(rows);
  return markdownTable(
    ['column', ...years, 'all'],
    [
      ...columns.map((of) => [`\`${of.column}\``, ...of.byYear.map(formatShare), formatShare(of.all)]),
      ['all columns', ...all.byYear.map(formatShare), formatShare(all.all)],
    ],
  );
}

function describeContact({ name, email, url }: Contact): string {
  const ways = [email, url].flatMap((way) => (way === null ? [] : `<${way}>`));
  return `${escapeMarkdown(name)}, ${ways.join(', ')}`;
}

function describeHome(publication: Publication): string {
  const address = addressOf(publication);
  return address === null ? '' : `The data set is at <${address}>.\n\n`;
}
