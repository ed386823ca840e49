import { afterEach } from '@jest/globals';

/** @returns a function that marks what a test opened: it is closed after that test, the latest first, passed or not */
export function closesAfterEach(): <T extends { close(): unknown }>(opened: T) => T {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  return (opened) => {
    open.push(opened);
    return opened;
  };
}
