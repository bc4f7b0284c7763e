import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { grains } from '../../shared/metrics/grain';
import {
  annotationsDefinition,
  exportRunsDefinition,
  furtherTableNames,
  publishedTableDefinitions,
  type TableDefinition,
} from '../../shared/metrics/tables';
import { driftOf, type FoundColumn } from '../../shared/metrics/tables/drift';
import { infraSchema } from '../../shared/metrics/tables/infra-schema';
import { releaseDefinitions } from '../../shared/metrics/tables/release-tables';
import { at, expression, type Infra, infraFolder, only, readInfra } from './hcl';

const published = [...Object.values(publishedTableDefinitions), exportRunsDefinition];
const released = Object.values(releaseDefinitions);
const isFurther = (table: string) => (furtherTableNames as string[]).includes(table);
const definitions: TableDefinition[] = [...published, annotationsDefinition, ...released];

let infra: Infra;
beforeAll(() => {
  infra = readInfra();
});

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  'the schema of %s is current',
  (name, definition) => {
    const text = readFileSync(join(infraFolder, 'schemas', `${name}.json`), 'utf8');
    expect(text).toBe(infraSchema(definition));
    expect(JSON.parse(text)).toEqual(
      definition.columns.map(({ unit, ...column }) => (isFurther(name) ? { ...column, mode: 'NULLABLE' } : column)),
    );
  },
);

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  'the program writes into %s as infra/ makes it',
  (name, definition) => {
    const columns = JSON.parse(readFileSync(join(infraFolder, 'schemas', `${name}.json`), 'utf8')) as FoundColumn[];
    expect(driftOf(definition, columns, (type) => type)).toBeNull();
    expect(driftOf(definition, columns.slice(1), (type) => type)).toBe(`has no column ${columns[0]?.name}`);
  },
);

test('every schema belongs to a table', () => {
  expect(readdirSync(join(infraFolder, 'schemas')).sort()).toEqual(definitions.map(({ name }) => `${name}.json`).sort());
});

test('every column says what it holds, in no more than BigQuery takes', () => {
  for (const { name, columns } of definitions)
    for (const { name: column, description } of columns)
      expect([name, column, description.length > 10 && description.length <= 1024]).toEqual([name, column, true]);
});

test('tables are described and partitioned as their definitions say', () => {
  expect(infra.locals.tables).toBe(expression(`jsondecode(file("${expression('path.module')}/tables.json"))`));
  expect(JSON.parse(readFileSync(join(infraFolder, 'tables.json'), 'utf8'))).toEqual(
    Object.fromEntries(
      published.map(({ name, description, partitionColumn }) => [name, { description, partition_column: partitionColumn }]),
    ),
  );
  const body = only(infra.resource.google_bigquery_table?.published);
  expect(body).toMatchObject({ for_each: expression('local.tables'), description: expression('each.value.description') });
  expect(at(body, 'time_partitioning', 'field')).toBe(expression('each.value.partition_column'));
  expect(at(body, 'time_partitioning', 'type')).toBe('DAY');
  expect(body.require_partition_filter).toBe(false);
});

test.each(grains)('the table of the release by %s is as its definition says', (grain) => {
  const { name, description, partitionColumn } = releaseDefinitions[grain];
  expect((infra.locals.release_tables as Record<string, string>)[grain]).toBe(name);
  const body = only(infra.resource.google_bigquery_table?.release);
  expect(body).toMatchObject({ table_id: expression('each.value'), deletion_protection: expression('var.deletion_protection') });
  expect(String(body.description).replace(expression('each.key'), grain)).toBe(description);
  expect(at(body, 'time_partitioning', 'field')).toBe(partitionColumn);
  expect(at(body, 'time_partitioning', 'expiration_ms')).toBe(0); // without it, an expiry that was set before stays
});

test('the table of annotations is described as its definition says, and has no partitions', () => {
  const { name, description, partitionColumn } = annotationsDefinition;
  const body = only(infra.resource.google_bigquery_table?.annotations);
  expect(body).toMatchObject({ table_id: name, description });
  expect([partitionColumn, body.time_partitioning]).toEqual([null, undefined]);
});

test('no apply drops an extra column of a table', () => {
  for (const name of ['published', 'annotations', 'release'])
    expect(only(infra.resource.google_bigquery_table?.[name])).toMatchObject({ ignore_auto_generated_schema: true });
});

test.each(released)(
  '$name has the columns that it promises, in their order; only what says which row it is must be there',
  ({ columns }) => {
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'period_start_date DATE',
      'period_end_date DATE',
      'revision INT64',
      'released_at TIMESTAMP',
      'all_tests INT64',
      'successful_tests INT64',
      'successful_test_users INT64',
      'active_users INT64',
      'avg_tests_per_active_user FLOAT64',
      'total_sessions INT64',
      'successful_sessions INT64',
      'adjusted_success_rate FLOAT64',
      'first_try_successes INT64',
      'first_try_success_rate FLOAT64',
      'second_try_successes INT64',
      'second_try_success_rate FLOAT64',
      'third_plus_try_successes INT64',
      'third_plus_try_success_rate FLOAT64',
      'error_gini_coefficient FLOAT64',
      'no_period_history INT64',
      'camera_too_far INT64',
      'camera_too_close INT64',
      'analysis_error INT64',
      'test_lines_not_found INT64',
      'test_not_found INT64',
      'total_errors INT64',
      'accounts_created INT64',
      'accounts_with_tests INT64',
      'conversion_rate FLOAT64',
    ]);
    expect(columns.filter(({ mode }) => mode === 'REQUIRED').map(({ name }) => name)).toEqual([
      'period_start_date',
      'period_end_date',
      'revision',
      'released_at',
    ]);
  },
);

test('export_runs has the columns of its specification, in their order', () => {
  expect(exportRunsDefinition.columns.map(({ name, type, mode }) => `${name} ${type} ${mode}`)).toEqual([
    'run_id STRING REQUIRED',
    'request_id STRING REQUIRED',
    'report_date DATE REQUIRED',
    'trigger STRING REQUIRED',
    'status STRING REQUIRED',
    'started_at TIMESTAMP REQUIRED',
    'finished_at TIMESTAMP REQUIRED',
    'time_zone STRING REQUIRED',
    'definitions_version INT64 REQUIRED',
    'program_version STRING REQUIRED',
    'rejected_rows INT64 NULLABLE',
    'unclassified_errors INT64 NULLABLE',
    'revised_values INT64 NULLABLE',
    'source_latest_hour TIMESTAMP NULLABLE',
    'bytes_processed INT64 NULLABLE',
    'released_period DATE NULLABLE',
    'released_cells INT64 NULLABLE',
    'hidden_cells INT64 NULLABLE',
    'error_code STRING NULLABLE',
    'source STRING NULLABLE',
    'unusual_values INT64 NULLABLE',
  ]);
});
