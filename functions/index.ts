import { cloudEvent, http } from '@google-cloud/functions-framework';
import { createSettler } from '../shared/engines/open';
import { parkNowhere } from '../shared/operate/dead-letter';
import { parseConfig, requireSource, unknownSettings } from '../shared/platform/config';
import { createLog, traceOf } from '../shared/platform/log';
import { DEADLINE_MS } from './deadline';
import { createPubsubHandler } from './export-kpi';
import { createHttpHandler } from './export-kpi-http';
import { installFront } from './front';
import type { HandlerDeps } from './handler-deps';
import { createPark } from './park';

// parsed at the start of the instance, so that a wrong deployment fails at once
const config = parseConfig(process.env);
if (config.warehouse.engine === 'bigquery') requireSource(config); // an embedded warehouse may have the source
const project = config.warehouse.engine === 'bigquery' ? config.warehouse.project : undefined;

const now = () => new Date();

const openLog = (traceHeader?: string) =>
  createLog({
    level: config.logLevel,
    write: (line) => process.stdout.write(`${line}\n`),
    format: process.stdout.isTTY ? 'text' : 'json',
    trace: traceOf(traceHeader, project),
  });
installFront(openLog);
for (const { name, nearest } of unknownSettings(process.env))
  openLog().warning('unknown setting', { setting: name, ...(nearest !== null && { nearest }) });

const deps: HandlerDeps = {
  settler: createSettler(config, 'export', now, { forMs: 0 }), // doesn't wait for a busy file, because Pub/Sub and callers retry
  // loaded later: a refused request doesn't need tables, facts and checks
  runRequest: async (...request) => (await import('../shared/export/run-request')).runRequest(...request),
  // loaded only if digests are sent
  sendDigests: async (reports, options) => {
    if (config.digestWebhook !== null) await (await import('../shared/operate/send-digests')).sendDigests(reports, options);
  },
  openLog,
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
