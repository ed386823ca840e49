// Configuration of `npm run test:long`: the tests that are long by nature.
import base from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['**/*.long.test.ts'],
  testPathIgnorePatterns: [],
  // They measure networks and memory: with more at once than cores, each would measure the others.
  maxWorkers: 2,
};
