import { Command, Option } from 'commander';
import { MAX_DATES_BY_CLI, parseRequest } from '../shared/export/request';
import type { Grain } from '../shared/metrics/grain';
import { type Digest, deriveDigest, digestJson } from '../shared/operate/digest';
import { renderDigestHtml } from '../shared/operate/digest-html';
import { renderDigestMarkdown } from '../shared/operate/digest-markdown';
import { renderDigestSlack } from '../shared/operate/digest-slack';
import { renderDigestText } from '../shared/operate/digest-text';
import { placeOf, readDigest } from '../shared/operate/read-digest';
import { postWebhook } from '../shared/operate/webhook';
import { Failure } from '../shared/platform/failure';
import { options } from './options';
import { nothingThere, writeJson } from './outcome';
import { openSettler } from './settler';
import { fitTerminal } from './terminal';

interface DigestFlags {
  date?: string;
  grain?: Grain;
  text?: boolean;
  markdown?: boolean;
  html?: boolean;
  slack?: boolean;
  json?: boolean;
  send?: boolean;
  test?: boolean;
  warehouse?: string;
  timeZone?: string;
}

const forms = ['text', 'markdown', 'html', 'slack', 'json'] as const;

export function digestCommand(): Command {
  const form = (name: (typeof forms)[number], description: string) =>
    new Option(`--${name}`, description).conflicts(forms.filter((other) => other !== name));
  return new Command('digest')
    .description('Describe a day, week or month: what is usual, what is unusual, and its annotations.')
    .addOption(options.date('a day: YYYY-MM-DD, today or yesterday (default: the newest finished day)'))
    .addOption(
      new Option(
        '--grain <grain>',
        'only the day, or the week or month that has it (default: the day, with what ends on it)',
      ).choices(['day', 'week', 'month']),
    )
    .addOption(form('text', 'plain text of at most 40 lines (the default)'))
    .addOption(form('markdown', 'Markdown'))
    .addOption(form('html', 'HTML for a mail'))
    .addOption(form('slack', 'JSON that a webhook of Slack takes'))
    .addOption(form('json', 'JSON for programs'))
    .addOption(
      new Option('--send', 'send it to the webhook of KPI_DIGEST_WEBHOOK, as the functions do').conflicts([
        'text',
        'markdown',
        'html',
        'slack',
      ]),
    )
    .addOption(new Option('--test', 'with --send: mark it as a test, and send it even without a report'))
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addHelpText(
      'after',
      `
Examples:
  $ kpi digest
  $ kpi digest --date 2025-12-28 --grain week
  $ kpi digest --date yesterday --html > mail.html
  $ kpi digest --send --test

Exit codes: 0 done, 1 no report of it, or not sent, 64 refused (the line says what was expected).`,
    )
    .action(digest);
}

async function digest(flags: DigestFlags): Promise<void> {
  const { send = false, test = false } = flags;
  if (test && !send) throw new Failure('BAD_REQUEST', 'expected --test with --send');
  const now = new Date();
  const { config, openEngine } = await openSettler(flags, 'read').settle();
  const { timeZone, digestWebhook: url } = config;
  if (send && url === null)
    throw new Failure('BAD_CONFIG', 'KPI_DIGEST_WEBHOOK: expected with --send: the URL that gets digests');
  const context = { timeZone, askedAt: now, now, maxDates: MAX_DATES_BY_CLI };
  const date = flags.date === undefined ? null : parseRequest({ date: flags.date }, context).from;
  const engine = await openEngine(test ? 'read-if-exists' : 'read');
  const reports = await readDigest(engine, { grain: flags.grain ?? null, date, timeZone, now }).finally(() => engine.close());
  const origin = { timeZone, place: placeOf(config), isTest: test };
  const found = deriveDigest(reports, origin);
  if (reports.length === 0 && !test) {
    if (flags.json) writeJson(digestJson(reports, origin));
    nothingThere(noReport(date, flags.grain));
  } else if (url !== null && send) {
    await postWebhook(url, renderDigestSlack(found));
    if (flags.json) writeJson({ success: true, sent: found.title });
    else process.stdout.write(`Sent to the webhook of KPI_DIGEST_WEBHOOK: ${found.title}\n`);
  } else if (flags.json) writeJson(digestJson(reports, origin));
  else process.stdout.write(`${render(found, flags)}\n`);
}

function noReport(date: string | null, grain: Grain = 'day'): string {
  if (date === null)
    return `no recent report has a finished ${grain}; name an older day with --date, or run: kpi export --date yesterday`;
  if (grain === 'day') return `no report has ${date}; run: kpi export --date ${date}`;
  return `no report has the ${grain} of ${date}; export the date that ends it`;
}

function render(found: Digest, { markdown, html, slack }: DigestFlags): string {
  if (markdown) return renderDigestMarkdown(found);
  if (html) return renderDigestHtml(found);
  if (slack) return JSON.stringify(renderDigestSlack(found));
  const lines = renderDigestText(found).split('\n');
  return lines.map((line) => fitTerminal(line, process.stdout)).join('\n');
}
