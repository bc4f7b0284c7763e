// Serves a function locally as it runs when deployed: node scripts/serve.mjs exportKpiHttp [--port 8080]. Prints its address when it is ready.
// Serves only this machine, unless HOST names another address such as 0.0.0.0; in the cloud, all callers that the platform allows.
import http from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const JSON_BODY = "-H 'Content-Type: application/json' -d";
const message = '{"message":{"data":"MjAyNS0xMi0yMw==","messageId":"1","publishTime":"2025-12-23T06:00:00Z"}}';
const functions = {
  exportKpi: { signature: 'cloudevent', example: (at) => `curl -i ${at} ${JSON_BODY} '${message}'` },
  exportKpiHttp: { signature: 'http', example: (at) => `curl ${at}/api/export-kpi ${JSON_BODY} '{"date":"2025-12-23"}'` },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const [target, ...args] = process.argv.slice(2);
const { signature, example } = functions[target];
const bundle = join(root, 'dist', 'functions.cjs');
process.env.NODE_ENV = 'production'; // no stack in answers
process.argv.splice(
  2,
  Number.POSITIVE_INFINITY,
  ...args,
  `--source=${bundle}`,
  `--target=${target}`,
  `--signature-type=${signature}`,
);

const host = process.env.HOST || (process.env.K_SERVICE ? undefined : '127.0.0.1');

// the framework prints nothing in production, listens on all addresses, and doesn't handle a port in use
const { createServer } = http;
http.createServer = (...given) => {
  const server = createServer(...given);
  const listen = server.listen.bind(server);
  server.listen = (port, then) => listen({ port, host }, then);
  return server
    .once('listening', function announce() {
      const at = `${host === undefined || host === '127.0.0.1' ? 'localhost' : host}:${this.address().port}`;
      process.stdout.write(`Serving ${target} on http://${at}  (Ctrl-C ends)\nTry: ${example(at)}\n`);
    })
    .once('error', ({ code }) => {
      if (code !== 'EADDRINUSE' && code !== 'EACCES')
        refuse(`HOST: can't be listened on (${code}); expected an address of this machine`);
      const reason = code === 'EADDRINUSE' ? 'is in use' : "can't be listened on";
      refuse(`port ${port} ${reason}; name another, such as PORT=${Number(port) === 8080 ? 8081 : 8080}`);
    });
};

const require = createRequire(import.meta.url);
const framework = dirname(require.resolve('@google-cloud/functions-framework'));
const { port } = require(join(framework, 'options.js')).parseOptions();
if (!/^\d{1,5}$/.test(port) || port > 65_535) refuse('PORT (--port): expected a number from 0 to 65535');
try {
  require(bundle); // parses the settings; the framework would print a stack for a fault
} catch (thrown) {
  if (thrown.name !== 'Failure') throw thrown;
  refuse(`${thrown.message} (${thrown.code})`);
}
require(join(framework, 'main.js'));

function refuse(text) {
  process.stderr.write(`kpi: ${text}\n`);
  process.exit(1);
}
