import { createInterface } from 'node:readline';
import { terminalWidth, wrap } from './terminal';

/** Columns kept free for the answer. */
const ROOM = 20;

/** Whether a person at a terminal can be asked. */
export function canAsk(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY);
}

/** Asks for a line on standard error. A long question is wrapped above the prompt. Null after Ctrl-D, and after Ctrl-C, which calls `interrupt`. */
export async function askLine(question: string, interrupt: () => void): Promise<string | null> {
  const lines = wrap(question.trimEnd(), terminalWidth(process.stderr) - ROOM, 2).split('\n');
  const prompt = `${lines.pop()} `;
  for (const line of lines) process.stderr.write(`${line}\n`);
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const said = await new Promise<string | null>((resolve) => {
      reader.once('SIGINT', () => {
        interrupt();
        reader.close();
      });
      reader.once('close', () => resolve(null));
      reader.question(prompt, resolve);
    });
    if (said === null) process.stderr.write('\n');
    return said;
  } finally {
    reader.close();
  }
}
