import * as z from 'zod';
import { type Digest, deriveDigest, digestJson, grainsOf } from '../../../shared/operate/digest';
import { renderDigestHtml } from '../../../shared/operate/digest-html';
import { renderDigestMarkdown } from '../../../shared/operate/digest-markdown';
import { renderDigestSlack } from '../../../shared/operate/digest-slack';
import { renderDigestText } from '../../../shared/operate/digest-text';
import type { ReadReport } from '../../../shared/operate/judged';
import { type Counts, historyOf, ordinary, scaled } from '../../support/judged-history';
import { reportOfLast } from '../../support/judged-report';

const options = { timeZone: 'Europe/Berlin', place: 'my-project.kpi_metrics' };
const forms: Record<string, (digest: Digest) => string> = {
  text: renderDigestText,
  markdown: renderDigestMarkdown,
  html: renderDigestHtml,
  slack: (digest) => JSON.stringify(renderDigestSlack(digest)),
};

/** 64 ordinary days, then a Tuesday. */
const tuesday = (counts: Counts) => historyOf(65, (index) => (index === 64 ? counts : ordinary));
const incident = { ...ordinary, test_lines_not_found: 60, total_errors: 94, first_try_successes: 50 };
const note = (text: string) => ({ date: '2025-03-11', until: null, text, exclude: false });
const NASTY = '<script src="https://x.example"></script> & <!channel> [a](https://x.example) | **b** `c` "d" \u{1b}[31m';

/** Every kind of error is noticed, and so are all other figures, in the longest names and numbers. */
const worst = (start: ReadReport): ReadReport => ({
  ...start,
  judgements: start.judgements.map((one) => ({ ...one, value: 123_456_789, verdict: 'high', reason: null })),
  annotations: Array.from({ length: 12 }, (_, index) => ({ ...note('&'.repeat(200)), until: `2025-03-${12 + index}` })),
});
const three = [
  reportOfLast(tuesday(incident)),
  reportOfLast(
    historyOf(60, () => ordinary, 'week'),
    { grain: 'week' },
  ),
  reportOfLast(
    historyOf(60, () => ordinary, 'month'),
    { grain: 'month' },
  ),
];

test('has the sentence, each figure with its usual range, annotations, and the report', () => {
  const report = reportOfLast(tuesday(incident), {
    annotations: [note('Version 2'), { ...note('A campaign'), until: '2025-03-14' }],
  });
  expect(renderDigestText(deriveDigest([report], options))).toBe(`KPI digest of Mar 11, 2025

Tuesday was a usual day: 100 active users (usual 80 to 124). Failures were high: 63 % (usual 22 to 39 %), mostly test lines not found (60, usually 11).
Figure                  Value  Usual       Mark
Active users              100  80 to 124   usual
All tests                 150  124 to 179  usual
Accounts created           40  28 to 56    usual
Failure rate             63 %  22 to 39 %  high
Adjusted success rate    86 %  78 to 93 %  usual
First try success rate   45 %  63 to 82 %  low
Conversion rate          55 %  37 to 73 %  usual
Also noticed: Test lines not found 60 (high, usual 5 to 19)

Noted: 2025-03-11 to 2025-03-14: A campaign
Noted: 2025-03-11: Version 2
Report of 2025-03-11, made 2025-03-11 23:59 UTC. Days of Europe/Berlin. From my-project.kpi_metrics.`);
});

test.each(Object.entries(forms))('%s says the same: sentence, values, ranges and marks', (_, render) => {
  const digest = deriveDigest([reportOfLast(tuesday(incident), { annotations: [note('Version 2')] })], options);
  const said = render(digest);
  const [section] = digest.sections;
  expect(section?.figures).toHaveLength(7);
  for (const { name, value, usual, mark } of [...(section?.figures ?? []), ...(section?.kinds ?? [])])
    for (const word of [name, value, usual, mark]) expect(said).toContain(word);
  for (const part of [digest.title, section?.sentence, 'Version 2']) expect(said).toContain(part);
  expect(said.replaceAll('\\', '')).toContain(digest.origin);
});

test.each<[string, ReadReport, string, RegExp]>([
  [
    'not over when the report was made',
    reportOfLast(tuesday(ordinary).map((one, index) => ({ ...one, isOver: index < 64 }))),
    '100',
    /not over yet/,
  ],
  ['of 3 people', reportOfLast(historyOf(65, () => scaled(0.03))), '3', /too few to judge/],
  ['that is always the same', reportOfLast(historyOf(65)), '100', /80 to 124 +usual/],
  ['of zeros', reportOfLast(historyOf(65, () => scaled(0))), '0', /Failure rate +none +.*nothing to judge/],
  ['without a figure', reportOfLast(tuesday({ ...ordinary, active_users: null, all_tests: null })), 'none', /nothing to judge/],
  ['that is the first one', reportOfLast(historyOf(1)), '100', /not known +too new to judge/],
])('a day %s gets plain words', (_, report, users, words) => {
  const digest = deriveDigest([report], options);
  expect(digest.sections[0]?.figures[0]).toMatchObject({ name: 'Active users', value: users });
  expect(renderDigestText(digest)).toMatch(words);
  for (const render of Object.values(forms)) expect(render(digest)).not.toMatch(/NaN|null|undefined|Infinity/);
});

test('a value between usual and noticed is a little high or low', () => {
  const marks = [130, 75].map((active_users) => {
    return deriveDigest([reportOfLast(tuesday({ ...ordinary, active_users }))], options).sections[0]?.figures[0]?.mark;
  });
  expect(marks).toEqual(['a little high', 'a little low']);
});

