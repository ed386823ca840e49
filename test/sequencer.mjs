import { statSync } from 'node:fs';

/**
 * The longest first, so that none of them is left for the end; and of those that have browsers work, one after the other: two at once are slower
 * on two cores than they are in turn.
 */
const FIRST = [
  'contract/simulation.long',
  'attack/attack.long',
  'long/hour.long',
  'gauntlet/gauntlet',
  'gauntlet/gauntlet.long',
  'doctor/profiles.long',
  'doctor/command',
  'client/web-socket',
  'browser/page',
  'gauntlet/faults.long',
  'client/hostile-network',
  'browser/tabs.long',
  'browser/sign-in.long',
  'cli/cli',
];

export default class Sequencer {
  sort(tests) {
    const placeOf = ({ path }) => {
      const place = FIRST.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return place === -1 ? FIRST.length : place;
    };
    const sizes = new Map(tests.map(({ path }) => [path, statSync(path).size]));
    return tests.toSorted((a, b) => placeOf(a) - placeOf(b) || sizes.get(b.path) - sizes.get(a.path));
  }

  shard(tests) {
    return tests;
  }

  allFailedTests() {
    return [];
  }

  cacheResults() {}
}
