import { resolve } from 'node:path';
import { type Config, parseConfig, requireSource, unknownSettings } from '../../../shared/platform/config';

const bigQuery = { KPI_WAREHOUSE: 'bigquery:my-project.kpi_metrics', KPI_LOCATION: 'EU', KPI_SOURCE: 'my-project.app' };

test.each<[string, NodeJS.ProcessEnv, Config['warehouse']]>([
  [
    'nothing set: demo data beside the default warehouse',
    {},
    { engine: 'duckdb', warehouse: resolve('.kpi/warehouse.duckdb'), source: { kind: 'demo' } },
  ],
  [
    'the default warehouse, named',
    { KPI_WAREHOUSE: 'duckdb:.kpi/warehouse.duckdb' },
    { engine: 'duckdb', warehouse: resolve('.kpi/warehouse.duckdb'), source: { kind: 'demo' } },
  ],
  [
    'another warehouse has no source of its own',
    { KPI_WAREHOUSE: 'x.duckdb' },
    { engine: 'duckdb', warehouse: resolve('x.duckdb'), source: null },
  ],
  [
    'a bare path',
    { KPI_WAREHOUSE: './x.duckdb', KPI_SOURCE: 'data' },
    { engine: 'duckdb', warehouse: resolve('x.duckdb'), source: { kind: 'path', path: resolve('data') } },
  ],
  [
    'engines in capitals',
    { KPI_WAREHOUSE: 'DuckDB:x.duckdb', KPI_SOURCE: 'DUCKDB:data' },
    { engine: 'duckdb', warehouse: resolve('x.duckdb'), source: { kind: 'path', path: resolve('data') } },
  ],
  [
    'one letter before a colon is a drive',
    { KPI_WAREHOUSE: 'C:x.duckdb' },
    { engine: 'duckdb', warehouse: resolve('C:x.duckdb'), source: null },
  ],
  [
    'a drive after the engine, and a colon below a folder',
    { KPI_WAREHOUSE: 'duckdb:C:x.duckdb', KPI_SOURCE: './12:30' },
    { engine: 'duckdb', warehouse: resolve('C:x.duckdb'), source: { kind: 'path', path: resolve('12:30') } },
  ],
  [
    'an embedded one in the cloud, named as such',
    { KPI_WAREHOUSE: 'duckdb:x.duckdb', KPI_SOURCE: 'data', CLOUD_RUN_JOB: 'x' },
    { engine: 'duckdb', warehouse: resolve('x.duckdb'), source: { kind: 'path', path: resolve('data') } },
  ],
  [
    'BigQuery projects of a domain',
    { ...bigQuery, KPI_WAREHOUSE: 'bigquery:example.com:my-project.kpi', KPI_SOURCE: 'example.com:my-project.app' },
    {
      engine: 'bigquery',
      project: 'example.com:my-project',
      dataset: 'kpi',
      source: {
        users: 'example.com:my-project.app.users',
        measurements: 'example.com:my-project.app.measurements',
        firstTests: null,
      },
      location: 'EU',
      maxBytesBilled: null,
      endpoint: null,
    },
  ],
  [
    'BigQuery in capitals',
    { ...bigQuery, KPI_WAREHOUSE: 'BigQuery:my-project.kpi_metrics', KPI_SOURCE: 'BIGQUERY:my-project.app' },
    {
      engine: 'bigquery',
      project: 'my-project',
      dataset: 'kpi_metrics',
      source: { users: 'my-project.app.users', measurements: 'my-project.app.measurements', firstTests: null },
      location: 'EU',
      maxBytesBilled: null,
      endpoint: null,
    },
  ],
  [
    'BigQuery',
    { ...bigQuery, KPI_MAX_BYTES_BILLED: '1000000' },
    {
      engine: 'bigquery',
      project: 'my-project',
      dataset: 'kpi_metrics',
      source: { users: 'my-project.app.users', measurements: 'my-project.app.measurements', firstTests: null },
      location: 'EU',
      maxBytesBilled: '1000000',
      endpoint: null,
    },
  ],
  [
    'BigQuery, with tables of other names',
    { ...bigQuery, KPI_SOURCE_USERS: 'other.crm.accounts', KPI_SOURCE_FIRST_TESTS: 'my-project.app.first_tests' },
    {
      engine: 'bigquery',
      project: 'my-project',
      dataset: 'kpi_metrics',
      source: {
        users: 'other.crm.accounts',
        measurements: 'my-project.app.measurements',
        firstTests: 'my-project.app.first_tests',
      },
      location: 'EU',
      maxBytesBilled: null,
      endpoint: null,
    },
  ],
])('%s', (_, env, warehouse) => {
  expect(parseConfig(env).warehouse).toEqual(warehouse);
});

