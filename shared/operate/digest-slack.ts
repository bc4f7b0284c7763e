import type { Digest } from './digest';
import { renderDigestText, renderTable } from './digest-text';

/** The body for a webhook: blocks for Slack, and the full text for other receivers and for Slack's notifications. */
export interface SlackMessage {
  text: string;
  blocks: SlackBlock[];
}

type Markdown = { type: 'mrkdwn'; text: string; verbatim: true };
type SlackBlock =
  | { type: 'header'; text: { type: 'plain_text'; text: string } }
  | { type: 'section'; text: Markdown }
  | { type: 'context'; elements: Markdown[] };

/** A digest in Slack's Block Kit. */
export function renderDigestSlack(digest: Digest): SlackMessage {
  const { title, sections, notes, origin } = digest;
  return {
    text: escapeSlack(renderDigestText(digest)),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title } },
      ...sections.flatMap((section) => [
        sectionBlock(escapeSlack(section.sentence)),
        sectionBlock(`\`\`\`\n${escapeSlack(renderTable(section).join('\n'))}\n\`\`\``),
      ]),
      ...notes.map((note) => sectionBlock(escapeSlack(note))),
      { type: 'context', elements: [markdown(escapeSlack(origin))] },
    ],
  };
}

function sectionBlock(text: string): SlackBlock {
  return { type: 'section', text: markdown(text) };
}

/** Verbatim text: Slack makes no links and no mentions from it. */
function markdown(text: string): Markdown {
  return { type: 'mrkdwn', text, verbatim: true };
}

/** Escapes the three characters that Slack interprets, as in `<!channel>`. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
