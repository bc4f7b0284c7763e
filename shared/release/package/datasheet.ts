import type { Grain } from '../../metrics/grain';
import { formatCount } from '../../platform/counts';
import { escapeMarkdown, markdownTable } from '../../platform/markdown';
import type { Contact, Publication } from '../../platform/publication';
import { errorKindMeanings, ruleTexts, terms } from '../words';
import { addressOf, citationText } from './citation';
import { fieldTypes } from './datapackage';
import { editionOf, type ReleasedDataset } from './dataset';
import { formatShare, hiddenShares } from './hidden';
import { packageColumns } from './table';

const periodNames: Record<Grain, string> = {
  day: 'a day',
  week: 'a week, Monday to Sunday',
  month: 'a calendar month',
};

/** When a period is released, and so how long its accounts had for a first test at the least. */
const releasedWhen: Record<Grain, string> = {
  day: 'when the 11th day after it is over, so its accounts had at least 11 days to take a first test',
  week: 'when the second week after it is over, so its accounts had at least 14 days to take a first test',
  month: 'when the month after it is over, so its accounts had at least 28 days to take a first test',
};

/** README.md of a package: what a researcher has to know before using the numbers. */
export function datasheet(dataset: ReleasedDataset): string {
  const { publication, grain, timeZone, isDemo, program } = dataset;
  const edition = editionOf(dataset);
  const { title, description, contact, authors, licence } = publication;
  const names = authors.map((author) => ('name' in author ? author.name : `${author.givenName} ${author.familyName}`));
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

The numbers are counts over all users and tests of the product, not a sample. They are computed from its database by ${program}. Each
user and each session counts once per period, however many tests they have; periods can't be added up to users of a longer one.

A period is released once: ${releasedWhen[grain]}. Rows that reach the database later and accounts that are deleted later don't
change it. Only a correction replaces a row; it raises \`revision\`.

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

An empty value is **hidden**: not zero, and not unknown. It is hidden because too few people are behind it, or because it would
give away such a number together with others. The reason is not published. A period of which everything is hidden still has its row.

## Rules

They are applied in this order to the exact numbers of the period. k is ${minPeople}, b is ${roundTo}.

${ruleTexts.map(({ name, text }, place) => `${place + 1}. **${name}**: ${text}\n`).join('')}
Please don't try to find out about single people, and tell us if you come upon a way.
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

function limitsOf({ limits: { roundTo }, timeZone }: ReleasedDataset): string[] {
  return [
    'Values are not hidden at random: small ones are. A mean of the shown values is too high.',
    `Counts are off by up to ${roundTo / 2}. Parts need not add up to their whole, and a sum of n counts is off by up to ${roundTo / 2} × n.`,
    'Rates are computed from rounded counts, and the smaller the counts, the less exact they are.',
    'Users are user ids. One person may have several, and several persons may share one.',
    `Periods are those of ${timeZone}. Where its clocks change, a period is an hour longer or shorter.`,
    'Rows without a user, a session or a time are left out of all figures.',
    'There is no noise: this is not differential privacy. Whoever knows all but one of the people behind a number can learn more from it.',
  ];
}

function describeContact({ name, email, url }: Contact): string {
  const ways = [email, url].flatMap((way) => (way === null ? [] : `<${way}>`));
  return `${escapeMarkdown(name)}, ${ways.join(', ')}`;
}

function describeHome(publication: Publication): string {
  const address = addressOf(publication);
  return address === null ? '' : `The data set is at <${address}>.\n\n`;
}
