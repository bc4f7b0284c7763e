import { cloudEvent, http } from '@google-cloud/functions-framework';
import { parseConfig, requireSource } from '../shared/config';
import { parkNowhere } from '../shared/dead-letter';
import { createLog, traceOf } from '../shared/log';
import { createOpener } from '../shared/open-engine';
import { runRequest } from '../shared/run-request';
import { createPubsubHandler } from './export-kpi';
import { createHttpHandler } from './export-kpi-http';
import type { HandlerDeps } from './handler-deps';
import { createPark } from './park';

/** Event functions are cut off after 540 s. */
const DEADLINE_MS = 480_000;

// parsed when the instance starts, so that a wrong deployment never comes up
const config = requireSource(parseConfig(process.env));
const project = config.warehouse.engine === 'bigquery' ? config.warehouse.project : undefined;

const now = () => new Date();

const deps: HandlerDeps = {
  config,
  openEngine: createOpener(config, now),
  runRequest,
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
