import { createHash } from 'node:crypto';
import { version } from '../package.json';
import { escapeHtml, escapeJson } from '../shared/platform/html';
import { completePublication } from '../shared/platform/publication';
import { type ExplainedRelease, renderAbout } from './about';
import type { DashboardData } from './data';

/** The build of dashboard/page/ by build.mjs. */
export interface PageAssets {
  script: string;
  styles: string;
  /** Licences of third-party code in the page. */
  licences: string;
}

export interface Document {
  html: string;
  /** The value of Content-Security-Policy, for servers that send it as a header too. */
  policy: string;
}

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="#0072b2"><rect x="1" y="9" width="3.5" height="6" rx="1"/><rect x="6.25" y="5" width="3.5" height="10" rx="1"/><rect x="11.5" y="1" width="3.5" height="14" rx="1"/></g></svg>';

/** Near the beginning of every page, so that commands recognise their own files. */
const GENERATOR = '<meta name="generator" content="KPI metrics export';

/** The beginning of pages of older versions, without this tag. */
const BEFORE =
  /^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n.*'none'; script-src 'sha256-.*trusted-types 'none'">\n/;

/** Whether a file with this beginning is a page of this program, of any version. */
export function isPage(head: string): boolean {
  return (
    head.startsWith('<!doctype html>') &&
    (head.includes(GENERATOR) || (BEFORE.test(head) && head.includes('<title>Daily KPIs</title>')))
  );
}

/** The data of the page; for a release with periods, also its explanation. */
export interface Shown {
  data: DashboardData;
  release?: ExplainedRelease;
}

/** The page as one self-contained file. Its policy allows only its own script and forbids loading anything. */
export function renderDashboard({ data, release }: Shown, { script, styles, licences }: PageAssets): Document {
  return renderDocument({
    styles,
    script,
    title: release?.publication.title ?? 'Daily KPIs',
    mayBeFound: release !== undefined && completePublication(release.publication) !== null,
    body: `<noscript><p class="notice">This page draws its charts and tables with JavaScript, which is switched off here.</p></noscript>
<div id="page"></div>
${release === undefined ? '' : renderAbout(release)}<footer>
<p>Read from the warehouse ${escapeHtml(data.readAt.slice(0, 16).replace('T', ' '))} UTC by KPI metrics export ${escapeHtml(data.version)}.</p>
<details class="licences"><summary>Licences of the software in this page</summary><pre tabindex="0">${escapeHtml(licences)}</pre></details>
</footer>
<script type="application/json" id="data">${escapeJson(data)}</script>`,
  });
}

/** A page that says why there are no figures. It reloads after some seconds if that may help. */
export function renderNotice(title: string, text: string, { styles }: PageAssets, refreshSeconds?: number): Document {
  return renderDocument({
    styles,
    title,
    ...(refreshSeconds !== undefined && { head: `<meta http-equiv="refresh" content="${refreshSeconds}">` }),
    body: `<main class="notice"><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></main>`,
  });
}

interface Parts {
  title: string;
  styles: string;
  script?: string;
  head?: string;
  /** Whether search engines may index it: a release with a licence is public. */
  mayBeFound?: boolean;
  body: string;
}

function renderDocument({ title, styles, script, head = '', mayBeFound = false, body }: Parts): Document {
  const policy = [
    "default-src 'none'",
    `script-src ${script === undefined ? "'none'" : hashSource(script)}`,
    `style-src ${hashSource(styles)}`,
    'img-src data:',
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${GENERATOR} ${version}">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${mayBeFound ? '' : '<meta name="robots" content="noindex">\n'}${head}<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${styles}</style>
</head>
<body>
${body}
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`;
  return { html, policy };
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
