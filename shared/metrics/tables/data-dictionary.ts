import { markdownTable } from '../../platform/markdown';
import type { Grain } from '../grain';
import { type SourceColumnType, type SourceTable, sourceTableNames, sourceTables } from '../source-contract';
import {
  annotationsDefinition,
  type Column,
  exportRunsDefinition,
  type FurtherTable,
  publishedTableDefinitions,
  reportTableDefinitions,
  reportTableNames,
  type TableDefinition,
} from '.';

/** docs/data-dictionary.md: every column of every table, sources included, as Markdown. */
export function dataDictionary(): string {
  const { daily_audience, weekly_audience, monthly_audience, weekly_retention, monthly_retention } = publishedTableDefinitions;
  return `# Data dictionary

Generated from the definitions in shared/metrics/tables by \`npm run generate\`; change them there.

A report is 12 rows in each of five daily tables: one for the report date and one for each of the eleven days before it, in the report
time zone. Counts are never NULL. Rates and percentages are on a scale of 0 to 100, unrounded, and NULL where their divisor is 0. A day is
reported twelve times; the report with the newest \`report_date\` has its final figures.

A report of a Sunday also has the weekly tables, a report of the last day of a month the monthly ones: 12 rows for the week or month
that ends on the report date and the eleven before it, 78 rows in the tables of retention. So a published week or month is always complete.

${[...Object.values(reportTableDefinitions), daily_audience].map(describeTable).join('\n')}
${describeLongTables()}
${describePair(weekly_audience, monthly_audience)}
${describePair(weekly_retention, monthly_retention)}
${describeTable(exportRunsDefinition)}
${describeTable(annotationsDefinition)}
## Sources

What the two source tables must hold. A deployer maps their own tables onto them with views. A row with NULL in a column that is not
nullable takes part in no metric, but makes a first test if it has a \`user_id\` and a \`created_at\`. A \`created_at\` before 1970-01-01 UTC
counts as none, and one after the report date is invisible. The words NULL, None or nan as text are kinds of error, unknown ones.

${sourceTableNames.map(describeSource).join('\n')}`;
}

/** docs/release-data-dictionary.md as Markdown: a page for readers of the release that needs no other page. */
export function releaseDataDictionary({ day, week, month }: Record<Grain, TableDefinition>, dataset: string): string {
  return `# Data dictionary of the release

Generated from the definitions in shared/metrics/tables by \`npm run generate\`; change them there.

The dataset \`${dataset}\` has one table with one row per week, or, if so set, per day or per month, in the time zone of the reports:

| table | a row is | released as it is in the report of |
| --- | --- | --- |
| \`${day.name}\` | a day | the 11th day after it |
| \`${week.name}\` | a week, Monday to Sunday | the second Sunday after it |
| \`${month.name}\` | a calendar month | the last day of the month after it |

A period is released once and then left: what comes later doesn't change it. Only a correction raises \`revision\`. Users are distinct over the
whole period, and the attempts of a session are ordered within it. A table \`${day.name}\` that was made before there were other grains
has \`period_date\` instead of the first two columns.

**NULL means hidden**, never zero and never unknown. A number is hidden if fewer than k people are behind it or behind the rest of its
whole, if one person has more than half of it, or if it could be computed from shown numbers; counts of 0 are hidden as
well. A period of which everything is hidden still has its row. k is 20 where nobody has set more, and never below 11.

**Counts are rounded** to the nearest multiple of b, halves up; b is 10 unless set otherwise, and never below 5. So parts need not add up to
their whole, and a sum of counts is off by up to b / 2 for each of them. **Rates** are computed from the rounded counts. They are on a scale of 0 to 100, with one
decimal; \`avg_tests_per_active_user\` is a quotient, with one decimal too. The Gini coefficient has two decimals.

Please don't try to find out about single people, and tell us if you come upon a way.

${describeGrains({ day, week, month })}`;
}

function describeTable({ name, description, partitionColumn, columns }: TableDefinition): string {
  const partitions = partitionColumn === null ? 'Not partitioned' : `Partitioned by day on \`${partitionColumn}\``;
  return `## ${name}\n\n${description}. ${partitions}.\n\n${describeColumns(columns)}`;
}

function describeColumns(columns: readonly Column[]): string {
  const rows = columns.map(({ name, type, mode, description }) => [
    `\`${name}\``,
    type,
    mode === 'REQUIRED' ? 'no' : 'yes',
    description,
  ]);
  return markdownTable(['column', 'type', 'NULL', 'meaning'], rows);
}

/** Describes the weekly and monthly tables with the columns of a daily one. */
function describeLongTables(): string {
  const pairs = reportTableNames.map((daily) => {
    const ofGrain = (grain: 'weekly' | 'monthly') => publishedTableDefinitions[daily.replace('daily', grain) as FurtherTable];
    return { columns: reportTableDefinitions[daily].columns, week: ofGrain('weekly'), month: ofGrain('monthly') };
  });
  const tables = pairs.flatMap(({ week, month }) => [week, month].map(({ name, description }) => [`\`${name}\``, description]));
  const differing = pairs.flatMap(({ columns, week, month }) =>
    columns.flatMap(({ name, description }, place) => {
      const [ofWeek, ofMonth] = [week, month].map((table) => table.columns[place]?.description ?? '');
      return ofWeek === description ? [] : [[`\`${name}\``, ofWeek ?? '', ofMonth ?? '']];
    }),
  );
  const rows = new Map(differing.map((row) => [row[0], row]));
  return `## Weekly and monthly tables

${markdownTable(['table', 'holds'], tables)}
They are partitioned by day on \`report_date\` and have the columns of the daily table, where "the period" is the week or the month. Users
are distinct over the whole period, so figures of days can't be added up to them. These columns mean something else:

${markdownTable(['column', 'weekly', 'monthly'], [...rows.values()])}`;
}

/** Describes the tables of the release as one. */
function describeGrains({ day, week, month }: Record<Grain, TableDefinition>): string {
  const described = day.columns.map((column, place) => {
    const [ofDay, ofWeek, ofMonth] = [day, week, month].map(({ columns }) => columns[place]?.description);
    const isSame = ofDay === ofWeek && ofDay === ofMonth;
    return isSame ? column : { ...column, description: `Daily: ${ofDay}. Weekly: ${ofWeek}. Monthly: ${ofMonth}` };
  });
  return `## ${day.name}, ${week.name}, ${month.name}

The columns are the same. Partitioned by day on \`${day.partitionColumn}\`.

${describeColumns(described)}`;
}

/** Describes a weekly and a monthly table with the same columns as one. */
function describePair(week: TableDefinition, month: TableDefinition): string {
  const columns = week.columns.map((column, place) => {
    const ofMonth = month.columns[place]?.description;
    const same = column.description === ofMonth;
    return { ...column, description: same ? column.description : `Weekly: ${column.description}. Monthly: ${ofMonth}` };
  });
  return `## ${week.name}, ${month.name}

${week.description}. ${month.description}. Partitioned by day on \`${week.partitionColumn}\`.

${describeColumns(columns)}`;
}

const sourceTypes: Record<SourceColumnType, string> = { id: 'STRING', instant: 'TIMESTAMP', text: 'STRING, nullable' };

function describeSource(table: SourceTable): string {
  const rows = Object.entries<{ type: SourceColumnType; description: string }>(sourceTables[table]).map(
    ([name, { type, description }]) => [`\`${name}\``, sourceTypes[type], description],
  );
  return `### ${table}\n\n${markdownTable(['column', 'type', 'meaning'], rows)}`;
}
