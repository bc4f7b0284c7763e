// Runs commands of dist/kpi.cjs one after the other in one process, which has loaded Node.js and the engine already. Each evaluates the
// bundle anew, with a `process` of its own for its arguments, what it writes, its exit code and its listeners, and with the time of day
// and the pace of time that it is given.
const { EventEmitter } = require('node:events');
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { Writable } = require('node:stream');
const { compileFunction, constants } = require('node:vm');

const program = join(__dirname, '../../bin/kpi.mjs');
const bundle = join(__dirname, '../../dist/kpi.cjs');
const parameters = ['exports', 'require', 'module', '__filename', '__dirname', 'process', 'Date'];
const requireOfBundle = createRequire(bundle);
const load = compileFunction(readFileSync(bundle, 'utf8').replace(/^#!.*/, ''), parameters, {
  filename: bundle,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER, // as of any file
});

async function run({ folder, args, env, now, pace }) {
  process.chdir(folder);
  setEnvironment(env);
  const [stdout, stderr] = [createOutput(), createOutput()];
  // what Node.js and the packages outside the bundle say
  for (const stream of [process.stdout, process.stderr]) stream.write = stderr.stream.write.bind(stderr.stream);
  const given = { argv: [process.execPath, program, ...args], stdout: stdout.stream, stderr: stderr.stream };
  const code = await new Promise((resolve, reject) => {
    const own = createProcess({ ...given, exitCode: undefined, exit: (status) => resolve(status ?? own.exitCode ?? 0) });
    const module = { exports: {} };
    const requireWithOwn = (name) => (/^(node:)?process$/.test(name) ? own : requireOfBundle(name));
    load(
      module.exports,
      requireWithOwn,
      module,
      bundle,
      dirname(bundle),
      own,
      now === undefined && pace === 1 ? Date : clockFrom(now, pace),
    );
    module.exports.ended.then(() => resolve(own.exitCode ?? 0), reject);
  });
  return { code, signal: null, stdout: stdout.text(), stderr: stderr.text() };
}

/** The real process but for what is given, and for its listeners. */
function createProcess(given) {
  const fields = Object.entries(given).map(([name, value]) => [name, { value, writable: true }]);
  const own = Object.create(process, Object.fromEntries(fields));
  EventEmitter.call(own);
  return own;
}

const startedAt = Date.now();

/** `Date` as if this process had started at an instant, if one is given, and as if time went faster from now on. */
function clockFrom(instant, pace) {
  const began = Date.now();
  const ahead = instant === undefined ? 0 : Date.parse(instant) - startedAt;
  const now = () => began + ahead + (Date.now() - began) * pace;
  return class extends Date {
    constructor(...given) {
      super(...(given.length === 0 ? [now()] : given));
    }
    static now() {
      return now();
    }
    static [Symbol.hasInstance](value) {
      return value instanceof Date;
    }
  };
}

function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** A stream that is no terminal, and keeps what is written. */
function createOutput() {
  const chunks = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

let turn = Promise.resolve();
process.on('message', ({ id, ...command }) => {
  turn = turn.then(async () => {
    const answer = await run(command).then(
      (result) => ({ result }),
      (thrown) => ({ error: String(thrown?.stack ?? thrown) }),
    );
    process.send({ id, ...answer });
  });
});
process.on('disconnect', () => process.exit()); // not killed, so that its coverage can be measured
