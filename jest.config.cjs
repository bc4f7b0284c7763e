const { availableParallelism } = require('node:os');

/** Packages that are ES modules only, which jest can't require as they are, or that import such ones when they first need them. */
const esModules = [
  'temporal-polyfill',
  'temporal-spec',
  'temporal-utils',
  'p-limit',
  'yocto-queue',
  'teeny-request',
  'gaxios',
  'node-fetch',
  'data-uri-to-buffer',
  'fetch-blob',
  'formdata-polyfill',
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/build-command.cjs',
  testTimeout: 60_000,
  maxWorkers: Math.ceil(1.5 * availableParallelism()), // many tests wait for processes that they start
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/integration/',
    '<rootDir>/test/soak/',
    '<rootDir>/test/browser/',
    '<rootDir>/test/googlesql/',
  ],
  modulePathIgnorePatterns: ['<rootDir>/bench/.data/'],
  transform: {
    '\\.[jt]s$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
    '\\.sql$': '<rootDir>/test/sql-transform.cjs',
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
};
