/** A fault put back into the code: each text is found once in its file, and replaced. */
export interface Plant {
  what: string;
  edits: Record<string, readonly (readonly [from: string, to: string])[]>;
}

export const plants: Record<string, Plant> = {
  'no-time-limit': {
    what: 'a request without an answer is waited for as long as the run may take',
    edits: {
      'shared/engines/bigquery/answers.ts': [
        ["setTimeout(() => answer(new IncompleteAnswer('no answer in time')),", 'setTimeout(() => {},'],
      ],
    },
  },
  'no-repair': {
    what: 'a run does not look whether another one wrote some of its tables',
    edits: {
      'shared/export/run-export.ts': [['if (published.length > 0) await engine.repair(published, run);', '']],
    },
  },
  'parking-not-awaited': {
    what: 'a message is acknowledged before its letter is published',
    edits: { 'functions/export-kpi.ts': [['await park(letter);', 'void park(letter).catch(() => {});']] },
  },
  'freshness-after-count': {
    what: 'whether the source is late is known only when all has been counted',
    edits: {
      'shared/export/run-export.ts': [
        ['if (engine.price === null || gate.allowStale || recent.length === 0)', 'if (recent.length >= 0)'],
      ],
    },
  },
  'empty-answer-believed': {
    what: 'an answer without rows is a source without rows',
    edits: {
      'shared/engines/bigquery/answers.ts': [
        ['if (rows.length !== Number(page.totalRows))', 'if (rows.length > Number(page.totalRows))'],
      ],
      'shared/metrics/facts/whole-answer.ts': [['if (controls !== 1)', 'if (controls > 1)']],
    },
  },
  'no-transaction': {
    what: 'the embedded engine writes a report table by table',
    edits: {
      'shared/engines/duckdb/warehouse.ts': [
        ["await database.run('BEGIN TRANSACTION');", ''],
        ["await database.run('COMMIT');", ''],
      ],
    },
  },
};
