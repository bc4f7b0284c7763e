/** Imports a .sql file as its text, as esbuild's text loader does in the bundle. */
module.exports = { process: (text) => ({ code: `module.exports = { __esModule: true, default: ${JSON.stringify(text)} };` }) };
