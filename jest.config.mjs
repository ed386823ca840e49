// Tests that start a server without naming a store must not write into the checkout.
process.env.DATABASE_URL ??= 'memory:';

/** @type {import('jest').Config} */
export default {
  // Jest's environment for Node, with less work for the processor.
  testEnvironment: '<rootDir>/test/environment.mjs',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['\\.long\\.test\\.ts$'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '\\.tsx?$': '<rootDir>/test/esbuild-transform.mjs' },
  moduleNameMapper: { '^bidi-sse$': '<rootDir>/src/index.ts' },
  reporters: ['default', '<rootDir>/test/count-reporter.mjs'],
  testTimeout: 120_000,
  // They mostly wait: on two cores jest would make do with one, and take three times as long.
  maxWorkers: 3,
  testSequencer: './test/sequencer.mjs',
};
