import { afterTest } from '../after-test.ts';

/** Returns a function that registers what a test has opened. After that test, passed or not, everything is closed, the latest first. */
export function closesAfterEach(): <T extends { close(): unknown }>(opened: T) => T {
  return (opened) => {
    afterTest(() => opened.close());
    return opened;
  };
}
