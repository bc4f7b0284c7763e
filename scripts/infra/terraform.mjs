// Runs terraform on a copy of infra/ with a stand-in for the provider: node scripts/infra/terraform.mjs test
// Needs no provider registry, project or credentials. For validate, and for test with a mocked provider.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveProvider } from './provider.mjs';

const infra = fileURLToPath(new URL('../../infra', import.meta.url));

/**
 * Copies infra/ without settings and state. Calls `use` with the copy and a function that runs terraform in it. That function takes arguments
 * and the `stdio` value of spawn for standard output, and returns { code, output }; output is the piped text.
 */
async function withTerraform(use) {
  const folder = mkdtempSync(join(tmpdir(), 'kpi-infra-'));
  const provider = await serveProvider();
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TF_'))); // settings, too
  const env = {
    ...inherited,
    ...provider.settings,
    CHECKPOINT_DISABLE: '1',
    TF_CLI_CONFIG_FILE: devNull,
    GOGC: '1000', // collects garbage more rarely, which saves a third of the time of `terraform test`
  };
  const run = async (args, standardOutput = 'pipe') => {
    const child = spawn('terraform', args, { cwd: folder, env, stdio: ['ignore', standardOutput, 'inherit'] });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const code = await new Promise((resolve, reject) =>
      child
        .on('error', () => reject(new Error('Expected terraform 1.11 or later, installed and on the PATH.')))
        .on('close', resolve),
    );
    return { code, output };
  };
  try {
    cpSync(infra, folder, { recursive: true, filter: (path) => !/^\.terraform|\.tfvars$|\.tfstate/.test(basename(path)) });
    const { code, output } = await run(['init', '-backend=false', '-input=false', '-no-color']);
    if (code !== 0) throw new Error(`terraform init ended with ${code}:\n${output}`);
    return await use({ folder, run });
  } finally {
    provider.close();
    rmSync(folder, { recursive: true });
  }
}

/** withTerraform for a whole process: an error becomes a message and an exit code. `use` returns the code if it is not 0. */
export async function main(use) {
  try {
    process.exitCode = await withTerraform(use);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async ({ run }) => (await run(process.argv.slice(2), 'inherit')).code);
}
