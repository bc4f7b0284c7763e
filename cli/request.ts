import { Command } from 'commander';
import { MAX_DATES_BY_MESSAGE, parseRequest } from '../shared/export/request';
import { datesOf, options } from './options';
import { requireProject } from './project';
import { readSettings } from './settings';

/** What Cloud Scheduler publishes (infra/variables.tf). */
const SCHEDULED = { from: 'yesterday', to: 'today' };

interface RequestFlags {
  date?: string;
  from?: string;
  to?: string;
  topic: string;
  project?: string;
}

export function requestCommand(): Command {
  return new Command('request')
    .description('Ask the deployed function for an export, by publishing the message that Cloud Scheduler would.')
    .addOption(options.date('date of the report (default: what Cloud Scheduler asks for, yesterday and today)'))
    .addOption(options.from())
    .addOption(options.to())
    .option('--topic <name>', 'topic of the export', 'kpi-export')
    .addOption(options.project())
    .addHelpText(
      'after',
      `
Examples:
  $ kpi request --project my-project
  $ kpi request --project my-project --date 2025-12-23`,
    )
    .action(request);
}

async function request({ topic, project, ...flags }: RequestFlags): Promise<void> {
  const asked = datesOf(flags);
  const body = Object.keys(asked).length === 0 ? SCHEDULED : asked;
  const config = readSettings();
  const now = new Date();
  parseRequest(body, { timeZone: config.timeZone, askedAt: now, now, maxDates: MAX_DATES_BY_MESSAGE }); // so that it is not parked later
  const { createPubsub } = await import('../shared/pubsub/client');
  const pubsub = createPubsub(requireProject(project, config, topic));
  try {
    const id = await pubsub.publish(topic, Buffer.from(JSON.stringify(body)));
    process.stdout.write(`Published ${JSON.stringify(body)} to ${topic} as message ${id}\n`);
  } finally {
    await pubsub.close();
  }
}
