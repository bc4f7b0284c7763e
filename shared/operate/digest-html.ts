import { escapeHtml } from '../platform/html';
import type { Digest, DigestFigure, DigestSection } from './digest';

const FONT = 'font-family:Arial,Helvetica,sans-serif;color:#1f2328';
const CELL = 'padding:4px 8px;border-bottom:1px solid #d8dee4;font-size:14px;line-height:20px';

/** A digest as HTML for mail clients: 600 px wide, tables with inline styles, no external content, no scripts. */
export function renderDigestHtml({ title, sections, notes, origin }: Digest): string {
  const parts = [
    `<h1 style="margin:0 0 16px;font-size:18px;line-height:24px">${escapeHtml(title)}</h1>`,
    ...sections.map(renderSection),
    ...(notes.length === 0 ? [] : [paragraph(notes.map(escapeHtml).join('<br>'))]),
    paragraph(escapeHtml(origin), ';color:#57606a;font-size:12px'),
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body style="margin:0;padding:0;background-color:#ffffff">
<table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0" style="width:600px;max-width:100%;${FONT}">
<tr><td style="padding:24px 16px">
${parts.join('\n')}
</td></tr>
</table>
</body>
</html>`;
}

function renderSection({ sentence, figures, kinds }: DigestSection): string {
  const head = ['Figure', 'Value', 'Usual', 'Mark'].map((name, column) => {
    return `<th scope="col" align="${alignOf(column)}" style="${CELL}">${name}</th>`;
  });
  return `${paragraph(escapeHtml(sentence))}
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px;border-collapse:collapse">
<tr>${head.join('')}</tr>
${[...figures, ...kinds].map(renderRow).join('\n')}
</table>`;
}

function renderRow({ name, value, usual, mark, isNoticed }: DigestFigure): string {
  const cells = [name, value, usual, mark].map((text, column) => {
    const style = column === 3 && isNoticed ? `${CELL};font-weight:bold` : CELL;
    return `<td align="${alignOf(column)}" style="${style}">${escapeHtml(text)}</td>`;
  });
  return `<tr>${cells.join('')}</tr>`;
}

function alignOf(column: number): string {
  return column === 1 ? 'right' : 'left';
}

function paragraph(html: string, style = ''): string {
  return `<p style="margin:0 0 12px;font-size:14px;line-height:20px${style}">${html}</p>`;
}
