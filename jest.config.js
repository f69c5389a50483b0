/** The tests run the sources: `ropewalk` and its doors resolve as the `paths` of tsconfig.json say. */
const { paths } = require('./tsconfig.json').compilerOptions;

const escaped = (text) => text.replace(/[/.*+?^${}()|[\]\\]/g, '\\$&');

module.exports = {
  testEnvironment: 'node',
  // One process after the other: tests that ask the collector take long in a heap that all the others have left full.
  workerIdleMemoryLimit: '400MB',
  setupFilesAfterEnv: ['<rootDir>/marbles/jest.ts'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  moduleNameMapper: Object.fromEntries(
    Object.entries(paths).map(([name, [file]]) => [`^${escaped(name)}$`, file.replace('./', '<rootDir>/')]),
  ),
  // These are ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!@angular/|cbor2/|@cto.af/)'],
  transform: {
    '\\.m?ts$|/node_modules/.*\\.m?js$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
};
