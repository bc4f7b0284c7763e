import * as z from 'zod';
import { Count, Day, Instant, Text, UnknownCount } from './columns';

const oneOf = <const Words extends readonly string[]>(words: Words) => z.enum(words).meta({ bigquery: 'STRING' });

/** One row per run and report date. It records how a run ended, never what it read. */
export const ExportRun = z.strictObject({
  run_id: Text.describe('Id of the run; each delivery of a message is a separate run'),
  request_id: Text.describe('Id of the request: that of the message, or one made by the program'),
  report_date: Day.describe('Date of the report, in time_zone'),
  trigger: oneOf(['pubsub', 'http', 'cli', 'replay']).describe('How the run was asked for: pubsub, http, cli or replay'),
  status: oneOf(['succeeded', 'partial', 'failed']).describe(
    'succeeded: all tables are written, or the periods of kpi release are released, or the digest is sent; partial: some tables are written; failed: nothing is',
  ),
  started_at: Instant.describe('When the run started; partition column'),
  finished_at: Instant.describe('When the run finished'),
  time_zone: Text.describe('Report time zone, an IANA name'),
  definitions_version: Count.describe('Version of the metric definitions; raised when a definition changes a figure'),
  program_version: Text.describe('Version of the program'),
  rejected_rows: UnknownCount.describe(
    'Source rows of the 12 periods left out for a NULL where none may be; NULL where the run failed before it knew',
  ),
  unclassified_errors: UnknownCount.describe(
    'Failed measurements of the 12 periods of no known kind; NULL where the run failed before it knew',
  ),
  revised_values: UnknownCount.describe('Numbers of days, weeks and months already reported that this run changed'),
  source_latest_hour: Instant.nullable()
    .meta({ bigquery: 'TIMESTAMP' })
    .describe('Newest created_at of measurements seen, cut to the hour: the exact instant would be the test of one person'),
  bytes_processed: UnknownCount.describe('Bytes that BigQuery processed; NULL on other engines'),
  released_period: Day.nullable()
    .meta({ bigquery: 'DATE' })
    .describe('First day of the period that this run released, if it did one'),
  released_cells: UnknownCount.describe('How many values of the released period are shown'),
  hidden_cells: UnknownCount.describe('How many values of the released period are hidden'),
  error_code: Text.nullable().meta({ bigquery: 'STRING' }).describe('Code of the first failure; never a text'),
  source: z
    .string()
    .regex(/^(demo|[0-9a-f]{12})$/)
    .nullable()
    .meta({ bigquery: 'STRING' })
    .describe('Which source was counted: demo, or the first 12 hex digits of the SHA-256 of its full name'),
  unusual_values: UnknownCount.describe('Figures of the newest complete day outside their usual range; NULL where not judged'),
});
export type ExportRun = z.infer<typeof ExportRun>;