test.each<[string, NodeJS.ProcessEnv, RegExp[]]>([
  ['an unknown engine', { KPI_WAREHOUSE: 'oracle:x' }, [/KPI_WAREHOUSE: expected duckdb:FILE or bigquery:/]],
  [
    'in the cloud, the engine and the topic',
    { K_SERVICE: 'x' },
    [/KPI_WAREHOUSE: required in the cloud/, /KPI_DEAD_LETTER_TOPIC: required in the cloud/],
  ],
  ['BigQuery without a location', { ...bigQuery, KPI_LOCATION: undefined }, [/KPI_LOCATION: required with BigQuery/]],
  ['a folder for BigQuery', { ...bigQuery, KPI_SOURCE: './data' }, [/KPI_SOURCE: .*both must be of one engine/]],
  [
    'a BigQuery table for DuckDB',
    { KPI_SOURCE_USERS: 'p-x.d.users' },
    [/KPI_SOURCE_USERS: a BigQuery table, but the warehouse is an embedded one/],
  ],
  [
    'half a source',
    { ...bigQuery, KPI_SOURCE: undefined, KPI_SOURCE_USERS: 'p-x.d.users' },
    [/KPI_SOURCE: expected PROJECT.DATASET, or both/],
  ],
  [
    'rounding to more than the people that a number needs',
    { KPI_RELEASE_MIN_PEOPLE: '15', KPI_RELEASE_ROUND_TO: '16' },
    [/KPI_RELEASE_ROUND_TO: expected at most KPI_RELEASE_MIN_PEOPLE/],
  ],
  [
    'limits of the release that are too low',
    { KPI_RELEASE_MIN_PEOPLE: '10', KPI_RELEASE_ROUND_TO: '4' },
    [/KPI_RELEASE_MIN_PEOPLE: expected a whole number, at least 11/, /KPI_RELEASE_ROUND_TO: expected a whole number, at least 5/],
  ],
  [
    'the dataset of the release as the warehouse',
    { ...bigQuery, KPI_WAREHOUSE: 'bigquery:my-project.kpi_release' },
    [/KPI_WAREHOUSE: kpi_release is the dataset of the release/],
  ],
  [
    'another engine as the source of BigQuery',
    { ...bigQuery, KPI_SOURCE: 'duckdb:p.d' },
    [/KPI_SOURCE: .*both must be of one engine/],
  ],
  [
    'an empty value',
    { KPI_SOURCE: '', KPI_WAREHOUSE: ' ', KPI_TIME_ZONE: '', KPI_MAX_BYTES_BILLED: '', KPI_LOG_LEVEL: 'loud' },
    [
      /KPI_SOURCE: is empty; expected a value, or leave it out/,
      /KPI_WAREHOUSE: is empty/,
      /KPI_TIME_ZONE: is empty/,
      /KPI_MAX_BYTES_BILLED: is empty/,
      /KPI_LOG_LEVEL: expected one of/,
    ],
  ],
  [
    'several faults at once',
    { KPI_TIME_ZONE: '+02:00', KPI_LOG_LEVEL: 'loud', KPI_SOURCE_MAX_AGE_HOURS: '-1' },
    [/KPI_TIME_ZONE: expected an IANA/, /KPI_LOG_LEVEL: /, /KPI_SOURCE_MAX_AGE_HOURS: /],
  ],
])('%s is BAD_CONFIG, by name and without the value', (_, env, texts) => {
  expect.assertions(texts.length + 1);
  try {
    parseConfig(env);
  } catch (thrown) {
    const { code, message } = thrown as { code: string; message: string };
    expect(code).toBe('BAD_CONFIG');
    for (const text of texts) expect(message).toMatch(text);
  }
});

const EXPECTED_WAREHOUSE = 'expected duckdb:FILE or bigquery:PROJECT.DATASET';
const EXPECTED_SOURCE = 'expected a folder, a .duckdb file, or demo; a path with a colon begins with ./';
const UNCLEAN = 'expected a value without spaces or quotes around it';

test.each([
  's3://b/x',
  'gs://b/x.duckdb',
  'file:///x.duckdb',
  'md:kpi',
  'bigquery :p-x.d',
  ':memory:',
  '2025:x',
  'duckdb:s3://b/x',
])('neither warehouse nor source is at %s', (place) => {
  expect(() => parseConfig({ KPI_WAREHOUSE: place })).toThrow(`KPI_WAREHOUSE: ${EXPECTED_WAREHOUSE}`);
  expect(() => parseConfig({}, { source: place })).toThrow(`--source: ${EXPECTED_SOURCE}`);
  expect(() => parseConfig({ ...bigQuery, KPI_SOURCE: place })).toThrow('KPI_SOURCE: the source is not PROJECT.DATASET');
});

test.each([
  ...[' bigquery:p-x.d', 'bigquery:p-x.d ', '"bigquery:p-x.d"', "'x.duckdb'", 'duckdb: x.duckdb', 'duckdb:"x.duckdb"'],
  ...['x.duckdb\n', '\u00a0x', '\ufeffx', '\u200bx', '“p-x.d”', '`p-x.d`', '"x.duckdb'],
])('quotes and spaces around a place are refused: %j', (place) => {
  expect(() => parseConfig({ KPI_WAREHOUSE: place })).toThrow(`KPI_WAREHOUSE: ${UNCLEAN}`);
  expect(() => parseConfig({ ...bigQuery, KPI_SOURCE: place })).toThrow(`KPI_SOURCE: ${UNCLEAN}`);
  expect(() => parseConfig({}, {}, { KPI_SOURCE: place })).toThrow(`source in kpi.config.json: ${UNCLEAN}`);
});

