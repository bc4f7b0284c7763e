import { createHash } from 'node:crypto';
import type { DashboardData } from '../../dashboard/data';
import { renderDashboard, renderNotice } from '../../dashboard/document';
import { escapeJson } from '../../shared/platform/html';

const assets = { script: 'go()', styles: 'p{color:red}', licences: 'MIT </pre><script>alert(1)</script>' };
const data: DashboardData = {
  of: { kind: 'reports', newest: null, gaps: [], annotations: [] },
  isDemo: false,
  timeZone: '</script><script>alert(1)</script><!--',
  readAt: '2025-12-24T06:00:00.000Z',
  date: null,
  version: '1',
  grains: { day: { metrics: [], periods: [], cohorts: [] } },
};

test.each(['</script>', '<!--', '<script', '\u2028', '"', '\\'])(
  'JSON in the page: %j can neither end its element nor change',
  (text) => {
    const escaped = escapeJson({ text });
    expect(escaped).not.toContain('<');
    expect(JSON.parse(escaped)).toEqual({ text });
  },
);

test('text from outside is always escaped', () => {
  const { html } = renderDashboard({ data }, assets);
  expect(html).not.toContain('<script>alert');
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(renderNotice('<b>', '</p><script>', assets).html).not.toMatch(/<b>|<\/p><script/);
});

test('the policy names what is in the page, and nothing else', () => {
  const { html, policy } = renderDashboard({ data }, assets);
  const hash = (text: string) => createHash('sha256').update(text).digest('base64');
  expect(html).toContain(`<meta http-equiv="Content-Security-Policy" content="${policy}">`);
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `script-src 'sha256-${hash('go()')}'`,
    `style-src 'sha256-${hash('p{color:red}')}'`,
    'img-src data:',
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]);
  expect(renderNotice('', '', assets).policy).toContain("script-src 'none'");
});
