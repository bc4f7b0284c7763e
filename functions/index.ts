import { cloudEvent, http } from '@google-cloud/functions-framework';
import { parseConfig, requireSource } from '../shared/config';
import { parkNowhere } from '../shared/dead-letter';
import { createLog, traceOf } from '../shared/log';
import { createOpener } from '../shared/open-engine';
import { createPubsubHandler } from './export-kpi';
import { createHttpHandler } from './export-kpi-http';
import type { HandlerDeps } from './handler-deps';
import { createPark } from './park';

/** Event functions are cut off after 540 s. */
const DEADLINE_MS = 480_000;

// parsed when the instance starts, so that a wrong deployment never comes up
const config = requireSource(parseConfig(process.env));
const project = config.warehouse.engine === 'bigquery' ? config.warehouse.project : undefined;

// The framework's server prints a body that is no JSON, or a path that can't be decoded, along with its error; they may hold anything.
// biome-ignore lint/suspicious/noConsole: it is the console that the framework prints to
const print = console.error;
console.error = (...values: unknown[]) =>
  print(
    ...values.map((value) =>
      value instanceof SyntaxError || value instanceof URIError ? "a request that can't be read" : value,
    ),
  );

const now = () => new Date();

const deps: HandlerDeps = {
  config,
  openEngine: createOpener(config, now),
  // tables, facts and their checks are no use to a request that is refused
  runRequest: async (...request) => (await import('../shared/run-request')).runRequest(...request),
  openLog: (traceHeader) =>
    createLog({
      level: config.logLevel,
      write: (line) => process.stdout.write(`${line}\n`),
      format: process.stdout.isTTY ? 'text' : 'json',
      trace: traceOf(traceHeader, project),
    }),
  now,
  deadlineMs: DEADLINE_MS,
};

cloudEvent(
  'exportKpi',
  createPubsubHandler({
    ...deps,
    park: config.deadLetterTopic === null ? parkNowhere : createPark(config.deadLetterTopic, project),
  }),
);
http('exportKpiHttp', createHttpHandler(deps));