test.each(['my-project.kpi_metrics', 'x.duckdb', '/tmp/x.duckdb', './x', 'C:x.duckdb'])(
  'in the cloud, %s is no warehouse: it would be a file that goes with the instance',
  (warehouse) => {
    for (const name of ['K_SERVICE', 'CLOUD_RUN_JOB'])
      expect(() => parseConfig({ [name]: 'x', KPI_DEAD_LETTER_TOPIC: 'failed', KPI_WAREHOUSE: warehouse })).toThrow(
        `KPI_WAREHOUSE: in the cloud, ${EXPECTED_WAREHOUSE}`,
      );
    expect(parseConfig({ KPI_WAREHOUSE: warehouse }).warehouse).toMatchObject({ warehouse: resolve(warehouse) });
  },
);

test.each(['bigquery:p-x.d.t', 'bigquery:bigquery:p-x.d', 'bigquery:duckdb:x', 'bigquery:p-x', 'BIGQUERY:P-x.d'])(
  '%s is no dataset',
  (KPI_WAREHOUSE) => {
    expect(() => parseConfig({ ...bigQuery, KPI_WAREHOUSE })).toThrow('KPI_WAREHOUSE: expected bigquery:PROJECT.DATASET');
  },
);

test('names the flag where that is what was used', () => {
  expect(() => parseConfig({}, { timeZone: 'Mars/X' })).toThrow('--time-zone: expected an IANA time zone');
});

test.each([{ source: '' }, { warehouse: ' ' }, { timeZone: '' }])('an empty flag is refused by its name: %j', (flags) => {
  const [name] = Object.keys(flags);
  expect(() => parseConfig({ KPI_SOURCE: 'demo' }, flags)).toThrow(
    `--${name === 'timeZone' ? 'time-zone' : name}: is empty; expected a value, or leave it out`,
  );
});

test('a flag wins over an empty variable', () => {
  expect(parseConfig({ KPI_TIME_ZONE: '' }, { timeZone: 'Asia/Tokyo' }).timeZone).toBe('Asia/Tokyo');
});

test('--rebind needs a source', () => {
  expect(() => parseConfig({}, { rebind: true })).toThrow('--rebind: expected with the source at its new place (--source)');
});

test.each([
  ['KPI_WAREHOSE', 'KPI_WAREHOUSE'],
  ['KPI_TIMEZONE', 'KPI_TIME_ZONE'],
  ['KPI_SORUCE', 'KPI_SOURCE'],
  ['KPI_RELEASE_MIN_PEOPEL', 'KPI_RELEASE_MIN_PEOPLE'],
  ['KPI_FAVOURITE_COLOUR', null],
])('%s is no setting; nearest: %s', (name, nearest) => {
  expect(unknownSettings({ [name]: 'x', KPI_SOURCE: 'demo', KPI_TEST_SEED: '1', HOME: '/' })).toEqual([{ name, nearest }]);
});

test('the release is off, with its own limits', () => {
  expect(parseConfig({}).release).toEqual({ isOn: false, grain: 'week', minPeople: 20, roundTo: 10 });
  const env = { KPI_RELEASE: 'on', KPI_RELEASE_GRAIN: 'month', KPI_RELEASE_MIN_PEOPLE: '11', KPI_RELEASE_ROUND_TO: '11' };
  expect(parseConfig(env).release).toEqual({ isOn: true, grain: 'month', minPeople: 11, roundTo: 11 });
});

test.each(['https://hooks.example/a/b', 'http://localhost:8080/x', 'http://127.0.0.1/', 'http://[::1]:1/'])(
  '%s is a webhook',
  (url) => expect(parseConfig({ KPI_DIGEST_WEBHOOK: url }).digestWebhook).toBe(url),
);

test.each([
  'http://hooks.example/a',
  'hooks.example',
  'ftp://localhost/',
  'https://me:pw@hooks.example/',
  'http://localhost.hooks.example',
])('%s is no webhook, and is not shown', (url) => {
  const said = /^KPI_DIGEST_WEBHOOK: expected an https URL without user and password; http only for localhost$/;
  expect(() => parseConfig({ KPI_DIGEST_WEBHOOK: url })).toThrow(said);
});

test('without a webhook nobody gets digests', () => {
  expect(parseConfig({}).digestWebhook).toBeNull();
});

test('spells a time zone as the database does', () => {
  expect(parseConfig({ KPI_TIME_ZONE: 'europe/berlin' }).timeZone).toBe('Europe/Berlin');
});

test('an export needs a source', () => {
  expect(() => requireSource(parseConfig({ KPI_WAREHOUSE: 'x.duckdb' }))).toThrow('KPI_SOURCE (--source): required');
});
