import type { DashboardData, Period } from '../../dashboard/data';
import { reportMetrics } from '../../dashboard/history';
import { createHistory } from '../../dashboard/page/history';
import { renderSentence, renderStatus } from '../../dashboard/page/status';

/** As much of an element as texts are made of. */
class TextElement {
  readonly children: (TextElement | string)[] = [];
  constructor(readonly tag: string) {}
  append(...children: (TextElement | string)[]): void {
    this.children.push(...children);
  }
  setAttribute(): void {}
  get text(): string {
    return this.children.map((child) => (typeof child === 'string' ? child : child.text)).join('');
  }
}

beforeAll(() => Object.assign(globalThis, { document: { createElement: (tag: string) => new TextElement(tag) } }));
afterAll(() => Reflect.deleteProperty(globalThis, 'document'));

function historyIn(timeZone: string) {
  const day: Period = {
    date: '2025-12-22',
    report: '2025-12-22',
    provisional: false,
    growing: true,
    grown: [],
    values: reportMetrics.map(() => 1),
  };
  const data: DashboardData = {
    of: { kind: 'reports', newest: { date: '2025-12-22', createdAt: '2025-12-23T02:15:00.000Z' }, gaps: [], annotations: [] },
    isDemo: false,
    timeZone,
    readAt: '2025-12-23T03:30:00.000Z',
    date: null,
    version: '',
    grains: { day: { metrics: reportMetrics, periods: [day], cohorts: [] } },
  };
  const history = createHistory(data, 'day');
  if (history === null) throw new Error('no periods');
  return history;
}

const made = (element: HTMLElement) => element as unknown as TextElement;

/** The text of each term. */
function itemsOf(timeZone: string): Record<string, string> {
  const items = made(renderStatus(historyIn(timeZone))).children as TextElement[];
  return Object.fromEntries(items.map(({ children }) => (children as TextElement[]).map(({ text }) => text)));
}

test.each([
  ['UTC', 'Dec 23, 2025, 02:15'],
  ['America/New_York', 'Dec 22, 2025, 21:15'],
  ['Asia/Kathmandu', 'Dec 23, 2025, 08:00'],
])('instants are those of %s, the time zone of the reports', (timeZone, exported) => {
  expect(itemsOf(timeZone)).toMatchObject({ Exported: exported, 'Time zone': timeZone });
  const sentence = made(renderSentence(historyIn(timeZone))).text;
  expect(sentence).toContain(`made on ${exported}.`);
  expect(sentence).toContain(`Days are of ${timeZone}.`);
});