test('without a report it says so, and a test message is marked', () => {
  const digest = deriveDigest([], { ...options, isTest: true });
  expect(renderDigestText(digest)).toBe('Test message: KPI digest\n\nThere is no report yet. From my-project.kpi_metrics.');
  expect(deriveDigest(three, { ...options, isTest: true }).title).toBe(
    'Test message: KPI digest of Mar 11, 2025, with its week and month',
  );
});

test.each([
  ['2025-12-23', ['day']],
  ['2025-12-28', ['day', 'week']],
  ['2025-12-31', ['day', 'month']],
  ['2025-11-30', ['day', 'week', 'month']],
])('the report of %s tells of its %j', (date, grains) => {
  expect(grainsOf(date)).toEqual(grains);
});

test('a text has at most 40 lines', () => {
  const digest = deriveDigest(three.map(worst), { ...options, isTest: true });
  expect(digest.sections.map(({ kinds }) => kinds.length)).toEqual([3, 3, 3]);
  expect(digest.notes.at(-1)).toBe('and 9 more');
  expect(renderDigestText(digest).split('\n').length).toBeLessThanOrEqual(40);
});

/** What of Slack's Block Kit is used, with Slack's own limits. */
const Markdown = z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(3000), verbatim: z.literal(true) });
const SlackMessage = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('header'),
          text: z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(150) }),
        }),
        z.strictObject({ type: z.literal('section'), text: Markdown }),
        z.strictObject({ type: z.literal('context'), elements: z.array(Markdown).min(1).max(10) }),
      ]),
    )
    .min(1)
    .max(50),
});

test.each([
  ['a day', [reportOfLast(tuesday(incident))]],
  ['a day, a week and a month', three],
  ['as much as there can be', three.map(worst)],
  ['nothing', []],
])('Slack takes the message of %s', (_, reports) => {
  const message = renderDigestSlack(deriveDigest(reports, { ...options, isTest: true }));
  expect(SlackMessage.safeParse(JSON.parse(JSON.stringify(message))).error).toBeUndefined();
});

describe('annotations are text, never markup', () => {
  const digest = deriveDigest([reportOfLast(tuesday(ordinary), { annotations: [note(NASTY)] })], options);

  test('in HTML', () => {
    const html = renderDigestHtml(digest);
    expect(tagsOf(html).map(({ name }) => name)).not.toEqual(expect.arrayContaining(['script']));
    expect(html).toContain('&lt;script src=&quot;https://x.example&quot;&gt;&lt;/script&gt; &amp; &lt;!channel&gt; [a]');
    expect(html).not.toContain('\u{1b}');
  });

  test('in Slack', () => {
    const { text, blocks } = renderDigestSlack(digest);
    for (const said of [text, JSON.stringify(blocks)]) {
      expect(said).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
      expect(said).toContain('&lt;!channel&gt;');
    }
  });

  test('in Markdown', () => {
    const line = renderDigestMarkdown(digest)
      .split('\n')
      .find((one) => one.startsWith('- '));
    expect(line).toContain('\\[a\\]\\(https\\://x.example\\) \\| \\*\\*b\\*\\* \\`c\\`');
    expect(line).not.toMatch(/(?<!\\)[<>[\]`*|!&]/);
  });

  test('in text and Markdown no terminal acts on it', () => {
    for (const render of [renderDigestText, renderDigestMarkdown]) expect(render(digest)).not.toContain('\u{1b}');
  });
});

/** Every tag, with its attributes; nothing is left over that holds a < or a >. */
function tagsOf(html: string): { name: string; attributes: string[] }[] {
  const tag = /<([!/]?[a-z0-9]+)((?: [a-z]+(?:="[^"<>]*")?)*)>/gi;
  expect(html.replaceAll(tag, '')).not.toMatch(/[<>]/);
  return [...html.matchAll(tag)].map(([, name = '', attributes = '']) => ({
    name,
    attributes: [...attributes.matchAll(/ ([a-z]+)/g)].map(([, attribute = '']) => attribute),
  }));
}

test('HTML is what mail clients show: tables and inline styles, 600 px, nothing fetched or run', () => {
  const html = renderDigestHtml(deriveDigest(three, options));
  const tags = tagsOf(html);
  const opened = tags.map(({ name }) => name).filter((name) => !name.startsWith('/'));
  const closed = tags.flatMap(({ name }) => (name.startsWith('/') ? [name.slice(1)] : []));
  const single = ['!DOCTYPE', 'meta', 'br'];
  expect(opened.filter((name) => !single.includes(name)).sort()).toEqual(closed.sort());
  const allowed = [...single, 'html', 'head', 'title', 'body', 'table', 'tr', 'th', 'td', 'h1', 'p'];
  expect(opened.filter((name) => !allowed.includes(name))).toEqual([]);
  expect(html).not.toMatch(/ (?:src|href|class|id|background|on\w+)=|url\(|@import|@media|https?:|position:|float:|display:/);
  expect(html).toMatch(/<table role="presentation" width="600" /);
  expect(opened.filter((name) => name === 'table')).toHaveLength(4);
});

test('JSON has every judgement as it is', () => {
  const report = reportOfLast(tuesday(incident));
  expect(digestJson([report], options)).toEqual({
    periods: [
      {
        grain: 'day',
        start: '2025-03-11',
        end: '2025-03-11',
        sentence: report.sentence,
        report: report.report,
        figures: report.judgements.map((one) => expect.objectContaining(one)),
        annotations: [],
      },
    ],
    timeZone: 'Europe/Berlin',
    place: 'my-project.kpi_metrics',
  });
});
