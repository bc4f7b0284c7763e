import { createInterface } from 'node:readline';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY);
}

/** Asks for a line, on standard error. Null: ended by Ctrl-D, or by Ctrl-C, of which `interrupt` is told. */
export async function askLine(question: string, interrupt: () => void): Promise<string | null> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const said = await new Promise<string | null>((resolve) => {
      reader.once('SIGINT', () => {
        interrupt();
        reader.close();
      });
      reader.once('close', () => resolve(null));
      reader.question(question, resolve);
    });
    if (said === null) process.stderr.write('\n');
    return said;
  } finally {
    reader.close();
  }
}
