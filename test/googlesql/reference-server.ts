import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { TypeKind, ZetaSQLClient } from '@fivetrandevelopers/zetasql';
import type { LanguageOptionsProto } from '@fivetrandevelopers/zetasql/lib/types/zetasql/LanguageOptionsProto';
import type { EvaluateQueryRequest } from '@fivetrandevelopers/zetasql/lib/types/zetasql/local_service/EvaluateQueryRequest';
import type { EvaluateQueryResponse__Output } from '@fivetrandevelopers/zetasql/lib/types/zetasql/local_service/EvaluateQueryResponse';
import type { ValueProto, ValueProto__Output } from '@fivetrandevelopers/zetasql/lib/types/zetasql/ValueProto';
import { Temporal } from 'temporal-polyfill';
import { freePort } from '../support/free-port';

/** A date is YYYY-MM-DD; an instant is ISO 8601, up to microseconds, and UTC where it names no offset. */
export type Cell = string | number | null;
export type CellType = keyof typeof codecs;
export type Row = Record<string, Cell>;

export interface Table {
  columns: Record<string, CellType>;
  rows: Row[];
}

/** Google's reference implementation of GoogleSQL, with BigQuery's types and names. */
export interface ReferenceServer {
  /** Fails with the server's own text where the query is no GoogleSQL or a value can't be computed. */
  evaluate(
    sql: string,
    parameters: Record<string, { type: CellType; value: Cell }>,
    tables: Record<string, Table>,
  ): Promise<Row[]>;
  close(): Promise<void>;
}

type Value = Exclude<Cell, null>;

const EPOCH = Temporal.PlainDate.from('1970-01-01');
const NANOSECONDS = 1_000_000_000n;
const START_TIMEOUT_MS = 120_000;

const codecs = {
  STRING: {
    kind: TypeKind.TYPE_STRING,
    encode: (value: Value): ValueProto => ({ stringValue: String(value) }),
    decode: (value: ValueProto__Output): Cell => value.stringValue ?? null,
  },
  INT64: {
    kind: TypeKind.TYPE_INT64,
    encode: (value: Value): ValueProto => ({ int64Value: value }),
    decode: (value: ValueProto__Output): Cell => value.int64Value?.toNumber() ?? null,
  },
  DATE: {
    kind: TypeKind.TYPE_DATE,
    encode: (value: Value): ValueProto => ({ dateValue: EPOCH.until(String(value), { largestUnit: 'days' }).days }),
    decode: (value: ValueProto__Output): Cell =>
      value.dateValue === undefined ? null : EPOCH.add({ days: value.dateValue }).toString(),
  },
  TIMESTAMP: {
    kind: TypeKind.TYPE_TIMESTAMP,
    encode: (value: Value): ValueProto => {
      const nanoseconds = toInstant(String(value)).epochNanoseconds;
      const nanos = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
      return { timestampValue: { seconds: String((nanoseconds - nanos) / NANOSECONDS), nanos: Number(nanos) } };
    },
    decode: ({ timestampValue }: ValueProto__Output): Cell => {
      if (timestampValue === undefined || timestampValue === null) return null;
      const seconds = BigInt(String(timestampValue.seconds));
      return Temporal.Instant.fromEpochNanoseconds(seconds * NANOSECONDS + BigInt(timestampValue.nanos)).toString();
    },
  },
} as const;

function toInstant(text: string): Temporal.Instant {
  return Temporal.Instant.from(/(Z|[+-]\d{2}(:?\d{2})?)$/i.test(text) ? text : `${text}Z`);
}

/** Starts a server of its own on a free port and waits until it answers. */
export async function startReferenceServer(): Promise<ReferenceServer> {
  const port = await freePort();
  const server = spawn(serverFile(), ['localhost', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  server.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(error.message));
    server.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
  ZetaSQLClient.init(port);
  const api = ZetaSQLClient.API;
  const failure = await Promise.race([
    ended,
    new Promise<null | string>((resolve) => {
      api.waitForReady(Date.now() + START_TIMEOUT_MS, (error) => resolve(error?.message ?? null));
    }),
  ]);
  const close = async () => {
    api.close();
    server.kill('SIGKILL');
    await ended;
  };
  if (failure !== null) {
    await close();
    throw new Error(`the reference implementation of GoogleSQL didn't start: ${failure} ${stderr}`);
  }
  const base = await ZetaSQLClient.getInstance().getLanguageOptions({ languageVersion: 'VERSION_1_2' });
  const languageOptions = {
    ...base,
    // as few as the facts need: what came later, BigQuery may not have
    enabledLanguageFeatures: [...(base?.enabledLanguageFeatures ?? []), 'FEATURE_ANALYTIC_FUNCTIONS'],
    productMode: 'PRODUCT_EXTERNAL',
  } satisfies LanguageOptionsProto;
  return {
    evaluate: async (sql, parameters, tables) => {
      const entries = Object.entries(parameters);
      const response = await evaluateQuery({
        sql,
        options: {
          languageOptions,
          queryParameters: entries.map(([name, { type }]) => ({ name, type: { typeKind: codecs[type].kind } })),
        },
        params: entries.map(([name, { type, value }]) => ({ name, value: encode(type, value) })),
        simpleCatalog: {
          builtinFunctionOptions: { languageOptions },
          table: Object.entries(tables).map(([name, { columns }]) => ({
            name,
            column: Object.entries(columns).map(([column, type]) => ({ name: column, type: { typeKind: codecs[type].kind } })),
          })),
        },
        tableContent: Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, content(table)])),
      });
      return plainRows(response);
    },
    close,
  };
}

/** As the package's own runServer names them. */
function serverFile(): string {
  const suffix = `${process.arch === 'arm64' ? '_arm' : ''}${process.platform === 'linux' ? '.so' : ''}`;
  return join(dirname(require.resolve('@fivetrandevelopers/zetasql')), 'zetasql', `remote_server${suffix}`);
}

function evaluateQuery(request: EvaluateQueryRequest): Promise<EvaluateQueryResponse__Output> {
  return new Promise((resolve, reject) => {
    ZetaSQLClient.API.evaluateQuery(request, (error, response) => {
      if (error !== null) reject(new Error(error.details));
      else if (response === undefined) reject(new Error('the server answered nothing'));
      else resolve(response);
    });
  });
}

function content({ columns, rows }: Table) {
  const types = Object.entries(columns);
  return { tableData: { row: rows.map((row) => ({ cell: types.map(([name, type]) => encode(type, row[name] ?? null)) })) } };
}

/** NULL is a value without a field. */
function encode(type: CellType, value: Cell): ValueProto {
  return value === null ? {} : codecs[type].encode(value);
}

function plainRows({ content, prepared }: EvaluateQueryResponse__Output): Row[] {
  const columns = (prepared?.columns ?? []).map(({ name, type }) => {
    const codec = Object.values(codecs).find(({ kind }) => kind === type?.typeKind);
    if (codec === undefined) throw new TypeError(`column ${name} is of a type that no fact has (${type?.typeKind})`);
    return { name, codec };
  });
  return (content?.tableData?.row ?? []).map(({ cell }) =>
    Object.fromEntries(
      columns.map(({ name, codec }, index) => {
        const value = cell[index];
        return [name, value === undefined ? null : codec.decode(value)];
      }),
    ),
  );
}
