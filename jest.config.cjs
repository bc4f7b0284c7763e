/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/integration/', '<rootDir>/test/googlesql/'],
  transformIgnorePatterns: ['/node_modules/(?!temporal-(polyfill|utils)/)'], // they have ES modules only, which jest can't require
  transform: {
    '\\.[jt]s$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
    '\\.sql$': '<rootDir>/test/sql-transform.cjs',
  },
};
