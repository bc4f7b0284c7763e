import type { Digest, DigestSection } from './digest';

/** A digest as GitHub Markdown. */
export function renderDigestMarkdown({ title, sections, notes, origin }: Digest): string {
  return [
    `# ${title}`,
    ...sections.map(renderSection),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n')]),
    escapeMarkdown(origin),
  ].join('\n\n');
}

function renderSection({ sentence, figures, kinds }: DigestSection): string {
  const rows = [...figures, ...kinds].map(
    ({ name, value, usual, mark, isNoticed }) => `| ${name} | ${value} | ${usual} | ${isNoticed ? `**${mark}**` : mark} |`,
  );
  return [sentence, '', '| figure | value | usual | mark |', '| --- | ---: | --- | --- |', ...rows].join('\n');
}

/** Escapes user text: a backslash before each character that Markdown may use. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>()#+!|~&@]|:(?=\/\/)/g, '\\$&');
}
